"""A change of whose events nobody has told yet is painted and replied without reading the thread:
only where that is certain."""

from __future__ import annotations

import json
from typing import Any, Iterator, List

import pytest
from chat_world import NOW, Chat
from posts_world import ACKED, RESOLVED, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards.route import make_route
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.incidents.incident import Change

NOTED = Change(
    ACKED.incident._replace(updated_at=at(40)), (event(9, "annotated", 40, note="on it"),), 3
)


@pytest.fixture
def wall() -> Iterator[Wall]:
    with Chat() as chat:
        wall = Wall(chat)
        wall.show(TRIGGERED)
        yield wall


def requests(wall: Wall, change: Change) -> List[str]:
    """What it costs, when the change is told at once."""
    wall.chat.clock.set(max(times.seconds(event.occurred_at) or 0.0 for event in change.events))
    before = len(wall.chat.journal.entries)
    wall.show(change)
    return [entry.method for entry in wall.chat.journal.entries[before:]]


def test_the_card_is_painted_and_the_reply_posted_and_nothing_read(wall: Wall) -> None:
    assert requests(wall, ACKED) == ["PUT", "POST"]
    assert requests(wall, ACKED) == []
    assert wall.repaint(ACKED)[0].done == "unchanged"
    assert wall.shows(ACKED.incident)


def test_an_older_change_is_replied_alone(wall: Wall) -> None:
    over = RESOLVED.incident._replace(updated_at=at(31), resolved_at=at(31))
    wall.show(Change(over, (event(3, "resolved", 31),), 3))
    assert requests(wall, ACKED) == ["POST"]
    assert wall.replies() == ["R1", "R3", "R2"]
    assert wall.shows(over)


def test_an_event_that_the_route_does_not_tell_costs_the_card_alone(wall: Wall) -> None:
    wall.show(TRIGGERED, "incidents-p1", make_route(reply_on=["resolved"]))
    wall.show(ACKED)
    before = len(wall.chat.journal.entries)
    wall.show(ACKED, "incidents-p1")
    methods = [entry.method for entry in wall.chat.journal.entries[before:]]
    assert "POST" not in methods
    assert wall.replies("incidents-p1") == []


def test_the_same_events_in_a_newer_change_are_looked_for(wall: Wall) -> None:
    """So a sensor tells them whose memory was lost."""
    wall.show(ACKED)
    wall.chat.service.forget_pending()
    wall.show(ACKED._replace(cycle=99))
    wall.show(Change(NOTED.incident, (*ACKED.events, *NOTED.events), 100))
    assert wall.replies() == ["R1", "R2", "R9"]


def test_old_news_is_looked_for_though_the_datastore_knows_nothing_of_it(wall: Wall) -> None:
    before = dict(wall.datastore.items)
    wall.show(ACKED)
    wall.datastore.items = before  # restored
    wall.long_after()
    wall.show(ACKED._replace(cycle=50))
    assert wall.replies() == ["R1", "R2"]


def test_a_state_that_does_not_read_may_have_told_it(wall: Wall) -> None:
    wall.show(ACKED)
    for key in wall.keys(".state."):
        wall.datastore.items[key] = "garbage"
    wall.chat.service.forget_pending()
    wall.show(ACKED._replace(cycle=50))
    assert wall.replies() == ["R1", "R2"]


def test_what_an_earlier_change_still_lacks_is_told_first(wall: Wall) -> None:
    wall.chat.server.faults.add("drop", method="POST", path="/posts$")
    with pytest.raises(Exception, match="Mattermost"):
        wall.show(ACKED)
    wall.chat.server.faults.clear()
    wall.show(NOTED)
    assert wall.replies() == ["R1", "R2", "R9"]


def test_a_card_deleted_a_moment_ago_stays_deleted(wall: Wall) -> None:
    wall.chat.service.delete(wall.card())
    assert wall.show(ACKED).done == "deleted_by_a_person"
    assert wall.show(ACKED).done == "deleted_by_a_person"
    assert wall.cards() == 0


def test_another_bot_than_a_moment_ago_posts_the_card_anew(wall: Wall) -> None:
    old = wall.card()
    wall.chat.world = wall.chat.world._replace(
        bot_token=wall.chat.service.add_bot("pagerduty2", team="ops"),
        bot=wall.chat.service.user("pagerduty2"),
    )
    for _ in range(2):
        wall.show(ACKED)
        wall.repaint(NOTED)
    (new,) = [
        post
        for post in wall.chat.service.posts("incidents")
        if PROPS_KEY in post.props and post.id != old.id
    ]
    assert len(wall.chat.service.thread(new)) == 3


@pytest.mark.parametrize("long", [False, True])
def test_two_runs_that_both_think_they_are_first_post_one_reply(wall: Wall, long: bool) -> None:
    def meanwhile(change: Change, incident: Any, birth: bool) -> Any:
        wall.show(ACKED)
        if long:
            wall.long_after()
        return incident

    wall.show(ACKED, extras=meanwhile)
    assert (wall.cards(), wall.replies()) == (1, ["R1", "R2"])


def test_a_record_of_an_older_version_of_the_pack_is_completed(wall: Wall) -> None:
    (key,) = wall.keys(".card.")
    older = json.loads(wall.datastore.items[key])
    del older["data"]["bot"], older["data"]["asked"]
    wall.datastore.items[key] = json.dumps(older)
    wall.show(ACKED)
    assert '"bot":""' not in wall.datastore.items[key]
    assert requests(wall, NOTED) == ["PUT", "POST"]


@pytest.mark.parametrize("age", [11, 300, 599, 3600])
def test_what_may_have_been_told_by_another_life_or_another_installation_is_looked_for(
    wall: Wall, age: int
) -> None:
    """Of what is older than Mattermost's memory of keys covers, the datastore is no proof."""
    before = dict(wall.datastore.items)
    wall.chat.clock.set(NOW + 31)
    wall.show(ACKED)
    wall.datastore.items = before  # restored, or another data folder
    wall.chat.clock.set(NOW + 30 + age)
    wall.chat.service.forget_pending()
    wall.show(ACKED._replace(cycle=50))
    assert wall.replies() == ["R1", "R2"]


def test_another_event_of_the_same_version_is_told_though_its_first_run_failed(wall: Wall) -> None:
    twin = TRIGGERED._replace(events=(event(5, "annotated", 0, note="on it"),))
    assert twin.version == TRIGGERED.version
    wall.chat.server.faults.add("drop", method="POST", path="/posts$")
    with pytest.raises(Exception, match="Mattermost"):
        wall.show(twin)
    wall.chat.server.faults.clear()
    wall.repaint(twin)
    assert wall.replies() == ["R1", "R5"]


def test_what_was_read_twice_in_one_second_forgets_no_events(wall: Wall) -> None:
    """Reconcile and a click read an incident in the same second: both changes have one version,
    and only the first names the event, which the sensor reports a while later."""
    read = ACKED._replace(cycle=0, read_at=at(30))
    wall.show(read)
    wall.repaint(read._replace(events=()))
    wall.chat.service.forget_pending()
    wall.show(ACKED._replace(cycle=7))
    assert wall.replies() == ["R1", "R2"]


def test_what_was_forgotten_of_a_card_is_looked_for(wall: Wall) -> None:
    """A change that the card has shown is known no more: another run of that second wrote over
    it."""
    wall.show(ACKED)
    (newest,) = [key for key in wall.keys(".state.") if key != wall.keys(".state.")[0]]
    del wall.datastore.items[newest]
    wall.chat.service.forget_pending()
    wall.show(ACKED._replace(cycle=7))
    assert wall.replies() == ["R1", "R2"]
