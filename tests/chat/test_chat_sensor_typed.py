"""What people type, by HTTP as Mattermost sends it to the chat sensor: slash commands, dry runs,
rights, questions, replies in a thread."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any

from chat_handle import ChatHandle
from chat_sensor_case import ADA, TOKEN, ChatSensorCase

from pagerduty_mattermost.chat.orders import as_text
from pagerduty_mattermost.chat.parser import parse


class TypedTestCase(ChatSensorCase):
    __test__ = True

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
