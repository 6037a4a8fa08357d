"""Pure: (what is known, log entries) -> what to dispatch and what is known then.

    steps = follow(state, entries, watch, now)   # of fresh entries: a StateStep an incident
    state.apply(step)                            # of each, once its change was dispatched

Each entry is one event, whatever else is known. The incident that comes with it is the incident
when the log was read: its state may be ahead of the entries that are visible yet. So the known
state takes over only what these entries explain; the rest waits for its own entry, or for a
snapshot to find it unexplained (`snapshot`).
"""

# flake8: noqa: W503

from __future__ import annotations

from functools import partial
from typing import Dict, Iterable, List, Optional, Tuple

from pagerduty_mattermost.core.set_aside import apart
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent
from pagerduty_mattermost.incidents.incident_story import IncidentStory
from pagerduty_mattermost.incidents.known_states import (
    AWAY,
    DIFFERS,
    OVERLAP_SECONDS,
    REPORTED,
    KnownIncident,
    SensorState,
    StateStep,
)
from pagerduty_mattermost.incidents.log_entries import LogEntry
from pagerduty_mattermost.incidents.watch_filter import WatchFilter


def in_order(entries: Iterable[LogEntry]) -> List[LogEntry]:
    """Oldest first; entries come newest first, and those of one second keep the order they
    happened in."""
    ordered = list(entries)
    ordered.reverse()
    ordered.sort(key=lambda entry: entry.at)
    return ordered


def follow(
    state: SensorState,
    entries: Iterable[LogEntry],
    watch: WatchFilter,
    now: float,
    *,
    read_again: bool = True,
) -> List[StateStep]:
    """What fresh entries (newest first, as PagerDuty lists them) amount to: one step an incident,
    in order of their first entries. `now`: the server's time. `read_again`: the overlap before it
    is read once more, so that what happened in it can be left undecided: entries of it may still
    appear."""
    groups: Dict[str, List[LogEntry]] = {}
    for entry in in_order(entries):
        groups.setdefault(entry.incident.id, []).append(entry)
    undecided_since = now - OVERLAP_SECONDS if read_again else float("inf")

    def step(incident_id: str, group: List[LogEntry]) -> Optional[StateStep]:
        return _step(state, incident_id, group, watch, now, undecided_since)

    # What stumbles over its own values is found by a snapshot, if that can read it.
    steps = (apart(f"the log of {id}", partial(step, id, group)) for id, group in groups.items())
    return [step for step in steps if step is not None]


def _step(
    state: SensorState,
    incident_id: str,
    group: List[LogEntry],
    watch: WatchFilter,
    now: float,
    undecided_since: float,
) -> Optional[StateStep]:
    before = state.known.get(incident_id)
    incident = max((entry.incident for entry in group), key=lambda i: i.updated_at)
    accounted = tuple((entry.id, int(entry.at)) for entry in group)
    covered = watch.covers(incident)
    reported = before is not None and before.has(REPORTED)
    if not covered and not reported:
        return StateStep(incident_id, None, None, accounted)
    story = IncidentStory(before, incident, group, state.origin)
    if before is None and not story.news and not incident.is_open:
        return StateStep(incident_id, None, None, accounted)
    reported = reported or (bool(story.news) and watch.passes(incident, story.states))
    if before is None and not reported and not any(entry.kind == "trigger" for entry in group):
        if group[0].at > undecided_since:
            # Its trigger may still appear and make it one to report, with all its events:
            # decided then.
            return None
        if story.is_young:
            # The log lost its trigger: it was triggered all the same. Without news a snapshot
            # finds and reports it.
            if not story.news:
                return StateStep(incident_id, None, None, accounted)
            reported = watch.passes(incident, {"triggered"})
    known = story.known(now, (REPORTED if reported else 0) | (0 if covered else AWAY))
    change = None
    if reported and story.news:
        change = Change(story.enriched(), _with_values(story.news, before, incident), state.cycle)
    if before is None or change is not None:
        return StateStep(incident_id, known, change, accounted, tuple(story.news))
    # Nothing is dispatched here. The alert counts that are known stay the old ones, or the next
    # snapshot would see no difference and would not repaint the card with the new ones. And where
    # only the time of reading differs, the step is marked `lasting=False`: no write for that.
    known = known._replace(alerts=before.alerts)
    same = (
        before._replace(updated_at=known.updated_at, touched=known.touched, flags=known.flags)
        == known
    )
    if same and (before.flags ^ known.flags) & ~DIFFERS == 0:
        return StateStep(
            incident_id,
            known._replace(touched=before.touched),
            None,
            accounted,
            tuple(story.news),
            lasting=False,
        )
    return StateStep(incident_id, known, None, accounted, tuple(story.news))


def _with_values(
    events: List[IncidentEvent], before: Optional[KnownIncident], incident: Incident
) -> Tuple[IncidentEvent, ...]:
    """Old and new priority and urgency where the entries do not hold them, which is how PagerDuty
    sends them."""
    found = list(events)
    for event_type, was, now in (
        ("incident.priority_updated", before.priority if before else "", incident.priority),
        ("incident.urgency_updated", before.urgency if before else "", incident.urgency),
    ):
        positions = [i for i, event in enumerate(found) if event.event_type == event_type]
        if not positions or any(found[i].change("to") for i in positions):
            continue
        first, last = positions[0], positions[-1]
        found[last] = found[last]._replace(changes=(*found[last].changes, ("to", now or "none")))
        if was and not found[first].change("from"):
            found[first] = found[first]._replace(changes=(*found[first].changes, ("from", was)))
    return tuple(found)
