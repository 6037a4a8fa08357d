"""REST: analytics, computed from the account's incidents and their log entries."""

# flake8: noqa: E203,W503

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from dateutil import tz

from ..server import HttpAnswer, Routes
from .book import Book
from .call import PagerDutyCall
from .forms import BodyForm, Field, flag, many, moment, nested, number, one_of, text, zone
from .model import Incident, Thing, invalid, not_found

routes = Routes()

_IDS = Field(many(text()))
FILTERS = BodyForm(
    created_at_start=Field(moment, null=True),
    created_at_end=Field(moment, null=True),
    updated_after=Field(moment, null=True),
    urgency=Field(one_of("high", "low"), null=True),
    major=Field(flag, null=True),
    team_ids=_IDS,
    service_ids=_IDS,
    escalation_policy_ids=_IDS,
    priority_ids=_IDS,
    priority_names=_IDS,
)
_ORDER = Field(one_of("asc", "desc"))
METRICS = BodyForm(
    filters=Field(nested(FILTERS)),
    time_zone=Field(zone),
    order=_ORDER,
    order_by=Field(text()),
    aggregate_unit=Field(one_of("day", "week", "month"), null=True),
)
RAW = BodyForm(
    filters=Field(nested(FILTERS)),
    time_zone=Field(zone),
    order=_ORDER,
    order_by=Field(one_of("created_at", "seconds_to_resolve", "updated_at")),
    limit=Field(number(0, 1000)),
    starting_after=Field(text(), null=True),
    ending_before=Field(text(), null=True),
)


def _chosen(book: Book, filters: Thing) -> List[Incident]:
    start, end, after = (
        filters.get(n) for n in ("created_at_start", "created_at_end", "updated_after")
    )
    wanted: Sequence[Tuple[str, Callable[[Incident], Sequence[str]]]] = (
        ("team_ids", lambda i: i.team_ids),
        ("service_ids", lambda i: (i.service_id,)),
        ("escalation_policy_ids", lambda i: (i.policy_id,)),
        ("priority_ids", lambda i: (i.priority_id,)),
        ("priority_names", lambda i: (_priority(book, i).get("name", ""),)),
    )
    return [
        i
        for i in book.by_number.values()
        if (start is None or i.created_at >= start)
        and (end is None or i.created_at < end)
        and (after is None or i.updated_at > after)
        and (filters.get("urgency") in (None, i.urgency))
        and (filters.get("major") in (None, _is_major(book, i)))
        and all(not filters.get(name) or set(of(i)) & set(filters[name]) for name, of in wanted)
    ]


def _priority(book: Book, incident: Incident) -> Thing:
    return book.known("priorities", incident.priority_id) if incident.priority_id else {}


def _is_major(book: Book, incident: Incident) -> bool:
    return _priority(book, incident).get("name") in ("P1", "P2")


def raw(call: PagerDutyCall, incident: Incident) -> Thing:
    """One incident's figures; those of what has not happened are null."""
    book, render = call.account, call.renderer()
    by_type: Dict[str, List[Any]] = {}
    for entry in incident.entries:
        by_type.setdefault(entry.type, []).append(entry)

    def since_birth(at: Optional[int]) -> Optional[int]:
        return None if at is None else max(0, at - incident.created_at)

    acks = [e for e in by_type.get("acknowledge", ()) if e.agent.kind == "user"]
    first_ack = acks[0].created_at if acks else None
    resolver = (
        by_type["resolve"][-1].agent if incident.resolved_at and "resolve" in by_type else None
    )
    by_user = resolver.id if resolver is not None and resolver.kind == "user" else None
    escalations = by_type.get("escalate", ())
    timeouts = sum(e.channel["type"] == "timeout" for e in escalations)
    ackers = list(dict.fromkeys(e.agent.id for e in acks))
    assigned = [u for u, _ in incident.assignees]
    joined = [r.user_id for r in incident.responders if r.state == "joined"]
    told, priority = len(by_type.get("notify", ())), _priority(book, incident)
    team = incident.team_ids[0] if incident.team_ids else None
    engaged = (
        (since_birth(incident.resolved_at) or 0) - (since_birth(first_ack) or 0)
        if first_ack
        else 0
    )

    def names(ids: Sequence[str]) -> List[str]:
        return [book.known("users", u)["name"] for u in ids]

    return {
        "id": incident.id,
        "incident_number": incident.number,
        "description": incident.title,
        "status": incident.status,
        "urgency": incident.urgency,
        "major": _is_major(book, incident),
        "created_at": render.time(incident.created_at),
        "updated_at": render.time(incident.updated_at),
        "resolved_at": render.time(incident.resolved_at),
        "resolved_by_user_id": by_user,
        "resolved_by_user_name": names([by_user])[0] if by_user else None,
        "auto_resolved": resolver is not None and by_user is None,
        "service_id": incident.service_id,
        "service_name": book.known("services", incident.service_id)["name"],
        "escalation_policy_id": incident.policy_id,
        "escalation_policy_name": book.known("escalation_policies", incident.policy_id)["name"],
        "team_id": team,
        "team_name": book.known("teams", team)["name"] if team else None,
        "priority_id": priority.get("id"),
        "priority_name": priority.get("name"),
        "priority_order": priority.get("order"),
        "incident_type_name": incident.incident_type,
        "acknowledged_user_ids": ackers,
        "acknowledged_user_names": names(ackers),
        "acknowledgement_count": len(acks),
        "assigned_user_ids": assigned,
        "assigned_user_names": names(assigned),
        "assignment_count": len(by_type.get("assign", ())),
        "joined_user_ids": joined,
        "joined_user_names": names(joined),
        "active_user_count": len(set(ackers + joined)),
        "engaged_user_count": len(set(ackers + joined)),
        "engaged_seconds": max(0, engaged),
        "escalation_count": len(escalations),
        "manual_escalation_count": len(escalations) - timeouts,
        "timeout_escalation_count": timeouts,
        "reassignment_count": max(0, len(by_type.get("assign", ())) - 1)
        + len(by_type.get("delegate", ())),
        "seconds_to_first_ack": since_birth(first_ack),
        "seconds_to_engage": since_birth(first_ack),
        "seconds_to_mobilize": since_birth(first_ack) if joined else None,
        "seconds_to_resolve": since_birth(incident.resolved_at),
        "snoozed_seconds": sum(
            int(e.channel.get("duration", 0)) for e in by_type.get("snooze", ())
        ),
        "total_notifications": told,
        "total_interruptions": told,
        "business_hour_interruptions": told,
        "off_hour_interruptions": 0,
        "sleep_hour_interruptions": 0,
        "user_defined_effort_seconds": None,
    }


@routes.add("POST", "/analytics/raw/incidents")
def raw_incidents(call: PagerDutyCall) -> HttpAnswer:
    """By cursor: `last` is where the next page starts after, `first` where the one before ends."""
    fields = RAW.read(call, call.body())
    order, order_by = fields.get("order", "desc"), fields.get("order_by", "created_at")
    limit = fields.get("limit", 100)
    rows = [raw(call, incident) for incident in _chosen(call.account, fields.get("filters", {}))]
    rows.sort(
        key=lambda row: row[order_by] or 0 if order_by == "seconds_to_resolve" else row[order_by]
    )
    if order == "desc":
        rows.reverse()
    ids = [row["id"] for row in rows]
    try:
        if fields.get("starting_after"):
            rows = rows[ids.index(fields["starting_after"]) + 1 :]
        elif fields.get("ending_before"):
            end = ids.index(fields["ending_before"])
            rows = rows[max(0, end - limit) : end]
    except ValueError:
        raise invalid("The cursor is invalid") from None
    page = rows[:limit]
    body = {
        "first": page[0]["id"] if page else "",
        "last": page[-1]["id"] if page else "",
        "limit": limit,
        "more": len(rows) > limit,
        "order": order,
        "order_by": order_by,
        "filters": call.body().get("filters") or {},
        "time_zone": fields.get("time_zone", "Etc/UTC"),
        "data": page,
    }
    return HttpAnswer(200, body)


@routes.add("GET", "/analytics/raw/incidents/{id}")
def raw_incident(call: PagerDutyCall) -> HttpAnswer:
    found = call.account.incidents.get(call.names["id"])
    if found is None:
        raise not_found()
    return HttpAnswer(200, raw(call, found))


# Metrics

_MEANS = (
    "engaged_seconds",
    "engaged_user_count",
    "seconds_to_engage",
    "seconds_to_first_ack",
    "seconds_to_mobilize",
)
_TIMES = ("seconds_to_first_ack", "seconds_to_resolve")


def _mean(values: Sequence[int]) -> Optional[int]:
    return round(sum(values) / len(values)) if values else None


def _percentile(values: Sequence[int], part: int) -> Optional[int]:
    return sorted(values)[min(len(values) - 1, len(values) * part // 100)] if values else None


def _metrics(rows: List[Thing]) -> Thing:
    def of(name: str) -> List[int]:
        return [row[name] for row in rows if row[name] is not None]

    found: Thing = {
        f"mean_{name}": _mean(of(name))
        for name in (*_MEANS, "seconds_to_resolve", "assignment_count")
    }
    for name in _TIMES:
        found.update({f"p{part}_{name}": _percentile(of(name), part) for part in (50, 75, 90, 95)})
    found.update(
        total_incident_count=len(rows),
        total_incidents_acknowledged=sum(row["acknowledgement_count"] > 0 for row in rows),
        total_incidents_auto_resolved=sum(row["auto_resolved"] for row in rows),
        total_incidents_manual_escalated=sum(row["manual_escalation_count"] > 0 for row in rows),
        total_incidents_timeout_escalated=sum(row["timeout_escalation_count"] > 0 for row in rows),
        total_incidents_reassigned=sum(row["reassignment_count"] > 0 for row in rows),
        total_escalation_count=sum(of("escalation_count")),
        total_engaged_seconds=sum(of("engaged_seconds")),
        total_snoozed_seconds=sum(of("snoozed_seconds")),
        total_notifications=sum(of("total_notifications")),
        total_interruptions=sum(of("total_interruptions")),
        total_business_hour_interruptions=sum(of("business_hour_interruptions")),
        total_off_hour_interruptions=0,
        total_sleep_hour_interruptions=0,
    )
    return found


def _range_start(at: int, unit: Optional[str], name: str) -> str:
    zone_ = tz.gettz(name) or tz.UTC
    moment_ = datetime.fromtimestamp(at, zone_).replace(hour=0, minute=0, second=0)
    if unit == "week":
        moment_ -= timedelta(days=moment_.weekday())
    elif unit == "month":
        moment_ = moment_.replace(day=1)
    return moment_.isoformat()


def _serve(path: str, group: str) -> None:
    @routes.add("POST", f"/analytics/metrics/incidents/{path}")
    def metrics(call: PagerDutyCall) -> HttpAnswer:
        fields = METRICS.read(call, call.body())
        zone_, unit = fields.get("time_zone", "Etc/UTC"), fields.get("aggregate_unit")
        groups: Dict[Tuple[Any, str], List[Thing]] = {}
        for incident in _chosen(call.account, fields.get("filters", {})):
            row = raw(call, incident)
            start = _range_start(incident.created_at, unit, zone_) if unit else ""
            groups.setdefault((row[group + "_id"] if group else "", start), []).append(row)
        data = []
        for (id, start), rows in groups.items():
            found = _metrics(rows)
            if start:
                found["range_start"] = start
            if group:
                found.update({f"{group}_id": id, f"{group}_name": rows[0][f"{group}_name"]})
            data.append(found)
        data.sort(
            key=lambda row: row.get("range_start", ""), reverse=fields.get("order") == "desc"
        )
        body = {
            "data": data,
            "filters": call.body().get("filters") or {},
            "time_zone": zone_,
            "aggregate_unit": unit,
        }
        body.update({name: fields[name] for name in ("order", "order_by") if name in fields})
        return HttpAnswer(200, body)


for _path, _group in (
    ("all", ""),
    ("services", "service"),
    ("services/all", ""),
    ("teams", "team"),
    ("teams/all", ""),
    ("escalation_policies", "escalation_policy"),
    ("escalation_policies/all", ""),
):
    _serve(_path, _group)
