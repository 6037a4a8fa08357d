"""The chat sensor by HTTP as Mattermost calls it, and what the rule's action makes of what it
dispatches."""

# flake8: noqa: E203,W503

from __future__ import annotations

import json
import socket
import time
from typing import Any, List
from unittest import mock

import requests
from chat_handle import ChatHandle
from chat_sensor_case import ADA, KEY, TOKEN, ChatSensorCase

from pagerduty_mattermost.chat.dialog_lists import KnownLists
from pagerduty_mattermost.chat.orders import as_text
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from sandbox.mattermost.person import ChatPerson


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

    def test_who_may_not_do_it_is_not_asked_to_confirm_it(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.config["chat"].update(allowed={"resolve": ["@grace"]}, confirm=["resolve"])
        self.start()
        done, line = self.command(f"resolve {one.number}")
        assert (done, line) == (
            False,
            "you may not resolve incidents here: it is for @grace (chat.allowed)",
        )
        assert one.status == "triggered"
        kept = [json.loads(item.value) for item in self.sensor_service.list_values(local=False)]
        assert [item["data"]["result"] for item in kept if "verb" in item["data"]] == ["failed"]

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
            assert time.monotonic() - began < 3
        assert self.orders() == []
        self.click(token)
        order = self.orders()[-1]
        self.sensor.endpoint._drop(order["id"])
        done, result = self.handle()
        assert (done, result["done"]) == (True, "dropped")
        done, result = self.handle({**order, "valid_until": time.time() - 1})
        assert (done, result["done"]) == (True, "too_late")
        assert one.status == "triggered"

    def command(self, text: str) -> Any:
        told = {
            "token": TOKEN,
            "command": "/pd",
            "text": text,
            "user_id": self.user_id(),
            "user_name": "ada",
            "response_url": "http://elsewhere.example/hooks/commands/" + "h" * 26,
        }
        answer = self.post("/command", data=told, headers={"Authorization": "Token " + TOKEN})
        assert answer.status_code == 200
        assert answer.json() == {}
        return self.handle()

    def test_a_slash_command_is_carried_out_and_answered_where_the_configuration_says(
        self,
    ) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert self.command(f"ack {one.number}")[0] is True
        assert one.status == "acknowledged"
        sent = [e.path for e in self.sandbox.mattermost.journal.entries if e.method == "POST"]
        assert "/hooks/commands/" + "h" * 26 in sent
        done, line = self.command("note 1 Looking = at it")
        assert [note.content for note in one.notes] == ["Looking = at it"]

    def test_a_command_without_an_id_means_the_threads_incident_or_the_only_one(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert self.command("show")[1]["incidents"] == [one.id]
        other = self.account.trigger("Billing Jobs", "Late")
        done, line = self.command("resolve")
        assert done is False
        assert "which incident? 2 are assigned to you: #" in line
        said = [f"; say `/pd resolve {number}`" for number in (one.number, other.number)]
        assert line.endswith(tuple(said))
        assert " hello there`" in self.command("note hello there")[1]
        order = {
            **self.orders()[-1],
            "command": as_text(parse("resolve Restarted it").command),
            "root_id": self.card_post(other),
        }
        assert self.handle(order)[0] is True
        assert (one.status, other.status) == ("triggered", "resolved")
        assert [note.content for note in other.notes] == ["Restarted it"]

    def card_post(self, incident: Any) -> str:
        """A post that says it is the incident's card."""
        action = ChatHandle(config=self.config, action_service=self.sensor_service)
        channel = action.context.channels.using("incidents", lambda ref: ref)
        props = {"pagerduty": {"incident": incident.id}}
        return str(action.context.mattermost.create_post(channel.id, "card", props=props)["id"])

    def test_a_dry_run_tells_what_it_would_send_and_sends_nothing(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        before = len(self.account.log)
        assert self.command(f"dry-run resolve {one.number}")[0] is True
        assert (one.status, len(self.account.log)) == ("triggered", before)
        told = [
            json.loads(e.body)["text"]
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
        assert (
            "Dry run, nothing is changed. It would do this in the name of `ada@example.com`: "
            f"Resolve [#{one.number} Slow]("
        ) in told[-1].replace("\u200b", "")
        entries = self.sandbox.pagerduty.journal.entries
        assert not [e for e in entries if e.server == "pagerduty" and e.method == "PUT"]

    def test_read_only_and_who_may_do_what(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        for allowed, may in (
            ({"resolve": []}, False),
            ({"resolve": ["@grace"]}, False),
            ({"resolve": ["role:admin"]}, False),
            ({"resolve": ["~nowhere"]}, False),
            ({"resolve": ["@grace", "@ADA"]}, True),
            ({"resolve": ["role:owner"]}, True),
            ({"resolve": ["team:Web"]}, False),
            ({"resolve": ["team:payments"]}, True),
            ({"merge": []}, True),
        ):
            self.config["chat"]["allowed"] = allowed
            done, line = self.command(f"dry-run resolve {one.number}")
            assert done is may, (allowed, line)
        self.config["chat"]["allowed"] = {"resolve": ["role:admin"]}
        assert self.command(f"resolve {one.number}") == (
            False,
            "you may not resolve incidents here: it is for role:admin (chat.allowed)",
        )
        self.config["chat"].update(allowed=None, read_only=True)
        assert "nothing is changed from chat" in self.command(f"resolve {one.number}")[1]
        assert self.command("list")[0] is True
        assert one.status == "triggered"

    def test_an_incident_is_declared_in_a_dialog(self) -> None:
        opened: List[Any] = []
        gateway = mock.Mock()
        gateway.open_dialog = lambda trigger_id, made: opened.append(made["dialog"])
        self.sensor.endpoint._new_mattermost = lambda: gateway
        for _ in range(100):
            if self.sensor.endpoint._lists.known().lists:
                break
            time.sleep(0.05)
        told = {
            "token": TOKEN,
            "command": "/incident",
            "text": "new Slow",
            "user_id": self.user_id(),
            "trigger_id": "t",
        }
        answer = self.post("/command", data=told, headers={"Authorization": "Token " + TOKEN})
        assert (answer.status_code, answer.json()) == (200, {})
        (dialog,) = opened
        elements = {one["name"]: one for one in dialog["elements"]}
        assert list(elements) == [
            "title",
            "service",
            "urgency",
            "priority",
            "assign",
            "details",
            "playbook",
            "room",
        ]
        assert elements["title"]["default"] == "Slow"
        assert "Storefront" in [one["value"] for one in elements["service"]["options"]]
        base = {"user_id": self.user_id(), "state": dialog["state"]}
        wrong = self.post("/dialog", json={**base, "submission": {"title": " "}})
        assert set(wrong.json()["errors"]) == {"title", "service"}
        filled = {
            "title": "Slow shop",
            "service": "Storefront",
            "urgency": "low",
            "priority": "P2",
            "details": "a = b",
        }
        assert (
            self.post(
                "/dialog", json={**base, "submission": {**filled, "assign": self.user_id()}}
            ).json()
            == {}
        )
        done, line = self.handle()
        assert done is True, line
        (one,) = self.account.incidents.values()
        assert (one.title, one.urgency, one.body) == ("Slow shop", "low", "a = b")
        assert [user for user, _ in one.assignees] == [
            self.account.find("users", "Ada Lovelace")["id"]
        ]
        assert any("Triggered [#1 Slow shop]" in post for post in self.direct_messages())

    def test_a_list_has_buttons_whose_outcome_is_told(self) -> None:
        made = [self.account.trigger("Database", f"Slow {number}") for number in range(3)]
        self.account.acknowledge(made[0], "ada@example.com")
        assert self.command("list")[0] is True
        sent = [
            json.loads(e.body)
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
        assert sent[-1]["text"] == "3 incidents:"
        rows = sent[-1]["attachments"]
        assert [[action["name"] for action in row["actions"]] for row in rows] == [
            ["Acknowledge", "Resolve"],
            ["Acknowledge", "Resolve"],
            ["Resolve"],
        ]
        ids = [action["id"] for row in rows for action in row["actions"]]
        assert len(set(ids)) == len(ids)
        assert all(id.isalnum() for id in ids)
        self.click(rows[0]["actions"][0]["integration"]["context"]["token"])
        assert self.handle()[0] is True
        assert made[2].status == "acknowledged"
        assert any(post.startswith("Acknowledged ") for post in self.direct_messages())
        self.config["chat"]["read_only"] = True
        self.command("list")
        sent = [
            json.loads(e.body)
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
        assert "attachments" not in sent[-1]
        assert "\n- 🚨 [#" in sent[-1]["text"]

    def declared(self, text: str, user: str = "ada") -> Any:
        """The dialog that `/pd declare` opens in the user's client."""

        person = ChatPerson(self.sandbox.mattermost, user)
        known = {one.id for one in person.dialogs()}
        answer = person.command("incidents", f"/pd declare {text}")
        assert answer.status_code == 200, answer.text
        (dialog,) = [one for one in person.dialogs() if one.id not in known]
        return dialog

    def test_a_linked_post_is_declared_quoted_and_linked_back(self) -> None:

        self.with_command()
        ada = ChatPerson(self.sandbox.mattermost, "ada")
        post = ada.say("incidents", "Checkout is slow\nsince noon, @here").json()
        link = f"{self.sandbox.mattermost.url}/ops/pl/{post['id']}"
        dialog = self.declared(link)
        elements = {one["name"]: one for one in dialog.dialog["elements"]}
        assert elements["title"]["default"] == "Checkout is slow"
        assert elements["details"]["default"].endswith(f"since noon, @here\n\n{link}")
        values = {
            "title": "Checkout is slow",
            "service": "Checkout API",
            "details": elements["details"]["default"],
        }
        assert ada.submit(dialog, values).json() in (None, {})
        done, line = self.handle()
        assert done is True, line
        (one,) = self.account.incidents.values()
        assert link in one.body
        (reply,) = self.sandbox.mattermost.account.thread(post["id"])
        assert f"#{one.number}" in reply.message
        self.handle(self.orders()[-1])  # the same order again
        assert (
            len(self.account.incidents)
            == len(self.sandbox.mattermost.account.thread(post["id"]))
            == 1
        )

    def test_who_is_no_member_of_a_channel_quotes_nothing_of_it(self) -> None:
        self.with_command()
        account = self.sandbox.mattermost.account
        account.add_channel(
            "secret", private=True, members=["ada", self.sandbox.mattermost.world.bot.username]
        )

        post = ChatPerson(self.sandbox.mattermost, "ada").say("secret", "Nobody may know").json()
        link = f"{self.sandbox.mattermost.url}/ops/pl/{post['id']}"
        for user, quoted in (("ada", True), ("grace", False)):
            dialog = self.declared(link, user)
            assert ("Nobody may know" in json.dumps(dialog.dialog)) is quoted, user

    def test_what_is_risky_asks_first_and_only_who_asked_may_confirm(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        assert self.command(f"merge {first.number} into {second.number}")[0] is True
        assert first.status == "triggered"
        sent = [
            json.loads(e.body)
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
        (asked,) = sent[-1]["attachments"]
        assert "Merge [#1 a](" in asked["text"]
        assert asked["text"].endswith("?\n#1 is resolved by it.")
        assert [one["name"] for one in asked["actions"]] == ["Merge", "Cancel"]
        token = asked["actions"][0]["integration"]["context"]["token"]
        stranger = {"user_id": self.user_id("grace"), "context": {"token": token}}
        assert self.post("/click", json=stranger).status_code == 403
        self.click(token)
        assert self.handle()[0] is True
        assert first.status == "resolved"
        assert any(post.startswith("Merged ") for post in self.direct_messages())
        third, fourth = (self.account.trigger("Database", title) for title in "cd")
        self.command(f"ack {third.number} {fourth.number}")
        assert third.status == "triggered"
        self.config["chat"]["confirm"] = []
        self.command(f"ack {third.number} {fourth.number}")
        assert (third.status, fourth.status) == ("acknowledged", "acknowledged")

    def test_a_reply_in_a_cards_thread_becomes_a_note_once(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        root = self.card_post(one)
        ada = self.person("ada")
        replies = {}
        for text, where in (
            ("Note: it is = the disk", root),
            ("nothing", root),
            ("note: elsewhere", ""),
            ("note:", root),
        ):
            replies[text] = ada(text, where)
        for text, post_id in replies.items():
            told = {"token": "w" * 26, "user_id": self.user_id(), "post_id": post_id, "text": text}
            assert self.post("/note", data=told).json() == {}
            for order in (None, self.orders()[-1]):  # and once more
                assert self.handle(order)[0] is True
        assert [note.content for note in one.notes] == ["it is = the disk"]
        assert (
            self.post("/note", json={"token": "x", "user_id": ADA, "post_id": root}).status_code
            == 401
        )
        assert self.post("/note", json={"user_id": ADA, "post_id": root}).status_code == 401

    def person(self, name: str) -> Any:
        """Says something as that person: their post's id."""
        account = self.sandbox.mattermost.account

        def say(text: str, root_id: str = "") -> str:
            made = account.say(name, "incidents", text, thread=root_id or None)
            return str(made.id)

        return say

    def test_two_keys_are_taken_while_they_are_changed(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        old = self.token(one, "acknowledge")
        self.config["chat"]["signing_keys"] = ["n" * 32, KEY]
        self.start()
        assert self.click(old).status_code == 200
        self.config["chat"]["signing_keys"] = ["n" * 32]
        self.start()
        assert self.click(old).status_code == 401

    def told(self) -> List[Any]:
        """What the sensors said of themselves."""
        return [
            (one["payload"]["state"], one["payload"]["kind"])
            for one in self.get_dispatched_triggers()
            if one["trigger"] == "pagerduty.sensor_health"
        ]

    def test_a_taken_port_is_told_tried_again_and_had_once_it_is_free(self) -> None:
        other = self.get_sensor_instance(config=self.config)
        self.addCleanup(other.cleanup)
        other.setup()
        for _ in range(3):
            other.look()
        assert self.told() == [("failing", "chat.port")]
        (told,) = [
            one["payload"]
            for one in self.get_dispatched_triggers()
            if one["trigger"] == "pagerduty.sensor_health"
        ]
        port = self.config["chat"]["port"]
        assert f"chat.bind and chat.port: 127.0.0.1:{port} can't be listened on" in told["text"]
        assert other.sensor_service._logger.error.call_count == 1
        self.sensor.cleanup()
        other.look()
        assert self.told()[1:] == [("recovered", "chat.port")]
        one = self.account.trigger("Checkout API", "Slow")
        assert self.click(self.token(one, "acknowledge")).status_code == 200

    def test_what_was_told_is_not_told_again_by_the_next_process(self) -> None:
        for _ in range(3):  # StackStorm starts the sensor anew
            other = self.get_sensor_instance(config=self.config)
            self.addCleanup(other.cleanup)
            other.setup()
            other.look()
        assert self.told() == [("failing", "chat.port")]
        self.sensor.cleanup()
        last = self.get_sensor_instance(config=self.config)
        self.addCleanup(last.cleanup)
        last.setup()
        last.look()
        assert self.told()[1:] == [("recovered", "chat.port")]
        last.cleanup()
        self.start()
        self.sensor.look()
        assert len(self.told()) == 2

    def test_what_was_told_is_learnt_later_where_the_datastore_was_away(self) -> None:
        other = self.get_sensor_instance(config=self.config)
        self.addCleanup(other.cleanup)
        other.setup()
        other.look()
        self.sensor.cleanup()
        last = self.get_sensor_instance(config=self.config)
        self.addCleanup(last.cleanup)
        with mock.patch.object(Store, "read", side_effect=StoreUnreachable("away")):
            last.setup()
            last.look()
        assert self.told() == [("failing", "chat.port")]
        last.look()
        assert self.told()[1:] == [("recovered", "chat.port")]

    def test_a_setting_that_is_missing_is_told_once_by_many_processes(self) -> None:
        chat = {**self.config["chat"], "signing_keys": None}
        for _ in range(3):
            sensor = self.get_sensor_instance(config={**self.config, "chat": chat})
            sensor.setup()
            sensor.look()
        assert self.told() == [("failing", "chat.settings")]
        self.start()
        self.sensor.look()
        assert self.told()[1:] == [("recovered", "chat.settings")]

    def test_a_setting_that_is_missing_with_the_port_is_told(self) -> None:
        chat = {**self.config["chat"], "signing_keys": None}
        sensor = self.get_sensor_instance(config={**self.config, "chat": chat})
        sensor.setup()
        for _ in range(2):
            sensor.look()
        assert self.told() == [("failing", "chat.settings")]

    def test_a_missing_setting_harms_nothing(self) -> None:
        for change in ({"public_url": None}, {"signing_keys": None}, {"port": 0}):
            sensor = self.get_sensor_instance(
                config={**self.config, "chat": {**self.config["chat"], **change}}
            )
            sensor.setup()
            assert sensor.endpoint is None
            sensor.cleanup()
            sensor.run()


class RefusedCallsTestCase(ChatSensorCase):
    __test__ = True

    def test_forged_expired_and_malformed_calls_are_refused_and_nothing_is_dispatched(
        self,
    ) -> None:
        from pagerduty_mattermost.gateways.http.signed_tokens import sign

        good = {"v": "acknowledge", "i": "PT4KHLK"}
        later = int(time.time()) + 60
        for token in (
            "",
            "x",
            None,
            5,
            sign("x" * 32, "button", good, later),
            sign(KEY, "dialog", good, later),
        ):
            assert self.click(token).status_code == 401, token  # type: ignore[arg-type]
        assert self.click(sign(KEY, "button", good, 5)).status_code == 401
        fine = sign(KEY, "button", good, later)
        assert self.post("/click", json={"context": {"token": fine}}).status_code == 400
        assert (
            self.post("/click", json={"user_id": "../x", "context": {"token": fine}}).status_code
            == 400
        )
        assert self.post("/click", json=[1]).status_code == 400
        assert self.post("/click", data=b"\xff\x00").status_code == 400
        assert self.post("/nothing", json={}).status_code == 404
        assert requests.get(self.url + "/click", timeout=5).status_code == 405
        more = sign(KEY, "button", {"v": "more", "i": "PT4KHLK"}, later)
        odd = {"user_id": ADA, "context": {"token": more, "selected_option": "delete"}}
        assert self.post("/click", json=odd).status_code == 400
        for headers, form in (
            ({}, {"token": TOKEN}),
            ({"Authorization": "Token x"}, {"token": TOKEN}),
            ({"Authorization": "Token " + TOKEN}, {"token": "x"}),
            ({"Authorization": "Bearer " + TOKEN}, {"token": TOKEN}),
        ):
            told = {"command": "/pd", "text": "list", "user_id": ADA, **form}
            assert self.post("/command", data=told, headers=headers).status_code == 401
        assert self.orders() == []

    def test_large_and_slow_calls_are_cut_and_the_others_go_on(self) -> None:
        from pagerduty_mattermost.gateways.http import listener as chat_listener

        assert (
            self.post("/click", data=b"x" * (chat_listener.MAX_BODY_BYTES + 1)).status_code == 413
        )
        with mock.patch.object(chat_listener, "CALL_SECONDS", 0.3):
            host, port = self.sensor.endpoint.address[len("http://") :].split(":")
            slow = socket.create_connection((host, int(port)), timeout=5)
            slow.sendall(
                b"POST /pagerduty/click HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"
            )
            assert self.post("/click", json={}).status_code == 401
            slow.settimeout(5)
            assert b" 408 " in slow.recv(1000)
            slow.close()
        assert self.orders() == []
