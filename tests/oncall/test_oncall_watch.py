"""oncall.watch: hand-offs told once, in the channel and in private; what a look costs; that looks
give way while PagerDuty's rate limit runs out."""

# flake8: noqa: E203

from __future__ import annotations

from typing import List

from oncall_case import HOUR, moment
from oncall_watch_case import ADA, MEI, OLU, WatchCase

from pagerduty_mattermost.gateways.pagerduty import rate_brake
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from sandbox.pagerduty.rota import on_calls

MINUTE = 60


class HandOffTestCase(WatchCase):
    __test__ = True

    def test_a_hand_off_is_told_once_in_the_channel_and_to_both(self) -> None:
        assert self.look()["handoffs"] == 0, "what is found first is no news"
        self.look(moment(2026, 11, 24, 8, 59))
        assert self.messages() == []
        for minutes in (1, 2, 3):
            self.look(moment(2026, 11, 24, 9, minutes))
        assert self.messages() == [
            (
                f":phone: **Mornings**: on call since 09:00: {OLU} until 25 Nov 2026 09:00 CET. "
                f"{MEI} is off."
            )
        ]
        assert self.told("olu") == [
            ":phone: You are on call for **Mornings** until 25 Nov 2026 09:00 CET."
        ]
        assert self.told("mei") == [f"You are off call for **Mornings**: {OLU} is on call now."]
        assert self.told("ada") == []

    def test_each_hand_off_of_an_outage_is_told_and_only_the_newest_in_private(self) -> None:
        self.look()
        assert self.look(moment(2026, 11, 25, 8))["handoffs"] == 1
        assert self.look(moment(2026, 11, 27, 9, 30))["handoffs"] == 3
        assert [
            text.split("since ")[1].split(": ")[1].split(" ")[0] for text in self.messages()
        ] == [
            OLU,
            MEI,
            OLU,
            MEI,
        ]
        assert (len(self.told("mei")), len(self.told("olu"))) == (2, 2)
        assert self.look(moment(2026, 12, 7, 9, 30))["handoffs"] == 2, (
            "of ten days those of the last two"
        )

    def test_an_escalation_policy_is_told_by_level_and_a_person_of_several_rows_once(self) -> None:
        self.terms(channels={"Morning escalation": "incidents"})
        self.policy("Other escalation", [("schedule", self.rota["id"])])
        self.look()
        self.look(moment(2026, 11, 24, 9, 1))
        (text,) = self.messages()
        assert text.startswith(
            ":phone: **Morning escalation**, level 1: on call since 09:00: " + OLU
        )
        assert len(self.told("olu")) == 1

    def test_an_override_is_told_as_such_and_its_end_and_a_cancelled_one(self) -> None:
        self.look()
        self.override("Ada Lovelace", moment(2026, 11, 23, 12), moment(2026, 11, 23, 13))
        self.look(moment(2026, 11, 23, 12, 1))
        self.look(moment(2026, 11, 23, 13, 1))
        second = self.override("Ada Lovelace", moment(2026, 11, 23, 14), moment(2026, 11, 23, 18))
        self.look(moment(2026, 11, 23, 14, 1))
        self.cancel(second, moment(2026, 11, 23, 15))
        self.look(moment(2026, 11, 23, 15, 1))
        of = "(override in place of Mei Tanaka)"
        assert self.messages() == [
            (
                f":phone: **Mornings**: on call since 12:00: {ADA} until 23 Nov 2026 13:00 CET "
                f"{of}. {MEI} is off."
            ),
            f":phone: **Mornings**: The override is over. On call since 13:00: {MEI} until "
            f"24 Nov 2026 09:00 CET. {ADA} is off.",
            (
                f":phone: **Mornings**: on call since 14:00: {ADA} until 23 Nov 2026 18:00 CET "
                f"{of}. {MEI} is off."
            ),
            f":phone: **Mornings**: The override was cancelled. On call since 15:00: {MEI} until "
            f"24 Nov 2026 09:00 CET. {ADA} is off.",
        ]
        assert of in self.told("ada")[0]

    def test_who_goes_on_after_an_override_leaves_as_anybody_does(self) -> None:
        self.look()
        self.override("Olu Adeyemi", moment(2026, 11, 24, 7), moment(2026, 11, 24, 9))
        for hour in (7, 9, 11):
            self.look(moment(2026, 11, 24, hour, 1))
        self.look(moment(2026, 11, 25, 9, 1))
        first, last = self.messages()
        assert "(override in place of Mei Tanaka)" in first
        assert last.startswith(":phone: **Mornings**: on call since 09:00: " + MEI)

    def test_two_overrides_across_are_a_swap(self) -> None:
        self.look()
        self.override("Olu Adeyemi", moment(2026, 11, 23, 12), moment(2026, 11, 24, 9))
        self.override("Mei Tanaka", moment(2026, 11, 24, 9), moment(2026, 11, 25, 9))
        self.look(moment(2026, 11, 23, 12, 1))
        self.look(moment(2026, 11, 24, 9, 1))
        assert [text.split("CET ")[1].split(".")[0] for text in self.messages()] == [
            "(swap with Mei Tanaka)",
            "(swap with Olu Adeyemi)",
        ]

    def test_an_override_that_begins_now_is_told_at_the_next_look(self) -> None:
        self.look()
        self.override("Ada Lovelace", self.now - 30, self.now + HOUR)
        self.look(self.now + MINUTE)
        self.look(self.now + MINUTE)
        assert len(self.messages()) == 1
        assert "override in place of Mei Tanaka" in self.messages()[0]

    def test_nobody_on_call_is_told_and_who_comes_after(self) -> None:
        self.only(self.rota, "09:00:00", 8)
        self.look()
        self.look(moment(2026, 11, 23, 17, 2))
        before = self.requests()
        self.look(moment(2026, 11, 23, 18))
        assert self.requests() - before == 1, "a gap is known: it is not asked for again"
        self.look(moment(2026, 11, 24, 9, 1))
        assert self.messages() == [
            f":warning: **Mornings**: nobody is on call since 17:00. {MEI} is off.",
            f":phone: **Mornings**: on call since 09:00: {OLU} until 24 Nov 2026 17:00 CET.",
        ]
        assert self.told("mei") == ["You are off call for **Mornings**: nobody is on call now."]

    def test_a_schedule_that_no_policy_uses_is_watched_by_itself(self) -> None:
        lonely = self.schedule(
            "Lonely", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.terms(channels={"Lonely": "incidents"})
        self.look()
        self.look(moment(2026, 11, 24, 9, 1))
        assert len(self.messages()) == len(self.told("olu")) == 1, "an address is asked for"
        self.policy("Uses it", [("schedule", lonely["id"])])
        self.look(moment(2026, 11, 24, 9, 2))
        before = self.requests()
        self.look(moment(2026, 11, 24, 9, 3))
        assert (self.requests() - before, len(self.messages())) == (1, 1)

    def test_the_clocks_go_back_and_the_hand_off_stays_at_nine(self) -> None:
        self.begins(self.rota, moment(2026, 10, 24, 9))
        self.look(moment(2026, 10, 24, 9, 30))
        while self.now < moment(2026, 10, 26, 7, 45):
            self.look(self.now + HOUR)
        assert [text.split("since ")[1][:5] for text in self.messages()] == ["09:00"]
        assert "since 09:00" in self.messages()[0]


class RequestTestCase(WatchCase):
    """500 schedules of 2,000 users; a look costs a request for each hundred rows, not one for each
    schedule."""

    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.account.options.rate_limit = None
        users = [
            self.account.add(
                "users", f"User {n}", email=f"user{n}@example.com", role="user", team_ids=[]
            )["id"]
            for n in range(2000)
        ]
        start = int(moment(2026, 11, 23, 9))
        self.made = []
        for n in range(500):
            one = self.schedule(f"Rota {n}", ["Mei Tanaka"], start=start, turn=12 * HOUR)
            one["layers"][0]["user_ids"] = users[4 * n : 4 * n + 4]
            self.made.append(one)
        for begin in range(0, 500, 10):
            self.policy(
                f"Policy {begin}",
                [("schedule", one["id"]) for one in self.made[begin : begin + 10]],
            )

    def rows(self, since: float, until: float) -> int:
        catalog = self.account.catalog
        return len(
            on_calls(catalog["escalation_policies"], catalog["schedules"], int(since), int(until))
        )

    def asked(self) -> List[str]:
        before = len(self.server.journal.entries)
        self.look()
        return [entry.path for entry in self.server.journal.entries[before:]]

    def test_all_of_an_account_cost_a_request_for_each_hundred_rows_and_names_once(self) -> None:
        self.terms(channels={one["name"]: "incidents" for one in self.made})
        assert len(self.asked()) < 30
        for hour, minute in ((11, 0), (12, 30), (20, 59)):
            since, now = self.now, moment(2026, 11, 23, hour, minute)
            self.at(now)
            asked = self.asked()
            assert set(asked) == {"/oncalls"}
            assert len(asked) <= -(-self.rows(since, now) // 100) <= 6

    def test_a_part_of_a_large_account_costs_its_own_rows(self) -> None:
        """What is not watched makes the account's list long."""
        for number in range(80):
            targets = [("schedule", one["id"]) for one in self.made[400:410]]
            self.policy(f"Other {number}", targets)
        self.terms(channels={one["name"]: "incidents" for one in self.made[:300]})
        self.look()
        self.at(self.now + HOUR)
        assert self.asked() == ["/oncalls"] * 3


class RateTestCase(WatchCase):
    """While PagerDuty's rate limit runs out, looks give way to what people do, for minutes."""

    __test__ = True

    def low(self) -> None:
        rate_brake.note(self.store(), RateLimit(960, 100, 60.0), self.now)

    def test_a_look_gives_way_for_some_minutes_and_loses_no_hand_off(self) -> None:
        self.look()
        began = moment(2026, 11, 24, 9, 1)
        before = self.requests()
        for minute in range(3):
            self.at(began + 60 * minute)
            self.low()
            assert self.look()["done"] == "gives_way"
        assert (self.requests(), self.messages()) == (before, [])
        self.at(began + 180)
        self.low()
        assert self.look()["handoffs"] == 1
        assert len(self.messages()) == 1
        self.at(began + 240)
        assert self.look()["done"] == "done", "it is low no longer"
