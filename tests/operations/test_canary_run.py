"""health.canary over both sandboxes: a chain that works is quiet, each way in which it breaks is
found within two periods and told by health.check, and PagerDuty is left with an event open."""

from __future__ import annotations

from typing import Any, Callable, Dict, Iterator, NamedTuple, Tuple
from unittest import mock

import pytest
from canary_world import CHANNEL, PERIOD_MINUTES, CanaryWorld
from health_canary import HealthCanary
from incident_remind import Remind
from mattermost_tell_incident import TellIncident
from post_incident import PostIncident
from route_explain import RouteExplain

from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, IncidentEvent, to_payload
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.noise.storm_gate import StormGate
from pagerduty_mattermost.operations.canary import FORGOTTEN_SECONDS

TWO_PERIODS = 2 * PERIOD_MINUTES * 60


@pytest.fixture
def world() -> Iterator[CanaryWorld]:
    made = CanaryWorld()
    yield made
    made.close()


def is_well(world: CanaryWorld) -> bool:
    state = world.state
    return state.fault is None and state.rounds > 0 and state.round.phase == "held"


def test_a_chain_that_works_is_told_with_its_times(world: CanaryWorld) -> None:
    world.minutes(4 * PERIOD_MINUTES)
    line = world.line()
    assert line["state"] == "ok"
    assert line["text"] == (
        "4 rounds whole, 0 not; p50 / p95 / longest: card 25 / 25 / 25 s, acknowledge "
        "30 / 30 / 30 s, resolve 25 / 25 / 25 s"
    )
    assert [one.status for one in world.incidents()] == ["resolved"] * 3 + ["acknowledged"]


def test_one_event_is_open_at_any_time_so_that_a_stop_of_everything_pages(
    world: CanaryWorld,
) -> None:
    world.minute()
    for _ in range(3 * PERIOD_MINUTES):
        world.minute()
        assert any(one.is_open for one in world.incidents())


def test_the_click_is_the_one_that_mattermost_would_send(world: CanaryWorld) -> None:
    world.minutes(3)
    entry = next(entry for entry in world.incidents()[0].entries if entry.type == "acknowledge")
    assert entry.agent.id == world.account.find("users", "ada@example.com")["id"]


def test_without_a_chat_port_it_is_acknowledged_by_an_event_and_that_is_said() -> None:
    world = CanaryWorld(chat=False)
    try:
        world.minutes(PERIOD_MINUTES)
        assert is_well(world)
        assert "by an event, since chat.port is not set" in world.line()["text"]
    finally:
        world.close()


def test_what_is_not_configured_is_off_and_what_is_not_whole_is_named(world: CanaryWorld) -> None:
    whole = dict(world.settings["canary"])  # type: ignore[call-overload]
    world.settings["canary"] = {}
    assert world.act(HealthCanary)[1]["done"] == "off"
    assert world.line()["state"] == "off"
    world.settings["canary"] = {**whole, "channel": ""}
    succeeded, line = world.act(HealthCanary)
    assert (succeeded, "canary.channel is not set" in line) == (False, True)
    assert "canary.channel is not set" in world.line()["text"]


def test_a_bound_that_does_not_fit_the_period_is_refused() -> None:
    canary = {"service": "x", "routing_key": "k", "channel": "c", "period": 5, "bound": 60}
    with pytest.raises(Exception, match="canary.bound must be at most 40"):
        load({"canary": canary})


AMID = 12
"""Minutes after which a round is under way: its card is there."""
LATER_STEPS = ("acknowledge", "resolve")


class Fault(NamedTuple):
    kind: str
    """As health.check tells it."""
    word: str
    begin: Callable[[CanaryWorld], Any]
    end: Callable[[CanaryWorld], Any]


def stop(what: str) -> Callable[[CanaryWorld], Any]:
    return lambda world: world.stopped.update({what: True})


def start(what: str) -> Callable[[CanaryWorld], Any]:
    return lambda world: world.stopped.update({what: False})


def at_pagerduty(kind: str, **terms: Any) -> Callable[[CanaryWorld], Any]:
    return lambda world: world.pager.faults.add(kind, **terms)


def at_mattermost(kind: str, **terms: Any) -> Callable[[CanaryWorld], Any]:
    return lambda world: world.chat.server.faults.add(kind, **terms)


def mend(world: CanaryWorld) -> None:
    world.pager.faults.clear()
    world.chat.server.faults.clear()
    for one in world.__dict__.pop("patches", ()):
        one.stop()


def ignore_resolves(world: CanaryWorld) -> None:
    """PagerDuty takes the event, and nothing comes of it."""
    events = world.pager.service.events  # type: ignore[attr-defined]
    act = events._act

    def acting(integration: Any, action: str, key: str, *more: Any) -> Any:
        return key if action == "resolve" else act(integration, action, key, *more)

    patch = mock.patch.object(events, "_act", acting)
    patch.start()
    world.__dict__["patches"] = [patch]


def refuse_resolves(world: CanaryWorld) -> None:
    """PagerDuty takes each event but those."""
    events = world.pager.service.events  # type: ignore[attr-defined]
    v2 = events._v2

    def answering(event: Any, integration: Any) -> Any:
        wrong = {**event, "dedup_key": ""} if event["event_action"] == "resolve" else event
        return v2(wrong, integration)

    patch = mock.patch.object(events, "_v2", answering)
    patch.start()
    world.__dict__["patches"] = [patch]


def set_clock(seconds: float) -> Callable[[CanaryWorld], Any]:
    def set_it(world: CanaryWorld) -> None:
        world.skew = seconds

    return set_it


FAULTS: Dict[str, Fault] = {
    "the Events API refuses": Fault(
        "trigger",
        "check the integration key",
        at_pagerduty("status", status=400, path="/v2/enqueue"),
        mend,
    ),
    "the Events API has trouble": Fault(
        "trigger", "has trouble", at_pagerduty("status", status=503, path="/v2/enqueue"), mend
    ),
    "the REST API has trouble": Fault(
        "pagerduty", "503", at_pagerduty("status", status=503, path="^/(inc|log)"), mend
    ),
    "the sensor is dead": Fault(
        "sensor", "is silent for|has not seen it", stop("sensor"), start("sensor")
    ),
    "dispatches are lost": Fault("dispatch", "st2rulesengine", stop("rules"), start("rules")),
    "Mattermost is down": Fault("mattermost", "Mattermost", at_mattermost("drop"), mend),
    "no card is posted": Fault(
        "card",
        "no card|the card is not there",
        at_mattermost("status", status=500, method="POST", path="/posts$"),
        mend,
    ),
    "the chat port is closed": Fault(
        "click",
        "is the chat sensor running",
        lambda world: world.close_endpoint(),
        lambda world: world.open_endpoint(),
    ),
    "the click is not carried out": Fault(
        "acknowledge", "no acknowledgement", stop("chat rule"), start("chat rule")
    ),
    "the acknowledgement does not reach PagerDuty": Fault(
        "acknowledge",
        "no acknowledgement",
        at_pagerduty("status", status=400, method="PUT", path="/incidents"),
        mend,
    ),
    "the resolve does not come": Fault("resolve", "sent to resolve", ignore_resolves, mend),
    "resolves are refused": Fault("resolve", "", refuse_resolves, mend),
    "the clock is ahead": Fault("clock", "1 h off PagerDuty's", set_clock(3600), set_clock(0)),
    "the clock is behind": Fault("clock", "1 h off PagerDuty's", set_clock(-3600), set_clock(0)),
}


@pytest.mark.parametrize("offset", [8, AMID])
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_is_found_within_two_periods_and_leaves_an_event_open(
    world: CanaryWorld, name: str, offset: int
) -> None:
    found_and_mended(world, FAULTS[name], offset)


@pytest.mark.soak
@pytest.mark.parametrize("offset", range(PERIOD_MINUTES))
@pytest.mark.parametrize("name", sorted(FAULTS))
def test_each_fault_whenever_it_begins(world: CanaryWorld, name: str, offset: int) -> None:
    found_and_mended(world, FAULTS[name], offset)


def found_and_mended(world: CanaryWorld, fault: Fault, offset: int) -> None:
    world.minutes(PERIOD_MINUTES + 5 + offset)
    assert world.state.faults == 0
    fault.begin(world)
    began = world.clock()
    world.minutes(100, lambda: world.state.fault is not None)
    assert world.clock() - began <= TWO_PERIODS
    found = world.state.fault
    assert found is not None
    if offset != AMID or found.kind not in LATER_STEPS:
        assert found.kind == fault.kind, found
        assert any(word in found.text for word in fault.word.split("|")), found.text
    line = world.line()
    assert line["state"] == "fail"
    assert line["text"].startswith(f"{found.kind}: "), line
    world.minutes(2 * PERIOD_MINUTES)
    assert any(one.is_open for one in world.incidents()), "PagerDuty can page"
    fault.end(world)
    assert world.minutes(100, lambda: is_well(world)) <= TWO_PERIODS
    assert world.line()["state"] == "ok"
    world.minutes(3)
    assert len([one for one in world.incidents() if one.is_open]) == 1
    assert world.state.earlier == ()


def test_one_outage_pages_once(world: CanaryWorld) -> None:
    world.minutes(PERIOD_MINUTES)
    world.stopped["rules"] = True
    world.minutes(8 * PERIOD_MINUTES)
    open_ones = [one for one in world.incidents() if one.is_open]
    assert [one.status for one in open_ones] == ["triggered", "triggered"], "and the one under way"
    first = open_ones[0]
    assert world.state.faults >= 7
    world.account.resolve(first, "ada@example.com")
    world.minutes(3 * PERIOD_MINUTES)
    assert [one.is_open for one in world.incidents()].count(True) == 2, "the next one pages"


def test_a_run_that_no_longer_comes_is_told(world: CanaryWorld) -> None:
    world.minutes(PERIOD_MINUTES)
    world.stopped["canary"] = True
    world.minutes(PERIOD_MINUTES)
    line = world.line()
    assert (line["state"], "st2rulesengine" in line["text"]) == ("fail", True)
    assert [one.status for one in world.incidents()] == ["acknowledged"], "and runs out there"


def test_a_run_that_is_killed_after_its_event_makes_no_second_incident(world: CanaryWorld) -> None:
    for method in ("triggered", "clicked", "asked"):
        with mock.patch(
            f"pagerduty_mattermost.operations.canary.{method}", side_effect=SystemExit
        ), pytest.raises(SystemExit):
            world.minutes(PERIOD_MINUTES + 1)
    world.minutes(2 * PERIOD_MINUTES)
    world.minutes(PERIOD_MINUTES, lambda: is_well(world))
    keys = [one.key for one in world.incidents()]
    assert len(keys) == len(set(keys)) == world.state.round.number
    assert is_well(world)
    assert world.state.faults == 0


def test_its_cards_come_in_its_channel_alone(world: CanaryWorld) -> None:
    world.minutes(2 * PERIOD_MINUTES)
    assert len(world.cards("incidents")) == 0
    assert len(world.cards(CHANNEL)) == 2
    world.reconcile(full=True)
    world.minutes(1)
    assert len(world.cards("incidents")) == 0
    assert "@ada" not in "".join(world.cards(CHANNEL))


def test_route_explain_says_that_it_stands_apart(world: CanaryWorld) -> None:
    world.minutes(2)
    found = world.act(RouteExplain, incident_id=world.incidents()[0].id)[1]
    assert f"it is the canary's: its card comes in {CHANNEL} alone" in found["message"]


def payload(world: CanaryWorld) -> Tuple[Any, Dict[str, Any]]:
    incident = world.incidents()[-1]
    row = world.sensors[0].cycle._pagerduty.get(f"/incidents/{incident.id}")["incident"]
    found = incident_from_rest(row)
    assert found is not None
    return found, to_payload(Change(found, (), 1))


def test_no_rule_no_message_and_no_reminder_tells_of_it(world: CanaryWorld) -> None:
    world.stopped["chat rule"] = True
    world.settings["reminders"] = {"after": 1}
    world.minutes(2)
    _, change = payload(world)
    given = {"change": change, "channel": "incidents"}
    assert world.act(PostIncident, **given)[1]["done"] == "not_started"
    assert world.act(TellIncident, change=change)[1]["sent"] == []
    before = len(world.chat.service.posts(CHANNEL))
    world.clock.advance(900)
    world.act(Remind)
    assert len(world.chat.service.posts(CHANNEL)) == before


def test_it_is_shown_in_quiet_hours(world: CanaryWorld) -> None:
    world.settings["quiet_hours"] = {"hours": "Mon-Sun 00:00-23:59"}
    world.account.find("services", "Database")["urgency"] = "low"
    world.minutes(PERIOD_MINUTES)
    assert is_well(world)
    assert len(world.cards(CHANNEL)) == 1


def test_it_is_counted_in_no_storm(world: CanaryWorld) -> None:
    world.minute()
    found, _ = payload(world)
    settings = load({**world.settings, "noise": {"storm_incidents": 1}})
    happened = IncidentEvent("R1", "incident.triggered", found.created_at)
    steps = [
        mock.Mock(change=Change(found._replace(id=f"P{i}"), (happened,)), incident_id=f"P{i}")
        for i in range(5)
    ]
    for config, held in ((settings, 0), (load({}), 5)):
        trial = config.is_trial
        gate = StormGate(
            settings.noise, Store(world.service), mock.Mock(), mock.Mock(), mock.Mock(), trial
        )
        gate.sort(steps, world.clock())
        passed = [gate.passed(step.change, 0.0, world.clock()) for step in steps]
        assert passed.count(None) == held


def test_what_is_remembered_of_its_cards_is_dropped_when_nobody_compares_it_any_more(
    world: CanaryWorld,
) -> None:
    world.minutes(2 * PERIOD_MINUTES)
    first = world.incidents()[0]
    store = Store(world.service)
    assert IncidentRecords(store, first.id).load().cards
    world.minutes(int(FORGOTTEN_SECONDS / 60) + 5)
    memory = IncidentRecords(store, first.id).load()
    assert (memory.cards, memory.states) == ({}, ())
    world.reconcile()
    assert len(world.cards("incidents")) == 0


def test_a_key_of_another_service_is_told(world: CanaryWorld) -> None:
    world.settings["canary"]["service"] = "Checkout API"  # type: ignore[index]
    world.restart()
    world.minutes(2)
    fault = world.state.fault
    assert fault is not None
    assert (fault.kind, "Database" in fault.text) == ("service", True)


def test_its_routing_key_is_a_secret() -> None:
    assert isinstance(load({"canary": {"routing_key": "abc"}}).canary.routing_key, Secret)


@pytest.mark.soak
def test_a_thousand_quiet_periods_over_both_sandboxes(world: CanaryWorld) -> None:
    for _ in range(1000):
        world.minutes(PERIOD_MINUTES)
        assert world.state.faults == 0, world.state.fault
    assert world.state.rounds >= 999
