"""One member's flood is told to that member and stops nobody else."""

from __future__ import annotations

import json
import uuid
from typing import Any
from unittest import mock

from chat_sensor_case import TOKEN, ChatSensorCase

from pagerduty_mattermost.chat import endpoint
from pagerduty_mattermost.chat.endpoint import ORDERS_AT_ONCE
from pagerduty_mattermost.gateways.http import quotas as quotas_module
from pagerduty_mattermost.gateways.http.quotas import Quotas, network_of


class QuotaTestCase(ChatSensorCase):
    __test__ = True

    def said(self, text: str, user: str = "ada") -> str:
        body = {
            "token": TOKEN,
            "command": "/pd",
            "text": text,
            "user_id": self.user_id(user),
            "user_name": user,
            "channel_id": "c" * 26,
            "trigger_id": uuid.uuid4().hex,
        }
        answer = self.post("/command", data=body, headers={"Authorization": "Token " + TOKEN})
        assert answer.status_code == 200
        return str(answer.json().get("text") or "")

    def test_too_much_of_one_person_is_told_and_another_one_is_heard(self) -> None:
        answers = [self.said("list") for _ in range(ORDERS_AT_ONCE + 5)]
        assert ORDERS_AT_ONCE <= len(self.orders()) < ORDERS_AT_ONCE + 5
        assert "that is too much at once. Try again in" in answers[-1]
        assert "too much at once" not in self.said("list", "grace")
        assert {one["user_name"] for one in self.orders()} == {"ada", "grace"}

    def test_a_click_too_many_is_told_to_the_clicker_and_may_be_made_again(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        token = self.token(one, "acknowledge")
        with mock.patch.object(self.sensor.endpoint, "_people", Quotas(0.001, 0)):
            assert (
                "too much at once" in self.click(token, trigger_id="t1").json()["ephemeral_text"]
            )
        assert self.orders() == []
        assert self.click(token, trigger_id="t1").status_code == 200
        assert len(self.orders()) == 1

    def test_a_note_too_many_is_told_in_a_direct_message_once(self) -> None:
        told = []
        gateway = mock.Mock()
        gateway.direct_channel.return_value.id = "d" * 26
        gateway.create_post.side_effect = lambda channel, text, **_: told.append(text)
        self.sensor.endpoint._new_mattermost = lambda: gateway
        with mock.patch.object(
            self.sensor.endpoint, "_people", Quotas(0.001, 0)
        ), mock.patch.object(endpoint.threading, "Thread", _AtOnce):
            for number in range(3):
                body = {
                    "token": "w" * 26,
                    "post_id": f"{number}" * 26,
                    "text": "note: x",
                    "user_id": self.user_id(),
                    "user_name": "ada",
                    "channel_id": "c" * 26,
                    "trigger_word": "note:",
                }
                assert self.post("/note", data=body).json() == {}
        assert len(told) == 1
        assert "too much at once" in told[0]

    def test_what_a_member_types_has_one_trace_so_that_it_takes_one_worker(self) -> None:
        self.said("list")
        self.said("who is on call")
        tags = {
            str(one["trace_context"].trace_tag if one["trace_context"] else "")
            for one in self.get_dispatched_triggers()
        }
        assert tags == {f"chat-{self.user_id()}"}

    def test_whom_pagerduty_does_not_know_costs_one_request_in_minutes(self) -> None:
        self.account.trigger("Checkout API", "Slow")

        def asked() -> int:
            entries = self.sandbox.pagerduty.journal.entries
            return sum(one.server == "pagerduty" for one in entries)

        self.sandbox.mattermost.account.add_user("mallory", "mallory@nowhere.example")
        costs = []
        for _ in range(4):
            before = asked()
            self.said("ack 1", "mallory")
            done, line = self.handle()
            assert (done, "would not know who you are" in line) == (False, True), line
            costs.append(asked() - before)
        assert costs[0] > 0
        assert costs[1:] == [0, 0, 0]


class _AtOnce:
    """A thread that is over when it has started."""

    def __init__(self, target: Any, args: Any = (), **_: Any) -> None:
        self._run = lambda: target(*args)

    def start(self) -> None:
        self._run()


def test_a_quota_fills_up_again_and_forgets_whom_it_has_not_seen_for_long() -> None:
    now = [0.0]
    quotas = Quotas(0.5, 2, lambda: now[0])
    assert [quotas.take("ada") for _ in range(3)] == [True, True, False]
    assert quotas.take("grace")
    assert quotas.seconds("ada") == 2.0
    now[0] = 2.0
    assert [quotas.take("ada") for _ in range(2)] == [True, False]
    quotas.give_back("ada")
    assert quotas.take("ada")
    for number in range(quotas_module.MAX_CALLERS + 10):
        quotas.take(str(number))
    assert len(quotas._left) == quotas_module.MAX_CALLERS


def test_an_address_is_counted_by_what_one_caller_has() -> None:
    assert network_of("192.0.2.7") == "192.0.2.7"
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("2001:db8:0:1::1") != network_of("2001:db8::1")
    assert network_of("::ffff:192.0.2.7") == "192.0.2.7"
    assert network_of("fe80::1%eth0") == "fe80::/64"
    assert network_of("") == ""
    assert json.dumps(network_of("not an address")) == '"not an address"'
