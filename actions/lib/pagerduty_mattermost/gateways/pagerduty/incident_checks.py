"""How it is read whether a change to an incident is done: its fields and state, many at once,
a merge, a snooze, a new one. Part of `outcome_checks`, which says for what each is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Set

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import ascii_lower
from pagerduty_mattermost.gateways.pagerduty.responses import wrapped
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, link_of, rows_of
from pagerduty_mattermost.gateways.pagerduty.write_outcome import (
    PagerDutyReader,
    Shown,
    Write,
    fits,
    is_since,
)

OPEN_STATUSES = ("triggered", "acknowledged")
_RESTARTS = frozenset({"assignments", "escalation_policy", "escalation_level"})
"""Fields that do something although their value stays the same."""
_NOT_SHOWN = frozenset({"id", "type", "resolution"})
"""Of what is sent, that PagerDuty does not give back."""


class _Verdict(NamedTuple):
    """What became of a write to one incident."""

    is_done: bool
    may_repeat: bool = True
    already: bool = False
    """Done, but by somebody else."""


def sets_status(body: Any) -> bool:
    """Whether a body of PUT /incidents or /incidents/{id} changes the state: refused where it is
    so already."""
    sent = body.get("incident") if isinstance(body, Mapping) else None
    rows = [sent] if isinstance(sent, Mapping) else (body or {}).get("incidents") or ()
    return any(isinstance(row, Mapping) and row.get("status") for row in rows)


def changed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents/{id}."""
    sent = write.body["incident"]
    row = _read(pagerduty, write.ids[0], sent)
    found = _verdict(pagerduty, row, sent, write)
    return Shown(
        found.is_done,
        {"incident": row},
        found.may_repeat,
        already=(id_of(row),) if found.already else (),
        link=link_of(row),
        why="" if found.may_repeat else "the incident was resolved meanwhile",
    )


def changed_many(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents. PagerDuty refuses all where one can't be changed."""
    sent = write.body["incidents"]
    rows = [_read(pagerduty, id_of(one), one) for one in sent]
    found = [_verdict(pagerduty, row, one, write) for row, one in zip(rows, sent)]
    rest = [one for one, verdict in zip(sent, found) if not verdict.is_done]
    may_repeat = all(verdict.may_repeat for verdict in found)
    return Shown(
        not rest,
        {"incidents": rows},
        may_repeat,
        {"incidents": rest} if len(rest) < len(sent) else None,
        tuple(id_of(row) for row, verdict in zip(rows, found) if verdict.already),
        link_of(rows[0]) if rows else "",
        "" if may_repeat else "one of the incidents was resolved meanwhile",
    )


def merged(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT /incidents/{id}/merge: a source says into what it was merged."""
    (target,) = write.ids
    sent = write.body["source_incidents"]
    rows = [_read(pagerduty, id_of(one)) for one in sent]
    rest = [one for one, row in zip(sent, rows) if _merged_into(row) != target]
    row = _read(pagerduty, target)
    left = {"source_incidents": rest} if len(rest) < len(sent) else None
    reference = {name: row.get(name) for name in ("id", "summary", "self", "html_url")}
    answer = {"incident": {**reference, "type": "incident_reference"}}
    return Shown(not rest, answer, rest=left, link=link_of(row))


def snoozed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incidents/{id}/snooze: it will be triggered again at the end of it."""
    row = _read(pagerduty, write.ids[0])
    length = float(write.body["duration"])
    ends = [
        times.seconds(str(one.get("at")))
        for one in rows_of(row, "pending_actions")
        if one.get("type") == "unacknowledge"
    ]
    latest = write.now + length + 1
    done = any(end is not None and write.began + length <= end <= latest for end in ends)
    return Shown(done, {"incident": row}, row.get("status") in OPEN_STATUSES, link=link_of(row))


def made(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST /incidents: the incident that bears the key, an open one or the newest made since. It
    is sent again under the same key, which makes no second one."""
    sent = write.body["incident"]
    key, service = sent.get("incident_key"), id_of(sent.get("service"))
    if not key:
        return Shown(None, may_repeat=False)
    query = {
        "incident_key": key,
        "date_range": "all",
        "limit": 100,
        "sort_by": "created_at:desc",
    }
    for row in rows_of(pagerduty.get("/incidents", query), "incidents"):
        if row.get("incident_key") not in (key, None) or (
            service and id_of(row.get("service")) != service
        ):
            continue
        if row.get("status") in OPEN_STATUSES or is_since(row.get("created_at"), write.began):
            return Shown(True, {"incident": row}, link=link_of(row))
    return Shown(False)


def _read(pagerduty: PagerDutyReader, incident_id: str, sent: Any = None) -> Dict[str, Any]:
    include = {"include": ["conference_bridge"]} if sent and "conference_bridge" in sent else None
    return read_incident(pagerduty, incident_id, include)


def read_incident(
    pagerduty: PagerDutyReader, incident_id: str, query: Optional[Dict[str, Any]] = None
) -> Dict[str, Any]:
    """The incident of this id as PagerDuty's REST API gives it."""
    path = f"/incidents/{incident_id}"
    return wrapped(pagerduty.get(path, query), "incident", "GET", path)


def _merged_into(row: Mapping[str, Any]) -> str:
    reason = row.get("resolve_reason")
    of_merge = isinstance(reason, dict) and reason.get("type") == "merge_resolve_reason"
    return id_of(reason.get("incident")) if of_merge and isinstance(reason, dict) else ""


def _verdict(
    pagerduty: PagerDutyReader, row: Dict[str, Any], sent: Mapping[str, Any], write: Write
) -> _Verdict:
    wanted = sent.get("status")
    if wanted in OPEN_STATUSES and _was_resolved(row, write):
        return _Verdict(False, may_repeat=False)  # it would be opened again
    if wanted and not _has_status(row, wanted, write.before):
        return _Verdict(False)
    if not all(_has(row, name, value) for name, value in sent.items()):
        return _Verdict(False)
    if _RESTARTS & set(sent) and not is_since(row.get("updated_at"), write.began):
        return _Verdict(False)
    level = sent.get("escalation_level")
    if level is not None and not _is_on_level(pagerduty, row, level, write):
        return _Verdict(False)
    return _Verdict(True, already=bool(wanted) and _is_of_another(pagerduty, row, write))


def _was_resolved(row: Mapping[str, Any], write: Write) -> bool:
    """Whether it is resolved, and was not when the write was first sent."""
    if row.get("status") != "resolved" or write.before == "resolved":
        return False
    return bool(write.before) or is_since(row.get("resolved_at"), write.began)


def _has_status(row: Mapping[str, Any], wanted: str, before: str) -> bool:
    """One that was opened again may be acknowledged by somebody right after."""
    status = row.get("status")
    opened = before == "resolved" and wanted == "triggered" and status == "acknowledged"
    return status == wanted or opened


def _has(row: Mapping[str, Any], name: str, value: Any) -> bool:
    if name in _NOT_SHOWN or name in ("status", "escalation_level"):
        return True
    if name == "assignments":
        there = [id_of(one.get("assignee")) for one in rows_of(row, name)]
        return sorted(there) == sorted(id_of(one.get("assignee")) for one in value)
    return name in row and fits(row[name], value)


def _is_on_level(
    pagerduty: PagerDutyReader, row: Dict[str, Any], level: int, write: Write
) -> bool:
    """Whether its assignees are who is on call on this level of its escalation policy. Where the
    same people are on several, the log tells whether it was escalated since."""
    policy = id_of(row.get("escalation_policy"))
    assigned = {id_of(one.get("assignee")) for one in rows_of(row, "assignments")}
    there: Dict[Any, Set[str]] = {}
    query = {"escalation_policy_ids": [policy]}
    for one in pagerduty.list_all("/oncalls", "oncalls", query).items:
        there.setdefault(one.get("escalation_level"), set()).add(id_of(one.get("user")))
    found = [number for number, people in there.items() if people == assigned]
    if level not in found:
        return False
    return len(found) == 1 or bool(entries_since(pagerduty, id_of(row), "escalate", write))


def entries_since(
    pagerduty: PagerDutyReader, incident_id: str, kind: str, write: Write
) -> List[Dict[str, Any]]:
    """The incident's log entries of this kind ("escalate") since the write was first sent, newest
    first, with their channels."""
    query = {"since": times.iso(write.began), "include": ["channels"]}
    rows = pagerduty.list_all(f"/incidents/{incident_id}/log_entries", "log_entries", query).items
    return [row for row in rows if row.get("type") == f"{kind}_log_entry"]


def _is_of_another(pagerduty: PagerDutyReader, row: Mapping[str, Any], write: Write) -> bool:
    """Whether its state is somebody else's doing, or from before."""
    changed_at = row.get("last_status_change_at")
    if not is_since(changed_at, write.began):
        return True
    by = id_of(row.get("last_status_change_by"))
    own = author_id(pagerduty, write.from_email)
    return bool(by and own and by != own)


def author_id(pagerduty: PagerDutyReader, email: str) -> Optional[str]:
    """The id of the user with this e-mail address; None where there is none, or it can't be
    told."""
    if not email:
        return None
    try:
        rows = pagerduty.list_all("/users", "users", {"query": email}).items
    except PackError:
        return None
    found = (row for row in rows if ascii_lower(str(row.get("email"))) == ascii_lower(email))
    return next((id_of(row) for row in found), None)
