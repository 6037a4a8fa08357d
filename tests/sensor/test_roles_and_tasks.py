"""Roles and tasks, of which the webhook's calls alone tell: what is read of a body, and that each
is told once, in its order, whatever happens to the sensor."""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, List, Optional, Tuple
from unittest import mock

import pytest
from datastore_double import Service
from hypothesis import given
from hypothesis import strategies as st
from webhook_world import WebhookWorld

from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.event_types import WEBHOOK_ONLY_EVENTS
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent
from pagerduty_mattermost.incidents.known_states import (
    DIFFERENCE_AGE_SECONDS,
    REPORTED,
    SensorState,
    StateStep,
    known_of,
)
from pagerduty_mattermost.sensor.body_events import (
    KEY_PREFIX,
    MAX_WAITING,
    BodyEvent,
    BodyEvents,
    body_event,
    forget,
    kept,
    with_body_events,
)

ADA = {"id": "PADA001", "type": "user_reference", "summary": "Ada Lovelace"}
LINUS = {"id": "PLINUS1", "type": "user_reference", "summary": "Linus Example"}
AGENT = {"id": "PGRACE1", "type": "user_reference", "summary": "Grace Hopper"}
NOW = 1_800_000_000


def called(
    kind: str,
    data: Any,
    *,
    incident: str = "P1",
    at: str = "2027-01-15T08:00:00Z",
    id: str = "01E",
) -> bytes:
    """The body of a call."""
    if isinstance(data, dict) and "incident_role_assignments" not in data:
        data = {"incident": {"id": incident, "type": "incident_reference"}, **data}
    event = {"id": id, "event_type": kind, "occurred_at": at, "agent": AGENT, "data": data}
    return json.dumps({"event": event}).encode()


def roles(*rows: Dict[str, Any], incident: str = "P1") -> Dict[str, Any]:
    return {"incident_role_assignments": [{"incident": {"id": incident}, **row} for row in rows]}


COMMANDER = {"id": "PROLE01", "type": "incident_role", "name": "Incident Commander"}
READ = [
    (
        "incident.role.assigned",
        roles({"role": COMMANDER, "assignee": ADA, "old_assignee": LINUS, "status": "assigned"}),
        {"to": "Incident Commander: Ada Lovelace (was Linus Example)"},
    ),
    (
        "incident.role.assigned",
        roles({"role": COMMANDER, "assignee": None, "old_assignee": LINUS}),
        {"to": "Incident Commander: nobody (was Linus Example)"},
    ),
    (
        "incident.role.assigned",
        roles({"role": "Scribe", "assignee": ADA}, {"role": {"id": "PROLE02"}, "assignee": LINUS}),
        {"to": "Scribe: Ada Lovelace; a role: Linus Example"},
    ),
    (
        "incident.task.created",
        {"name": "Restart pods", "description": "One by one", "assignees": [ADA, {"id": "PNO1"}]},
        {"task": "Restart pods", "to": "Ada Lovelace", "message": "One by one"},
    ),
    (
        "incident.task.updated",
        {"name": "Restart pods", "status": "in_progress", "assignees": []},
        {"task": "Restart pods", "task_status": "in progress"},
    ),
    ("incident.task.completed", {"name": "Restart pods"}, {"task": "Restart pods"}),
    ("incident.task.completed", {"name": None}, {}),
]


@pytest.mark.parametrize(("kind", "data", "changes"), READ)
def test_what_a_body_tells(kind: str, data: Any, changes: Dict[str, str]) -> None:
    found = body_event(called(kind, data))
    assert found is not None
    event = found.event
    assert (found.incident_id, event.event_id, event.event_type) == ("P1", "01E", kind)
    assert (event.agent.name, event.occurred_at) == ("Grace Hopper", "2027-01-15T08:00:00Z")
    assert dict(event.changes) == changes


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[]",
        b'{"event": null}',
        called("incident.triggered", {}),
        called("incident.task.created", {}, id=""),
        called("incident.task.created", {}, at="soon"),
        called("incident.task.created", {}, incident=""),
        called("incident.task.created", None),
        called("incident.role.assigned", roles()),
        called("incident.role.assigned", {"incident_role_assignments": "x", "incident": 3}),
        b"[" * 100000,
    ],
)
def test_another_body_is_none(body: bytes) -> None:
    assert body_event(body) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "incident",
                    "incident_role_assignments",
                    "role",
                    "assignee",
                    "id",
                    "name",
                    "summary",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(WEBHOOK_ONLY_EVENTS), JSON)
def test_whatever_a_body_holds_it_is_read_or_none(kind: str, data: Any) -> None:
    event = {"id": "01E", "event_type": kind, "occurred_at": "2027-01-15T08:00:00Z", "data": data}
    found = body_event(json.dumps({"event": {**event, "agent": data}}).encode())
    assert found is None or (found.incident_id and found.event.event_id == "01E")


def happened(id: str, at: int, incident: str = "P1") -> BodyEvent:
    return BodyEvent(
        incident, IncidentEvent(id, "incident.task.created", times.iso(NOW + at), changes=())
    )


def test_they_are_kept_until_they_are_told_and_repeated_ones_once() -> None:
    service = Service()
    events = BodyEvents(Store(service))
    for one in (happened("late", 9), happened("early", 3), happened("late", 9)):
        events.keep(one)
    again = BodyEvents(Store(service))  # another process
    assert [one.event.event_id for one in again.waiting()] == ["early", "late"]
    again.dispatched([happened("early", 3)], NOW + 9)
    assert again.waiting() == BodyEvents(Store(service)).waiting() == (happened("late", 9),)
    (early,) = [one for one in kept(Store(service)) if one.dispatched_at]
    assert early == happened("early", 3)._replace(dispatched_at=NOW + 9)
    forget(Store(service), early)
    assert kept(Store(service)) == [happened("late", 9)]


def test_what_does_not_read_is_left_out_and_only_so_many_wait() -> None:
    service = Service()
    service.items["pagerduty." + KEY_PREFIX + "x"] = '{"v": 1, "data": {"incident_id": 3}}'
    events = BodyEvents(Store(service))
    assert events.waiting() == ()
    for number in range(MAX_WAITING + 2):
        events.keep(happened(f"E{number}", number))
    assert len(events.waiting()) == MAX_WAITING
    assert events.waiting()[0].event.event_id == "E2"


def state_with(flags: Optional[int]) -> SensorState:
    state = SensorState(NOW, NOW)
    if flags is not None:
        state.put("P1", known_of(Incident("P1"), "triggered", NOW, flags, NOW))
    return state


def merged(
    flags: Optional[int],
    steps: List[StateStep],
    now: int,
    gone: bool = False,
    upto: Optional[float] = None,
) -> Tuple[List[List[str]], int]:
    """Ids of the events of each step, and how many events are done with."""
    waiting = (happened("B", 5),)
    found, done = with_body_events(
        state_with(flags),
        steps,
        waiting,
        NOW + now,
        lambda id: None if gone else Incident(id),
        upto and NOW + upto,
    )
    told = [[event.event_id for event in s.change.events] if s.change else [] for s in found]
    return told, len(done)


def of_log(*events: Tuple[str, int], incident: str = "P1") -> StateStep:
    told = tuple(IncidentEvent(id, "incident.annotated", times.iso(NOW + at)) for id, at in events)
    known = known_of(Incident(incident), "triggered", NOW, REPORTED, NOW)
    return StateStep(incident, known, Change(Incident(incident), told) if told else None)


def test_they_are_told_in_the_order_of_their_times_with_what_the_log_brings() -> None:
    assert merged(REPORTED, [], 6) == ([["B"]], 1)
    assert merged(REPORTED, [of_log(("A", 4), ("C", 6))], 7) == ([["A", "B", "C"]], 1)
    assert merged(REPORTED, [of_log(("A", 4), incident="P2")], 7) == ([["A"], ["B"]], 1)
    assert merged(None, [of_log(("A", 4))], 7) == ([["A", "B"]], 1)
    assert merged(REPORTED, [of_log()], 7) == ([["B"]], 1)


@pytest.mark.parametrize("flags", [None, 0])
def test_of_an_incident_that_nobody_reported_they_wait_and_then_are_dropped(
    flags: Optional[int],
) -> None:
    assert merged(flags, [], 6) == ([], 0)
    assert merged(flags, [], 5 + int(DIFFERENCE_AGE_SECONDS)) == ([], 1)


def test_each_part_of_a_long_log_has_those_of_its_time() -> None:
    assert merged(REPORTED, [of_log(("A", 3))], 900, upto=4) == ([["A"]], 0)
    assert merged(REPORTED, [of_log(("C", 6))], 900, upto=7) == ([["B", "C"]], 1)
    assert merged(None, [], 900, upto=7) == ([], 0)


def test_of_an_incident_that_is_no_more_they_are_dropped() -> None:
    assert merged(REPORTED, [], 6, gone=True) == ([], 1)


class RolesAndTasksTestCase(WebhookWorld):
    def setUp(self) -> None:
        super().setUp()
        self.poll()
        self.incident = self.account.trigger("Checkout API", "Has tasks")
        self.poll()
        self.clock.advance(2)  # so long reads lie apart

    def tell(self, id: str = "01E", name: str = "Restart pods") -> int:
        at = times.iso(self.clock())
        data = {"name": name, "assignees": [ADA]}
        body = called("incident.task.created", data, incident=self.incident.id, at=at, id=id)
        return self.call(body=body)

    def tasks(self) -> List[str]:
        return [
            event["changes"]["task"]
            for payload in self.payloads()
            for event in payload["events"]
            if event["event_type"] == "incident.task.created"
        ]

    def kept(self) -> int:
        """How many are not dispatched yet."""
        prefix = "pagerduty." + KEY_PREFIX
        rows = self.sensor_service.list_values(local=False, prefix=prefix)
        return sum(not json.loads(row.value)["data"]["dispatched_at"] for row in rows)

    def test_a_task_is_told_once_however_often_it_is_called_for(self) -> None:
        assert [self.tell(), self.tell()] == [202, 202]
        assert self.after(0) == 1
        assert self.tell() == 202
        self.after(3)
        assert self.tasks() == ["Restart pods"]
        assert self.kept() == 0

    def test_it_stands_between_what_the_log_tells_before_and_after(self) -> None:
        self.account.acknowledge(self.incident, "ada@example.com")
        self.clock.advance(2)
        self.tell()
        self.clock.advance(2)
        self.account.resolve(self.incident, "ada@example.com")
        self.sensor.poll()
        assert self.events(self.incident)[-3:] == [
            "incident.acknowledged",
            "incident.task.created",
            "incident.resolved",
        ]

    def test_a_restart_before_it_was_told_loses_nothing(self) -> None:
        self.tell()
        assert self.kept() == 1
        self.sensor.cleanup()
        self.sensor = self.start_sensor()
        self.poll()
        assert (self.tasks(), self.kept()) == (["Restart pods"], 0)

    def test_while_pagerduty_does_not_answer_it_waits(self) -> None:
        fault = self.server.faults.add("status", status=500, path="/incidents/")
        self.tell()
        self.poll()
        assert (self.tasks(), self.kept()) == ([], 1)
        self.server.faults.clear(fault)
        self.poll(seconds=120)
        assert (self.tasks(), self.kept()) == (["Restart pods"], 0)

    def test_what_can_not_be_kept_is_called_again_by_pagerduty(self) -> None:
        broken = mock.Mock(side_effect=ConnectionError("down"))
        with mock.patch.object(self.sensor_service, "set_value", broken), mock.patch("time.sleep"):
            assert self.tell() == 503
        assert self.tell() == 202
        self.after(0)
        assert self.tasks() == ["Restart pods"]

    def test_a_forged_call_tells_nothing(self) -> None:
        body = called("incident.task.created", {"name": "x"}, incident=self.incident.id)
        signature = hashlib.sha256(body).hexdigest()
        assert self.call(body=body, headers={"X-PagerDuty-Signature": "v1=" + signature}) == 202
        self.poll()
        assert (self.tasks(), self.kept()) == ([], 0)
