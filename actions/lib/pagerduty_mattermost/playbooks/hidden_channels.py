"""A playbook's YAML without the names of channels that its reader may not know. Pure."""

from __future__ import annotations

import re
from typing import Collection, Tuple

from pagerduty_mattermost.playbooks.playbook import Playbook

UNKNOWN_CHANNEL = "unknown channel"


def channels_of(playbook: Playbook) -> Tuple[str, ...]:
    """The channels that it names, as they are written there."""
    who = (*playbook.who.start, *playbook.who.edit)
    named = (*playbook.updates.broadcast, playbook.retro.channel)
    words = (*named, *(entry for entry in who if entry.startswith("~")))
    return tuple(dict.fromkeys(word for word in words if word))


def without(text: str, hidden: Collection[str]) -> str:
    """`UNKNOWN_CHANNEL` in place of each of them, wherever it stands, in comments too."""
    for word in sorted(hidden, key=len, reverse=True):
        name = word.lstrip("~")
        for written in dict.fromkeys((word, f"~{name}")):
            text = re.sub(rf"(?<![\w~/-]){re.escape(written)}(?![\w-])", UNKNOWN_CHANNEL, text)
    return text
