"""A playbook's own words as they are shown. Pure.

Who wrote a playbook may format and link; nobody is called by it, unless a task says so.
"""

from __future__ import annotations

import re

from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE, clean, cut, escape, one_line
from pagerduty_mattermost.runs.acts import Who
from pagerduty_mattermost.runs.state import Owner

_MENTION = re.compile(r"([@\uff20\ufe6b])(?=\w)")
NOBODY, THE_PACK = "nobody", "the playbook"
_WORDS = {"on_call": "on call"}


def styled(text: str, *, mention: bool = False) -> str:
    """One line of Markdown as its author wrote it. `mention`: its @names notify."""
    line = one_line(clean(text))
    return line if mention else _MENTION.sub(rf"\1{ZERO_WIDTH_SPACE}", line)


def styled_lines(text: str) -> str:
    """The same of several lines."""
    return "\n".join(styled(line) if line.strip() else "" for line in clean(text).split("\n"))


def label(text: str, limit: int) -> str:
    """For a button or an option of a menu, which show plain text."""
    return cut(one_line(clean(text)), limit)


def name(who: Who) -> str:
    """Somebody's name, which calls nobody."""
    return escape(who.name or who.id) if who.id else THE_PACK


def owner_words(owner: Owner) -> str:
    """`ada`, `scribe (bob)`, `on call`; empty for nobody."""
    word = owner.word.partition(":")[2] if owner.word.startswith("role:") else owner.word
    word = "" if word.startswith("@") and owner.who.id else _WORDS.get(word, word)
    if not owner.who.id:
        return escape(word)
    return f"{name(owner.who)} ({escape(word)})" if word else name(owner.who)
