"""All of somebody's shifts given at once: on schedules of both kinds, by a policy or by none."""

from __future__ import annotations

import time
from typing import Any, Dict, List

import pytest
from chat_case import ChatCase

from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.in_words import in_words
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError

ROTA, NIGHTS, UNUSED = "Platform rotation", "Nights", "Shadow"
DAY = 86400
BEGIN = int(time.time()) // DAY * DAY + 10 * DAY


def day(number: int, hour: int = 0) -> str:
    """As people type it."""
    return time.strftime("%Y-%m-%d %H:%M", time.gmtime(BEGIN + number * DAY + hour * 3600))


def shown(number: int) -> str:
    return times.stamp(times.iso(BEGIN + number * DAY), times.zone("UTC"))


LINE = f"override all from {day(0)} to {day(3)} by @mei"


class BulkOverrideTestCase(ChatCase):
    """Ada stands every second day in Nights, always in Shadow, which no policy uses, and never in
    the seed's rotation."""

    __test__ = True
    shift_based = False

    def setUp(self) -> None:
        super().setUp()
        self.settings["time_zone"] = "UTC"
        self.nights = self.made(NIGHTS, ["ada@example.com", "grace@example.com"])
        self.unused = self.made(UNUSED, ["ada@example.com"])
        rule = {"id": "PRULE1", "delay": 30, "targets": [("schedule", self.nights["id"])]}
        self.account.add(
            "escalation_policies",
            "Nights escalation",
            description="",
            num_loops=0,
            rules=[rule],
            team_ids=[],
        )

    def made(self, name: str, people: List[str]) -> Dict[str, Any]:
        layer = {
            "id": self.account.new_id("P", 7),
            "name": "Layer 1",
            "start": BEGIN - 10 * DAY,
            "end": None,
            "virtual_start": BEGIN - 10 * DAY,
            "turn": DAY,
            "user_ids": [self.id(one) for one in people],
            "restrictions": [],
        }
        found: Dict[str, Any] = self.account.add(
            "schedules",
            name,
            time_zone="UTC",
            description="",
            team_ids=[],
            layers=[layer],
            overrides=[],
        )
        if self.shift_based:
            self.account.upgrade(found["id"])
        return found

    def id(self, name: str) -> str:
        return str(self.account.find("users", name)["id"])

    def command(self, line: str = LINE, user: str = "ada") -> Command:
        found = parse(line)
        assert found.command.verb, found
        return found.command._replace(user=user)

    def say(self, line: str = LINE, user: str = "ada") -> CommandResult:
        return self.perform(self.command(line, user))

    def given(self, schedule: Dict[str, Any]) -> List[Any]:
        """(day, days) of each override that puts Mei on call."""
        rows = schedule.get("shift_overrides") or schedule["overrides"]
        return sorted(
            ((one["start"] - BEGIN) / DAY, (one["end"] - one["start"]) / DAY)
            for one in rows
            if self.id("mei@example.com") in (one.get("user_id"), one.get("overriding"))
        )

    def test_each_shift_within_the_time_is_given_whether_a_policy_uses_the_schedule_or_not(
        self,
    ) -> None:
        text = self.say().message
        assert text.startswith("Mei Tanaka takes 3 shifts of Ada Lovelace.")
        assert (self.given(self.nights), self.given(self.unused)) == ([(0, 1), (2, 1)], [(0, 3)])
        assert f"Shadow from {shown(0)} until {shown(3)}: `/pd override cancel" in text
        for row in text.split("\n")[1:]:
            self.say(row.split("`/pd ")[1].split("`")[0])
        assert "takes 3 shifts" in self.say(LINE.replace("@mei", "@olu")).message

    def test_said_twice_it_does_nothing_twice(self) -> None:
        self.say()
        sent = len(self.written())
        assert "nothing is left to give" in self.say().message
        assert len(self.written()) == sent

    def test_what_is_asked_names_each_shift_with_its_beginning_and_end(self) -> None:
        action = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        verb = TABLE.get("override_all")
        assert verb is not None
        question = in_words(action.context, self.command(), verb).question
        assert [line for line in question.split("\n") if line.startswith("- ")] == [
            f"- Nights from {shown(0)} until {shown(1)}",
            f"- Shadow from {shown(0)} until {shown(3)}",
            f"- Nights from {shown(2)} until {shown(3)}",
        ]
        assert question.endswith("Put Mei Tanaka on call in your place in 3 shifts?")
        assert self.written() == []

    def test_a_shift_that_is_under_way_is_cut_to_the_time_that_was_said(self) -> None:
        self.say(f"override all from {day(0, 12)} until {day(0, 18)} by @mei")
        assert self.given(self.nights) == [(0.5, 0.25)]

    def test_where_a_part_fails_the_rest_is_done_and_each_is_said(self) -> None:
        path = f"/schedules/{self.nights['id']}/overrides"
        self.sandbox.pagerduty.faults.add("status", status=403, method="POST", path=path, times=1)
        with pytest.raises(HalfDone) as caught:
            self.say()
        line = str(caught.value)
        assert line.startswith(f"Not done: Nights from {shown(0)} until {shown(1)}: ")
        assert "2 shifts given to Mei Tanaka, each undone by /pd override cancel" in line
        assert f"({self.unused['id']}:" in line
        assert "\n" not in line
        assert (self.given(self.nights), self.given(self.unused)) == ([(2, 1)], [(0, 3)])

    def test_where_all_fails_it_is_a_failure(self) -> None:
        self.sandbox.pagerduty.faults.add(
            "status", status=403, method="POST", path="/overrides", times=9
        )
        with pytest.raises(PackError, match="Not done: Nights from"):
            self.say()

    def test_who_has_no_shift_and_who_names_nobody_is_told(self) -> None:
        assert "nothing is left to give" in self.say(LINE, "radia").message
        assert "who takes your shifts" in parse("override all until tomorrow").problem
        with pytest.raises(PackError, match="your shifts already"):
            self.say(LINE.replace("@mei", "@ada"))

    def test_a_schedule_whose_name_begins_so_is_no_bulk(self) -> None:
        assert parse("override all hands for 2h").command.verb == "override"


class ShiftBasedBulkOverrideTestCase(BulkOverrideTestCase):
    __test__ = True
    shift_based = True

    def test_who_stands_beside_is_left_alone(self) -> None:
        event = dict(self.unused["rotations"][0]["events"][0])
        event.update(id="AEVENT2", members=[self.id("grace@example.com")])
        self.unused["rotations"].append({"id": "AROTATION2", "events": [event]})
        self.say()
        assert {one["overridden"] for one in self.unused["shift_overrides"]} == {
            self.id("ada@example.com")
        }
