"""A task that has StackStorm run a phrase of some pack's alias: only a listed one, labelled with
who asks, once for each order."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Optional, Tuple

import pytest
from runs_case import RunsWorld

from pagerduty_mattermost.core.errors import NotFound, NotKnown, RejectedInput, RetryLater
from pagerduty_mattermost.exercises.harmless import harmless
from pagerduty_mattermost.playbooks.playbook import Playbook, Stage, Task
from pagerduty_mattermost.playbooks.validation import validate

REF, PHRASE = "jira.create_issue_alias", "jira create issue Shop is down"
TICKET = Task("ticket", "Open a ticket", run=f"alias:{PHRASE}")
PLAYBOOK = Playbook("outage", "Outage", (Stage("First", (TICKET,)),))
YAML = (
    "name: outage\ntitle: Outage\nstages:\n  - name: First\n    tasks:\n"
    "      - {id: ticket, text: Open a ticket, run: 'alias:%s'}\n"
)


class Refusal(Exception):
    """As StackStorm's client raises one."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.response = SimpleNamespace(status_code=status)


class StackStorm:
    """Its client, as far as aliases are matched and run."""

    def __init__(self) -> None:
        self.ran: List[Dict[str, Any]] = []
        self.unmatched: Optional[Exception] = None
        self.trouble: Optional[Exception] = None
        self.managers = {
            "ActionAlias": SimpleNamespace(match=self._match),
            "ActionAliasExecution": SimpleNamespace(create=self._create),
        }

    def _match(self, asked: Any) -> Tuple[Any, str]:
        if self.unmatched is not None:
            raise self.unmatched
        assert asked.serialize() == {"command": PHRASE}
        return SimpleNamespace(pack="jira", name="create_issue_alias"), "jira create issue {{ s }}"

    def _create(self, asked: Any) -> Any:
        if self.trouble is not None:
            raise self.trouble
        self.ran.append(asked.serialize())
        return SimpleNamespace(execution={"id": "65f0c0ffee"})


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld(PLAYBOOK, note=False, aliases=[REF]) as world:
        world.begin()
        world.clock.advance(60)
        yield world


@pytest.fixture
def client(world: RunsWorld) -> StackStorm:
    made = StackStorm()
    world.datastore.get_api_client = lambda: made  # type: ignore[attr-defined]
    return made


def test_it_is_run_in_the_name_of_who_clicks(world: RunsWorld, client: StackStorm) -> None:
    said = world.click("grace", "task_run", "ticket")["message"]
    assert said == f"1.1: `{PHRASE}` runs as `65f0c0ffee`."
    assert client.ran == [
        {
            "name": "create_issue_alias",
            "format": "jira create issue {{ s }}",
            "command": PHRASE,
            "user": "grace",
            "source_channel": kept(world)["mark"],
        }
    ]
    assert "▶ grace" in world.post.message


def test_what_came_of_it_is_left_to_be_posted_in_the_room(
    world: RunsWorld, client: StackStorm
) -> None:
    world.click("grace", "task_run", "ticket")
    found = kept(world)
    assert (found["phrase"], found["alias"], found["task"]) == (PHRASE, REF, "1.1")
    assert (found["user_name"], found["channel_id"]) == ("grace", world.run().plan.channel)
    assert found["execution"] == "65f0c0ffee"
    assert found["seed"]


def kept(world: RunsWorld) -> Dict[str, Any]:
    """What the chat sensor finds of it."""
    values = world.datastore.list_values(local=False, prefix="pagerduty.alias.")
    (found,) = [json.loads(one.value)["data"] for one in values]
    return {**found, "mark": f"{found['channel_id']}//{found['id']}"}


def test_an_order_that_comes_twice_runs_it_once(world: RunsWorld, client: StackStorm) -> None:
    order = world.typed("grace", "task run 1.1")
    world.carry_out(order)
    world.carry_out(order)
    assert len(client.ran) == 1


def test_what_is_not_listed_is_not_run(world: RunsWorld, client: StackStorm) -> None:
    world.rooms["aliases"] = ["jira.another"]
    with pytest.raises(RejectedInput, match=rf"{REF} is not listed in rooms\.aliases"):
        world.say("grace", "task run 1.1")
    assert client.ran == []


def test_a_dry_run_and_a_drill_run_nothing(world: RunsWorld, client: StackStorm) -> None:
    told = world.say("grace", "task run 1.1 --dry-run")
    assert told.startswith("Dry run, nothing is changed. It would")
    assert client.ran == []
    assert harmless(PLAYBOOK).tasks[0].run == ""


@pytest.mark.parametrize(
    ("unmatched", "trouble", "expected", "words"),
    [
        (Refusal(400, "Command matched 0 pattern(s)"), None, NotFound, "no one alias"),
        (Refusal(500, "broken"), None, RetryLater, "does not say which alias"),
        (None, Refusal(403, "User lacks permission"), RejectedInput, "does not start"),
        (None, ConnectionError("reset"), NotKnown, "is not known"),
    ],
)
def test_what_stackstorm_refuses_is_said(
    world: RunsWorld,
    client: StackStorm,
    unmatched: Optional[Exception],
    trouble: Optional[Exception],
    expected: Any,
    words: str,
) -> None:
    client.unmatched, client.trouble = unmatched, trouble
    with pytest.raises(expected, match=words):
        world.say("grace", "task run 1.1")
    assert "▶ grace" not in world.post.message
    left = world.datastore.list_values(local=False, prefix="pagerduty.alias.")
    assert bool(left) == (expected is NotKnown), "the sensor looks for what may run"


def test_without_stackstorm_it_is_said(world: RunsWorld) -> None:
    world.datastore.get_api_client = lambda: None  # type: ignore[attr-defined]
    with pytest.raises(RejectedInput, match="run by StackStorm, which is not there"):
        world.say("grace", "task run 1.1")


def test_whoever_saves_a_playbook_hears_of_it_with_its_line(world: RunsWorld) -> None:
    assert validate(world.context(), YAML % PHRASE).lines == ()
    (line,) = validate(world.context(aliases=[]), YAML % PHRASE).lines
    assert line == (
        "line 6: stage 1, task 1, run: rooms.aliases of the configuration lists no alias that may "
        "be run"
    )
    (line,) = validate(world.context(), YAML % "say {{ st2kv.system.key }}").lines
    assert line.endswith("run: a phrase may hold no template")
