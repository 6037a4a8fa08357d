"""A task that starts an action of StackStorm: only a listed one, with what it has parameters for,
in the name of who asks, once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Optional

import pytest
from runs_case import RunsWorld

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core.errors import NotFound, NotKnown, PackError, RejectedInput
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.playbooks.playbook import Playbook, Stage, Task
from pagerduty_mattermost.playbooks.validation import validate

REF = "ops.open_bridge"
PLAYBOOK = Playbook(
    "outage",
    "Outage",
    (Stage("First", (Task("bridge", "Open a {{ call }}", run=f"action:{REF}"),)),),
)
YAML = (
    "name: outage\ntitle: Outage\nstages:\n  - name: First\n    tasks:\n"
    "      - {id: bridge, text: Open a call, run: 'action:ops.open_bridge'}\n"
)


class Refusal(Exception):
    """As StackStorm's client raises one."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.response = SimpleNamespace(status_code=status)


class StackStorm:
    """Its client, as far as actions are started."""

    def __init__(self, *parameters: str) -> None:
        self.parameters = dict.fromkeys(parameters, {"type": "string"})
        self.started: List[Dict[str, Any]] = []
        self.trouble: Optional[Exception] = None
        self.actions = SimpleNamespace(get_by_ref_or_id=self._action)
        self.executions = SimpleNamespace(create=self._create)

    def _action(self, ref: str) -> Any:
        return SimpleNamespace(parameters=self.parameters) if ref == REF else None

    def _create(self, wanted: Any) -> Any:
        if self.trouble is not None:
            raise self.trouble
        self.started.append(wanted.serialize())
        return SimpleNamespace(id="65f0c0ffee")


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    with RunsWorld(PLAYBOOK, note=False, actions=[REF], feed_acts=["tasks"]) as world:
        world.begin()
        world.clock.advance(60)
        yield world


def client_of(world: RunsWorld, *parameters: str) -> StackStorm:
    client = StackStorm(*parameters)
    world.datastore.get_api_client = lambda: client  # type: ignore[attr-defined]
    return client


def test_it_is_given_what_it_takes_and_who_asked(world: RunsWorld) -> None:
    client = client_of(world, "incident_id", "user", "user_id", "task", "channel_id", "url")
    said = world.click("grace", "task_run", "bridge")["message"]
    assert said == "1.1: `ops.open_bridge` runs as `65f0c0ffee`."
    assert client.started == [
        {
            "action": REF,
            "parameters": {
                "incident_id": world.case.id,
                "channel_id": world.the_room.channel_id,
                "task": "bridge",
                "user": "grace",
                "user_id": world.user("grace"),
            },
        }
    ]
    assert "▶ grace 03:46" in world.post.message
    assert world.told == ["▶ grace ran **1.1** Open a {{ call }}"]


def test_an_order_that_comes_twice_starts_it_once(world: RunsWorld) -> None:
    client = client_of(world)
    order = world.typed("grace", "task run 1.1")
    world.carry_out(order)
    world.carry_out(order)
    assert client.started == [{"action": REF, "parameters": {}}]
    world.say("grace", "task run 1.1")
    assert len(client.started) == 2, "as often as people ask for it"


def test_a_dry_run_starts_nothing(world: RunsWorld) -> None:
    client = client_of(world)
    told = world.say("grace", "task run 1.1 --dry-run")
    assert told.startswith("Dry run, nothing is changed. It would")
    assert client.started == []


def test_as_an_action_and_a_phrase_it_is_started_too(world: RunsWorld) -> None:
    client = client_of(world)
    command = Command("task_run", incidents=world.case.id, task="1.1")
    context = world.context()
    user = marked_id(world.user("grace"))
    perform(context, command._replace(user=user, channel=world.the_room.channel_id))
    assert len(client.started) == 1


def test_what_is_not_listed_is_not_started(world: RunsWorld) -> None:
    client = client_of(world)
    world.rooms["actions"] = []
    with pytest.raises(RejectedInput, match=r"ops\.open_bridge is not listed in rooms\.actions"):
        world.say("grace", "task run 1.1")
    assert client.started == []


def test_whoever_saves_a_playbook_hears_of_it_with_its_line(world: RunsWorld) -> None:
    assert validate(world.context(), YAML).lines == ()
    (line,) = validate(world.context(actions=[]), YAML).lines
    assert line.startswith(
        "line 6: stage 1, task 1, run: the action ops.open_bridge is not listed"
    )


@pytest.mark.parametrize(
    ("trouble", "expected", "words"),
    [
        (Refusal(400, "Bad Request: url is required"), RejectedInput, "url is required"),
        (Refusal(403, "User lacks permission"), RejectedInput, "does not start"),
        (Refusal(503, "gone"), NotKnown, "st2 execution list"),
        (ConnectionError("reset"), NotKnown, "is not known"),
    ],
)
def test_what_stackstorm_refuses_is_said(
    world: RunsWorld, trouble: Exception, expected: Any, words: str
) -> None:
    client = client_of(world)
    client.trouble = trouble
    with pytest.raises(expected, match=words):
        world.say("grace", "task run 1.1")
    assert "▶ grace" not in world.post.message


def test_an_action_that_is_not_there(world: RunsWorld) -> None:
    client = client_of(world)
    client.actions = SimpleNamespace(get_by_ref_or_id=lambda ref: None)
    with pytest.raises(NotFound, match="StackStorm has no action ops.open_bridge"):
        world.say("grace", "task run 1.1")
    client.actions = SimpleNamespace(get_by_ref_or_id=lambda ref: 1 / 0)
    with pytest.raises(PackError, match="does not show the action"):
        world.say("grace", "task run 1.1")
    world.datastore.get_api_client = lambda: SimpleNamespace()  # type: ignore[attr-defined]
    with pytest.raises(RejectedInput, match="is an action of StackStorm, which is not there"):
        world.say("grace", "task run 1.1")
