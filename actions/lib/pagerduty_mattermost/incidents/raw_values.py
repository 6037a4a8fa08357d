"""Pure: what PagerDuty's JSON holds, as the type that is wanted, whatever it sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, List

from pagerduty_mattermost.core.text import clean, one_line

MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS = 120, 500
MAX_SAID_CHARACTERS = 12_000
"""Code points of what a person wrote (a note, a status update): it is shown whole."""


def as_map(value: Any) -> Mapping[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def as_maps(value: Any) -> List[Mapping[str, Any]]:
    """The objects in a list; none where it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def as_text(value: Any, limit: int) -> str:
    """A text or a number, cleaned and cut to so many characters; empty for all else."""
    return "" if value is None or isinstance(value, (dict, list)) else clean(value, limit)


def first_text(*values: Any) -> str:
    """The first of the values that is not empty, as a text; of an object its name."""
    for value in values:
        text = (
            label_of(value) if isinstance(value, Mapping) else as_text(value, MAX_TEXT_CHARACTERS)
        )
        if text:
            return text
    return ""


def id_of(obj: Mapping[str, Any]) -> str:
    """The id of an object; empty where it has none."""
    value = obj.get("id")
    return (
        clean(value, 64) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    )


def label_of(obj: Mapping[str, Any]) -> str:
    """The name of an object on one line; empty where it has none."""
    return one_line(as_text(obj.get("summary") or obj.get("name"), MAX_NAME_CHARACTERS))
