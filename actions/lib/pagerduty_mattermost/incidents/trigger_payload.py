"""The payload of the trigger `pagerduty.incident`, small enough for StackStorm."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import WrongParameter
from pagerduty_mattermost.core.text import cut
from pagerduty_mattermost.incidents.incident import (
    Change,
    IncidentEvent,
    events_from_json,
    events_to_json,
    from_payload,
    to_payload,
)

MAX_PAYLOAD_BYTES = 24_000
"""Bytes of a payload, wherever that can be had: StackStorm stores each one several times. Most
have about 2,000; there is room for an alert of many values, and for a note of any length."""
_STEPS = (
    (2000, 12_000, 24, 20),
    (600, 12_000, 12, 20),
    (300, 4000, 8, 20),
    (160, 160, 6, 10),
    (80, 80, 3, 5),
    (40, 40, 0, 3),
    (20, 20, 0, 1),
)
"""How much is left of it, until it fits: code points of an alert's texts, of what people wrote;
details and links; people."""

_WHOLE = ("to_ids", "until", "merged_into", "reopened_at", "not_reopened_at")
"""Of an event's changes: ids and times, which are of no use when they are cut."""


class Along(NamedTuple):
    """What the sensor says along with a change, for whoever shows it."""

    routes: int = 0
    """How many rules post it beyond doubt. Each of their executions brings all of the incident's
    cards up to it; where there is none, the rule `repaint_cards` does."""
    subscribed: bool = True
    """Whether a channel may be subscribed to such an incident from chat."""
    earlier: Tuple[IncidentEvent, ...] = ()
    """The newest of the incident's events that were dispatched before, oldest first: StackStorm
    keeps no order, so the execution for them may come later than this one."""


NOTHING_SAID = Along()


def payload(
    change: Change, limit: int = MAX_PAYLOAD_BYTES, along: Along = NOTHING_SAID
) -> Dict[str, Any]:
    """The payload of `pagerduty.incident`, its long texts cut until it has at most `limit` bytes,
    as far as that goes: its own events are never left out."""
    data = to_payload(change)
    data["routes"], data["subscribed"] = along.routes, along.subscribed
    earlier = data["earlier"] = events_to_json(along.earlier)
    while earlier and _size(data) > limit:
        del earlier[0]
    incident = data["incident"]
    for texts, said, parts, people in _STEPS:
        if _size(data) <= limit:
            break
        incident["title"] = cut(incident["title"], max(texts, 100))
        incident["summary"] = cut(incident["summary"], texts)
        incident["note"] = cut(incident["note"], said)
        incident["details_left"] += len(incident["details"][parts:])
        incident["details"] = [
            [name, cut(value, texts // 2)] for name, value in incident["details"][:parts]
        ]
        incident["links"] = [
            dict(link, text=cut(link["text"], 60))
            for link in incident["links"][:parts]
            if len(link["href"]) <= 2 * texts
        ]
        for key in ("teams", "assignees", "acknowledgers"):
            incident[key] = [
                dict(one, name=cut(one["name"], max(texts, 40))) for one in incident[key][:people]
            ]
        for event in data["events"]:
            event["changes"] = {
                key: value if key in _WHOLE else cut(value, said)
                for key, value in event["changes"].items()
                if said > 40 or key != "log_entry_type"
            }
    for key in ("details", "links"):
        if getattr(change.incident, key) and not incident[key]:
            data["complete"] = False
    return data


def change_of(given: Optional[Mapping[str, Any]]) -> Change:
    """The change that an action was given as the payload. Raises WrongParameter."""
    try:
        return from_payload(given or {})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise WrongParameter(
            "change", "must be the payload of the trigger pagerduty.incident: '{{ trigger }}'"
        ) from None


def along_of(given: Mapping[str, Any]) -> Along:
    """What the sensor said along with the change of a payload; of one that lacks it (an older
    version's, one that was made by hand), that nothing is known."""
    try:
        earlier = events_from_json(given.get("earlier"))
    except (KeyError, TypeError, ValueError, AttributeError):
        earlier = ()
    routes = given.get("routes")
    return Along(
        routes if isinstance(routes, int) else 0, given.get("subscribed") is not False, earlier
    )


def _size(data: Any) -> int:
    return len(
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    )
