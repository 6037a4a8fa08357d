"""Pure: what PagerDuty's answers hold: objects in lists, their ids and pages. Anything may be
missing or of another type.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List


def id_of(thing: Any) -> str:
    """The id of an object that PagerDuty gives, or "" where there is none."""
    return str(thing.get("id") or "") if isinstance(thing, Mapping) else ""


def link_of(thing: Any) -> str:
    """The page at PagerDuty where people see this object, or ""."""
    found = thing.get("html_url") if isinstance(thing, Mapping) else None
    return found if isinstance(found, str) else ""


def rows_of(answer: Mapping[str, Any], key: str) -> List[Dict[str, Any]]:
    """The objects of the list under `key`."""
    found = answer.get(key)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []
