"""Log entries and incidents become our values, whatever PagerDuty sends."""

from __future__ import annotations

import json
import re
from typing import Any, Dict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.incidents import alert_content, log_entries
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.incidents.trigger_payload import payload

NASTY = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.sampled_from(
        ["\ud800", "\x00", "2026-01-02T03:04:05Z", "resolved", "9" * 400, "2026-13-99T99:99:99Z"]
    ),
)
JSON = st.recursive(
    NASTY,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
FIELDS = re.findall(
    r"\w+",
    """id type created_at incident agent channel note summary contexts teams assignees
    changed_actions event_details changeset message status urgency priority service
    assignments acknowledgements resolve_reason alert_counts escalation_policy
    first_trigger_log_entry conference_bridge body title incident_number html_url updated_at
    resolved_at last_status_change_by details href src text client_url at assignee
    acknowledger application_fields name value old_value cef_details all triggered""",
)


def things(depth: int = 3) -> Any:
    inner = (
        JSON
        if depth == 0
        else st.one_of(JSON, things(depth - 1), st.lists(things(depth - 1), max_size=2))
    )
    return st.dictionaries(st.sampled_from(FIELDS), inner, max_size=12)


@settings(max_examples=60, deadline=None)
@given(things(1), st.sampled_from(sorted(log_entries.EVENT_TYPES)))
def test_anything_reads_as_nothing_or_as_values_that_can_be_sent(
    obj: Dict[str, Any], kind: str
) -> None:
    log_entries.parse_entry(obj)
    log_entries.incident_from_rest(obj)
    obj.update(id="R1", type=kind + "_log_entry", created_at="2026-01-02T03:04:05Z")
    obj["incident"] = {
        **obj,
        **(obj.get("incident") if isinstance(obj.get("incident"), dict) else {}),
        "id": "P1",
    }
    entry = log_entries.parse_entry(obj)
    assert entry is not None
    event = entry.event
    assert event is not None
    incident = log_entries.with_event(alert_content.with_details(entry.incident, obj), event)
    sent = json.dumps(payload(Change(incident, (event,), 1)), ensure_ascii=False, allow_nan=False)
    sent.encode("utf-8")
    assert "\\u0000" not in sent


@pytest.mark.parametrize(
    ("kind", "event_type"),
    [
        ("trigger_log_entry", "incident.triggered"),
        ("acknowledge_log_entry", "incident.acknowledged"),
        ("acknowledgement_log_entry", "incident.acknowledged"),
        ("priority_change_log_entry", "incident.priority_updated"),
        ("status_update_log_entry", "incident.status_update_published"),
        ("responder_request_log_entry", "incident.responder.added"),
        ("exhaust_escalation_path_log_entry", "incident.updated"),
        ("never_heard_of_log_entry", "incident.updated"),
        ("resolve_log_entry_reference", "incident.resolved"),
    ],
)
def test_types(kind: str, event_type: str) -> None:
    event = log_entries.event_from_entry({"id": "R1", "type": kind, "summary": "What happened"})
    assert event is not None
    assert event.event_type == event_type
    assert event.change("summary") == "What happened"


def test_notifications_are_no_events() -> None:
    assert log_entries.event_from_entry({"id": "R1", "type": "notify_log_entry"}) is None


def test_a_changed_field_is_named_with_its_values() -> None:
    field = {"name": "title", "old_value": "Old", "value": "New"}
    channel = {"type": "website", "changeset": {"application_fields": [field]}}
    event = log_entries.event_from_entry(
        {"id": "R1", "type": "field_value_change_log_entry", "channel": channel}
    )
    assert event is not None
    assert (event.event_type, event.change("from"), event.change("to")) == (
        "incident.title_updated",
        "Old",
        "New",
    )


def test_a_snooze_tells_its_end() -> None:
    actions = [{"type": "unacknowledge", "at": "2026-01-02T05:04:05+02:00"}]
    event = log_entries.event_from_entry(
        {"id": "R1", "type": "snooze_log_entry", "changed_actions": actions}
    )
    assert event is not None
    assert event.change("until") == "2026-01-02T03:04:05Z"


def test_the_first_alert_gives_details_links_and_graphs() -> None:
    entry = {
        "channel": {
            "type": "api",
            "details": {"disk": "/dev/sda1", "nested": {"a": 1}, "nothing": None},
            "client": "Grafana",
            "client_url": "https://g.example.com/d/1",
        },
        "contexts": [
            {"type": "link", "href": "https://wiki.example.com/disk", "text": "Runbook"},
            {
                "type": "image",
                "src": "https://g.example.com/1.png",
                "href": "https://g.example.com",
            },
            {"type": "link"},
        ],
    }
    incident = alert_content.with_details(Incident("P1", title="Disk full"), entry)
    assert incident.details == (("disk", "/dev/sda1"), ("nested.a", "1"))
    assert [link.href for link in incident.links] == [
        "https://wiki.example.com/disk",
        "https://g.example.com",
        "https://g.example.com/d/1",
    ]
    assert incident.links[1].image == "https://g.example.com/1.png"


def test_a_merged_incident_is_no_longer_called_resolved() -> None:
    incident = log_entries.incident_from_rest(
        {
            "id": "P1",
            "status": "resolved",
            "resolve_reason": {"type": "merge_resolve_reason", "incident": {"id": "P2"}},
        }
    )
    assert incident is not None
    assert (incident.status, incident.merged_into) == ("merged", "P2")


def changed(kind: str, changes: Any, summary: str = "", **fields: Any) -> Any:
    event = log_entries.event_from_entry(
        {
            "id": "R1",
            "type": kind + "_log_entry",
            "summary": summary,
            "channel": {"type": "website", "changeset": changes},
            **fields,
        }
    )
    assert event is not None
    return event.event_type, event.change("from"), event.change("to"), event.change("summary")


def field(name: str, value: Any, old: Any = None) -> Dict[str, Any]:
    return {"application_fields": [{"name": name, "value": value, "old_value": old}]}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            field("conference_bridge", "https://meet.example/2"),
            ("conference_bridge.updated", "", "https://meet.example/2"),
        ),
        (field("conference_bridge", None), ("conference_bridge.updated", "", "none")),
        (
            field("incident_type", "Security", "Base"),
            ("incident_type.changed", "Base", "Security"),
        ),
        (field("incident_type", "PIJ90N7"), ("incident_type.changed", "", "")),
        (field("service", "PIZW265", "PIJ90N7"), ("service_updated", "", "")),
        (field("title", "PROD123A"), ("title_updated", "", "PROD123A")),
        (
            {
                "customer_fields": [
                    {"name": "impact_area", "value": ["EU", "US"], "old_value": "EU"}
                ]
            },
            ("custom_field_values.updated", "", "impact area: EU → EU, US"),
        ),
        (
            {"customer_fields": [{"name": "serial", "value": 4}, {"name": "who", "value": None}]},
            ("custom_field_values.updated", "", "serial: 4, who: none"),
        ),
        (field("something_new", "on"), ("updated", "", "on")),
    ],
)
def test_a_changed_field_is_told_in_words_and_never_by_an_id(changes: Any, expected: Any) -> None:
    event_type, was, now, _ = changed("field_value_change", changes)
    assert (event_type.split(".", 1)[1], was, now) == expected


def test_the_name_that_a_field_has_in_the_api_is_not_shown() -> None:
    raw = changed("field_value_change", field("some_thing", "on"), "Updated some_thing")
    assert raw[3] == "Changed the some thing to on"
    worded = changed("field_value_change", field("urgency", "low"), "Urgency changed by Ada")
    assert worded[3] == "Urgency changed by Ada"


def test_both_sides_of_a_merge() -> None:
    reason = {
        "type": "merge_resolve_reason",
        "incident": {"id": "P2", "summary": "[#2] Disk full"},
    }
    source = changed("resolve", {}, incident={"id": "P1", "resolve_reason": reason})
    assert (source[0], source[2]) == ("incident.merged", "#2 Disk full")
    words = "[#1] Slow merged into this incident by Ada"
    for included in ({"id": "P2"}, {"id": "P2", "resolve_reason": reason}):
        target = changed("merge", {}, words, incident=included)
        assert (target[0], target[3]) == (
            "incident.updated",
            "#1 Slow merged into this incident by Ada",
        )


def test_times_are_comparable_as_text() -> None:
    row = {
        "id": "P1",
        "updated_at": "2026-01-02T03:04:05.999-07:00",
        "created_at": "2026-01-02T10:04:05Z",
    }
    incident = log_entries.incident_from_rest(row)
    assert incident is not None
    assert incident.updated_at == incident.created_at
