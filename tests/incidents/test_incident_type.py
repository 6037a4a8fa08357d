"""The incident type, told by its name whether the log or only a snapshot shows another one."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from tracked_entries import followed, incident_with, told
from tracker_model import START, entry_of
from tracker_model import Written as Wrote

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.changed_fields import incident_type
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.log_entries import incident_from_rest, parse_entry
from pagerduty_mattermost.incidents.snapshot import SnapshotFindings, differences
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

LATER = START + 600


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "incident_default"}, "Default"),
        ({"name": "major_incident"}, "Major incident"),
        ({"name": "Major"}, "Major"),
        ({"name": "major", "display_name": "Major Incident"}, "Major Incident"),
        ({"name": "PT4KHLK"}, ""),
        ({"id": "PT4KHLK"}, ""),
        ({}, ""),
        (None, ""),
        ("incident_default", ""),
    ],
)
def test_a_type_is_named_as_people_say_it(given: Any, words: str) -> None:
    assert incident_type(given) == words
    incident = incident_from_rest({"id": "P1", "incident_type": given})
    assert incident is not None
    assert incident.incident_type == words


def of_type(name: str, at: int) -> Incident:
    return incident_with(incident_type=name, updated_at=times.iso(START + at))


def found(state: SensorState, incident: Incident) -> List[IncidentEvent]:
    """What a snapshot tells."""
    steps = differences(state, SnapshotFindings((incident,)), WatchFilter(), LATER, {})
    for step in steps:
        state.apply(step)
    return [event for step in steps if step.change for event in step.change.events]


def test_a_snapshot_tells_of_another_type_once_and_what_it_was() -> None:
    state = SensorState(START, START)
    told(state, of_type("Default", 0), ("trigger", 0))
    (event,) = found(state, of_type("Major", 60))
    assert event.event_type == "incident.incident_type.changed"
    assert (event.change("from"), event.change("to")) == ("Default", "Major")
    assert found(state, of_type("Major", 60)) == []


@pytest.mark.parametrize(("was", "now"), [("", "Major"), ("Default", "")])
def test_a_type_that_was_not_known_or_is_not_said_is_no_news(was: str, now: str) -> None:
    state = SensorState(START, START)
    told(state, of_type(was, 0), ("trigger", 0))
    assert found(state, of_type(now, 60)) == []


CHANGESET: Dict[str, Any] = {
    "name": "incident_type",
    "value": "incident_major",
    "old_value": "incident_default",
}


@pytest.mark.parametrize(
    "entry",
    [
        {
            "type": "field_value_change_log_entry",
            "channel": {"changeset": {"application_fields": [CHANGESET]}},
        },
        {
            "type": "incident_type_change_log_entry",
            "channel": {"old_value": "incident_default", "new_value": "incident_major"},
        },
    ],
)
def test_what_the_log_told_a_snapshot_does_not_tell_again(entry: Dict[str, Any]) -> None:
    state = SensorState(START, START)
    told(state, of_type("Default", 0), ("trigger", 0))
    changed = of_type("Major", 60)
    written = entry_of(Wrote("R9", START + 60, 0, "annotate", "P1"), changed)
    parsed = parse_entry({**written.raw, **entry})
    assert parsed is not None
    (event,) = followed(state, parsed._replace(incident=changed))
    assert event.event_type == "incident.incident_type.changed"
    assert (event.change("from"), event.change("to")) == ("Default", "Major")
    assert found(state, changed) == []
