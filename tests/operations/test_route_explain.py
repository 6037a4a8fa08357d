"""route.explain: the filter or rule that posted an incident, or kept it back."""

# flake8: noqa: E203

from __future__ import annotations

import json
import re
from types import SimpleNamespace
from typing import Any, Dict, List

from incident_world import IncidentActionCase, happened
from route_explain import RouteExplain

from pagerduty_mattermost.cards import held_cards
from pagerduty_mattermost.cards.incident_memory import CardRecord
from pagerduty_mattermost.cards.publisher import CardPublisher
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.gateways.mattermost.channels import Channels
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change


def rule(
    name: str, channel: str = ":default", enabled: bool = True, criteria: Any = None, **given: Any
) -> Any:
    return SimpleNamespace(
        ref=f"pagerduty.{name}",
        name=name,
        enabled=enabled,
        trigger={"type": "pagerduty.incident"},
        criteria=criteria or {},
        action={
            "ref": "pagerduty.mattermost.post_incident",
            "parameters": {"channel": channel, **given},
        },
    )


def equals(field: str, value: str) -> Dict[str, Any]:
    return {f"trigger.incident.{field}": {"type": "equals", "pattern": value}}


class Manager:
    """`client.rules` of StackStorm: pages."""

    def __init__(self, rules: List[Any]) -> None:
        self.rules = rules

    def get_all(self, limit: int, offset: int) -> List[Any]:
        return self.rules[offset : offset + limit]


class RouteExplainTestCase(IncidentActionCase):
    __test__ = True
    action_cls = RouteExplain

    def setUp(self) -> None:
        super().setUp()
        self.truth = self.account.trigger("Checkout API", "Disk full", priority="P1")
        self.other = SimpleNamespace(
            ref="core.x",
            enabled=True,
            trigger={"type": "core.st2.webhook"},
            criteria={},
            action={},
        )

    def explain(self, *rules: Any, **settings: Any) -> Dict[str, Any]:
        self.use([*rules, self.other])
        succeeded, result = self.act(self.settings(**settings), incident_id=self.truth.id)
        assert succeeded, result
        return result  # type: ignore[no-any-return]

    def use(self, rules: List[Any]) -> None:
        client = SimpleNamespace(rules=Manager(rules))
        self.action_service.datastore_service.get_api_client = lambda: client

    def test_the_rule_that_posts_it_and_its_channel(self) -> None:
        result = self.explain(rule("all", "~incidents"))
        assert result["rules"] == {"pagerduty.all": "posts"}
        assert "rule pagerduty.all → ~incidents: matches" in result["message"]
        by_hand = (
            "st2 run pagerduty.mattermost.post_incident "
            f"incident_id={self.truth.id} channel=:default"
        )
        assert by_hand in result["message"]

    def test_the_criterion_that_kept_it_back(self) -> None:
        result = self.explain(rule("p2", criteria=equals("priority", "P2")))
        assert "trigger.incident.priority is 'P1', wanted: equals 'P2'" in result["message"]
        assert "no enabled rule posts it" in result["message"]

    def test_outside_text_in_the_answer_pings_nobody(self) -> None:
        self.truth = self.account.trigger(
            "Checkout API", "@here ~town-square [x](http://bad.example)", priority="P1"
        )
        result = self.explain(rule("t", criteria=equals("title", "@here")))
        assert "wanted: equals" in result["message"]
        assert not re.search("[@~](?!\u200b)|\\]\\(", result["message"])

    def test_a_disabled_rule_is_told_as_one(self) -> None:
        result = self.explain(rule("off", enabled=False))
        assert "disabled: pagerduty.off" in result["message"]
        assert "no enabled rule posts it" in result["message"]
        assert result["rules"] == {"pagerduty.off": "disabled"}

    def test_the_filter_that_kept_it_back(self) -> None:
        result = self.explain(
            rule("all"), watch={"services": ["Search"], "urgencies": ["low"], "teams": ["Web"]}
        )
        failed = [setting for setting, passed in result["filters"].items() if not passed]
        assert failed == ["watch.services", "watch.teams", "watch.urgencies"]
        assert "kept back by watch.services: the service is 'Checkout API'" in result["message"]

    def test_filters_fit_by_id_and_by_name_whatever_the_case(self) -> None:
        service = self.account.find("services", "Checkout API")["id"]
        for name in (service, "checkout  api"):
            result = self.explain(watch={"services": [name]})
            assert result["filters"]["watch.services"] is True

    def test_a_state_that_starts_no_card(self) -> None:
        result = self.explain(watch={"start_states": ["acknowledged"]})
        assert "kept back by watch.start_states: the state is 'triggered'" in result["message"]

    def post(self, *kinds: str, route: str = "all", **incident: str) -> str:
        """The card in ~incidents after one change for each kind of event."""
        mattermost, store = self.chat.gateway(), Store(self.action_service)
        posts = CardPublisher(
            mattermost,
            store,
            Channels(mattermost, store),
            clock=self.chat.clock,
            monotonic=self.chat.clock,
        )
        shown = self.incident(self.truth)._replace(**incident)
        for number, kind in enumerate(kinds, 1):
            change = Change(shown, (happened(number, kind, shown.created_at),), number)
            outcome = (
                posts.show(change, "incidents", Route(route)) if route else posts.repaint(change)
            )
        return outcome.post_id if route else ""  # type: ignore[union-attr]

    def test_a_card_is_credited_to_the_rule_of_its_route_alone(self) -> None:
        post_id = self.post("triggered")
        result = self.explain(
            rule("all", "~incidents", route="all"),
            rule("other", "~incidents-p1", route="other"),
            rule("off", "~incidents", enabled=False, route="off"),
            rule("same_channel", "~incidents", route="same_channel"),
            rule("p2", "~incidents", criteria=equals("priority", "P2"), route="p2"),
        )
        (card,) = result["cards"]
        assert card["card"].endswith(f"/pl/{post_id}")
        assert (card["channel"], card["route"], result["reported"]) == ("~incidents", "all", True)
        assert result["rules"] == {
            "pagerduty.all": "card",
            "pagerduty.off": "disabled",
            "pagerduty.other": "posts",
            "pagerduty.p2": "criteria",
            "pagerduty.same_channel": "posts",
        }
        assert result["message"].count(card["card"]) == 1
        assert f"rule pagerduty.all → ~incidents: {card['card']}" in result["message"]
        assert (
            "same_channel → ~incidents: matches; the channel's one card of the incident is "
            "of the route all"
        ) in (result["message"])
        p1 = self.chat.world.channels["incidents-p1"].id
        assert (
            "no card is there: `st2 run pagerduty.mattermost.post_incident "
            f"incident_id={self.truth.id} channel={p1}`"
        ) in (result["message"])

    def test_what_quiet_hours_hold_back_is_said(self) -> None:
        channel = self.chat.gateway().channel_by_name("ops", "incidents").id
        one = held_cards.HeldCard(
            channel, self.truth.id, self.chat.clock() + 3600, Route("night"), "~incidents"
        )
        held_cards.save(Store(self.action_service), one, self.chat.clock())
        result = self.explain(rule("night", route="night"))
        assert (
            ":default: silenced by quiet hours until 9 Oct 2025 09:53 UTC; then their digest"
            in result["message"]
        )
        assert (
            f"`st2 run pagerduty.mattermost.post_incident incident_id={self.truth.id}"
            in result["message"]
        )
        assert result["rules"] == {"pagerduty.night": "held"}
        held_cards.save(
            Store(self.action_service), one._replace(why=held_cards.DIGEST), self.chat.clock()
        )
        assert (
            "listed in their digest; the next change posts it"
            in self.explain(rule("night", route="night"))["message"]
        )

    def test_a_card_of_a_rule_since_disabled_keeps_its_route(self) -> None:
        self.post("triggered")
        result = self.explain(rule("all", "~incidents", enabled=False, route="all"))
        assert "disabled: pagerduty.all" in result["message"]
        assert "card in ~incidents (route all): http" in result["message"]

    def test_a_card_of_a_rule_that_no_longer_matches_is_still_its_own(self) -> None:
        self.post("triggered")
        result = self.explain(
            rule("all", "~incidents", criteria=equals("priority", "P4"), route="all")
        )
        assert result["rules"] == {"pagerduty.all": "card"}
        assert (
            "it would start none by what is remembered: trigger.incident.priority is"
            in result["message"]
        )

    def test_a_start_on_that_kept_back_what_matched_too_late_is_said(self) -> None:
        self.post("triggered", route="", priority="")
        self.post("priority_updated", route="", updated_at="2099-01-01T00:00:00Z")
        result = self.explain(
            rule("p1", criteria=equals("priority", "P1"), start_on=["triggered"])
        )
        assert result["rules"] == {"pagerduty.p1": "start_on"}
        assert (
            "rule pagerduty.p1 → :default: matches, but its start_on (incident.triggered) "
            "kept the incident back, "
            "the events were incident.priority_updated" in result["message"]
        )

    def test_an_intent_is_about_to_be_posted_for_two_minutes_only(self) -> None:
        here = self.chat.world.channels["incidents"].id
        books = IncidentRecords(Store(self.action_service), self.truth.id)
        for age, told in (
            (60, "about to be posted"),
            (
                180,
                (
                    "not posted yet: `st2 run pagerduty.mattermost.post_incident "
                    f"incident_id={self.truth.id} channel=incidents`"
                ),
            ),
        ):
            books.save_card(
                CardRecord(here, "k", self.chat.clock() - age, Route("all"), "~incidents")
            )
            result = self.explain(rule("all", "~incidents", route="all"))
            assert f"rule pagerduty.all → ~incidents: {told}" in result["message"]

    def test_the_answer_is_short(self) -> None:
        result = self.explain(*[rule(f"r{number}", enabled=number == 0) for number in range(9)])
        assert len(json.dumps(result, indent=4).splitlines()) < 30

    def test_a_route_that_starts_on_something_else(self) -> None:
        assert (
            "its start_on (incident.reopened) kept"
            in self.explain(rule("r", start_on=["reopened"]))["message"]
        )

    def test_what_can_not_be_decided_here_is_said(self) -> None:
        odd = rule(
            "odd", criteria={"trigger.incident.title": {"type": "equals", "pattern": "{{ x }}"}}
        )
        assert "can't be decided here" in self.explain(odd)["message"]

    def test_a_channel_that_does_not_exist_is_said(self) -> None:
        assert "no-such-channel" in self.explain(rule("r", "no-such-channel"))["message"]

    def test_more_rules_than_a_page(self) -> None:
        many = [rule(f"r{number:03}", criteria=equals("priority", "P9")) for number in range(230)]
        assert len(self.explain(*many)["rules"]) == 230

    def test_an_api_that_fails_is_told_in_a_line(self) -> None:
        def broken() -> Any:
            raise OSError("refused")

        self.action_service.datastore_service.get_api_client = broken
        assert "did not list its rules" in self.refused(incident_id=self.truth.id)

    def test_an_incident_that_does_not_exist(self) -> None:
        self.use([])
        assert self.refused(incident_id="PNOSUCH")
        assert self.refused(incident_id=" ")
