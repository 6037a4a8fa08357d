"""The digest after quiet hours comes once and holds everything, whatever fails or is killed."""

from __future__ import annotations

import random
from typing import Any, Iterable, List
from unittest import mock

import pytest
from chat_world import NOW
from digest_case import HOURS, MINUTES, DigestCase
from incident_world import happened
from post_incident import PostIncident

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents import reader
from pagerduty_mattermost.incidents.incident import Change, to_payload
from pagerduty_mattermost.noise.quiet_digest import QuietDigest

NOTHING = {"post_ids": [], "incidents": 0, "message": "No digest is due."}


class DigestTroubleTestCase(DigestCase):
    __test__ = True

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

    def test_an_outage_over_the_whole_day_posts_no_digest_in_the_next_night(self) -> None:
        self.trigger("Of the first night")
        self.chat.clock.advance(24 * HOURS)
        self.trigger("Of the second")
        assert self.tick()["message"] == "No digest is due."
        self.morning()
        self.tick()
        (text,) = self.digests()
        assert ("Of the first" in text, "Of the second" in text) == (True, True)

    def test_a_value_that_does_not_read_stops_nothing(self) -> None:
        self.action_service.set_value("pagerduty.held.broken", "{", local=False)
        Store(self.action_service).write("held.c.i", {"until": "soon"})
        assert self.tick()["message"] == "No digest is due."

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
