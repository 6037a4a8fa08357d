"""Tasks that tick themselves: once, when the incident or the run shows that they are done; nobody
is reminded of them then."""

from __future__ import annotations

from typing import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rooms_world import RoomsWorld
from runs_in_rooms import RunInRoom
from runs_world import ACTS, ADA, BEGIN, BOB, DONE_BY_ITSELF, PLAYBOOK, act, tick

from pagerduty_mattermost.playbooks.conditions import IncidentFacts
from pagerduty_mattermost.playbooks.playbook import (
    COMMANDER,
    DONE_WHEN,
)
from pagerduty_mattermost.playbooks.reading import read_playbook
from pagerduty_mattermost.playbooks.schema import FOLDER, playbook_schema
from pagerduty_mattermost.runs import acts, following, tending
from pagerduty_mattermost.runs.fold import fold

WAITS, WAITING = DONE_BY_ITSELF, DONE_BY_ITSELF.playbook
ACKED = IncidentFacts(done=("acknowledged",))


@pytest.fixture
def one() -> Iterator[RoomsWorld]:
    with RoomsWorld(note=False) as world:
        yield world


def done(*some: acts.Act, plan=WAITS):
    return [task.id for task in fold(plan, some).tasks if not task.is_open]


@pytest.mark.parametrize(
    ("given", "ticked"),
    [
        (act(acts.FACTS, 2, facts=ACKED), ["acknowledged"]),
        (act(acts.FACTS, 2, facts=IncidentFacts(done=("priority",))), ["priority"]),
        (act(acts.ROLE, 2, value=COMMANDER, person=BOB), ["commander"]),
        (act(acts.UPDATE, 2, text="All is well"), ["update"]),
        (act(acts.MITIGATED, 2), ["mitigated"]),
        (act(acts.END, 2, value=acts.RESOLVED), ["acknowledged", "resolved"]),
        (act(acts.END, 2, value=acts.MERGED), ["acknowledged", "resolved"]),
        (act(acts.END, 2, value=acts.BY_HAND), []),
        (act(acts.CANCELLED, 2), []),
        (act(acts.ROLE, 2, value=COMMANDER), []),
        (act(acts.ROLE, 2, value="scribe", person=BOB), []),
    ],
)
def test_what_is_so_is_ticked(given, ticked):
    assert done(given) == ticked


def test_who_did_it_and_when_is_named():
    task = fold(WAITS, [act(acts.UPDATE, 2, BOB, text="All is well")]).task("update")
    assert task is not None
    assert (task.by, task.at) == (BOB, BEGIN + 120)


def test_what_is_so_at_the_beginning_is_done_from_the_beginning():
    led = WAITS._replace(
        playbook=WAITING._replace(commander="declarer"),
        people={"declarer": ADA},
        facts=IncidentFacts(done=("acknowledged", "priority")),
    )
    assert done(plan=led) == ["acknowledged", "priority", "commander"]


def test_it_happens_once_and_people_have_the_last_word():
    opened = tick("acknowledged", 3, BOB, acts.OPEN)
    again = act(acts.FACTS, 5, facts=ACKED)
    gone = act(acts.FACTS, 4, facts=IncidentFacts())
    first = act(acts.FACTS, 2, facts=ACKED)
    assert done(first, gone) == ["acknowledged"]
    assert done(first, opened, gone, again) == []
    skipped = tick("acknowledged", 1, BOB, acts.SKIPPED)
    task = fold(WAITS, [skipped, first]).task("acknowledged")
    assert task is not None
    assert (task.state, task.by) == (acts.SKIPPED, BOB)


@given(
    st.lists(ACTS, max_size=20).flatmap(
        lambda some: st.tuples(st.just(some), st.permutations(some))
    )
)
def test_the_order_in_which_acts_come_is_nothing_to_it(both):
    assert fold(WAITS, both[0]) == fold(WAITS, both[1])


def remind(case: RunInRoom) -> None:
    tending.tend_one(case.world.context(), case.incident.id)


def test_nobody_is_reminded_of_what_the_incident_shows_to_be_done(one):
    """The change is not known yet: PagerDuty is asked before somebody is reminded."""
    case = RunInRoom(one, WAITING)
    one.pagerduty.acknowledge(case.incident)
    one.clock.advance(300)
    remind(case)
    assert case.state.task("acknowledged").state == acts.DONE
    assert not case.told("Until acknowledged is due")
    assert len(case.told("By hand is due")) == 1
    remind(case)
    assert len(case.told("By hand is due")) == 1


def test_where_pagerduty_does_not_answer_people_are_reminded_by_what_is_known(one):
    case = RunInRoom(one, WAITING)
    one.clock.advance(300)
    one.sandbox.pagerduty.faults.add("status", status=503, path="/incidents/", times=100)
    remind(case)
    assert len(case.told("Until acknowledged is due")) == 1


def test_a_change_ticks_and_paints(one):
    case = RunInRoom(one, WAITING)
    one.pagerduty.acknowledge(case.incident)
    for _ in range(2):
        following.follow_run(one.context(), case.records, case.run, case.change())
    assert [act.kind for act in case.run.acts].count(acts.FACTS) == 1
    post = one.chat.state.posts[case.run.post.id]
    assert "✅ ~~1.1 Until acknowledged~~" in post.message


def test_a_playbook_without_it_costs_no_act_for_an_acknowledgement(one):
    case = RunInRoom(one, PLAYBOOK)
    one.pagerduty.acknowledge(case.incident)
    following.follow_run(one.context(), case.records, case.run, case.change())
    assert acts.FACTS not in [act.kind for act in case.run.acts]


def test_the_words_are_those_of_the_schema():
    task = playbook_schema()["properties"]["stages"]["items"]["properties"]["tasks"]["items"]
    assert sorted(task["properties"]["done_when"]["enum"]) == sorted(DONE_WHEN)


def test_another_word_is_wrong_with_its_line():
    text = "name: a\ntitle: A\nstages:\n  - name: B\n    tasks:\n"
    text += "      - {id: c, text: D, done_when: snoozed}\n"
    (problem,) = read_playbook(text).problems
    assert str(problem).startswith("line 6: stage 1, task 1, done_when: ")


def test_the_packs_own_tasks_that_the_incident_shows_tick_themselves():
    read = read_playbook((FOLDER / "major-incident.yaml").read_text(encoding="utf-8"))
    assert read.playbook is not None
    found = {task.id: task.done_when for task in read.playbook.tasks if task.done_when}
    assert found == {
        "acknowledge": "acknowledged",
        "priority": "priority",
        "first-update": "update",
        "mitigated": "mitigated",
        "resolve": "resolved",
    }
