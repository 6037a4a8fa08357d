"""Routes: what starts a card, what gets a reply, whom it mentions."""

# flake8: noqa: E501

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pagerduty_mattermost.cards.route import (
    DEFAULT_MENTION,
    MENTIONS,
    Route,
    gets_reply,
    make_route,
    mentioned_at_birth,
    mentioned_in_reply,
    mentions_assignees,
    starts_card,
)
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.json_values import from_json, to_json
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent, Person

ANN, BOB = Person("PANN", "Ann"), Person("PBOB", "Bob")


def change(*kinds: str, agent: Person = Person(), status: str = "triggered") -> Change:  # noqa: B008
    events = tuple(
        IncidentEvent(f"R{n}", f"incident.{kind}", agent=agent) for n, kind in enumerate(kinds)
    )
    return Change(Incident(id="P1", assignees=(ANN, BOB), status=status), events, 1)


def test_by_default_everything_starts_and_is_replied() -> None:
    assert starts_card(Route(), change("annotated"))
    assert gets_reply(Route(), change("annotated").events[0])


def test_a_route_chooses_by_short_or_full_words() -> None:
    route = make_route(start_on=["triggered", "INCIDENT.reopened"], reply_on=["responder.added"])
    assert starts_card(route, change("acknowledged", "reopened"))
    assert not starts_card(route, change("acknowledged"))
    assert gets_reply(route, change("responder.added").events[0])
    assert not gets_reply(route, change("resolved").events[0])


def test_none_means_none_and_all_means_all() -> None:
    assert not starts_card(make_route(start_on=["none"]), change("triggered"))
    assert starts_card(make_route(start_on=["all"]), change("triggered"))


def test_an_incident_asked_for_by_hand_always_starts() -> None:
    assert starts_card(make_route(start_on=["resolved"]), change())


@pytest.mark.parametrize(
    "terms",
    [
        {"start_on": ["acknowleged"]},
        {"reply_on": ["incident.nonsense"]},
        {"mention": "here"},
        {"reactions": ["a b"]},
        {"reactions": ["../x"]},
    ],
)
def test_what_is_wrong_is_named(terms: Any) -> None:
    with pytest.raises(RejectedInput) as caught:
        make_route(**terms)
    assert next(iter(terms)) in str(caught.value)


def test_unset_parameters_are_the_defaults() -> None:
    assert make_route(None, None, None, None, None, None) == Route(mention=DEFAULT_MENTION)


@given(
    st.lists(st.text(max_size=20), max_size=4),
    st.text(max_size=20),
    st.sampled_from(MENTIONS),
)
def test_a_route_survives_its_record(lines: Any, name: str, mention: str) -> None:
    route = make_route(name, ["triggered"], None, mention, lines, ["eyes"])
    assert from_json(Route, to_json(route)) == route


def test_a_new_card_mentions_the_assignees_but_never_who_acted() -> None:
    route = make_route(mention="assignees")
    assert mentioned_at_birth(route, change("triggered")) == ["PANN", "PBOB"]
    assert mentioned_at_birth(route, change("acknowledged", agent=ANN)) == ["PBOB"]
    assert mentioned_at_birth(route, change("resolved", status="resolved")) == []
    assert mentioned_at_birth(Route(), change("triggered")) == []


@pytest.mark.parametrize(
    ("mention", "low", "high"),
    [
        ("nobody", False, False),
        ("high_urgency", False, True),
        ("assignees", True, True),
        ("oncall", False, False),
        (make_route().mention, False, True),
        (Route().mention, False, False),
    ],
)
def test_whether_assignees_are_mentioned(mention: str, low: bool, high: bool) -> None:
    """By default where the urgency is high; a route that is no rule's mentions nobody."""
    found = [mentions_assignees(mention, Incident("P1", urgency=one)) for one in ("low", "high")]
    assert found == [low, high]


def test_a_hand_over_mentions_who_got_it_but_never_who_acted() -> None:
    route = make_route(mention="assignees")
    handed = IncidentEvent(
        "R", "incident.reassigned", agent=ANN, changes=(("to_ids", "PANN, PEVE"),)
    )
    assert mentioned_in_reply(route, handed, change()) == ["PEVE"]
    reopened = IncidentEvent("R", "incident.reopened", agent=BOB)
    assert mentioned_in_reply(route, reopened, change()) == ["PANN"]
    assert (
        mentioned_in_reply(route, handed._replace(event_type="incident.annotated"), change()) == []
    )
    assert mentioned_in_reply(Route(), handed, change()) == []
    assert mentioned_in_reply(route, handed, change(status="resolved")) == [], "it is over"
