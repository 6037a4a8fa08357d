"""Quiet hours: what is held, what passes, and the one digest in the morning."""

# flake8: noqa: W503

from __future__ import annotations

from digest_case import HOURS, QUIET, DigestCase
from incident_world import happened
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.cards.incident_memory import OPEN, OVER
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, to_payload


class DigestTestCase(DigestCase):
    __test__ = True

    def test_low_urgency_waits_and_comes_as_one_digest_of_what_is_open(self) -> None:
        first, second, third = (
            self.trigger(title) for title in ("Disk full", "Slow", "Certificate")
        )
        self.account.resolve(second)
        assert self.changed(second, "resolved") == "held"
        self.account.acknowledge(third, "ada@example.com")
        assert self.changed(third, "acknowledged") == "held"
        assert self.chat.messages("incidents") == []
        assert self.held() == dict.fromkeys((first.id, second.id, third.id), "quiet_hours")
        before = self.requests()
        assert self.tick()["message"] == "No digest is due."
        assert self.requests() == before, "nothing is asked before it is over"
        self.morning()
        assert self.tick()["incidents"] == 3
        (text,) = self.chat.messages("incidents")
        head, *lines = text.split("\n")
        assert head == (
            "**Quiet hours are over**: 2 of low urgency still open: 1 triggered, 1 "
            "acknowledged; 1 more was resolved."
        )
        assert ["Certificate" in lines[0], "Disk full" in lines[1], len(lines)] == [True, True, 2]
        assert self.held() == {first.id: "digest", second.id: "over", third.id: "digest"}
        keys = [
            item.name
            for item in self.action_service.list_values(local=False, prefix="pagerduty.incident.")
        ]
        assert not [key for key in keys if second.id in key], "of what is over nothing stays"

    def test_many_are_asked_for_in_one_request(self) -> None:
        for number in range(40):
            self.trigger(f"Disk {number} full")
        self.morning()
        before = self.requests()
        self.tick()
        assert self.requests() - before == 1
        (text,) = self.digests()
        assert text.endswith("- … and 10 more.")

    def test_what_is_over_makes_no_post(self) -> None:
        truth = self.trigger()
        self.account.resolve(truth)
        self.morning()
        assert self.tick()["post_ids"] == []
        assert self.chat.messages("incidents") == []
        assert self.held() == {truth.id: "over"}
        assert self.tick()["incidents"] == 0
        assert self.changed(truth, "annotated") == "held"
        self.account.reopen(truth)
        assert self.changed(truth, "reopened", start_on=["triggered"]) == "created"
        assert self.held() == {}

    def test_high_urgency_passes_and_so_does_what_becomes_high(self) -> None:
        self.trigger("Payment down", urgency="high")
        truth = self.trigger(start_on=["triggered"])
        assert len(self.cards()) == 1
        truth.urgency = "high"
        assert self.changed(truth, "urgency_updated", start_on=["triggered"]) == "created"
        card = self.cards()[1]
        assert len(self.chat.service.thread(card)) == 2, "with what happened while it was held"
        assert self.held() == {}

    def test_it_comes_also_where_the_change_fits_no_criteria_of_the_rule(self) -> None:
        """A rule on `triggered` alone is not run for later changes; the rule that repaints is."""
        truth, other = self.trigger("Slow"), self.trigger("Disk full")
        truth.urgency = "high"
        now = self.incident(truth)
        change = to_payload(Change(now, (happened(7, "urgency_updated", now.updated_at),), 7))
        self.run_as_a_rule(RepaintIncident, change=change, incident_id=None)
        assert [truth.title in card.message for card in self.cards()] == [True]
        assert self.held() == {other.id: "quiet_hours"}
        self.morning()
        self.tick()
        self.account.acknowledge(other, "ada@example.com")
        now = self.incident(other)
        change = to_payload(Change(now, (happened(8, "acknowledged", now.updated_at),), 8))
        self.run_as_a_rule(RepaintIncident, change=change, incident_id=None)
        assert len(self.cards()) == 2
        assert self.held() == {}

    def test_the_digest_mentions_as_the_routes_say(self) -> None:
        first = self.trigger("Disk full", mention="assignees")
        second = self.trigger("Slow", mention="high_urgency")
        third = self.trigger("Queue", mention="oncall")
        self.account.reassign(first, ["grace@example.com"])
        self.account.reassign(second, ["linus@example.com"])
        self.account.reassign(third, ["mei@example.com"])
        self.morning()
        self.tick()
        (digest,) = self.digests()
        assert digest.split("\n")[-1] == "@mei @grace", "as the list is sorted"

    def test_a_card_that_is_there_stays_true_without_a_mention(self) -> None:
        self.hours = {"hours": "never"}
        truth = self.trigger(mention="assignees")
        self.hours = {"hours": QUIET}
        self.account.reassign(truth, ["grace@example.com"])
        self.changed(truth, "reassigned", mention="assignees")
        self.account.acknowledge(truth, "grace@example.com")
        assert self.changed(truth, "acknowledged", mention="assignees") == "repainted"
        (card,) = self.cards()
        assert "Acknowledged" in card.message
        replies = [post.message for post in self.chat.service.thread(card)]
        assert len(replies) == 3
        assert "@" not in "".join(replies)

    def test_after_the_digest_the_next_change_starts_the_card(self) -> None:
        truth = self.trigger(start_on=["triggered"])
        self.morning()
        self.tick()
        self.account.acknowledge(truth, "ada@example.com")
        assert self.changed(truth, "acknowledged", start_on=["triggered"]) == "created"
        (card,) = self.cards()
        assert len(self.chat.service.thread(card)) == 2
        assert self.held() == {}

    def test_a_change_before_the_digest_takes_it_out(self) -> None:
        truth = self.trigger()
        self.morning()
        self.account.acknowledge(truth, "ada@example.com")
        assert self.changed(truth, "acknowledged") == "created"
        assert self.tick()["message"] == "No digest is due."

    def test_a_card_that_came_by_hand_is_not_told_of_again(self) -> None:
        truth = self.trigger()
        self.run_as_a_rule(PostIncident, change=None, incident_id=truth.id, channel="incidents")
        assert len(self.cards()) == 1, "who asks gets it, whatever the hour"
        self.morning()
        assert self.tick()["post_ids"] == []
        assert self.held() == {}

    def test_a_change_in_the_next_night_is_told_in_the_next_morning(self) -> None:
        truth = self.trigger()
        self.morning()
        self.tick()
        self.chat.clock.advance(22 * HOURS)
        self.account.acknowledge(truth, "ada@example.com")
        assert self.changed(truth, "acknowledged") == "held"
        self.morning()
        self.tick()
        assert len(self.digests()) == 2
        assert self.cards() == []

    def test_a_route_says_its_own_hours(self) -> None:
        assert (
            self.changed(self.trigger("Loud", quiet="never"), "annotated", quiet="never")
            == "repainted"
        )
        self.hours = {}
        self.trigger("Asleep", quiet=f"{QUIET} UTC")
        self.hours = {"enabled": False, "hours": QUIET}
        self.trigger("Awake", quiet=QUIET)
        assert len(self.cards()) == 2
        assert list(self.held().values()) == ["quiet_hours"]

    def test_hours_that_do_not_read_are_a_mistake_of_the_rule(self) -> None:
        action = PostIncident(self.settings(), self.action_service)
        succeeded, line = action.run(change=None, incident_id="PT4KHLK", quiet="nightly")
        assert not succeeded
        assert "'nightly' is no day" in line

    def test_a_strangers_title_pings_nobody(self) -> None:
        self.trigger("@channel [x](http://bad.example) | **b**")
        self.morning()
        self.tick()
        (text,) = self.digests()
        assert "@channel" not in text
        assert "](http://bad" not in text

    def test_over_an_exchange_configuration_nothing_fails(self) -> None:
        succeeded, result = self.act({"api_key": "u+exchangePack1234567"})
        assert (succeeded, result["done"]) == (True, "not_configured")

    def test_what_is_remembered_of_a_held_incident_lives_as_long_as_a_cards(self) -> None:
        truth = self.trigger()
        books = IncidentRecords(Store(self.action_service), truth.id)
        assert [state.life for state in books.load().states] == [OPEN], (
            "a weekend is longer than a day"
        )
        self.account.resolve(truth)
        self.changed(truth, "resolved")
        assert [state.life for state in books.load().states] == [OVER, OVER]
