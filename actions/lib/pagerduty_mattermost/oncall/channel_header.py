"""Who is on call, and whatever else the pack says, in a channel's header or purpose beside what
people wrote there. Pure.

    painted("Runbook: wiki", ["@ada"], 1024).text
    # "Runbook: wiki" + BEGIN + " | On call: @ada" + END
    placed("Runbook: wiki", "Room of ", ["#12 Disk full", "#12"], 1024).text    # another part

Each part begins with words of its own and stands between two invisible characters (U+2063,
U+2064) that no keyboard has; everything outside them is people's and stays to the last character.
Whoever wants it elsewhere moves it with its ends, or writes before and behind it; a part that lost
one of its ends is people's text, and a new one is added. When there is not enough room it is that
part that gives way: fewer names, then none.
"""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import List, Match, NamedTuple, Optional, Sequence

BEGIN, END = "\u2063", "\u2064"
WORDS = "On call: "
NOBODY = "nobody"
LIMITS = {"header": 1024, "purpose": 250}
"""Characters (code points) that Mattermost takes."""
MAX_NAMES = 10

_MARKS = re.compile(f"[{BEGIN}{END}]")
_PART = re.compile(f"{BEGIN}(?: \\| )?([^{BEGIN}{END}]*){END}")


class HeaderText(NamedTuple):
    """A channel's header with the pack's part in it."""

    text: str
    fits: bool
    """False: no name of those on call has room."""


def people_wrote(text: str, words: str = WORDS) -> str:
    """The text without the part that begins with these words."""
    return _PART.sub(lambda one: "" if one.group(1).startswith(words) else one.group(0), text)


def has_part(text: str, words: str) -> bool:
    """Whether the part that begins with these words stands there."""
    return _found(text, words) is not None


def painted(text: str, names: Sequence[str], limit: int) -> HeaderText:
    """`text` with the part that says `names`, in its place or else at the end. Painting twice
    changes nothing more.

    `names` are shown as they are: escaped by then, or plain where no Markdown is rendered.
    """
    return placed(text, WORDS, _shorter_and_shorter(list(names)), limit)


def placed(text: str, words: str, shown: Sequence[str], limit: int) -> HeaderText:
    """`text` with the part of these words that says the first of `shown` for which there is room,
    in its place or else at the end; without it where there is room for none."""
    found = _found(text, words)
    before, behind = (text[: found.start()], text[found.end() :]) if found else (text, "")
    behind = people_wrote(behind, words)  # somebody copied that part
    room = limit - len(before) - len(behind)
    for one in shown:
        part = f"{BEGIN}{' | ' if before else ''}{words}{_MARKS.sub('', one)}{END}"
        if len(part) <= room:
            return HeaderText(before + part + behind, True)
    return HeaderText(before + behind, False)


def _found(text: str, words: str) -> Optional[Match[str]]:
    return next((one for one in _PART.finditer(text) if one.group(1).startswith(words)), None)


def _shorter_and_shorter(names: List[str]) -> List[str]:
    lists = [", ".join(names) or NOBODY] if len(names) <= MAX_NAMES else []
    for count in range(min(len(names) - 1, MAX_NAMES), 0, -1):
        lists.append(f"{', '.join(names[:count])} and {len(names) - count} more")
    return lists
