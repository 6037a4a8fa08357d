"""What somebody may run here, as text: `/st2 help`, `/st2 help packs`, `/st2 help some words`.
Pure."""

from __future__ import annotations

from typing import Dict, List, Sequence

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
    found = searched(aliases, words) if words else list(aliases)
    if not found:
        about = f" with {code_span(words)} in it" if words else ""
        return f"There is nothing{about} that you may run here by `/{trigger}`."
    lines = [
        f"- {code_span(f'/{trigger} {phrase}')}{_said(alias)}"
        for alias in sorted(found, key=lambda one: one.ref)
        for phrase in alias.phrases
    ]
    if len(lines) <= MAX_LINES:
        return "\n".join(["What you may run here:", *lines])
    return _packs(found, len(lines), trigger)


def _said(alias: Alias) -> str:
    shown = cut(alias.description, MAX_DESCRIPTION_CHARACTERS)
    return f" {escape(shown)}" if shown else ""


def _packs(found: Sequence[Alias], phrases: int, trigger: str) -> str:
    """Too many to be read: by pack."""
    by_pack: Dict[str, int] = {}
    for alias in found:
        by_pack[alias.pack] = by_pack.get(alias.pack, 0) + len(alias.phrases)
    lines: List[str] = [
        f"- {code_span(f'/{trigger} {WORD} {pack}')} {number} phrases"
        for pack, number in sorted(by_pack.items())
    ]
    head = f"You may run {phrases} phrases here; those of a pack, or with words in them:"
    more = len(lines) - MAX_LINES
    shown = lines[:MAX_LINES] + ([f"- and of {more} further packs"] if more > 0 else [])
    return "\n".join([head, *shown])
