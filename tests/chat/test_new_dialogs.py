"""Dialogs on a server that can more (11.6): lists that are asked for as people type, pickers, one
dialog after another; and the forms of commands that are typed without more, on each server."""

from __future__ import annotations

import json
import threading
from typing import Any, Dict, List

from chat_sensor_case import KEY, ChatSensorCase

from pagerduty_mattermost.chat.dialog_abilities import DialogAbilities
from pagerduty_mattermost.gateways.http.quotas import Quotas
from pagerduty_mattermost.gateways.http.signed_tokens import sign
from sandbox.mattermost.integrations import Dialog
from sandbox.mattermost.person import ChatPerson
from sandbox.waiting import until


class NewDialogsCase(ChatSensorCase):
    version = "11.6"
    dialog_seconds = 5.0

    def setUp(self) -> None:
        super().setUp()
        self.with_command()
        self.ada = ChatPerson(self.sandbox.mattermost, "ada")
        self.knows_all()

    def knows_all(self) -> None:
        until(lambda: self.sensor.endpoint._lists.known().lists)
        until(lambda: self.sensor.endpoint._lists.known().abilities.pickers)

    def opened(self, text: str) -> Dialog:
        """The dialog that the command opens in Ada's client."""
        assert self.ada.command("incidents", text).json().get("text", "") == ""
        (dialog,) = self.ada.dialogs()
        return dialog

    def elements(self, dialog: Dialog) -> Dict[str, Dict[str, Any]]:
        return {one["name"]: one for one in dialog.dialog["elements"]}

    def sent(self, dialog: Dialog, values: Dict[str, Any]) -> Dict[str, Any]:
        """What Mattermost is answered while the action carries it out."""
        known, said = len(self.orders()), []
        thread = threading.Thread(target=lambda: said.append(self.ada.submit(dialog, values)))
        thread.start()
        until(lambda: len(self.orders()) > known or said)
        if len(self.orders()) > known:
            self.handle()
        thread.join(60)
        return dict(said[0].json())

    def answers(self) -> List[str]:
        return [
            post.message
            for post in [
                *self.ada.seen(),
                *self.sandbox.mattermost.account.posts("incidents"),
            ]
        ]


class LookupTestCase(NewDialogsCase):
    __test__ = True

    def chosen(self, incident: Any, kind: str) -> Dialog:
        """The dialog that a choice from the card's menu opens."""
        token = self.token(incident, "more")
        self.click(
            "", context={"token": token, "selected_option": kind}, trigger_id=self.trigger()
        )
        (dialog,) = self.ada.dialogs()
        return dialog

    def trigger(self) -> str:
        from sandbox.mattermost import triggers

        return str(triggers.new(self.sandbox.mattermost.account, self.ada.id)[1])

    def test_people_are_found_as_one_types_and_several_are_asked(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.chosen(one, "responders")
        first = self.ada.lookup(dialog, "user")
        assert first[0]["text"] == "Ada Lovelace · on call, level 1"
        (mei,) = self.ada.lookup(dialog, "user", "mei")
        (linus,) = self.ada.lookup(dialog, "user", "LINUS")
        assert self.sent(dialog, {"user": [mei["value"], linus["value"]]}) == {}
        asked = {responder.user_id for responder in one.responders}
        assert asked == {mei["value"], linus["value"]}

    def test_it_escalates_to_a_level_or_a_policy_that_was_found(self) -> None:
        one, two = (self.account.trigger("Checkout API", title) for title in "ab")
        dialog = self.chosen(one, "escalate")
        assert "Assigned to Ada Lovelace now." in dialog.dialog["introduction_text"]
        levels = self.ada.lookup(dialog, "text")
        assert levels[1] == {"text": "Level 2: Grace Hopper", "value": "2"}
        assert self.sent(dialog, {"text": "2"}) == {}
        assert [user for user, _ in one.assignees] == [self.id_of("Grace Hopper")]
        dialog = self.chosen(two, "escalate")
        (policy,) = self.ada.lookup(dialog, "text", "platform")
        assert policy["text"] == "Platform escalation (policy)"
        assert self.sent(dialog, {"text": policy["value"]}) == {}
        assert two.policy_id == policy["value"]

    def id_of(self, name: str) -> str:
        return str(self.account.find("users", name)["id"])

    def test_it_is_reassigned_to_several(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.chosen(one, "reassign")
        chosen = [self.id_of("Mei Tanaka"), self.id_of("Olu Adeyemi")]
        assert self.sent(dialog, {"user": chosen}) == {}
        assert sorted(user for user, _ in one.assignees) == sorted(chosen)

    def test_people_and_a_policy_are_one_too_many(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.chosen(one, "reassign")
        (policy,) = self.ada.lookup(dialog, "user", "platform")
        told = self.sent(dialog, {"user": [self.id_of("Mei Tanaka"), policy["value"]]})
        assert "either people or one escalation policy" in told["errors"]["user"]
        assert self.ada.dialogs() == [dialog], "it stays open"
        assert self.sent(dialog, {"user": [policy["value"]]}) == {}
        assert one.policy_id == policy["value"]

    def lookup(self, state: str, field: str, user: str = "") -> Any:
        body = {
            "type": "dialog_lookup",
            "state": state,
            "user_id": user or self.user_id(),
            "submission": {"selected_field": field, "query": "a"},
        }
        return self.post("/lookup", json=body)

    def test_only_who_opened_a_dialog_asks_for_its_lists(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        state = self.chosen(one, "reassign").dialog["state"]
        assert self.lookup(state, "user").status_code == 200
        assert self.lookup(state, "user", self.user_id("grace")).status_code == 403
        assert self.lookup(state, "secrets").status_code == 400
        assert self.lookup(state + "x", "user").status_code == 401
        other = sign(KEY, "button", {"v": "reassign", "i": one.id, "u": self.user_id()}, 1 << 40)
        assert self.lookup(other, "user").status_code == 401
        assert self.orders() == []

    def test_letters_faster_than_by_hand_find_nothing(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        state = self.chosen(one, "reassign").dialog["state"]
        self.sensor.endpoint._dialogs._typing = Quotas(0.001, 2)
        found = [self.lookup(state, "user").json()["items"] for _ in range(3)]
        assert [bool(one) for one in found] == [True, True, False]

    def test_while_pagerduty_does_not_answer_the_list_is_empty_and_the_dialog_stays(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.chosen(one, "reassign")
        self.sandbox.pagerduty.faults.add("status", status=500)
        assert self.ada.lookup(dialog, "user", "mei") == []
        self.sandbox.pagerduty.faults.clear()
        assert self.ada.lookup(dialog, "user", "meit") == []
        assert len(self.ada.lookup(dialog, "user", "mei")) == 1


class FormsTestCase(NewDialogsCase):
    __test__ = True

    def test_an_override_is_picked_and_done(self) -> None:
        dialog = self.opened("/pd override")
        fields = self.elements(dialog)
        assert list(fields) == ["schedule", "person", "from", "until"]
        assert fields["until"]["type"] == "datetime"
        (schedule,) = self.ada.lookup(dialog, "schedule", "platform")
        (mei,) = self.ada.lookup(dialog, "person", "mei")
        span = self.span(3600, 3 * 3600)
        told = self.sent(dialog, {"schedule": schedule["value"], "person": mei["value"], **span})
        assert told["type"] == "form", "who gives it to others is asked first"
        (dialog,) = self.ada.dialogs()
        assert "Mei Tanaka" in dialog.dialog["introduction_text"]
        assert dialog.dialog["elements"] == []
        assert self.overrides() == []
        assert self.sent(dialog, {}) == {}
        (made,) = self.overrides()
        assert made["user"]["id"] == mei["value"]
        assert self.ada.dialogs() == []
        assert any("Mei Tanaka takes Platform rotation" in one for one in self.answers())

    def span(self, begin: float, end: float) -> Dict[str, str]:
        from pagerduty_mattermost.core import times

        now = self.sandbox.clock()
        return {"from": times.iso(now + begin), "until": times.iso(now + end)}

    def overrides(self) -> List[Dict[str, Any]]:
        from pagerduty_mattermost.core import times
        from pagerduty_mattermost.core.config.settings import load
        from pagerduty_mattermost.gateways.pagerduty import overrides
        from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

        pagerduty, now = PagerDuty(load(self.config).pagerduty), self.sandbox.clock()
        schedule = self.account.find("schedules", "Platform rotation")["id"]
        span = times.iso(now), times.iso(now + 86400)
        return list(overrides.read(pagerduty, schedule, *span, overflow=True))

    def test_what_is_wrong_stands_in_the_form_with_what_was_filled_in(self) -> None:
        dialog = self.opened("/pd override")
        span = self.span(7200, 3600)
        told = self.sent(dialog, {"schedule": "Platform rotation", **span})
        assert "not after the beginning" in told["error"]
        told = self.sent(dialog, {"schedule": "", "until": ""})
        assert set(told["errors"]) == {"schedule", "until"}

    def test_maintenance_is_picked_and_done(self) -> None:
        dialog = self.opened("/pd maintenance")
        assert list(self.elements(dialog)) == ["service", "from", "until"]
        told = self.sent(dialog, {"service": "Database", **self.span(0, 3600)})
        assert told == {}
        (window,) = self.account.catalog["maintenance_windows"].values()
        assert self.account.find("services", "Database")["id"] in json.dumps(window)
        assert any("Database is in maintenance" in one for one in self.answers())

    def test_where_the_app_may_not_ask_there_are_pickers_and_no_lists_to_ask_for(self) -> None:
        lists = self.sensor.endpoint._lists
        lists._reads = lists._reads._replace(abilities=lambda: DialogAbilities(pickers=True))
        lists.refresh()
        until(lambda: not lists.known().abilities.lookups)
        fields = self.elements(self.opened("/pd override"))
        assert fields["until"]["type"] == "datetime"
        assert "Mei Tanaka (mei@example.com)" in [
            one["text"] for one in fields["person"]["options"]
        ]
        assert "options" in fields["schedule"]


class OldServerTestCase(NewDialogsCase):
    __test__ = True
    version = "5.37"

    def knows_all(self) -> None:
        until(lambda: self.sensor.endpoint._lists.known().lists)

    def test_forms_are_of_lines_and_what_is_asked_comes_below(self) -> None:
        dialog = self.opened("/pd override")
        fields = self.elements(dialog)
        assert {one["type"] for one in fields.values()} == {"select", "text"}
        people = {one["text"]: one["value"] for one in fields["person"]["options"]}
        assert not [text for text in people if text.startswith("pagerduty")]
        mei = people["Mei Tanaka (mei@example.com)"]
        values = {"schedule": "Platform rotation", "person": mei, "until": "2h"}
        assert self.sent(dialog, values) == {}
        assert self.ada.dialogs() == []
        (asked,) = [post for post in self.ada.seen() if post.attachments]
        assert "Mei Tanaka" in asked.attachments[0]["text"]
        assert [one["name"] for one in asked.attachments[0]["actions"]][-1] == "Cancel"

    def test_nothing_newer_is_ever_sent_to_it(self) -> None:
        for text in ("/pd override", "/pd maintenance", "/pd declare", "/pd trigger"):
            self.ada.command("incidents", text)
        assert [one.dialog["title"] for one in self.ada.dialogs()][2:] == [
            "Declare an incident"
        ] * 2
        facts = self.sandbox.mattermost.journal.facts_of("mattermost", "dialog_opened")
        assert [fact.data["wrong"] for fact in facts] == [""] * 4
