"""What happens to an incident and stands in the bodies of PagerDuty's webhook alone: roles and
tasks, which neither the log nor the REST API tells of.

    event = body_event(body)                  # of a verified call; None: it is none of these
    events = BodyEvents(store); events.keep(event)      # before the call is answered
    steps, done = with_body_events(state, steps, events.waiting(), now, read)
    events.dispatched(done, now)              # once the steps were
    kept(store)                               # for reconcile, which looks whether they arrived

Each is kept in the datastore from before its call is answered until its reply is there, so that
neither a restart nor a lost trigger loses one. Its id is that of PagerDuty's event, the same in
each call that repeats it.
"""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any, Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.changed_fields import is_id
from pagerduty_mattermost.incidents.event_types import ROLE_ASSIGNED, WEBHOOK_ONLY_EVENTS
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent, Person
from pagerduty_mattermost.incidents.known_states import (
    DIFFERENCE_AGE_SECONDS,
    REPORTED,
    SensorState,
    StateStep,
)
from pagerduty_mattermost.incidents.log_entries import moment
from pagerduty_mattermost.incidents.raw_values import (
    MAX_NAME_CHARACTERS,
    MAX_TEXT_CHARACTERS,
    as_map,
    as_maps,
    as_text,
    id_of,
    label_of,
)

KEY_PREFIX = "webhook.event."
KEPT_SECONDS = 7 * 86400.0
"""In the datastore, at most."""
CHECKED_SECONDS = 3600.0
"""After it was dispatched: as long as it is remembered that its reply is there."""
MAX_WAITING = 500
"""The oldest gives way."""
_MAX_PARTS = 10
"""People and roles of one event that are named."""


class BodyEvent(NamedTuple):
    """A role or a task that a call told of."""

    incident_id: str
    event: IncidentEvent
    dispatched_at: float = 0.0
    """By PagerDuty's clock, seconds since the epoch; 0: not yet."""


def body_event(body: bytes) -> Optional[BodyEvent]:
    """What a verified call tells of roles or tasks; None where it tells of something else, or of
    no incident."""
    try:
        row = json.loads(body.decode("utf-8"))["event"]
        kind, data = row["event_type"], as_map(row["data"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if kind not in WEBHOOK_ONLY_EVENTS:
        return None
    roles = as_maps(data.get("incident_role_assignments"))
    incident = as_map(data.get("incident")) or as_map(roles[0].get("incident") if roles else None)
    event_id, at = id_of(row), moment(row.get("occurred_at"))
    if not event_id or not at or not id_of(incident):
        return None
    changes = _roles(roles) if kind == ROLE_ASSIGNED else _task(data)
    agent = as_map(row.get("agent"))
    event = IncidentEvent(
        event_id,
        kind,
        at,
        Person(id_of(agent), _name(agent)),
        tuple((key, text) for key, text in changes.items() if text),
    )
    return BodyEvent(id_of(incident), event)


def _name(value: Any) -> str:
    """What people call it; empty where only its id is told."""
    name = label_of(as_map(value)) or as_text(value, MAX_NAME_CHARACTERS)
    return "" if is_id(name) else name


def _roles(rows: Iterable[Mapping[str, Any]]) -> Dict[str, str]:
    parts = []
    for row in list(rows)[:_MAX_PARTS]:
        was = _name(row.get("old_assignee"))
        part = f"{_name(row.get('role')) or 'a role'}: {_name(row.get('assignee')) or 'nobody'}"
        parts.append(f"{part} (was {was})" if was else part)
    return {"to": "; ".join(parts)}


def _task(data: Mapping[str, Any]) -> Dict[str, str]:
    people = [_name(one) for one in as_maps(data.get("assignees"))[:_MAX_PARTS]]
    return {
        "task": as_text(data.get("name"), MAX_NAME_CHARACTERS),
        "task_status": as_text(data.get("status"), MAX_NAME_CHARACTERS).replace("_", " "),
        "to": ", ".join(one for one in people if one),
        "message": as_text(data.get("description"), MAX_TEXT_CHARACTERS),
    }


class BodyEvents:
    """Those that came and were not dispatched yet. Calls come in threads of the listener."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: Dict[str, BodyEvent] = {}
        self._loaded = False

    def keep(self, event: BodyEvent) -> None:
        """Raises StoreUnreachable, and then it is not kept: PagerDuty is to repeat the call."""
        self._store.write(_key(event), to_json(event), ttl=KEPT_SECONDS)
        with self._lock:
            self._waiting[event.event.event_id] = event
            while len(self._waiting) > MAX_WAITING:
                del self._waiting[next(iter(self._waiting))]

    def waiting(self) -> Tuple[BodyEvent, ...]:
        """The oldest first. Raises StoreUnreachable, at the first time."""
        if not self._loaded:
            found = kept(self._store)
            with self._lock:
                for one in found:
                    if not one.dispatched_at:
                        self._waiting.setdefault(one.event.event_id, one)
            self._loaded = True
        with self._lock:
            return tuple(sorted(self._waiting.values(), key=lambda one: one.event.occurred_at))

    def dispatched(self, events: Iterable[BodyEvent], now: float) -> None:
        """Raises StoreUnreachable; then they are dispatched again, under the same ids."""
        for one in events:
            done = one._replace(dispatched_at=now)
            self._store.write(_key(one), to_json(done), ttl=CHECKED_SECONDS)
            with self._lock:
                self._waiting.pop(one.event.event_id, None)


def forget(store: Store, event: BodyEvent) -> None:
    """Raises StoreUnreachable."""
    store.delete(_key(event))


def kept(store: Store) -> List[BodyEvent]:
    """Those that wait and those that were dispatched lately; what does not read is left out.
    Raises StoreUnreachable."""
    found: List[BodyEvent] = []
    for row in store.read_prefix(KEY_PREFIX, on_broken=lambda error: None).values():
        try:
            found.append(from_json(BodyEvent, row))
        except MisshapenValue:
            continue
    return found


def _key(event: BodyEvent) -> str:
    name = event.event.event_id.encode("utf-8", "replace")
    return KEY_PREFIX + hashlib.sha256(name).hexdigest()[:24]


def with_body_events(
    state: SensorState,
    steps: List[StateStep],
    waiting: Iterable[BodyEvent],
    now: float,
    read: Callable[[str], Optional[Incident]],
    upto: Optional[float] = None,
) -> Tuple[List[StateStep], List[BodyEvent]]:
    """The steps with these events among those of the log, in the order of their times, and the
    events that are done with once the steps were dispatched: not those of an incident of which
    nothing was reported yet, until that is no longer to be expected. `read`: an incident as it
    is; None where it is no more. `upto`: where the log was read up to then alone, so that what
    comes later is for the next read. Raises what that raises."""
    found, done = list(steps), []
    for one in waiting:
        place = next((n for n, s in enumerate(found) if s.incident_id == one.incident_id), None)
        step = None if place is None else found[place]
        change = step.change if step is not None else None
        known = step.known if step is not None else state.known.get(one.incident_id)
        reported = change is not None or (known is not None and known.has(REPORTED))
        at = times.seconds(one.event.occurred_at) or 0.0
        if upto is not None and (at > upto or not reported):
            continue
        if not reported and at > now - DIFFERENCE_AGE_SECONDS:
            continue
        done.append(one)
        incident = None
        if reported:
            incident = change.incident if change is not None else read(one.incident_id)
        if incident is None:
            continue
        events = (*(change.events if change is not None else ()), one.event)
        told = tuple(sorted(events, key=lambda event: event.occurred_at))
        change = (change or Change(incident, cycle=state.cycle))._replace(events=told)
        if step is None or place is None:
            found.append(StateStep(one.incident_id, known, change, events=(one.event,)))
        else:
            found[place] = step._replace(change=change)
    return found, done
