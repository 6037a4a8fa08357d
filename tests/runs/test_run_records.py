"""Runs in the datastore: nothing is written over, whatever is killed between two writes."""

from __future__ import annotations

import pytest
from datastore_double import Service
from hypothesis import given, settings
from hypothesis import strategies as st
from runs_world import ACTS, ADA, BEGIN, BOB, PLAN, act, tick

from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import state_kinds, state_values
from pagerduty_mattermost.runs import acts
from pagerduty_mattermost.runs.acts import in_order
from pagerduty_mattermost.runs.records import (
    PACK_FROM_KEYS,
    Run,
    RunPost,
    RunRecords,
    ToldUntil,
    fits,
    incident_of,
)

INCIDENT = PLAN.incident
LATER = BEGIN + 86400.0


def world() -> tuple[Service, RunRecords]:
    service = Service()
    return service, RunRecords(Store(service))


def loaded(records: RunRecords) -> Run:
    run = records.load(INCIDENT)
    assert run is not None
    return run


def test_a_run_is_what_was_written_of_it() -> None:
    service, records = world()
    assert records.load(INCIDENT) is None
    records.plan(PLAN)
    records.act(INCIDENT, tick("undo", 2, BOB))
    records.act(INCIDENT, tick("undo", 2, BOB))
    records.post(INCIDENT, RunPost(PLAN.channel, "p" * 26))
    records.told(INCIDENT, ToldUntil(BEGIN + 9, 1, "abcdefgh"))
    service.calls.clear()
    run = loaded(records)
    assert service.calls == ["list"]
    assert run.plan == PLAN
    assert run.acts == (tick("undo", 2, BOB),)
    assert (run.post.id, run.told.acts) == ("p" * 26, 1)
    assert run.state.done == 1
    assert run.until(BEGIN).done == 0
    assert [one.incident for one in records.every()] == [INCIDENT]


def test_another_incident_whose_id_begins_alike_is_another() -> None:
    _, records = world()
    records.plan(PLAN._replace(incident="PINC12"))
    assert records.load(INCIDENT) is None
    assert incident_of("run.PINC12.plan.start") == "PINC12"
    assert incident_of("room.PINC12.want") == ""


def test_of_two_starts_at_once_the_earlier_is_the_run() -> None:
    _, records = world()
    second = PLAN._replace(id="other", at=PLAN.at + 1)
    for plan in (second, PLAN):
        records.plan(plan)
    assert loaded(records).plan.id == PLAN.id
    records.no_plan(second)
    assert loaded(records).plan.id == PLAN.id


def test_an_order_that_was_taken_back_does_not_count() -> None:
    _, records = world()
    records.plan(PLAN)
    records.void(INCIDENT, "order1")
    records.act(INCIDENT, tick("undo", 2, BOB)._replace(id="order1"))
    assert loaded(records).acts == ()


def test_what_does_not_read_is_left_out() -> None:
    service, records = world()
    records.plan(PLAN)
    records.act(INCIDENT, tick("undo", 2, BOB))
    service.items[f"pagerduty.run.{INCIDENT}.e.broken"] = "no JSON"
    Store(service).write(f"run.{INCIDENT}.e.other", {"kind": "tick"})
    Store(service).write(f"run.{INCIDENT}.post", ["no post"])
    run = loaded(records)
    assert run.acts == (tick("undo", 2, BOB),)
    assert run.post == RunPost("")


def many(count: int) -> list[acts.Act]:
    return [
        tick("undo", at / 10, BOB, acts.TASK_STATES[at % 3])._replace(id=f"order{at}")
        for at in range(count)
    ]


def test_a_long_run_reads_in_one_page() -> None:
    service, records = world()
    records.plan(PLAN)
    for one in many(150):
        records.act(INCIDENT, one)
    before = loaded(records)
    assert records.pack(before, LATER)
    assert not records.pack(loaded(records), LATER)
    service.calls.clear()
    assert loaded(records).acts == before.acts
    assert service.calls == ["list"]
    for one in many(150 + PACK_FROM_KEYS)[150:]:
        records.act(INCIDENT, one)
    again = loaded(records)
    assert records.pack(again, LATER)
    assert len(loaded(records).keys) == 1
    assert loaded(records).acts == again.acts


def test_young_acts_and_few_ones_stay_where_they_are() -> None:
    _, records = world()
    records.plan(PLAN)
    for one in many(PACK_FROM_KEYS - 1):
        records.act(INCIDENT, one)
    assert not records.pack(loaded(records), LATER)
    for one in many(PACK_FROM_KEYS + 10):
        records.act(INCIDENT, one)
    assert not records.pack(loaded(records), BEGIN + 60)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(ACTS, min_size=PACK_FROM_KEYS, max_size=70),
    st.integers(0, 60),
    st.integers(0, 60),
    st.lists(ACTS, max_size=5),
)
def test_nothing_is_lost_when_two_pack_at_once_and_are_killed(
    some: list[acts.Act], first: int, second: int, meanwhile: list[acts.Act]
) -> None:
    """Each of two rounds that read the same is killed after so many writes; acts come between."""
    service, records = world()
    records.plan(PLAN)
    kept = {one.id: one for one in some}
    for one in kept.values():
        records.act(INCIDENT, one)
    read = [loaded(records), loaded(records)]
    for run, steps in zip(read, (first, second)):
        for one in meanwhile:
            kept.setdefault(one.id, one)
            if not run.has(one.id):
                records.act(INCIDENT, kept[one.id])
        killed = _Killed(service, steps)
        with killed:
            RunRecords(Store(service, sleep=lambda seconds: None)).pack(run, LATER)
    assert loaded(records).acts == in_order(kept.values())
    while records.pack(loaded(records), LATER):
        pass
    assert loaded(records).acts == in_order(kept.values())


class _Killed:
    """So many calls of the datastore go through; then whoever calls is killed."""

    def __init__(self, service: Service, steps: int) -> None:
        self._service, self._left = service, steps

    def __enter__(self) -> None:
        self._service.trouble = self._count

    def __exit__(self, kind: object, error: object, trace: object) -> bool:
        self._service.trouble = lambda: None
        return kind is not None

    def _count(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise SystemExit


def test_a_closed_run_stands_in_one_value() -> None:
    service, records = world()
    records.plan(PLAN)
    for one in (tick("undo", 2, BOB), act(acts.END, 5, ADA, value=acts.BY_HAND)):
        records.act(INCIDENT, one)
    run = loaded(records)
    records.close(run, LATER)
    assert records.load(INCIDENT) is None
    assert list(service.items) == [f"pagerduty.ran.{INCIDENT}"]
    closed = records.closed(INCIDENT)
    assert closed is not None
    assert (closed.plan, closed.acts) == (run.plan, run.acts)
    assert closed.participants == (ADA.id, BOB.id)
    assert records.closed("PINC2") is None


def test_a_closed_run_goes_on() -> None:
    service, records = world()
    records.plan(PLAN)
    done = (tick("undo", 2, BOB), act(acts.END, 5, ADA, value=acts.BY_HAND))
    for one in done:
        records.act(INCIDENT, one)
    records.post(INCIDENT, RunPost(PLAN.channel, "p" * 26))
    run = loaded(records)
    records.close(run, LATER)
    closed = records.closed(INCIDENT)
    assert closed is not None
    records.reopen(closed)
    again = loaded(records)
    assert (again.plan, again.acts, again.post) == (run.plan, run.acts, run.post)
    records.act(INCIDENT, act(acts.RESTART, 9))
    records.close(loaded(records), LATER)
    closed = records.closed(INCIDENT)
    assert closed is not None
    assert len(closed.acts) == 3
    assert list(service.items) == [f"pagerduty.ran.{INCIDENT}"]


@pytest.mark.parametrize("steps", range(7))
def test_a_round_that_is_killed_while_it_closes_is_gone_on_with(steps: int) -> None:
    service, records = world()
    records.plan(PLAN)
    records.act(INCIDENT, tick("undo", 2, BOB))
    run = loaded(records)
    with _Killed(service, steps):
        records.close(run, LATER)
    left = records.load(INCIDENT)
    if left is not None:
        records.close(left, LATER)
    closed = records.closed(INCIDENT)
    assert closed is not None
    assert closed.acts == run.acts


def test_what_is_kept_is_known_by_its_name() -> None:
    service, records = world()
    records.plan(PLAN)
    for one in many(PACK_FROM_KEYS):
        records.act(INCIDENT, one)
    records.pack(loaded(records), LATER)
    records.act(INCIDENT, tick("undo", 2, BOB))
    records.post(INCIDENT, RunPost(PLAN.channel))
    records.told(INCIDENT, ToldUntil(1.0))
    records.void(INCIDENT, "order1")
    values = Store(service).read_prefix("run.")
    assert len(values) == 6
    for name, value in values.items():
        assert state_kinds.kind_of(name).name == "runs"
        assert state_values.problem(name, value) == ""
        assert not fits(name, "something else")
    records.close(loaded(records), LATER)
    closed = Store(service).read(f"ran.{INCIDENT}")
    assert state_values.problem(f"ran.{INCIDENT}", closed) == ""
    assert not fits("run.PINC1.unknown", to_json(PLAN))
