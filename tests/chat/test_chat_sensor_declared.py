"""Incidents that people declare in a dialog, by HTTP as Mattermost sends it to the chat sensor;
of a post, quoted and linked."""

# flake8: noqa: W503

from __future__ import annotations

import json
import time
from typing import Any, List
from unittest import mock

from chat_sensor_case import TOKEN, ChatSensorCase

from sandbox.mattermost.person import ChatPerson
from sandbox.waiting import until


class DeclaredTestCase(ChatSensorCase):
    __test__ = True

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

    def declared(self, text: str, user: str = "ada") -> Any:
        """The dialog that `/pd declare` opens in the user's client."""

        person = ChatPerson(self.sandbox.mattermost, user)
        known = {one.id for one in person.dialogs()}
        answer = person.command("incidents", f"/pd declare {text}")
        assert answer.status_code == 200, answer.text
        (dialog,) = [one for one in person.dialogs() if one.id not in known]
        return dialog

    def test_what_was_typed_stands_in_the_form(self) -> None:
        """A command that lacks something opens the form: nothing of it is typed twice."""
        self.with_command()
        given = "--urgency LOW --priority p2 --details 'since noon' --room --assign @grace"
        rows = {
            f'trigger "Shop slow" storefront {given}': ("Shop slow", "Storefront"),
            f'declare "Shop slow" on service Storefront {given}': ("Shop slow", "Storefront"),
            f'declare the "Shop" is slow {given}': ('the "Shop" is slow', None),
            f"trigger Shop slow {given}": ("Shop slow", None),
        }
        for typed, (title, service) in rows.items():
            elements = self.form_of(typed)
            found = {name: one.get("default") for name, one in elements.items()}
            expected = {
                "title": title,
                "service": service,
                "urgency": "low",
                "priority": "P2",
                "details": "since noon",
                "room": "true",
            }
            assert {name: found[name] for name in expected} == expected, typed
            if "assignother" in elements:
                assert found["assignother"] == "@grace"

    def test_what_no_list_offers_is_left_out_of_it(self) -> None:
        self.with_command()
        elements = self.form_of('trigger "Shop slow" Nowhere --urgency huge --priority P77')
        for name in ("service", "urgency", "priority"):
            assert "default" not in elements[name]
        assert elements["room"]["default"] == "false"

    def form_of(self, typed: str) -> Any:
        """The elements of the declaration that a command opens, by their names, once its lists are
        known."""
        until(lambda: self.sensor.endpoint._lists.known().lists)
        person = ChatPerson(self.sandbox.mattermost, "ada")
        known = {one.id for one in person.dialogs()}
        answer = person.command("incidents", f"/pd {typed}")
        assert answer.status_code == 200, answer.text
        (dialog,) = [one for one in person.dialogs() if one.id not in known]
        return {one["name"]: one for one in dialog.dialog["elements"]}

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
