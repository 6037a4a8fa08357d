"""Clicks and dialogs on cards, by HTTP as Mattermost sends them to the chat sensor, and what the
rule's action makes of what it dispatches."""

from __future__ import annotations

import time
from typing import Any, List
from unittest import mock

from chat_sensor_case import KEY, ChatSensorCase

from pagerduty_mattermost.chat.dialog_lists import KnownLists


class ChatSensorTestCase(ChatSensorCase):
    __test__ = True

    def test_a_click_is_answered_at_once_and_the_act_is_done_in_ones_own_name(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        answer = self.click(self.token(one, "acknowledge"))
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert answer.json() == {}, "the card is the answer"
        (order,) = self.orders()
        assert (order["kind"], order["verb"], order["incident"]) == (
            "click",
            "acknowledge",
            one.id,
        )
        assert self.handle()[0] is True
        assert one.status == "acknowledged"
        assert [agent.id for agent, _ in one.acknowledgers] == [
            self.account.find("users", "Ada Lovelace")["id"]
        ]

    def test_every_button_and_choice_does_what_it_says(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert set(self.buttons(one)) == {"acknowledge", "resolve", "note", "more"}
        self.click(self.token(one, "acknowledge"))
        self.handle()
        assert "acknowledge" not in self.buttons(one)
        more = self.token(one, "more")
        self.post(
            "/click",
            json={
                "user_id": self.user_id(),
                "context": {"token": more, "selected_option": "snooze1h"},
            },
        )
        assert self.handle()[0] is True
        self.post(
            "/click",
            json={
                "user_id": self.user_id(),
                "context": {"token": more, "selected_option": "unacknowledge"},
            },
        )
        assert self.handle()[0] is True
        assert one.status == "triggered"
        self.click(self.token(one, "resolve"))
        assert self.handle()[0] is True
        assert set(self.buttons(one)) == {"reopen"}
        self.click(self.token(one, "reopen"))
        assert self.handle()[0] is True
        assert one.status == "triggered"

    def test_a_click_of_the_second_is_told_who_was_first(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        token = self.token(one, "acknowledge")
        self.click(token)
        self.handle()
        self.click(token)
        before = len(self.account.log)
        assert self.handle()[0] is True
        assert len(self.account.log) == before
        assert any("already by Ada Lovelace" in post for post in self.direct_messages())

    def test_a_title_that_says_already_is_no_second_click(self) -> None:
        one = self.account.trigger("Checkout API", "Volume is already full")
        self.click(self.token(one, "acknowledge"))
        assert self.handle()[0] is True
        assert one.status == "acknowledged"
        assert self.direct_messages() == []

    def test_a_failure_goes_to_the_clicker_alone(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.click(self.token(one, "acknowledge"))
        self.sandbox.pagerduty.faults.add("status", status=403, method="PUT")
        done, line = self.handle()
        assert done is False
        assert "may not do this" in line
        assert any(":warning:" in post for post in self.direct_messages())

    def test_dialogs_are_opened_at_once_and_their_submission_is_an_order(self) -> None:
        from pagerduty_mattermost.chat import dialogs

        one = self.account.trigger("Checkout API", "Slow")
        opened: List[Any] = []
        gateway = mock.Mock()
        gateway.open_dialog = lambda trigger_id, made: opened.append((trigger_id, made))
        self.sensor.endpoint._new_mattermost = lambda: gateway
        assert self.click(self.token(one, "note"), trigger_id="abc").json() == {}
        ((trigger_id, made),) = opened
        assert trigger_id == "abc"
        assert len(made["dialog"]["title"]) <= 24
        assert made["url"] == self.url + dialogs.SUBMIT
        state = made["dialog"]["state"]
        told = {
            "type": "dialog_submission",
            "user_id": self.user_id(),
            "state": state,
            "callback_id": "note",
        }
        wrong = self.post("/dialog", json={**told, "submission": {"text": "  "}})
        assert wrong.json() == {"errors": {"text": "It needs words"}}
        assert self.orders() == []
        assert self.post("/dialog", json={**told, "submission": {"text": "Looking"}}).json() == {}
        assert self.handle()[0] is True
        assert [note.content for note in one.notes] == ["Looking"]

    def test_a_dialog_names_its_incident_and_its_button_is_the_act(self) -> None:
        one = self.account.trigger("Checkout API", "Volume is full @all")
        opened: List[Any] = []
        gateway = mock.Mock(spec=["open_dialog"])  # nothing is read before it opens
        gateway.open_dialog = lambda trigger_id, made: opened.append(made["dialog"])
        self.sensor.endpoint._new_mattermost = lambda: gateway
        context = {"token": self.token(one, "more"), "selected_option": "escalate"}
        assert self.click("", context=context, post_id="p" * 26).json() == {}
        assert opened[-1]["submit_label"] == "Escalate"
        assert opened[-1]["introduction_text"] == (
            "**#1 Volume is full `@all` · Checkout API**\n\nAssigned to Ada Lovelace now.\n\n"
            "- Level 1: Ada Lovelace\n- Level 2: Grace Hopper\n- Level 3: Radia Perlman"
        )

    def test_who_stands_on_which_level_keeps_no_dialog_from_opening(self) -> None:
        one = self.account.trigger("Checkout API", "Volume is full")
        opened: List[Any] = []
        gateway = mock.Mock(spec=["open_dialog"])
        gateway.open_dialog = lambda trigger_id, made: opened.append(made["dialog"])
        self.sensor.endpoint._new_mattermost = lambda: gateway
        context = {"token": self.token(one, "more"), "selected_option": "escalate"}
        for status in (403, 503):
            self.sandbox.pagerduty.faults.add("status", path="/oncalls", status=status)
            assert self.click("", context=context, post_id="p" * 26).json() == {}
            assert opened[-1]["introduction_text"].endswith("Assigned to Ada Lovelace now.")

    def test_each_dialog_does_what_it_says(self) -> None:
        from pagerduty_mattermost.chat import dialogs

        one = self.account.trigger("Checkout API", "Slow")
        for kind, submission in (
            ("escalate", {}),
            ("reassign", {"user": self.user_id("grace")}),
            ("responders", {"user": self.user_id("grace")}),
            ("priority", {"text": "P1"}),
            ("status", {"text": "Half of it works"}),
            ("workflow", {"text": "Major incident"}),
            ("snoozeuntil", {"until": "2h"}),
            ("resolvenote", {"text": "Restarted"}),
        ):
            made = dialogs.dialog(
                kind, one.id, self.url, KEY, time.time(), KnownLists(), asker=self.user_id()
            )["dialog"]
            answer = self.post(
                "/dialog",
                json={"user_id": self.user_id(), "state": made["state"], "submission": submission},
            )
            assert answer.json() == {}, kind
            done, line = self.handle()
            assert done is True, (kind, line)
        assert one.status == "resolved"
        assert [note.content for note in one.notes] == ["Restarted"]
        assert self.account.catalog["priorities"][one.priority_id]["name"] == "P1"

    def test_what_is_not_taken_is_told_and_never_run_late(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        token = self.token(one, "acknowledge")
        with mock.patch.object(
            self.sensor.endpoint._dispatcher, "_deadline", 0.2
        ), mock.patch.object(
            self.sensor_service, "dispatch", side_effect=lambda *a, **k: time.sleep(1)
        ):
            began = time.monotonic()
            answer = self.click(token).json()
            assert "Not taken" in answer["ephemeral_text"]
            assert answer["skip_slack_parsing"] is True
            assert time.monotonic() - began < 30
        assert self.orders() == []
        self.click(token)
        order = self.orders()[-1]
        self.sensor.endpoint._drop(order["id"])
        done, result = self.handle()
        assert (done, result["done"]) == (True, "dropped")
        done, result = self.handle({**order, "valid_until": time.time() - 1})
        assert (done, result["done"]) == (True, "too_late")
        assert one.status == "triggered"
