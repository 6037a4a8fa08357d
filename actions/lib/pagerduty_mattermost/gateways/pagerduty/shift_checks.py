"""What is so after a write to shift-based schedules (API: V3 schedules) whose answer was lost:
readers for `outcome_checks`, by endpoint."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, link_of
from pagerduty_mattermost.gateways.pagerduty.write_outcome import (
    PagerDutyReader,
    Shown,
    Write,
    fits,
    is_since,
)


def schedule_made(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """The list shows names alone, which no two schedules share."""
    sent = {name: value for name, value in write.body["schedule"].items() if name != "teams"}
    rows = pagerduty.list_all(write.path, "schedules").items
    for row in rows:
        if row.get("summary") != sent["name"]:
            continue
        whole = pagerduty.get(f"{write.path}/{id_of(row)}").get("schedule")
        if isinstance(whole, dict) and fits(whole, sent):
            return Shown(True, {"schedule": whole}, link=link_of(whole))
    return Shown(None, may_repeat=False)


def rotation_made(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """It is empty, and one without events is like another: where there is one, it will do."""
    empty = []
    for row in pagerduty.list_all(write.path, "rotations").items:
        whole = row
        if "events" not in row:  # a list may show less than the thing itself
            whole = pagerduty.get(f"{write.path}/{id_of(row)}").get("rotation") or row
        if not whole.get("events"):
            empty.append(whole)
    if len(empty) != 1:
        return Shown(None, may_repeat=False)
    return Shown(True, {"rotation": empty[0]}, link=link_of(empty[0]))


def event_made(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """One that would make shifts from the past on makes them from when it is made."""
    sent = _given(write.body["event"])
    begin = sent.pop("effective_since", None)
    rows = pagerduty.list_all(write.path, "events").items
    found = [
        row
        for row in rows
        if fits(row, sent)
        and (
            fits(row.get("effective_since"), begin)
            or (
                is_since(row.get("effective_since"), write.began)
                and not is_since(begin, write.now + 1)
            )
        )
    ]
    if len(found) != 1:
        return Shown(None, may_repeat=False)
    return Shown(True, {"event": found[0]}, link=link_of(found[0]))


def _given(sent: Dict[str, Any]) -> Dict[str, Any]:
    """Without what was left unset: it is so already, or PagerDuty leaves it out."""
    return {name: value for name, value in sent.items() if value is not None}


def shifts_made(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """Overrides and custom shifts: all of them are made, or none."""
    ((key, sent),) = write.body.items()
    span = {
        "since": min(one["start_time"] for one in sent),
        "until": max(one["end_time"] for one in sent),
        "overflow": True,
    }
    rows = pagerduty.list_all(write.path, key, span).items
    found: List[Dict[str, Any]] = []
    for one in sent:
        found += [row for row in rows if fits(row, one) and row not in found][-1:]
    if len(found) != len(sent):
        return Shown(None, may_repeat=False)
    return Shown(True, {key: found})


def deleted(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """Gone; or, where it had begun, over since then: an override, a custom shift, an event, or a
    rotation whose events all are. What is over can't be deleted again."""
    try:
        answer = pagerduty.get(write.path)
    except NotFound:
        return Shown(True)
    row = next((one for one in answer.values() if isinstance(one, dict)), {})
    parts = row.get("events") if "events" in row else [row]
    ends = [_end(one) for one in parts if isinstance(one, dict)] if parts else []
    over = all(end and not is_since(end, write.now + 1) for end in ends)
    return Shown(over and any(is_since(end, write.began) for end in ends), link=link_of(row))


def _end(row: Dict[str, Any]) -> str:
    """The `end_time` of an event is that of its first shift alone."""
    return str(row.get("effective_until" if "effective_since" in row else "end_time") or "")
