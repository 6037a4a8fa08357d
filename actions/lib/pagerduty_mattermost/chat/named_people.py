"""People as they are typed: @names, e-mail addresses and names, with commas or without. Pure.

    people("@mei @olu, Ada Lovelace and grace@example.com")
    # -> ["@mei", "@olu", "Ada Lovelace", "grace@example.com"]
    one_person("@mei:")  # -> "@mei"

An @name and an address end at white space, a name at a comma, at "and" or where one of those
begins. "me" is whoever types.
"""

from __future__ import annotations

from typing import List

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.quotes import plain

_COMMAS = dict.fromkeys(map(ord, ",;\uff0c\uff1b"), " , ")
_BEHIND = ".:!?\u2026"
_ME = ("me", "myself", "@me", "@myself")


def people(text: str) -> List[str]:
    """Each once, in order; empty for a text that names nobody."""
    found: List[str] = []
    name: List[str] = []
    for word in [*plain(text).translate(_COMMAS).split(), ","]:
        lone = "@" in word
        if lone or word in (",", "&", "+") or word.lower() == "and":
            found += [plain(" ".join(name)).rstrip(_BEHIND)] if name else []
            name = []
        if lone:
            found.append(plain(word).rstrip(_BEHIND))
        elif word not in (",", "&", "+") and word.lower() != "and":
            name.append(word)
    return list(dict.fromkeys(one for one in found if one))


def one_person(text: str) -> str:
    """The only one. Raises RejectedInput for a text that names nobody, or several."""
    found = people(text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise RejectedInput("who? @name, e-mail or name")
    named = ", ".join(one[:60] for one in found[:4])
    raise RejectedInput(f"one person at a time, not {len(found)} ({named}): say it for each")


def is_me(word: str) -> bool:
    """Whether somebody speaks of themselves."""
    return word.strip().lower() in _ME
