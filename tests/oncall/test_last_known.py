"""Who was on call when PagerDuty last said so, while it does not answer."""

from __future__ import annotations

from typing import Any

import pytest
from oncall_case import DAY, HOUR, OnCallCase, moment

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.oncall import last_known

ZW = "\u200b"


class LastKnownTestCase(OnCallCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.rota = self.schedule(
            "Mornings", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.policy("Morning escalation", [("schedule", self.rota["id"])])

    def away(self) -> None:
        self.server.faults.add("status", status=503)

    def back(self) -> None:
        self.server.faults.clear()

    def said(self, text: str) -> str:
        action: Any = self.get_action_instance(config=dict(self.settings))
        action.sleep = lambda _: None
        action.clock = lambda: self.now
        command = Command("oncall", text=text, user="ada")
        return perform(action.context, command, dry=False).message.replace(ZW, "")

    def test_what_was_asked_before_is_shown_with_its_age(self) -> None:
        for name in ("Mornings", "Morning escalation"):
            assert "Mei Tanaka" in self.said(name)
        self.away()
        self.at(self.now + 23 * 60)
        for name in ("mornings", "Morning  escalation"):
            text = self.said(name)
            assert text.startswith(":warning: PagerDuty has trouble (503). ")
            assert "As of 23 Nov 2026 10:00 CET, 23 min ago:" in text
            assert "Mei Tanaka" in text
        with pytest.raises(RetryLater):
            self.said("Database")

    def test_whose_shift_is_over_is_not_shown_as_on_call(self) -> None:
        self.said("Mornings")
        self.away()
        self.at(moment(2026, 11, 24, 9, 1))
        line = self.said("Mornings").splitlines()[-1]
        assert line.startswith("| Olu Adeyemi")

    def test_after_a_day_nothing_is_known_any_more(self) -> None:
        self.said("Morning escalation")
        self.away()
        self.at(self.now + DAY + HOUR)
        with pytest.raises(RetryLater):
            self.said("Morning escalation")

    def test_what_the_watch_saw_counts_where_nobody_asked(self) -> None:
        self.settings["oncall"] = {"channels": {"Mornings": "incidents"}, "remind_before": 0}
        self.done("oncall.watch")
        self.away()
        self.at(self.now + 5 * 60)
        text = self.said("Mornings")
        assert "5 min ago" in text
        assert "Mei Tanaka" in text

    def test_whoever_came_meanwhile_is_known_from_the_account_as_it_was_an_hour_before(
        self,
    ) -> None:
        self.done("kept_page.send")
        self.settings["oncall"] = {"channels": {"Mornings": "incidents"}, "remind_before": 0}
        self.at(self.now + 10 * 60)
        self.done("oncall.watch")
        self.done("oncall.who", schedule="Mornings")
        self.away()
        self.at(self.now + 5 * 60)
        assert "5 min ago" in self.said("Mornings")
        for name in ("Mornings", "Morning escalation", "Payments escalation", "Storefront"):
            assert "15 min ago" in self.said(name) or name == "Mornings"
        self.at(moment(2026, 11, 24, 9, 30))
        text = self.said("Mornings")
        assert "| Olu Adeyemi" in text
        assert "23 h ago" in text

    def test_a_service_is_known_by_its_policy_and_two_of_a_name_by_neither(self) -> None:
        self.done("kept_page.send")
        self.away()
        assert "On call for" in self.said("Checkout API")
        self.back()
        policy = self.account.find("services", "Storefront")["escalation_policy_id"]
        self.account.add("services", "Mornings", escalation_policy_id=policy, created_at=0)
        self.at(self.now + HOUR)
        self.done("kept_page.send")
        self.away()
        with pytest.raises(RetryLater):
            self.said("Mornings")

    def test_the_account_is_read_once_an_hour_in_a_few_requests(self) -> None:
        before = self.requests()
        self.done("kept_page.send")
        assert self.requests() - before == 2
        self.at(self.now + HOUR - 60)
        assert self.done("kept_page.send")["done"] == "unchanged"
        self.at(self.now + 60)
        assert self.done("kept_page.send")["remembered"] is True

    def test_the_action_says_as_of_when(self) -> None:
        fresh = self.done("oncall.who", schedule="Mornings")
        assert "as_of" not in fresh
        self.away()
        self.at(self.now + 3 * HOUR)
        old = self.done("oncall.who", schedule="Mornings")
        assert [one["user"]["name"] for one in old["oncalls"]] == ["Mei Tanaka"]
        assert old["as_of"] == "2026-11-23T09:00:00Z"
        assert old["message"].startswith("PagerDuty does not answer; as it said 3 h ago: On call")
        self.refused("oncall.next", schedule="Mornings")
        self.refused("oncall.who", user="ada@example.com")


def test_ages_are_told_in_words() -> None:
    assert [last_known.age(0, at) for at in (30, 119 * 60, 5 * HOUR)] == [
        "less than a minute",
        "119 min",
        "5 h",
    ]
