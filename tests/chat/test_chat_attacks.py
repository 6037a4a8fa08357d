"""Somebody who means harm: what they may hold (a dialog's state, a captured call, a place in a
channel) gets them no further than they are; names and texts of PagerDuty act in no answer."""

from __future__ import annotations

import json
import time
from typing import Any, Dict, List
from unittest import mock

from attack_case import AttackCase
from chat_handle import ChatHandle
from chat_sensor_case import KEY
from markdown_text import without_code

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.http.accepted_secrets import RELOAD_SECONDS
from pagerduty_mattermost.gateways.http.signed_tokens import sign
from pagerduty_mattermost.gateways.stackstorm import kept_secrets
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from sandbox.mattermost import ChatPerson


class StolenThingsTestCase(AttackCase):
    __test__ = True

    def test_a_dialogs_state_is_of_no_use_to_another_user(self) -> None:
        """Clients see the state of their dialogs, and may reach the sensor themselves."""
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.opened(one, "note")
        assert self.submit(dialog, "grace", {"text": "By Ada!"}).status_code == 403
        assert self.orders() == []
        assert self.submit(dialog, "ada", {"text": "By Ada"}).status_code == 200
        (order,) = self.orders()
        assert order["user_id"] == self.user_id("ada")

    def test_a_dialog_counts_where_it_was_opened_whatever_the_client_says(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.opened(one, "note", channel="d" * 26)
        self.submit(dialog, "ada", {"text": "x"}, channel_id="e" * 26)
        assert self.orders()[-1]["channel_id"] == "d" * 26

    def test_a_cancelled_dialog_does_nothing(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.opened(one, "note")
        assert self.submit(dialog, "ada", {}, cancelled=True).json() == {}
        assert self.orders() == []
        # What was chosen would stay written in the menu: it is drawn afresh, and that is all.
        dialog = self.opened(one, "resolvenote", channel="d" * 26)
        assert self.submit(dialog, "ada", {"text": "x"}, cancelled=True).json() == {}
        (order,) = self.orders()
        assert (order["verb"], order["text"], order["channel_id"]) == ("cancelled", "", "d" * 26)
        assert self.handle()[0] is True
        assert (one.status, one.notes) == ("triggered", [])

    def test_each_call_counts_once_however_often_it_is_sent_again(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.opened(one, "note")
        assert self.submit(dialog, "ada", {"text": " "}).json()["errors"], (
            "to be put right is not used up"
        )
        for _ in range(3):
            answer = self.submit(dialog, "ada", {"text": "Once"})
            assert (answer.status_code, answer.json()) == (200, {}), "it is done, no error"
        acknowledge = self.token(one, "acknowledge")
        for status in (200, 409):
            assert self.click(acknowledge, trigger_id="same").status_code == status
        for status in (200, 409):
            assert self.command("list", trigger_id="other").status_code == status
        confirmed = sign(
            KEY,
            "button",
            {"v": "confirmed", "o": "{}", "u": self.user_id()},
            int(time.time()) + 600,
        )
        for number, said in enumerate(("", "Done already", "Done already")):
            answer = self.click(confirmed, trigger_id=f"new{number}")
            assert answer.status_code == 200, "Mattermost shows anything else as an error in red"
            assert said in answer.json().get("ephemeral_text", "")
        note = {
            "token": "w" * 26,
            "user_id": self.user_id(),
            "post_id": "p" * 26,
            "text": "note: x",
        }
        for status in (200, 409):
            assert self.post("/note", json=note).status_code == status
        assert [order["kind"] for order in self.orders()] == [
            "dialog",
            "click",
            "command",
            "click",
            "note",
        ]
        assert any("409" in line for line in self.logged())

    def confirm(self, order: str, expires: float, **more: str) -> Any:
        asked = {"v": "confirmed", "o": order, "u": self.user_id()}
        return self.click(sign(KEY, "button", asked, int(expires)), **more)

    def test_a_confirmation_that_is_too_old_says_so_without_an_error(self) -> None:
        answer = self.confirm("{}", time.time() - 1)
        assert (answer.status_code, self.orders()) == (200, [])
        assert "too old" in answer.json()["ephemeral_text"]

    def test_a_second_click_does_nothing_although_the_sensor_was_started_anew(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        text, until = '{"verb": "escalate", "incidents": "' + one.id + '"}', time.time() + 600
        for said in (None, "is done already"):
            self.confirm(text, until)
            assert self.handle()[0] is True
            assert said is None or any(said in post for post in self.direct_messages())
            self.start()
        puts = [e for e in self.sandbox.pagerduty.journal.entries if e.method == "PUT"]
        assert len(puts) == 1

    def test_what_was_not_taken_may_be_sent_again(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        dialog = self.opened(one, "note")
        with mock.patch.object(
            self.sensor.endpoint._dispatcher, "_deadline", 0.2
        ), mock.patch.object(
            self.sensor_service, "dispatch", side_effect=lambda *a, **k: time.sleep(1)
        ):
            assert "Not taken" in self.submit(dialog, "ada", {"text": "x"}).json()["error"]
        assert self.submit(dialog, "ada", {"text": "x"}).status_code == 200

    def test_a_long_command_can_be_confirmed(self) -> None:
        first, second = (self.account.trigger("Database", title) for title in "ab")
        note = "\u00e4\U0001f600 " * 600
        self.said(
            f"resolve {first.number} {second.number} {note}",
            response_url="/hooks/commands/" + "h" * 26,
        )
        sent = [
            json.loads(e.body)
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
        token = sent[-1]["attachments"][0]["actions"][0]["integration"]["context"]["token"]
        assert self.click(token).status_code == 200
        assert self.handle()[0] is True
        assert [note.content for note in first.notes] == [note.strip()]

    def test_a_token_that_was_taken_back_is_known_for_ten_minutes_at_most(self) -> None:
        store, new = Store(self.sensor_service), "n" * 26
        kept = kept_secrets.KeptSecret("c" * 26, Secret(new), "command")
        kept_secrets.write(store, kept_secrets.CHAT_TOKENS, [kept])
        told = {"token": new, "command": "/pd", "text": "list", "user_id": self.user_id()}
        send: Dict[str, Any] = {"data": told, "headers": {"Authorization": "Token " + new}}
        assert self.post("/command", **send).status_code == 200
        kept_secrets.forget(store, kept_secrets.CHAT_TOKENS)
        later = time.monotonic() + RELOAD_SECONDS
        with mock.patch("pagerduty_mattermost.chat.endpoint.time.monotonic", return_value=later):
            assert self.post("/command", **send).status_code == 401
        assert len(self.orders()) == 1


class RightsTestCase(AttackCase):
    __test__ = True

    def test_nobody_acts_in_a_name_that_they_type_where_mattermost_says_who_they_are(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        answer = self.command(f"ack {one.number} from grace@example.com").json()
        assert "in your own name" in answer["text"]
        assert self.orders() == []
        assert one.status == "triggered"

    def test_what_may_not_be_done_may_not_be_done_in_other_words(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.config["chat"]["confirm"] = []
        for listed, text in (
            ("acknowledge", "ack mine"),
            ("acknowledge", f"mitigate {one.number} x"),
            ("status_update", f"mitigate {one.number} x"),
            ("note", f"mitigate {one.number} x"),
            ("note", f"resolve {one.number} with words"),
            ("declare", "trigger x on Database"),
        ):
            self.config["chat"]["allowed"] = {listed: ["@grace"]}
            done, line = self.said(text)
            assert done is False, (listed, text)
            assert "it is for @grace" in line
        assert (one.status, len(one.notes), len(self.account.incidents)) == ("triggered", 0, 1)
        self.config["chat"]["allowed"] = {"note": ["@grace"]}
        assert self.said(f"resolve {one.number}")[0] is True, "without words it is no note"

    def test_buttons_that_were_shown_before_read_only_do_nothing_after_it(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.said("list", response_url="/hooks/commands/" + "h" * 26)
        sent = [
            json.loads(e.body)
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
        row = sent[-1]["attachments"][0]["actions"][1]["integration"]["context"]["token"]
        dialog = self.opened(one, "resolvenote")
        self.config["chat"]["read_only"] = True
        self.click(row)
        assert self.handle()[0] is False
        self.click(self.token(one, "resolve"))
        assert self.handle()[0] is False
        self.submit(dialog, "ada", {"text": "x"})
        assert self.handle()[0] is False
        assert self.said("subscribe", channel_id="c" * 26)[0] is False
        assert one.status == "triggered"

    def test_a_dry_run_changes_nothing_of_oneself_and_sends_no_event_either(self) -> None:
        self.config["service_key"], self.config["events_url"] = (
            "k" * 32,
            self.sandbox.pagerduty.url,
        )
        for text in ("disconnect", "create incident Disk full", "trigger Disk full"):
            self.said(f"dry-run {text}")
        assert self.said("whoami")[0] is True
        assert self.said("disconnect")[0] is True
        self.said("dry-run connect")
        assert self.said("whoami")[0] is False
        assert not self.account.incidents
        entries = self.sandbox.pagerduty.journal.entries
        assert not [e for e in entries if e.server == "pagerduty" and e.method != "GET"]

    def test_a_strangers_thread_names_no_incident(self) -> None:
        """Whoever posts may give their post any props."""
        victim = self.account.trigger("Checkout API", "Slow")
        self.account.trigger("Checkout API", "Slower")
        eve = ChatPerson(self.sandbox.mattermost, "mei")
        channel = self.sandbox.mattermost.account.channel("incidents")
        trap = {
            "channel_id": channel.id,
            "message": "hi",
            "props": {"pagerduty": {"incident": victim.id}},
        }
        root = eve.send("/posts", trap).json()["id"]
        self.command("resolve", root_id=root)
        done, line = self.handle()
        assert done is False
        assert "which incident?" in line
        assert victim.status == "triggered"

    def test_what_a_webhook_posts_in_somebodys_name_is_no_note(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        action = ChatHandle(config=self.config, action_service=self.sensor_service)
        channel = action.context.channels.using("incidents", lambda ref: ref)
        root = action.context.mattermost.create_post(
            channel.id, "card", props={"pagerduty": {"incident": one.id}}
        )["id"]
        sent = {
            "channel_id": channel.id,
            "root_id": root,
            "message": "note: forged",
            "props": {"from_webhook": "true"},
        }
        post = ChatPerson(self.sandbox.mattermost, "ada").send("/posts", sent).json()["id"]
        self.post(
            "/note",
            json={
                "token": "w" * 26,
                "user_id": self.user_id(),
                "post_id": post,
                "text": "note: forged",
            },
        )
        assert self.handle()[0] is True
        assert one.notes == []

    def test_a_guest_or_stranger_reads_but_changes_and_subscribes_nothing(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        account = self.sandbox.mattermost.account
        account.add_user("guest", "guest@elsewhere.example", team="ops")
        for text in (f"ack {one.number}", "subscribe", "unsubscribe all", "trigger x on Database"):
            done, line = self.said(text, "guest", channel_id=account.channel("incidents").id)
            assert done is False, text
            assert "no PagerDuty user has the e-mail address" in line
            assert '"from' not in line, "it would not be taken here"
        assert one.status == "triggered"

    def test_what_is_typed_comes_back_without_effect(self) -> None:
        hook = "/hooks/commands/" + "h" * 26
        shown = []
        for text in (
            "help @channel",
            "@channel",
            "show @all",
            "oncall @here",
            "services ~incidents",
            "run 1 @all",
        ):
            given = len(self.orders())
            shown.append(self.command(text, response_url=hook).json().get("text", ""))
            if len(self.orders()) > given:
                self.handle()
        shown += [
            json.loads(e.body)["text"]
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
        shown = [text for text in shown if text]
        assert len(shown) == 6, "each was answered, at once or afterwards"
        for word in ("@channel", "@all", "@here", "~incidents"):
            assert not any(word in text for text in shown), word


class HostileTextTestCase(AttackCase):
    __test__ = True

    def test_names_and_texts_of_pagerduty_act_in_no_answer(self) -> None:
        bad = (
            "@channel @here ~incidents [log in](http://evil.example) "
            "![x](http://evil.example/i.png) | `a` #tag\n# big"
        )
        one, two = (self.account.trigger("Checkout API", bad) for _ in range(2))
        self.account.annotate(one, bad)
        self.account.maintain("Kubernetes", 3600, bad)
        catalog, on_call = self.account.catalog, ("services", "escalation_policies", "schedules")
        for kind in (*on_call, "users", "priorities", "incident_workflows", "teams"):
            for row in catalog[kind].values():
                row["name"] = f"{bad} {row['name']}"
        ids = {kind: next(iter(catalog[kind])) for kind in on_call}
        checkout = self.account.incident(one.number).service_id
        workflow = next(iter(catalog["incident_workflows"].values()))["name"]
        priority = next(iter(catalog["priorities"]))
        channel = self.sandbox.mattermost.account.channel("incidents").id
        hook = "/hooks/commands/" + "h" * 26
        self.config["chat"]["confirm"] = ["merge"]
        refused: Dict[str, str] = {}
        for text in (
            "list",
            "list mine",
            f"list on {checkout}",
            f"show {one.number}",
            f"notes {one.number}",
            f"ack {one.number}",
            f"mitigate {one.number} {bad}",
            f"escalate {one.number}",
            f"escalate {one.number} {ids['escalation_policies']}",
            f"reassign {one.number} @grace",
            f"add-responder {one.number} @grace",
            f"priority {one.number} {priority}",
            f"status {one.number} {bad}",
            f"note {one.number} {bad}",
            f"run {one.number} {workflow}",
            f"run {one.number} {bad}",
            f"snooze {one.number} 1h",
            f"merge {two.number} into {one.number}",
            f"dry-run resolve {one.number} {bad}",
            f'trigger "{bad}" on {checkout} --details "{bad}"',
            f"resolve {one.number} {bad}",
            "resolve",
            *(f"oncall {id}" for id in ids.values()),
            "oncall",
            "oncall me",
            "oncall @grace",
            f'page {ids["schedules"]} "{bad}" --service {checkout}',
            f'page {bad} "{bad}"',
            f"override {ids['schedules']} for 2h by @grace",
            f"overrides {ids['schedules']}",
            f"take {ids['schedules']}",
            "services",
            f"maintenance {checkout} for 1h",
            "maintenance list",
            f"subscribe --service {checkout}",
            "subscriptions",
            "unsubscribe 7",
            "unsubscribe",
            "whoami",
            f"reassign {two.number} {bad}",
        ):
            answered = len(self.hooked())
            done, _ = self.said(text, channel_id=channel, response_url=hook)
            (answer,) = self.hooked()[answered:]
            shown = answer["text"] + "".join(
                one["text"] for one in answer.get("attachments") or ()
            )
            self.acts_in_nothing(shown)
            if not done:
                refused[text] = shown
        self.acts_in_nothing(self.command(bad).json()["text"])
        said_badly = [text for text in refused if bad not in text]
        assert said_badly == ["resolve", "unsubscribe 7"], refused

    def acts_in_nothing(self, shown: str) -> None:
        for word in ("@channel", "@here", "~incidents", "](http://evil", "#tag"):
            assert word not in without_code(shown), shown

    def hooked(self) -> List[Dict[str, Any]]:
        return [
            json.loads(e.body)
            for e in self.sandbox.journal.entries
            if e.path.startswith("/hooks/")
        ]
