"""Who is on call, in a channel's header or purpose beside what people wrote there. Pure.

    painted("Runbook: wiki", ["@ada"], 1024).text
    # "Runbook: wiki" + BEGIN + " | On call: @ada" + END

The pack's part stands between two invisible characters (U+2063, U+2064) that no keyboard has;
everything outside them is people's and stays to the last character. Whoever wants it elsewhere
moves it with its ends, or writes before and behind it; a part that lost one of its ends is
people's text, and a new one is added. When there is not enough room it is that part that gives
way: fewer names, then none.
"""

from __future__ import annotations

import re
from typing import List, NamedTuple, Sequence

BEGIN, END = "\u2063", "\u2064"
WORDS = "On call: "
NOBODY = "nobody"
LIMITS = {"header": 1024, "purpose": 250}
"""Characters (code points) that Mattermost takes."""
MAX_NAMES = 10

_MARKS = re.compile(f"[{BEGIN}{END}]")
_OURS = re.compile(f"{BEGIN}(?: \\| )?{WORDS}[^{BEGIN}{END}]*{END}")


class HeaderText(NamedTuple):
    text: str
    fits: bool
    """False: no name of those on call has room."""


def people_wrote(text: str) -> str:
    """The text without that part."""
    return _OURS.sub("", text)


def painted(text: str, names: Sequence[str], limit: int) -> HeaderText:
    """`text` with the part that says `names`, in its place or else at the end. Painting twice
    changes nothing more.

    `names` are shown as they are: escaped by then, or plain where no Markdown is rendered.
    """
    found = _OURS.search(text)
    before, behind = (text[: found.start()], text[found.end() :]) if found else (text, "")
    behind = people_wrote(behind)  # somebody copied that part
    room = limit - len(before) - len(behind)
    for part in _shorter_and_shorter([_MARKS.sub("", name) for name in names], bool(before)):
        if len(part) <= room:
            return HeaderText(before + part + behind, True)
    return HeaderText(before + behind, False)


def _shorter_and_shorter(names: List[str], apart: bool) -> List[str]:
    lists = [", ".join(names) or NOBODY] if len(names) <= MAX_NAMES else []
    for count in range(min(len(names) - 1, MAX_NAMES), 0, -1):
        lists.append(f"{', '.join(names[:count])} and {len(names) - count} more")
    return [f"{BEGIN}{' | ' if apart else ''}{WORDS}{one}{END}" for one in lists]
