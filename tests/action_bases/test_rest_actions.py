"""Every action that speaks to PagerDuty, against the sandbox: success, refused input, 404, 401,
429, 500, bad JSON, no answer in time. The rows are in `rest_rows_*.py`; each request and answer is
held against PagerDuty's contract (actions_world).
"""

from __future__ import annotations

import re
import time
from typing import Any, Dict, Tuple

import pytest
from actions_world import ActionsTestCase, metadata
from pack_files import files, load
from rest_rows import SETS_STATE, Parameters, tables

TABLE = tables()


def test_each_plain_rest_action_has_a_row() -> None:
    rest = {
        path.stem
        for path in files("actions")
        if load(path)["entry_point"] == "scripts/pagerduty_rest.py"
    }
    assert rest <= set(TABLE)
    assert all(row.call for name, row in TABLE.items() if name not in rest)


def fixed(name: str) -> Dict[str, Any]:
    """The action's immutable parameters: its words."""
    return {
        n: spec["default"]
        for n, spec in metadata(name)["parameters"].items()
        if spec.get("immutable")
    }


def _how_it_is_sent(name: str) -> Any:
    """Plain calls that are alike in this share all code that waits for an answer; an action with
    Python of its own is like no other."""
    words = fixed(name)
    method, path = (TABLE[name].call or words["endpoint"]).split(" ")
    if TABLE[name].call:
        return name
    again = words.get("repeatable") or name in SETS_STATE
    return method, path == "/incidents", again, bool(words.get("unknown"))


FROZEN = set({_how_it_is_sent(name): name for name in reversed(list(TABLE))}.values())
"""Of each way of sending the first row: it waits in vain, too. The others do in `make soak`."""
NO_JSON = ("bad_json", "no JSON")
NO_ANSWER = ("freeze", "no answer in time")


class TableTestCase(ActionsTestCase):
    def check(self, name: str) -> None:
        parameters = TABLE[name].parameters(self)
        self.account.clock.advance(60)
        self.trouble(name, parameters, (NO_JSON, NO_ANSWER) if name in FROZEN else (NO_JSON,))
        result = self.done(name, **parameters)
        assert TABLE[name].holds(result), result

    def trouble(
        self, name: str, parameters: Parameters, kinds: Tuple[Tuple[str, str], ...]
    ) -> None:
        """What PagerDuty did not carry out, and did not answer, is one line."""
        words = fixed(name)
        method, path = (TABLE[name].call or words["endpoint"]).split(" ")
        faults = self.server.faults
        for status, word in (
            (401, "api_key"),
            (404, "(404)"),
            (429, "too many requests"),
            (500, "trouble (500)"),
        ):
            faults.add("status", status=status, method=method)
            assert word in self.refused(name, **parameters)
            faults.clear()
        for kind, word in kinds:
            faults.add(
                kind,
                method=method,
                path="^" + re.sub(r"\{\w+\}", "[^/]+", path) + r"(\?|$)",
                done=False,
            )
            if kind == NO_ANSWER[0]:
                self.settings["timeouts"] = {"connect": 1, "read": 0.1}
            line = self.refused(name, **parameters)
            self.settings["timeouts"] = {"connect": 5, "read": 10}
            again = words.get("repeatable") or path == "/incidents" or name in SETS_STATE
            once = method == "POST" and not again
            tries = 1 if once else 4
            if TABLE[name].call:
                tries, once = TABLE[name].tries, TABLE[name].tries == 1
            for _ in range(200):  # the last try may still be on its way
                if faults.listing()[0]["hits"] == tries:
                    break
                time.sleep(0.01)
            assert faults.listing()[0]["hits"] == tries
            faults.clear()
            assert word in line
            assert not once or "check before you repeat it" in line


def _add(name: str) -> None:
    def test(self: TableTestCase) -> None:
        self.check(name)

    def waits(self: TableTestCase) -> None:
        parameters = TABLE[name].parameters(self)
        self.account.clock.advance(60)
        self.trouble(name, parameters, (NO_ANSWER,))

    word = re.sub(r"\W", "_", name)
    setattr(TableTestCase, f"test_{word}", test)
    if name not in FROZEN:
        setattr(TableTestCase, f"test_{word}_waits_in_vain", pytest.mark.soak(waits))


for _name in TABLE:
    _add(_name)


class RefusedInputTestCase(ActionsTestCase):
    """Nothing is sent, whatever is wrong."""

    def test_a_missing_or_odd_id_is_told_for_each_action_that_takes_one(self) -> None:
        for name in TABLE:
            ids = re.findall(r"\{(\w+)\}", fixed(name).get("endpoint", ""))
            for parameter in ids:
                for text in ("None", "", "../users/me", "P1?x=1", "P1#", "a b", None):
                    line = self.refused(name, **{**dict.fromkeys(ids, "PABC123"), parameter: text})
                    assert f"{parameter}: " in line, (name, text, line)
        assert self.sent() == []

    def test_without_a_sender_those_that_need_one_say_so(self) -> None:
        self.settings["from_email"] = None
        for name in TABLE:
            if metadata(name)["parameters"].get("needs_from"):
                assert "from_email: is missing" in self.refused(name)
        assert self.sent() == []

    def test_every_required_parameter_is_named_at_once(self) -> None:
        for name in TABLE:
            specs = metadata(name)["parameters"]
            required = [
                n for n, spec in specs.items() if spec.get("required") and "default" not in spec
            ]
            if required:
                line = self.refused(name)
                assert all(f"{n}: is missing" in line for n in required), line
        assert self.sent() == []

    def test_odd_words_times_and_texts_are_told(self) -> None:
        wrong = {
            "include": "nonsense",
            "since": "banana",
            "until": "10/11",
            "time_zone": "<b>",
            "user_ids": "a b",
            "statuses": "open",
            "urgencies": "high,loud",
            "maximum": 0,
            "from_email": "nobody",
        }
        for name in TABLE:
            specs = metadata(name)["parameters"]
            given = {
                n: value
                for n, value in wrong.items()
                if n in specs and not specs[n].get("immutable")
            }
            if given:
                line = self.refused(name, **given)
                assert all(re.search(rf"\b{n}(\[\d\])?: ", line) for n in given), line
        assert self.sent() == []
