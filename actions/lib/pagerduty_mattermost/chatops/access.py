"""Who may run which alias from Mattermost, by chatops.allow and chatops.deny. Pure.

    refusal(config, alias, means)    # empty where it may be run

The most exact of `pack.alias`, `pack` and `*` that is listed in `allow` decides; of `deny` each
counts. `means`: whether an entry (`@ada`, `~channel`, `group:x`, …) means who asks, and where.
"""

from __future__ import annotations

from typing import Callable, Iterable, Tuple

from pagerduty_mattermost.chatops.aliases import Alias
from pagerduty_mattermost.core.config.chatops import EVERYTHING, ChatopsConfig

Means = Callable[[str], bool]
NOT_SET_UP = (
    "nobody may run StackStorm's aliases from here: chatops.allow names none (docs/chatops.md)"
)


def refusal(config: ChatopsConfig, alias: Alias, means: Means) -> str:
    """Why it may not be run, for people."""
    for name in _names(alias):
        if _fits(config.deny.get(name, ()), means):
            return f"{alias.ref} may not be run by you here (chatops.deny, {name})"
    if not config.allow:
        return "" if config.is_personal else NOT_SET_UP
    for name in _names(alias):
        if name in config.allow:
            if _fits(config.allow[name], means):
                return ""
            entries = ", ".join(config.allow[name]) or "nobody"
            return f"{alias.ref} is for {entries} (chatops.allow, {name})"
    return f"{alias.ref} may not be run from here (chatops.allow does not name it)"


def _names(alias: Alias) -> Tuple[str, ...]:
    return (alias.ref, alias.pack, EVERYTHING)


def _fits(entries: Iterable[str], means: Means) -> bool:
    return any(entry == EVERYTHING or means(entry) for entry in entries)
