"""Changes to incidents: names resolved, the next level found, states checked, many at once.

    update(pagerduty, "PT4KHLK", {"priority": "P1", "assignees": ["Ada"]}, from_email="")
    escalate(pagerduty, get_incident(pagerduty, "PT4KHLK"), None, from_email="")

Parameters are those of the actions' schemas, checked by then. Raises RejectedInput, NotFound,
Ambiguous and the gateway's errors.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    reworded,
    wrong_field,
)
from pagerduty_mattermost.gateways.pagerduty.client import Listing, PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.incident_checks import OPEN_STATUSES
from pagerduty_mattermost.gateways.pagerduty.long_lists import read_list
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall, levels_of, read
from pagerduty_mattermost.gateways.pagerduty.references import resolve, resolve_all
from pagerduty_mattermost.gateways.pagerduty.responses import wrapped

MAX_BULK = 250
"""Incidents of one request (API: PUT /incidents)."""


class AtLastLevel(RejectedInput):
    """There is no next level to escalate to."""

    levels = 0
    """How many the escalation policy has."""

    @classmethod
    def of(cls, policy: str, levels: int) -> AtLastLevel:
        made = cls(
            f"the incident is at the last level ({levels} of {levels}) of the escalation policy "
            f"{policy!r} already; give escalation_level, or reassign it"
        )
        made.levels = levels
        return made


class LevelNotKnown(RejectedInput):
    """On which level an incident is, and so which is next, can't be found out. `why`: the same
    without what an action lacks then."""

    why = ""

    @classmethod
    def among(cls, levels: Sequence[int]) -> LevelNotKnown:
        found = ", ".join(map(str, sorted(levels)))
        among = f": its assignees are on call on levels {found}" if found else ""
        why = f"on which level the incident is can't be found out{among}"
        made = cls(f"{why}; give escalation_level")
        made.why = why
        return made


def fields(pagerduty: PagerDuty, changes: Mapping[str, Any]) -> Dict[str, Any]:
    """An incident's fields as PagerDuty takes them, of changes in people's words. Each name costs
    a request or two. Raises what `resolve` raises, with the field that was wrong."""
    made = {
        name: changes[name]
        for name in ("title", "urgency", "status", "resolution", "escalation_level")
        if changes.get(name) is not None
    }
    for name, kind in (("priority", "priority"), ("escalation_policy", "escalation_policy")):
        if changes.get(name):
            with wrong_field(name):
                found = resolve(pagerduty, kind, changes[name])
            made[name] = {"id": found.id, "type": f"{kind}_reference"}
    if changes.get("assignees"):
        with wrong_field("assign"):
            people = resolve_all(pagerduty, "user", changes["assignees"])
        made["assignments"] = [
            {"assignee": {"id": one.id, "type": "user_reference"}} for one in people
        ]
    if changes.get("incident_type"):
        made["incident_type"] = {"name": changes["incident_type"]}
    bridge = {
        name: changes[name]
        for name in ("conference_number", "conference_url")
        if changes.get(name) is not None
    }
    if bridge:
        made["conference_bridge"] = bridge
    return made


def update(
    pagerduty: PagerDuty, entity_id: str, changes: Mapping[str, Any], *, from_email: str
) -> Dict[str, Any]:
    """The incident after the change."""
    return _put(pagerduty, entity_id, fields(pagerduty, changes), from_email)


class BulkOutcome(NamedTuple):
    """What became of a change to several incidents."""

    done: Tuple[str, ...]
    """Ids of those that are as asked for."""
    not_done: Tuple[str, ...]
    """Ids of those that are not. Of the request that failed nobody knows when the error is
    `NotKnown`."""
    error: Optional[PackError]
    """Why; None when all were changed."""
    after: Tuple[Dict[str, Any], ...]
    """The incidents as PagerDuty gave them after the change."""
    already: Tuple[str, ...] = ()
    """Ids of those of `done` that somebody else changed first."""

    def whole(self) -> BulkOutcome:
        """The same when all were changed, else the error, which tells how many were."""
        if self.error is None:
            return self
        count = len(self.done) + len(self.not_done)
        line = f"{self.error.in_chat}; the first {len(self.done)} of {count} incidents are done"
        raise reworded(self.error, line) from None


def manage(
    pagerduty: PagerDuty, ids: Sequence[str], changes: Mapping[str, Any], *, from_email: str
) -> BulkOutcome:
    """The same change to any number of incidents, MAX_BULK a request. Raises the gateway's error
    when the first request fails; when a later one does, the outcome holds its error, and the
    caller shows what is done and what is not (or calls `whole`)."""
    each = fields(pagerduty, changes)
    unique = tuple(dict.fromkeys(ids))
    after: List[Dict[str, Any]] = []
    already: List[str] = []
    for begin in range(0, len(unique), MAX_BULK):
        rows = [
            {"id": one, "type": "incident_reference", **each}
            for one in unique[begin : begin + MAX_BULK]
        ]
        try:
            body = {"incidents": rows}
            written = pagerduty.write("PUT", "/incidents", body, from_email=from_email)
        except PackError as error:
            if not begin:
                raise
            found = unique[:begin], unique[begin:]
            return BulkOutcome(*found, error, tuple(after), tuple(already))
        already += written.already
        given = written.answer.get("incidents")
        after += [row for row in (given if isinstance(given, list) else ()) if _id(row)]
    return BulkOutcome(unique, (), None, tuple(after), tuple(already))


def escalate(
    pagerduty: PagerDuty, incident: Mapping[str, Any], level: Optional[int], *, from_email: str
) -> Dict[str, Any]:
    """The incident, as PagerDuty has just given it, to a level of its escalation policy: by
    default the one after the level on which its assignees are on call."""
    if incident.get("status") not in OPEN_STATUSES:
        raise RejectedInput(
            f"the incident is {incident.get('status')}: only an open one can be escalated"
        )
    reference = incident.get("escalation_policy")
    policy_id = reference.get("id") if isinstance(reference, dict) else None
    if not policy_id:
        raise NotFound("the incident has no escalation policy")
    policy = (
        pagerduty.get(fill("/escalation_policies/{id}", id=policy_id)).get("escalation_policy")
        or {}
    )
    wanted = level
    if wanted is None:
        wanted = next_level(incident, read(pagerduty, {"escalation_policy_ids": [policy_id]}))
    levels = len(policy.get("escalation_rules") or ())
    name = policy.get("name") or policy.get("summary") or policy_id
    if level is None and wanted > levels:
        raise AtLastLevel.of(str(name), levels)
    if wanted > levels:
        raise RejectedInput(
            f"there is no level {wanted}: the escalation policy {name!r} has {levels}"
        )
    return _put(pagerduty, _id(incident), {"escalation_level": wanted}, from_email)


def next_level(incident: Mapping[str, Any], on_calls: Sequence[OnCall]) -> int:
    """The level after the one on which the assignees are on call. Pure. `on_calls`: those of its
    escalation policy now. PagerDuty tells no incident's level, so where it is not
    clear (reassigned by hand, the same people on several levels) nothing is guessed:
    LevelNotKnown."""
    assigned = {
        _id(one.get("assignee"))
        for one in incident.get("assignments") or ()
        if isinstance(one, dict)
    }
    levels = levels_of(on_calls, assigned)
    found = levels.exact or levels.partly
    if len(found) != 1:
        raise LevelNotKnown.among(found)
    return found[0] + 1


def _id(thing: Any) -> str:
    return str(thing.get("id")) if isinstance(thing, dict) else ""


def back_to_triggered(
    pagerduty: PagerDuty, incident: Mapping[str, Any], before: str, *, from_email: str
) -> Dict[str, Any]:
    """The incident, as PagerDuty has just given it. `before`: the state it must be in; PagerDuty
    itself would take the same call to reopen or to unacknowledge."""
    if incident.get("status") != before:
        raise RejectedInput(
            f"the incident is {incident.get('status')}, not {before}: nothing was changed"
        )
    return _put(pagerduty, _id(incident), {"status": "triggered"}, from_email, before)


def find_open(pagerduty: PagerDuty, asked: Mapping[str, Any], *, now: float) -> Listing:
    """All open incidents, of any age, newest first; in slices of time beyond 10,000."""
    query: Dict[str, Any] = {
        "statuses": asked.get("statuses") or list(OPEN_STATUSES),
        "date_range": "all",
    }
    for name, kind in (("services", "service"), ("teams", "team"), ("users", "user")):
        if asked.get(name):
            query[f"{kind}_ids"] = [one.id for one in resolve_all(pagerduty, kind, asked[name])]
    if asked.get("urgencies"):
        query["urgencies"] = asked["urgencies"]
    query["sort_by"] = "created_at:desc"
    return read_list(
        pagerduty, "/incidents", "incidents", query, asked.get("maximum"), order="newest", now=now
    )


def _put(
    pagerduty: PagerDuty,
    entity_id: str,
    changes: Mapping[str, Any],
    from_email: str,
    before: str = "",
) -> Dict[str, Any]:
    path = fill("/incidents/{entity_id}", entity_id=entity_id)
    body = {"incident": {"type": "incident_reference", **changes}}
    answer = pagerduty.put(path, body, from_email=from_email, before=before)
    return wrapped(answer, "incident", "PUT", path)
