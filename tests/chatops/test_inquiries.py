"""Inquiries of StackStorm's, asked and answered in Mattermost."""

# flake8: noqa: E501

from __future__ import annotations

import json
import threading
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from inquiry_case import APPROVED, InquiryCase

from pagerduty_mattermost.chatops import inquiry
from sandbox.stackstorm import inquiries

SEVERAL: Dict[str, Any] = {
    "type": "object",
    "properties": {
        "approved": {"type": "boolean", "description": "Continue?", "required": True},
        "department": {"type": "integer", "minimum": 2, "required": True},
        "size": {"type": "string", "enum": ["small", "large"], "default": "large"},
        "note": {"type": "string", "secret": True},
    },
}


class ButtonsTestCase(InquiryCase):
    __test__ = True

    def test_a_yes_or_no_is_asked_by_buttons_and_goes_on_once(self) -> None:
        id = self.ask(ttl=60)
        ok, result = self.result
        assert ok
        assert result["done"] == "posted"
        post = self.told("Restart web-1?")
        assert "`ops.restart` asks" in post["message"]
        assert "open until" in post["message"]
        assert self.shown_actions(post) == ["Yes", "No"]
        self.press(post, "Yes")
        ended = self.told("@\u200bada answered: **Yes**")
        assert ended["id"] == post["id"]
        assert not self.shown_actions(ended)
        assert self.response(id) == {"approved": True}
        assert self.stackstorm.account.resumed == {id: 1}
        values = self.sensor_service.list_values(local=False, prefix="pagerduty.audit.")
        (kept,) = [json.loads(one.value)["data"] for one in values]
        assert (kept["chat_user"], kept["verb"]) == ("ada", "st2 answer")
        assert kept["words"] == {"question": id, "answer": "Yes"}

    def test_it_is_posted_once_however_often_it_is_asked(self) -> None:
        id = self.ask()
        self.run_action(id)
        for item in self.sensor_service.list_values(local=False, prefix="pagerduty.inquiry."):
            self.sensor_service.delete_value(item.name, local=False)
        self.run_action(id)
        assert len(self.posts()) == 1

    def test_a_hundred_clicks_at_once_are_one_answer(self) -> None:
        id = self.ask()
        post = self.told("Restart web-1?")
        self.sensor.endpoint._people._burst = 1000.0
        with_buttons = self.sandbox.mattermost.account.state.posts[post["id"]]
        names = ["ada", "grace", "mei", "linus"]
        ids = {name: self.user_id(name) for name in names}
        context = with_buttons.props["attachments"][0]["actions"][0]["integration"]["context"]
        statuses: List[int] = []

        def click(number: int) -> None:
            name = names[number % 4]
            body = {"user_id": ids[name], "user_name": name, "channel_id": post["channel_id"]}
            body.update(post_id=post["id"], trigger_id=f"c{number}", context=context)  # type: ignore[arg-type]
            statuses.append(self.post("/click", json=body).status_code)

        threads = [threading.Thread(target=click, args=(number,)) for number in range(100)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert set(statuses) == {200}
        self.told("answered: **Yes**")
        self.told_alone("answered already: Yes")
        assert self.stackstorm.account.resumed == {id: 1}
        assert self.answers() == 1

    def test_who_comes_late_is_told_who_was_first(self) -> None:
        self.ask()
        post = self.told("Restart web-1?")
        stored = self.sandbox.mattermost.account.state.posts[post["id"]]
        before = stored.props
        self.press(post, "Yes")
        self.told("answered: **Yes**")
        stored.props = before
        self.press(post, "No", "grace")
        assert "@ada answered already: Yes" in self.told_alone("Not answered")
        assert self.answers() == 1

    def test_words_of_an_enum_are_buttons(self) -> None:
        spec = {"type": "string", "enum": ["now", "tonight", "never"], "required": True}
        id = self.ask({"type": "object", "properties": {"when": spec}})
        post = self.told("An answer is needed")
        assert self.shown_actions(post) == ["now", "tonight", "never"]
        self.press(post, "tonight")
        self.told("answered: **tonight**")
        assert self.response(id) == {"when": "tonight"}

    def test_two_of_three_have_to_give_the_same_answer(self) -> None:
        id = self.ask(route="~town-square needs:2")
        post = self.told("2 people have to give the same answer")
        self.press(post, "Yes")
        post = self.told("so far: @\u200bada Yes")
        self.press(post, "Yes")
        self.press(post, "No", "grace")
        post = self.told("grace No")
        assert self.answers() == 0
        self.press(post, "Yes", "mei")
        ended = self.told("answered: **Yes**")
        assert "ada" in ended["message"]
        assert "mei" in ended["message"]
        assert self.response(id) == {"approved": True}
        assert self.stackstorm.account.resumed == {id: 1}

    def test_to_a_person_and_to_nobody_of_ours(self) -> None:
        self.ask(route="@grace")
        assert "Restart web-1?" in self.told_alone("Restart web-1?")
        self.ask(route="developers")
        assert self.result[1]["done"] == "elsewhere"
        self.ask(route="~no-such-channel")
        assert self.result[0] is False
        self.ask(route="room:PNOROOM")
        assert "has no open room" in str(self.result[1])

    def test_its_time_is_over(self) -> None:
        id = self.ask()
        self.told("Restart web-1?")
        inquiries.expire(self.stackstorm.account, id)
        self.bridge.tend()
        assert not self.shown_actions(self.told("Nobody answered in time"))

    def test_answered_elsewhere(self) -> None:
        id = self.ask()
        self.told("Restart web-1?")
        inquiries.respond(self.stackstorm.account, id, {"approved": False}, "admin")
        self.bridge.tend()
        self.told("Answered elsewhere: **No**")

    def test_what_the_rule_did_not_post_the_round_does(self) -> None:
        id = inquiries.ask(self.stackstorm.account, APPROVED, "~town-square")
        self.begun_before(id, 600.0)
        self.bridge.tend()
        post = self.told("Restart web-1?")
        self.press(post, "Yes")
        self.told("answered: **Yes**")

    def test_what_mattermost_did_not_take_is_asked_later_and_no_execution_fails(
        self,
    ) -> None:
        faults = self.sandbox.mattermost.faults
        faults.add("status", method="POST", path="/posts$", status=503)
        id = self.ask()
        ok, result = self.result
        assert ok
        assert result["done"] == "later"
        faults.clear()
        self.begun_before(id, 600.0)
        self.bridge.tend()
        self.told("Restart web-1?")

    def test_switched_off_nothing_is_asked(self) -> None:
        self.chatops = {"inquiries": False}
        self.start()
        self.ask()
        assert self.result[1]["done"] == "off"
        assert not self.posts()

    def test_a_schema_that_no_dialog_holds_says_how_it_is_answered(self) -> None:
        many = {f"p{number}": {"type": "string"} for number in range(20)}
        id = self.ask({"type": "object", "properties": many})
        post = self.told("asks")
        assert f"st2 inquiry respond {id}" in post["props"]["attachments"][0]["text"]

    def test_who_answered_is_said_where_the_schema_has_a_place(self) -> None:
        properties = {**APPROVED["properties"], "answered_by": {"type": "string"}}
        id = self.ask({"type": "object", "properties": properties})
        self.press(self.told("Restart web-1?"), "No")
        self.told("answered: **No**")
        assert self.response(id) == {"approved": False, "answered_by": "ada"}


class DialogTestCase(InquiryCase):
    __test__ = True

    def test_several_are_asked_in_a_dialog_and_checked_before_they_are_sent(self) -> None:
        id = self.ask(SEVERAL)
        post = self.told("Continue?")
        assert self.shown_actions(post) == ["Answer…"]
        dialog = self.opened(post)
        names = [one["display_name"] for one in dialog["elements"]]
        assert names == ["approved", "department", "size", "note"]
        assert [one["type"] for one in dialog["elements"]] == ["select", "text", "select", "text"]
        wrong = self.send(dialog, f0="", f1="1", f2="7")
        assert set(wrong["errors"]) == {"f0", "f1", "f2"}
        assert self.answers() == 0
        assert self.send(dialog, f0="0", f1="3", f2="1", f3="hunter2") == {}
        ended = self.told("approved: Yes, department: 3, size: large, note: …")
        assert "hunter2" not in ended["message"]
        expected = {"approved": True, "department": 3, "size": "large", "note": "hunter2"}
        assert self.response(id) == expected
        assert self.stackstorm.account.resumed == {id: 1}

    def test_a_dialog_that_comes_late_is_refused_kindly(self) -> None:
        id = self.ask(SEVERAL)
        dialog = self.opened(self.told("Continue?"))
        done = {"approved": True, "department": 4}
        inquiries.respond(self.stackstorm.account, id, done, "admin")
        self.bridge.tend()
        self.told("Answered elsewhere")
        self.send(dialog, f0="0", f1="3")
        self.told_alone("Not answered")

    def test_a_dialog_of_somebody_else_is_refused(self) -> None:
        self.ask(SEVERAL)
        dialog = self.opened(self.told("Continue?"))
        assert "error" in self.send(dialog, "grace", f0="0", f1="3")
        assert self.answers() == 0

    def opened(self, post: Any) -> Any:
        """The dialog that a click opens for Ada."""
        account = self.sandbox.mattermost.account
        self.press_as_client(post)
        opened = self.waited(lambda: account.dialogs("ada"))
        return opened[-1].dialog

    def press_as_client(self, post: Any) -> None:
        from sandbox.mattermost import triggers

        made = triggers.new(self.sandbox.mattermost.account, self.user_id())
        self.press(post, "Answer…", trigger_id=str(made[1]))


class RightsTestCase(InquiryCase):
    """users and roles bind as at StackStorm."""

    __test__ = True
    chatops = {"service_user": "bridge", "service_password": "secret"}

    def furnish(self) -> None:
        super().furnish()
        account = self.stackstorm.account
        account.add_user("bridge", password="secret", is_service=True)
        account.add_user("ada.l", nickname="ada", roles=("deployers",))
        account.add_user("grace.h", nickname="grace")
        account.add_user("mei.t", nickname="mei", roles=("deployers",))

    def test_only_those_who_are_named_answer(self) -> None:
        id = self.ask(users=["ada.l"])
        post = self.told("Restart web-1?")
        self.press(post, "Yes", "grace")
        self.told_alone("StackStorm does not let you answer it")
        assert self.response(id) is None
        self.press(self.told("Restart web-1?"), "No")
        self.told("answered: **No**")
        assert self.stackstorm.account.resumed == {id: 1}

    def test_only_who_has_the_role_counts_among_several(self) -> None:
        id = self.ask(route="~town-square needs:2", roles=["deployers"])
        post = self.told("2 people")
        self.press(post, "Yes", "grace")
        self.told_alone("it is for others at StackStorm")
        self.press(post, "Yes")
        post = self.told("so far: @\u200bada Yes")
        self.press(post, "Yes", "mei")
        self.told("answered: **Yes**")
        assert self.stackstorm.account.resumed == {id: 1}

    def test_whom_stackstorm_does_not_know_answers_nothing(self) -> None:
        self.ask()
        self.press(self.told("Restart web-1?"), "Yes", "linus")
        self.told_alone("no user with the nickname linus")
        assert self.answers() == 0

    def test_as_one_account_what_is_for_some_is_refused(self) -> None:
        self.chatops = {}
        self.start()
        self.ask(users=["ada.l"])
        self.press(self.told("Restart web-1?"), "Yes")
        self.told_alone("nobody's own account is known here")
        assert self.answers() == 0


# Pure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("~ops", ("~ops", 1)),
        ("~ops needs:3", ("~ops", 3)),
        ("@ada needs:0", ("@ada", 1)),
        ("room:PX needs:x", ("room:PX", 1)),
        ("~ops needs:999", ("~ops", inquiry.MAX_NEEDED)),
    ],
)
def test_a_route_names_a_place_and_how_many(text: str, expected: Any) -> None:
    assert inquiry.route_of(text) == expected


@pytest.mark.parametrize("text", ["", "developers", "ops needs:2", " ", "#x"])
def test_other_routes_are_none_of_ours(text: str) -> None:
    assert inquiry.route_of(text) is None


@pytest.mark.parametrize(
    ("spec", "given", "expected"),
    [
        ({"type": "integer"}, "7", 7),
        ({"type": "number"}, "1,5", 1.5),
        ({"type": "array"}, "a, b", ["a", "b"]),
        ({"type": "array"}, "[1]", [1]),
        ({"type": "object"}, '{"a": 1}', {"a": 1}),
        ({"type": "string"}, " x ", "x"),
        ({}, "true", True),
        ({}, "plain", "plain"),
    ],
)
def test_what_is_typed_gets_the_schemas_type(spec: Any, given: str, expected: Any) -> None:
    schema = {"properties": {"x": spec}}
    assert inquiry.answered(schema, {"f0": given}) == ({"x": expected}, {})


@given(
    st.dictionaries(st.text(max_size=5), st.one_of(st.none(), st.booleans(), st.text())),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5)),
        lambda inner: st.one_of(
            st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=9), inner, max_size=3)
        ),
        max_leaves=8,
    ),
)
def test_no_schema_and_no_submission_breaks_it(submission: Any, properties: Any) -> None:
    schema = {"properties": properties}
    inquiry.choices(schema)
    inquiry.elements(schema)
    inquiry.question(schema)
    response, wrong = inquiry.answered(schema, submission)
    assert not set(response) - set(inquiry.asked(schema))
    assert all(isinstance(line, str) and line for line in wrong.values())
    inquiry.in_words(schema, response)
