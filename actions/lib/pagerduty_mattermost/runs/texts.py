"""A playbook's own words as they are shown. Pure.

Who wrote a playbook may format and link; nobody is called by it, unless a task says so.
"""

from __future__ import annotations

import re

from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE, clean, cut, escape, one_line
from pagerduty_mattermost.runs.acts import Who
from pagerduty_mattermost.runs.state import Owner, TaskState

_EMPHASIS = ("**", "__", "~~")
_CODE = re.compile(r"(`[^`]*`)")
_MENTION = re.compile(r"([@\uff20\ufe6b])(?=\w)")
NOBODY, THE_PACK = "nobody", "the playbook"
_WORDS = {"on_call": "on call"}


def styled(text: str, *, mention: bool = False) -> str:
    """One line of Markdown as its author wrote it. `mention`: its @names notify."""
    line = one_line(clean(text))
    return line if mention else _calling_nobody(line, _has_plain_code(line))


def styled_lines(text: str) -> str:
    """The same of several lines."""
    lines = [one_line(line) for line in clean(text).split("\n")]
    spares_code = all(map(_has_plain_code, lines))
    return "\n".join(_calling_nobody(line, spares_code) for line in lines)


def without_emphasis(text: str) -> str:
    """Markdown for a place that shows it as it stands: without the marks around words."""
    lines = clean(text).split("\n")
    plain = "\n".join(_without_hashes(line) for line in lines)
    for mark in _EMPHASIS:
        plain = plain.replace(mark, "")
    return plain


def _without_hashes(line: str) -> str:
    """A heading as a line of words."""
    words = line.lstrip("#")
    return words.lstrip() if words != line and words.startswith(" ") else line


def _calling_nobody(line: str, spares_code: bool) -> str:
    """With an invisible character in each mention, but not in code, which calls nobody and is
    there to be copied."""
    parts = _CODE.split(line) if spares_code else [line]
    return "".join(
        part if number % 2 else _MENTION.sub(rf"\1{ZERO_WIDTH_SPACE}", part)
        for number, part in enumerate(parts)
    )


def _has_plain_code(line: str) -> bool:
    """Whether its back-ticks come in pairs, so that it is plain what stands between them."""
    return line.count("`") % 2 == 0 and "``" not in line and "\\`" not in line


def said(task: TaskState) -> str:
    """A task as posts about it name it; one that is not shown has no number."""
    return f"**{task.number}** {styled(task.text)}" if task.place else styled(task.text)


def label(text: str, limit: int) -> str:
    """The text of a button or an option of a menu, which show plain text."""
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
