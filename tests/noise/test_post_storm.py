"""mattermost.post_storm: one card a storm and channel, the newest state, the summary once."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from incident_world import IncidentActionCase
from mattermost_post_storm import PostStorm

from pagerduty_mattermost.cards.card import LOW_TRIGGERED
from pagerduty_mattermost.cards.subscriptions import Subscription

ONE = {
    "id": "PINC1",
    "number": 7,
    "title": "@here disk | full",
    "url": "https://acme.pagerduty.com/incidents/PINC1",
    "status": "triggered",
    "urgency": "high",
    "assignee_ids": [],
}
STORM: Dict[str, Any] = {
    "key": "storm-PSVC-1760000000-00000000",
    "kind": "storm",
    "state": "ongoing",
    "service_id": "PSVC",
    "service": "Checkout API",
    "team_ids": ["PTEAM"],
    "escalation_policy_id": "",
    "title": "",
    "started_at": "2025-10-09T08:53:20Z",
    "at": "2025-10-09T08:53:30Z",
    "sequence": 12,
    "total": 12,
    "triggered": 11,
    "acknowledged": 1,
    "closed": 0,
    "incidents": [ONE],
}
LATER = {**STORM, "sequence": 20, "total": 20, "triggered": 19, "at": "2025-10-09T08:54:30Z"}
OVER = {**LATER, "state": "ended", "sequence": 21, "triggered": 2, "acknowledged": 0, "closed": 18}


class PostStormTestCase(IncidentActionCase):
    __test__ = True
    action_cls = PostStorm

    def shown(self, storm: Dict[str, Any], channel: str = "incidents") -> str:
        return str(self.done(change=storm, channel=channel)["done"])

    def posts(self) -> List[Any]:
        return [post for post in self.chat.service.posts("incidents") if post.attachments]

    def test_it_is_posted_once_repainted_and_summed_up(self) -> None:
        assert [self.shown(one) for one in (STORM, STORM, LATER, OVER, OVER)] == [
            "created",
            "unchanged",
            "repainted",
            "repainted",
            "unchanged",
        ]
        (card,) = self.posts()
        assert card.message == (
            "⚠️ The storm on Checkout API has ended, 2 still open · 20 incidents"
        )
        assert card.attachments[0]["color"] == LOW_TRIGGERED
        assert "since 08:53: 2 triggered, 18 resolved." in card.attachments[0]["text"]
        (reply,) = self.chat.service.thread(card)
        assert reply.message == (
            "Ended after 1 min: 20 incidents, 2 still open. Each gets its card as soon as "
            "somebody acts on it."
        )

    def test_what_is_acknowledged_in_bulk_is_promised_no_cards(self) -> None:
        promised = []
        for number, (triggered, acknowledged) in enumerate(((12, 0), (3, 9), (0, 12), (0, 0))):
            counts = {"triggered": triggered, "acknowledged": acknowledged}
            counts["closed"] = 12 - triggered - acknowledged
            self.shown({**STORM, **counts, "sequence": 12 + number})
            (card,) = self.posts()
            promised.append("A card of its own gets" in card.attachments[0]["text"])
        assert promised == [True, True, False, True]

    def test_while_any_is_open_it_has_buttons_and_push_repeats_nothing(self) -> None:
        config = self.chat.raw()
        config["chat"] = {"public_url": "https://a.example", "signing_keys": ["s" * 32]}
        over = {**OVER, "triggered": 0, "acknowledged": 0, "sequence": OVER["sequence"] + 1}
        for storm, names in (
            (STORM, ["Acknowledge all", "List"]),
            ({**OVER, "triggered": 0, "acknowledged": 2}, ["List"]),
            (over, []),
        ):
            assert self.act(config, change=storm, channel="incidents")[0] is True
            (shown,) = self.posts()[0].attachments
            assert [one["name"] for one in shown.get("actions") or ()] == names
            assert not shown.get("fallback")

    def person(self, name: str) -> str:
        return str(self.account.find("users", name)["id"])

    def said(self, mention: Optional[str], storm: Dict[str, Any]) -> str:
        """What the card says when it is made, which is what notifies."""
        made: List[str] = []
        action = self.action()
        original = action.context.mattermost.create_post

        def heard(channel: str, message: str, **more: Any) -> Any:
            made.append(message)
            return original(channel, message, **more)

        action.context.mattermost.create_post = heard
        key = f"storm-{len(self.chat.service.posts('incidents'))}"
        succeeded, result = action.run(
            change={**storm, "key": key}, channel="incidents", mention=mention
        )
        assert succeeded, result
        return made[0]

    def test_a_new_card_mentions_as_its_rule_says_whose_incidents_nobody_has(self) -> None:
        ada, mei, grace = map(self.person, ("Ada Lovelace", "Mei Tanaka", "Grace Hopper"))
        rows = [
            {**ONE, "assignee_ids": [ada, mei]},
            {**ONE, "id": "PINC2", "assignee_ids": [mei]},
            {**ONE, "id": "PINC3", "status": "acknowledged", "assignee_ids": [grace]},
        ]
        high = {**STORM, "incidents": rows}
        low = {**STORM, "incidents": [{**one, "urgency": "low"} for one in rows]}
        assert self.said(None, high).endswith(" · @ada @mei")
        assert self.said("assignees", low).endswith(" · @ada @mei")
        assert "@" not in self.said(None, low)
        assert "@" not in self.said("nobody", high)
        policy = self.account.find("escalation_policies", "Payments escalation")["id"]
        paged = {**low, "incidents": [rows[1]], "escalation_policy_id": policy}
        assert self.said("oncall", paged).endswith(" · @mei"), "nobody who was passed over"
        first = {**paged, "incidents": [{**ONE, "assignee_ids": [ada]}]}
        assert self.said("oncall", first).endswith(" · @ada")

    def test_nobody_is_mentioned_twice_nor_when_all_of_it_is_in_hand(self) -> None:
        mei = self.person("Mei Tanaka")
        storm = {**STORM, "incidents": [{**ONE, "assignee_ids": [mei]}]}
        self.done(change=storm, channel="incidents", mention="assignees")
        later = {**LATER, "incidents": storm["incidents"]}
        self.done(change=later, channel="incidents", mention="assignees")
        (card,) = self.posts()
        assert "@" not in card.message, "an edit notifies nobody, and names nobody"
        taken = {**ONE, "status": "acknowledged", "assignee_ids": [mei]}
        assert "@" not in self.said("assignees", {**STORM, "incidents": [taken]})

    def test_a_mention_that_is_none_is_a_mistake_of_the_rule(self) -> None:
        succeeded, line = self.act(None, change=STORM, mention="everybody")
        assert not succeeded
        assert "mention" in line

    def test_an_older_state_paints_nothing(self) -> None:
        self.shown(LATER)
        assert self.shown(STORM) == "older"
        assert "20 incidents" in self.posts()[0].message

    def test_runs_at_once_leave_the_newest_state_whoever_paints_last(self) -> None:
        """A slow run of an older state: while it paints, two newer ones come and go."""
        slow = self.action()
        original = slow.context.mattermost.create_post

        def overtaken(*args: Any, **more: Any) -> Any:
            self.shown(LATER)
            self.shown(OVER)
            return original(*args, **more)

        slow.context.mattermost.create_post = overtaken
        succeeded, result = slow.run(change=STORM, channel="incidents")
        assert succeeded, result
        (card,) = self.posts()
        assert "has ended, 2 still open" in card.message
        assert len(self.chat.service.thread(card)) == 1

    def test_a_run_that_read_before_a_newer_one_came_paints_nothing_over_it(self) -> None:
        self.shown(STORM)
        slow = self.action()
        original = slow.context.store.write

        def overtaken(*args: Any, **more: Any) -> Any:
            slow.context.store.write = original
            self.shown(OVER)
            return original(*args, **more)

        slow.context.store.write = overtaken
        succeeded, result = slow.run(change=LATER, channel="incidents")
        assert (succeeded, result["done"]) == (True, "older")
        assert "has ended, 2 still open" in self.posts()[0].message

    def test_killed_while_it_paints_it_paints_when_it_is_run_again(self) -> None:
        self.shown(STORM)
        self.chat.server.faults.add("drop", method="PUT", times=9)
        self.left_for_later(change=OVER, channel="incidents")
        self.chat.server.faults.clear()
        assert self.shown(OVER) == "repainted"
        assert "has ended, 2 still open" in self.posts()[0].message

    def test_a_channel_that_is_subscribed_has_its_card_too(self) -> None:
        action = self.action()
        for name, narrowed in (
            ("ops", {"service_id": "PSVC"}),
            ("incidents-p1", {"service_id": "POTHER"}),
        ):
            one = Subscription(self.channel_id(name), **narrowed)
            action.context.store.write(one.key, one._asdict())
        succeeded, result = self.action().run(change=STORM, channel="incidents")
        assert succeeded, result
        assert [card["done"] for card in result["cards"]] == ["created", "created"]
        assert [
            len([post for post in self.chat.service.posts(name) if post.attachments])
            for name in ("ops", "incidents-p1")
        ] == [1, 0]

    def channel_id(self, name: str) -> str:
        return str(self.action().context.channels.resolve(name).id)

    def test_outside_text_does_nothing(self) -> None:
        self.shown({**STORM, "service": "@channel [x](http://bad.example)"})
        (card,) = self.posts()
        text = card.message + card.attachments[0]["text"]
        assert "@here" not in text
        assert "@channel" not in text
        assert "](http://bad" not in text

    def test_what_flaps_says_so(self) -> None:
        self.shown({**STORM, "kind": "flapping", "title": "Disk full"})
        assert self.posts()[0].message == "🔁 Disk full on Checkout API flaps · 12 rounds"

    def test_a_lost_answer_makes_no_second_card(self) -> None:
        self.chat.server.faults.add("lost", method="POST", path="/api/v4/posts$", times=1)
        self.shown(STORM)
        self.shown(LATER)
        assert len(self.posts()) == 1

    def test_mattermost_away_it_is_kept_and_done_later(self) -> None:
        self.chat.server.faults.add("drop")
        self.left_for_later(change=STORM, channel="incidents")
        self.chat.server.faults.clear()
        self.chat.clock.advance(3600)
        assert self.shown(OVER) in ("created", "repainted")
        assert len(self.posts()) == 1

    def test_a_card_that_a_person_deleted_stays_deleted(self) -> None:
        self.shown(STORM)
        self.chat.service.delete(self.posts()[0])
        assert self.shown(LATER) == "deleted_by_a_person"

    def test_what_is_no_storm_is_refused_in_one_line(self) -> None:
        line = self.left_for_later(change={"incident": {}}, channel="incidents")
        assert "pagerduty.storm" in line
