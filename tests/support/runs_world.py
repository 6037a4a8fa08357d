"""A playbook and what people do in a run of it, for tests of runs."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from pagerduty_mattermost.playbooks.conditions import IncidentFacts
from pagerduty_mattermost.playbooks.playbook import (
    ASSIGN,
    COMMANDER,
    DONE_WHEN,
    DUE,
    ON_CALL,
    SHOW,
    Condition,
    FieldValues,
    Playbook,
    Role,
    Stage,
    Task,
    Updates,
)
from pagerduty_mattermost.runs import acts
from pagerduty_mattermost.runs.acts import Act, Who
from pagerduty_mattermost.runs.state import RunPlan

BEGIN = 1_795_000_000.0
"""18 November 2026, 11:06:40 UTC."""
ADA, BOB, CARLA = (Who(name[0] * 26, name) for name in ("ada", "bob", "carla"))
PEOPLE = (ADA, BOB, CARLA)
PLAYBOOK = Playbook(
    "outage",
    "Outage",
    (
        Stage(
            "Take command",
            (
                Task("impact", "Say what customers see", due_seconds=300.0, assign=COMMANDER),
                Task("bridge", "Open a call", due_at="11:45"),
                Task("priority", "Set the priority", run="/pd priority P1", assign=ON_CALL),
            ),
        ),
        Stage(
            "Stop the harm",
            (
                Task("changes", "Look at what changed", assign="role:scribe"),
                Task(
                    "legal",
                    "Tell the lawyers",
                    due_seconds=7200.0,
                    when=(
                        Condition(SHOW, priorities=("P1",)),
                        Condition(ASSIGN, urgencies=("high",), assign=COMMANDER),
                        Condition(
                            DUE,
                            custom_fields=(FieldValues("Impact", ("customers",)),),
                            due_seconds=600.0,
                        ),
                    ),
                ),
                Task("undo", "Roll back"),
            ),
        ),
        Stage("Afterwards", (Task("retro", "Set a date for the review"),)),
    ),
    roles=(Role("scribe", "Scribe", default=ON_CALL), Role("liaison", "Liaison")),
    updates=Updates(remind_seconds=1800.0),
)
SIXTY = Playbook(
    "sixty",
    "Sixty",
    tuple(
        Stage(
            f"Stage {stage}",
            tuple(Task(f"t{stage}-{place}", f"Do {stage}.{place}") for place in range(1, 21)),
        )
        for stage in (1, 2, 3)
    ),
)
"""Sixty tasks in three stages."""
PLAN = RunPlan(
    "start", "PINC1", "c" * 26, PLAYBOOK, BEGIN, ADA, BEGIN, {"declarer": ADA, ON_CALL: CARLA}
)
DONE_BY_ITSELF = PLAN._replace(
    playbook=Playbook(
        "waiting",
        "Waiting",
        (
            Stage(
                "All",
                (
                    *(
                        Task(word, f"Until {word}", due_seconds=300, done_when=word)
                        for word in DONE_WHEN
                    ),
                    Task("by-hand", "By hand", due_seconds=300),
                ),
            ),
        ),
        commander="@zoe",
        updates=Updates(),
    )
)
"""A task for each word of `done_when`, and one without."""
TASKS = tuple(task.id for task in PLAYBOOK.tasks)
P1 = IncidentFacts("P1", "high", "Checkout", "PSVC1", "", (("Impact", ("customers",)),))
P3 = IncidentFacts("P3", "low", "Checkout", "PSVC1")

ACKED = IncidentFacts(done=("acknowledged", "priority"))


def act(kind: str, minute: float, by: Who = ADA, **more: Any) -> Act:
    """So many minutes after the run began."""
    made = Act(kind, more.pop("id", ""), BEGIN + minute * 60, by, **more)
    return made if made.id else made._replace(id=f"{kind}{minute:g}{by.name}{made.task}")


def tick(task: str, minute: float, by: Who = ADA, value: str = acts.DONE) -> Act:
    return act(acts.TICK, minute, by, task=task, value=value)


IDS = st.integers(0, 40).map("{:032x}".format)
MOMENTS = st.integers(0, 30).map(lambda minute: BEGIN + 60.0 * minute)
WHO = st.sampled_from(PEOPLE)
WORDS = st.sampled_from(
    ["", acts.PERSON, COMMANDER, ON_CALL, "role:scribe", "role:nobody", *acts.TASK_STATES]
)
TASK_IDS = st.sampled_from([*TASKS, *DONE_WHEN, "added1", "added2", "unknown"])
ACTS = st.builds(
    Act,
    kind=st.sampled_from([*acts.KINDS, "of a newer version"]),
    id=IDS,
    at=MOMENTS,
    by=WHO,
    task=TASK_IDS,
    stage=st.integers(-1, 5),
    value=WORDS | st.sampled_from([COMMANDER, "scribe", "liaison", *TASKS]),
    person=WHO | st.just(Who()),
    text=st.sampled_from(["", "Look again", "Call the bank"]),
    seconds=st.sampled_from([0.0, 600.0, 1800.0]),
    due=st.sampled_from([None, 0.0, BEGIN + 900.0]),
    of=IDS,
    post=st.sampled_from(["p" * 26, "q" * 26]),
    facts=st.sampled_from([None, P1, P3, ACKED]),
)
"""Acts of every kind, those that can't be meant for anything among them; ids come twice."""
