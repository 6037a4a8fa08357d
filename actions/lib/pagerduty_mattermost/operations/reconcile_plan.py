"""What PagerDuty says now against what is remembered of the cards: what has to be put right. Pure.

    jobs = plan(AtPagerDuty(rows, entries, now), remembered, known)

Nothing depends on a trigger that arrived: the open incidents and the log since the last run tell
what should be there (docs/architecture.md, Reconcile). What is younger than `IN_FLIGHT_SECONDS`
may still be on its way and waits for the next run.
"""

# flake8: noqa: W503

from __future__ import annotations

from functools import partial
from typing import (
    AbstractSet,
    Callable,
    Dict,
    FrozenSet,
    List,
    Mapping,
    NamedTuple,
    Sequence,
)

from pagerduty_mattermost.cards.held_cards import is_held_back
from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.set_aside import apart
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent
from pagerduty_mattermost.incidents.incident_story import FIRST_ASSIGNMENT_SECONDS
from pagerduty_mattermost.incidents.known_states import REPORTED, KnownIncident
from pagerduty_mattermost.incidents.log_entries import LogEntry, acting_person
from pagerduty_mattermost.sensor.body_events import BodyEvent

IN_FLIGHT_SECONDS = 180.0
"""How long sensor, rules engine and action are left to do it by themselves: what is younger may
still be on its way."""

# Why something has to be put right.
NEW_EVENT = "new_event"
"""An event that nothing remembered knows."""
OUTDATED = "outdated"
"""PagerDuty has a newer state."""
UNFINISHED = "unfinished"
"""An intent without its post, a post without its checklist, or a state that a card does not show.
"""
ENDED = "ended"
"""A card of an incident that is over."""
MISSING = "missing"
"""An incident that no channel shows, open or changed since the last run."""
BACK = "back"
"""A card whose channel was archived and is back."""
LOST = "lost"
"""A post may be gone from Mattermost: what it has is compared."""


class OpenIncident(NamedTuple):
    """What the plan needs of an open incident."""

    updated_at: str
    since: str
    """When it came into its status, or was created: ISO 8601, as the time above."""
    is_low: bool = False
    """Whether quiet hours may hold it back."""


class AtPagerDuty(NamedTuple):
    """What PagerDuty says."""

    rows: Mapping[str, OpenIncident]
    """All open incidents, by id: as the sensor knows them, and the log since."""
    entries: Sequence[LogEntry]
    """The log since the last run, newest first."""
    now: float
    """PagerDuty's clock, seconds since the epoch."""
    unknown: AbstractSet[str] = frozenset()
    """Incidents of which neither the sensor nor the log says how they are: left alone."""


def open_incidents(
    known: Mapping[str, KnownIncident], entries: Sequence[LogEntry]
) -> Dict[str, OpenIncident]:
    """The open incidents by id: as the sensor knows them, and newer ones of the log."""
    rows = {
        id: OpenIncident(one.updated_at, times.iso(one.status_at), one.urgency == "low")
        for id, one in known.items()
        if one.is_open
    }
    newest: Dict[str, Incident] = {}
    for entry in entries:
        one = entry.incident
        if entry.whole and (one.id not in newest or one.updated_at > newest[one.id].updated_at):
            newest[one.id] = one
    for id, one in newest.items():
        if id in known and one.updated_at < known[id].updated_at:
            continue
        if not one.is_open:
            rows.pop(id, None)
        else:
            since = rows[id].since if id in rows else one.created_at
            rows[id] = OpenIncident(one.updated_at, since, is_held_back(one))
    return rows


class ReconcileJob(NamedTuple):
    """An incident whose cards have to be put right."""

    incident_id: str
    why: FrozenSet[str]
    """The constants above."""


def plan(
    there: AtPagerDuty,
    remembered: Mapping[str, IncidentMemory],
    known: Mapping[str, KnownIncident],
    held: AbstractSet[str] = frozenset(),
    waiting: AbstractSet[str] = frozenset(),
    forgotten: Callable[[Incident], bool] = lambda incident: False,
) -> List[ReconcileJob]:
    """One job an incident, those with new events first, oldest incident first. `remembered`: of
    each incident that has records; `known`: the sensor's; `held`: kept back on purpose whatever
    happens (a storm); `waiting`: without a card on purpose until something happens or they are
    over (quiet hours); `forgotten`: whether the sensor would have reported an incident that it
    knows no longer, since it was over more than an hour ago."""
    why: Dict[str, set[str]] = {}

    def found(incident_id: str, reason: str) -> None:
        why.setdefault(incident_id, set()).add(reason)

    for incident_id, reason in of_log(there, remembered, known, forgotten).items():
        found(incident_id, reason)
    for incident_id, memory in remembered.items():
        judge = partial(_of_cards, there, incident_id, memory)
        for reason in apart(f"the cards of {incident_id}", judge) or ():
            found(incident_id, reason)
    for incident_id in there.rows:
        reported = incident_id in known and known[incident_id].has(REPORTED)
        cards = remembered[incident_id].cards if incident_id in remembered else {}
        if reported and not cards and _is_settled(there.rows[incident_id].since, there.now):
            found(incident_id, MISSING)
    silent = {MISSING, NEW_EVENT}
    meant = {
        **{i: {MISSING} if i in there.rows else silent for i in waiting},
        **dict.fromkeys(held, silent),
    }
    # What has a card is followed, whoever thinks that it is held: two sensors may run by mistake.
    carded = {i for i, memory in remembered.items() if memory.cards}
    jobs = [
        ReconcileJob(i, frozenset(r))
        for i, r in why.items()
        if r - (set() if i in carded else meant.get(i, set()))
    ]
    return sorted(
        jobs,
        key=lambda job: (NEW_EVENT not in job.why, _created(there, remembered, job.incident_id)),
    )


def of_log(
    there: AtPagerDuty,
    remembered: Mapping[str, IncidentMemory],
    known: Mapping[str, KnownIncident],
    forgotten: Callable[[Incident], bool] = lambda incident: False,
) -> Dict[str, str]:
    """Incidents with an event in the log that nothing remembered knows, or of which all is
    remembered and nothing was posted: whoever should have posted it may have been killed, and the
    incident be over."""
    found: Dict[str, str] = {}
    for entry in there.entries:
        incident_id = entry.incident.id
        memory = remembered.get(incident_id)
        reported = (
            known[incident_id].has(REPORTED) if incident_id in known else forgotten(entry.incident)
        )
        if (
            entry.event is None
            or there.now - entry.at < IN_FLIGHT_SECONDS
            or not (reported or (memory and memory.cards))
        ):
            continue
        created = times.seconds(entry.incident.created_at)
        if (
            entry.kind == "assign"
            and created is not None
            and 0 <= entry.at - created <= FIRST_ASSIGNMENT_SECONDS
            and not acting_person(entry)
        ):
            continue  # it belongs to the trigger
        if memory is None or entry.event.event_id not in {
            event.event_id for event in memory.events
        }:
            found[incident_id] = NEW_EVENT
        elif not memory.cards:
            found.setdefault(incident_id, MISSING)
    return found


class CalledEvents(NamedTuple):
    """What calls of the webhook alone told of incidents."""

    untold: Mapping[str, Sequence[IncidentEvent]]
    """By incident: all that nothing remembered knows, also what may still be on its way. Whoever
    reads the incident's log takes them along, or what the log tells would overtake them."""
    overdue: Mapping[str, Sequence[IncidentEvent]]
    """Those of them that should be in the threads of the incident's cards by now."""
    arrived: Sequence[BodyEvent]
    """Those that the sensor dispatched and that are there."""


def of_calls(
    kept: Sequence[BodyEvent], remembered: Mapping[str, IncidentMemory], now: float
) -> CalledEvents:
    """`kept`: all that is kept of such events; what the sensor has not dispatched yet may wait
    for long, where it can't read PagerDuty."""
    untold: Dict[str, List[IncidentEvent]] = {}
    overdue: Dict[str, List[IncidentEvent]] = {}
    arrived: List[BodyEvent] = []
    for one in kept:
        memory = remembered.get(one.incident_id, IncidentMemory({}, ()))
        since = one.dispatched_at or times.seconds(one.event.occurred_at) or 0.0
        if one.event.event_id not in {event.event_id for event in memory.events}:
            untold.setdefault(one.incident_id, []).append(one.event)
            if memory.cards and now - since >= IN_FLIGHT_SECONDS:
                overdue.setdefault(one.incident_id, []).append(one.event)
        elif memory.cards and one.dispatched_at:
            arrived.append(one)
    return CalledEvents(untold, overdue, arrived)


def _of_cards(there: AtPagerDuty, incident_id: str, memory: IncidentMemory) -> List[str]:
    live = [one for one in memory.cards.values() if not (one.gone or one.shelved)]
    if not live or not memory.states:
        return []
    found = []
    newest = memory.newest
    settled = there.now - newest.at >= IN_FLIGHT_SECONDS
    digests = set(memory.state_digests)
    if settled and any(
        not (record.post_id and record.born and digests <= set(record.told)) for record in live
    ):
        found.append(UNFINISHED)
    row = there.rows.get(incident_id)
    if row is None and incident_id in there.unknown:
        return found
    if row is None:
        # Also where the newest state says that it is over, but the card was never painted so.
        open_ones = newest.change.incident.is_open or any(not record.closed for record in live)
        return [*found, ENDED] if open_ones and settled else found
    if row.updated_at > newest.version.updated_at and _is_settled(row.updated_at, there.now):
        found.append(OUTDATED)
    return found


def _is_settled(at: str, now: float) -> bool:
    return now - (times.seconds(at) or 0.0) >= IN_FLIGHT_SECONDS


def _created(
    there: AtPagerDuty, remembered: Mapping[str, IncidentMemory], incident_id: str
) -> str:
    memory = remembered.get(incident_id)
    if memory is not None and memory.states:
        return memory.newest.change.incident.created_at
    row = there.rows.get(incident_id)
    return row.since if row is not None else ""
