"""What quiet hours do with a change: pure, and the records of it."""

from __future__ import annotations

from typing import Optional

import pytest
from datastore_double import Service
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.cards.held_cards import (
    DIGEST,
    OVER,
    QUIET,
    HeldCard,
    HoldVerdict,
    decide,
    drop,
    every,
    held_incidents,
    read,
    save,
)
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Incident

END = 1_760_000_000.0
HELD = HeldCard(
    "c1", "P1", END, Route("night", quiet="22:00-07:00"), "~incidents", "2025-10-09T08:00:00Z"
)
TOLD = HELD._replace(why=DIGEST)
WENT = HELD._replace(why=OVER)


def incident(urgency: str = "low", status: str = "triggered") -> Incident:
    return Incident("P1", urgency=urgency, status=status)


@pytest.mark.parametrize(
    ("starts", "record", "until", "of", "expected"),
    [
        (True, None, END, incident(), HoldVerdict(False, hold=True)),
        (False, None, END, incident(), HoldVerdict(False)),
        (True, HELD, END, incident(), HoldVerdict(False, kept=True)),
        (False, HELD, END, incident(status="resolved"), HoldVerdict(False, kept=True)),
        (False, TOLD, END, incident(), HoldVerdict(False, hold=True)),
        (True, None, END, incident("high"), HoldVerdict(True)),
        (True, None, END, incident(""), HoldVerdict(True)),
        (False, HELD, END, incident("high"), HoldVerdict(True)),
        (False, HELD, None, incident(), HoldVerdict(True)),
        (False, TOLD, None, incident(), HoldVerdict(True)),
        (False, TOLD, None, incident(status="resolved"), HoldVerdict(True)),
        (True, HELD, None, incident(status="resolved"), HoldVerdict(False, kept=True)),
        (True, WENT, None, incident(status="resolved"), HoldVerdict(False, kept=True)),
        (False, WENT, None, incident(), HoldVerdict(True)),
        (False, WENT, END, incident(), HoldVerdict(False, hold=True)),
        (True, None, None, incident(), HoldVerdict(True)),
        (False, None, None, incident(), HoldVerdict(False)),
    ],
)
def test_what_becomes_of_a_change(
    starts: bool,
    record: Optional[HeldCard],
    until: Optional[float],
    of: Incident,
    expected: HoldVerdict,
) -> None:
    assert decide(starts, record, until, of) == expected


@given(
    st.booleans(),
    st.sampled_from([None, HELD, TOLD, WENT]),
    st.sampled_from([None, END]),
    st.sampled_from(["low", "high", ""]),
    st.sampled_from(["triggered", "acknowledged", "resolved"]),
)
def test_high_urgency_is_never_held_and_nothing_is_both(
    starts: bool, record: Optional[HeldCard], until: Optional[float], urgency: str, status: str
) -> None:
    found = decide(starts, record, until, incident(urgency, status))
    assert found.starts + found.hold + found.kept <= 1
    if urgency == "high":
        assert not found.hold
    if starts:
        assert found.starts or found.hold or found.kept, "a start is never lost"


def test_a_record_comes_back_as_it_was_and_expires_after_the_hours() -> None:
    service = Service()
    store = Store(service)
    save(store, HELD, END - 3600)
    assert read(store, "c1", "P1") == HELD
    assert service.ttls["pagerduty.held.c1.P1"] == 3600 + 7 * 86400
    save(store, TOLD, END + 60)
    save(store, HELD._replace(incident_id="P2"), END)
    assert every(store) == [TOLD, HELD._replace(incident_id="P2")]
    assert held_incidents(store) == {"P1": DIGEST, "P2": QUIET}
    drop(store, TOLD)
    assert read(store, "c1", "P1") is None
    service.items["pagerduty.held.c1.P2"] = "{"
    assert read(store, "c1", "P2") is None
    assert every(store) == []
