"""What monitoring tools send becomes text that people can read: all of it, or a true number of
what is left."""

# flake8: noqa: W503

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, List

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagerduty_mattermost.incidents.alert_content import (
    MAX_ALL_DETAILS_CHARACTERS,
    MAX_DETAILS,
    alert_content,
    with_details,
)
from pagerduty_mattermost.incidents.incident import Incident

INPUTS = Path(__file__).resolve().parents[1] / "fixtures" / "alerts"


def entry_of(name: str) -> Dict[str, Any]:
    entry: Dict[str, Any] = json.loads((INPUTS / f"{name}.json").read_text("utf-8"))["entry"]
    return entry


def details_of(name: str) -> Dict[str, str]:
    return dict(alert_content(entry_of(name)).details)


def test_maps_of_maps_and_lists_of_names_and_values() -> None:
    found = details_of("cloudwatch")
    assert found["Trigger.MetricName"] == "CPUUtilization"
    assert found["Trigger.Threshold"] == "90.0"
    assert found["Trigger.Dimensions.DBInstanceIdentifier"] == "shop-db"
    assert found["AlarmActions"] == "arn:aws:sns:eu-west-1:123456789012:pd"
    assert "AlarmDescription" not in found
    assert "InsufficientDataActions" not in found
    assert not any("{" in value for value in found.values())


def test_values_are_words_not_pythons() -> None:
    found = details_of("odd_values")
    assert (found["ok"], found["on"], found["ratio"], found["f"]) == ("false", "true", "0", "0.1")
    assert found["list"] == "a, b"
    assert found["nested.a.b"] == "1, 2"
    assert found["multi"] == "line 1\nline 2\nline 3"
    assert found["big"] == "123456789012345678901234567890"
    assert found["value"] == "no name"
    assert not {"nothing", "empty"} & set(found)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("email_channel", "pg_dump: error: connection to server failed"),
        ("email_channel_html", "Report failed"),
        ("webtrigger", "I see errors\nin checkout"),
        ("cef_string", "severity 8, i-0abc talks to a known miner"),
    ],
)
def test_the_text_of_the_alert(name: str, text: str) -> None:
    summary = alert_content(entry_of(name)).summary
    assert text in summary
    assert "<" not in summary


def test_an_email_leads_to_its_original() -> None:
    (link,) = alert_content(entry_of("email_channel")).links
    assert (link.href, link.text) == (
        "https://acme.pagerduty.com/emails/PX1/raw",
        "Original e-mail",
    )


def test_the_common_event_format_says_more_than_its_details() -> None:
    found = details_of("cef_dict")
    assert found["Trigger.Dimensions.FunctionName"] == "checkout"
    assert (found["severity"], found["source_origin"]) == ("critical", "eu-west-1")
    named = details_of("cef_string")
    assert (named["severity"], named["source_origin"]) == ("critical", "acct-1")


def test_json_in_a_text_is_read() -> None:
    found = alert_content(entry_of("details_json_string"))
    assert found.details == (("name", "a"), ("value", "1"))


def test_nagios_without_details_names_host_service_and_state() -> None:
    found = details_of("nagios_nodetails")
    assert (found["service"], found["state"]) == ("disk /var", "CRITICAL")


def test_what_is_left_out_is_counted() -> None:
    many = {f"label_{n:03d}": f"v{n}" for n in range(100)}
    found = alert_content({"channel": {"details": many}})
    assert len(found.details) == MAX_DETAILS
    assert found.left == 100 - MAX_DETAILS
    long = alert_content({"channel": {"details": {f"k{n}": "x" * 500 for n in range(30)}}})
    assert len(long.details) + long.left == 30
    assert sum(len(n) + len(v) for n, v in long.details) <= MAX_ALL_DETAILS_CHARACTERS


def test_short_values_are_kept_before_long_ones() -> None:
    details: Dict[str, str] = {f"trace {n}": "x" * 500 for n in range(10)}
    details["region"] = "eu-west-1"
    assert dict(alert_content({"channel": {"details": details}}).details)["region"] == "eu-west-1"


def test_a_text_that_only_repeats_the_title_is_no_text() -> None:
    incident = with_details(
        Incident("P1", title="Disk  full"), {"channel": {"summary": "Disk full"}}
    )
    assert incident.summary == ""


LEAF = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just("\ud800")
)
KEYS = st.sampled_from(["name", "value", "a"])
ANY: st.SearchStrategy[Any] = st.recursive(
    LEAF,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["name", "value", "a"]), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(ANY, st.sampled_from(["details", "cef_details", "body", "description", "contexts"]))
def test_anything_reads(value: Any, where: str) -> None:
    channel = {"type": "email", where: value}
    for entry in (
        {"channel": channel},
        {"channel": {"cef_details": channel}},
        {"contexts": value},
    ):
        found = alert_content(entry)
        texts: List[str] = [found.summary, *(text for pair in found.details for text in pair)]
        json.dumps(texts, ensure_ascii=False).encode("utf-8")
        assert all(name and value for name, value in found.details)
        assert found.left >= 0


def test_a_map_in_a_map_for_ever_reads() -> None:
    deep: Dict[str, Any] = {}
    inner = deep
    for _ in range(400):
        inner["a"] = {}
        inner = inner["a"]
    inner["b"] = 1
    assert len(alert_content({"channel": {"details": deep}}).details) <= 1
