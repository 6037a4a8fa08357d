"""A replay that may take only so long, and the same by command: who may, what is said meanwhile,
and what is shown where time was up."""

from __future__ import annotations

from typing import Any, Dict, Iterator

import pytest
from chat_trips import answer_hook
from live_world import LiveWorld
from model_world import LOG
from route_simulate import RouteSimulate

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.simulation import log_reading

DAYS = 3


class Ticking:
    """A clock that goes on by so much each time it is looked at."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds = 1000.0, seconds

    def __call__(self) -> float:
        self.now += self.seconds
        return self.now


@pytest.fixture(scope="module")
def days() -> Iterator[LiveWorld]:
    """An incident every six hours for three days."""
    world = LiveWorld({"time_zone": "Europe/Berlin", "chat": {"allowed": {"simulate": ["@ada"]}}})

    def happens(number: int) -> Any:
        def happen() -> None:
            incident = world.account.trigger("Database", f"Disk {number}")
            world.account.resolve(incident)

        return happen

    for number in range(DAYS * 4):
        world.clock.advance(6 * 3600.0)
        happens(number)()
    world.clock.advance(3600.0)
    yield world
    world.close()


def run(world: LiveWorld, step: float, **given: Any) -> Any:
    action = RouteSimulate(dict(world.settings), world.service)
    action.logger, action.clock, action.monotonic = LOG, world.clock, Ticking(step)
    return action.run(**{"since": f"{DAYS}d", **given})


def done(world: LiveWorld, step: float, **given: Any) -> Dict[str, Any]:
    ok, result = run(world, step, **given)
    assert ok, result
    return result  # type: ignore[no-any-return]


def test_enough_time_changes_nothing(days: LiveWorld) -> None:
    whole = done(days, 0.0)
    assert whole["complete"]
    assert done(days, 0.0, within=60) == whole


@pytest.mark.parametrize(
    ("step", "given"), [(0.005, {}), (0.003, {"settings": ["quiet_hours.hours=00:00-23:59"]})]
)
def test_what_was_replayed_when_time_was_up_is_as_if_it_was_asked_for(
    days: LiveWorld, step: float, given: Dict[str, Any]
) -> None:
    cut = done(days, step, within=50, **given)
    assert not cut["complete"]
    assert "Time was up after 50 s" in cut["message"]
    begin, end = (times.seconds(cut[name]) or 0.0 for name in ("since", "until"))
    assert 0 < end - begin < DAYS * 86400
    same = done(days, 0.0, since=cut["since"], until=cut["until"], **given)
    for side in ("as_it_is", "changed"):
        assert same[side] == cut[side]
    assert 0 < cut["as_it_is"]["incidents"] < DAYS * 4


def test_a_log_that_takes_too_long_to_read_leaves_the_newest_part(
    days: LiveWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_reading, "READING_SHARE", 1e-9)
    cut = done(days, 0.0001, within=50)
    assert not cut["complete"]
    begin, end = (times.seconds(cut[name]) or 0.0 for name in ("since", "until"))
    assert (end - begin, end) == (43200.0, float(int(days.clock())))
    assert f"{DAYS}d was asked for" in cut["message"]
    same = done(days, 0.0, since=cut["since"], until=cut["until"])
    assert same["as_it_is"] == cut["as_it_is"]


def test_no_time_at_all(days: LiveWorld) -> None:
    ok, said = run(days, 0.01, within=1)
    assert (ok, "within 1 s" in said) == (False, True), said


def context_of(world: LiveWorld, step: float = 0.0, **chat: Any) -> Context:
    raw = {**world.settings, "chat": {**world.settings["chat"], **chat}}
    return Context(raw, world.service, LOG, clock=world.clock, monotonic=Ticking(step))


def said(world: LiveWorld, line: str, who: str = "ada", step: float = 0.0, **chat: Any) -> str:
    read = parse(line)
    assert not read.problem, read.problem
    command: Command = read.command._replace(user=who)
    return perform(context_of(world, step, **chat), command).message


def test_by_command(days: LiveWorld) -> None:
    before = len(days.chat.journal.entries)
    text = said(days, "simulate 3d quiet_hours.hours=00:00-23:59 disable=p1_tell_oncall")
    assert "Nothing was posted." in text
    assert "| of these cards | 12 |" in text
    plain = text.replace("\u200b", "")
    assert "quiet_hours.hours=00:00-23:59; rule pagerduty.p1_tell_oncall disabled" in plain
    assert {one.method for one in days.chat.journal.entries[before:]} == {"GET"}
    assert "12 incidents" in said(days, "simulate since=3d")


def test_only_who_is_given_the_right(days: LiveWorld) -> None:
    with pytest.raises(RejectedInput, match="it is for @ada"):
        said(days, "simulate 3d", who="grace")
    with pytest.raises(RejectedInput, match="chat.allowed of the configuration has to list"):
        said(days, "simulate 3d", allowed={})


def test_a_long_one_says_that_it_is_under_way_and_ends_in_time(days: LiveWorld) -> None:
    chat = days.chat
    hook = answer_hook(chat.service, chat.world, chat.world.users["ada"].id)
    command = parse("simulate 3d").command._replace(user="ada", hook=hook)
    before = len(chat.journal.entries)
    text = perform(context_of(days, 0.005), command).message
    assert "Time was up after 45 s" in text
    (told,) = [one for one in chat.journal.entries[before:] if one.method != "GET"]
    assert told.path == hook
    assert b"the answer comes within a minute" in told.body
    assert b'"response_type": "ephemeral"' in told.body


@pytest.mark.parametrize("line", ["simulate the storm", "simulate 3d storm", "simulate 3d =5"])
def test_what_does_not_read(line: str) -> None:
    assert parse(line).problem
