"""REST: incidents and what lies under them."""

from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from ..server import HttpAnswer, Routes
from .account import PagerDutyAccount
from .call import PagerDutyCall
from .listing import list_incidents, list_log
from .model import (
    STATE_CODES,
    STATUSES,
    URGENCIES,
    Agent,
    Alert,
    Incident,
    RequestRefused,
    Thing,
    invalid,
    not_found,
    refusal,
)
from .switches import REFUSED, REST

routes = Routes()
MAX_BULK_INCIDENTS = 250
_OPEN_ONLY = {"status", "assignments", "escalation_policy", "escalation_level"}


@routes.add("GET", "/incidents")
def index(call: PagerDutyCall) -> HttpAnswer:
    return call.page("incidents", list_incidents(call), call.renderer().incident)


@routes.add("GET", "/incidents/{id}")
def show(call: PagerDutyCall) -> HttpAnswer:
    return HttpAnswer(200, {"incident": call.renderer().incident(call.incident())})


@routes.add("POST", "/incidents")
def create(call: PagerDutyCall) -> HttpAnswer:
    agent, fields, account = call.sender(), call.body("incident"), call.account
    title = fields.get("title")
    if not isinstance(title, str) or not title.strip():
        raise invalid("Title cannot be empty.")
    if fields.get("type") != "incident":
        raise invalid("Type must be incident")
    service = call.thing("services", fields.get("service"), "Service")
    changes = _checked(call, fields)
    if "assignments" in changes and "escalation_policy" in changes:
        raise invalid("Assignments cannot be specified with an escalation policy")
    key = fields.get("incident_key") or ""
    if key and (service["id"], key) in account.open_keys:
        raise invalid("Open incident with matching dedup key already exists on this service")
    body = fields.get("body") or {}
    incident = account.trigger(
        service["id"],
        title,
        urgency=changes.get("urgency") or service.get("urgency", "high"),
        priority=changes.get("priority") or "",
        user=agent.id,
        channel="api",
        key=key,
        body=body.get("details", ""),
        details=body.get("details"),
        policy=changes.get("escalation_policy", ""),
        assignees=changes.get("assignments", ()),
        conference=changes.get("conference_bridge"),
        incident_type=(fields.get("incident_type") or {}).get("name") or "incident_default",
    )
    return HttpAnswer(201, {"incident": call.renderer().incident(incident)}, effect=incident.id)


@routes.add("PUT", "/incidents/{id}")
def update(call: PagerDutyCall) -> HttpAnswer:
    agent, incident = call.sender(), call.incident()
    _apply(call.account, incident, _checked(call, call.body("incident"), incident), agent)
    return HttpAnswer(200, {"incident": call.renderer().incident(incident)}, effect=incident.id)


@routes.add("PUT", "/incidents")
def update_many(call: PagerDutyCall) -> HttpAnswer:
    agent, rows = call.sender(), call.body().get("incidents")
    if not isinstance(rows, list) or not rows:
        raise invalid("Incidents cannot be empty")
    if len(rows) > MAX_BULK_INCIDENTS:
        raise RequestRefused(
            413,
            2001,
            "Request Entity Too Large",
            f"At most {MAX_BULK_INCIDENTS} incidents may be updated at a time",
        )
    planned: List[Tuple[Incident, Thing]] = []
    for row in rows:
        try:
            incident = call.account.incident(str(row.get("id")))
        except (KeyError, AttributeError):
            raise not_found() from None
        planned.append((incident, row))
    return _change_all(call, planned, agent)


def _change_all(
    call: PagerDutyCall, planned: List[Tuple[Incident, Thing]], agent: Agent
) -> HttpAnswer:
    """All are checked before any is changed; what becomes of those that can be changed when the
    state of another forbids it, `Switches.bulk` says."""
    bulk, done = call.account.switches.bulk, []
    refused: Optional[RequestRefused] = None
    for incident, row in planned:
        try:
            done.append((incident, _checked(call, row, incident)))
        except RequestRefused as wrong:
            if wrong.code not in STATE_CODES or bulk == REFUSED:
                raise
            refused = wrong
    for incident, changes in done:
        _apply(call.account, incident, changes, agent)
    if refused is not None and bulk == REST:
        raise refused
    shown = [call.renderer().incident(i) for i, _ in planned]
    paging = {"limit": len(shown), "offset": 0, "total": None, "more": False}
    return HttpAnswer(200, {"incidents": shown, **paging}, effect=",".join(i.id for i, _ in done))


def _checked(call: PagerDutyCall, fields: Thing, incident: Any = None) -> Dict[str, Any]:
    """The changes asked for with their references checked: nothing is done before all of it can be
    done."""
    changes: Dict[str, Any] = {}
    for name, allowed in (("status", STATUSES), ("urgency", URGENCIES)):
        if fields.get(name) is not None:
            if fields[name] not in allowed:
                wrong = f"{name.capitalize()} is invalid"
                raise refusal(1003) if name == "status" else invalid(wrong)
            changes[name] = fields[name]
    if fields.get("title") is not None:
        if not isinstance(fields["title"], str) or not fields["title"].strip():
            raise invalid("Title cannot be empty.")
        changes["title"] = fields["title"]
    if "priority" in fields:
        changes["priority"] = _priority(call, fields["priority"])
    for name, kind in (("escalation_policy", "escalation_policies"), ("service", "services")):
        if fields.get(name):
            changes[name] = _known(call, kind, fields[name], 1014)
    if fields.get("assignments"):
        people = [one.get("assignee") for one in fields["assignments"]]
        changes["assignments"] = [_known(call, "users", one, 1007) for one in people]
    for name in ("conference_bridge", "resolution", "escalation_level"):
        if fields.get(name) is not None:
            changes[name] = fields[name]
    reopens = changes.get("status") in ("triggered", "acknowledged")
    if incident is not None and not incident.is_open and not reopens and _OPEN_ONLY & set(changes):
        raise refusal(1001)
    if incident is not None and _is_repeated(call, incident, changes):
        raise refusal(1002)
    if incident is not None and "escalation_level" in changes:
        policy = changes.get("escalation_policy", incident.policy_id)
        levels = len(call.account.known("escalation_policies", policy)["rules"])
        if changes["escalation_level"] not in range(1, levels + 1):
            raise refusal(1006, "Escalation level is not valid for the escalation policy")
    return changes


def _is_repeated(call: PagerDutyCall, incident: Incident, changes: Dict[str, Any]) -> bool:
    """Whether it would be acknowledged by one who did so before, and that is refused."""
    refused = call.account.switches.second_acknowledge == REFUSED
    own = [agent for agent, _ in incident.acknowledgers]
    return refused and changes.get("status") == "acknowledged" and call.sender() in own


def _known(call: PagerDutyCall, kind: str, reference: Any, code: int) -> str:
    """The id of what a reference means. Raises 400: a service has no code of its own."""
    id = reference.get("id") if isinstance(reference, dict) else None
    if id in call.account.catalog[kind]:
        return str(id)
    raise invalid("Service could not be found") if kind == "services" else refusal(code)


def _priority(call: PagerDutyCall, value: Any) -> str:
    """Its id. Null is no priority: the API's document has no way to take one away."""
    if isinstance(value, str):
        for priority in call.account.catalog["priorities"].values():
            if priority["name"] == value:
                return str(priority["id"])
    elif isinstance(value, dict) and value.get("id") in call.account.catalog["priorities"]:
        return str(value["id"])
    raise refusal(1020)


def _apply(
    account: PagerDutyAccount, incident: Incident, changes: Dict[str, Any], agent: Agent
) -> None:
    user, status, channel = agent.id, changes.get("status"), {"type": "api"}
    reopened = not incident.is_open and status in ("triggered", "acknowledged")
    if reopened:
        account.reopen(incident, user, acknowledged=status == "acknowledged")
    if "title" in changes and changes["title"] != incident.title:
        account.set_title(incident, changes["title"], user)
    if "service" in changes and changes["service"] != incident.service_id:
        account.set_service(incident, changes["service"], user)
    if "urgency" in changes:
        account.set_urgency(incident, changes["urgency"], user)
    if "priority" in changes:
        account.set_priority(incident, changes["priority"], user)
    if "conference_bridge" in changes:
        bridge = changes["conference_bridge"]
        account.set_conference(
            incident,
            bridge.get("conference_url") or "",
            bridge.get("conference_number") or "",
            user,
        )
    if "escalation_policy" in changes:
        account.delegate(incident, changes["escalation_policy"], user)
    if "assignments" in changes:
        account.reassign(incident, changes["assignments"], user)
    if "escalation_level" in changes:
        account.escalate(incident, user, level=changes["escalation_level"])
    if reopened:
        return
    if status == "acknowledged":
        account.acknowledge(incident, user, channel=channel)
    elif status == "triggered" and incident.status == "acknowledged":
        account.unacknowledge(incident, user)
    elif status == "resolved":
        account.resolve(incident, user, resolution=changes.get("resolution", ""), channel=channel)


@routes.add("PUT", "/incidents/{id}/merge")
def merge(call: PagerDutyCall) -> HttpAnswer:
    """Answers a reference to the target."""
    agent, target = call.sender(), call.incident()
    rows = call.body().get("source_incidents")
    if not isinstance(rows, list) or not rows:
        raise invalid("Source incidents cannot be empty")
    try:
        sources = [call.account.incident(str(row.get("id"))) for row in rows]
    except (KeyError, AttributeError):
        raise invalid("Source incident could not be found") from None
    call.account.merge(target, sources, agent.id)
    shown = call.renderer().incident_reference(target)
    return HttpAnswer(200, {"incident": shown}, effect=target.id)


@routes.add("POST", "/incidents/{id}/snooze")
def snooze(call: PagerDutyCall) -> HttpAnswer:
    agent, incident = call.sender(), call.incident()
    call.account.snooze(incident, call.body().get("duration", 0), agent.id)
    return HttpAnswer(201, {"incident": call.renderer().incident(incident)}, effect=incident.id)


@routes.add("GET", "/incidents/{id}/log_entries")
def log(call: PagerDutyCall) -> HttpAnswer:
    incident = call.incident()
    return call.page("log_entries", list_log(call, incident.entries), call.renderer().entry)


@routes.add("GET", "/incidents/{id}/alerts")
def alerts(call: PagerDutyCall) -> HttpAnswer:
    incident, render = call.incident(), call.renderer()
    statuses, key = call.chosen("statuses[]", ("triggered", "resolved")), call.param("alert_key")
    rows = [
        a
        for a in incident.alerts
        if (not statuses or a.status in statuses) and (not key or a.key == key)
    ]
    field, _, direction = (call.param("sort_by") or "created_at:desc").partition(":")
    if field not in ("created_at", "resolved_at") or direction not in ("", "asc", "desc"):
        raise invalid("sort_by is invalid")
    rows.sort(key=lambda a: getattr(a, field) or 0, reverse=direction == "desc")
    return call.page("alerts", rows, lambda alert: render.alert(incident, alert))


@routes.add("GET", "/incidents/{id}/alerts/{alert_id}")
def alert(call: PagerDutyCall) -> HttpAnswer:
    incident = call.incident()
    for found in incident.alerts:
        if found.id == call.names["alert_id"]:
            return HttpAnswer(200, {"alert": call.renderer().alert(incident, found)})
    raise not_found()


@routes.add("PUT", "/incidents/{id}/alerts/{alert_id}")
def update_alert(call: PagerDutyCall) -> HttpAnswer:
    call.sender()
    incident, fields = call.incident(), call.body("alert")
    for found in incident.alerts:
        if found.id == call.names["alert_id"]:
            _change_alert(call, incident, found, fields)
            home = call.account.home_of(found, incident)
            return HttpAnswer(200, {"alert": call.renderer().alert(home, found)}, effect=found.id)
    raise not_found()


@routes.add("PUT", "/incidents/{id}/alerts")
def update_alerts(call: PagerDutyCall) -> HttpAnswer:
    """All or none; to another incident with `incident`."""
    call.sender()
    incident, rows, account = call.incident(), call.body().get("alerts"), call.account
    if not isinstance(rows, list) or not rows:
        raise invalid("Alerts cannot be empty")
    if len(rows) > MAX_BULK_INCIDENTS:
        raise RequestRefused(
            413,
            2001,
            "Request Entity Too Large",
            f"At most {MAX_BULK_INCIDENTS} alerts may be updated at a time",
        )
    own = {alert.id: alert for alert in incident.alerts}
    planned = [(own.get(str(row.get("id"))), row) for row in rows if isinstance(row, dict)]
    if len(planned) < len(rows) or any(found is None for found, _ in planned):
        raise invalid("Alert could not be found")
    shown = [found for found, _ in planned if found is not None]
    for found, row in zip(shown, rows):
        _change_alert(call, incident, found, row)
    render = call.renderer()
    paging = {"limit": len(shown), "offset": 0, "total": None, "more": False}
    body = {
        "alerts": [render.alert(account.home_of(found, incident), found) for found in shown],
        **paging,
    }
    return HttpAnswer(200, body, effect=",".join(found.id for found in shown))


def _change_alert(call: PagerDutyCall, incident: Incident, alert: Alert, fields: Thing) -> None:
    if fields.get("status") not in (None, "resolved", "triggered"):
        raise invalid("Status is invalid")
    other = fields.get("incident")
    if other:
        target = call.account.incidents.get(str(other.get("id")))
        if target is None or not target.is_open:
            raise invalid("Incident could not be found or is resolved")
        call.account.move_alert(incident, target, alert)
    if fields.get("status") == "resolved":
        call.account.resolve_alert(call.account.home_of(alert, incident), alert.id)
