"""The payload of the trigger `pagerduty.incident`, small enough for StackStorm."""

from __future__ import annotations

import json
from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import cut
from pagerduty_mattermost.incidents.incident import Change, from_payload, to_payload

MAX_PAYLOAD_BYTES = 4096
"""Bytes of a payload, wherever that can be had: StackStorm stores each one several times."""


def payload(change: Change, limit: int = MAX_PAYLOAD_BYTES) -> Dict[str, Any]:
    """The payload of `pagerduty.incident`, its long texts cut until it has at most `limit` bytes,
    as far as that goes: events are never left out."""
    data = to_payload(change)
    incident = data["incident"]
    for texts, parts, people in ((300, 8, 20), (160, 6, 10), (80, 3, 5), (40, 0, 3), (20, 0, 1)):
        if _size(data) <= limit:
            break
        incident["title"] = cut(incident["title"], max(texts, 100))
        for key in ("summary", "note"):
            incident[key] = cut(incident[key], texts)
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
                key: value if key in ("to_ids", "until", "merged_into") else cut(value, texts)
                for key, value in event["changes"].items()
                if texts > 40 or key != "log_entry_type"
            }
    for key in ("details", "links"):
        if getattr(change.incident, key) and not incident[key]:
            data["complete"] = False
    return data


def change_of(given: Optional[Mapping[str, Any]]) -> Change:
    """The change that an action was given as the payload. Raises RejectedInput when it is none."""
    try:
        return from_payload(given or {})
    except (KeyError, TypeError, ValueError, AttributeError):
        raise RejectedInput(
            "change must be the payload of the trigger pagerduty.incident: '{{ trigger }}'"
        ) from None


def _size(data: Any) -> int:
    return len(
        json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    )
