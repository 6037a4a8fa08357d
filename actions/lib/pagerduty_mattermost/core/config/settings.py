"""The pack's whole configuration as typed, validated values; the only reader of the raw dict.

    config = load(raw)                 # raises ConfigError naming every wrong setting at once
    require_pagerduty(config)          # raises ConfigError naming what is missing
    require_mattermost(config)

StackStorm passes unset keys as None, unset lists as [], unset objects as {}; all of these and ""
mean "not set". A text setting that names a missing datastore key arrives as None, or as the text
"None": named in the error, never sent. Whether a value is *needed* is known only where it is used,
so `load` accepts the Exchange pack's configuration ({api_key, service_key, debug}), and a missing
Mattermost is an error of `require_mattermost`.

Each section has a module here, whose NamedTuple holds the defaults: the one place where they are
decided. config.schema.yaml, pagerduty.yaml.example and the documents are tested against them.
Secrets are wrapped: `secret.reveal()` gives the text, and nothing else prints it.
"""

from __future__ import annotations

import re
from typing import Any, Callable, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.config.canary import CanaryConfig, read_canary
from pagerduty_mattermost.core.config.chat import ChatConfig, read_chat
from pagerduty_mattermost.core.config.chatops import ChatopsConfig, read_chatops
from pagerduty_mattermost.core.config.connections import (
    MattermostConfig,
    PagerDutyConfig,
    read_connections,
)
from pagerduty_mattermost.core.config.files import FilesConfig, read_files
from pagerduty_mattermost.core.config.noise import NoiseConfig, read_noise
from pagerduty_mattermost.core.config.oncall import OnCallConfig, read_oncall
from pagerduty_mattermost.core.config.quiet import (
    QuietConfig,
    RemindersConfig,
    read_quiet,
    read_reminders,
)
from pagerduty_mattermost.core.config.reader import EMPTY, Reader
from pagerduty_mattermost.core.config.retrospectives import (
    RetrospectivesConfig,
    read_retrospectives,
)
from pagerduty_mattermost.core.config.rooms import RoomsConfig, read_rooms
from pagerduty_mattermost.core.config.upkeep import UpkeepConfig, read_upkeep
from pagerduty_mattermost.core.config.watch import (
    WatchConfig,
    WebhookConfig,
    read_watch,
    read_webhook,
)
from pagerduty_mattermost.core.errors import ConfigError

NOT_SET = "is not set"
SECTIONS: Mapping[str, Callable[[Reader], Any]] = {
    "chat": read_chat,
    "chatops": read_chatops,
    "webhook": read_webhook,
    "noise": read_noise,
    "quiet_hours": read_quiet,
    "reminders": read_reminders,
    "oncall": read_oncall,
    "canary": read_canary,
    "rooms": read_rooms,
    "upkeep": read_upkeep,
    "files": read_files,
    "retrospectives": read_retrospectives,
}
"""Sections that stand for themselves, with what reads them into the field of the same name. Each
action reads all of them, so one of which nothing is said is not read setting by setting."""


class Config(NamedTuple):
    """The whole configuration."""

    pagerduty: PagerDutyConfig = PagerDutyConfig()
    mattermost: MattermostConfig = MattermostConfig()
    watch: WatchConfig = WatchConfig()
    time_zone: str = "UTC"
    """IANA name; whether it exists is checked where times are printed."""
    debug: bool = False
    chat: ChatConfig = ChatConfig()
    chatops: ChatopsConfig = ChatopsConfig()
    webhook: WebhookConfig = WebhookConfig()
    noise: NoiseConfig = NoiseConfig()
    quiet_hours: QuietConfig = QuietConfig()
    reminders: RemindersConfig = RemindersConfig()
    oncall: OnCallConfig = OnCallConfig()
    canary: CanaryConfig = CanaryConfig()
    rooms: RoomsConfig = RoomsConfig()
    upkeep: UpkeepConfig = UpkeepConfig()
    files: FilesConfig = FilesConfig()
    retrospectives: RetrospectivesConfig = RetrospectivesConfig()

    def is_trial(self, service_id: str, service: str) -> bool:
        """Whether the incidents of that service are the canary's, tests or drills."""
        return self.canary.owns(service_id, service) or self.rooms.is_test(service_id, service)


def load(raw: Any) -> Config:
    """The configuration from StackStorm's dict (or None). Raises `ConfigError`, whose line names
    every wrong setting.

    Unknown top-level keys are ignored, as StackStorm does: an older pack's configuration may hold
    some.
    """
    unsaid = Config()
    whole = Reader(raw, unsaid)
    pagerduty, mattermost = read_connections(whole)
    sections = {
        name: read(whole) if whole.says(name) else getattr(unsaid, name)
        for name, read in SECTIONS.items()
    }
    config = Config(
        pagerduty=pagerduty,
        mattermost=mattermost,
        watch=read_watch(whole, sections["webhook"]),
        time_zone=whole.text("time_zone"),
        debug=whole.boolean("debug"),
        **sections,
    )
    if not re.match(r"^[A-Za-z][A-Za-z0-9_+\-/]*$", config.time_zone):
        whole.wrong("time_zone", "must be an IANA name such as Europe/Berlin")
    if whole.problems:
        raise _error(*whole.problems)
    return config


def require_pagerduty(config: Config) -> PagerDutyConfig:
    """PagerDuty's part; raises `ConfigError` when the API key is missing."""
    if not config.pagerduty.api_key:
        raise _error(f"api_key {EMPTY}")
    return config.pagerduty


def mattermost_missing(config: Config) -> Tuple[str, ...]:
    """The settings without which nothing can be posted, in the configuration's words; empty when
    all is there."""
    wanted = (
        ("mattermost.url", config.mattermost.url),
        ("mattermost.token", config.mattermost.token),
    )
    return tuple(name for name, value in wanted if not value)


def is_mattermost_absent(config: Config) -> bool:
    """Nothing at all is said of Mattermost, as in a configuration of the Exchange's pack: the pack
    only reads then."""
    return config.mattermost._replace(http=MattermostConfig().http) == MattermostConfig()


def require_mattermost(config: Config) -> MattermostConfig:
    """Mattermost's part; raises `ConfigError` naming what is missing."""
    missing = mattermost_missing(config)
    if missing:
        why = NOT_SET if is_mattermost_absent(config) else EMPTY
        raise _error(*(f"{name} {why}" for name in missing))
    return config.mattermost


def _error(*problems: str) -> ConfigError:
    error = ConfigError("The configuration of the pack pagerduty: " + "; ".join(problems))
    error.problems = problems
    return error
