"""StackStorm's own chat on a real StackStorm: phrases, executions and inquiries there, Mattermost
and PagerDuty from the sandbox, the chat sensor in this process.

ST2_API_URL names it (README.md here); it needs the packs examples and hello_st2 beside packs. With
StackStorm's own modules in the tests' virtualenv its parser and its filters are used, too. The
aliases that are made there begin with live_chat and are taken away again.
"""

from __future__ import annotations

import itertools
import os
import re
import statistics
import threading
import time
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import requests
from chatops_case import ChatopsCase
from inquiry_ask import InquiryAsk
from pack_files import REAL_ST2

from pagerduty_mattermost.chatops import inquiry_posts
from pagerduty_mattermost.chatops.alias_host import NoMatch
from pagerduty_mattermost.gateways.stackstorm.alias_trial import _trial, formats_of

pytestmark = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("ST2_API_URL"), reason="ST2_API_URL is not set"),
]
API = os.environ.get("ST2_API_URL", "").rstrip("/") + "/v1"
TOKEN = os.environ.get("ST2_AUTH_TOKEN", "")
PACK = "examples"
FILLED = ("core", "web-1", "two words", "'quoted value'", "x=1", "7")
PHRASES = 200


def api(method: str, path: str, body: Any = None, **params: Any) -> Any:
    headers = {"X-Auth-Token": TOKEN} if TOKEN else {}
    answer = requests.request(
        method, API + path, json=body, params=params, headers=headers, timeout=30
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None


def every_alias() -> List[Dict[str, Any]]:
    return list(api("GET", "/actionalias", limit=100))


def phrases() -> Iterator[str]:
    """For each format of each alias: filled in, and said wrongly."""
    for row in every_alias():
        for display, text, _ in formats_of(row["formats"]):
            plain = re.sub(r"\(\?[:i]+|[()^$?]|\\s[*+]", "", text.split("|")[0])
            shown = re.sub(r"\s*\[[^\]]*\]", "", display)
            filled = ""
            for value in FILLED:
                yield re.sub(r"{{[^}]*}}", value, plain).strip()
                filled = re.sub(r"{{[^}]*}}|<[^>]*>", value, shown).split("|")[0].strip()
                yield filled
            yield filled.upper()
            yield f"{filled} timeout=5"
            yield filled.rpartition(" ")[0] or "nothing"


class LiveCase(ChatopsCase):
    """The sandbox's StackStorm stays unused."""

    def own_settings(self) -> Dict[str, Any]:
        return {"api_url": API, "api_key": ""}

    def setUp(self) -> None:
        super().setUp()
        self.sensor_service.datastore_service.get_api_client = lambda: _Client()
        self.made: List[str] = []

    def tearDown(self) -> None:
        for ref in self.made:
            api("DELETE", f"/actionalias/{ref}")
        super().tearDown()

    def alias(self, name: str, formats: List[str], **more: Any) -> None:
        body = {"name": name, "pack": PACK, "action_ref": "core.local", "formats": formats}
        api("POST", "/actionalias", {**body, "description": "live_chat", **more})
        self.made.append(f"{PACK}.{name}")
        self.bridge._orders._host._rows = (-1e9, [])


class _Client:
    endpoints = {"api": API}
    token = TOKEN


class PhrasesTestCase(LiveCase):
    __test__ = True

    def test_two_hundred_phrases_match_as_stackstorm_matches_them(self) -> None:
        """By its API, and one by one with its parser, as where an alias does not compile."""
        rows = [row for row in every_alias() if row["enabled"]]
        host = self.bridge._orders._host
        seen = matched = 0
        every = list(dict.fromkeys(phrases()))
        step = max(1, len(every) // PHRASES)
        for phrase in every[::step][: PHRASES + 20]:
            expected = self.by_stackstorm(phrase)
            try:
                found = host.match(phrase)
                ours: Tuple[str, str] = (found.alias.ref, found.representation)
            except NoMatch:
                ours = ("", "")
            assert ours == expected, phrase
            if REAL_ST2:
                fits = _trial(rows, phrase)["fits"]
                tried = (fits[0][0], fits[0][2]) if len(fits) == 1 else ("", "")
                assert tried == expected, phrase
            seen += 1
            matched += bool(expected[0])
        print(f"\n{seen} phrases over {len(rows)} aliases, {matched} of them match one")
        assert seen >= PHRASES
        assert matched >= seen // 4

    def by_stackstorm(self, phrase: str) -> Tuple[str, str]:
        """As `st2 action-alias match`."""
        headers = {"X-Auth-Token": TOKEN} if TOKEN else {}
        body = {"command": phrase}
        url = f"{API}/actionalias/match"
        answer = requests.post(url, json=body, headers=headers, timeout=30)
        if answer.status_code == 400:
            return "", ""
        answer.raise_for_status()
        row = answer.json()
        return row["actionalias"]["ref"], row["representation"]

    def test_an_alias_that_does_not_compile_stops_no_other(self) -> None:
        self.config["mattermost"]["operations_channel"] = "town-square"
        self.start()
        self.alias("live_chat_broken", ["broken ( {{x}}"])
        self.say("greet somebody")
        self.told("hello_st2.greet`")
        assert "`examples.live_chat_broken`" in self.told("does not compile")["message"]


class RunsTestCase(LiveCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.alias(
            "live_chat_run",
            ["livechat {{cmd}}"],
            ack={"format": "Running {{ execution.parameters.cmd }}"},
            result={"format": "{{ execution.status }}: {{ execution.result.stdout }}"},
        )

    def test_results_files_cancel_and_again(self) -> None:
        self.say("livechat echo one")
        post = self.told("succeeded: one")
        self.press(post, "Run again", "grace")
        self.waited(lambda: len(self.posts()) == 2)
        self.nothing_left()
        assert "grace" in self.posts()[1]["message"]
        assert "succeeded: one" in self.posts()[1]["message"]
        self.say("livechat seq -s , 3000")  # a line of 14 KB: each line costs StackStorm a write
        reply = self.waited(lambda: next((p for p in self.posts() if p.get("file_ids")), None))
        stored = self.sandbox.mattermost.account.state.files[reply["file_ids"][0]]
        assert stored.content.decode().rstrip().endswith("3000")
        self.say("livechat sleep 50")
        post = self.told("Running sleep 50")
        self.press(post, "Cancel")
        assert "was canceled" in self.told("was canceled")["message"]
        self.say("livechat exit 3")
        self.told("failed")
        self.nothing_left()

    def test_what_a_phrase_costs(self) -> None:
        """Requests to StackStorm, and seconds from the call to the result in Mattermost beside the
        execution's own."""
        api_calls = self.bridge._orders._host.api
        took, own, requests_each = [], [], []
        for number in range(12):
            before, begun = api_calls.requests, time.monotonic()
            self.say(f"livechat echo cost{number}x")
            self.told(f"succeeded: cost{number}x")
            took.append(time.monotonic() - begun)
            self.nothing_left()
            requests_each.append(api_calls.requests - before)
            rows = api("GET", "/executions", action="core.local", limit=1)
            own.append(float(rows[0]["elapsed_seconds"]))
        print(
            f"\nphrase to result {statistics.median(took):.2f} s (worst {max(took):.2f}), the "
            f"execution itself {statistics.median(own):.2f} s; requests to StackStorm "
            f"{statistics.median(requests_each)} ({min(requests_each)} to {max(requests_each)})"
        )
        assert max(requests_each) < 40

    def test_twenty_at_once_each_once(self) -> None:
        self.sensor.endpoint._people._burst = 100.0
        threads = [
            threading.Thread(target=self.say, args=(f"livechat echo at{number}once",))
            for number in range(12)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for number in range(12):
            self.told(f"succeeded: at{number}once")
        assert len(self.posts()) == 12
        self.nothing_left()

    def test_the_sensor_dies_between_execution_and_result(self) -> None:
        self.say("livechat sleep 4; echo survived")
        post = self.told("Running sleep 4")
        self.waited(lambda: next(iter(self.records().values()))["data"]["post_id"])
        self.start()
        self.bridge.tend()
        assert self.told("succeeded: survived")["id"] == post["id"]
        assert len(self.posts()) == 1
        self.nothing_left()


class QuestionsTestCase(LiveCase):
    __test__ = True

    def test_a_route_is_asked_and_the_answer_taken(self) -> None:
        id = self.asked("~town-square needs:2")
        post = self.told("2 people")
        self.press(post, "Yes")
        self.press(self.told("so far"), "Yes", "grace")
        self.told("answered: **Yes**")
        assert self.execution(id)["result"]["response"] == {"approved": True}

    def test_examples_workflow_goes_on_once_under_a_hundred_clicks(self) -> None:
        workflow, id = self.workflow()
        post = self.told("Continue?")
        self.sensor.endpoint._people._burst = 1000.0
        stored = self.sandbox.mattermost.account.state.posts[post["id"]]
        context = stored.props["attachments"][0]["actions"][0]["integration"]["context"]
        ids = itertools.cycle([(self.user_id(name), name) for name in ("ada", "grace", "mei")])
        bodies = [
            {
                "user_id": user,
                "user_name": name,
                "channel_id": post["channel_id"],
                "post_id": post["id"],
                "trigger_id": f"click{number}",
                "context": context,
            }
            for number, (user, name) in zip(range(100), ids)
        ]
        threads = [
            threading.Thread(target=self.post, args=("/click",), kwargs={"json": body})
            for body in bodies
        ]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.told("answered: **Yes**")
        self.went_on_once(workflow)
        print(f"\nanswered, and the workflow's result, {time.monotonic() - begun:.1f} s later")

    def test_killed_between_click_and_answer_it_goes_on_once(self) -> None:
        for before in (True, False):
            self.killed(*self.workflow(), before=before)

    def killed(self, workflow: str, id: str, *, before: bool) -> None:
        """`before`: StackStorm was not given the answer yet."""
        records = self.bridge._answers._records
        kept = records.read(id)
        records.write(kept._replace(state="given", answer={"approved": True}, by="ada"))
        if not before:
            api("PUT", f"/inquiries/{id}", {"id": id, "response": {"approved": True}})
        self.start()
        self.bridge.tend()
        self.waited(lambda: self.bridge._answers._records.read(id).state == "done")
        self.went_on_once(workflow)

    def workflow(self) -> Tuple[str, str]:
        """Ids of a workflow of examples that waits, and of its inquiry; asked in Town Square."""
        made = api("POST", "/executions", {"action": "examples.orquesta-ask-basic"})["id"]
        inquiry = self.waited(
            lambda: [
                row["id"]
                for row in api("GET", "/executions", parent=made, limit=50)
                if row["action"]["ref"] == "core.ask" and row["status"] == "pending"
            ]
        )[0]
        asking = self.bridge._answers._asking
        found = asking.read(inquiry)
        route = found.inquiry._replace(route="~town-square")
        kept = asking.kept_of(found._replace(inquiry=route), self.channel.id, "")
        post = asking._create(kept)
        asking._records.write(kept._replace(post_id=post["id"]))
        assert inquiry_posts.key_of(inquiry)
        return made, inquiry

    def asked(self, route: str) -> str:
        spec = {"type": "boolean", "description": "Go?", "required": True}
        schema = {"type": "object", "properties": {"approved": spec}}
        given = {"route": route, "schema": schema, "ttl": 10}
        id = str(api("POST", "/executions", {"action": "core.ask", "parameters": given})["id"])
        self.waited(lambda: self.execution(id)["status"] == "pending")
        ok, result = InquiryAsk(config=self.config, action_service=self.sensor_service).run(
            inquiry_id=id
        )
        assert ok, result
        return id

    def execution(self, id: str) -> Dict[str, Any]:
        return dict(api("GET", f"/executions/{id}"))

    def went_on_once(self, workflow: str) -> None:
        self.waited(lambda: self.execution(workflow)["status"] == "succeeded")
        children = api("GET", "/executions", parent=workflow, limit=50)
        said = [str((row.get("parameters") or {}).get("message")) for row in children]
        assert said.count("Automation completed.") == 1
