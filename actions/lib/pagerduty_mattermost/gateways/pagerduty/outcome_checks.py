"""How it is read, for each endpoint that changes something, whether a write is done: `CHECKS`,
most special first.

A `PUT` or `DELETE` sets a state, so it may be sent again where it is seen not to be done. What a
`POST` makes has mostly no key of its own: it is looked for by content, author and time, and where
it is not there it may still appear, so that it is never sent again.
"""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Pattern, Tuple

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.pagerduty.responses import LIST
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, link_of, rows_of
from pagerduty_mattermost.gateways.pagerduty.write_outcome import (
    PagerDutyReader,
    Shown,
    Write,
    fits,
    is_since,
)

Read = Callable[[PagerDutyReader, Write], Shown]
_ID = r"([A-Za-z0-9_-]+)"
OVERRIDES_AHEAD_SECONDS = 90 * 86400.0
"""How far ahead an override is looked for."""
_UNPAGED = frozenset({"contact_methods", "notification_rules", "post_updates"})
"""Lists that PagerDuty gives whole."""
_WITHOUT_QUERY = frozenset({"business_services"})
"""Lists that can't be searched."""


class Check(NamedTuple):
    """How it is read whether a write to one endpoint is done."""

    method: str
    path: Pattern[str]
    read_shown: Read
    may_be_refused: Callable[[Any], bool] = lambda body: False
    """Whether a write with this body may be refused at once because it is done already."""

    def tells_refusal(self, write: Write) -> bool:
        """Whether it is worth asking what is so after a refusal."""
        return self.may_be_refused(write.body)

    def read(self, pagerduty: PagerDutyReader, write: Write, passed: Callable[[], float]) -> Shown:
        """What is so. `passed`: seconds since the write was first sent. Raises the gateway's
        errors."""

        def clock() -> float:
            return pagerduty.last_server_time or pagerduty.now()

        found = self.path.fullmatch(write.path)
        ids = found.groups() if found else ()
        return self.read_shown(pagerduty, write._replace(ids=ids, clock=clock, passed=passed))


def check_of(write: Write) -> Check:
    """The check for this request."""
    for check in CHECKS:
        if check.method == write.method and check.path.fullmatch(write.path):
            return check
    return Check(write.method, re.compile(".*"), _can_not_tell)


def _can_not_tell(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """Where nothing can be read of it."""
    return Shown(None, may_repeat=write.method != "POST")


def _changed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """PUT of a thing that can be read at the same path."""
    answer = pagerduty.get(write.path)
    wrapper, sent = next(iter(write.body.items()))
    return Shown(fits(answer.get(wrapper), sent), answer, link=link_of(answer.get(wrapper)))


def _deleted(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """DELETE of a thing that can be read at the same path; a maintenance window that is going on
    ends instead."""
    try:
        answer = pagerduty.get(write.path)
    except NotFound:
        return Shown(True)
    window = answer.get("maintenance_window")
    over = isinstance(window, dict) and not is_since(window.get("end_time"), write.now + 1)
    return Shown(over, link=link_of(window))


def _made(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST of a thing that stands in a list at the same path."""
    key = write.path.rpartition("/")[2]
    wrapper, whole_body = next(iter(write.body.items()))
    sent = _given(whole_body)
    rows = _list(pagerduty, write.path, key, sent)
    found = [row for row in rows if _is_it(row, sent, write)]
    if len(found) == 1 and not fits(found[0], sent):  # a list may show less than the thing itself
        whole = pagerduty.get(f"{write.path}/{id_of(found[0])}").get(wrapper)
        found = [whole] if isinstance(whole, dict) and fits(whole, sent) else []
    link = link_of(found[0]) if found else _list_link(rows)
    if len(found) != 1:
        return Shown(None, may_repeat=False, link=link)
    return Shown(True, {wrapper: found[0]}, link=link)


def _list(
    pagerduty: PagerDutyReader, path: str, key: str, sent: Dict[str, Any]
) -> List[Dict[str, Any]]:
    if key in _UNPAGED:
        return rows_of(pagerduty.get(path), key)
    by = next((one for one in ("name", "label") if one in sent), "")
    query = {"query": sent[by]} if by and key not in _WITHOUT_QUERY else {}
    return pagerduty.list_all(path, key, query).items


def _window_made(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """POST of a maintenance window: one that would begin in the past begins when it is made."""
    sent = _given(write.body["maintenance_window"])
    begin = sent.pop("start_time")
    rows = pagerduty.list_all(write.path, "maintenance_windows", {"filter": "open"}).items
    found = [
        row
        for row in rows
        if fits(row, sent)
        and (
            fits(row.get("start_time"), begin)
            or (is_since(row.get("start_time"), write.began) and not _is_after(begin, write.now))
        )
    ]
    if len(found) != 1:
        return Shown(None, may_repeat=False, link=_list_link(found or rows))
    return Shown(True, {"maintenance_window": found[0]}, link=link_of(found[0]))


def _is_after(text: Any, moment: float) -> bool:
    return is_since(text, moment + 1)


def _given(sent: Any) -> Any:
    """Without what was left unset: PagerDuty fills it in."""
    if isinstance(sent, dict):
        return {name: _given(value) for name, value in sent.items() if value is not None}
    return [_given(one) for one in sent] if isinstance(sent, list) else sent


def _is_it(row: Dict[str, Any], sent: Dict[str, Any], write: Write) -> bool:
    """Whether the row is of the thing, by all that both tell, and by its time."""
    told = {name: value for name, value in sent.items() if name in row}
    told.pop("type", None)
    if not told or not fits(row, told):
        return False
    made_at = row.get("created_at") or row.get("reported_at")
    return not made_at or is_since(made_at, write.began)


def _posted(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """A post of a status page: its time and words stand in its first update."""
    sent = _given(write.body["post"])
    wanted = {name: sent[name] for name in ("title", "post_type") if name in sent}
    first = [
        {name: value for name, value in one.items() if name != "post"}
        for one in sent.get("updates") or ()
    ]
    for row in reversed(rows_of(pagerduty.get(write.path), "posts")):
        if not fits(row, wanted):
            continue
        path = f"{write.path}/{id_of(row)}/post_updates"
        updates = rows_of(pagerduty.get(path), "post_updates")
        if updates and all(_is_it(updates[0], one, write) for one in first):
            return Shown(True, {"post": row})
    return Shown(None, may_repeat=False)


def _subscribed(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """A webhook's subscription: its secret stands in the lost answer alone."""
    shown = _made(pagerduty, write)
    if not shown.is_done:
        return shown
    id = id_of(shown.answer.get("webhook_subscription"))
    why = f"it was made, as {id}, but its secret is lost with the answer: delete it"
    return Shown(None, may_repeat=False, link=shown.link, why=why)


def _integrated(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """An integration stands in its service alone."""
    path = write.path.rpartition("/")[0]
    service = pagerduty.get(path, {"include": ["integrations"]}).get("service")
    row = service if isinstance(service, dict) else {}
    sent = _given(write.body["integration"])
    found = [one for one in rows_of(row, "integrations") if _is_it(one, sent, write)]
    if len(found) != 1:
        return Shown(None, may_repeat=False, link=link_of(row))
    return Shown(True, {"integration": found[0]}, link=link_of(row))


def _overridden(pagerduty: PagerDutyReader, write: Write) -> Shown:
    (sent,) = write.body["overrides"]
    span = {"since": sent["start"], "until": sent["end"]}
    rows = rows_of(pagerduty.get(write.path, span), "overrides")
    found = [row for row in rows if fits(row, sent)]
    if not found:
        return Shown(None, may_repeat=False)
    return Shown(True, {LIST: [{"status": 201, "override": found[-1]}]})


def _enabled(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """An extension, or a webhook's subscription."""
    answer = pagerduty.get(write.path.rpartition("/")[0])
    row = next((one for one in answer.values() if isinstance(one, dict)), {})
    method = row.get("delivery_method")
    disabled = row.get("temporarily_disabled") is True or (
        isinstance(method, dict) and method.get("temporarily_disabled") is True
    )
    return Shown(not disabled, answer)


def _tagged(pagerduty: PagerDutyReader, write: Write) -> Shown:
    rows = pagerduty.list_all(write.path.rpartition("/")[0] + "/tags", "tags").items
    ids = {id_of(row) for row in rows}
    labels = {str(row.get("label")).casefold() for row in rows}
    there = all(
        id_of(one) in ids or str(one.get("label")).casefold() in labels
        for one in write.body.get("add") or ()
    )
    added = {str(one.get("label")).casefold() for one in write.body.get("add") or ()}
    left = {id_of(row) for row in rows if str(row.get("label")).casefold() not in added}
    gone = all(id_of(one) not in left for one in write.body.get("remove") or ())
    return Shown(there and gone)


def _joined_team(pagerduty: PagerDutyReader, write: Write) -> Shown:
    team, user = write.ids
    rows = pagerduty.list_all(f"/teams/{team}/members", "members").items
    found: Optional[Dict[str, Any]] = next(
        (row for row in rows if id_of(row.get("user")) == user), None
    )
    wanted = write.method == "PUT"
    role = (write.body or {}).get("role") if wanted else None
    return Shown((found is not None) == wanted and (not role or (found or {}).get("role") == role))


def _policy_of_team(pagerduty: PagerDutyReader, write: Write) -> Shown:
    team, policy = write.ids
    row = pagerduty.get(f"/escalation_policies/{policy}").get("escalation_policy") or {}
    there = team in [id_of(one) for one in rows_of(row, "teams")]
    return Shown(there == (write.method == "PUT"), link=link_of(row))


def _override_deleted(pagerduty: PagerDutyReader, write: Write) -> Shown:
    """One that is going on ends instead, and can't be deleted again. One that is not listed may be
    further ahead: it is deleted again, and a 404 means the same."""
    from pagerduty_mattermost.core import times

    schedule, override = write.ids
    began = write.began
    span = {
        "since": times.iso(began - 60),
        "until": times.iso(began + OVERRIDES_AHEAD_SECONDS),
        "overflow": True,
    }
    rows = rows_of(pagerduty.get(f"/schedules/{schedule}/overrides", span), "overrides")
    row = next((one for one in rows if id_of(one) == override), None)
    if row is None:
        return Shown(None)
    return Shown(not is_since(row.get("end"), write.now + 1))


def _list_link(rows: List[Dict[str, Any]]) -> str:
    """The page of a list, of one of its rows' own pages."""
    return next((link_of(row).rpartition("/")[0] for row in rows if link_of(row)), "")


def _path(text: str) -> Pattern[str]:
    return re.compile(text.replace("{}", _ID))


def _checks() -> Tuple[Check, ...]:
    from pagerduty_mattermost.gateways.pagerduty import incident_addition_checks as additions
    from pagerduty_mattermost.gateways.pagerduty import incident_checks as incidents
    from pagerduty_mattermost.gateways.pagerduty import shift_checks as shifts

    def check(method: str, path: str, read: Read, refused: Any = None) -> Check:
        one = Check(method, _path(path), read)
        return one if refused is None else one._replace(may_be_refused=refused)

    return (
        check("POST", "/incidents", incidents.made, lambda body: True),
        check("PUT", "/incidents", incidents.changed_many, incidents.sets_status),
        check("PUT", "/incidents/{}", incidents.changed, incidents.sets_status),
        check("PUT", "/incidents/{}/merge", incidents.merged, lambda body: True),
        check("POST", "/incidents/{}/snooze", incidents.snoozed),
        check("PUT", "/incidents/{}/alerts", additions.alerts_changed),
        check("PUT", "/incidents/{}/alerts/{}", additions.alert_changed),
        check("POST", "/incidents/{}/notes", additions.noted),
        check("PUT", "/incidents/{}/notes/{}", additions.note_changed),
        check("DELETE", "/incidents/{}/notes/{}", additions.note_deleted),
        check("PUT", "/incidents/{}/custom_fields/values", additions.fields_set),
        check("POST", "/incidents/{}/status_updates", additions.status_update_sent),
        check("POST", "/incidents/{}/status_updates/subscribers", additions.subscribed),
        check("POST", "/incidents/{}/status_updates/unsubscribe", additions.unsubscribed),
        check("POST", "/incidents/{}/responder_requests", additions.responders_asked),
        check("PUT", "/incidents/{}/responder_requests/cancel", additions.responders_cancelled),
        check("POST", "/incident_workflows/{}/instances", additions.workflow_started),
        check("POST", "/[a-z_]+/{}/change_tags", _tagged),
        check("POST", "/[a-z_]+/{}/enable", _enabled),
        check("POST", "/services/{}/integrations", _integrated),
        check("POST", "/schedules/{}/overrides", _overridden),
        check("POST", "/v3/schedules", shifts.schedule_made),
        check("POST", "/v3/schedules/{}/rotations", shifts.rotation_made),
        check("POST", "/v3/schedules/{}/rotations/{}/events", shifts.event_made),
        check("POST", "/v3/schedules/{}/(?:overrides|custom_shifts)", shifts.shifts_made),
        check("POST", "/webhook_subscriptions", _subscribed),
        check("POST", "/maintenance_windows", _window_made),
        check("POST", "/[a-z_]+", _made),
        check("POST", "/users/{}/(?:contact_methods|notification_rules)", _made),
        check("POST", "/status_pages/{}/posts", _posted),
        check("POST", "/status_pages/{}/posts/{}/post_updates", _made),
        *(check(method, "/teams/{}/users/{}", _joined_team) for method in ("PUT", "DELETE")),
        *(
            check(method, "/teams/{}/escalation_policies/{}", _policy_of_team)
            for method in ("PUT", "DELETE")
        ),
        check("DELETE", "/schedules/{}/overrides/{}", _override_deleted),
        check("PUT", "/[a-z_]+/{}", _changed),
        check("PUT", "/v3/schedules/.+", _changed),
        check("PUT", "/(?:users|services|status_pages)/{}/[a-z_]+/{}", _changed),
        check("DELETE", "/[a-z_]+/{}", _deleted),
        check("DELETE", "/v3/schedules/.+", shifts.deleted),
        check("DELETE", "/(?:users|status_pages)/{}/[a-z_]+/{}", _deleted),
    )


CHECKS: Tuple[Check, ...] = _checks()
