"""Clicks on a playbook post, from Mattermost's call to what it shows."""

from __future__ import annotations

import time
from typing import Any, Dict, List
from unittest import mock

from chat_sensor_case import KEY, ChatSensorCase
from runs_world import PLAYBOOK

from pagerduty_mattermost.chat.endpoint import EXPIRED, NOT_TAKEN
from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.http.signed_tokens import sign
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.rooms.room import open_room
from pagerduty_mattermost.runs import people, starting
from pagerduty_mattermost.runs.records import Run, RunRecords
from sandbox.mattermost.clients import submission
from sandbox.mattermost.person import ChatPerson


class RunClicksCase(ChatSensorCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.incident = self.account.trigger("Checkout API", "Disk full")
        context = self.context()
        change = alert_details.fetch(context.pagerduty, self.incident.id)
        room = open_room(context, change, by=self.user_id()).room
        self.channel = room.channel_id
        who = people.by_id(context, self.user_id())
        starting.start(context, room, PLAYBOOK, change, by=who, order_id="start")

    def context(self) -> Context:
        return Context(self.config, self.sensor_service, mock.Mock())

    def run_now(self) -> Run:
        found = RunRecords(Store(self.sensor_service)).load(self.incident.id)
        assert found is not None
        return found

    def actions(self) -> List[Dict[str, Any]]:
        post = self.sandbox.mattermost.account.post(self.run_now().post.id)
        return list(post.props["attachments"][0]["actions"])

    def token_of(self, name: str) -> str:
        found = next(one for one in self.actions() if one["name"].startswith(name))
        return str(found["integration"]["context"]["token"])

    def press(self, name: str, option: str = "") -> Any:
        context = {"token": self.token_of(name)}
        if option:
            context["selected_option"] = option
        body = {"channel_id": self.channel, "context": context}
        return self.click(context["token"], **body)

    def test_a_tick_is_taken_at_once_and_shown_by_the_action(self) -> None:
        answer = self.press("☐ 1.2")
        self.assertEqual((answer.status_code, answer.json()), (200, {}))
        self.assertEqual(self.run_now().state.done, 1, "before any action has run")
        order = self.orders()[-1]
        self.assertEqual((order["verb"], order["text"]), ("check", "bridge:done"))
        done, result = self.handle()
        self.assertTrue(done, result)
        message = self.sandbox.mattermost.account.post(self.run_now().post.id).message
        self.assertIn("✅ ~~1.2 Open a call~~ · ada", message)

    def test_a_choice_of_the_menu_means_its_task(self) -> None:
        self.press("Tick or untick", "undo:skipped")
        self.handle()
        task = self.run_now().state.task("undo")
        assert task is not None
        self.assertEqual((task.state, task.by.name), ("skipped", "ada"))
        refused = self.press("Tick or untick", "resolve")
        self.assertEqual(refused.status_code, 200, "a task that nobody knows changes nothing")
        self.assertEqual(self.press("More…", "resolve now").status_code, 400)

    def test_a_stage_with_open_tasks_is_asked_about(self) -> None:
        trigger = {"trigger_id": "x"}
        answer = self.click(self.token_of("Next:"), channel_id=self.channel, **trigger)
        self.assertEqual(answer.status_code, 200)
        self.assertTrue(self.handle()[0])
        self.assertEqual(self.run_now().state.stage, 1)

    def menus(self) -> List[str]:
        return [one["id"] for one in self.actions() if one["type"] == "select"]

    def asked_by_menu(self) -> Any:
        """The question that comes of a choice in the menu, which shows the choice until it is
        another one."""
        from sandbox.mattermost import triggers

        ada = ChatPerson(self.sandbox.mattermost, "ada")
        trigger = triggers.new(self.sandbox.mattermost.service, ada.id)[1]
        context = {"token": self.token_of("More…"), "selected_option": "end"}
        body = {"channel_id": self.channel, "post_id": self.run_now().post.id}
        self.click(context["token"], context=context, trigger_id=trigger, **body)
        self.assertTrue(self.handle()[0])
        (dialog,) = ada.dialogs()
        return ada, dialog

    def test_what_was_chosen_does_not_stay_written_after_cancel(self) -> None:
        before = self.menus()
        ada, dialog = self.asked_by_menu()
        self.assertEqual(dialog.dialog["title"], "End the playbook")
        self.assertIn("\n- ☐ 1.1", dialog.dialog["introduction_text"])
        sent = submission(self.sandbox.mattermost.account, dialog, {}, "incidents", cancelled=True)
        ada.send("/actions/dialogs/submit", sent)
        self.assertTrue(self.handle()[0])
        self.assertFalse(set(before) & set(self.menus()))
        self.assertFalse(self.run_now().state.is_over)

    def test_what_is_so_already_does_not_stay_written(self) -> None:
        context = {"token": self.token_of("More…"), "selected_option": "commander me"}
        body = {"channel_id": self.channel, "post_id": self.run_now().post.id}
        for trigger in ("x", "y"):
            before = self.menus()
            self.click(context["token"], context=context, trigger_id=trigger, **body)
            self.assertTrue(self.handle()[0])
            self.assertFalse(set(before) & set(self.menus()))
        self.assertIn("It is so already: Commander: ada", self.direct_messages()[-1])

    def test_what_was_confirmed_on_the_post_is_shown_by_it_alone(self) -> None:
        ada, dialog = self.asked_by_menu()
        ada.submit(dialog, {})
        done, line = self.handle()
        self.assertTrue(done, line)
        self.assertTrue(self.run_now().state.is_over)
        told = self.direct_messages()
        self.assertFalse([one for one in told if one.startswith("The playbook is over")])

    def test_a_late_click_on_an_old_post_is_told(self) -> None:
        signed = {"v": "run", "i": self.incident.id, "x": "check bridge:done"}
        old = sign(KEY, "button", signed, int(time.time()) - 10)
        answer = self.click(old, channel_id=self.channel)
        self.assertEqual(answer.json()["ephemeral_text"], EXPIRED)
        self.assertEqual(self.run_now().state.done, 0)

    def test_while_the_datastore_is_down_a_tick_is_not_taken(self) -> None:
        """Whoever clicked learns it while Mattermost waits, and nothing comes later."""
        before = len(self.orders())
        began = time.monotonic()
        with mock.patch.object(
            self.sensor_service, "set_value", side_effect=OSError("the datastore is down")
        ):
            answer = self.press("☐ 1.2")
        self.assertLess(time.monotonic() - began, 3.0)
        self.assertEqual(answer.json()["ephemeral_text"], NOT_TAKEN)
        self.assertEqual(len(self.orders()), before)
        self.assertEqual(self.run_now().state.done, 0)

    def test_a_tick_that_is_written_late_does_not_count(self) -> None:
        """The datastore hangs, and the write takes effect after all."""
        late: List[Any] = []
        write = self.sensor_service.set_value

        def hang(*given: Any, **named: Any) -> Any:
            late.append((given, named))
            time.sleep(1.5)
            return write(*given, **named)

        with mock.patch.object(self.sensor_service, "set_value", side_effect=hang):
            answer = self.press("☐ 1.2")
            self.assertEqual(answer.json()["ephemeral_text"], NOT_TAKEN)
            time.sleep(2.0)
        until = time.monotonic() + 10
        while self.run_now().state.done and time.monotonic() < until:
            time.sleep(0.2)
        self.assertEqual(self.run_now().state.done, 0)
        self.assertTrue(late)

    def test_a_tick_that_stackstorm_does_not_take_does_not_count(self) -> None:
        with mock.patch.object(
            self.sensor.endpoint._dispatcher,
            "dispatch",
            side_effect=StoreUnreachable("StackStorm does not answer"),
        ):
            answer = self.press("☐ 1.2")
        self.assertEqual(answer.json()["ephemeral_text"], NOT_TAKEN)
        until = time.monotonic() + 5
        while self.run_now().acts and time.monotonic() < until:
            time.sleep(0.05)
        self.assertEqual(self.run_now().acts, ())

    def test_where_a_right_is_asked_for_the_action_writes(self) -> None:
        self.config["chat"]["allowed"] = {"check": ["@grace"]}
        self.start()
        self.press("☐ 1.2")
        self.assertEqual(self.run_now().acts, ())
        done, line = self.handle()
        self.assertFalse(done)
        self.assertIn("you may not tick tasks here", line)
        self.assertEqual(self.run_now().state.done, 0)
