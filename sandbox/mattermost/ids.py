"""Mattermost's ids: 26 characters of its own base 32; and times in milliseconds."""

from __future__ import annotations

import random
import re

ALPHABET = "ybndrfg8ejkmcpqxot1uwisza345h769"
ID_CHARACTERS = 26
_VALID = re.compile(r"[a-zA-Z0-9]{26}")


def new_id(source: random.Random) -> str:
    return "".join(source.choices(ALPHABET, k=ID_CHARACTERS))


def is_id(value: object) -> bool:
    """As the server checks it: 26 letters and digits."""
    return isinstance(value, str) and _VALID.fullmatch(value) is not None


def named(name: str) -> str:
    """The same id for the same name, for what every server has."""
    return new_id(random.Random(name))
