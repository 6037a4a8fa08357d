"""The time of a question is over: true whether or not StackStorm ends its inquiry."""

from __future__ import annotations

import time
from typing import Any

from inquiry_case import InquiryCase

from sandbox.stackstorm import inquiries


class TimeTestCase(InquiryCase):
    """StackStorm's `purge_inquiries` is off, as it is by default."""

    __test__ = True

    def pass_minutes(self, minutes: float) -> None:
        self.bridge._answers._clock = lambda: time.time() + minutes * 60.0

    def restart(self, minutes: float) -> None:
        self.start()
        self.pass_minutes(minutes)

    def state(self, id: str) -> str:
        return str(self.bridge._answers._records.read(id).state)

    def test_the_post_says_that_it_is_over_and_how_the_workflow_goes_on(self) -> None:
        id = self.ask(ttl=60)
        self.told("open until")
        self.pass_minutes(59)
        self.bridge._round()
        assert self.shown_actions(self.told("open until"))
        self.pass_minutes(61)
        self.bridge._round()
        over = self.told("Nobody answered in time")
        assert not self.shown_actions(over)
        assert "open until" not in over["message"]
        assert f"`st2 inquiry respond {id}`" in over["message"]
        assert "`purge_inquiries`" in over["message"]

    def test_an_answer_after_it_is_refused_kindly_and_the_post_says_so_at_once(self) -> None:
        id = self.ask(ttl=60)
        post = self.told("open until")
        self.pass_minutes(61)
        self.press(post, "Yes")
        refused = self.told_alone("Not answered: its time was over at")
        assert f"`st2 inquiry respond {id}`" in refused
        assert not self.shown_actions(self.told("Nobody answered in time"))
        assert self.answers() == 0
        assert self.response(id) is None

    def test_so_is_a_dialog_that_was_opened_before(self) -> None:
        spec = {"type": "string", "description": "Which host?", "required": True}
        self.ask({"type": "object", "properties": {"host": spec}}, ttl=60)
        self.press_dialog(self.told("Which host?"))
        account = self.sandbox.mattermost.account
        dialog = self.waited(lambda: account.dialogs("ada"))[-1].dialog
        self.pass_minutes(61)
        self.send(dialog, f0="web-1")
        self.told_alone("Not answered: its time was over at")
        assert self.answers() == 0

    def test_no_dialog_is_opened_after_it(self) -> None:
        spec = {"type": "string", "description": "Which host?", "required": True}
        self.ask({"type": "object", "properties": {"host": spec}}, ttl=60)
        post = self.told("Which host?")
        self.pass_minutes(61)
        self.press_dialog(post)
        self.told_alone("Not answered: its time was over at")
        assert not self.sandbox.mattermost.account.dialogs("ada")

    def test_one_whose_key_is_lost_is_refused_after_it_too(self) -> None:
        self.ask(ttl=60)
        post = self.told("open until")
        self.forget()
        self.pass_minutes(61)
        self.press(post, "Yes")
        self.told_alone("Not answered: its time was over at")
        assert self.answers() == 0
        self.told("Nobody answered in time")

    def test_what_stackstorm_ends_later_says_so_alone(self) -> None:
        id = self.ask(ttl=60)
        self.pass_minutes(61)
        self.bridge._round()
        self.told("st2 inquiry respond")
        inquiries.expire(self.stackstorm.account, id)
        self.bridge._round()
        over = self.told("Nobody answered in time")
        assert "st2 inquiry respond" not in over["message"]
        assert self.state(id) == "done"

    def test_what_is_answered_at_stackstorm_after_it_says_so(self) -> None:
        id = self.ask(ttl=60)
        self.pass_minutes(61)
        self.bridge._round()
        self.told("Nobody answered in time")
        inquiries.respond(self.stackstorm.account, id, {"approved": False}, "admin")
        self.bridge._round()
        self.told("Answered elsewhere: **No**")
        assert self.stackstorm.account.resumed == {id: 1}

    def test_it_is_said_once_and_asked_no_more(self) -> None:
        self.ask(ttl=60)
        self.pass_minutes(61)
        self.bridge._round()
        self.told("Nobody answered in time")
        changes = len(self.sandbox.journal.find(path="/patch$", method="PUT"))
        self.restart(70)
        self.bridge._round()
        assert len(self.sandbox.journal.find(path="/patch$", method="PUT")) == changes
        assert len(self.posts()) == 1

    def test_an_answer_that_was_given_in_time_counts_after_it(self) -> None:
        id = self.ask(ttl=60)
        self.stackstorm.faults.add("status", method="PUT", path="^/v1/inquiries/", status=500)
        self.press(self.told("Restart web-1?"), "Yes")
        self.told_alone("your answer is kept")
        self.stackstorm.faults.clear()
        self.pass_minutes(61)
        self.bridge._round()
        self.told("@\u200bada answered: **Yes**")
        assert self.stackstorm.account.resumed == {id: 1}

    def test_of_several_people_too_few_answered(self) -> None:
        self.ask(route="~town-square needs:2", ttl=60)
        self.press(self.told("2 people have to give the same answer"), "Yes")
        self.told("so far: @\u200bada Yes")
        self.pass_minutes(61)
        self.bridge._round()
        over = self.told("Fewer than 2 people gave the same answer in time")
        assert "@\u200bada Yes" in over["message"]
        assert "Nobody" not in over["message"]

    def test_one_that_could_not_be_asked_in_time_is_not_lost(self) -> None:
        id = self.asked_too_late()
        self.bridge._round()
        over = self.told("Its time was over before it could be asked here")
        assert not self.shown_actions(over)
        assert f"`st2 inquiry respond {id}`" in over["message"]
        self.bridge._round()
        ok, result = self.run_action(id)
        assert ok
        assert len(self.posts()) == 1

    def test_the_rule_says_of_such_a_one_that_it_is_over(self) -> None:
        id = self.asked_too_late()
        ok, result = self.run_action(id)
        assert ok
        assert result["done"] == "over"
        self.told("Its time was over before it could be asked here")

    def test_one_that_was_over_a_month_ago_is_left_alone(self) -> None:
        id = self.asked_too_late(40 * 86400.0)
        self.bridge._round()
        assert self.run_action(id)[1]["done"] == "over"
        assert not self.posts()

    def asked_too_late(self, seconds: float = 7200.0) -> str:
        """Id of one that began so long ago, and was open for one hour."""
        account = self.stackstorm.account
        schema = {"type": "object", "properties": {"approved": {"type": "boolean"}}}
        id = inquiries.ask(account, schema, "~town-square", ttl=60)
        self.begun_before(id, seconds)
        return id

    def press_dialog(self, post: Any) -> None:
        from sandbox.mattermost import triggers

        made = triggers.new(self.sandbox.mattermost.account, self.user_id())
        self.press(post, "Answer…", trigger_id=str(made[1]))

    def forget(self) -> None:
        for item in self.sensor_service.list_values(local=False, prefix="pagerduty.inquiry."):
            self.sensor_service.delete_value(item.name, local=False)
