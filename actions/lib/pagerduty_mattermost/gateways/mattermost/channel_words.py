"""The pack's own words for channels (`:default`, `:operations`, `:service`), as the configuration
has them. Pure."""

from __future__ import annotations

from typing import Tuple

from pagerduty_mattermost.core.config.connections import MattermostConfig
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.text import clean, one_line

WORDS = (":default", ":operations", ":service")


def expand(
    settings: MattermostConfig, text: str, service: Tuple[str, str] = ("", "")
) -> Tuple[str, str]:
    """The text with a word of this pack replaced by what the configuration says, and the setting
    that says it, empty where no such word stood there. `service`: id and name of the incident's.

    Raises ConfigError when it says nothing, RejectedInput for no text and an unknown word.
    """
    word, setting = str(text or "").strip(), ""
    if word == ":operations":
        word, setting = settings.operations_channel or ":default", "mattermost.operations_channel"
    if word == ":service":
        if not any(service):
            raise RejectedInput(
                "':service' needs an incident: name the channel, or write ':default'"
            )
        by_name = {key.casefold(): channel for key, channel in settings.service_channels.items()}
        word = settings.service_channels.get(service[0]) or by_name.get(
            service[1].casefold(), ":default"
        )
        setting = "mattermost.service_channels"
    if word == ":default":
        if not settings.default_channel:
            raise ConfigError(
                "The configuration of the pack pagerduty: mattermost.default_channel is not set"
            )
        return settings.default_channel, "mattermost.default_channel"
    if word.startswith(("https://", "http://")):
        name = one_line(clean(word.rstrip("/").rpartition("/")[2], 60))
        raise RejectedInput(
            f"'{one_line(clean(word, 100))}' is a channel's address: write its name, '{name}'"
        )
    if not word:
        raise RejectedInput(
            "No channel given: an id, name, ~name, team/name or one of " + ", ".join(WORDS)
        )
    if word.startswith(":"):
        raise RejectedInput(
            f"'{one_line(clean(word, 60))}' is none of the channel words {', '.join(WORDS)}"
        )
    return word, setting
