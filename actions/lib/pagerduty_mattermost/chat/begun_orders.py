"""An order from chat that was begun before: what carried it out was killed (kill -9, a restart of
the host) and it came again. It is not carried out twice; its giver is told what is known.

    entry = find(store, name)          # None: not begun yet
    report(context, typed, entry)      # -> a line in Markdown

Before its first effect an order stands in the audit as begun, with each request to PagerDuty
before that is sent (`AuditedAct.before_write`). Whether such a request was carried out is
read with the same checks by which a write whose answer was lost is looked for (`outcome_checks`).
"""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.chat import audit
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty.events_api import INCIDENT_KEY, V1
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of
from pagerduty_mattermost.gateways.pagerduty.write_outcome import (
    Outcome,
    Write,
    decide,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY_PREFIX = "begun."
"""Of a datastore key for each confirmation and each dialog that was carried out."""
KEPT_SECONDS = 7200.0
"""Longer than they hold."""
TYPED_CHARACTERS = 120
MAX_NAMED = 10
"""Incidents that one line names."""
_ID = r"[A-Za-z0-9_-]+"
_NOUNS: Tuple[Tuple[str, str, str], ...] = (
    ("POST", "/incidents", "a new incident"),
    ("PUT", rf"/incidents(?:/{_ID})?", "the change of {incidents}"),
    ("PUT", rf"/incidents/{_ID}/merge", "the merge"),
    ("POST", rf"/incidents/{_ID}/snooze", "the snooze"),
    ("POST", rf"/incidents/{_ID}/notes", "the note"),
    ("POST", rf"/incidents/{_ID}/status_updates", "the status update"),
    ("POST", rf"/incidents/{_ID}/responder_requests", "the request for help"),
    ("POST", rf"/incident_workflows/{_ID}/instances", "the start of the workflow"),
    ("POST", rf"/schedules/{_ID}/overrides", "the override"),
    ("DELETE", rf"/schedules/{_ID}/overrides/{_ID}", "the end of the override"),
    ("POST", rf"/v3/schedules/{_ID}/overrides", "the override"),
    ("POST", rf"/v3/schedules/{_ID}/custom_shifts", "the custom shift"),
    ("DELETE", rf"/v3/schedules/{_ID}/(?:overrides|custom_shifts)/{_ID}", "its end"),
    ("POST", "/maintenance_windows", "the maintenance window"),
    ("DELETE", rf"/maintenance_windows/{_ID}", "the end of the maintenance window"),
    ("POST", re.escape(V1), "the event"),
)
"""What people call a request: method, pattern of the path, words."""


class BegunEntry(NamedTuple):
    """What the audit has of an order that was begun."""

    result: str
    """audit.BEGUN, DONE or FAILED."""
    reason: str
    at: str
    """When it was given, ISO 8601."""
    incidents: Tuple[str, ...]
    """Ids of what it was about, where it came to its end."""
    sent: Tuple[Mapping[str, Any], ...]
    """Requests that were sent, or about to be."""


class KnownOutcome(NamedTuple):
    """What became of one request."""

    what: str
    outcome: Outcome
    incidents: Tuple[str, ...]
    """Ids of those that it was about, or made."""


def find(store: Store, name: str) -> Optional[BegunEntry]:
    """What stands of the order with this entry in the audit; None where it was not begun. Raises
    what the datastore raises: then nobody knows, and nothing may be done."""
    kept = store.read(name)
    if not isinstance(kept, dict):
        return None
    entry, sent = audit.entry_of(kept), kept.get("sent")
    rows = sent if isinstance(sent, list) else []
    return BegunEntry(
        entry.result,
        entry.reason,
        entry.at,
        entry.incidents,
        tuple(row for row in rows if isinstance(row, dict)),
    )


def first_entry(context: Context, once: str, entry_name: str) -> str:
    """Name of the audit's entry of the first order that came by this call; "" where it is this
    one. `once`: by what the call, a confirmation or a dialog, is known again; "" for others. A
    datastore that can't be written stops nobody."""
    if not once:
        return ""
    key = KEY_PREFIX + once
    kept = context.store.read(key)
    if kept is not None:
        return "" if kept == entry_name else str(kept)
    try:
        context.store.write(key, entry_name, KEPT_SECONDS)
    except PackError as error:
        context.log.warning("A second click would not be known again: %s", error)
    return ""


def let_again(context: Context, once: str) -> None:
    """The same confirmation or dialog may be sent once more: nothing came of it. Where that can't
    be written the next one is told that it failed already."""
    try:
        if once:
            context.store.delete(KEY_PREFIX + once)
    except PackError as error:
        context.log.warning("A dialog can't be sent again: %s", error)


def report(context: Context, typed: str, entry: BegunEntry) -> str:
    """What is known of it, in Markdown. `typed`: the order as it was given."""
    zone = times.zone(context.settings.time_zone)
    what = f"“{escape(one_line(clean(typed), TYPED_CHARACTERS))}”"
    if entry.result == audit.DONE:
        states = _states(context.pagerduty, entry.incidents)
        return f"{what} is done already.{states}"
    if entry.result == audit.FAILED:
        return f"{what} was tried already and failed: {escape(entry.reason)}"
    began = times.stamp(entry.at, zone)
    outcomes = [known(context, sent) for sent in entry.sent]
    said = "; ".join(f"{one.what}: {one.outcome.value}" for one in outcomes)
    ids = tuple(dict.fromkeys(id for one in outcomes for id in one.incidents))
    return (
        f"{what} of {began} was cut short by a restart, and is not carried out again. "
        + (f"Sent to PagerDuty: {said}." if said else "Nothing was sent to PagerDuty.")
        + _states(context.pagerduty, ids)
        + " Give it again where something is missing."
    )


def known(context: Context, sent: Mapping[str, Any]) -> KnownOutcome:
    """Whether this request was carried out, as PagerDuty shows it now."""
    method, path, body = str(sent.get("method")), str(sent.get("path")), sent.get("body")
    ids = _about(path, body)
    nouns = (words for verb, form, words in _NOUNS if verb == method and re.fullmatch(form, path))
    what = next(nouns, f"{method} {path}").format(
        incidents="the incident" if len(ids) == 1 else f"{len(ids)} incidents"
    )
    try:
        outcome, made = _read(context, Write(method, path, body, str(sent.get("person"))), sent)
    except PackError as error:
        context.log.info("What became of %s %s is not known: %s", method, path, error)
        outcome, made = Outcome.NOT_KNOWN, ()
    return KnownOutcome(what, outcome, ids or made)


def _read(
    context: Context, write: Write, sent: Mapping[str, Any]
) -> Tuple[Outcome, Tuple[str, ...]]:
    """The outcome, and the ids of incidents that it made."""
    if write.path == V1:
        return _event(context.pagerduty, write)
    from pagerduty_mattermost.gateways.pagerduty.outcome_checks import check_of

    at = sent.get("at")
    passed = context.clock() - float(at) if isinstance(at, (int, float)) else 0.0
    try:
        shown = check_of(write).read(context.pagerduty, write, lambda: max(0.0, passed))
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
        return Outcome.NOT_KNOWN, ()  # a body, or an answer, unlike what this endpoint takes
    made = shown.answer.get("incident") if write.path == "/incidents" else None
    ids = (str(made["id"]),) if isinstance(made, dict) and made.get("id") else ()
    return decide(shown, lost=True), ids


def _event(pagerduty: PagerDuty, write: Write) -> Tuple[Outcome, Tuple[str, ...]]:
    """An event: the incident that bears its key."""
    key = write.body.get(INCIDENT_KEY) if isinstance(write.body, Mapping) else None
    if not key:
        return Outcome.NOT_KNOWN, ()
    asked = {INCIDENT_KEY: key, "date_range": "all"}
    ids = [str(row["id"]) for row in pagerduty.page("/incidents", "incidents", asked).items]
    return (Outcome.DONE if ids else Outcome.NOT_KNOWN), tuple(ids[:1])


def _about(path: str, body: Any) -> Tuple[str, ...]:
    """Ids of the incidents that a request changes."""
    found = re.match(rf"/incidents/({_ID})", path)
    ids: List[str] = [found.group(1)] if found else []
    if isinstance(body, Mapping):
        rows: List[Dict[str, Any]] = []
        for key in ("incidents", "source_incidents"):
            rows += rows_of(body, key)
        instance = body.get("incident_workflow_instance")
        if isinstance(instance, Mapping) and isinstance(instance.get("incident"), dict):
            rows.append(instance["incident"])
        ids += [str(row["id"]) for row in rows if row.get("id")]
    return tuple(dict.fromkeys(ids))


def _states(pagerduty: PagerDuty, ids: Tuple[str, ...]) -> str:
    """How these incidents are now; empty where PagerDuty can't tell."""
    from pagerduty_mattermost.chat.verbs.named_incidents import incident_of, named
    from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident

    lines = []
    try:
        for id in ids[:MAX_NAMED]:
            incident = incident_of(get_incident(pagerduty, id))
            lines.append(f"{named(incident)} is {escape(incident.status)}.")
    except PackError:
        return ""
    more = f" And {len(ids) - MAX_NAMED} more." if len(ids) > MAX_NAMED else ""
    return "".join(f" {line}" for line in lines) + more
