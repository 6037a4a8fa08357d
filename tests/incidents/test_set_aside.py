"""One value of a shape that nobody foresaw costs itself, and no others."""

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core import set_aside
from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.set_aside import apart, setting_aside
from pagerduty_mattermost.incidents import log_entries, snapshot, tracker
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.log_entries import incident_from_rest, parse_entry
from pagerduty_mattermost.incidents.snapshot import SnapshotFindings
from pagerduty_mattermost.incidents.watch_filter import WatchFilter

AT = "2027-01-15T08:00:00Z"
NOW = 1_800_000_000.0
WATCH = WatchFilter(None, None, frozenset({"high", "low"}), frozenset({"triggered"}))
ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3)
    ),
    max_leaves=6,
)


def entry_row(number: int, **more: Any) -> Dict[str, Any]:
    incident = {"id": f"PT{number}", "incident_number": number, "status": "triggered"}
    return {
        "id": f"R{number}",
        "type": "trigger_log_entry",
        "created_at": AT,
        "incident": {**incident, "urgency": "high", "created_at": AT, "title": "T"},
        **more,
    }


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(entry_row(1)) + ["channel", "agent", "event_details"]), ODD)
def test_a_row_with_any_value_reads_or_is_set_aside(name: str, value: Any) -> None:
    parse_entry({**entry_row(1), name: value})
    incident_from_rest({**entry_row(1)["incident"], name: value})


def test_an_incident_whose_log_stumbles_leaves_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    original = tracker._step

    def step(state: Any, incident_id: str, *more: Any) -> Any:
        if incident_id == "PT2":
            raise KeyError("unforeseen")
        return original(state, incident_id, *more)

    monkeypatch.setattr(tracker, "_step", step)
    entries = [one for one in map(parse_entry, map(entry_row, (1, 2, 3))) if one is not None]
    steps = tracker.follow(SensorState(0.0, 0.0), entries, WATCH, NOW)
    assert [one.incident_id for one in steps] == ["PT3", "PT1"]


def test_an_incident_whose_snapshot_stumbles_leaves_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = snapshot._unknown

    def unknown(state: Any, incident: Incident, *more: Any) -> Any:
        return {}["unforeseen"] if incident.id == "PT2" else original(state, incident, *more)

    monkeypatch.setattr(snapshot, "_unknown", unknown)
    found = [incident_from_rest(entry_row(number)["incident"]) for number in (1, 2, 3)]
    changed = tuple(one for one in found if one is not None)
    steps = snapshot.differences(
        SensorState(0.0, 0.0), SnapshotFindings(changed, ()), WATCH, NOW, {}
    )
    assert {one.incident_id for one in steps} == {"PT1", "PT3"}


def test_a_parser_that_stumbles_gives_none_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    set_aside._logged.clear()

    @setting_aside
    def parse(row: Any) -> Any:
        return row["there"]["is"]["nothing"]

    assert [parse({"there": "secret words"}) for _ in range(3)] == [None] * 3
    (line,) = [record.getMessage() for record in caplog.records]
    assert "Set aside, the others go on: a row (parse) (TypeError in test_set_aside.py:" in line
    assert "secret words" not in line


def test_what_the_pack_foresaw_goes_on() -> None:
    def refuse() -> List[str]:
        raise NotFound("gone")

    with pytest.raises(NotFound):
        apart("a thing", refuse)
    assert log_entries.incident_from_rest(5) is None
