"""StackStorm's own chat on a real StackStorm: phrases, executions and inquiries there, Mattermost
and PagerDuty from the sandbox, the chat sensor in this process.

ST2_API_URL names it (README.md here); it needs the packs examples and hello_st2 beside packs. With
StackStorm's own modules in the tests' virtualenv its parser and its filters are used, too. The
aliases that are made there begin with live_chat and are taken away again.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import threading
import time
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import requests
from pack_files import REAL_ST2
from stackstorm_chat_case import API, ON_STACKSTORM, TOKEN, LiveCase, api

from pagerduty_mattermost.chatops.alias_host import NoMatch
from pagerduty_mattermost.gateways.stackstorm.alias_trial import _trial, formats_of

pytestmark = ON_STACKSTORM
FILLED = ("core", "web-1", "two words", "'quoted value'", "x=1", "7")
PHRASES = 200
TYPED = 24
"""Of them given to the command line."""


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

    def test_a_sample_matches_as_the_command_line_says(self) -> None:
        """`st2 action-alias match` itself, which tells the alias's name."""
        folder = os.environ.get("ST2_BIN")
        if not folder:
            pytest.skip("ST2_BIN is not set")
        every = list(dict.fromkeys(phrases()))
        found = 0
        for phrase in every[:: max(1, len(every) // TYPED)]:
            words = [str(Path(folder) / "st2"), "action-alias", "match", "-j", "--", phrase]
            said = subprocess.run(words, stdout=subprocess.PIPE, timeout=60, check=False).stdout
            start = said.find(b"[")
            rows = json.loads(said[start:]) if start >= 0 else []
            try:
                name = self.bridge._orders._host.match(phrase).alias.name
            except NoMatch:
                name = ""
            assert name == (rows[0]["name"] if rows else ""), phrase
            found += bool(name)
        print(f"\n{found} of about {TYPED} phrases match one, for st2 action-alias match, too")
        assert found >= TYPED // 4

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
        self.waited(lambda: len(self.posts_of("livechat")) == 2)
        self.nothing_left()
        assert "grace" in self.posts_of("livechat")[1]["message"]
        assert "succeeded: one" in self.posts_of("livechat")[1]["message"]
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
        assert len(self.posts_of("livechat")) == 12
        self.nothing_left()

    def test_the_sensor_dies_between_execution_and_result(self) -> None:
        self.say("livechat sleep 4; echo survived")
        post = self.told("Running sleep 4")
        self.waited(lambda: next(iter(self.records().values()))["data"]["post_id"])
        self.start()
        self.bridge.tend()
        assert self.told("succeeded: survived")["id"] == post["id"]
        assert len(self.posts_of("livechat")) == 1
        self.nothing_left()
