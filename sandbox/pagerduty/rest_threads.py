"""REST: what is said about an incident (notes, status updates, responders, subscribers, custom
fields), and the log."""

from __future__ import annotations

from typing import Any, List

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .listing import list_log
from .model import Agent, Incident, Note, Thing, invalid, not_found

routes = Routes()


def _text(fields: Thing, name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value.strip():
        raise invalid(f"{name.capitalize()} cannot be empty")
    return value


@routes.add("GET", "/incidents/{id}/notes")
def notes(call: PagerDutyCall) -> HttpAnswer:
    """Newest first, not paged."""
    render = call.renderer()
    return HttpAnswer(200, {"notes": [render.note(n) for n in reversed(call.incident().notes)]})


@routes.add("POST", "/incidents/{id}/notes")
def add_note(call: PagerDutyCall) -> HttpAnswer:
    agent, incident = call.sender(), call.incident()
    note = call.account.annotate(incident, _text(call.body("note"), "content"), agent.id)
    return HttpAnswer(200, {"note": call.renderer().note(note)}, effect=note.id)


def _note(call: PagerDutyCall) -> Note:
    for note in call.incident().notes:
        if note.id == call.names["note_id"]:
            return note
    raise not_found()


@routes.add("PUT", "/incidents/{id}/notes/{note_id}")
def change_note(call: PagerDutyCall) -> HttpAnswer:
    call.sender()
    note = _note(call)
    note.content, note.updated_at = _text(call.body("note"), "content"), call.account.now()
    return HttpAnswer(200, {"note": call.renderer().note(note)}, effect=note.id)


@routes.add("DELETE", "/incidents/{id}/notes/{note_id}")
def remove_note(call: PagerDutyCall) -> HttpAnswer:
    """No `From` in the document."""
    note = _note(call)
    call.incident().notes.remove(note)
    return HttpAnswer(204, None, effect=note.id)


@routes.add("POST", "/incidents/{id}/status_updates")
def status_update(call: PagerDutyCall) -> HttpAnswer:
    agent, incident, fields = call.sender(), call.incident(), call.body()
    more = {k: str(fields[k]) for k in ("subject", "html_message") if fields.get(k)}
    update = call.account.status_update(incident, _text(fields, "message"), agent.id, **more)
    return HttpAnswer(
        200, {"status_update": call.renderer().status_update(update)}, effect=update["id"]
    )


@routes.add("GET", "/incidents/{id}/status_updates/subscribers")
def subscribers(call: PagerDutyCall) -> HttpAnswer:
    rows = call.incident().subscribers
    answer = call.page("subscribers", rows, lambda row: _subscriber(row[0], row[1]))
    answer.body["account_id"] = "PACCT01"
    return answer


def _subscriber(id: str, type: str) -> Thing:
    return {"subscriber_id": id, "subscriber_type": type, "has_indirect_subscription": False}


def _subscribers(call: PagerDutyCall) -> List[Any]:
    rows = call.body().get("subscribers")
    if not isinstance(rows, list) or not rows:
        raise invalid("Subscribers cannot be empty")
    return [(str(row.get("subscriber_id")), str(row.get("subscriber_type"))) for row in rows]


@routes.add("POST", "/incidents/{id}/status_updates/subscribers")
def subscribe(call: PagerDutyCall) -> HttpAnswer:
    incident, shown = call.incident(), []
    for id, type in _subscribers(call):
        known = id in call.account.catalog["teams" if type == "team" else "users"]
        if known and (id, type) not in incident.subscribers:
            incident.subscribers.append((id, type))
        row = {
            "subscriber_id": id,
            "subscriber_type": type,
            "subscribable_id": incident.id,
            "account_id": "PACCT01",
        }
        shown.append(
            {
                **row,
                "subscribable_type": "incident",
                "result": "success" if known else "unauthorized",
            }
        )
    return HttpAnswer(200, {"subscriptions": shown}, effect=incident.id)


@routes.add("POST", "/incidents/{id}/status_updates/unsubscribe")
def unsubscribe(call: PagerDutyCall) -> HttpAnswer:
    incident, removed, missing = call.incident(), 0, 0
    for row in _subscribers(call):
        if row in incident.subscribers:
            incident.subscribers.remove(row)
            removed += 1
        else:
            missing += 1
    counts = {"deleted_count": removed, "unauthorized_count": 0, "non_existent_count": missing}
    return HttpAnswer(200, counts, effect=incident.id)


@routes.add("POST", "/incidents/{id}/responder_requests")
def request_responders(call: PagerDutyCall) -> HttpAnswer:
    """No `From`: `requester_id` says who asks."""
    incident, fields, account = call.incident(), call.body(), call.account
    requester = call.thing("users", {"id": fields.get("requester_id")}, "Requester")["id"]
    message, shown, render = _text(fields, "message"), [], call.renderer()
    wanted = []
    for row in fields.get("responder_request_targets") or ():
        target = row.get("responder_request_target") or {}
        type_ = str(target.get("type", "")).replace("_reference", "")
        if type_ == "escalation_policy":
            policy = call.thing("escalation_policies", target, "Responder request target")
            wanted.append((target, type_, account.on_call(policy["id"], 1)))
        elif type_ == "user":
            wanted.append(
                (target, type_, [call.thing("users", target, "Responder request target")["id"]])
            )
        else:
            raise invalid("Responder request target type is invalid")
    if not wanted:
        raise invalid("Responder request targets cannot be empty")
    asked = account.add_responder(
        incident, [u for _, _, ids in wanted for u in ids], message, requester
    )
    for target, type_, ids in wanted:
        responders = [render.responder(incident, r) for r in asked if r.user_id in ids]
        inner = {"type": type_, "id": target["id"], "incidents_responders": responders}
        shown.append({"responder_request_target": inner})
    request = {
        "incident": render.incident_reference(incident),
        "requester": render.agent(Agent("user", requester)),
        "requested_at": render.local_time(account.now()),
        "message": message,
        "responder_request_targets": shown,
    }
    return HttpAnswer(200, {"responder_request": request}, effect=incident.id)


@routes.add("PUT", "/incidents/{id}/responder_requests/cancel")
def cancel_responders(call: PagerDutyCall) -> HttpAnswer:
    incident, fields = call.incident(), call.body()
    call.thing("users", {"id": fields.get("requester_id")}, "Requester")
    targets = fields.get("responder_request_targets")
    if not isinstance(targets, list) or not targets:
        raise invalid("Responder request targets cannot be empty")
    shown = [_cancelled(call, incident, target) for target in targets]
    return HttpAnswer(200, {"responder_request_targets": shown}, effect=incident.id)


def _cancelled(call: PagerDutyCall, incident: Incident, target: Any) -> Thing:
    """What became of a target; a policy stands for who was asked by it."""
    kind = str(target.get("type") if isinstance(target, dict) else "")
    if kind not in ("user_reference", "escalation_policy_reference"):
        raise invalid("Responder request target type is invalid")
    id = str(target.get("id"))
    of_policy = (
        kind == "escalation_policy_reference" and id in call.account.catalog["escalation_policies"]
    )
    ids = call.account.on_call(id, 1) if of_policy else [id]
    asked = [responder for responder in incident.responders if responder.user_id in ids]
    pending = [responder for responder in asked if responder.state == "pending"]
    for responder in pending:
        responder.state, responder.updated_at = "user_cancelled", call.account.now()
    settled = [responder.state for responder in asked if responder.state in ("joined", "declined")]
    result = "cancelled" if pending else settled[-1] if settled else "not_found"
    return {"type": kind, "id": id, "result": result}


@routes.add("GET", "/incidents/{id}/custom_fields/values")
def custom_fields(call: PagerDutyCall) -> HttpAnswer:
    return HttpAnswer(200, {"custom_fields": call.renderer().custom_fields(call.incident())})


@routes.add("PUT", "/incidents/{id}/custom_fields/values")
def set_custom_fields(call: PagerDutyCall) -> HttpAnswer:
    incident, rows = call.incident(), call.body().get("custom_fields")
    if not isinstance(rows, list) or not all(
        isinstance(row, dict) and "value" in row for row in rows
    ):
        raise invalid("Custom fields cannot be empty")
    values = {str(row.get("name") or row.get("id")): row["value"] for row in rows}
    call.account.set_custom_fields(incident, values, call.own_user)
    return HttpAnswer(
        201, {"custom_fields": call.renderer().custom_fields(incident)}, effect=incident.id
    )


@routes.add("GET", "/log_entries")
def log(call: PagerDutyCall) -> HttpAnswer:
    return call.page("log_entries", list_log(call), call.renderer().entry)


@routes.add("GET", "/log_entries/{id}")
def entry(call: PagerDutyCall) -> HttpAnswer:
    found = call.account.log_by_id.get(call.names["id"])
    if found is None or not call.account.visible(found):
        raise not_found()
    return HttpAnswer(200, {"log_entry": call.renderer().entry(found)})


@routes.add("PUT", "/log_entries/{id}/channel")
def set_channel(call: PagerDutyCall) -> HttpAnswer:
    """What a trigger by hand told may be changed afterwards."""
    call.sender()
    found = call.account.log_by_id.get(call.names["id"])
    if found is None or not call.account.visible(found):
        raise not_found()
    fields = call.body("channel")
    if fields.get("type") not in ("web_trigger", "mobile"):
        raise invalid("Type must be web_trigger or mobile")
    found.channel = {**found.channel, "details": _text(fields, "details")}
    return HttpAnswer(202, None, effect=found.id)
