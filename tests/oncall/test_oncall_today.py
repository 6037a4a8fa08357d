"""oncall.today: the day's post, once a day in the configured zone, and the rule that posts it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, List

from dateutil import tz
from oncall_case import HOUR, OnCallCase, moment
from pack_files import ROOT, load

from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE as ZW
from standalone.pack_model import Rule
from standalone.timers import make_trigger

POLICY = "Payments escalation"


class OnCallTodayTestCase(OnCallCase):
    __test__ = True

    def post(self, **parameters: Any) -> Any:
        return self.done(
            "oncall.today", **{"channel": "incidents", "escalation_policies": POLICY, **parameters}
        )

    def test_primary_secondary_and_whom_to_escalate_to(self) -> None:
        result = self.post()
        assert (result["date"], result["already"]) == ("2026-11-23", False)
        assert self.messages() == [
            "#### On-Call Today: Monday, 23 Nov 2026\n\n"
            "| for | primary | secondary | escalate to |\n"
            "| --- | --- | --- | --- |\n"
            f"| Payments escalation | @{ZW}ada | @{ZW}grace | @{ZW}radia |\n\n"
            "Times in Europe/Berlin."
        ]

    def test_a_repeated_tick_posts_once_and_asks_pagerduty_nothing(self) -> None:
        self.post()
        before = self.requests()
        for minutes in (15, 30, 45):
            self.at(moment(2026, 11, 23, 9, minutes))
            self.chat.service.forget_pending()
            assert self.post()["already"] is True
        assert len(self.messages()) == 1
        assert self.requests() == before

    def test_the_day_is_that_of_the_zone(self) -> None:
        self.at(moment(2026, 11, 23, 0, 30))  # still Sunday in UTC
        assert self.post()["date"] == "2026-11-23"
        self.at(moment(2026, 11, 23, 23, 30))
        assert self.post()["already"] is True
        self.at(moment(2026, 11, 24, 0, 30))
        assert self.post()["already"] is False
        assert self.post(time_zone="America/New_York")["date"] == "2026-11-23"
        assert len(self.messages()) == 2, "the same day there, the same post"

    def test_days_on_which_the_clocks_change_have_one_post_each(self) -> None:
        for day in (28, 29, 30):  # of March; 29 has 23 hours
            for hour in (0, 1, 3, 9, 12, 23):
                self.at(moment(2026, 3, day, hour, 30))
                self.post()
        for day in (24, 25, 26):  # of October; 25 has 25 hours
            begin = moment(2026, 10, day, 0)
            while datetime.fromtimestamp(begin, tz.gettz("Europe/Berlin")).day == day:
                self.at(begin)
                self.post()
                begin += 2 * HOUR
        heads = [text.split("\n")[0].rsplit(", ", 1)[1] for text in self.messages()]
        assert heads == [
            "28 Mar 2026",
            "29 Mar 2026",
            "30 Mar 2026",
            "24 Oct 2026",
            "25 Oct 2026",
            "26 Oct 2026",
        ]

    def test_hand_overs_of_the_day_are_told_with_who_comes(self) -> None:
        rota = self.schedule(
            "Nights", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 22, 17)
        )
        self.policy(
            "Night escalation", [("schedule", rota["id"])], [("user", self.user("Ada Lovelace"))]
        )
        self.post(
            escalation_policies="Night escalation", schedules=["Nights", "Platform rotation"]
        )
        rows = self.messages()[0].split("\n")[4:]
        mei = f"@{ZW}mei (until 17:00, then Olu Adeyemi)"
        assert rows[:2] == [
            f"| Night escalation | {mei} | @{ZW}ada |   |",
            f"| Nights | {mei} |   |   |",
        ]
        assert rows[2].startswith(f"| Platform rotation | @{ZW}")

    def test_a_schedule_that_no_policy_uses_is_no_schedule_without_anybody(self) -> None:
        self.schedule("Spare", ["Grace Hopper"], start=moment(2026, 11, 1))
        self.post(escalation_policies=None, schedules="Spare")
        assert f"| Spare | @{ZW}grace |" in self.messages()[0]

    def test_nobody_is_said(self) -> None:
        window = {
            "type": "daily_restriction",
            "start_time_of_day": "12:00:00",
            "duration_seconds": HOUR,
        }
        rota = self.schedule("Noon", ["Mei Tanaka"], start=moment(2026, 11, 1), windows=[window])
        self.policy("Noon escalation", [("schedule", rota["id"])])
        self.post(escalation_policies="Noon escalation")
        assert "| Noon escalation | nobody (from 12:00 Mei Tanaka) |   |   |" in self.messages()[0]

    def test_a_service_means_its_policy_and_only_mention_notifies(self) -> None:
        self.post(escalation_policies=None, services=["Checkout API", "Storefront"], mention=True)
        (text,) = self.messages()
        assert "| Checkout API | @ada | @grace | @radia |" in text
        assert "| Storefront | @mei | @olu |   |" in text

    def test_names_are_of_the_account_an_admin_linked_else_pagerdutys_and_harmless(self) -> None:
        self.done("identity.link", user="linus", pagerduty_user="ada@example.com")
        user = self.account.find("users", "Grace Hopper")
        user["name"], user["email"] = "@here | **x**", "nobody@example.com"
        self.post()
        assert (
            f"| Payments escalation | @{ZW}linus | @{ZW}here \\| \\*\\*x\\*\\* |"
            in self.messages()[0]
        )

    def test_requests_are_few_however_many_policies(self) -> None:
        for number in range(12):
            self.policy(f"Policy {number}", [("user", self.user("Ada Lovelace"))])
        before = self.requests()
        self.post(escalation_policies=[f"Policy {number}" for number in range(12)])
        assert self.requests() - before == 2, "the policies' list and their on-calls"

    def test_mistakes_are_told_and_nothing_is_posted(self) -> None:
        wanted = {"channel": "incidents"}
        assert "Give 1 to 20" in self.refused("oncall.today", **wanted)
        assert "did you mean Payments escalation" in self.refused(
            "oncall.today", **wanted, escalation_policies="Payment escalation"
        )
        assert "knows no time zone 'Mars/Base'" in self.refused(
            "oncall.today", **wanted, services="Storefront", time_zone="Mars/Base"
        )
        assert self.messages() == []

    def test_trouble_at_either_side_posts_nothing_and_the_next_tick_posts_once(self) -> None:
        wanted = {"channel": "incidents", "escalation_policies": POLICY}
        for server in (self.server, self.chat.server):
            for kind in ("drop", "bad_json", "html"):
                server.faults.add(kind)
                assert self.refused("oncall.today", **wanted)
                server.faults.clear()
        assert self.messages() == []
        self.chat.server.faults.add("lost", method="POST", path="/posts$", times=1)
        self.run_action("oncall.today", **wanted)
        self.chat.service.forget_pending()
        self.at(self.now + 900)
        self.post()
        assert len(self.messages()) == 1

    def test_without_mattermost_it_does_nothing(self) -> None:
        del self.settings["mattermost"]
        assert self.post()["done"] == "not_configured"


RULE = load(ROOT / "rules" / "oncall_today.yaml")


def ticks(begin: datetime, days: int) -> List[datetime]:
    """When the embedded default's timer fires the rule."""
    rule = Rule(
        "pagerduty.oncall_today",
        "oncall_today",
        "pagerduty",
        "",
        True,
        RULE["trigger"],
        {},
        RULE["action"],
    )
    trigger: Any = make_trigger(rule)
    found: List[datetime] = []
    last, now = None, begin
    while True:
        last = trigger.get_next_fire_time(last, now)
        if last is None or last - begin > timedelta(days=days):
            return found
        found.append(last)
        now = last + timedelta(seconds=1)


def test_the_rule_ticks_on_weekdays_from_nine_in_its_zone_all_the_year() -> None:
    berlin = tz.gettz(RULE["trigger"]["parameters"]["timezone"])
    found = [one.astimezone(berlin) for one in ticks(datetime(2026, 1, 1, tzinfo=berlin), 365)]
    first = {}
    for one in found:
        first.setdefault(one.date(), one)
    assert all((one.hour, one.minute) == (9, 0) for one in first.values())
    assert len(first) == 261, "the weekdays of 2026"
    assert {day.weekday() for day in first} == set(range(5))
    assert len(found) == 8 * len(first), (
        "those after the first make up for an outage of up to two hours"
    )


def test_it_ships_switched_off_and_names_the_same_zone_twice() -> None:
    assert RULE["enabled"] is False
    assert RULE["action"]["parameters"]["time_zone"] == RULE["trigger"]["parameters"]["timezone"]
