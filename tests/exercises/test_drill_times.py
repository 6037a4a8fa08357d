"""How fast a drill was, and what is said of it against the ones before."""

from __future__ import annotations

from typing import Any

import pytest

from pagerduty_mattermost.core.json_values import from_json, to_json
from pagerduty_mattermost.exercises.drill_times import (
    DrillTimes,
    report,
    slow_steps,
    times_of,
    usual,
)
from pagerduty_mattermost.playbooks.playbook import Playbook, Stage, Task
from pagerduty_mattermost.runs.acts import BY_HAND, DONE, END, ROLE, TICK, UPDATE, Act, Who
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.state import RunPlan

BEGAN = 1_795_232_710.0
ADA = Who("a" * 26, "ada")


def drill(**times: Any) -> DrillTimes:
    return DrillTimes("P1", "outage", "Outage @all", BEGAN, **times)


def test_times_are_counted_from_the_beginning() -> None:
    playbook = Playbook(
        "outage",
        "Outage",
        (
            Stage(
                "First",
                (
                    Task("a", "In time", due_seconds=300),
                    Task("b", "Too late", due_seconds=60),
                    Task("c", "Never done", due_seconds=600),
                    Task("d", "Due later", due_seconds=99999),
                ),
            ),
        ),
    )
    plan = RunPlan("o1", "P1", "c" * 26, playbook, BEGAN, drill=True)
    acts = (
        Act(ROLE, "r0", BEGAN + 5, ADA, value="scribe", person=ADA),
        Act(ROLE, "r1", BEGAN + 60, ADA, value="commander", person=ADA),
        Act(ROLE, "r2", BEGAN + 90, ADA, value="commander", person=ADA),
        Act(TICK, "t1", BEGAN + 100, ADA, task="a", value=DONE),
        Act(TICK, "t2", BEGAN + 120, ADA, task="b", value=DONE),
        Act(UPDATE, "u1", BEGAN + 600, ADA, text="x"),
        Act(END, "e1", BEGAN + 1200, ADA, value=BY_HAND),
    )
    found = times_of(Run(plan, acts), BEGAN + 30)
    assert (found.acknowledged, found.commander, found.update, found.whole) == (30, 60, 600, 1200)
    assert (found.tasks, found.done) == (4, 2)
    assert found.late == ("Too late", "Never done")
    assert from_json(DrillTimes, to_json(found)) == found


def test_what_never_came_is_none() -> None:
    plan = RunPlan("o1", "P1", "c" * 26, Playbook("a", "A", (Stage("S"),)), BEGAN, drill=True)
    found = times_of(Run(plan, ()), None)
    assert (found.acknowledged, found.commander, found.update, found.whole) == (None,) * 4


@pytest.mark.parametrize(
    ("values", "median"), [((), None), ((3.0,), 3.0), ((1.0, 9.0, 2.0), 2.0), ((1.0, 2.0), 1.5)]
)
def test_usual_is_the_median(values: Any, median: Any) -> None:
    assert usual([drill(update=value) for value in (*values, None)], "update") == median


def test_slow_is_what_took_longer_than_usual_or_never_came() -> None:
    before = [drill(acknowledged=60.0, commander=60.0, update=300.0, whole=1000.0)]
    now = drill(acknowledged=65.0, commander=200.0, whole=900.0)
    assert slow_steps(now, before) == [
        "somebody took command: 3 min instead of 1 min",
        "first status update: never",
    ]
    same = before[0]
    assert slow_steps(same, before) == []
    assert slow_steps(drill(acknowledged=9.0, commander=9.0, update=9.0, whole=9.0), []) == []


def test_the_report_compares_with_the_last_drills() -> None:
    before = [drill(acknowledged=60.0), drill(acknowledged=120.0)]
    text = report(drill(acknowledged=600.0, whole=1200.0, tasks=5, done=4, late=("a",)), before)
    assert "4 of 5 tasks done or skipped" in text
    assert "| first acknowledgement | 10 min | 1 min | 1 min |" in text
    assert "| the whole exercise | 20 min | never | never |" in text
    assert "**Slow:** first acknowledgement: 10 min instead of 1 min;" in text
    assert "Late: a." in text
    assert "@all" not in text
    assert "the next one is compared with it" in report(drill(), [])
    late = tuple(f"task {n}" for n in range(7))
    assert "and 2 more" in report(drill(late=late), [])
