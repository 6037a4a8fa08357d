"""Mattermost is away for a while: what was missed follows its return within five seconds, in
order, each once, by one probe for all; and no execution fails meanwhile."""

from __future__ import annotations

import math
from typing import Any, List
from unittest import mock

import pytest
from mattermost_catch_up import CatchUp
from mattermost_post_once import PostOnce
from outage_world import START_SECONDS, Killed, OutageCase

from pagerduty_mattermost.operations import dead_letters

WITHIN_SECONDS = 5.0
AWAY_SECONDS = 30.0


class OutageTestCase(OutageCase):
    __test__ = True

    def burst(self, incidents: int = 10) -> None:
        """Each incident is triggered and, three seconds later, acknowledged: two changes a
        second."""
        for number in range(incidents):
            self.after(number, lambda number=number: self._trigger(number))

    def _trigger(self, number: int) -> None:
        truth = self.account.trigger("Checkout API", f"Slow {number}")
        self.tell(truth, number, "triggered")

        def acknowledge() -> None:
            self.account.acknowledge(truth, "ada@example.com")
            self.tell(truth, 1000 + number, "acknowledged")

        self.after(3, acknowledge)

    def away(self, seconds: float = AWAY_SECONDS) -> float:
        """From now on; the time at which it is back."""
        rule = self.chat.server.faults.add("drop")
        self.after(seconds, lambda: self.chat.server.faults.clear(rule))
        return self.chat.clock() + seconds

    def assert_all_told(self, incidents: int = 10) -> None:
        assert self.kept == []
        assert self.outage.waiting is None
        assert self.failed == []
        assert len(self.cards()) == incidents
        for card, replies in self.threads().items():
            assert card.startswith("👀 Acknowledged") or "Acknowledged" in card
            assert [("Triggered" in one, "acknowledged" in one) for one in replies] == [
                (True, False),
                (False, True),
            ], replies

    def test_away_in_the_middle_of_a_burst(self) -> None:
        self.burst()
        self.sleep(4.5)
        began, back = self.chat.clock(), self.away()
        self.sleep(AWAY_SECONDS + 60)
        self.assert_all_told()
        tried = [one.time for one in self.asked(back, back + 60) if one.method == "POST"]
        assert min(tried) <= back + WITHIN_SECONDS
        assert len(self.runs) == 1
        # The first executions try twice, the others once each; one asks for all of them.
        asked = self.asked(began, back)
        probes = [one for one in asked if one.path.endswith("/system/ping")]
        assert len(probes) <= AWAY_SECONDS / 2
        assert len(asked) - len(probes) <= 20 + 4

    def test_five_minutes_leave_one_dead_letter_for_each_effect_and_no_failed_execution(
        self,
    ) -> None:
        self.away(300)
        self.burst(6)
        self.sleep(290)
        assert self.failed == []
        effects = [(one.action, one.incident, one.sequence) for one in self.kept]
        assert sorted(effects) == sorted(set(effects))
        assert {one.attempts for one in self.kept} == {1}
        assert len(self.kept) == 2 * 6, "two changes each; without a card there is no repaint"
        self.sleep(60)
        self.assert_all_told(6)

    def test_away_again_while_it_catches_up(self) -> None:
        self.away()
        self.burst()
        self.sleep(AWAY_SECONDS - 0.01)
        done = dead_letters.drop
        dropped: List[str] = []

        def drop(store: Any, one: Any) -> None:
            done(store, one)
            dropped.append(one.id)
            if len(dropped) == 3:
                self.again = self.away(20)

        with mock.patch.object(dead_letters, "drop", drop):
            self.sleep(20)
            assert 3 <= len(dropped) < 10
            assert self.kept
            self.sleep(60)
        self.assert_all_told()
        assert self.failed == []
        (_, again) = [began for began, _ in self.runs]
        assert self.again <= again <= self.again + WITHIN_SECONDS

    def test_killed_while_it_catches_up(self) -> None:
        back = self.away()
        self.burst()
        self.sleep(AWAY_SECONDS - 0.01)
        done = dead_letters.drop

        def drop(store: Any, one: Any) -> None:
            if len(self.kept) == 6 and len(self.runs) == 1:
                raise Killed
            done(store, one)

        with mock.patch.object(dead_letters, "drop", drop):
            self.sleep(90)
        self.assert_all_told()
        assert len(self.runs) == 2
        assert self.runs[1][0] <= back + 45, "a run that is silent for half a minute is dead"

    def test_the_sensor_starts_anew_while_it_is_away(self) -> None:
        back = self.away()
        self.burst()
        self.sleep(15)
        self.start_sensor()
        self.sleep(AWAY_SECONDS - 15 + 60)
        self.assert_all_told()
        assert self.runs[0][0] <= back + WITHIN_SECONDS
        assert len(self.runs) == 1

    def test_later_changes_of_an_incident_keep_their_order(self) -> None:
        """A change comes in between the return and the catching up."""
        truth = self.account.trigger("Checkout API", "Slow")
        back = self.away()
        self.tell(truth, 1, "triggered")
        self.sleep(AWAY_SECONDS - 1 - START_SECONDS)
        self.account.acknowledge(truth, "ada@example.com")
        self.sleep(1)
        self.tell(truth, 2, "acknowledged")
        self.sleep(60)
        self.assert_all_told(1)
        assert self.runs[0][0] <= back + WITHIN_SECONDS

    def test_a_hiccup_is_left_to_the_library(self) -> None:
        self.chat.server.faults.add("status", status=503, times=1)
        self.burst(1)
        self.sleep(60)
        self.assert_all_told(1)
        assert self.runs == []

    def test_without_a_sensor_the_timer_catches_up(self) -> None:
        self.back = None
        self.away()
        self.burst = lambda count: None  # type: ignore[method-assign,assignment]
        self.run_action(PostOnce, channel="ops", message="It fails", key="k")
        self.sleep(120)
        assert self.run_action(CatchUp)["caught_up"] == 1
        assert self.kept == []
        assert self.outage.waiting is None
        assert self.failed == []

    def test_only_one_run_catches_up_at_a_time(self) -> None:
        self.away(10)
        self.burst(3)
        self.sleep(9)
        results: List[Any] = []
        done = dead_letters.drop

        def drop(store: Any, one: Any) -> None:
            if not results:
                results.append(self.run_action(CatchUp)["message"])
            done(store, one)

        with mock.patch.object(dead_letters, "drop", drop):
            self.sleep(60)
        self.assert_all_told(3)
        assert results == ["Another run is catching up."]

    def test_what_will_not_pass_by_itself_is_not_hidden(self) -> None:
        assert self.back is not None
        self.run_action(PostOnce, channel="ops", message="It works", key="k0")
        self.chat.server.faults.add("status", status=404, path="/system/ping")
        rule = self.chat.server.faults.add("drop", path="/posts")
        self.run_action(PostOnce, channel="ops", message="It fails", key="k")
        with self.assertLogs("outage") as logs:
            self.sleep(45)
        assert self.back.trouble == "", "it may pass by itself"
        self.sleep(60)
        assert "answered 404" in self.back.trouble
        assert len([line for line in logs.output if "can't be asked" in line]) == 1
        self.chat.server.faults.clear(rule)
        self.run_action(CatchUp)
        self.sleep(60)
        self.chat.server.faults.clear()
        assert self.kept == []

    def test_a_token_that_was_revoked_meanwhile_is_named_and_not_asked_with_for_ever(self) -> None:
        self.away()
        self.burst(6)
        self.sleep(AWAY_SECONDS - 1)
        self.chat.service.revoke(self.chat.world.bot_token)
        self.sleep(600)
        assert len(self.runs) <= 10
        assert "mattermost.token" in " ".join(one.reason for one in self.kept)
        self.chat.world = self.chat.world._replace(
            bot_token=self.chat.service.add_token("pagerduty")
        )
        self.sleep(3600)
        self.run_action(CatchUp)
        self.assert_all_told(6)

    def flood(self, count: int) -> None:
        """So many messages of rules, then Mattermost at ten requests a second."""
        back = self.away()
        for number in range(count):
            given = {"channel": "ops", "message": f"No {number}", "key": f"k{number}"}
            self.after(number * 25 / count, lambda given=given: self.run_action(PostOnce, **given))
        self.sleep(AWAY_SECONDS - 1)
        assert len(self.kept) == count
        self.chat.service.rate_limit(10, burst=20)
        while self.kept:
            self.sleep(10)
            assert self.chat.clock() < back + 4 * count
        asked = self.asked(back, self.chat.clock())
        refused = [one for one in asked if one.status == 429]
        assert len(refused) <= len(asked) / 5
        # At the limit, but for the start and the steps of ten seconds in which this looks.
        taken = len(asked) - len(refused)
        assert self.chat.clock() - back <= 1.3 * taken / 10 + 20
        texts = [text.split("\n")[0] for text in self.chat.messages("ops")]
        wanted = [f"No {number}" for number in range(count)]
        # The very first, all tried within one second, failed in no order.
        first = count // 10
        assert texts[first:] == wanted[first:]
        assert sorted(texts[:first]) == sorted(wanted[:first])
        assert self.failed == []
        assert self.outage.waiting is None
        assert len(self.runs) <= 1 + math.ceil((self.chat.clock() - back) / 240)

    def test_a_flood_comes_out_at_the_rate_limit(self) -> None:
        self.flood(60)

    @pytest.mark.soak
    def test_a_thousand_come_out_at_the_rate_limit(self) -> None:
        self.flood(1000)
