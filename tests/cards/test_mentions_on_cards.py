"""Whom a new card and its replies mention."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterable, Iterator, List

import pytest
from datastore_double import Service as Datastore
from datastore_double import raiser
from posts_world import ACKED, ANN, BOB, INCIDENT, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.quiet_hours import QuietHours
from pagerduty_mattermost.cards.route import make_route
from pagerduty_mattermost.core.config.quiet import QuietConfig
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change


class Names(Mentions):
    """Mentions whose names are the ids."""

    def __init__(self) -> None:
        """Asks nobody."""

    def listed(self) -> None:
        """Nor the datastore."""

    @contextmanager
    def remembered_later(self) -> Iterator[None]:
        """Nothing becomes known."""
        yield

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


def linked(wall: Wall) -> Mentions:
    """Ann is Mattermost's Ada. Of a process of its own."""
    store = Store(wall.datastore, sleep=lambda _: None)
    account = wall.chat.service.user("ada").id
    store.write(f"identity.{account}", {"how": "link", "id": "PANN"})
    return Mentions(wall.chat.gateway(), lambda: pytest.fail("PagerDuty"), store, log=wall.log)


def another(number: int) -> Change:
    """An incident of its own."""
    return TRIGGERED._replace(incident=INCIDENT._replace(id=f"PINC{number}", number=number))


ROUTE = make_route(mention="assignees")


def test_a_channel_that_was_archived_and_made_anew_gets_the_card_and_its_mention(
    wall: Wall,
) -> None:
    """What is remembered of the channel comes along with who is mentioned."""
    wall.show(another(8), route=ROUTE, mentions=linked(wall))
    wall.chat.service.archive("incidents")
    wall.chat.service.rename("incidents", "incidents-old")
    wanted = wall.chat.service.add_channel("incidents")
    wall.show(another(9), route=ROUTE, mentions=linked(wall))
    assert [post.message.endswith(" · @ada") for post in wall.chat.service.posts(wanted)] == [True]


def test_where_it_can_not_be_read_who_is_who_the_card_comes_all_the_same(wall: Wall) -> None:
    wall.show(another(8), route=ROUTE, mentions=linked(wall))
    mentions, down = linked(wall), Datastore()
    mentions._store = Store(down, sleep=lambda _: None)
    down.trouble = raiser(ConnectionError("the datastore is away"))
    wall.show(another(9), route=ROUTE, mentions=mentions)
    assert [post.message[-7:] for post in wall.chat.service.posts("incidents")] == [
        " · @ada",
        "heckout",
    ]
    assert any("not known" in line or "not mentioned" in line for line in wall.log.lines)


@pytest.mark.parametrize(
    ("route", "urgency", "listed"),
    [
        (ROUTE, "high", True),
        (make_route(mention="high_urgency"), "high", True),
        (make_route(mention="high_urgency"), "low", False),
        (make_route(mention="nobody"), "high", False),
        (make_route(mention="assignees", start_on=["resolved"]), "high", False),
    ],
)
def test_people_are_listed_before_the_channel_is_known_only_where_the_card_mentions_them(
    wall: Wall, route: Any, urgency: str, listed: bool
) -> None:
    change = TRIGGERED._replace(incident=INCIDENT._replace(urgency=urgency))
    asked: List[int] = []

    class Asked(Names):
        def listed(self) -> None:
            asked.append(1)

    wall.show(change, route=route, mentions=Asked())
    assert bool(asked) is listed
    wall.show(ACKED._replace(incident=change.incident), route=route, mentions=Asked())
    assert len(asked) <= listed, "its channel is known by its card"


def test_who_an_incident_is_assigned_to_in_quiet_hours_is_not_listed(wall: Wall) -> None:
    asked: List[int] = []

    class Asked(Names):
        def listed(self) -> None:
            asked.append(1)

    quiet = QuietHours(QuietConfig(hours="00:00-23:59"), "UTC", wall.chat.clock)
    low = TRIGGERED._replace(incident=INCIDENT._replace(urgency="low"))
    wall.show(low, route=ROUTE, mentions=Asked(), hours=quiet)
    assert asked == []
