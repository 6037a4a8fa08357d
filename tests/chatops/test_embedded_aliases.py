"""`/st2` without StackStorm: the pack's own aliases run, all else is refused by name."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping
from unittest.mock import patch

import pytest
from chatops_case import ChatopsCase
from embedded_room import EmbeddedRoom
from pack_files import ROOT
from runs_case import RunsWorld

from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.http import listener
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase
from pagerduty_mattermost.playbooks.playbook import Playbook, Stage, Task
from sandbox import Sandbox
from sandbox.demo import CHANNEL
from sandbox.waiting import until
from standalone.alias_api import AliasApi
from standalone.journal import Execution, new_id
from standalone.metadata import load_pack
from standalone.services import ApiClient


class EmbeddedTestCase(ChatopsCase):
    __test__ = True

    def own_settings(self) -> Dict[str, Any]:
        return {}

    def furnish(self) -> None:
        self.runs: List[Dict[str, Any]] = []
        self.outcome: Any = ("succeeded", {"result": {"message": "2 incidents are open."}})
        pack = load_pack(ROOT)
        api = AliasApi(pack.ref, pack.aliases, pack.actions, lambda name: None, self.run_action)
        self.sensor_service.alias_api = api.call

    def run_action(
        self, ref: str, parameters: Mapping[str, Any], user: str, context: Mapping[str, Any]
    ) -> Execution:
        self.runs.append({"ref": ref, "user": user, **parameters})
        status, result = self.outcome
        done = Execution(new_id(), ref, parameters, context, status=status, result=result)
        now = time.time()
        return done._replace(started_at=now, finished_at=now)

    def test_the_packs_own_aliases_run_as_who_typed(self) -> None:
        self.say("list incidents on Database")
        self.told("2 incidents are open.")
        (run,) = self.runs
        assert (run["ref"], run["user"]) == ("pagerduty.chat.run", "ada")
        assert (run["verb"], run["service"]) == ("list", "Database")
        self.nothing_left()

    def test_in_a_public_channel_that_the_bot_is_not_in_it_is_said_there(self) -> None:
        """The alias has no acknowledgement: the result is the first thing that is posted."""
        channel = self.sandbox.mattermost.account.add_channel("elsewhere", members=["ada"])
        self.say("list incidents", channel_id=channel.id)
        self.waited(lambda: any("2 incidents are open." in one.message for one in channel.posts))
        self.nothing_left()

    def test_what_fails_is_said(self) -> None:
        self.outcome = ("failed", {"result": "PagerDuty does not answer", "stderr": ""})
        self.say("list incidents")
        self.told("PagerDuty does not answer")

    def test_other_packs_phrases_are_refused_by_name(self) -> None:
        self.say("pack get core")
        assert "this runs without StackStorm" in self.told_alone("`pack get core` was not run")
        assert not self.runs

    def test_help_lists_the_packs_own(self) -> None:
        self.say("help list incidents")
        assert "list incidents" in self.told_alone("What you may run here")

    def test_help_lists_each_phrase_once(self) -> None:
        """There are more aliases than StackStorm gives at once."""
        self.say("help list")
        told = self.told_alone("What you may run here")
        lines = [line for line in told.splitlines() if line.startswith("- ")]
        assert len(lines) == len(set(lines)) > 5

    def test_it_needs_an_allow_list_as_any_one_account(self) -> None:
        self.chatops = {}
        self.start()
        self.say("list incidents")
        self.told_alone("chatops.allow names none")
        assert not self.runs

    def test_the_round_asks_for_no_inquiries(self) -> None:
        self.bridge._inquiries.look()
        assert self.bridge._answers._api is None

    def test_what_needs_stackstorm_answers_so(self) -> None:
        assert self.sensor_service.alias_api("GET", "/inquiries")[0] == 404


class Answers:
    """The embedded default's API for the pack's own aliases, whose actions are noted."""

    def __init__(self) -> None:
        self.ran: List[Dict[str, Any]] = []
        pack = load_pack(ROOT)
        api = AliasApi(pack.ref, pack.aliases, pack.actions, lambda name: None, self.run)
        self.client = ApiClient(pack.rules, (), api.call)

    def run(
        self, ref: str, parameters: Mapping[str, Any], user: str, context: Mapping[str, Any]
    ) -> Execution:
        done = Execution("e1", ref, parameters, context, status="succeeded", result={"result": {}})
        now = time.time()
        self.ran.append({"ref": ref, "user": user, "verb": parameters["verb"]})
        return done._replace(started_at=now, finished_at=now)


@pytest.fixture
def world() -> Iterator[RunsWorld]:
    task = Task("list", "See what else is open", run="alias:list incidents")
    playbook = Playbook("outage", "Outage", (Stage("First", (task,)),))
    with RunsWorld(playbook, note=False, aliases=["pagerduty.pagerduty_list"]) as made:
        made.begin()
        yield made


@pytest.fixture
def answers(world: RunsWorld) -> Answers:
    made = Answers()
    world.datastore.get_api_client = lambda: made.client  # type: ignore[attr-defined]
    return made


def test_a_task_runs_one_of_the_packs_own_as_who_clicks(
    world: RunsWorld, answers: Answers, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    order = world.clicked("grace", "task_run", "list")
    said = world.carry_out(order)["message"]
    assert said.startswith("1.1: `list incidents` runs as `")
    world.carry_out(order)
    until(lambda: answers.ran)
    until(lambda: "The alias pagerduty.pagerduty_list: done" in caplog.text)
    assert answers.ran == [{"ref": "pagerduty.chat.run", "user": "grace", "verb": "list"}]
    assert "▶ grace" in world.post.message


def test_only_those_that_are_listed_and_of_this_pack(world: RunsWorld, answers: Answers) -> None:
    world.rooms["aliases"] = ["pagerduty.pagerduty_health"]
    with pytest.raises(RejectedInput, match="pagerduty_list is not listed in rooms.aliases"):
        world.say("grace", "task run 1.1")
    with pytest.raises(NotFound, match="without StackStorm, with the pack's own aliases alone"):
        world.context().run_phrase(said("pack get core", "grace"), lambda ref: "")
    assert answers.ran == []


def test_it_runs_in_the_running_pack(tmp_path: Path) -> None:
    with Sandbox() as sandbox, patch.object(listener, "LISTEN_AGAIN_SECONDS", 1.0):
        room = EmbeddedRoom(sandbox, tmp_path)
        try:
            context = Context(
                room.app.configuration.current(),
                room.app.action_service("ChatRun", "stanley"),
                logging.getLogger("test"),
            )
            one = room.incident()
            channel = room.mattermost.channel(CHANNEL).id
            kept = said(f"note on {one.number}: seen by the task", "ada", channel)
            assert context.run_phrase(kept, lambda ref: "")
            until(lambda: [note.content for note in one.notes] == ["seen by the task"])
            until(lambda: shown(room, "1.1: `note on"))
            (post,) = shown(room, "1.1: `note on")
            assert "ada" in post.message
            assert f"Noted on [#{one.number}" in post.message
            assert not post.attachments, "it is carried out again where the task stands"
        finally:
            room.stop()


def said(phrase: str, user: str, channel: str = "") -> KeptPhrase:
    """A phrase that the task 1.1 says."""
    return KeptPhrase("f" * 32, phrase, "", "", "", user, channel, time.time(), task="1.1")


def shown(room: EmbeddedRoom, words: str) -> List[Any]:
    return [post for post in room.mattermost.posts(CHANNEL) if words in post.message]
