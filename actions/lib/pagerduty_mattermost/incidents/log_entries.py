"""Pure: PagerDuty's REST objects to the pack's values. Everything of them may be null, missing or
of another type.

    incident_from_rest(obj) -> Incident or None      # GET /incidents, and the log's incidents
    parse_entry(obj) -> LogEntry or None             # GET /log_entries
    event_from_entry(obj) -> IncidentEvent or None   # None: a notification, or no log entry
    with_event(incident, event)                      # adds what only its events tell
    epoch(value) -> seconds since the epoch or None

Texts are cleaned and cut here, once, for the trigger's payload (about 4 KB).
Times become UTC with whole seconds, so that comparing them as text is comparing them as times
(`incident.Version`).
"""

# flake8: noqa: W503

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.set_aside import setting_aside
from pagerduty_mattermost.core.text import cut, one_line
from pagerduty_mattermost.incidents.alert_content import MAX_SUMMARY_CHARACTERS, with_details
from pagerduty_mattermost.incidents.changed_fields import (
    changed_field,
    custom_fields,
    field_sentence,
    from_to,
    incident_type,
)
from pagerduty_mattermost.incidents.event_types import (
    AUTOMATIC,
    EVENT_TYPES,
    FIELD_EVENT_TYPES,
    SILENT_TYPES,
    UPDATED,
)
from pagerduty_mattermost.incidents.incident import ROOM_NOTE, Incident, IncidentEvent, Person
from pagerduty_mattermost.incidents.raw_values import (
    MAX_NAME_CHARACTERS,
    MAX_SAID_CHARACTERS,
    as_map,
    as_maps,
    as_text,
    id_of,
    label_of,
)

_MAX_TITLE_CHARACTERS, _MAX_URL_CHARACTERS = 500, 500
_MAX_PEOPLE, _MAX_TEAMS = 20, 10
_MAX_KEY_CHARACTERS = 255
_MAX_ASKED_CHARACTERS = 300
_ENDS_SNOOZE = (
    "incident.acknowledged",
    "incident.unacknowledged",
    "incident.resolved",
    "incident.reopened",
)
"""Event types after which a snooze of before counts no longer."""
_INT64 = 2**63 - 1

_PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)


class LogEntry(NamedTuple):
    """A log entry, read."""

    id: str
    at: float
    """`created_at` in seconds since the epoch."""
    kind: str
    """The entry's type without `_log_entry`."""
    incident: Incident
    """As included with the entry: the incident when it was read, not when the entry was made."""
    whole: bool
    """False when only a reference to the incident came: id and link, no state."""
    event: Optional[IncidentEvent]
    raw: Mapping[str, Any]


def epoch(value: Any) -> Optional[float]:
    """Seconds since the epoch of an ISO 8601 time, None for anything else."""
    return times.seconds(value) if isinstance(value, str) else None


def moment(value: Any) -> str:
    """The time in UTC, to the second, or empty."""
    if isinstance(value, str) and _PLAIN_TIME.match(value):
        return value
    seconds = epoch(value)
    return "" if seconds is None else times.iso(seconds)


@setting_aside
def incident_from_rest(obj: Any) -> Optional[Incident]:
    """The incident, or None when the object has no id. PagerDuty calls a merged one
    resolved; here its status is `merged`."""
    if not isinstance(obj, Mapping):
        return None
    ident = id_of(obj)
    if not ident:
        return None
    status = as_text(obj.get("status"), 40) or "triggered"
    counts, bridge, service, policy = (
        as_map(obj.get(k))
        for k in ("alert_counts", "conference_bridge", "service", "escalation_policy")
    )
    reason, priority = as_map(obj.get("resolve_reason")), as_map(obj.get("priority"))
    merged_into = (
        id_of(as_map(reason.get("incident")))
        if reason.get("type") == "merge_resolve_reason"
        else ""
    )
    if status == "resolved" and merged_into:
        status = "merged"
    closed = status not in ("triggered", "acknowledged")
    changed_by = as_map(obj.get("last_status_change_by"))
    incident = Incident(
        id=ident,
        number=_int(obj.get("incident_number")),
        title=as_text(obj.get("title") or obj.get("summary"), _MAX_TITLE_CHARACTERS),
        incident_key=one_line(as_text(obj.get("incident_key"), _MAX_KEY_CHARACTERS)),
        url=as_text(obj.get("html_url"), _MAX_URL_CHARACTERS),
        status=status,
        urgency=as_text(obj.get("urgency"), 40),
        priority=label_of(priority),
        priority_id=id_of(priority),
        service=label_of(service),
        service_id=id_of(service),
        teams=tuple(_person(team) for team in as_maps(obj.get("teams"))[:_MAX_TEAMS]),
        escalation_policy=label_of(policy),
        escalation_policy_id=id_of(policy),
        assignees=_people(obj.get("assignments"), "assignee"),
        acknowledgers=_people(obj.get("acknowledgements"), "acknowledger"),
        resolved_by=label_of(changed_by) if closed else "",
        resolved_by_id=id_of(changed_by) if closed else "",
        created_at=moment(obj.get("created_at")),
        updated_at=moment(
            obj.get("updated_at") or obj.get("last_status_change_at") or obj.get("created_at")
        ),
        resolved_at=moment(obj.get("resolved_at") or obj.get("last_status_change_at"))
        if closed
        else "",
        merged_into=merged_into,
        merged_title=_numbered(label_of(as_map(reason.get("incident")))) if merged_into else "",
        alerts_total=_int(counts.get("all")),
        alerts_triggered=_int(counts.get("triggered")),
        alerts_resolved=_int(counts.get("resolved")),
        conference_url=as_text(bridge.get("conference_url"), _MAX_URL_CHARACTERS),
        conference_number=as_text(bridge.get("conference_number"), MAX_NAME_CHARACTERS),
        help_asked=_asked_for_help(obj.get("incidents_responders")),
        summary=as_text(as_map(obj.get("body")).get("details"), MAX_SUMMARY_CHARACTERS),
        incident_type=incident_type(obj.get("incident_type")),
    )
    return with_details(incident, obj.get("first_trigger_log_entry"))


@setting_aside
def parse_entry(obj: Any) -> Optional[LogEntry]:
    """A log entry as a value; None when it has no id, no time or belongs to no incident."""
    if not isinstance(obj, Mapping):
        return None
    ident, at, included = id_of(obj), epoch(obj.get("created_at")), as_map(obj.get("incident"))
    incident = incident_from_rest(included)
    if not ident or at is None or incident is None:
        return None
    return LogEntry(
        ident, at, _kind(obj), incident, bool(included.get("status")), event_from_entry(obj), obj
    )


def event_from_entry(obj: Any) -> Optional[IncidentEvent]:
    """The event a log entry stands for. Type of a merge's resolve: `incident.merged`; of a reopen:
    only the tracker can tell (it is published nowhere), unless the entry says so itself."""
    if not isinstance(obj, Mapping) or not id_of(obj):
        return None
    kind = _kind(obj)
    if kind in SILENT_TYPES:
        return None
    event_type = EVENT_TYPES.get(kind, UPDATED)
    if kind == "field_value_change":
        event_type = FIELD_EVENT_TYPES.get(changed_field(obj).get("name") or "", event_type)
        if event_type == UPDATED and custom_fields(obj):
            event_type = "incident.custom_field_values.updated"
    channel, details, included = (
        as_map(obj.get(k)) for k in ("channel", "event_details", "incident")
    )
    merged_into, joined = "", ""
    reason = as_map(included.get("resolve_reason"))
    merged = reason.get("type") == "merge_resolve_reason"
    if event_type == "incident.merged" and (not merged or _took_in(obj)):
        event_type = UPDATED  # the entry of the incident that took another one in
    elif merged and event_type in ("incident.resolved", "incident.merged"):
        event_type, merged_into = "incident.merged", id_of(as_map(reason.get("incident")))
        joined = _numbered(label_of(as_map(reason.get("incident"))))
    people = (
        as_maps(obj.get("assignees"))
        or as_maps(obj.get("assigned_users"))
        or as_maps(obj.get("responders"))
    )
    note = obj.get("note")
    if not note and kind == "annotate":
        note = channel.get("summary") or channel.get("content") or details.get("description")
    message = ""
    if kind == "status_update" or kind.startswith("responder"):
        message = _first(
            obj.get("message"),
            as_map(obj.get("status_update")).get("message"),
            channel.get("message"),
        )
        message = message or _first(
            details.get("message"), details.get("description"), channel.get("summary")
        )
    was, now = from_to(obj, kind)
    changes = {
        "summary": field_sentence(obj) or _sentence(obj),
        "note": as_text(note, MAX_SAID_CHARACTERS),
        "from": was,
        "to": ", ".join(label_of(p) for p in people[:_MAX_PEOPLE] if label_of(p)) or joined or now,
        "to_ids": ", ".join(id_of(p) for p in people[:_MAX_PEOPLE] if id_of(p)),
        "until": _snoozed_until(obj) if kind == "snooze" else "",
        "message": as_text(message, MAX_SAID_CHARACTERS),
        "merged_into": merged_into,
        "channel": as_text(channel.get("type"), 40),
        "log_entry_type": as_text(obj.get("type"), 80),
    }
    agent = as_map(obj.get("agent"))
    occurred_at = moment(obj.get("created_at"))
    return IncidentEvent(
        event_id=id_of(obj),
        event_type=event_type,
        occurred_at=occurred_at,
        agent=Person(id_of(agent), label_of(agent), ""),
        changes=tuple((key, value) for key, value in changes.items() if value),
    )


def acting_person(entry: LogEntry) -> str:
    """The id of the person who did it; empty when it came about by itself or through a service."""
    agent, channel = as_map(entry.raw.get("agent")), as_map(entry.raw.get("channel"))
    by_person = _kind(agent) == "user" and channel.get("type") not in AUTOMATIC
    return id_of(agent) if by_person else ""


def first_trigger_id(entry: LogEntry) -> str:
    """The id of the entry that triggered the entry's incident, where the incident came with it;
    else empty. Another trigger entry of it is a repeated alert or a reopening."""
    return id_of(as_map(as_map(entry.raw.get("incident")).get("first_trigger_log_entry")))


def with_event(incident: Incident, event: IncidentEvent) -> Incident:
    """The incident with what only its events tell: the latest note, until when it is snoozed, whom
    somebody asked for help, the title of the incident it was merged into."""
    note, kind = event.change("note"), event.event_type
    if note and not note.startswith(ROOM_NOTE):
        incident = incident._replace(
            note=note, note_by=event.agent.name, note_at=event.occurred_at
        )
    if kind == "incident.snoozed":
        incident = incident._replace(snoozed_until=event.change("until"))
    elif kind in _ENDS_SNOOZE:
        incident = incident._replace(snoozed_until="")
    if kind == "incident.responder.added" and event.change("to"):
        asked = [*incident.help_asked.split(", "), *event.change("to").split(", ")]
        joined = ", ".join(dict.fromkeys(name for name in asked if name))
        incident = incident._replace(help_asked=cut(joined, _MAX_ASKED_CHARACTERS))
    if kind == "incident.merged" and incident.merged_into and event.change("to"):
        incident = incident._replace(merged_title=event.change("to"))
    return incident


def _asked_for_help(rows: Any) -> str:
    """The names of all who were asked to help, by the incident's list of them."""
    people = (label_of(as_map(row.get("user"))) for row in as_maps(rows))
    return cut(", ".join(dict.fromkeys(name for name in people if name)), _MAX_ASKED_CHARACTERS)


def _kind(obj: Mapping[str, Any]) -> str:
    kind = as_text(obj.get("type"), 80)
    for ending in ("_reference", "_log_entry"):
        if kind.endswith(ending):
            kind = kind[: -len(ending)]
    return kind


def _took_in(obj: Mapping[str, Any]) -> bool:
    return "into this incident" in as_text(obj.get("summary"), 300)


def _sentence(obj: Mapping[str, Any]) -> str:
    """PagerDuty's own; another incident in it is named as everywhere here."""
    said = as_text(obj.get("summary"), 300)
    return _numbered(said) if _took_in(obj) else said


def _numbered(label: str) -> str:
    """`[#2] Title`, PagerDuty's name of an incident, as `#2 Title`."""
    return re.sub(r"^\[(#\d+)\] ?", r"\1 ", label)


def _snoozed_until(obj: Mapping[str, Any]) -> str:
    actions = [a for a in as_maps(obj.get("changed_actions")) if a.get("type") == "unacknowledge"]
    return moment(actions[0].get("at")) if actions else ""


def _first(*values: Any) -> str:
    return next((value for value in values if isinstance(value, str) and value), "")


def _int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return 0
    try:
        return max(-_INT64, min(_INT64, int(value)))
    except (ValueError, OverflowError):
        return 0


def _person(obj: Mapping[str, Any], at: Any = None) -> Person:
    return Person(id_of(obj), label_of(obj), moment(at))


def _people(value: Any, key: str) -> Tuple[Person, ...]:
    return tuple(
        _person(as_map(item.get(key)), item.get("at"))
        for item in as_maps(value)[:_MAX_PEOPLE]
        if item.get(key)
    )
