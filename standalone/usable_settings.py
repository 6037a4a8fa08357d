"""The configuration without the settings that are wrong, so that one mistake hides no other one:
what is right in it can still be asked of both sides. Pure but for what `Configuration` reads."""

from __future__ import annotations

import re
from typing import Any, Dict, FrozenSet, Mapping, NamedTuple, Sequence, Set

from standalone.checks import wrong_settings
from standalone.pack_model import Pack

MAX_ROUNDS = 20


class UsableSettings(NamedTuple):
    config: Dict[str, Any]
    left_out: FrozenSet[str]
    """Settings by dotted name."""


def usable(configuration: Any, pack: Pack, problems: Sequence[str]) -> UsableSettings:
    """`problems`: what was said of it, a line each that begins with the setting's name."""
    config, _ = configuration.examine()
    left_out: Set[str] = set()
    lines = list(problems)
    for _ in range(MAX_ROUNDS):
        fresh = {_setting(line) for line in lines} - left_out - {""}
        if not fresh:
            break
        for name in fresh:
            _leave_out(config, name)
        left_out |= fresh
        lines = wrong_settings(config, pack)
    return UsableSettings(config, frozenset(left_out))


def _setting(line: str) -> str:
    found = re.match(r"[A-Za-z_]\w*(?:\.\w+)*", line)
    return found.group() if found else ""


def _leave_out(config: Dict[str, Any], name: str) -> None:
    *sections, last = name.split(".")
    within: Any = config
    for section in sections:
        within = within.get(section) if isinstance(within, Mapping) else None
    if isinstance(within, dict):
        within.pop(last, None)
