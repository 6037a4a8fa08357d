"""Catching up: each sentence has a source, and goes with it; take one away, and exactly its
sentences go."""

from __future__ import annotations

from datetime import timezone
from typing import List, Sequence, Set

from hypothesis import given
from hypothesis import strategies as st
from runs_world import ACTS, ADA, BEGIN, DONE_BY_ITSELF, act, tick
from runs_world import PLAN as RUN_PLAN

from pagerduty_mattermost.incidents.incident import Incident, Person
from pagerduty_mattermost.reviews.catching_up import (
    MAX_MESSAGES,
    MAX_NEWS,
    MAX_TASKS,
    MESSAGES,
    NEWS,
    TASKS,
    UPDATE,
    Sentence,
    sentences_of,
)
from pagerduty_mattermost.reviews.timeline import KINDS, TimelineEntry, in_order, run_entries
from pagerduty_mattermost.reviews.timeline import MESSAGE as MARKED
from pagerduty_mattermost.reviews.timeline import UPDATE as GIVEN
from pagerduty_mattermost.runs import acts
from pagerduty_mattermost.runs.acts import in_order as acts_in_order
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.state import RunState

INCIDENT = Incident(
    "PINC1",
    12,
    "Disk full",
    url="https://acme.example/incidents/PINC1",
    service="Checkout",
    created_at="2026-11-18T11:00:00Z",
    assignees=(Person("PU1", "Mei"),),
)
NOW = BEGIN + 7200.0


@st.composite
def timelines(draw: st.DrawFn) -> List[TimelineEntry]:
    count = draw(st.integers(0, 30))
    entries = [
        TimelineEntry(
            BEGIN + draw(st.integers(0, 7000)),
            draw(st.sampled_from(KINDS)),
            draw(st.text(min_size=1, max_size=30)),
            f"post:{number}",
            draw(st.text(max_size=20)),
        )
        for number in range(count)
    ]
    return list(in_order(entries))


@given(timelines(), st.integers(0, 29), st.sampled_from([0.0, BEGIN + 3000.0, BEGIN + 6000.0]))
def test_take_a_source_away_and_exactly_its_sentences_go(
    entries: List[TimelineEntry], place: int, since: float
) -> None:
    if not entries:
        return
    gone = entries[place % len(entries)]
    left = [one for one in entries if one is not gone]
    before = sentences_of(INCIDENT, entries, None, timezone.utc, NOW, since)
    after = sentences_of(INCIDENT, left, None, timezone.utc, NOW, since)
    assert not [one for one in after if one.source == gone.source]
    staying = [one for one in before if one.source != gone.source]
    assert [one for one in after if one in staying] == staying
    # What comes instead was there before, and stood behind the newest.
    new = [one for one in after if one not in staying]
    assert len(new) <= len(before) - len(staying)
    for one in new:
        same_kind = [e for e in entries if e.kind == GIVEN]
        full = {
            UPDATE: len(same_kind) > 1,
            MESSAGES: sum(e.kind == MARKED for e in entries) > MAX_MESSAGES,
            NEWS: sum(e.at > since for e in entries) > MAX_NEWS,
        }
        assert full[one.heading], one


@given(timelines(), st.integers(0, 7200))
def test_what_is_new_since_one_looked_is_all_that_is_later(
    entries: List[TimelineEntry], seconds: int
) -> None:
    since = BEGIN + float(seconds)
    found = sentences_of(INCIDENT, entries, None, timezone.utc, NOW, since)
    news = [one.source for one in found if one.heading == NEWS]
    assert news == [one.source for one in entries if one.at > since][-MAX_NEWS:]
    assert not [
        one
        for one in sentences_of(INCIDENT, entries, None, timezone.utc, NOW)
        if one.heading == NEWS
    ]


LATER = 119
"""Minutes after the begin: behind every act that is drawn, and before NOW."""
RUNS = st.builds(
    lambda plan, some: Run(plan, acts_in_order(some)),
    st.sampled_from([RUN_PLAN, DONE_BY_ITSELF]),
    st.lists(ACTS, max_size=20),
)


def told(run: Run, since: float = 0.0) -> List[Sentence]:
    return of_state(list(in_order(run_entries(run, str))), run.state, since)


def of_state(
    entries: Sequence[TimelineEntry], state: RunState, since: float = 0.0
) -> List[Sentence]:
    return sentences_of(INCIDENT, entries, state, timezone.utc, NOW, since)


def exactly_gone(before: List[Sentence], after: List[Sentence], sources: Set[str]) -> List[str]:
    """Those of the sources went and no others; the headings of what came instead."""
    assert not [one for one in after if one.source in sources]
    staying = [one for one in before if one.source not in sources]
    assert [one for one in after if one in staying] == staying
    return [one.heading for one in after if one not in staying]


@given(RUNS, st.integers(0, 20))
def test_take_a_task_away_and_exactly_its_sentence_goes(run: Run, place: int) -> None:
    state, entries = run.state, list(in_order(run_entries(run, str)))
    if not state.tasks:
        return
    gone = state.tasks[place % len(state.tasks)]
    left = state._replace(
        stages=tuple(
            stage._replace(tasks=tuple(one for one in stage.tasks if one is not gone))
            for stage in state.stages
        )
    )
    before, after = of_state(entries, state), of_state(entries, left)
    new = exactly_gone(before, after, {f"task:{gone.id}"})
    assert new in ([], [TASKS])
    assert not new or sum(one.heading == TASKS for one in before) == MAX_TASKS


@given(RUNS, st.integers(0, 20))
def test_a_task_that_is_ticked_is_told_no_more(run: Run, place: int) -> None:
    state = run.state
    if state.is_over or not state.tasks:
        return
    gone = state.tasks[place % len(state.tasks)]
    ticked = run.with_acts(tick(gone.id, LATER))
    new = exactly_gone(told(run), told(ticked), {f"task:{gone.id}"})
    assert new in ([], [TASKS])


@given(RUNS)
def test_tasks_that_the_timeline_has_as_done_are_not_told_as_open(run: Run) -> None:
    open_tasks = {f"task:{one.id}" for one in run.state.tasks if one.is_open}
    said = {one.source for one in told(run) if one.heading == TASKS}
    assert said <= open_tasks
    done = [one for one in in_order(run_entries(run, str)) if "#" in one.source]
    news = [one.source for one in told(run, BEGIN - 1) if one.heading == NEWS]
    newest = in_order(run_entries(run, str))[-MAX_NEWS:]
    assert {one.source for one in done if one in newest} <= set(news)


@given(RUNS, st.integers(0, 3))
def test_take_a_role_away_and_exactly_its_sentence_goes(run: Run, place: int) -> None:
    state, entries = run.state, list(in_order(run_entries(run, str)))
    name = list(state.roles)[place % len(state.roles)]
    roles = {key: one for key, one in state.roles.items() if key != name}
    before, after = of_state(entries, state), of_state(entries, state._replace(roles=roles))
    assert exactly_gone(before, after, {f"role:{name}"}) == []
    # The same where nobody has it any more; who owns tasks by the role is gone from them too.
    nobody = run.with_acts(act(acts.ROLE, LATER, ADA, value=name))
    assert not [one for one in told(nobody) if one.source == f"role:{name}"]


@given(RUNS, st.integers(0, 20), st.sampled_from([0.0, BEGIN + 600.0]))
def test_delete_an_update_and_exactly_its_sentences_go(run: Run, place: int, since: float) -> None:
    given_ones = [one for one in run.state.updates if not one.deleted]
    if not given_ones:
        return
    gone = given_ones[place % len(given_ones)]
    left = [one for one in in_order(run_entries(run, str)) if one.source != f"act:{gone.id}"]
    deleted = run.with_acts(act(acts.UPDATE_DELETED, LATER, ADA, of=gone.id))
    assert [one.source for one in in_order(run_entries(deleted, str))] == [
        one.source for one in left
    ]
    before, after = told(run, since), of_state(left, deleted.state, since)
    new = exactly_gone(before, after, {f"act:{gone.id}"})
    assert set(new) <= {UPDATE, NEWS}
    assert UPDATE not in new or len(given_ones) > 1
