"""Pure: an incident's custom fields as they are remembered, and what of them is other than before.

mark = marks(row["custom_fields"])         # "Impact=1a2b3c4d;Region=…"; NONE: it has none
changed(mark, later["custom_fields"])      # "Impact: High, Region: none"
"""

from __future__ import annotations

import zlib
from typing import Any, Dict, Iterable, Mapping, Tuple

from pagerduty_mattermost.incidents.raw_values import MAX_NAME_CHARACTERS, as_text

MAX_FIELDS = 30
"""Of an incident, that are remembered."""
NONE = "-"
"""The mark of an incident without custom fields; an empty one: they were not read."""


def marks(rows: Iterable[Mapping[str, Any]]) -> str:
    """What is remembered of the fields (API: CustomFieldsFieldValue)."""
    found = [f"{name}={mark}" for name, (_, mark) in _fields(rows).items()]
    return ";".join(found) or NONE


def changed(before: str, rows: Iterable[Mapping[str, Any]]) -> str:
    """The fields that are other than they were, each with its value, in words; empty where none
    is, or where it is not known how they were."""
    if not before:
        return ""
    was = dict(one.partition("=")[::2] for one in before.split(";") if "=" in one)
    now = _fields(rows)
    words = [
        f"{name}: {value or 'none'}"
        for name, (value, mark) in now.items()
        if mark != was.get(name, _mark(""))
    ]
    words += [f"{name}: none" for name in was if name not in now and was[name] != _mark("")]
    return ", ".join(words)


def _fields(rows: Iterable[Mapping[str, Any]]) -> Dict[str, Tuple[str, str]]:
    """Value and mark of each field, by its name in words."""
    found: Dict[str, Tuple[str, str]] = {}
    for row in rows:
        name = as_text(row.get("display_name") or row.get("name"), MAX_NAME_CHARACTERS).replace(
            "_", " "
        )
        name = name.replace(";", ",").replace("=", "-")
        if name and len(found) < MAX_FIELDS:
            value = row.get("value")
            many = value if isinstance(value, list) else [value]
            text = ", ".join(as_text(one, MAX_NAME_CHARACTERS) for one in many if one is not None)
            found[name] = (text, _mark(text))
    return found


def _mark(text: str) -> str:
    return f"{zlib.crc32(text.encode('utf-8', 'replace')):08x}"
