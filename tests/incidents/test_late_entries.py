"""Entries that come into sight after younger ones: whatever the order, each is told once, each
reopening is told as one, and what is known in the end is the truth."""

from __future__ import annotations

import random
import re
from typing import List, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tracked_entries import by, followed, kinds_of, wrote
from tracker_model import START, Observer, Written
from tracker_model import Model as Account

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent, Person
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.log_entries import LogEntry
from pagerduty_mattermost.incidents.turns import (
    CLOSED,
    GUESSED,
    HAND_OVER,
    KEPT_SECONDS,
    MAX_TURNS,
    Turn,
    Turns,
    read_turns,
)

LAGS = (0, 0, 10, 25, 60, 100)
"""Seconds; less than the overlap."""
LOOKS = ("assign", "trigger", "reopen", "came_back")
"""Kinds of entries by which PagerDuty may tell that an incident was reopened."""


class Life(Account):
    """One incident, whose acts lie some seconds apart and whose reopenings all look alike."""

    def __init__(self, seed: int, look: str) -> None:
        super().__init__(seed, 0.0)
        self.look = look
        self.reopenings = 0

    def write(self, incident_id: str, kind: str, quick: bool = False) -> None:
        shown_at = self.now + self.random.choice(LAGS)
        agent = "" if kind == "trigger" and not self.log else "user_reference"
        name = f"R{len(self.log)}"
        self.log.append(Written(name, self.now, shown_at, kind, incident_id, agent))

    def act(self) -> None:
        pick, stamp = self.random, times.iso(self.now)
        if not self.incidents:
            self.incidents["P1"] = Incident("P1", created_at=stamp, updated_at=stamp)
            self.write("P1", "trigger")
            return
        incident = self.incidents["P1"]
        if not incident.is_open:
            if pick.random() < 0.7:
                self.reopenings += 1
                self.change("P1", self.look, status="triggered", resolved_at="")
            return
        kind = pick.choice(("acknowledge", "annotate", "resolve", "resolve", "assign"))
        if kind == "acknowledge" and incident.status == "triggered":
            ada = (Person("U1", "Ada", stamp),)
            self.change("P1", kind, status="acknowledged", acknowledgers=ada)
        elif kind == "resolve":
            self.change("P1", kind, status="resolved", resolved_at=stamp, acknowledgers=())
        elif kind == "assign":
            self.change("P1", kind, status="triggered", acknowledgers=())
        elif kind == "annotate":
            self.write("P1", kind)


def lived(seed: int, look: str) -> Observer:
    life = Life(seed, look)
    observer = Observer(life)
    for _ in range(12):
        life.act()
        life.now += life.random.choice((3, 8, 30, 70))
        if life.random.random() < 0.8:
            observer.poll()
    for quiet in range(20):
        life.now += 30
        observer.poll(snapshot=quiet % 10 == 9)
    return observer


def reopenings(events: List[IncidentEvent]) -> int:
    """How many the events tell of."""
    told = sum(event.event_type == "incident.reopened" for event in events)
    told += sum(bool(event.change("reopened_at")) for event in events)
    return told - sum(bool(event.change("not_reopened_at")) for event in events)


@pytest.mark.parametrize("look", LOOKS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**9))
def test_whatever_comes_late_each_reopening_is_told_once(look: str, seed: int) -> None:
    observer = lived(seed, look)
    life = observer.model
    assert isinstance(life, Life)
    assert sorted(observer.ids) == sorted(one.id for one in life.log)
    assert reopenings([event for _, event in observer.told]) == life.reopenings
    assert observer.state.known["P1"].status == life.incidents["P1"].status


class Came(NamedTuple):
    """Entries that one read brings, and the incident then."""

    status: str
    entries: str


HISTORIES = [
    (  # the hand-over reopened it, as the resolve says that comes after it
        [Came("triggered", "trigger0 acknowledge10 assign60"), Came("triggered", "resolve50")],
        ["triggered", "acknowledged", "reassigned", "resolved, reopened at 60"],
    ),
    (  # acknowledged after a resolve: somebody reopened it in between
        [
            Came("acknowledged", "trigger0 resolve20"),
            Came("acknowledged", "acknowledge50"),
            Came("resolved", "assign30"),
        ],
        ["triggered", "resolved", "acknowledged", "reopened"],
    ),
    (  # resolved twice, and reopened in between
        [Came("resolved", "trigger0 resolve20 resolve50"), Came("resolved", "assign30")],
        ["triggered", "resolved", "resolved", "reopened"],
    ),
    (  # taken for the reopening, until that comes itself
        [Came("triggered", "trigger0 resolve20 assign60"), Came("triggered", "reopen30")],
        ["triggered", "resolved", "reopened", "reopened, and not at 60"],
    ),
    (  # the assignment of a reopening is seen before both
        [Came("triggered", "trigger0 assign30"), Came("triggered", "resolve20 reopen30")],
        ["triggered", "reassigned", "resolved, reopened at 30"],
    ),
    (  # in the second of the resolve that is seen after it
        [Came("triggered", "trigger0 assign60"), Came("triggered", "resolve60")],
        ["triggered", "reassigned", "resolved, reopened at 60"],
    ),
    (  # resolved right after a hand-over
        [Came("triggered", "trigger0 assign60"), Came("resolved", "resolve60")],
        ["triggered", "reassigned", "resolved"],
    ),
    (  # reopened and resolved within a second, long after it was resolved
        [
            Came("resolved", "trigger0 resolve20"),
            Came("resolved", "resolve500"),
            Came("resolved", "assign500"),
        ],
        ["triggered", "resolved", "resolved", "reopened"],
    ),
    (  # handed over and resolved within a second, long after it was reopened
        [
            Came("triggered", "trigger0 resolve20 assign30"),
            Came("resolved", "resolve500"),
            Came("resolved", "assign500"),
        ],
        ["triggered", "resolved", "reopened", "resolved", "reassigned"],
    ),
    (  # reopened by a trigger that was taken for another alert, and its assignment
        [
            Came("triggered", "trigger0 trigger90"),
            Came("triggered", "assign90"),
            Came("triggered", "resolve50"),
        ],
        ["triggered", "updated", "resolved, reopened at 90"],
    ),
]


@pytest.mark.parametrize(("came", "expected"), HISTORIES)
def test_a_late_entry_finds_its_place(came: List[Came], expected: List[str]) -> None:
    state = SensorState(START, START)
    told: List[str] = []
    for number, one in enumerate(came):
        at = times.iso(START + 100 + number)
        incident = Incident("P1", status=one.status, created_at=times.iso(START), updated_at=at)
        entries = [
            wrote(
                incident, text.rstrip("0123456789"), int(text.lstrip("abcdefghijklmnopqrstuvwxyz"))
            )
            for text in one.entries.split()
        ]
        for event in followed(state, *entries, now=START + 100 + number):
            words = kinds_of([event])[0]
            if event.change("reopened_at"):
                words += f", reopened at {since_start(event.change('reopened_at'))}"
            if event.change("not_reopened_at"):
                words += f", and not at {since_start(event.change('not_reopened_at'))}"
            told.append(words)
    assert told == expected


def since_start(text: str) -> int:
    return int(times.seconds(text) or 0) - START


def test_a_missing_resolve_says_that_the_hand_over_after_it_reopened_the_incident() -> None:
    opened = Incident("P1", created_at=times.iso(START), updated_at=times.iso(START + 100))
    entries = [
        wrote(opened, "assign", 100, "RA"),
        wrote(opened, "resolve", 50, "RC"),
        wrote(opened, "trigger", 0, "RD"),
    ]
    told = {"RA": "incident.reassigned", "RD": "incident.triggered"}
    (event,) = missing_events(entries, opened, told, START, START + 200).events
    assert (event.event_id, since_start(event.change("reopened_at"))) == ("RC", 100)


def entry(text: str, first: str = "") -> LogEntry:
    """Such as `trigger0`, written by PagerDuty itself, or `trigger0!`, by a person. `first`: the
    one that triggered the incident, as the incident names it."""
    kind, at = re.fullmatch(r"([a-z]+)(\d+)!?", text).groups()  # type: ignore[union-attr]
    opened = Incident("P1", created_at=times.iso(START), updated_at=times.iso(START + 100))
    made = wrote(opened, kind, int(at), name="R" + text)
    done = by(made, "U1") if text.endswith("!") else by(made, "S1", "service", "auto")
    included = {"id": "P1", "status": "triggered", "first_trigger_log_entry": {"id": first}}
    return done._replace(raw={**done.raw, "incident": included if first else {"id": "P1"}})


@pytest.mark.parametrize(
    ("reads", "expected"),
    [
        (  # reopened by a person in the second in which it began and was resolved
            ["trigger0", "resolve0! trigger0! assign0"],
            "triggered resolved reopened",
        ),
        (["trigger0 assign0 resolve0!", "trigger0! assign0"], "triggered resolved reopened"),
        (  # and seen before what came before it
            ["unacknowledge0! resolve0!", "trigger0 assign0 trigger0! acknowledge0!"],
            "unacknowledged resolved triggered reopened acknowledged",
        ),
        (  # each of both assignments belongs to its own beginning, whenever it is seen
            ["resolve0! reopen0!", "trigger0 assign0", "assign0"],
            "resolved reopened triggered",
        ),
        (["reopen1! assign1", "trigger0 assign0 resolve1!"], "reopened triggered resolved"),
        (  # the assignment is seen after what came after it
            ["trigger0 assign0 resolve30!", "reopen30! escalate30!", "assign30 annotate40!"],
            "triggered resolved reopened escalated annotated",
        ),
        (  # in an incident that began once there is one assignment that is no hand-over
            ["trigger0 assign0", "assign2"],
            "triggered reassigned",
        ),
    ],
)
def test_what_belongs_to_which_beginning(reads: List[str], expected: str) -> None:
    state = SensorState(START, START)
    told: List[str] = []
    for read in reads:
        found = [entry(text, first="Rtrigger0") for text in read.split()]
        told += kinds_of(followed(state, *found, now=START + 100))
    assert " ".join(told) == expected


def test_without_the_name_of_the_first_trigger_it_is_told_as_before() -> None:
    state = SensorState(START, START)
    found = kinds_of(followed(state, entry("trigger0")))
    assert [*found, *kinds_of(followed(state, entry("annotate1!")))] == ["triggered", "annotated"]


@given(
    st.lists(
        st.builds(
            Turn, st.integers(0, 2 * KEPT_SECONDS), st.sampled_from("baorgh"), st.booleans()
        ),
        max_size=20,
    )
)
def test_turns_are_kept_in_order_and_read_as_they_were_written(given: List[Turn]) -> None:
    turns = Turns()
    for one in given:
        turns = turns.with_turn(one)
    kept = [one.at for one in turns.turns]
    assert kept == sorted(kept)
    assert len(kept) <= MAX_TURNS
    assert not kept or kept[-1] == max(one.at for one in given)
    assert len(kept) < 2 or kept[-1] - kept[1] <= KEPT_SECONDS  # one is kept that is older
    assert read_turns(str(turns)) == turns


def test_between_turns() -> None:
    turns = read_turns(f"a5{CLOSED}10{HAND_OVER.upper()}20nonsense")
    assert [turns.is_closed(at) for at in (4, 5, 10, 19, 20)] == [None, False, True, True, False]
    assert turns.after(10) == Turn(20, HAND_OVER, by_assignment=True)
    guessed = turns.instead(turns.turns[2], turns.turns[2]._replace(told_as=GUESSED))
    assert str(guessed) == "a5r10G20"


@pytest.mark.soak
@pytest.mark.parametrize("look", LOOKS)
def test_thousands_of_lives(look: str) -> None:
    for seed in random.Random(0).sample(range(10**9), 5000):
        observer = lived(seed, look)
        life = observer.model
        assert isinstance(life, Life)
        assert sorted(observer.ids) == sorted(one.id for one in life.log), seed
        assert reopenings([event for _, event in observer.told]) == life.reopenings, seed
