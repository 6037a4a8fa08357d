"""The playbooks in the dialog of a declaration: to each person those that they may start; and what
is started where none is named."""

from __future__ import annotations

import time
from typing import Any, Iterator, List

import pytest
from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.chat.playbook_choices import ASK_SECONDS, PlaybookChoices
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.playbooks.kept import KeptPlaybooks
from pagerduty_mattermost.runs.records import RunRecords
from sandbox.waiting import until

STAGES = "stages:\n  - name: First\n    tasks:\n      - {id: a, text: Do}\n"


@pytest.fixture
def world() -> Iterator[RoomsWorld]:
    with RoomsWorld() as made:
        yield made


def save(world: RoomsWorld, name: str, more: str = "") -> None:
    text = f"name: {name}\ntitle: {name}\n{more}{STAGES}"
    KeptPlaybooks(world.context().store).save(name, text, by="@ada", at=NOW)


def choices(world: RoomsWorld, now: Any = time.monotonic) -> PlaybookChoices:
    return PlaybookChoices(world.context, world.log, now)


def offered(world: RoomsWorld, made: PlaybookChoices, who: str) -> List[str]:
    found: List[str] = until(lambda: made.of(world.user(who)))
    return found


def test_each_person_is_offered_what_they_may_start(world: RoomsWorld) -> None:
    save(world, "for-ada", 'who: {start: ["@ada"]}\n')
    save(world, "for-eng", "teams: [eng]\n")
    save(world, "for-all")
    made = choices(world)
    assert made.of(world.user("ada")) == [], "they are read in the background"
    assert offered(world, made, "ada") == ["for-ada", "for-all", "major-incident", "none"]
    assert offered(world, made, "mei") == ["for-all", "major-incident", "none"]


def test_what_was_found_is_believed_for_a_while(world: RoomsWorld) -> None:
    save(world, "for-ada", 'who: {start: ["@ada"]}\n')
    now = [0.0]
    made = choices(world, lambda: now[0])
    assert "for-ada" in offered(world, made, "ada")
    before = len(world.sandbox.journal.entries)
    assert "for-ada" in made.of(world.user("ada"))
    assert len(world.sandbox.journal.entries) == before
    save(world, "later")
    assert "later" not in made.of(world.user("ada"))
    now[0] += 61
    until(lambda: "later" in made.of(world.user("ada")))


def test_a_dialog_waits_a_second_at_most(world: RoomsWorld) -> None:
    save(world, "for-ada", 'who: {start: ["@ada"]}\n')
    made = choices(world)
    assert offered(world, made, "mei") == ["major-incident", "none"]
    world.sandbox.mattermost.faults.add("freeze")
    began = time.monotonic()
    assert made.of(world.user("ada")) == ["major-incident", "none"]
    assert time.monotonic() - began < ASK_SECONDS + 2
    world.sandbox.mattermost.faults.clear()
    until(lambda: "for-ada" in made.of(world.user("ada")))


def test_a_datastore_that_is_down_offers_nothing_to_choose(world: RoomsWorld) -> None:
    def down() -> None:
        raise OSError("down")

    world.datastore.trouble = down
    made = choices(world)
    made.of(world.user("ada"))
    until(lambda: any("Dialogs offer" in line for line in world.log.lines))
    assert made.of(world.user("ada")) == []


# What is started where none is named


def declared(world: RoomsWorld, who: str = "ada", **options: str) -> CommandResult:
    said = Command(
        "create",
        text="The shop is down",
        service="Checkout API",
        user=marked_id(world.user(who)),
        key="k" * 20,
        options={"room": "true", **options},
    )
    return perform(world.context(), said)


def run_of(world: RoomsWorld, result: CommandResult) -> Any:
    return RunRecords(world.context().store).load(result.incidents[0])


def test_the_playbook_that_fits_is_started_with_the_room(world: RoomsWorld) -> None:
    result = declared(world, priority="P1")
    assert run_of(world, result).plan.playbook.name == "major-incident"
    assert "Started the playbook **Major incident**" in result.message


def test_none_is_started_where_none_fits_or_none_is_wanted(world: RoomsWorld) -> None:
    result = declared(world, priority="P3")
    assert run_of(world, result) is None
    assert "Opened the room" in result.message


def test_none_is_wanted(world: RoomsWorld) -> None:
    assert run_of(world, declared(world, priority="P1", playbook="none")) is None


def test_one_that_is_named_needs_no_tick_for_the_room(world: RoomsWorld) -> None:
    save(world, "outage")
    result = declared(world, playbook="outage", room="")
    assert run_of(world, result).plan.playbook.name == "outage"


def test_who_may_not_start_it_gets_the_room_alone(world: RoomsWorld) -> None:
    save(world, "major-incident", 'choose: {priorities: [P1]}\nwho: {start: ["@mei"]}\n')
    result = declared(world, priority="P1")
    assert run_of(world, result) is None
    assert "Opened the room" in result.message


def test_whom_the_configuration_lets_start_none_gets_the_room_alone(world: RoomsWorld) -> None:
    raw = {**world.raw(), "chat": {"allowed": {"start": ["@mei"]}}}
    context = Context(raw, world.datastore, world.log, clock=world.clock, sleep=world.sleep)
    said = Command(
        "create",
        text="Down",
        service="Checkout API",
        user=marked_id(world.user("ada")),
        key="k" * 20,
        options={"room": "true", "priority": "P1"},
    )
    assert run_of(world, perform(context, said)) is None
