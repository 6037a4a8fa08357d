"""A dialog stays open until it is known what came of it: errors stand at their field, the same
dialog may be sent again, and what comes too late is told with what was written."""

from __future__ import annotations

import threading
import time
from typing import Any, Dict, List, Mapping, Tuple
from unittest import mock

import requests
from chat_sensor_case import KEY, ChatSensorCase

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import dialog_outcomes, dialogs, permissions
from pagerduty_mattermost.chat.dialog_lists import KnownLists
from pagerduty_mattermost.chat.dialog_outcomes import DialogOutcome, WaitingDialogs, report
from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.http.later_answer import LaterAnswer
from pagerduty_mattermost.gateways.http.listener import Listener
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from sandbox.mattermost.person import ChatPerson
from sandbox.waiting import until


class Elsewhere(Dict[str, Any]):
    """As an action in another process sees the dialogs of this one: not at all."""

    def get(self, key: str, default: Any = None) -> Any:
        return None


class OpenDialogsTestCase(ChatSensorCase):
    __test__ = True
    dialog_seconds = 5.0

    def state(self, kind: str, incident: str = "") -> str:
        made = dialogs.dialog(
            kind,
            incident,
            self.url,
            KEY,
            time.time(),
            KnownLists(),
            asker=self.user_id(),
            channel="c" * 26,
        )
        return str(made["dialog"]["state"])

    def sent(self, state: str, values: Mapping[str, str]) -> Tuple[Dict[str, Any], float]:
        """What the open dialog is answered while the action carries it out, and after how long."""
        known = len(self.orders())
        said: List[Any] = []

        def send() -> None:
            body = {"user_id": self.user_id(), "state": state, "submission": dict(values)}
            said.append(self.post("/dialog", json=body).json())

        began = time.monotonic()
        thread = threading.Thread(target=send)
        thread.start()
        until(lambda: len(self.orders()) > known)
        self.handle()
        thread.join(60)
        return said[0], time.monotonic() - began

    def test_what_is_done_closes_it(self) -> None:
        one = self.account.trigger("Database", "Slow")
        answer, seconds = self.sent(self.state("note", one.id), {"text": "It is the disk"})
        assert (answer, [note.content for note in one.notes]) == ({}, ["It is the disk"])
        assert seconds < 4
        assert not self.direct_messages()

    def test_an_error_stands_at_its_field_and_the_same_dialog_may_be_sent_again(self) -> None:
        one = self.account.trigger("Database", "Slow")
        state = self.state("workflow", one.id)
        answer, _ = self.sent(state, {"text": "No such"})
        assert "there is no incident workflow" in answer["errors"]["text"]
        assert not self.direct_messages()
        answer, _ = self.sent(state, {"text": "Major incident"})
        assert answer == {}
        assert [e.path for e in self.sandbox.journal.entries if e.path.endswith("/instances")]

    def trigger(self) -> str:
        """One of Ada's, as a click brings it."""
        from sandbox.mattermost import triggers

        return triggers.new(self.sandbox.mattermost.service, self.user_id())[1]

    def test_what_is_not_allowed_is_refused_before_a_dialog_opens(self) -> None:
        one = self.account.trigger("Database", "Slow")
        self.config["chat"]["allowed"] = {"note": ["@grace"]}
        self.start()
        person = ChatPerson(self.sandbox.mattermost, "ada")
        token = self.token(one, "note")
        answer = self.click(token, trigger_id=self.trigger()).json()
        assert answer["ephemeral_text"] == (
            ":warning: you may not add notes here: it is for @\u200bgrace (chat.allowed)"
        )
        assert not person.dialogs()

    def test_the_menu_that_a_refused_dialog_was_chosen_from_is_drawn_afresh(self) -> None:
        """Mattermost's page shows the choice until the menu's id is another one."""
        one = self.account.trigger("Database", "Slow")
        self.config["chat"]["allowed"] = {"escalate": ["@grace"]}
        self.start()
        chosen = {"token": self.token(one, "more"), "selected_option": "escalate"}
        more = {"trigger_id": self.trigger(), "channel_id": "d" * 26}
        answer = self.click("", context=chosen, **more).json()
        assert "you may not escalate" in answer["ephemeral_text"]
        (order,) = self.orders()
        assert (order["verb"], order["incident"]) == (dialogs.CANCELLED, one.id)
        assert order["channel_id"] == "d" * 26
        ok, result = self.handle()
        assert ok
        assert result["message"] == "The menu is drawn afresh."

    def test_so_is_that_of_one_that_could_not_be_opened(self) -> None:
        one = self.account.trigger("Database", "Slow")
        self.sandbox.mattermost.faults.add("status", path="/dialogs/open", status=403)
        chosen = {"token": self.token(one, "more"), "selected_option": "escalate"}
        answer = self.click("", context=chosen, trigger_id=self.trigger()).json()
        assert "The dialog could not be opened" in answer["ephemeral_text"]
        (order,) = self.orders()
        assert (order["verb"], order["incident"]) == (dialogs.CANCELLED, one.id)

    def test_a_refused_dialog_of_a_button_leaves_the_card_alone(self) -> None:
        one = self.account.trigger("Database", "Slow")
        self.config["chat"]["allowed"] = {"note": ["@grace"]}
        self.start()
        self.click(self.token(one, "note"), trigger_id=self.trigger())
        assert self.orders() == []

    def test_whether_it_is_allowed_is_not_waited_for(self) -> None:
        one = self.account.trigger("Database", "Slow")
        person = ChatPerson(self.sandbox.mattermost, "ada")
        token = self.token(one, "note")
        asked = threading.Event()
        self.addCleanup(asked.set)
        with mock.patch.object(permissions, "require", side_effect=lambda *_: asked.wait(60)):
            began = time.monotonic()
            assert self.click(token, trigger_id=self.trigger()).json() == {}
        assert time.monotonic() - began < 30
        assert len(person.dialogs()) == 1

    def test_it_is_the_same_in_another_process(self) -> None:
        one = self.account.trigger("Database", "Slow")
        state = self.state("workflow", one.id)
        with mock.patch.object(dialog_outcomes, "_HERE", Elsewhere()):
            answer, _ = self.sent(state, {"text": "No such"})
            assert "there is no incident workflow" in answer["errors"]["text"]
            answer, seconds = self.sent(state, {"text": "Major incident"})
        assert answer == {}
        assert seconds < 4
        assert self.service_keys("outcome."), "it came by the datastore"

    def service_keys(self, prefix: str) -> List[str]:
        return sorted(Store(self.sensor_service).read_prefix(prefix))

    def test_a_declaration_keeps_its_fields(self) -> None:
        state = self.state("declare")
        values = {"title": "Shop is slow", "service": "No such", "details": "Since noon"}
        answer, _ = self.sent(state, values)
        assert list(answer["errors"]) == ["service"]
        values = (
            {**values, "service": "Checkout API", "assign": self.user_id("nobody-there")}
            if (False)
            else {**values, "service": "Checkout API", "priority": "P99"}
        )
        answer, _ = self.sent(state, values)
        assert list(answer["errors"]) == ["priority"]
        answer, _ = self.sent(state, {**values, "priority": "P1"})
        assert answer == {}
        assert [one.title for one in self.account.incidents.values()] == ["Shop is slow"]

    def test_who_was_second_is_told_in_it(self) -> None:
        one = self.account.trigger("Database", "Slow")
        self.account.resolve(one, "grace@example.com")
        answer, _ = self.sent(self.state("resolvenote", one.id), {})
        assert "resolved already by Grace Hopper" in answer["error"]
        assert f"#{one.number} Slow" in answer["error"], answer
        for mark in ("](", "**", ":warning:", "`", "\\"):
            assert mark not in answer["error"], answer
        assert not self.direct_messages()

    def test_what_comes_too_late_is_told_with_what_was_written(self) -> None:
        self.sensor.endpoint.dialogs.seconds = 0.3
        one = self.account.trigger("Database", "Slow")
        self.config["chat"]["allowed"] = {"note": ["@grace"]}
        body = {
            "user_id": self.user_id(),
            "state": self.state("note", one.id),
            "submission": {"text": "A long\nthought"},
        }
        began = time.monotonic()
        assert self.post("/dialog", json=body).json() == {}
        assert 0.2 < time.monotonic() - began < 30
        self.handle()
        (told,) = self.direct_messages()
        assert told.startswith(f":warning: **Note** of [#{one.number} Slow](")
        assert "You had written:\n```\nA long\nthought\n```" in told

    def test_where_it_may_be_done_the_dialog_closes(self) -> None:
        """And is not sent twice."""
        one = self.account.trigger("Database", "Slow")
        self.sandbox.pagerduty.faults.add("lost", path=r"/notes$")
        answer, _ = self.sent(self.state("note", one.id), {"text": "Twice?"})
        assert answer == {}
        assert any("Twice?" in told for told in self.direct_messages())


class WaitingDialogsTestCase(ChatSensorCase):
    __test__ = True

    def waiting(self, **more: Any) -> WaitingDialogs:
        made = WaitingDialogs(Store(self.sensor_service), mock.Mock(), **more)
        made.seconds = 5.0
        return made

    def test_no_more_wait_than_may(self) -> None:
        waiting = self.waiting(most=1)
        first = waiting.expect("a", lambda outcome: None)
        assert first is not None
        assert waiting.expect("b", lambda outcome: None) is None
        assert waiting.end("a")
        assert not waiting.end("a"), "it ended"
        assert waiting.expect("b", lambda outcome: None) is not None
        waiting.end("b")

    def test_where_the_datastore_does_not_tell_it_is_said_so(self) -> None:
        waiting = self.waiting()
        waiting.seconds = 0.2
        answers: List[Any] = []
        with mock.patch.object(Store, "read_prefix", side_effect=StoreUnreachable("away")):
            later = waiting.expect("a", lambda outcome: None)
            assert later is not None
            later.then(lambda status, told: answers.append(told))
            until(lambda: answers)
        assert "is not known" in answers[0]["error"]

    def test_an_action_reports_nothing_that_may_not_be_read_in_time(self) -> None:
        store, order = Store(self.sensor_service), {"id": "a", "awaited_until": 100.0}
        assert report(store, order, lambda: 98.0, DialogOutcome())
        assert not report(store, order, lambda: 99.5, DialogOutcome())
        assert not report(store, {"id": "a"}, lambda: 0.0, DialogOutcome()), "nobody waits"
        times = iter((98.0, 99.5))
        assert not report(store, order, lambda: next(times), DialogOutcome()), "written too late"
        with mock.patch.object(Store, "write", side_effect=StoreUnreachable("away")):
            assert not report(store, order, lambda: 98.0, DialogOutcome())


def test_a_dialog_waits_eight_seconds_at_most() -> None:
    """Mattermost gives up after ten."""
    assert 5 <= WaitingDialogs(mock.Mock(), mock.Mock()).seconds <= 8


def test_a_hundred_dialogs_wait_without_a_thread_and_clicks_are_answered_at_once() -> None:
    held: List[LaterAnswer] = []

    def answer(path: str, headers: Mapping[str, str], body: bytes) -> Any:
        if path == buttons.CLICK:
            return 200, {}
        held.append(LaterAnswer())
        return held[-1]

    listener = Listener("127.0.0.1", 0, answer, mock.Mock())
    listener.start()
    try:
        answers: List[int] = []

        def submit() -> None:
            answers.append(
                requests.post(listener.address + "/dialog", json={}, timeout=60).status_code
            )

        threads = [threading.Thread(target=submit) for _ in range(100)]
        for one in threads:
            one.start()
        until(lambda: len(held) == 100)
        assert not answers
        busy = listener._server.task_dispatcher.active_count
        assert busy == 0, "no thread of the listener waits with them"
        slowest = 0.0
        for _ in range(50):
            began = time.monotonic()
            assert (
                requests.post(listener.address + "/click", json={}, timeout=60).status_code == 200
            )
            slowest = max(slowest, time.monotonic() - began)
        assert slowest < 0.2
        for later in held:
            assert later.give(200, {})
            assert not later.give(200, {"error": "twice"})
        for one in threads:
            one.join(60)
        assert answers == [200] * 100
    finally:
        listener.stop()


def test_an_answer_that_is_there_already_is_sent_at_once() -> None:
    def answer(path: str, headers: Mapping[str, str], body: bytes) -> Any:
        later = LaterAnswer()
        later.give(200, {"error": "no"})
        return later

    listener = Listener("127.0.0.1", 0, answer, mock.Mock())
    listener.start()
    try:
        for _ in range(200):
            assert requests.post(listener.address, json={}, timeout=60).json() == {"error": "no"}
    finally:
        listener.stop()
