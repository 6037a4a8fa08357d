"""Quiet hours, run by run: what is held, what passes, and the one digest in the morning."""

# flake8: noqa: W503

from __future__ import annotations

import random
from typing import Any, Dict, Iterable, List
from unittest import mock

import pytest
from chat_world import NOW
from incident_world import IncidentActionCase, happened
from mattermost_post_digest import PostDigest
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.cards import held_cards
from pagerduty_mattermost.cards.incident_memory import OPEN, OVER
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents import reader
from pagerduty_mattermost.incidents.incident import Change, IncidentEvent, Person, to_payload
from pagerduty_mattermost.noise.quiet_digest import QuietDigest

MINUTES, HOURS = 60.0, 3600.0
NOTHING = {"post_ids": [], "incidents": 0, "message": "No digest is due."}
QUIET = "08:00-10:00"
"""The sandbox's clock begins at 08:53 UTC."""


class DigestTestCase(IncidentActionCase):
    __test__ = True
    action_cls = PostDigest

    def setUp(self) -> None:
        super().setUp()
        self.number = 0
        self.hours: Dict[str, Any] = {"hours": QUIET}

    def settings(self, **changes: Any) -> Dict[str, Any]:
        return super().settings(**{"quiet_hours": self.hours, **changes})

    def trigger(self, title: str = "Disk full", urgency: str = "low", **terms: Any) -> Any:
        truth = self.account.trigger("Checkout API", title, urgency=urgency)
        self.changed(truth, "triggered", **terms)
        return truth

    def changed(self, truth: Any, kind: str, **terms: Any) -> str:
        """What the rules make of a change: `done` of the route's card."""
        self.number += 1
        now = self.incident(truth)
        event = happened(self.number, kind, now.updated_at, Person("PS", "Datadog"))
        return self.told(truth, event, **terms)

    def told(self, truth: Any, event: IncidentEvent, **terms: Any) -> str:
        change = to_payload(Change(self.incident(truth), (event,), self.number))
        done = self.run_as_a_rule(
            PostIncident, **{"change": change, "channel": "incidents", **terms}
        )["done"]
        self.run_as_a_rule(RepaintIncident, change=change, incident_id=None)
        return str(done)

    def tick(self) -> Dict[str, Any]:
        return self.done()

    def morning(self) -> None:
        self.chat.clock.advance(2 * HOURS)

    def cards(self, channel: str = "incidents") -> List[Any]:
        return [post for post in self.chat.service.posts(channel) if "attachments" in post.props]

    def digests(self, channel: str = "incidents") -> List[str]:
        return [
            one
            for one in self.chat.messages(channel)
            if one.startswith("**Quiet hours are over**")
        ]

    def held(self) -> Dict[str, str]:
        return held_cards.held_incidents(Store(self.action_service))

    def requests(self) -> int:
        return len(self.calls.entries)

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

    def test_a_digest_comes_once_however_often_it_is_asked_for(self) -> None:
        self.trigger()
        self.morning()
        self.tick()
        before = self.requests()
        for _ in range(3):
            self.chat.clock.advance(5 * MINUTES)
            self.chat.service.forget_pending()
            assert self.tick()["message"] == "No digest is due."
        assert len(self.digests()) == 1
        assert self.requests() == before

    def test_a_tick_that_was_killed_after_its_post_is_finished_by_the_next(self) -> None:
        truth = self.trigger()
        kept = self.action_service.get_value(
            f"pagerduty.held.{self.channel()}.{truth.id}", local=False
        )
        self.morning()
        self.tick()
        self.action_service.set_value(
            f"pagerduty.held.{self.channel()}.{truth.id}", kept, local=False
        )
        assert self.held() == {truth.id: "quiet_hours"}
        self.chat.clock.advance(5 * MINUTES)
        self.chat.service.forget_pending()
        assert self.tick()["post_ids"] == []
        assert len(self.digests()) == 1
        assert self.held() == {truth.id: "digest"}

    def test_who_comes_too_late_for_the_digest_is_told_in_another(self) -> None:
        self.trigger()
        late = self.trigger("Late")
        name = f"pagerduty.held.{self.channel()}.{late.id}"
        kept = self.action_service.get_value(name, local=False)
        self.action_service.delete_value(name, local=False)
        self.morning()
        self.tick()
        self.action_service.set_value(name, kept, local=False)
        self.chat.clock.advance(5 * MINUTES)
        self.tick()
        self.tick()
        first, second = self.digests()
        assert ("Late" in first, "Late" in second, "Disk full" in second) == (False, True, False)

    def test_a_lost_answer_makes_no_second_digest(self) -> None:
        self.trigger()
        self.morning()
        self.chat.server.faults.add("lost", method="POST", path="/posts$")
        succeeded, _ = self.act()
        self.chat.server.faults.clear()
        self.chat.clock.advance(5 * MINUTES)
        assert self.act()[0]
        assert len(self.digests()) == 1
        assert list(self.held().values()) == ["digest"]

    def test_while_pagerduty_does_not_answer_nothing_is_told_and_nothing_lost(self) -> None:
        truth = self.trigger()
        self.morning()
        self.pager.faults.add("status", status=500)
        assert "500" in self.refused()
        assert self.chat.messages("incidents") == []
        self.pager.faults.clear()
        self.tick()
        assert len(self.digests()) == 1
        assert self.held() == {truth.id: "digest"}

    def test_one_channel_that_is_closed_keeps_no_other_waiting(self) -> None:
        self.trigger("In p1", channel="incidents-p1")
        self.trigger("Here")
        self.chat.service.archive("incidents-p1")
        self.morning()
        assert "incidents-p1" in self.refused()
        assert len(self.digests()) == 1
        assert sorted(self.held().values()) == ["digest", "quiet_hours"]

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

    def test_an_outage_over_the_whole_day_posts_no_digest_in_the_next_night(self) -> None:
        self.trigger("Of the first night")
        self.chat.clock.advance(24 * HOURS)
        self.trigger("Of the second")
        assert self.tick()["message"] == "No digest is due."
        self.morning()
        self.tick()
        (text,) = self.digests()
        assert ("Of the first" in text, "Of the second" in text) == (True, True)

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

    def test_a_value_that_does_not_read_stops_nothing(self) -> None:
        self.action_service.set_value("pagerduty.held.broken", "{", local=False)
        Store(self.action_service).write("held.c.i", {"until": "soon"})
        assert self.tick()["message"] == "No digest is due."

    def channel(self) -> str:
        return str(self.chat.gateway().channel_by_name("ops", "incidents").id)

    def test_a_post_that_can_not_be_looked_at_again_is_finished_by_the_next_run(self) -> None:
        self.trigger()
        self.morning()
        self.chat.server.faults.add("status", method="GET", path="/posts/", status=503)
        self.refused()
        assert list(self.held().values()) == ["quiet_hours"]
        self.chat.server.faults.clear()
        self.chat.clock.advance(5 * MINUTES)
        self.tick()
        assert len(self.digests()) == 1
        assert list(self.held().values()) == ["digest"]

    def test_a_datastore_that_does_not_answer_posts_nothing_and_the_change_is_tried_again(
        self,
    ) -> None:
        truth = self.account.trigger("Checkout API", "Disk full", urgency="low")
        now = self.incident(truth)
        change = to_payload(Change(now, (happened(1, "triggered", now.created_at),), 1))
        action = PostIncident(self.settings(), self.action_service)
        action.sleep, action.monotonic, action.clock = (
            self.chat.sleep,
            self.chat.clock,
            self.chat.clock,
        )

        def down(*args: Any, **more: Any) -> None:
            raise OSError("no datastore")

        working, self.action_service.set_value = self.action_service.set_value, down
        assert not action.run(change=change, channel="incidents")[0]
        self.action_service.set_value = working
        assert self.chat.messages("incidents") == []
        assert self.changed(truth, "triggered") == "held"

    def test_whatever_happens_in_two_nights_nothing_is_lost_and_nothing_told_twice(self) -> None:
        self.live_through_all(range(4))

    @pytest.mark.soak
    def test_whatever_happens_in_many_nights_nothing_is_lost_and_nothing_told_twice(self) -> None:
        self.live_through_all(range(4, 40))

    def live_through_all(self, seeds: Iterable[int]) -> None:
        for seed in seeds:
            with self.subTest(seed=seed):
                self.setUp()
                self.live_through(random.Random(seed))

    def live_through(self, dice: random.Random) -> None:
        truths: List[Any] = []
        ever_high = set()
        for night in range(2):
            for _ in range(14):
                step = dice.choice(
                    ("trigger", "trigger", "change", "resolve", "raise", "trouble", "tick")
                )
                truth = dice.choice([one for one in truths if one.is_open] or [None])
                self.chat.clock.advance(dice.choice((1, 20, 60)))
                if step == "trigger":
                    urgency = dice.choice(("low", "low", "high"))
                    truths.append(
                        self.account.trigger(
                            "Checkout API", f"No {len(truths)} of it", urgency=urgency
                        )
                    )
                    self.try_to_tell(truths[-1], "triggered")
                elif step == "trouble":
                    kind = dice.choice(("lost", "drop", "status"))
                    self.chat.server.faults.add(
                        kind, path=dice.choice(("/posts", "/thread", "/channels")), status=503
                    )
                elif step == "tick" and not night:
                    assert self.act() == (True, NOTHING)
                elif truth is not None:
                    if step == "resolve":
                        self.account.resolve(truth)
                    elif step == "raise":
                        truth.urgency = "high"
                    else:
                        self.account.annotate(truth, "Hm")
                    self.try_to_tell(
                        truth,
                        {"resolve": "resolved", "raise": "urgency_updated"}.get(step, "annotated"),
                    )
            ever_high |= {one.id for one in truths if one.urgency == "high"}
            carded = {one.id for one in truths if self.has_card(one)}
            assert carded == ever_high, "at night, of high urgency alone"
            self.morning()
            for _ in range(6):
                if dice.random() < 0.5:
                    self.chat.server.faults.add(
                        dice.choice(("lost", "drop", "status")), path="/posts", status=503
                    )
                self.act()
                self.chat.server.faults.clear()
                self.chat.clock.advance(5 * MINUTES)
                self.chat.service.forget_pending()
            self.tick()
            digests = self.digests()
            assert len(digests) <= night + 1
            for truth in truths:
                told = [text for text in digests if truth.title in text]
                if truth.is_open:
                    assert bool(told) or truth.id in ever_high, "never lost"
                if truth.id in ever_high:
                    assert len(told) <= night, (
                        "what is told by a card is told in no digest of that night"
                    )
            self.chat.clock.set(NOW + 24 * HOURS * (night + 1))

    def try_to_tell(self, truth: Any, kind: str) -> None:
        """As the catching up does it: again until it goes through."""
        for _ in range(5):
            try:
                self.changed(truth, kind)
            except AssertionError:
                self.chat.server.faults.clear()
                self.chat.clock.advance(31)
                continue
            return
        raise AssertionError("it never went through")

    def has_card(self, truth: Any) -> bool:
        found = [card for card in self.cards() if truth.title in card.message]
        assert len(found) <= 1, "never twice"
        return bool(found)

    def test_what_is_remembered_of_a_held_incident_lives_as_long_as_a_cards(self) -> None:
        truth = self.trigger()
        books = IncidentRecords(Store(self.action_service), truth.id)
        assert [state.life for state in books.load().states] == [OPEN], (
            "a weekend is longer than a day"
        )
        self.account.resolve(truth)
        self.changed(truth, "resolved")
        assert [state.life for state in books.load().states] == [OVER, OVER]

    def operations(self) -> List[str]:
        return [one for one in self.chat.messages("ops") if one.startswith(":warning:")]

    def test_one_channel_that_stumbles_leaves_the_others(self) -> None:
        self.trigger("Here")
        self.trigger("There", channel="incidents-p1")
        here, original = self.channel(), QuietDigest._channel
        self.morning()

        def channel(run: Any, group: Any, *more: Any) -> Any:
            return {}["x"] if group[0].channel_id == here else original(run, group, *more)

        with mock.patch.object(QuietDigest, "_channel", channel):
            assert "a digest: Unexpected KeyError" in self.refused()
        assert [len(self.digests()), len(self.digests("incidents-p1"))] == [0, 1]
        assert "a digest: Unexpected KeyError" in self.operations()[0]
        self.tick()
        assert [len(self.digests()), len(self.digests("incidents-p1"))] == [1, 1]

    def test_one_incident_that_does_not_read_waits_and_leaves_the_others(self) -> None:
        first, second = self.trigger("Odd"), self.trigger("Fine")
        self.morning()
        original = reader.incident_from_rest

        def from_rest(row: Any) -> Any:
            return None if row.get("id") == first.id else original(row)

        with mock.patch.object(reader, "incident_from_rest", from_rest):
            assert self.tick()["incidents"] == 1
        (text,) = self.digests()
        assert ["Fine" in text, "Odd" in text] == [True, False]
        assert "more were resolved" not in text
        assert self.held() == {first.id: "quiet_hours", second.id: "digest"}
        assert f"the digest of {first.id}: PagerDuty's answer" in self.operations()[0]
        self.tick()
        assert "Odd" in self.digests()[1]
        assert self.held() == {first.id: "digest", second.id: "digest"}
