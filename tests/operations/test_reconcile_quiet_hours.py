"""posts.reconcile in quiet hours: what is held back is not missing, and what was lost is held."""

from __future__ import annotations

from typing import Any, Dict

from reconcile_case import LATER, ReconcileCase, rule

from pagerduty_mattermost.cards import held_cards


class QuietHoursTestCase(ReconcileCase):
    """What is missing on purpose, and what would have been held had its trigger come."""

    __test__ = True

    def settings(self, **changes: Any) -> Dict[str, Any]:
        return super().settings(**{"quiet_hours": {"hours": "08:00-10:00"}, **changes})

    def held(self) -> Dict[str, str]:
        return held_cards.held_incidents(self.store)

    def test_what_quiet_hours_hold_back_is_not_missing(self) -> None:
        one = self.account.trigger("Checkout API", "Slow", urgency="low")
        self.by_rule(one, "trigger")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        asked = len(self.calls.entries)
        assert self.done(source="sensor", full=None)["jobs"] == 0
        assert len(self.calls.entries) - asked == 1
        assert (self.cards(), self.held()) == ([], {one.id: "quiet_hours"})

    def test_a_dropped_trigger_of_low_urgency_is_held_and_not_posted(self) -> None:
        one = self.account.trigger("Checkout API", "Slow", urgency="low")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)
        assert (self.cards(), self.held()) == ([], {one.id: "quiet_hours"})
        self.done(source="timer", full=True)
        assert self.cards() == []

    def test_a_dropped_rise_of_the_urgency_brings_the_card(self) -> None:
        one = self.account.trigger("Checkout API", "Slow", urgency="low")
        self.by_rule(one, "trigger")
        one.urgency = "high"
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)
        assert len(self.cards()) == 1

    def test_a_route_that_is_never_quiet_gets_its_card(self) -> None:
        self.rules = [rule("all", "incidents", quiet="never")]
        one = self.account.trigger("Checkout API", "Slow", urgency="low")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)
        assert (len(self.cards()), self.held()) == (1, {})

    def test_what_the_digest_told_of_is_not_missing_until_something_happens(self) -> None:
        one = self.account.trigger("Checkout API", "Slow", urgency="low")
        self.by_rule(one, "trigger")
        self.sensor(one)
        self.chat.clock.advance(2 * 3600)
        (record,) = held_cards.every(self.store)
        held_cards.save(self.store, record._replace(why=held_cards.DIGEST), self.chat.clock())
        assert self.done(source="sensor", full=None)["jobs"] == 0
        self.account.acknowledge(one, "ada@example.com")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)
        (card,) = self.cards()
        assert "Acknowledged" in card.message
