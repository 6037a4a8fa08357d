"""NamedTuples to JSON and back: what is written reads as the same value; what is misshapen is
refused by the name of its field."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Tuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pack_files import ROOT

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.gateways.mattermost.values import ChannelRef
from pagerduty_mattermost.incidents.incident import Incident, Link, Person, Version
from pagerduty_mattermost.operations.watchdog import WatchdogState


class Every(NamedTuple):
    """One field of each type."""

    text: str
    number: int = 0
    at: float = 0.0
    on: bool = False
    perhaps: Optional[int] = None
    texts: Tuple[str, ...] = ()
    rows: List[List[float]] = []
    pair: Tuple[str, int] = ("", 0)
    person: Person = Person()
    links: Tuple[Link, ...] = ()
    levels: Mapping[str, Dict[int, Person]] = {}
    whatever: Any = None


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
PEOPLE = st.builds(Person)
VALUES: Dict[Any, Any] = {
    Every: st.builds(
        Every,
        at=NUMBERS,
        rows=st.lists(st.lists(NUMBERS, max_size=3), max_size=3),
        levels=st.dictionaries(
            st.text(max_size=5), st.dictionaries(st.integers(), PEOPLE, max_size=2), max_size=2
        ),
        whatever=st.none() | st.text() | st.lists(st.integers()),
    ),
    WatchdogState: st.builds(WatchdogState, since=NUMBERS),
    **{kind: st.from_type(kind) for kind in (Incident, Person, Link, Version, ChannelRef)},
}


@pytest.mark.parametrize("kind", VALUES)
@given(data=st.data())
@settings(deadline=None, max_examples=25)
def test_what_is_written_reads_as_the_same_value(kind: Any, data: Any) -> None:
    value = data.draw(VALUES[kind])
    written = to_json(value)
    assert set(written) == set(kind._fields)
    assert from_json(kind, json.loads(json.dumps(written))) == value


def test_missing_fields_take_their_default_and_unknown_ones_are_ignored() -> None:
    assert from_json(Person, {"id": "PANN", "colour": "red"}) == Person("PANN")
    found = from_json(Every, {"text": "a", "at": 3})
    assert found == Every("a", at=3.0)
    assert isinstance(found.at, float)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": 5}, "text"),
        ({"text": None}, "text"),
        ({"number": "5"}, "number"),
        ({"number": 5.5}, "number"),
        ({"number": True}, "number"),
        ({"at": "12"}, "at"),
        ({"at": False}, "at"),
        ({"at": 10**400}, "at"),
        ({"on": 1}, "on"),
        ({"perhaps": "no"}, "perhaps"),
        ({"texts": "abc"}, "texts"),
        ({"texts": ["a", 1]}, "texts[1]"),
        ({"rows": [[1, 2], [3, None]]}, "rows[1][1]"),
        ({"pair": ["a"]}, "pair"),
        ({"pair": ["a", "b"]}, "pair[1]"),
        ({"person": ["PANN"]}, "person"),
        ({"person": {"id": 7}}, "person.id"),
        ({"links": [{"text": "no address"}]}, "links[0].href"),
        ({"levels": []}, "levels"),
        ({"levels": {"P1": {"one": {}}}}, "levels.P1"),
        ({"levels": {"P1": {"1": {"name": []}}}}, "levels.P1.1.name"),
    ],
)
def test_a_misshapen_field_is_named(change: Dict[str, Any], field: str) -> None:
    with pytest.raises(MisshapenValue) as raised:
        from_json(Every, {"text": "a", **change})
    assert raised.value.field == field
    assert str(raised.value).startswith(field)


@pytest.mark.parametrize("data", [None, [], "text", 5])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(MisshapenValue, match="the value must be an object"):
        from_json(Person, data)


def test_a_missing_field_without_a_default_is_named() -> None:
    with pytest.raises(MisshapenValue, match="^text is missing$"):
        from_json(Every, {"number": 5})


class Unreadable(NamedTuple):
    ids: FrozenSet[str] = frozenset()


def test_a_class_with_a_field_that_json_has_no_word_for_is_an_error() -> None:
    with pytest.raises(TypeError, match="No way to read"):
        from_json(Unreadable, {"ids": []})


def test_it_is_cheap_to_import() -> None:
    code = (
        "import __future__, typing, sys; before = set(sys.modules);"
        "import pagerduty_mattermost.core.json_values;"
        "print([n for n in set(sys.modules) - before if not n.startswith('pagerduty_mattermost')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "actions" / "lib")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == "[]"
