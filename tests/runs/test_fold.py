"""What acts come to: the same whatever order they come in and however often each comes."""

from __future__ import annotations

import json
from typing import List, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runs_world import (
    ACTS,
    ADA,
    BEGIN,
    BOB,
    CARLA,
    P1,
    P3,
    PLAN,
    PLAYBOOK,
    TASKS,
    act,
    tick,
)

from pagerduty_mattermost.core import times
from pagerduty_mattermost.playbooks.playbook import COMMANDER
from pagerduty_mattermost.runs import acts
from pagerduty_mattermost.runs.acts import Act, Who, act_of, sent_id, to_value
from pagerduty_mattermost.runs.fold import clock_time, due_id, fold
from pagerduty_mattermost.runs.state import CANCELLED, MITIGATED, RESOLVED, STARTED, TRIAGE, Owner

EMPTY = fold(PLAN, ())


@given(st.lists(ACTS, max_size=25).flatmap(lambda one: st.tuples(st.just(one), _mixed(one))))
def test_neither_order_nor_repetition_matters(both: Tuple[List[Act], List[Act]]) -> None:
    assert fold(PLAN, both[0]) == fold(PLAN, both[1])


def _mixed(some: List[Act]) -> st.SearchStrategy[List[Act]]:
    return (
        st.lists(st.sampled_from(some), max_size=9).flatmap(
            lambda again: st.permutations([*some, *again])
        )
        if some
        else st.just([])
    )


@given(st.lists(ACTS, max_size=25))
def test_every_task_stands_in_one_place_and_each_count_is_right(some: List[Act]) -> None:
    state = fold(PLAN, some)
    shown = [task.id for task in state.tasks] + [task.id for task in state.hidden]
    assert len(shown) == len(set(shown))
    removed = {one.task for one in some if one.kind == acts.TASK_REMOVED}
    assert set(TASKS) - removed <= set(shown)
    for stage in state.stages:
        assert [task.number for task in stage.tasks] == [
            f"{stage.number}.{place}" for place in range(1, len(stage.tasks) + 1)
        ]
    assert 1 <= state.stage <= len(state.stages)
    assert state.acts == len({one.id for one in some})


@given(ACTS)
def test_an_act_reads_as_it_was_written(one: Act) -> None:
    assert act_of(json.loads(json.dumps(to_value(one)))) == one


def test_what_is_none_is_no_act() -> None:
    assert [act_of(one) for one in (None, [], {}, {"kind": 1, "id": "a", "at": 0})] == [None] * 4


def test_as_it_begins() -> None:
    assert [task.number for task in EMPTY.tasks] == ["1.1", "1.2", "1.3", "2.1", "2.2", "3.1"]
    assert [task.id for task in EMPTY.hidden] == ["legal"]
    assert (EMPTY.stage, EMPTY.phase, EMPTY.done) == (1, STARTED, 0)
    assert EMPTY.commander == ADA
    assert {name: role.who for name, role in EMPTY.roles.items()} == {
        COMMANDER: ADA,
        "scribe": CARLA,
        "liaison": Who(),
    }
    owners = {task.id: task.owner for task in EMPTY.tasks}
    assert owners["impact"] == Owner(COMMANDER, ADA)
    assert owners["priority"] == Owner("on_call", CARLA)
    assert owners["changes"] == Owner("role:scribe", CARLA)
    assert owners["undo"].is_nobody
    assert EMPTY.remind_at == BEGIN + 1800
    assert fold(PLAN._replace(triage=True), ()).phase == TRIAGE


def test_a_tick_counts_once_and_the_first_one_is_named() -> None:
    state = fold(PLAN, [tick("bridge", 3, BOB), tick("bridge", 2, CARLA), tick("bridge", 4)])
    task = state.task("bridge")
    assert task is not None
    assert (task.state, task.by, task.at) == (acts.DONE, CARLA, BEGIN + 120)
    assert (state.done, state.stages[0].done) == (1, 1)


@pytest.mark.parametrize(("last", "ends"), [(acts.OPEN, 0), (acts.SKIPPED, 1), (acts.DONE, 1)])
def test_the_later_of_two_counts(last: str, ends: int) -> None:
    state = fold(PLAN, [tick("undo", 2, BOB, last), tick("undo", 1, ADA)])
    task = state.task("undo")
    assert task is not None
    assert (task.state, state.done) == (last, ends)


def test_of_two_at_the_same_moment_the_same_one_counts_everywhere() -> None:
    first = tick("undo", 1, ADA)._replace(id="a")
    second = tick("undo", 1, BOB, acts.OPEN)._replace(id="b")
    assert fold(PLAN, [first, second]).task("undo") == fold(PLAN, [second, first]).task("undo")


def test_people_and_roles_own_tasks() -> None:
    done = [
        act(acts.ASSIGN, 1, task="undo", value=acts.PERSON, person=BOB),
        act(acts.ASSIGN, 1, task="bridge", value="role:liaison"),
        act(acts.ASSIGN, 1, task="impact", value=""),
        act(acts.ROLE, 2, value="liaison", person=BOB),
        act(acts.ROLE, 2, BOB, value=COMMANDER, person=CARLA),
        act(acts.ROLE, 3, value="unknown", person=BOB),
    ]
    state = fold(PLAN, done)
    owners = {task.id: task.owner for task in state.tasks}
    assert owners["undo"] == Owner("", BOB)
    assert owners["bridge"] == Owner("role:liaison", BOB), "who takes the role later owns it then"
    assert owners["impact"].is_nobody
    assert state.commander == CARLA
    assert state.roles[COMMANDER].by == BOB
    assert "unknown" not in state.roles


def test_tasks_are_added_edited_moved_and_removed() -> None:
    done = [
        act(acts.TASK_ADDED, 1, task="n1", stage=1, text="Call the bank", due=BEGIN + 600),
        act(acts.TASK_EDITED, 2, task="n1", text="Call both banks"),
        act(acts.TASK_MOVED, 3, task="n1", stage=2, value="undo"),
        act(acts.TASK_REMOVED, 4, task="bridge"),
        tick("n1", 5, BOB),
        tick("bridge", 5, BOB),
        act(acts.TASK_ADDED, 6, task="n2", stage=9, text="Nowhere"),
    ]
    state = fold(PLAN, done)
    assert [task.id for task in state.tasks] == [
        "impact", "priority", "changes", "n1", "undo", "retro",
    ]  # fmt: skip
    task = state.task("n1")
    assert task is not None
    assert (task.number, task.text, task.due) == ("2.2", "Call both banks", BEGIN + 600)
    assert (task.state, task.added_by, task.by) == (acts.DONE, ADA, BOB)
    assert state.numbered(2, 2) == task
    assert state.numbered(2, 4) is state.numbered(0, 1) is state.numbered(4, 1) is None


def test_conditions_show_a_task_name_its_owner_and_bring_its_time_forward() -> None:
    state = fold(PLAN, [act(acts.FACTS, 5, Who(), facts=P1)])
    task = state.task("legal")
    assert task is not None
    assert (task.number, task.owner, task.due) == ("2.2", Owner(COMMANDER, ADA), BEGIN + 600)
    later = fold(PLAN, [act(acts.FACTS, 5, facts=P1), act(acts.FACTS, 9, facts=P3)])
    assert later.task("legal") is None
    assert [one.id for one in later.hidden] == ["legal"]


def test_conditions_take_any_case_and_each_of_their_lists() -> None:
    lower = P1._replace(priority="p1", custom_fields=(("impact", ("Customers",)),))
    task = fold(PLAN._replace(facts=lower), ()).task("legal")
    assert task is not None
    assert task.due == BEGIN + 600
    other = fold(PLAN._replace(facts=P1._replace(custom_fields=(), urgency="low")), ())
    task = other.task("legal")
    assert task is not None
    assert (task.due, task.owner.is_nobody) == (BEGIN + 7200, True)


def test_due_times_of_day_are_the_next_ones_there() -> None:
    task = EMPTY.task("bridge")
    assert task is not None
    assert times.iso(task.due) == "2026-11-18T11:45:00Z"
    in_berlin = fold(PLAN._replace(zone="Europe/Berlin"), ()).task("bridge")
    assert in_berlin is not None
    assert times.iso(in_berlin.due) == "2026-11-19T10:45:00Z"
    edited = fold(PLAN, [act(acts.TASK_EDITED, 1, task="bridge", due=0.0)]).task("bridge")
    assert edited is not None
    assert (edited.due, edited.text) == (0.0, "Open a call")


@pytest.mark.parametrize("word", ["", "soon", "12", "a:b"])
def test_a_time_of_day_that_does_not_read_is_none(word: str) -> None:
    assert clock_time(word, BEGIN, "") == 0.0


def test_a_time_of_day_when_clocks_change() -> None:
    before = times.seconds("2026-03-28T22:00:00Z") or 0.0
    assert times.iso(clock_time("02:30", before, "Europe/Berlin")) == "2026-03-29T01:00:00Z"


def test_who_was_reminded_of_a_due_time_is_reminded_of_a_later_one() -> None:
    task = EMPTY.task("impact")
    assert task is not None
    assert not task.reminded
    sent = act(acts.SENT, 6, Who(), id=due_id("impact", task.due), post="p" * 26)
    told = fold(PLAN, [sent]).task("impact")
    assert told is not None
    assert told.reminded
    moved = fold(PLAN, [sent, act(acts.TASK_EDITED, 7, task="impact", due=BEGIN + 900)])
    again = moved.task("impact")
    assert again is not None
    assert not again.reminded


def test_updates_are_edited_and_deleted() -> None:
    first = act(acts.UPDATE, 5, id="u1", text="Looking", seconds=600.0, targets=("~a",))
    second = act(acts.UPDATE, 9, BOB, id="u2", text="Found")
    edit = act(acts.UPDATE_EDITED, 10, BOB, of="u2", text="Found it")
    gone = act(acts.UPDATE_DELETED, 12, BOB, of="u2")
    assert fold(PLAN, [first]).remind_at == BEGIN + 900
    state = fold(PLAN, [first, second, edit])
    assert state.last_update is not None
    assert (state.last_update.text, state.last_update.by) == ("Found it", BOB)
    assert state.remind_at == 0.0
    after = fold(PLAN, [first, second, edit, gone])
    assert after.last_update is not None
    assert after.last_update.text == "Looking"
    assert len(after.updates) == 2


def test_reminders_are_set_put_off_and_stopped() -> None:
    set_ = act(acts.REMIND, 3, seconds=600.0)
    later = act(acts.REMIND, 4, due=BEGIN + 3600)
    assert fold(PLAN, [set_]).remind_at == BEGIN + 180 + 600
    assert fold(PLAN, [set_, later]).remind_at == BEGIN + 3600
    update = act(acts.UPDATE, 5, text="Looking", seconds=600.0)
    assert fold(PLAN, [set_, later, update]).remind_at == BEGIN + 300 + 600
    assert fold(PLAN, [act(acts.REMIND, 3, seconds=0.0)]).remind_at == 0.0
    assert fold(PLAN, [act(acts.END, 3, value=acts.BY_HAND)]).remind_at == 0.0


def test_its_life() -> None:
    triaged = PLAN._replace(triage=True)
    start, soft = act(acts.START, 1), act(acts.MITIGATED, 20)
    assert fold(triaged, [start]).phase == STARTED
    assert fold(triaged, [start, soft]).phase == MITIGATED
    end = act(acts.END, 30, BOB, value=acts.RESOLVED)
    state = fold(triaged, [start, soft, end, act(acts.END, 31, value=acts.BY_HAND)])
    assert (state.phase, state.ended_at, state.ended_by) == (RESOLVED, BEGIN + 1800, BOB)
    assert (state.how, state.mitigated_at, state.is_over) == (acts.RESOLVED, BEGIN + 1200, True)
    again = fold(triaged, [start, soft, end, act(acts.RESTART, 40)])
    assert (again.phase, again.ended_at, again.mitigated_at) == (STARTED, 0.0, 0.0)
    assert again.restarted_at == BEGIN + 2400
    assert again.remind_at == BEGIN + 2400 + 1800
    cancelled = fold(PLAN, [act(acts.CANCELLED, 2, text="A test")])
    assert (cancelled.phase, cancelled.how) == (CANCELLED, "A test")


def test_two_next_stages_at_once_are_one_step() -> None:
    state = fold(PLAN, [act(acts.STAGE, 2, ADA, stage=2), act(acts.STAGE, 2, BOB, stage=2)])
    assert state.stage == 2
    assert fold(PLAN, [act(acts.STAGE, 2, stage=len(PLAYBOOK.stages) + 1)]).stage == 1


def test_marks_and_effects_are_kept_once() -> None:
    state = fold(
        PLAN,
        [
            act(acts.MARK, 2, ADA, post="p" * 26, text="failover started"),
            act(acts.MARK, 3, BOB, post="p" * 26, text="failover started"),
            act(acts.SENT, 4, Who(), id=sent_id("u1", "~a"), of="u1", value="~a", post="q" * 26),
        ],
    )
    assert [(one.post, one.by) for one in state.marks] == [("p" * 26, ADA)]
    assert state.sent == {sent_id("u1", "~a"): "q" * 26}


def test_what_runs_from_a_task_is_remembered() -> None:
    state = fold(PLAN, [act(acts.TASK_RAN, 2, BOB, task="priority", text="/pd priority P1")])
    task = state.task("priority")
    assert task is not None
    assert (task.ran_by, task.ran_at, task.state) == (BOB, BEGIN + 120, acts.OPEN)
