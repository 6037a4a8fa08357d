"""The aliases' phrases, also understood after `/pd`: each format of aliases/*.yaml as a pattern.

command_of_phrase(load(), "who is on call for Payments?") -> Command("oncall", text="Payments")
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Pattern, Sequence, Tuple

from pagerduty_mattermost.chat.command import Command

_PLACE = re.compile(r"(\s*)\{\{\s*(\w+)\s*(=[^}]*)?\}\}")


class Phrase(NamedTuple):
    """One way to type an alias, and what it means."""

    pattern: Pattern[str]
    fixed: Mapping[str, str]
    """What the alias itself sets."""


def phrases_of(alias: Mapping[str, Any]) -> Tuple[Phrase, ...]:
    """Of an alias's metadata."""
    fixed = {
        name: value
        for name, value in alias["immutable_parameters"].items()
        if name in Command._fields and isinstance(value, str)
    }
    texts = [text for entry in alias["formats"] for text in entry["representation"]]
    return tuple(Phrase(re.compile(_PLACE.sub(_group, text), re.DOTALL), fixed) for text in texts)


def _group(place: re.Match[str]) -> str:
    """StackStorm's `{{name}}` takes at least a character, `{{name=default}}` may be left out, with
    the space in front."""
    space, name, default = place.groups()
    return rf"(?:\s*(?P<{name}>.+?))?" if default else rf"{space}(?P<{name}>.+?)"


def command_of_phrase(known: Sequence[Phrase], line: str) -> Optional[Command]:
    """The command that the phrase is; None for no phrase."""
    for phrase in known:
        found = phrase.pattern.fullmatch(line)
        if found:
            words: Dict[str, str] = {
                **phrase.fixed,
                **{name: text for name, text in found.groupdict().items() if text},
            }
            return Command("")._replace(**words)  # type: ignore[arg-type]
    return None


def load() -> Tuple[Phrase, ...]:
    """Of the pack's own aliases, on its disk."""
    from pathlib import Path

    import yaml

    found: List[Phrase] = []
    folder = Path(__file__).resolve().parents[4] / "aliases"
    for path in sorted(folder.glob("*.yaml")):
        alias = yaml.safe_load(path.read_text(encoding="utf-8"))
        if alias.get("enabled", True) and alias.get("action_ref") == "pagerduty.chat.run":
            found.extend(phrases_of(alias))
    return tuple(found)
