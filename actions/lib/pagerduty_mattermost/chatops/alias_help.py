"""What somebody may run here, as text: `/st2 help`, `/st2 help packs`, `/st2 help some words`.
Pure."""

from __future__ import annotations

from collections import Counter
from typing import List, Sequence

from pagerduty_mattermost.chatops.aliases import Alias, searched
from pagerduty_mattermost.core.markdown import code_span
from pagerduty_mattermost.core.text import cut, escape

WORD = "help"
MAX_LINES = 40
MAX_DESCRIPTION_CHARACTERS = 120


def is_asked(text: str) -> bool:
    """Whether the phrase asks for help."""
    return text.split()[:1] == [WORD] or not text.strip()


def helped(aliases: Sequence[Alias], text: str, trigger: str) -> str:
    """`aliases`: those that may be run; `text`: what was typed."""
    words = " ".join(text.split()[1:])
    found = searched(aliases, words)
    if not found:
        about = f" with {code_span(words)} in it" if words else ""
        return f"There is nothing{about} that you may run here by `/{trigger}`."
    if not words and len(found) > MAX_LINES:
        return _packs([alias for alias, _ in found], trigger)
    nearest = sorted(
        found, key=lambda one: (not one[1].lower().startswith(words.lower()), one[0].ref)
    )
    lines = [
        f"- {code_span(f'/{trigger} {phrase}')}{_said(alias)}"
        for alias, phrase in nearest[:MAX_LINES]
    ]
    more = len(nearest) - len(lines)
    left = [f"… and {more} more: add a word of the one you want."] if more else []
    return "\n".join(["What you may run here:", *lines, *left])


def _said(alias: Alias) -> str:
    shown = cut(alias.description, MAX_DESCRIPTION_CHARACTERS)
    return f" {escape(shown)}" if shown else ""


def _packs(found: Sequence[Alias], trigger: str) -> str:
    """Too many to be read: how many phrases by pack. `found`: the alias of each."""
    by_pack = Counter(alias.pack for alias in found)
    lines: List[str] = [
        f"- {code_span(f'/{trigger} {WORD} {pack}')} {number} phrases"
        for pack, number in sorted(by_pack.items())
    ]
    head = f"You may run {len(found)} phrases here; those of a pack, or with words in them:"
    more = len(lines) - MAX_LINES
    shown = lines[:MAX_LINES] + ([f"- and of {more} further packs"] if more > 0 else [])
    return "\n".join([head, *shown])
