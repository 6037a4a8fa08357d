"""What a rule hands to its action is exactly what the sensor dispatched, whatever an incident's
text holds.

Held against StackStorm's own rules engine where it can be imported, and always against the
embedded default's.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack_files import REAL_ST2, actions, files, load, trigger_types

from pagerduty_mattermost.incidents.incident import (
    Change,
    Incident,
    IncidentEvent,
    Link,
    Person,
    from_payload,
    to_payload,
)
from standalone.parameters import RUNNER_PARAMETERS, resolve
from standalone.schemas import validate

NASTY = [
    "{{ st2kv.system.k }}",
    "{{ st2kv.system.k | decrypt_kv }} {{ config_context.api_key }} {{ trigger }}",
    "{% for x in y %}{# comment #}",
    "<% st2kv('system.k') %> <% $.x %>",
    "it's \"quoted\" \\ back\\\\slash \\n \\u0041 '''",
    "line\nline\r\n\ttab",
    "🔥 émoji 日本語 مرحبا \u202e rtl \u2028 sep \U0010ffff",
    "None",
    "true",
    "[1, 2]",
    '{"a": 1}',
    "@here | table | `code` ~~~",
    "x" * 1024,
]


def payload(text: str) -> Dict[str, Any]:
    """A full `pagerduty.incident` payload with the text in every place text can come from
    outside."""
    person = Person("PUSER", text, "2026-01-02T03:04:05Z")
    incident = Incident(
        id="PINC",
        number=42,
        title=text,
        url="https://acme.pagerduty.com/incidents/PINC",
        urgency="high",
        priority=text,
        service=text,
        service_id="PSVC",
        assignees=(person,),
        updated_at="2026-01-02T03:04:05Z",
        note=text,
        summary=text,
        details=((text, text),),
        links=(Link("https://example.com", text),),
    )
    event = IncidentEvent(
        "E1", "incident.triggered", "2026-01-02T03:04:05Z", person, (("summary", text),)
    )
    return to_payload(Change(incident, (event,), 7))


def embedded(
    schemas: Dict[str, Any], given: Dict[str, Any], trigger: Dict[str, Any]
) -> Dict[str, Any]:
    return resolve(
        schemas, given, {"trigger": trigger, "action_context": {}, "config_context": {}}
    )


def stackstorm(
    schemas: Dict[str, Any], given: Dict[str, Any], trigger: Dict[str, Any]
) -> Dict[str, Any]:
    """Rule enforcement, then what the runner does with the stored parameters."""
    from st2common.util import param

    context = {"user": "stanley", "pack": "pagerduty"}
    live = param.render_live_params(
        RUNNER_PARAMETERS, schemas, dict(given), context, {"trigger": trigger}
    )
    stored = json.loads(json.dumps(live))
    runner, final = param.render_final_params(RUNNER_PARAMETERS, schemas, stored, context)
    asked = {name: value for name, value in runner.items() if name in given}
    return {**final, **asked}


@pytest.fixture(params=[embedded, stackstorm], ids=lambda engine: engine.__name__)
def engine(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Dict[str, Any]]:
    if request.param is stackstorm:
        if not REAL_ST2:
            pytest.skip("StackStorm's own modules are not installed")
        from st2common.util import param

        monkeypatch.setattr(param, "get_config", lambda pack, user: {"api_key": "secret"})
    chosen: Callable[..., Dict[str, Any]] = request.param
    return chosen


CHANGE = {
    "change": {"type": "object", "required": True},
    "channel": {"type": "string", "default": ":default"},
}


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_a_change_arrives_exact(engine: Callable[..., Dict[str, Any]], text: str) -> None:
    sent = payload(text)
    got = engine(CHANGE, {"change": "{{ trigger }}"}, sent)
    assert got["change"] == sent
    assert from_payload(got["change"]) == from_payload(sent)
    assert got["channel"] == ":default"


@settings(max_examples=60, deadline=None)
@given(text=st.text(st.characters(blacklist_categories=("Cs",)), max_size=60))
def test_any_text_arrives_exact(text: str) -> None:
    sent = payload(text)
    assert embedded(CHANGE, {"change": "{{ trigger }}"}, sent)["change"] == sent


@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_the_payload_fits_its_schema(text: str) -> None:
    schema = trigger_types()["pagerduty.incident"]["payload_schema"]
    sent = payload(text)
    assert validate(sent, schema, "payload") == sent


@pytest.mark.skipif(not REAL_ST2, reason="StackStorm's own modules are not installed")
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_stackstorm_takes_the_payload_as_it_is(text: str) -> None:
    from st2common.util import schema as util_schema

    schema = trigger_types()["pagerduty.incident"]["payload_schema"]
    sent = payload(text)
    got = util_schema.validate(
        sent, schema, util_schema.CustomValidator, use_default=True, allow_default_none=True
    )
    assert got == sent


OF_OURS = [
    path for path in files("rules") if load(path)["trigger"]["type"].startswith("pagerduty.")
]
"""Rules that take something from their trigger; those on a timer take nothing."""


@pytest.mark.parametrize("path", OF_OURS, ids=lambda path: path.stem)
def test_a_rule_fills_its_action(engine: Callable[..., Dict[str, Any]], path: Path) -> None:
    rule = load(path)
    sent = (
        payload(NASTY[1])
        if rule["trigger"]["type"] == "pagerduty.incident"
        else sample(rule["trigger"]["type"])
    )
    schemas = actions()[rule["action"]["ref"]].get("parameters") or {}
    got = engine(schemas, rule["action"].get("parameters") or {}, sent)
    for name, template in (rule["action"].get("parameters") or {}).items():
        if template == "{{ trigger }}":
            assert got[name] == sent
        elif isinstance(template, str) and template.startswith("{{ trigger."):
            assert got[name] == sent[template.strip("{} ").split(".", 1)[1]]
        else:
            assert got[name] == template


def sample(ref: str) -> Dict[str, Any]:
    """A payload of a trigger of ours, with nasty text wherever text may be."""
    values = {"integer": 3, "number": 3.5, "boolean": True, "array": [], "object": {}}
    properties = trigger_types()[ref]["payload_schema"]["properties"]
    return {
        name: schema["enum"][0] if "enum" in schema else values.get(schema["type"], NASTY[1])
        for name, schema in properties.items()
    }


@pytest.mark.skipif(not REAL_ST2, reason="StackStorm's own modules are not installed")
@pytest.mark.parametrize("text", NASTY, ids=range(len(NASTY)))
def test_stackstorms_rule_filter_decides_as_ours(text: str) -> None:
    from st2common.models.db.rule import ActionExecutionSpecDB, RuleDB
    from st2common.models.db.trigger import TriggerDB, TriggerInstanceDB
    from st2reactor.rules.filter import RuleFilter

    from pagerduty_mattermost.gateways.stackstorm.rule_criteria import matches

    for priority, urgency in (
        ("P1", "high"),
        ("P2", "low"),
        ("P4", "low"),
        ("", "high"),
        (text, "low"),
    ):
        sent = payload(text)
        sent["incident"].update(priority=priority, urgency=urgency)
        instance = TriggerInstanceDB(trigger="pagerduty.incident", payload=sent)
        trigger = TriggerDB(name="incident", pack="pagerduty", type="pagerduty.incident")
        for path in files("rules"):
            rule = load(path)
            if rule["trigger"]["type"] != "pagerduty.incident":
                continue
            criteria = rule.get("criteria") or {}
            model = RuleDB(
                name=rule["name"],
                pack="pagerduty",
                criteria=criteria,
                enabled=True,
                action=ActionExecutionSpecDB(ref=rule["action"]["ref"], parameters={}),
            )
            theirs = RuleFilter(instance, trigger, model).filter()
            assert theirs == matches(criteria, sent), (path.name, priority, urgency)
