"""mattermost.post_message, run by run as StackStorm runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from chat_world import ChatActionCase
from mattermost_post_message import PostMessage

ROOT = Path(__file__).resolve().parents[2]
UNSET = {"message": None, "key": None, "root_id": None, "props": None}


class PostMessageTestCase(ChatActionCase):
    __test__ = True
    action_cls = PostMessage

    def test_a_message_stands_in_the_channel(self) -> None:
        result = self.done(channel="~incidents", **{**UNSET, "message": "*hello*"})
        (post,) = self.chat.service.posts("incidents")
        assert (post.id, post.message) == (result["post_id"], "*hello*")
        assert result["channel_id"] == post.channel_id
        assert result["message"] == "Posted in ~incidents."
        assert result["link"] == f"{self.chat.server.url}/_redirect/pl/{post.id}"

    def test_no_text_of_the_message_comes_back(self) -> None:
        result = self.done(channel="incidents", message="%%%%%~=~=~=************=~=~=~%%%% text")
        assert "text" not in json.dumps(result)

    def test_the_same_key_is_posted_once(self) -> None:
        first = self.done(channel="incidents", message="once", key="k")
        self.chat.clock.advance(7200)
        again = self.done(channel="~incidents", message="once more", key="k")
        assert (again["post_id"], again["already"]) == (first["post_id"], True)
        assert self.chat.messages("incidents") == ["once"]
        assert self.done(channel="ops", message="elsewhere", key="k")["already"] is False

    def test_without_a_key_each_run_posts(self) -> None:
        self.done(channel="incidents", message="a")
        self.done(channel="incidents", message="a")
        assert self.chat.messages("incidents") == ["a", "a"]

    def test_a_lost_answer_makes_no_second_message(self) -> None:
        self.chat.server.faults.add("lost", method="POST", path="/posts$", times=1)
        self.done(channel="incidents", message="once")
        assert self.chat.messages("incidents") == ["once"]

    def test_a_reply_stands_in_its_thread(self) -> None:
        root = self.done(channel="incidents", message="root")["post_id"]
        self.done(channel="incidents", message="reply", root_id=root)
        assert [post.message for post in self.chat.service.thread(root)] == ["reply"]

    def test_props_arrive(self) -> None:
        self.done(
            channel="incidents", **{**UNSET, "props": {"attachments": [{"text": "only this"}]}}
        )
        (post,) = self.chat.service.posts("incidents")
        assert post.props["attachments"][0]["text"] == "only this"

    def test_nothing_to_post_is_refused(self) -> None:
        assert "Nothing to post" in self.refused(channel="incidents", **{**UNSET, "message": " "})

    def test_what_is_wrong_is_one_line(self) -> None:
        assert "16384 characters" in self.refused(channel="incidents", message="x" * 16384)
        assert "no channel ~nowhere" in self.refused(channel="nowhere", message="x")
        assert "no name of a Mattermost" in self.refused(channel="../../users/me", message="x")
        assert "No channel given" in self.refused(channel="", message="x")
        assert "no Mattermost post id" in self.refused(
            channel="incidents", message="x", root_id="no/id"
        )
        assert self.chat.created() == 1  # the complaint of ~nowhere

    def test_a_database_that_is_down_is_no_mistake_of_the_channels(self) -> None:
        self.done(channel="incidents", message="before")
        self.chat.service.database_down = True
        assert "answered 500" in self.refused(channel="incidents", message="x")
        self.chat.service.database_down = False
        self.done(channel="incidents", message="after")
        assert self.chat.messages("incidents") == ["before", "after"]
        assert self.chat.messages("ops") == []

    def test_an_exchange_packs_configuration_says_what_is_missing(self) -> None:
        config = {"api_key": "x" * 20, "service_key": None, "debug": False}
        succeeded, line = self.act(config, channel="incidents", message="x")
        assert not succeeded
        assert "mattermost.url" in line
        assert "mattermost.token" in line

    def test_the_token_is_in_no_message(self) -> None:
        self.chat.service.revoke(self.chat.world.bot_token)
        line = self.refused(channel="incidents", message="x")
        assert "mattermost.token" in line
        assert self.chat.world.bot_token not in line

    def test_a_process_imports_nothing_it_does_not_use(self) -> None:
        program = (
            "import json, sys\n"
            "from mattermost_post_message import PostMessage\n"
            "class Service:\n"
            "    def list_values(self, **_): return []\n"
            "    def set_value(self, *_, **__): return True\n"
            "action = PostMessage(json.loads(sys.argv[1]), Service())\n"
            "print(json.dumps(action.run(channel='incidents', message='x', key='k')))\n"
            "print(json.dumps(sorted(sys.modules)))\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, json.dumps(self.chat.raw())],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        result, modules = (json.loads(line) for line in done.stdout.strip().splitlines()[-2:])
        assert result[0] is True, result
        loaded = set(modules)
        assert "mattermostdriver" in loaded
        unused = {
            "jsonschema",
            "dateutil",
            "dataclasses",
            "yaml",
            "pdpyras",
            "aiohttp",
            "websockets.client",
            "sqlite3",
        }
        ours = {
            "cards.card",
            "cards.publisher",
            "gateways.mattermost.operations_notices",
            "gateways.pagerduty.client",
            "gateways.pagerduty.references",
            "incidents.incident",
            "incidents.tracker",
            "oncall.watch",
        }
        for name in ours:
            assert find_spec(f"pagerduty_mattermost.{name}"), f"there is no module {name}"
        if "st2common.runners.utils" in loaded and "oslo_config" in loaded:
            unused -= {
                "yaml",
                "dataclasses",
                "jsonschema",
                "dateutil",
            }  # StackStorm's own base class brings them
        assert not loaded & (unused | {f"pagerduty_mattermost.{name}" for name in ours})
