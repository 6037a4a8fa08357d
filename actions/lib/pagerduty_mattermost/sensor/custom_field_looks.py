"""Custom fields that were changed without an entry in the log: a list of incidents does not hold
them, so an incident that a snapshot finds touched, and of which nothing else is told, is looked at
by itself, a few with each snapshot.
"""

from __future__ import annotations

from typing import Any, Iterable, List, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of
from pagerduty_mattermost.incidents import custom_fields
from pagerduty_mattermost.incidents.event_types import CUSTOM_FIELDS
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.incidents.known_states import (
    DIFFERENCE_AGE_SECONDS,
    DIFFERS,
    REPORTED,
    KnownIncident,
    SensorState,
    StateStep,
)
from pagerduty_mattermost.incidents.snapshot import found_event

MAX_LOOKS = 3
"""With one snapshot; the others wait for the next."""


def with_custom_fields(
    pagerduty: PagerDuty,
    state: SensorState,
    changed: Iterable[Incident],
    steps: List[StateStep],
    now: float,
    log: Any,
) -> List[StateStep]:
    """The steps of a snapshot, with what it brought of custom fields. `changed`: the incidents
    that it found otherwise than they are known. Best effort: the next snapshot looks again."""
    found = {step.incident_id: step for step in steps}
    looks = 0
    for incident in changed:
        before, step = state.known.get(incident.id), found.get(incident.id)
        if before is None or step is None or not _is_touched(incident, before, step):
            continue
        assert step.known is not None
        later = step._replace(known=step.known._replace(flags=step.known.flags | DIFFERS))
        young = (times.seconds(incident.updated_at) or now) > now - DIFFERENCE_AGE_SECONDS
        if young or looks >= MAX_LOOKS:
            found[incident.id] = later
            continue
        looks += 1
        try:
            whole = get_incident(pagerduty, incident.id, ["custom_fields"])
        except NotFound:
            continue
        except PackError as error:
            log.info("Custom fields of %s are read later: %s", incident.id, error)
            found[incident.id] = later
            looks = MAX_LOOKS
            continue
        rows = rows_of(whole, "custom_fields")
        found[incident.id] = _compared(incident, before, step, rows, state.cycle)
    return [found[step.incident_id] for step in steps]


def _is_touched(incident: Incident, before: KnownIncident, step: StateStep) -> bool:
    """Whether something about it was changed, and it is not known what."""
    if step.known is None or not incident.is_open or not before.has(REPORTED):
        return False
    told = step.change is not None and bool(step.change.events)
    if told or step.known.alerts != before.alerts:
        return False
    return incident.updated_at > before.updated_at or before.has(DIFFERS)


def _compared(
    incident: Incident, before: KnownIncident, step: StateStep, rows: Any, cycle: int
) -> StateStep:
    mark = custom_fields.marks(rows)
    words = custom_fields.changed(before.custom_fields, rows)
    assert step.known is not None
    step = step._replace(known=step.known._replace(custom_fields=mark), lasting=True)
    if not words:
        return step
    said, at = (("to", words),), incident.updated_at
    event = found_event(incident, "custom_fields", mark, CUSTOM_FIELDS, at, changes=said)
    change: Optional[Change] = step.change or Change(incident, (), cycle)
    assert change is not None
    return step._replace(change=change._replace(events=(event,)), events=(event,))
