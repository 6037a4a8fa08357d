"""Which services reach no channel: said only where it is beyond doubt."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Optional

import pytest
from datastore_double import Service

from pagerduty_mattermost.cards.subscriptions import Subscription, save
from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import coverage
from sandbox import Sandbox
from sandbox.connection import connection

POST = "pagerduty.mattermost.post_incident"


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


def rule(
    ref: str = "me.mine",
    action: str = POST,
    criteria: Optional[Dict[str, Any]] = None,
    **equal: Any,
) -> Any:
    return SimpleNamespace(
        ref=ref,
        enabled=True,
        trigger={"type": "pagerduty.incident"},
        criteria={
            **{
                f"trigger.incident.{name}": {"type": "equals", "pattern": pattern}
                for name, pattern in equal.items()
            },
            **(criteria or {}),
        },
        action={"ref": action, "parameters": {"change": "{{ trigger }}"}},
    )


class World:
    """A context with these rules, on the sandbox."""

    def __init__(self, sandbox: Sandbox, **config: Any) -> None:
        self.settings = load({**connection(sandbox, default_channel="incidents"), **config})
        self.pagerduty = PagerDuty(self.settings.pagerduty)
        self.store, self.log = Store(Service()), None
        self.rules: List[Any] = []
        self.clock = sandbox.clock

    def stackstorm(self) -> Any:
        return SimpleNamespace(rules=SimpleNamespace(get_all=lambda **_: self.rules))

    def line(self, *rules: Any) -> Any:
        self.rules = list(rules)
        context: Any = self
        return coverage.check(context)


NOTHING = ("ok", "a rule fits what is watched and what came lately")


def test_a_service_whose_incidents_came_and_that_no_rule_fits_is_named(sandbox: Sandbox) -> None:
    account = sandbox.pagerduty.account
    account.trigger("Checkout API", "It burns")
    account.trigger("Database", "So does it", priority="P3")
    world = World(sandbox)
    assert world.line(rule()) == NOTHING
    state, text = world.line(rule(service="Checkout API"), rule("me.two", priority="P1"))
    assert state == "warn"
    assert text.startswith(
        "incidents of Database (high urgency P3) reach no channel: no enabled rule fits them; "
    )
    assert "watch.report_unrouted: false" in text
    # Without a priority it may still become P1.
    assert world.line(rule(priority="P3")) == NOTHING
    assert world.line(rule(service="Database")) == (
        "warn",
        text.replace("Database (high urgency P3)", "Checkout API (high urgency)"),
    )


def test_a_service_that_is_configured_is_named_before_anything_comes(sandbox: Sandbox) -> None:
    world = World(sandbox, watch={"services": ["Checkout API", "Database"]})
    text = world.line(rule(service="Checkout API"))[1]
    assert text.startswith("incidents of Database (high urgency) reach no channel")
    world = World(sandbox, watch={"services": ["Database"], "urgencies": ["high", "low"]})
    assert "Database (low urgency)" in world.line(rule(urgency="high"))[1]
    assert "Database (high urgency, low urgency)" in world.line(rule(service="Checkout API"))[1]


def test_a_teams_services_are_looked_at(sandbox: Sandbox) -> None:
    team = "Payments"
    world = World(sandbox, watch={"teams": [team]})
    state, text = world.line(rule(service="Nobody's"))
    assert state == "warn"
    assert "high urgency" in text
    assert world.line(rule(criteria=of_team(team))) == NOTHING


def of_team(name: str) -> Dict[str, Any]:
    pattern = {"item.name": {"type": "equals", "pattern": name}}
    return {"trigger.incident.teams": {"type": "search", "condition": "any", "pattern": pattern}}


def test_what_may_be_shown_is_not_spoken_of(sandbox: Sandbox) -> None:
    sandbox.pagerduty.account.trigger("Checkout API", "It burns")
    world = World(sandbox)
    events = {"trigger.event_types": {"type": "contains", "pattern": "incident.resolved"}}
    strange = {"trigger.incident.service": {"type": "no such", "pattern": "x"}}
    title = {"trigger.incident.title": {"type": "regex", "pattern": "flood"}}
    for more in (
        rule(action="pagerduty.room.open"),
        rule(action="ops.page_me"),
        rule(criteria=events),
        rule(criteria=strange),
        rule(criteria=title),
    ):
        assert world.line(more, rule("me.two", service="Database")) == NOTHING, more
    told = rule(action="pagerduty.mattermost.tell_incident")
    assert world.line(told, rule("me.two", service="Database"))[0] == "warn"


def test_a_subscription_counts(sandbox: Sandbox) -> None:
    incident = sandbox.pagerduty.account.trigger("Checkout API", "It burns")
    world = World(sandbox)
    other = rule(service="Database")
    assert world.line(other)[0] == "warn"
    save(world.store, Subscription("c" * 26, service_id="PNOSUCH1"))
    assert world.line(other)[0] == "warn"
    save(world.store, Subscription("c" * 26, service_id=incident.service_id))
    assert world.line(other) == NOTHING


def test_low_urgency_trials_and_what_is_not_watched_are_left_out(sandbox: Sandbox) -> None:
    account = sandbox.pagerduty.account
    account.trigger("Checkout API", "It smoulders", urgency="low")
    account.trigger("Database", "It burns")
    only = rule(service="Nobody's")
    assert "Checkout" not in World(sandbox).line(only)[1]
    assert World(sandbox, canary={"service": "Database"}).line(only) == NOTHING
    assert World(sandbox, watch={"urgencies": ["low"]}).line(rule(urgency="low")) == NOTHING
    assert World(sandbox, watch={"report_unrouted": False}).line(only)[0] == "off"


def test_without_any_rule_that_posts(sandbox: Sandbox) -> None:
    state, text = World(sandbox).line(rule(action="pagerduty.mattermost.repaint_incident"))
    assert (state, text) == ("warn", coverage.NO_RULE)


def test_many_are_counted(sandbox: Sandbox) -> None:
    gaps = [coverage.Gap(f"S{n}", "high") for n in range(6)]
    assert "S3 (high urgency) and 2 services more reach" in coverage.sentence(gaps)
