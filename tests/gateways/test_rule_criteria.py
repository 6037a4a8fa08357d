"""A rule's criteria are decided as StackStorm decides them."""

from __future__ import annotations

import contextlib
import sys
from typing import Any, Dict

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_files import REAL_ST2

from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.gateways.stackstorm.rule_criteria import (
    BY_OUR_CLOCK,
    OPERATORS,
    Unsupported,
    check,
    lookup,
    matches,
    operator_of,
    validate,
)

NOW = 1_760_000_000.0
PAYLOAD: Dict[str, Any] = {
    "incident": {
        "priority": "P1",
        "urgency": "high",
        "title": "Disk full",
        "number": 7,
        "created_at": "2025-10-09T08:00:00Z",
    },
    "event_types": ["incident.acknowledged", "incident.triggered"],
    "events": [
        {"event_type": "incident.triggered", "changes": {}},
        {"event_type": "incident.acknowledged", "changes": {"note": "x"}},
    ],
    "empty": None,
}

VERDICTS = [
    ("incident.priority", "equals", "P1", True),
    ("incident.priority", "eq", "P2", False),
    ("incident.priority", "equals", "P1\n", True),
    ("incident.priority", "iequals", "p1", True),
    ("incident.priority", "nequals", "P2", True),
    ("incident.priority", "neq", "P1", False),
    ("incident.number", "equals", 7, True),
    ("incident.number", "equals", "7", False),
    ("incident.title", "contains", "full", True),
    ("incident.title", "contains", "FULL", False),
    ("incident.title", "icontains", "FULL", True),
    ("incident.title", "ncontains", "x", True),
    ("incident.title", "incontains", "FULL", False),
    ("incident.title", "startswith", "Disk", True),
    ("incident.title", "istartswith", "disk", True),
    ("incident.title", "endswith", "full", True),
    ("incident.title", "iendswith", "FULL", True),
    ("incident.title", "matchwildcard", "D*l", True),
    ("incident.title", "regex", "f.ll$", True),
    ("incident.title", "regex", "F.ll$", False),
    ("incident.title", "iregex", "F.LL", True),
    ("incident.title", "matchregex", "Disk", True),
    ("incident.title", "matchregex", "full", False),
    ("incident.title", "regex", "[", False),
    ("incident.priority", "inside", ["P1", "P2"], True),
    ("incident.priority", "in", "P1 P2", True),
    ("incident.priority", "ninside", ["P3"], True),
    ("incident.priority", "nin", ["P1"], False),
    ("incident.number", "lessthan", 8, True),
    ("incident.number", "gt", 8, False),
    ("incident.number", "lt", "8", False),
    ("incident.priority", "exists", "x", True),
    ("incident.absent", "exists", "x", False),
    ("incident.absent", "nexists", "x", True),
    ("empty", "nexists", "x", True),
    ("empty", "contains", "x", False),
    ("empty", "iequals", "x", False),
    ("incident.absent", "equals", "x", False),
    ("incident.absent", "nequals", "x", True),
    ("incident.priority", "equals", None, False),
    ("incident.created_at", "timediff_gt", 1800, True),
    ("incident.created_at", "td_lt", 1800, False),
    ("incident.created_at", "td_lt", "1e9", True),
    ("incident.title", "timediff_lt", 5, False),
    ("event_types", "contains", "incident.triggered", True),
    ("event_types", "ncontains", "incident.resolved", True),
    ("event_types[0]", "equals", "incident.acknowledged", True),
    ("event_types[9]", "equals", "incident.acknowledged", False),
    ("events[*].event_type", "equals", "incident.triggered", True),
    ("incident['priority']", "equals", "P1", True),
    ("incident.priority#2", "equals", "P1", True),
    ("incident.priority", "EQUALS", "P1", True),
]


@pytest.mark.parametrize(("field", "operator", "pattern", "expected"), VERDICTS)
def test_every_operator_decides_as_stackstorms(
    field: str, operator: str, pattern: Any, expected: bool
) -> None:
    criteria = {f"trigger.{field}": {"type": operator, "pattern": pattern}}
    assert matches(criteria, PAYLOAD, lambda: NOW) is expected
    if REAL_ST2 and "{{" not in str(pattern):
        assert stackstorm(field, operator, pattern) is expected


def stackstorm(field: str, operator: str, pattern: Any) -> bool:
    """The verdict of the real operator, as `RuleFilter` calls it."""
    from st2common import operators

    found = lookup(f"trigger.{field}".split("#")[0], {"trigger": PAYLOAD})
    try:
        stripped = pattern[:-1] if isinstance(pattern, str) and pattern.endswith("\n") else pattern
        return bool(
            operators.get_operator(operator)(
                value=found[0] if found else None, criteria_pattern=stripped
            )
        )
    except Exception:
        return False


NOT_THERE = pytest.mark.skipif(not REAL_ST2, reason="StackStorm's own modules are not installed")
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=False, width=16),
    st.text("aAbB*.?[\n", max_size=4),
    st.binary(max_size=3),
    st.lists(st.text("ab", max_size=2), max_size=3),
    st.dictionaries(st.text("ab", max_size=1), st.integers(), max_size=2),
)


def verdict(function: Any, value: Any, pattern: Any) -> str:
    try:
        return str(bool(function(value, pattern)))
    except Exception:
        return "does not match"


@NOT_THERE
@given(st.sampled_from(sorted(set(OPERATORS) - {"search"})), VALUES, VALUES)
def test_each_of_our_operators_decides_as_stackstorms(name: str, value: Any, pattern: Any) -> None:
    from st2common import operators

    if OPERATORS[name] not in BY_OUR_CLOCK:
        own = operators.get_operator(name)
        assert verdict(OPERATORS[name], value, pattern) == verdict(own, value, pattern)


@NOT_THERE
def test_stackstorms_own_operators_decide_where_they_are() -> None:
    from st2common import operators

    assert operator_of("equals") is operators.equals
    assert operator_of("timediff_lt") in BY_OUR_CLOCK


def test_without_stackstorms_modules_the_port_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "st2common.operators", None)
    rule_criteria._stackstorms_operators.cache_clear()
    try:
        assert operator_of("equals") is OPERATORS["equals"]
        assert operator_of("equalish") is None
    finally:
        rule_criteria._stackstorms_operators.cache_clear()


@NOT_THERE
def test_our_operators_are_all_of_stackstorms() -> None:
    from st2common import operators

    assert set(OPERATORS) == set(operators.get_allowed_operators())


KINDS = {
    ("any", "incident.triggered"): True,
    ("all", "incident.triggered"): False,
    ("any", "incident.resolved"): False,
    ("any2any", "incident.acknowledged"): True,
    ("all2any", "incident.acknowledged"): False,
}


@pytest.mark.parametrize(("condition", "wanted"), list(KINDS))
def test_search_looks_into_lists(condition: str, wanted: str) -> None:
    pattern = {"item.event_type": {"type": "equals", "pattern": wanted}}
    criteria = {"trigger.events": {"type": "search", "condition": condition, "pattern": pattern}}
    assert matches(criteria, PAYLOAD) is KINDS[condition, wanted]


def test_a_search_that_makes_no_sense_does_not_match() -> None:
    pattern = {"item.event_type": {"type": "equals", "pattern": "x"}}
    for criterion in (
        {"type": "search", "condition": "some", "pattern": pattern},
        {"type": "search", "pattern": pattern},
        {"type": "Search", "condition": "any", "pattern": pattern},
    ):
        assert not matches({"trigger.events": criterion}, PAYLOAD)
    assert not matches(
        {"trigger.empty": {"type": "search", "condition": "any", "pattern": pattern}}, PAYLOAD
    )


def test_all_criteria_must_be_met_and_none_always_match() -> None:
    met = {"type": "equals", "pattern": "P1"}
    assert matches(
        {
            "trigger.incident.priority": met,
            "trigger.incident.urgency": {"type": "equals", "pattern": "high"},
        },
        PAYLOAD,
    )
    assert not matches(
        {"trigger.incident.priority": met, "trigger.incident.urgency": met}, PAYLOAD
    )
    assert matches({}, PAYLOAD)
    assert matches({}, {})
    assert not matches({"trigger.x": {"type": "nexists", "pattern": "x"}}, {})


def test_what_failed_is_told_with_what_was_expected() -> None:
    (finding,) = check({"trigger.incident.priority": {"type": "equals", "pattern": "P2"}}, PAYLOAD)
    assert (finding.expected, finding.actual, finding.matched) == ("P2", "P1", False)
    (finding,) = check({"trigger.incident.number": {"type": "contains", "pattern": "x"}}, PAYLOAD)
    assert "TypeError" in finding.problem
    (finding,) = check({"trigger.incident.number": {"pattern": "x"}}, PAYLOAD)
    assert "no type" in finding.problem


@pytest.mark.parametrize(
    "criteria",
    [
        {"trigger.incident.priority": {"type": "equalish", "pattern": "x"}},
        {"trigger.incident.priority": {"type": "equals", "pattern": "{{ st2kv.system.x }}"}},
        {"trigger..priority": {"type": "equals", "pattern": "x"}},
        {"trigger.incident[?(@.x)]": {"type": "equals", "pattern": "x"}},
        {"trigger.events[0:1]": {"type": "exists", "pattern": "x"}},
    ],
)
def test_what_is_not_supported_is_refused_by_name(criteria: Dict[str, Any]) -> None:
    with pytest.raises(Unsupported, match="criterion on"):
        validate(criteria)


@given(
    st.text(max_size=30),
    st.sampled_from(sorted(OPERATORS)),
    st.one_of(st.none(), st.text(max_size=5), st.integers()),
)
def test_any_criterion_is_decided_or_refused(field: str, operator: str, pattern: Any) -> None:
    with contextlib.suppress(Unsupported):
        assert matches({f"trigger.{field}": {"type": operator, "pattern": pattern}}, PAYLOAD) in (
            True,
            False,
        )
