"""mattermost.post_incident, run by run as StackStorm runs it, against both sandboxes."""

from __future__ import annotations

from typing import Any, Dict, List

from incident_world import IncidentActionCase, happened
from post_incident import PostIncident

from pagerduty_mattermost.incidents.incident import IncidentEvent, Person

UNSET: Dict[str, Any] = {
    "change": None,
    "incident_id": None,
    "channel": ":default",
    "route": None,
    "start_on": None,
    "reply_on": None,
    "mention": "nobody",
    "checklist": None,
    "reactions": None,
}


class PostIncidentTestCase(IncidentActionCase):
    __test__ = True
    action_cls = PostIncident

    def setUp(self) -> None:
        super().setUp()
        self.truth = self.account.trigger(
            "Checkout API", "Disk full", details="df says 100%", priority="P1"
        )
        self.shown = self.incident(self.truth)
        self.event = happened(1, "triggered", self.shown.created_at, Person("PS", "Datadog"))

    def post(self, **parameters: Any) -> Dict[str, Any]:
        return self.done(**{**UNSET, "change": self.change(self.shown, self.event), **parameters})

    def roots(self, channel: str = "incidents") -> List[Any]:
        return [post for post in self.chat.service.posts(channel) if "attachments" in post.props]

    def test_a_change_is_one_card_with_its_reply(self) -> None:
        result = self.post()
        again = self.post()
        (card,) = self.roots()
        assert card.message.startswith("🚨 Triggered P1 · #")
        assert (result["post_id"], result["done"], len(result["reply_ids"])) == (
            card.id,
            "created",
            1,
        )
        assert (again["post_id"], again["done"], again["reply_ids"]) == (card.id, "unchanged", [])
        assert result["message"] == "~incidents: card created, 1 reply."
        assert len(self.chat.service.thread(card)) == 1

    def test_over_an_exchange_configuration_a_rule_fails_for_no_incident(self) -> None:
        exchange = {"api_key": "u+exchangePack1234567", "service_key": None, "debug": False}
        from_a_rule = {**UNSET, "change": self.change(self.shown, self.event)}
        succeeded, result = self.action(exchange).run(**from_a_rule)
        assert (succeeded, result["done"]) == (True, "not_configured")
        succeeded, line = self.action(exchange).run(**{**UNSET, "incident_id": self.truth.id})
        assert not succeeded, "a person who asks for a card is told what is missing"
        half = {**exchange, "mattermost": {"url": "https://chat.example.com", "token": None}}
        succeeded, result = self.action(half).run(**from_a_rule)
        assert (succeeded, result["done"]) == (True, "kept")
        assert "mattermost.token" in result["message"]

    def later(self) -> Dict[str, Any]:
        self.chat.clock.advance(60)
        self.account.acknowledge(self.truth, user="ada@example.com")
        now = self.incident(self.truth)
        return self.change(now, happened(2, "acknowledged", now.updated_at))

    def test_the_cards_in_other_channels_are_repainted_too(self) -> None:
        self.post()
        result = self.post(change=self.later(), channel="incidents-p1", start_on=["resolved"])
        assert result["done"] == "not_started"
        assert [(one["channel"], one["done"]) for one in result["cards"]] == [
            ("~incidents", "repainted")
        ]
        (card,) = self.roots()
        assert "Acknowledged" in card.message
        assert len(self.chat.service.thread(card)) == 2

    def test_of_two_routes_the_second_leaves_the_firsts_card_alone(self) -> None:
        self.post()
        before = len(self.chat.server.journal.entries)
        result = self.post(channel="incidents-p1")
        assert (result["done"], len(result["reply_ids"])) == ("created", 1)
        assert [(one["channel"], one["done"]) for one in result["cards"]] == [
            ("~incidents", "unchanged")
        ]
        (first,) = self.roots()
        asked = [entry.path for entry in self.chat.server.journal.entries[before:]]
        assert not [path for path in asked if first.id in path], asked

    def test_also_where_its_own_channel_is_wrong(self) -> None:
        self.post()
        later = {**UNSET, "change": self.later(), "channel": "no-such-channel"}
        succeeded, result = self.action().run(**later)
        assert (succeeded, result["done"]) == (True, "kept")
        (card,) = self.roots()
        assert "Acknowledged" in card.message

    def test_a_person_who_names_an_incident_is_shown_the_one_card(self) -> None:
        self.post()
        self.later()
        result = self.post(change=None, incident_id=self.truth.id, channel="incidents-p1")
        assert (result["done"], result["cards"]) == ("created", [])
        (card,) = self.roots()
        assert "Acknowledged" not in card.message

    def test_no_text_of_the_incident_comes_back(self) -> None:
        assert "Disk" not in str(self.post())

    def test_the_first_alerts_details_come_with_the_card(self) -> None:
        self.account.set_conference(self.truth, url="https://meet.example/1")
        self.shown = self.shown._replace(summary="", details=(), links=())
        self.post()
        (card,) = self.roots()
        below = card.props["attachments"][1]["text"]
        assert "[Join the call](https://meet.example/1)" in below
        paths = [entry.path for entry in self.calls.entries]
        assert f"/incidents/{self.truth.id}/alerts" in paths

    def test_nothing_is_asked_for_that_the_change_says_is_not_there(self) -> None:
        self.shown = self.shown._replace(summary="", details=(), links=())
        before = len(self.calls.entries)
        self.post(change={**self.change(self.shown, self.event), "complete": True})
        assert len(self.roots()) == 1
        assert self.calls.entries[before:] == []

    def test_a_pagerduty_that_fails_never_blocks_a_card(self) -> None:
        self.shown = self.shown._replace(summary="")
        for kind in ({"kind": "drop"}, {"kind": "status", "status": 500}):
            self.pager.faults.add(**kind)
        self.post(mention="assignees")
        (card,) = self.roots()
        assert "@" not in card.message

    def test_an_incident_is_shown_by_its_id(self) -> None:
        result = self.post(change=None, incident_id=self.truth.id, channel="~incidents-p1")
        (card,) = self.roots("incidents-p1")
        assert (result["post_id"], result["incident_id"]) == (card.id, self.truth.id)

    def test_an_incident_that_was_just_read_is_not_asked_for_again(self) -> None:
        truth = self.account.trigger("Checkout API", "No details, no bridge")
        before = len(self.calls.entries)
        self.post(change=None, incident_id=truth.id)
        assert [entry.path for entry in self.calls.entries[before:]] == [f"/incidents/{truth.id}"]

    def test_assignees_are_mentioned_by_their_mattermost_names(self) -> None:
        self.shown = self.shown._replace(
            assignees=(self.person("Ada Lovelace"), self.person("Mei Tanaka"))
        )
        self.post(mention="assignees")
        assert self.roots()[0].message.endswith(" · @ada @mei")

    def test_whoever_is_on_call_is_mentioned(self) -> None:
        self.post(mention="oncall")
        assert " · @" in self.roots()[0].message

    def test_who_is_not_in_mattermost_is_not_mentioned(self) -> None:
        self.chat.service.activate("mei", False)
        self.shown = self.shown._replace(
            assignees=(self.person("Mei Tanaka"), self.person("Ada Lovelace"))
        )
        self.post(mention="assignees")
        assert self.roots()[0].message.endswith(" · @ada")

    def person(self, name: str) -> Person:
        return Person(self.account.find("users", name)["id"], name)

    def test_the_services_channel(self) -> None:
        settings = self.settings()
        settings["mattermost"]["service_channels"] = {"Checkout API": "ops"}
        succeeded, _ = self.act(
            settings,
            **{**UNSET, "change": self.change(self.shown, self.event), "channel": ":service"},
        )
        assert succeeded
        assert len(self.roots("ops")) == 1

    def test_a_route_that_starts_on_something_else_posts_nothing(self) -> None:
        result = self.post(start_on=["resolved"])
        assert (result["done"], result["message"]) == (
            "not_started",
            "~incidents: no card started.",
        )
        assert self.roots() == []

    def test_checklist_lines_may_hold_commas(self) -> None:
        self.post(checklist=["Join, then look"], reactions=["eyes"])
        (card,) = self.roots()
        assert self.chat.service.thread(card)[0].message == "**Checklist**\n- [ ] Join, then look"

    def test_mistakes_are_one_line(self) -> None:
        for wrong in (
            {"change": None},
            {"incident_id": "P1"},
            {"change": {"nonsense": 1}},
            {"start_on": ["acknowleged"]},
            {"mention": "everybody"},
            {"reactions": ["no emoji!"]},
            {"channel": "no-such-channel"},
            {"change": None, "incident_id": "../users"},
            {"change": None, "incident_id": "PNOSUCH"},
        ):
            given = {**UNSET, "change": self.change(self.shown, self.event), **wrong}
            # Of a channel that is not there yet the card waits for it.
            assert self.left_for_later(**given) if "channel" in wrong else self.refused(**given)

    def test_a_zone_that_does_not_exist_is_named(self) -> None:
        settings = self.settings(time_zone="Mars/Olympus")
        change = self.change(self.shown, self.event)
        succeeded, result = self.act(settings, **{**UNSET, "change": change})
        assert (succeeded, result["done"]) == (True, "kept")
        assert "Mars/Olympus" in result["message"]

    def test_without_mattermost_it_says_what_is_missing(self) -> None:
        settings = self.settings()
        del settings["mattermost"]
        succeeded, line = self.act(settings, **{**UNSET, "incident_id": self.truth.id})
        assert not succeeded
        assert "mattermost.url" in line

    def test_after_an_escalation_who_is_paged_now_is_mentioned(
        self,
    ) -> None:
        """Not who stood first and was passed over, and not who acted."""
        self.post(mention="oncall")
        mei, ada = self.person("Mei Tanaka"), self.person("Ada Lovelace")
        self.shown = self.shown._replace(assignees=(mei,), updated_at="2030-01-01T00:00:00Z")
        escalated = self.event._replace(
            event_id="R99ESCALATED",
            event_type="incident.escalated",
            agent=ada,
            changes=(("to", "Mei Tanaka, Ada Lovelace"), ("to_ids", f"{mei.id}, {ada.id}")),
        )
        self.event = escalated
        self.post(mention="oncall")
        replies = [post.message for post in self.chat.service.thread(self.roots()[0])]
        (told,) = [text for text in replies if "escalated" in text]
        assert told.endswith("· @mei"), told

    def escalated(self, **changes: Any) -> IncidentEvent:
        """To the second level: Mei, who acted as little as Ada, who was passed over."""
        mei = self.person("Mei Tanaka")
        self.shown = self.shown._replace(assignees=(mei,), updated_at="2030-01-01T00:00:00Z")
        return self.event._replace(
            event_id="R99ESCALATED",
            event_type="incident.escalated",
            agent=Person(),
            changes=tuple(changes.items()),
        )

    def test_an_escalation_that_does_not_say_to_whom_mentions_who_has_it_now(self) -> None:
        self.post(mention="oncall")
        self.event = self.escalated(channel="timeout")
        self.post(mention="oncall")
        (told,) = [
            post.message
            for post in self.chat.service.thread(self.roots()[0])
            if "scalated" in post.message
        ]
        assert told.endswith(" · @mei"), told

    def test_a_card_that_is_made_after_the_escalation_mentions_nobody_who_was_passed_over(
        self,
    ) -> None:
        self.event = self.escalated(to="Mei Tanaka")
        self.post(mention="oncall")
        assert self.roots()[0].message.endswith(" · @mei")

    def test_while_who_is_on_call_is_unknown_who_it_is_assigned_to_is_mentioned(self) -> None:
        self.shown = self.shown._replace(assignees=(self.person("Mei Tanaka"),))
        self.pager.faults.add("status", status=500, path="/oncalls", times=9)
        self.post(mention="oncall")
        assert self.roots()[0].message.endswith(" · @mei")

    def test_a_rule_that_says_nothing_mentions_who_has_an_incident_of_high_urgency(self) -> None:
        self.shown = self.shown._replace(urgency="high", assignees=(self.person("Mei Tanaka"),))
        self.post(mention=None)
        assert self.roots()[0].message.endswith(" · @mei")
