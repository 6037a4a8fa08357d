"""Pure: what PagerDuty's JSON holds, as the type that is wanted, whatever it sent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, List

from pagerduty_mattermost.core.text import clean, one_line

MAX_NAME_CHARACTERS, MAX_TEXT_CHARACTERS = 120, 500
MAX_SAID_CHARACTERS = 12_000
"""Code points of what a person wrote (a note, a status update): it is shown whole."""


def as_map(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def as_maps(value: Any) -> List[Mapping[str, Any]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def as_text(value: Any, limit: int) -> str:
    return "" if value is None or isinstance(value, (dict, list)) else clean(value, limit)


def first_text(*values: Any) -> str:
    for value in values:
        text = (
            label_of(value) if isinstance(value, Mapping) else as_text(value, MAX_TEXT_CHARACTERS)
        )
        if text:
            return text
    return ""


def id_of(obj: Mapping[str, Any]) -> str:
    value = obj.get("id")
    return (
        clean(value, 64) if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    )


def label_of(obj: Mapping[str, Any]) -> str:
    return one_line(as_text(obj.get("summary") or obj.get("name"), MAX_NAME_CHARACTERS))
