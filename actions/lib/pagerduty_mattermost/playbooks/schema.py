"""The schema of a playbook's YAML, Draft 7: `playbooks/playbook.schema.json` of the pack, where
editors find it too. And its lengths and times of day."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Tuple

FOLDER = Path(__file__).resolve().parents[4] / "playbooks"
"""The pack's own playbooks, and the schema."""
SCHEMA_FILE = "playbook.schema.json"
MAX_COUNT = 9999
"""Of minutes, hours or days that a length may name."""
_UNIT_SECONDS = {"m": 60.0, "h": 3600.0, "d": 86400.0}


@lru_cache(maxsize=None)
def playbook_schema() -> Dict[str, Any]:
    """The schema with its references resolved."""
    whole = json.loads((FOLDER / SCHEMA_FILE).read_text(encoding="utf-8"))
    found: Dict[str, Any] = _resolved(whole, whole["definitions"])
    return found


def _resolved(node: Any, definitions: Dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_resolved(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    name = str(node.get("$ref", "")).rpartition("/")[2]
    whole = {**definitions[name], **node} if name else node
    return {
        key: _resolved(value, definitions)
        for key, value in whole.items()
        if key not in ("$ref", "definitions")
    }


def seconds_of(span: str) -> float:
    """Seconds of a length such as 30m, 2h or 1d; 0 for anything else."""
    found = re.fullmatch(r"([0-9]{1,4})([mhd])", span)
    return int(found.group(1)) * _UNIT_SECONDS[found.group(2)] if found else 0.0


def due_of(text: str) -> Tuple[float, str]:
    """Seconds after the start, and time of day as "09:30", of what `due` says: one of the two."""
    if ":" in text:
        hour, _, minute = text.partition(":")
        return 0.0, f"{hour.zfill(2)}:{minute}"
    return seconds_of(text), ""


def span_text(seconds: float) -> str:
    """The length as `seconds_of` reads it; rounded up to minutes, and to hours where these are too
    many."""
    minutes = max(1, math.ceil(seconds / 60))
    if minutes > MAX_COUNT:
        minutes = math.ceil(minutes / 60) * 60
    for unit, length in (("d", 1440), ("h", 60)):
        if minutes % length == 0:
            return f"{minutes // length}{unit}"
    return f"{minutes}m"
