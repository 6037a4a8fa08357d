"""Whom a new card and its replies mention."""

from __future__ import annotations

from typing import Any, Iterable

from posts_world import ACKED, ANN, BOB, INCIDENT, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.route import make_route
from pagerduty_mattermost.incidents.incident import Change


class Names(Mentions):
    """Mentions whose names are the ids."""

    def __init__(self) -> None:
        """Asks nobody."""

    def of_users(self, ids: Iterable[str]) -> str:
        return " ".join("@" + ident.lower() for ident in ids)

    def on_call(self, policy: str, paged: Any = (), acted: Any = ()) -> str:
        return "" if "PBOB" in acted else "@oncall"


def test_mentions_stand_in_the_new_card_and_in_replies_to_hand_overs_only(wall: Wall) -> None:
    route = make_route(mention="assignees")
    wall.show(TRIGGERED, route=route, mentions=Names())
    assert wall.card().message.endswith(" · @pann")
    handed = Change(
        INCIDENT._replace(updated_at=at(20), assignees=(BOB,)),
        (event(4, "reassigned", 20, ANN, to="Bob", to_ids="PBOB, PANN"),),
        2,
    )
    wall.show(handed, route=route, mentions=Names())
    assert "@" not in wall.card().message
    assert wall.texts()[-1].endswith("Ann reassigned to Bob · @pbob")
    wall.show(
        ACKED._replace(incident=ACKED.incident._replace(updated_at=at(40))),
        route=route,
        mentions=Names(),
    )
    assert "@" not in wall.texts()[-1]


def test_whoever_acted_is_not_mentioned(wall: Wall) -> None:
    own = TRIGGERED._replace(events=(event(1, "triggered", 0, ANN),))
    wall.show(own, route=make_route(mention="assignees"), mentions=Names())
    assert "@" not in wall.card().message
    wall.show(TRIGGERED, "incidents-p1", route=make_route(mention="oncall"), mentions=Names())
    assert wall.card("incidents-p1").message.endswith("@oncall")


def test_by_default_who_an_incident_of_high_urgency_is_assigned_to_is_mentioned(
    wall: Wall,
) -> None:
    low = TRIGGERED._replace(incident=INCIDENT._replace(urgency="low"))
    wall.show(low, "ops", route=make_route(), mentions=Names())
    assert "@" not in wall.card("ops").message
    wall.show(
        TRIGGERED._replace(incident=INCIDENT._replace(urgency="high")),
        "incidents-p1",
        route=make_route(),
        mentions=Names(),
    )
    assert wall.card("incidents-p1").message.endswith(" · @pann")


def test_an_incident_that_becomes_one_of_high_urgency_mentions_who_it_is_assigned_to(
    wall: Wall,
) -> None:
    """By default nobody was mentioned before."""
    low = TRIGGERED._replace(incident=INCIDENT._replace(urgency="low"))
    wall.show(low, route=make_route(), mentions=Names())
    raised = Change(
        INCIDENT._replace(urgency="high", updated_at=at(20)),
        (event(4, "urgency_updated", 20, BOB, **{"from": "low", "to": "high"}),),
        2,
    )
    wall.show(raised, route=make_route(), mentions=Names())
    assert wall.texts()[-1].endswith("low → high · @pann")
    lowered = Change(
        INCIDENT._replace(urgency="low", updated_at=at(30)),
        (event(5, "urgency_updated", 30, BOB, **{"from": "high", "to": "low"}),),
        3,
    )
    wall.show(lowered, route=make_route(), mentions=Names())
    assert "@" not in wall.texts()[-1]
