"""StackStorm's aliases as values. Pure.

alias = alias_of(row)          # a row of StackStorm's API
alias.phrases                  # how it is typed, as its pack shows it
"""

# flake8: noqa: W503

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.alias_trial import formats_of
from pagerduty_mattermost.incidents.raw_values import as_map

MAX_DISPLAY_CHARACTERS = 300
CLOSE_ENOUGH_RATIO = 0.75


class Alias(NamedTuple):
    """One alias."""

    ref: str
    """`pack.name`."""
    pack: str
    name: str
    action: str
    """Reference of the action that it runs."""
    description: str
    formats: Tuple[Any, ...]
    """As StackStorm has them."""
    ack: Mapping[str, Any]
    result: Mapping[str, Any]
    enabled: bool = True

    @property
    def phrases(self) -> Tuple[str, ...]:
        shown = [display or text for display, text, _ in formats_of(self.formats)]
        lines = [one_line(clean(text, MAX_DISPLAY_CHARACTERS)) for text in shown]
        return tuple(dict.fromkeys(line for line in lines if line))

    def is_multiple(self, representation: str) -> bool:
        """Whether one phrase may ask for several executions by that format."""
        return any(
            multiple for _, text, multiple in formats_of(self.formats) if text == representation
        )

    @property
    def is_acknowledged(self) -> bool:
        """Whether something is said before it has ended."""
        return self.ack.get("enabled", True) is not False

    @property
    def has_result(self) -> bool:
        return self.result.get("enabled", True) is not False


def alias_of(row: Any) -> Optional[Alias]:
    """The alias in a row of StackStorm's API; None where it holds none."""
    if not isinstance(row, Mapping) or not row.get("name"):
        return None
    pack, name = clean(row.get("pack"), 200), clean(row.get("name"), 200)
    formats = row.get("formats")
    return Alias(
        clean(row.get("ref"), 400) or f"{pack}.{name}",
        pack,
        name,
        clean(row.get("action_ref"), 400),
        one_line(clean(row.get("description"), MAX_DISPLAY_CHARACTERS)),
        tuple(formats) if isinstance(formats, (list, tuple)) else (),
        as_map(row.get("ack")),
        as_map(row.get("result")),
        row.get("enabled", True) is not False,
    )


def nearest(phrase: str, aliases: Sequence[Alias]) -> str:
    """The phrase most like it by its first words, as it is shown; empty where none is."""
    words = phrase.lower().split()
    best, score = "", 0.0
    for shown in (text for alias in aliases if alias.enabled for text in alias.phrases):
        fixed = re.split(r"[<{\[(]", shown)[0].lower().split()
        beginning = " ".join(words[: len(fixed)])
        ratio = difflib.SequenceMatcher(None, beginning, " ".join(fixed)).ratio() if fixed else 0
        if ratio > score:
            best, score = shown, ratio
    return best if score >= CLOSE_ENOUGH_RATIO else ""


def searched(aliases: Sequence[Alias], words: str) -> List[Tuple[Alias, str]]:
    """Phrases with their aliases: all without words, and of the pack of that name; else those in
    which all the words stand; else those of aliases in whose name and description they do."""
    wanted = words.lower().split()
    every = [(alias, phrase) for alias in aliases for phrase in alias.phrases]
    of_pack = [one for one in every if wanted == [one[0].pack.lower()]]
    return (
        of_pack
        or [one for one in every if _has(one[1], wanted)]
        or [one for one in every if _has(f"{one[0].ref} {one[0].description}", wanted)]
    )


def _has(text: str, wanted: Sequence[str]) -> bool:
    return all(word in text.lower() for word in wanted)
