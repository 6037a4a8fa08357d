"""How it is read whether what belongs to an incident was added or changed: notes, alerts, custom
fields, status updates, responders, subscribers, workflows. Part of `outcome_checks`, which says
for what each is."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.pagerduty.incident_checks import (
    author_id,
    entries_since,
    read_incident,
)
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, link_of, rows_of
from pagerduty_mattermost.gateways.pagerduty.write_outcome import (
    PagerDutyReader,
    Shown,
    Write,
    fits,
    is_since,
)


def noted(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incidents/{id}/notes: by content, author and time."""
    (incident,) = write.ids
    content = write.body["note"]["content"]
    rows = [row for row in _notes(pagerduty, incident) if row.get("content") == content]
    fresh = [row for row in rows if is_since(row.get("created_at"), write.began)]
    author = author_id(pagerduty, write.from_email) if fresh else None
    own = [row for row in fresh if not author or id_of(row.get("user")) in ("", author)]
    if own:
        return Shown(True, {"note": own[0]})
    return Shown(None, may_repeat=False, link=_incident_link(pagerduty, incident))


def note_changed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents/{id}/notes/{note}."""
    incident, note = write.ids
    row = next((one for one in _notes(pagerduty, incident) if id_of(one) == note), {})
    return Shown(fits(row, write.body["note"]), {"note": row})


def note_deleted(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """DELETE /incidents/{id}/notes/{note}."""
    incident, note = write.ids
    return Shown(note not in [id_of(row) for row in _notes(pagerduty, incident)])


def alerts_changed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents/{id}/alerts: an alert that was moved stands at its new incident."""
    sent = write.body["alerts"]
    homes = dict.fromkeys(id_of(one.get("incident")) or write.ids[0] for one in sent)
    there = {home: _alerts(pagerduty, home) for home in homes}
    rows: List[Dict[str, Any]] = []
    rest: List[Any] = []
    for one in sent:
        row = there[id_of(one.get("incident")) or write.ids[0]].get(id_of(one))
        wanted = {name: value for name, value in one.items() if name != "incident"}
        if row is not None and fits(row, wanted):
            rows.append(row)
        else:
            rest.append(one)
    left = {"alerts": rest} if rows else None
    return Shown(not rest, {"alerts": rows}, rest=left)


def alert_changed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents/{id}/alerts/{alert}."""
    incident, alert = write.ids
    sent = write.body["alert"]
    home = id_of(sent.get("incident")) or incident
    row = _alerts(pagerduty, home).get(alert, {})
    wanted = {name: value for name, value in sent.items() if name != "incident"}
    return Shown(bool(row) and fits(row, wanted), {"alert": row})


def fields_set(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents/{id}/custom_fields/values."""
    answer = pagerduty.get(write.path)
    rows = rows_of(answer, "custom_fields")
    done = all(any(fits(row, one) for row in rows) for one in write.body["custom_fields"])
    return Shown(done, answer)


def status_update_sent(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incidents/{id}/status_updates: the log alone tells of it."""
    (incident,) = write.ids
    message = write.body.get("message")
    author = author_id(pagerduty, write.from_email)
    for row in entries_since(pagerduty, incident, "status_update", write):
        channel = row.get("channel")
        words = [row.get("message"), *(channel.values() if isinstance(channel, dict) else ())]
        sender = row.get("agent") or {}
        if message in words and (not author or id_of(sender) in ("", author)):
            told = {"id": "", "message": message, "sender": sender}
            made = {**told, "created_at": row.get("created_at")}
            return Shown(True, {"status_update": made})
    return Shown(None, may_repeat=False, link=_incident_link(pagerduty, incident))


def subscribed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incidents/{id}/status_updates/subscribers."""
    there = _subscribers(pagerduty, write)
    sent = write.body["subscribers"]
    result = {"subscribable_id": write.ids[0], "subscribable_type": "incident"}
    rows = [{**one, **result, "result": "success"} for one in sent]
    return Shown(all(_key(one) in there for one in sent), {"subscriptions": rows})


def unsubscribed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incidents/{id}/status_updates/unsubscribe."""
    there = _subscribers(pagerduty, write)
    sent = write.body["subscribers"]
    counts = {"unauthorized_count": 0, "non_existent_count": 0}
    gone = not any(_key(one) in there for one in sent)
    return Shown(gone, {"deleted_count": len(sent), **counts})


def responders_asked(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incidents/{id}/responder_requests: by message, who asks, who is asked, and time."""
    (incident,) = write.ids
    row = read_incident(pagerduty, incident)
    message, requester = write.body["message"], write.body["requester_id"]
    fresh = [
        one
        for one in rows_of(row, "incidents_responders")
        if one.get("message") == message
        and id_of(one.get("requester")) in ("", requester)
        and is_since(one.get("requested_at"), write.began)
    ]
    targets = [one["responder_request_target"] for one in write.body["responder_request_targets"]]
    people = {id_of(one.get("user")) for one in fresh}
    users = {id_of(one) for one in targets if str(one.get("type")).startswith("user")}
    if not fresh or not users <= people:
        return Shown(None, may_repeat=False, link=link_of(row))
    asked = {
        "incident": {"id": incident, "type": "incident_reference"},
        "requester": fresh[0].get("requester"),
        "requested_at": fresh[0].get("requested_at"),
        "message": message,
        "responder_request_targets": [{"responder_request_target": one} for one in targets],
    }
    return Shown(True, {"responder_request": asked})


def responders_cancelled(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents/{id}/responder_requests/cancel. Who was asked by an escalation policy is not
    told, so all that wait count for it."""
    row = read_incident(pagerduty, write.ids[0])
    waiting = {
        id_of(one.get("user"))
        for one in rows_of(row, "incidents_responders")
        if one.get("state") == "pending"
    }
    targets = write.body["responder_request_targets"]
    policies = any(str(one.get("type")).startswith("escalation_policy") for one in targets)
    done = not waiting if policies else not waiting & {id_of(one) for one in targets}
    rows = [{**one, "result": "cancelled"} for one in targets]
    return Shown(done, {"responder_request_targets": rows}, link=link_of(row))


def workflow_started(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incident_workflows/{id}/instances: PagerDuty lists no runs; people see them at the
    incident."""
    incident = id_of(write.body["incident_workflow_instance"].get("incident"))
    return Shown(None, may_repeat=False, link=_incident_link(pagerduty, incident))


def _notes(pagerduty: PagerDutyReader, incident: str) -> List[Dict[str, Any]]:
    return rows_of(pagerduty.get(f"/incidents/{incident}/notes"), "notes")


def _alerts(pagerduty: PagerDutyReader, incident: str) -> Dict[str, Dict[str, Any]]:
    rows = pagerduty.list_all(f"/incidents/{incident}/alerts", "alerts").items
    return {id_of(row): row for row in rows}


def _subscribers(pagerduty: PagerDutyReader, write: Write) -> List[Any]:
    path = write.path.rpartition("/")[0] + "/subscribers"
    return [_key(row) for row in rows_of(pagerduty.get(path), "subscribers")]


def _key(row: Any) -> Any:
    return row.get("subscriber_id"), row.get("subscriber_type")


def _incident_link(pagerduty: PagerDutyReader, incident_id: str) -> str:
    try:
        return link_of(read_incident(pagerduty, incident_id))
    except PackError:
        return ""
