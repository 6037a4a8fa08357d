"""Dispatching strictly, and payloads that fit what StackStorm is told about them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any, Dict, List

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.core.yaml_text import loaded
from pagerduty_mattermost.gateways.stackstorm.dispatcher import (
    GIVE_UP_SECONDS,
    MAX_HANGING,
    Dispatcher,
    DispatchFailed,
    UnfitPayload,
)
from pagerduty_mattermost.gateways.stackstorm.payload_schema import PayloadSchema
from pagerduty_mattermost.incidents.incident import (
    CHANGE_KEYS,
    Change,
    Incident,
    IncidentEvent,
    Link,
    Person,
)
from pagerduty_mattermost.incidents.trigger_payload import Along, payload
from pagerduty_mattermost.sensor.health import SensorHealth
from pagerduty_mattermost.sensor.open_summary import summary

METADATA = loaded(
    (Path(__file__).resolve().parents[2] / "sensors" / "incident_sensor.yaml").read_text()
)
SCHEMAS: Dict[str, Any] = {
    "pagerduty." + one["name"]: one["payload_schema"] for one in METADATA["trigger_types"]
}
INCIDENT = SCHEMAS["pagerduty.incident"]
CHECKS = {name: PayloadSchema(one) for name, one in SCHEMAS.items()}


def misfit(sent: Any, trigger: str = "incident") -> str:
    return CHECKS["pagerduty." + trigger].misfit(sent)


TEXT = st.builds(
    lambda text, times: text * times,
    st.text(st.characters(blacklist_categories=["Cs"]), max_size=4),
    st.integers(0, 300),
)


def an_incident(text: str, number: int, many: int) -> Incident:
    people = tuple(Person(f"P{n}", text, text) for n in range(many))
    return Incident(
        "P1",
        number,
        text,
        alerts_total=number,
        teams=people,
        assignees=people,
        acknowledgers=people,
        summary=text,
        note=text,
        details=((text[:60], text),) * many,
        links=(Link(text, text, text),) * many,
    )


INCIDENTS = st.builds(an_incident, TEXT, st.integers(-(2**63), 2**63 - 1), st.integers(0, 20))
EVENTS = st.lists(
    st.builds(
        lambda text, key: IncidentEvent(
            "R1", "incident.annotated", "", Person("", text), ((key, text),)
        ),
        TEXT,
        st.sampled_from(sorted(CHANGE_KEYS)),
    ),
    max_size=5,
).map(tuple)


def as_standard(schema: Dict[str, Any]) -> Dict[str, Any]:
    """Boolean `required` inside properties, as StackStorm reads it, in the standard's form."""
    found = {k: v for k, v in schema.items() if k != "required"}
    if "properties" in found:
        required = [name for name, inner in found["properties"].items() if inner.get("required")]
        found["properties"] = {
            name: as_standard(inner) for name, inner in found["properties"].items()
        }
        if required:
            found["required"] = required
    if isinstance(found.get("items"), dict):
        found["items"] = as_standard(found["items"])
    return found


def test_the_schema_is_exactly_the_payload() -> None:
    incident = INCIDENT["properties"]["incident"]
    assert list(incident["properties"]) == list(Incident._fields)
    assert list(INCIDENT["properties"]) == [
        "incident",
        "events",
        "event_types",
        "cycle",
        "complete",
        *Along._fields,
    ]
    event = INCIDENT["properties"]["events"]["items"]["properties"]
    assert list(event) == list(IncidentEvent._fields)
    assert list(event["changes"]["properties"]) == list(CHANGE_KEYS)
    for schema in SCHEMAS.values():
        assert schema["additionalProperties"] is False
        # What goes along with a change was not there in older versions, nor is it when a person
        # makes one.
        assert all(
            inner["required"] is True
            for name, inner in schema["properties"].items()
            if schema is not INCIDENT or name not in Along._fields
        )


@settings(max_examples=40, deadline=None)
@given(INCIDENTS, EVENTS)
def test_every_payload_fits_by_our_check_and_by_jsonschema(
    incident: Incident, events: Any
) -> None:
    sent = payload(Change(incident, events, 7))
    assert misfit(sent) == ""
    jsonschema.Draft4Validator(as_standard(INCIDENT)).validate(sent)
    assert [e["event_id"] for e in sent["events"]] == [e.event_id for e in events]


def test_a_payload_of_long_texts_is_cut_to_four_kilobytes() -> None:
    people = tuple(Person(f"P{n}", "Name " * 20) for n in range(20))
    details = tuple((f"detail {n}", "\U0001f525" * 200) for n in range(12))
    links = tuple(Link(f"https://example.com/{n}/" + "x" * 400, "text") for n in range(6))
    incident = Incident(
        "P1", title="T" * 500, assignees=people, details=details, links=links, note="n" * 500
    )
    event = IncidentEvent(
        "R1", "incident.annotated", changes=(("note", "n" * 500), ("summary", "s" * 300))
    )
    sent = payload(Change(incident, (event,) * 3, 1), 4096)
    assert len(json.dumps(sent, ensure_ascii=False).encode()) <= 4200
    short = Incident("P1", title="Kept whole", note="n" * 400)
    assert payload(Change(short))["incident"]["note"] == "n" * 400


def test_a_payload_whose_details_were_cut_away_says_that_it_is_not_complete() -> None:
    one = Change(Incident("P1", details=(("region", "eu"),)), complete=True)
    assert payload(one)["complete"] is True
    assert payload(one, limit=100)["complete"] is False


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"cycle": "1"}, "payload.cycle is str"),
        ({"cycle": True}, "payload.cycle is bool"),
        ({"cycle": 2**63}, "over 64 bits"),
        ({"event_types": ["\ud800"]}, "surrogate"),
        ({"event_types": None}, "NoneType"),
        ({"extra": 1}, "payload.extra is not in the schema"),
        ({"events": [{}]}, r"payload.events\[0\] lacks event_id"),
        ({"events": [7]}, r"payload.events\[0\] is int, not object"),
        ({"event_types": "x" * 9000}, "payload.event_types is str, not array$"),
    ],
)
def test_what_does_not_fit_is_named(change: Dict[str, Any], said: str) -> None:
    import re

    assert re.search(said, misfit({**payload(Change(Incident("P1"))), **change}))


RULES: Dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "kind": {"type": "string", "enum": ["a", "b"], "required": True},
        "many": {"type": "array", "maxItems": 2, "items": {"type": ["integer", "null"]}},
        "name": {"type": "string", "pattern": "^[a-z]+$"},
        "inner": {"type": "object", "properties": {"x": {"type": "number", "required": True}}},
        "more": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"kind": "a", "many": [1, None], "inner": {"x": 1.5}, "more": {"y": "z"}}, ""),
        ({}, "payload lacks kind"),
        ({"kind": "c"}, "payload.kind is none of ['a', 'b']"),
        ({"kind": "a", "many": [1, 2, 3]}, "payload.many has more than 2 items"),
        ({"kind": "a", "many": [1, "2"]}, "payload.many[1] is str, not ['integer', 'null']"),
        ({"kind": "a", "name": "A"}, "payload.name does not keep to pattern: '^[a-z]+$'"),
        ({"kind": "a", "inner": {}}, "payload.inner lacks x"),
        ({"kind": "a", "more": {"y": 1}}, "payload.more.y is int, not string"),
        ({"kind": "a", "more": {"y": "\ud800"}}, "payload.more.y holds a lone surrogate"),
        ({"kind": "a", "many": [-(2**63) - 1]}, "payload.many[0] is over 64 bits"),
        ({"kind": "a", "inner": {"x": True}}, "payload.inner.x is bool, not number"),
    ],
)
def test_it_decides_as_stackstorms_own_validator(sent: Dict[str, Any], said: str) -> None:
    assert PayloadSchema(RULES).misfit(sent) == said
    own = jsonschema.Draft4Validator(as_standard(RULES)).is_valid(sent)
    assert own is (not said or "64 bits" in said or "surrogate" in said)


def test_a_schema_is_made_ready_once_and_jsonschema_is_imported_by_the_first_payload() -> None:
    code = (
        "import sys; import pagerduty_mattermost.gateways.stackstorm.dispatcher as d;"
        "assert 'jsonschema' not in sys.modules;"
        "check = d.PayloadSchema({'type': 'object'}); assert check.misfit({}) == '';"
        "assert 'jsonschema' in sys.modules; made = check._validator;"
        "assert check.misfit(7) == 'payload is int, not object' and check._validator is made"
    )
    library = Path(__file__).resolve().parents[2] / "actions" / "lib"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": str(library)})


def test_summary_and_health_fit_their_schemas() -> None:
    from datetime import timezone

    rows = [
        Incident(f"P{n}", n, "T", status="triggered", urgency="high", service_id=f"S{n}")
        for n in range(30)
    ]
    for incidents in ([], rows):
        assert misfit(summary(incidents, 1e9, timezone.utc), "open_summary") == ""
    health = SensorHealth()
    health.failed("pagerduty", "down", 0.0, at_once=True)
    (notice,) = health.due(0.0, 0.0)
    assert misfit(notice._asdict(), "sensor_health") == ""


class Service:
    """A sensor service with a strict dispatcher that does as it is told."""

    def __init__(self) -> None:
        self._trigger_dispatcher_service: Any = self
        self.got: List[Any] = []
        self.error: Any = None
        self.gate = threading.Event()
        self.gate.set()

    def dispatch(
        self, trigger: str, payload: Any, trace_tag: str, throw_on_validation_error: bool
    ) -> None:
        self.gate.wait(60)
        if self.error:
            raise self.error
        self.got.append((trigger, trace_tag, throw_on_validation_error))


class Log:
    def warning(self, *args: Any) -> None:
        pass


def test_strictly_and_with_the_trace_tag() -> None:
    service = Service()
    Dispatcher(service, SCHEMAS, Log()).dispatch("x.y", {}, trace_tag="P1", ids=["R1"])
    assert service.got == [("x.y", "P1", True)]


def test_what_does_not_fit_never_goes_out() -> None:
    service = Service()
    with pytest.raises(UnfitPayload):
        Dispatcher(service, SCHEMAS, Log()).dispatch("pagerduty.incident", {}, trace_tag="P1")
    assert service.got == []


@pytest.mark.parametrize(
    "error", [ValueError("no such trigger"), AttributeError("channel"), OSError("refused")]
)
def test_after_a_failure_the_dispatcher_is_a_new_one(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Service()
    fresh = Service()
    module = types.ModuleType("st2common.services.trigger_dispatcher")
    module.TriggerDispatcherService = lambda logger: fresh  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    service.error = error
    dispatcher = Dispatcher(service, {}, Log())
    with pytest.raises(DispatchFailed):
        dispatcher.dispatch("x.y", {}, trace_tag="P1", ids=["R1"])
    assert not dispatcher.was_dispatched("R1")
    dispatcher.dispatch("x.y", {}, trace_tag="P1", ids=["R1"])
    assert dispatcher.was_dispatched("R1")
    assert fresh.got == [("x.y", "P1", True)]


def test_a_frozen_queue_costs_a_deadline_and_few_threads() -> None:
    service = Service()
    service.gate.clear()
    dispatcher = Dispatcher(service, {}, Log(), deadline=0.05)
    before = threading.active_count()
    for number in range(8):
        with pytest.raises(DispatchFailed):
            dispatcher.dispatch("x.y", {}, trace_tag="P1", ids=[f"R{number}"])
    assert threading.active_count() - before <= 3
    service.gate.set()
    for thread, _ in list(dispatcher._hanging):
        thread.join(60)
    dispatcher._deadline = 60.0
    assert dispatcher.was_dispatched("R0")
    assert not dispatcher.was_dispatched("R7")
    service._trigger_dispatcher_service = service
    dispatcher.dispatch("x.y", {}, trace_tag="P1", ids=["R7"])


def test_calls_that_never_return_do_not_stop_dispatching_for_ever() -> None:
    service = Service()
    service.gate.clear()
    now = [0.0]
    dispatcher = Dispatcher(service, {}, Log(), deadline=0.02, monotonic=lambda: now[0])
    for number in range(MAX_HANGING):
        service._trigger_dispatcher_service = service
        with pytest.raises(DispatchFailed):
            dispatcher.dispatch("x.y", {}, trace_tag="P1", ids=[f"R{number}"])
    working = Service()
    service._trigger_dispatcher_service = working
    with pytest.raises(DispatchFailed, match="earlier dispatches"):
        dispatcher.dispatch("x.y", {}, trace_tag="P1")
    now[0] += GIVE_UP_SECONDS
    dispatcher._deadline = 60.0
    dispatcher.dispatch("x.y", {}, trace_tag="P1")
    assert len(working.got) == 1
    service.gate.set()


def test_without_a_strict_form_the_plain_one_serves() -> None:
    class Mock:
        calls: List[Any] = []

        def dispatch(self, trigger: str, payload: Any = None, trace_tag: Any = None) -> None:
            self.calls.append((trigger, trace_tag))

    Dispatcher(Mock(), {}, Log()).dispatch("x.y", {}, trace_tag="P1")
    assert Mock.calls == [("x.y", "P1")]
