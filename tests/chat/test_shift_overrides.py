"""Overrides from chat of shift-based schedules, on which several people may be on call at once."""

from __future__ import annotations

from typing import Any, List

import pytest
from chat_case import ChatCase

from pagerduty_mattermost.chat.in_words import in_words
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.reading_context import ReadingContext

ROTA = "Platform rotation"
HOUR = 3600


class ShiftOverrideTestCase(ChatCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.account.upgrade(ROTA)
        self.schedule = self.account.find("schedules", ROTA)

    def say(self, line: str, user: str = "ada") -> str:
        found = parse(line)
        assert found.command is not None, found
        return self.perform(found.command._replace(user=user)).message.replace("@\u200b", "@")

    def refused(self, line: str) -> str:
        with pytest.raises(PackError) as caught:
            self.say(line)
        return str(caught.value)

    def second(self, name: str) -> None:
        """Somebody is on call beside the first rotation, always."""
        event = dict(self.schedule["rotations"][0]["events"][0])
        event.update(id="AEVENT2", members=[self.account.find("users", name)["id"]])
        self.schedule["rotations"].append({"id": "AROTATION2", "events": [event]})

    def people(self) -> List[Any]:
        return sorted(
            (one["overridden"], one["overriding"]) for one in self.schedule["shift_overrides"]
        )

    def id(self, name: str) -> str:
        return str(self.account.find("users", name)["id"])

    def test_an_override_says_in_whose_place_and_is_undone(self) -> None:
        text = self.say(f"override {ROTA} for 2h by @mei")
        assert "Mei Tanaka takes Platform rotation from" in text
        assert ", in place of " in text
        undo = text.split("`/pd ")[1].split("`")[0]
        assert "Mei Tanaka" in self.say(f"overrides {ROTA}")
        again = self.say(f"override {ROTA} for 2h by @mei")
        assert "already" in again
        assert len(self.people()) == 1
        assert "is cancelled" in self.say(undo)

    def test_an_id_is_taken_in_any_case_and_quotes(self) -> None:
        for shape in ("{}", "`{}`", '"{}":', "“{}”."):
            text = self.say(f"override {ROTA} for 2h by @mei")
            id = text.split("override cancel ")[1].split("`")[0]
            said = shape.format(id.lower())
            assert "is cancelled" in self.say(f"override cancel {said}"), said

    def test_with_several_on_call_one_says_instead_of_whom(self) -> None:
        self.second("Grace Hopper")
        why = self.refused(f"override {ROTA} for 2h by @mei")
        assert "Grace Hopper and " in why
        assert "instead of" in why
        assert "--add" in why
        assert self.people() == []
        text = self.say(f"override {ROTA} for 2h by @mei instead of @grace")
        assert "in place of Grace Hopper" in text
        assert self.people() == [(self.id("Grace Hopper"), self.id("Mei Tanaka"))]

    def test_add_makes_a_custom_shift(self) -> None:
        text = self.say(f"override {ROTA} for 2h by @mei --add")
        assert "as a custom shift" in text
        assert self.people() == []
        assert [one["member"] for one in self.schedule["custom_shifts"]] == [self.id("Mei Tanaka")]
        assert "already" in self.say(f"override {ROTA} --add for 2h by @mei")
        undo = text.split("`/pd ")[1].split("`")[0]
        assert "is cancelled" in self.say(undo)
        assert self.schedule["custom_shifts"] == [] or (
            self.schedule["custom_shifts"][0]["end"] <= self.sandbox.clock()
        )

    def asked(self, line: str) -> str:
        command = parse(line).command
        assert command is not None
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        reading = ReadingContext.of(action.context)
        verb = TABLE.get(command.verb)
        assert verb is not None
        return in_words(reading, command._replace(user="ada"), verb).question

    def test_the_question_says_which_it_is_and_what_will_be_so(self) -> None:
        self.second("Grace Hopper")
        assert self.asked(f"override {ROTA} for 2h by @mei --add").endswith(", as a custom shift?")
        asked = self.asked(f"override {ROTA} for 2h by @mei instead of @grace")
        assert asked.startswith("Put Mei Tanaka in place of Grace Hopper on call for Platform")
        assert asked.count("in place of") == 1
        self.schedule["rotations"] = self.schedule["rotations"][1:]
        asked = self.asked(f"override {ROTA} for 2h by @mei")
        assert asked.endswith(", in place of Grace Hopper?")
        assert self.asked(f"take {ROTA} for 2h").endswith(", in place of Grace Hopper?")
        self.schedule["rotations"] = []
        assert self.asked(f"override {ROTA} for 2h by @mei").endswith(", as a custom shift?")

    def test_taking_over_goes_to_the_end_of_the_shift(self) -> None:
        assert "Ada Lovelace takes Platform rotation" in self.say(f"take {ROTA} for 3h")
        assert "You are on call by Platform rotation already" in self.say(f"take {ROTA}")
        ((_, taker),) = self.people()
        assert taker == self.id("Ada Lovelace")

    def test_the_bare_forms_read_as_they_say(self) -> None:
        for line, text, options in (
            ("override A for 2h instead of @grace", "instead of @grace", {}),
            ("override A for 2h by @mei replacing @grace", "@mei instead of @grace", {}),
            ("let @mei take A for 2h instead of @grace", "@mei instead of @grace", {}),
            ("override A for 2h --add", "", {"add": "add"}),
        ):
            command = parse(line).command
            assert command is not None
            assert (command.service, command.duration) == ("A", "for 2h"[4:])
            assert (command.text, dict(command.options)) == (text, options), line
