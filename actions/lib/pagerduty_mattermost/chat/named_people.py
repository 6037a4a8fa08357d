"""People as they are typed: @names, e-mail addresses and names, with commas or without. Pure.

    people("@mei @olu, Ada Lovelace and grace@example.com")
    # -> ["@mei", "@olu", "Ada Lovelace", "grace@example.com"]

An @name and an address end at white space, a name at a comma, at "and" or where one of those
begins.
"""

from __future__ import annotations

from typing import List

from pagerduty_mattermost.core.quotes import plain

_COMMAS = dict.fromkeys(map(ord, ",;\uff0c\uff1b"), " , ")
_BEHIND = ".:!?"


def people(text: str) -> List[str]:
    """Each once, in order; empty for a text that names nobody."""
    found: List[str] = []
    name: List[str] = []
    for word in [*plain(text).translate(_COMMAS).split(), ","]:
        lone = "@" in word
        if lone or word in (",", "&", "+") or word.lower() == "and":
            found += [plain(" ".join(name))] if name else []
            name = []
        if lone:
            found.append(plain(word).rstrip(_BEHIND))
        elif word not in (",", "&", "+") and word.lower() != "and":
            name.append(word)
    return list(dict.fromkeys(one for one in found if one))
