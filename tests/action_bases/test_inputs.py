"""Inputs: what people type is made ready; everything wrong is told at once, with its place and
what was expected."""

# flake8: noqa: W503

from __future__ import annotations

import subprocess
import sys
from typing import Any, Dict, List

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_files import ROOT

from pagerduty_mattermost.action_bases import rest_body
from pagerduty_mattermost.action_bases.inputs import InputTerms, load, prepare, require
from pagerduty_mattermost.core import schema_check
from pagerduty_mattermost.core.errors import RejectedInput

NOW = 1795232710.0
STRICT, LENIENT = InputTerms(NOW), InputTerms(NOW, lenient=True)
SERVICE = {"id": "PABC123", "type": "service_reference"}


def problems(name: str, params: Dict[str, Any], terms: InputTerms = STRICT) -> List[str]:
    return list(prepare(load(name), params, terms).problems)


def data(name: str, value: Any, terms: InputTerms = STRICT) -> List[str]:
    return problems(
        name,
        {"entity_id": "PABC123", "data": value}
        if name.startswith("user.create_")
        else {"data": value},
        terms,
    )


LAYER = {
    "start": "2026-11-22T09:00:00Z",
    "rotation_virtual_start": "2026-11-22T09:00:00Z",
    "rotation_turn_length_seconds": 86400,
    "users": [{"user": "PABC123"}],
}
RULE = {"escalation_delay_in_minutes": 5, "targets": [{"id": "PABC123", "type": "user"}]}
RIGHT: Dict[str, Dict[str, Any]] = {
    "incident.create.rest_v2": {"title": "Slow", "service": "PABC123"},
    "escalation_policy.create": {"name": "x", "escalation_rules": [RULE]},
    "maintenance_window.create": {"start_time": "now", "end_time": "2h", "services": ["PABC123"]},
    "schedule.create": {"time_zone": "Europe/Berlin", "schedule_layers": [LAYER]},
    "service.create": {"name": "x", "escalation_policy": "PABC123"},
    "team.create": {"name": "x"},
    "user.create": {"name": "x", "email": "x@example.com"},
    "user.create_contact_method": {
        "type": "sms_contact_method",
        "label": "x",
        "address": "170 1234567",
        "country_code": 49,
    },
    "user.create_notification_rule": {
        "start_delay_in_minutes": 0,
        "urgency": "high",
        "contact_method": {"id": "PABC123", "type": "email_contact_method"},
    },
}
GONE = object()
WRONG: Dict[str, List[Any]] = {
    "incident.create.rest_v2": [
        ("title", GONE),
        ("title", ""),
        ("title", 5),
        ("service", GONE),
        ("service", 7),
        ("service", "a b"),
        ("service", {"type": "service_reference"}),
        ("service", {"id": "P/1"}),
        ("urgency", "loud"),
        ("priority", []),
        ("body", "text"),
        ("body", {"details": 3}),
        ("type", "problem"),
        ("assignments", [{"assignee": {"id": ""}}]),
        ("conference_bridge", {"conference_url": "meet"}),
        ("titel", "x"),
    ],
    "escalation_policy.create": [
        ("name", GONE),
        ("name", ""),
        ("escalation_rules", GONE),
        ("escalation_rules", []),
        ("escalation_rules", [{}]),
        ("escalation_rules", [{**RULE, "targets": []}]),
        ("escalation_rules", [{**RULE, "targets": [RULE["targets"][0]] * 11}]),
        ("escalation_rules", [{**RULE, "escalation_delay_in_minutes": 0}]),
        ("num_loops", -1),
        ("num_loops", "2"),
        ("teams", ["a b"]),
        ("on_call_handoff_notifications", "never"),
        ("rules", []),
    ],
    "maintenance_window.create": [
        ("start_time", GONE),
        ("start_time", "10/11"),
        ("start_time", 5),
        ("end_time", GONE),
        ("end_time", "banana"),
        ("end_time", "2112-01-29T09:00:00Z"),
        ("services", GONE),
        ("services", []),
        ("services", ["a b"]),
        ("services", [5.5]),
        ("description", 5),
        ("type", "window"),
        ("start", "now"),
    ],
    "schedule.create": [
        ("time_zone", GONE),
        ("time_zone", "<b>"),
        ("schedule_layers", GONE),
        ("schedule_layers", []),
        ("schedule_layers", [{**LAYER, "users": []}]),
        ("schedule_layers", [{**LAYER, "start": "banana"}]),
        ("schedule_layers", [{**LAYER, "rotation_turn_length_seconds": 10}]),
        ("schedule_layers", [{**LAYER, "restrictions": [{"type": "daily_restriction"}]}]),
        (
            "schedule_layers",
            [
                {
                    **LAYER,
                    "restrictions": [
                        {
                            "type": "daily_restriction",
                            "duration_seconds": 60,
                            "start_time_of_day": "25:00:00",
                        }
                    ],
                }
            ],
        ),
        ("name", 5),
        ("description", []),
        ("layers", []),
    ],
    "service.create": [
        ("name", GONE),
        ("name", ""),
        ("escalation_policy", GONE),
        ("escalation_policy", {"id": "a b"}),
        ("status", "up"),
        ("auto_resolve_timeout", -1),
        ("acknowledgement_timeout", "5"),
        ("alert_creation", "none"),
        ("incident_urgency_rule", {"urgency": "loud"}),
        ("support_hours", {"days_of_week": [8]}),
        ("support_hours", {"start_time": "9am"}),
        ("scheduled_actions", [{}]),
        ("policy", "P1"),
    ],
    "team.create": [
        ("name", GONE),
        ("name", ""),
        ("name", None),
        ("name", 5),
        ("name", "x" * 101),
        ("description", 5),
        ("description", "x" * 1025),
        ("default_role", "boss"),
        ("type", "group"),
        ("titel", "x"),
    ],
    "user.create": [
        ("name", GONE),
        ("name", "x" * 101),
        ("email", GONE),
        ("email", "x"),
        ("email", "a b@example.com"),
        ("email", 5),
        ("role", "king"),
        ("time_zone", 5),
        ("job_title", 5),
        ("job_title", "x" * 101),
        ("license", 5),
        ("mail", "x"),
    ],
    "user.create_contact_method": [
        ("type", GONE),
        ("type", "fax"),
        ("label", GONE),
        ("label", ""),
        ("address", GONE),
        ("address", "abc"),
        ("country_code", GONE),
        ("country_code", 0),
        ("country_code", "49"),
        ("country_code", 2000),
        ("send_short_email", "yes"),
        ("adress", "x"),
    ],
    "user.create_notification_rule": [
        ("start_delay_in_minutes", GONE),
        ("start_delay_in_minutes", -1),
        ("start_delay_in_minutes", "0"),
        ("urgency", GONE),
        ("urgency", "all"),
        ("contact_method", GONE),
        ("contact_method", "PABC123"),
        ("contact_method", {"id": "PABC123"}),
        ("contact_method", {"id": "a b", "type": "email_contact_method"}),
        ("contact_method", {"id": "PABC123", "type": "fax"}),
        ("delay", 5),
    ],
}


@pytest.mark.parametrize("name", sorted(RIGHT))
def test_what_is_right_passes(name: str) -> None:
    assert data(name, RIGHT[name]) == []
    assert data(name, RIGHT[name], LENIENT) == []


@pytest.mark.parametrize(
    ("name", "field", "value"), [(n, f, v) for n, rows in WRONG.items() for f, v in rows]
)
def test_each_wrong_input_is_told_with_its_place(name: str, field: str, value: Any) -> None:
    given = {key: inner for key, inner in RIGHT[name].items() if key != field}
    lines = data(name, given if value is GONE else {**given, field: value})
    assert lines
    for line in lines:
        assert line.startswith(f"data.{field}"), line
        assert any(
            word in line for word in ("expected", "no such field", "may be", "a year ahead")
        ), line
        assert "\n" not in line


def test_each_create_has_ten_wrong_inputs() -> None:
    assert {name: len(rows) for name, rows in WRONG.items() if len(rows) < 10} == {}
    assert set(WRONG) == set(RIGHT)


def test_all_wrong_fields_are_told_at_once_on_one_line() -> None:
    with pytest.raises(RejectedInput) as caught:
        require(
            load("user.create"),
            {"data": {"email": "x", "nam": "y"}, "from_email": "z"},
            STRICT,
            print,
        )
    line = str(caught.value)
    assert line.startswith("4 inputs are wrong: ")
    assert "data.nam: no such field; did you mean name?" in line
    assert "data.name: is missing; expected text" in line
    assert "data.email: expected an e-mail address, got 'x'" in line
    assert "from_email: expected an e-mail address, got 'z'" in line


def test_a_secret_is_never_repeated() -> None:
    lines = problems("incident.create.events_v1", {"service_key": ["SECRET"], "description": "x"})
    assert lines == ["service_key: expected text"]


def test_what_pagerduty_sets_itself_is_dropped_from_the_exchange_packs_and_refused_elsewhere() -> (
    None
):
    given = {"name": "x", "id": "P1", "html_url": None, "self": "x", "default_role": None}
    assert data("team.create", given) == [
        "data.id: PagerDuty sets this itself: leave it out",
        "data.html_url: PagerDuty sets this itself: leave it out",
        "data.self: PagerDuty sets this itself: leave it out",
        "data.default_role: expected text, got null",
    ]
    read = prepare(load("team.create"), {"data": given}, LENIENT)
    assert read.params["data"] == {"name": "x", "type": "team"}
    assert read.problems == ()


def test_ids_become_references_and_types_need_no_typing() -> None:
    read = prepare(
        load("incident.create.rest_v2"), {"data": {"title": "x", "service": "PABC123"}}, STRICT
    )
    assert read.params["data"] == {"type": "incident", "title": "x", "service": SERVICE}
    whole = {"title": "x", "service": {"id": "PABC123", "type": "service", "summary": "Web"}}
    assert (
        prepare(load("incident.create.rest_v2"), {"data": whole}, LENIENT).params["data"][
            "service"
        ]
        == SERVICE
    )


@given(
    st.dictionaries(
        st.text(max_size=8),
        st.recursive(
            st.none()
            | st.booleans()
            | st.integers()
            | st.floats(allow_nan=False)
            | st.text(max_size=12),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.text(max_size=8), inner, max_size=3)
            ),
            max_leaves=8,
        ),
    )
)
def test_nothing_typed_makes_the_check_fail_itself(value: Dict[str, Any]) -> None:
    for terms in (STRICT, LENIENT):
        for line in data("service.create", {**value, "name": "x"}, terms):
            assert "\n" not in line


def test_plain_texts_need_no_schema_library() -> None:
    code = (
        "import sys; from pagerduty_mattermost.action_bases import inputs; from "
        "pagerduty_mattermost.action_bases.inputs import *;"
        "assert not prepare(load('incident.get'), {'entity_id': 'P1'}, InputTerms(0)).problems;"
        "assert prepare(load('incident.get'), {'entity_id': 'a b'}, InputTerms(0)).problems;"
        "assert not {'jsonschema', 'dateparser', 'requests'} & set(sys.modules), 'imported'"
    )
    path = ":".join(str(ROOT / one) for one in ("actions/lib", "standalone/shims"))
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": path}, check=True, timeout=30)


def test_formats() -> None:
    assert all(map(schema_check.is_id, ("PT4KHLK", "Q0000001Q66P0A", "a-b_c")))
    assert not any(
        map(schema_check.is_id, ("", "None", "null", "a b", "../x", "P1\n", "é", "x" * 65))
    )
    assert all(map(schema_check.is_email, ("a@b", "ada.lovelace+x@example.co.uk")))
    assert not any(
        map(schema_check.is_email, ("", "a", "a@", "@b", "a b@c", "a@b@c", "a@b\n", "é@b.c"))
    )
    assert all(map(schema_check.is_uri, ("https://a", "http://a.b/c?d=e#f")))
    assert not any(
        map(schema_check.is_uri, ("", "a", "ftp://a", "javascript:x", "https://", "https://a b"))
    )


def test_a_body_holds_values_and_never_text_made_of_them() -> None:
    template = {
        "a": "$a",
        "b": {"id": "$b", "type": "t"},
        "c": [{"d": {"id": "$c[]", "type": "u"}}],
        "e": "$x y",
    }
    assert rest_body.fill(template, {"a": 0, "c": ["{{ x }}", "$a"]}) == {
        "a": 0,
        "c": [{"d": {"id": "{{ x }}", "type": "u"}}, {"d": {"id": "$a", "type": "u"}}],
        "e": "$x y",
    }
    assert rest_body.names(template) == {"a", "b", "c"}
    assert rest_body.fill({"duration": "$duration"}, {}) == {}
