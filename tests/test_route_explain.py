"""route.explain: the filter or rule that posted an incident, or kept it back."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any, Dict, List

from incident_world import IncidentActionCase, happened
from route_explain import RouteExplain

from pagerduty_mattermost.channels import Channels
from pagerduty_mattermost.incident import Change
from pagerduty_mattermost.posts import Posts
from pagerduty_mattermost.routing import Route
from pagerduty_mattermost.store import Store


def rule(name: str, channel: str = ":default", enabled: bool = True, criteria: Any = None, **given: Any) -> Any:
    return SimpleNamespace(
        ref=f"pagerduty.{name}",
        name=name,
        enabled=enabled,
        trigger={"type": "pagerduty.incident"},
        criteria=criteria or {},
        action={"ref": "pagerduty.mattermost.post_incident", "parameters": {"channel": channel, **given}},
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
            ref="core.x", enabled=True, trigger={"type": "core.st2.webhook"}, criteria={}, action={}
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
        (found,) = result["rules"]
        assert (found["rule"], found["matched"], found["channel"]) == ("pagerduty.all", True, "~incidents")
        assert "rule pagerduty.all → ~incidents" in result["message"]

    def test_the_criterion_that_kept_it_back(self) -> None:
        result = self.explain(rule("p2", criteria=equals("priority", "P2")))
        assert "trigger.incident.priority is 'P1', wanted: equals 'P2'" in result["message"]
        assert "no enabled rule posts it" in result["message"]

    def test_outside_text_in_the_answer_pings_nobody(self) -> None:
        self.truth = self.account.trigger("Checkout API", "@here ~town-square [x](http://bad.example)", priority="P1")
        result = self.explain(rule("t", criteria=equals("title", "@here")))
        assert "wanted: equals" in result["message"]
        assert not re.search("[@~](?!\u200b)|\\]\\(", result["message"])

    def test_a_disabled_rule_is_told_as_one(self) -> None:
        result = self.explain(rule("off", enabled=False))
        assert "rule pagerduty.off: the rule is disabled" in result["message"]
        assert "no enabled rule posts it" in result["message"]

    def test_the_filter_that_kept_it_back(self) -> None:
        result = self.explain(rule("all"), watch={"services": ["Search"], "urgencies": ["low"], "teams": ["Web"]})
        failed = [one["setting"] for one in result["filters"] if not one["passed"]]
        assert failed == ["watch.services", "watch.teams", "watch.urgencies"]
        assert "kept back by watch.services: the service is 'Checkout API'" in result["message"]

    def test_filters_fit_by_id_and_by_name_whatever_the_case(self) -> None:
        service = self.account.find("services", "Checkout API")["id"]
        for name in (service, "checkout  api"):
            result = self.explain(watch={"services": [name]})
            assert [one["passed"] for one in result["filters"] if one["setting"] == "watch.services"] == [True]

    def test_a_state_that_starts_no_card(self) -> None:
        result = self.explain(watch={"start_states": ["acknowledged"]})
        assert "kept back by watch.start_states: the state is 'triggered'" in result["message"]

    def test_the_card_it_has_and_its_link(self) -> None:
        shown = self.incident(self.truth)
        mattermost, store = self.chat.gateway(), Store(self.action_service)
        posts = Posts(mattermost, store, Channels(mattermost, store), clock=self.chat.clock, monotonic=self.chat.clock)
        outcome = posts.show(Change(shown, (happened(1, "triggered", shown.created_at),), 1), "incidents", Route("all"))
        result = self.explain(rule("all", "~incidents"), rule("other", "~incidents-p1"))
        (card,) = result["cards"]
        assert card["card"].endswith(f"/pl/{outcome.post_id}")
        assert [found["card"] for found in result["rules"]] == [card["card"], ""]
        assert result["reported"] is True

    def test_a_route_that_starts_on_something_else(self) -> None:
        assert "start_on is incident.reopened" in self.explain(rule("r", start_on=["reopened"]))["message"]

    def test_what_can_not_be_decided_here_is_said(self) -> None:
        odd = rule("odd", criteria={"trigger.incident.title": {"type": "equals", "pattern": "{{ x }}"}})
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
