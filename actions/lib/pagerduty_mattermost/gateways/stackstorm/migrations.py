"""Values of an older version of the pack, as this version writes them. Pure.

    version("sensor.head")            # 2: what is written now
    migrate("sensor.head", data, 1)   # the same value as version 2 has it

Each kind of key (its first word) has its own version: 1 and one more for each step here. A step is
never changed once it was released; a new shape is a new step. What a step can't make sense of
raises, and the reader puts the value into quarantine (`Store.quarantine`) as it does with one of a
newer version.
"""

# flake8: noqa: E203

from __future__ import annotations

import json
from typing import Any, Callable, Dict, List, Mapping, Tuple

Step = Callable[[str, Any], Any]
"""(relative name, data of the version before) -> data of the next one."""


def _longer_rows(name: str, data: Any, before: int, more: List[str]) -> Any:
    """Each known state of an incident that had so many values, with more of them."""

    def longer(rows: Mapping[str, Any]) -> Dict[str, Any]:
        return {
            incident: [*row, *more] if isinstance(row, list) and len(row) == before else row
            for incident, row in rows.items()
        }

    if name.startswith("sensor.shard."):
        return longer(data)
    if name == "sensor.head":
        return {**data, "journal": longer(data["journal"])}
    return data


def _sensor_2(name: str, data: Any) -> Any:
    """The known state of an incident got the conference bridge as its twelfth value."""
    return _longer_rows(name, data, 11, [""])


def _sensor_3(name: str, data: Any) -> Any:
    """It got its latest turns, its incident type and its custom fields."""
    return _longer_rows(name, data, 12, ["", "", ""])


def _sensor_4(name: str, data: Any) -> Any:
    """The head got what was dispatched in the last minutes."""
    return {**data, "sent": []} if name == "sensor.head" else data


def _incident_2(name: str, data: Any) -> Any:
    """A state tells what its expiry follows; of those of version 1 that is not known."""
    return {**data, "life": ""} if ".state." in name else data


STEPS: Mapping[str, Tuple[Step, ...]] = {
    "sensor": (_sensor_2, _sensor_3, _sensor_4),
    "incident": (_incident_2,),
}


def version(name: str) -> int:
    """What a value of that (relative) name is written as."""
    return 1 + len(STEPS.get(name.partition(".")[0], ()))


def migrate(name: str, data: Any, since: int) -> Any:
    """Data of version `since` as today's. Raises TypeError, ValueError, KeyError or AttributeError
    when it is none."""
    for step in STEPS.get(name.partition(".")[0], ())[since - 1 :]:
        data = step(name, data)
    return data


def is_older(name: str, raw: str) -> bool:
    """Whether a value, as it stands, is one of an older version of its kind."""
    try:
        value = json.loads(raw)
    except ValueError:
        return False
    since = value.get("v") if isinstance(value, dict) else None
    return isinstance(since, int) and 1 <= since < version(name)
