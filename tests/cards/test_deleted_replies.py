"""What people delete stays deleted: a reply that is missing in a thread is not one that was never
given. Only what Mattermost itself has lost is told again."""

from __future__ import annotations

import json
from typing import Any, List

import pytest
from chat_world import NOW
from posts_world import ACKED, INCIDENT, RESOLVED, STORY, TRIGGERED, Wall, at, event

from pagerduty_mattermost.cards import told_replies
from pagerduty_mattermost.cards.incident_memory import (
    CardRecord,
    IncidentMemory,
    SaidNote,
    as_seen,
)
from pagerduty_mattermost.cards.route import make_route
from pagerduty_mattermost.core.post_keys import PROPS_KEY, post_key
from pagerduty_mattermost.gateways.mattermost.post_once import post_once
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change


def delete(wall: Wall, event_id: str) -> None:
    (post,) = [
        post
        for post in wall.chat.service.thread(wall.card())
        if post.props[PROPS_KEY].get("event") == event_id
    ]
    wall.chat.service.delete(post)


@pytest.mark.parametrize("later", [0.0, 60.0, 3700.0])
@pytest.mark.parametrize("by", ["show", "repaint", "replay"])
def test_a_reply_that_people_deleted_stays_deleted(wall: Wall, by: str, later: float) -> None:
    wall.show(TRIGGERED)
    wall.show(ACKED)
    delete(wall, "R2")
    wall.chat.clock.advance(later)
    if by == "replay":
        wall.show(ACKED)
    for change in (RESOLVED, RESOLVED._replace(cycle=9)):
        wall.repaint(change) if by == "repaint" else wall.show(change)
    assert wall.replies() == ["R1", "R3"]


def test_also_when_all_its_history_is_read_anew(wall: Wall) -> None:
    """As reconcile does once older states are forgotten."""
    wall.show(TRIGGERED)
    wall.show(ACKED)
    delete(wall, "R1")
    delete(wall, "R2")
    wall.long_after()
    wall.show(RESOLVED)
    wall.long_after()
    whole = [one for change in STORY for one in change.events]
    wall.repaint(Change(RESOLVED.incident, tuple(whole), read_at=at(9000)))
    assert wall.replies() == ["R3"]


def test_also_of_a_record_of_an_older_version_of_the_pack(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.show(ACKED)
    (key,) = wall.keys(".card.")
    older = json.loads(wall.datastore.items[key])
    del older["data"]["replied"], older["data"]["seed"]
    wall.datastore.items[key] = json.dumps(older)
    delete(wall, "R2")
    wall.show(RESOLVED)
    assert wall.replies() == ["R1", "R3"]


def test_a_checklist_that_people_deleted_stays_deleted(wall: Wall) -> None:
    route = make_route(checklist=["Look"])
    wall.show(TRIGGERED, route=route)
    wall.chat.service.delete(wall.chat.service.thread(wall.card())[0])
    wall.long_after()
    wall.show(ACKED, route=route)
    assert wall.replies() == ["R1", "R2"]


def requests(wall: Wall) -> List[str]:
    return [entry.method for entry in wall.chat.journal.entries if entry.path.endswith("/posts")]


def test_a_reply_deleted_within_thirty_seconds_stops_nothing(wall: Wall) -> None:
    """Its run was killed before it remembered it; Mattermost still knows the key, and refuses it
    with 500."""
    wall.show(TRIGGERED)
    wall.chat.clock.set(NOW + 31)
    before = dict(wall.datastore.items)
    wall.show(ACKED)
    wall.datastore.items = before
    delete(wall, "R2")
    posts = requests(wall).count("POST")
    wall.show(ACKED)
    assert requests(wall).count("POST") == posts + 1
    assert not wall.chat.slept
    wall.long_after()
    wall.show(RESOLVED)
    assert wall.replies() == ["R1", "R3"]


def test_a_card_deleted_within_thirty_seconds_stops_nothing(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.chat.service.delete(wall.card())
    wall.datastore.items.clear()
    assert wall.show(TRIGGERED).done == "deleted_by_a_person"
    assert not wall.chat.slept
    wall.long_after()
    assert wall.show(ACKED).done == "deleted_by_a_person"
    assert wall.cards() == 0


def test_a_card_that_could_not_be_read_for_a_moment_is_not_one_that_was_deleted(
    wall: Wall,
) -> None:
    """Mattermost answers the same while its database fails."""
    wall.show(TRIGGERED)
    wall.datastore.items.clear()
    card = wall.card()
    thread = wall.chat.service.thread(card)
    wall.chat.service.delete(card)
    gateway = wall.chat.gateway()
    find = gateway.find_post

    def found_after_all(*given: Any) -> Any:
        for post in (card, *thread):
            post.delete_at = 0
        return find(*given)

    gateway.find_post = found_after_all  # type: ignore[method-assign]
    assert wall.show(TRIGGERED, mattermost=gateway).post_id == card.id
    assert (wall.cards(), wall.replies()) == (1, ["R1"])


@pytest.mark.parametrize("at_birth", [True, False])
def test_a_card_deleted_while_it_is_replied_to_is_no_failure(wall: Wall, at_birth: bool) -> None:
    """Mattermost refuses a reply below a post that is no more."""
    if not at_birth:
        wall.show(TRIGGERED)
        wall.long_after()
    gateway = wall.chat.gateway()
    create = gateway.create_post

    def deleted_meanwhile(*given: Any, **named: Any) -> Any:
        if named.get("root_id"):
            wall.chat.service.delete(wall.chat.service.post(named["root_id"]))
        return create(*given, **named)

    gateway.create_post = deleted_meanwhile  # type: ignore[method-assign]
    change = TRIGGERED if at_birth else ACKED
    assert wall.show(change, mattermost=gateway).done == "deleted_by_a_person"
    assert wall.show(RESOLVED).done == "deleted_by_a_person"
    assert wall.cards() == 0


def test_a_message_deleted_within_thirty_seconds_stops_nothing(wall: Wall) -> None:
    store = Store(wall.datastore, sleep=lambda _: None)
    wall.chat.service.add_member("incidents", "pagerduty")
    channel = wall.chat.service.channel("incidents").id
    gateway = wall.chat.gateway()

    def send() -> Any:
        return post_once(gateway, lambda: store, channel, "Hello", key="k", clock=wall.chat.clock)

    first = send()
    wall.chat.service.delete(wall.chat.service.post(first.post_id))
    wall.datastore.items.clear()
    assert (send().post_id, send().already) == ("", True)
    wall.long_after()
    assert send().already
    assert wall.chat.messages("incidents").count("Hello") == 0
    assert not wall.chat.slept


def test_what_mattermost_itself_has_lost_is_told_again(wall: Wall) -> None:
    """It was restored from a backup: the card is as it was then."""
    wall.show(TRIGGERED)
    card = wall.card()
    old = (card.message, card.props)
    delete(wall, "R1")
    wall.show(ACKED)
    delete(wall, "R2")
    card.message, card.props = old
    wall.long_after()
    wall.show(RESOLVED)
    assert wall.replies() == ["R2", "R3"]  # what was deleted before the backup stays so


def test_a_card_that_is_posted_anew_gets_all_its_replies(wall: Wall) -> None:
    wall.show(TRIGGERED)
    wall.show(ACKED)
    wall.chat.world = wall.chat.world._replace(
        bot_token=wall.chat.service.add_bot("pagerduty2", team="ops"),
        bot=wall.chat.service.user("pagerduty2"),
    )
    wall.long_after()
    wall.show(RESOLVED)
    newest = [
        post
        for post in wall.chat.service.posts("incidents")
        if PROPS_KEY in post.props and post.user_id == wall.chat.world.bot.id
    ]
    assert len(wall.chat.service.thread(newest[0])) == 3


# Pure


def test_as_many_replies_are_remembered_as_an_incident_has() -> None:
    record = CardRecord("c", "k", 0.0)
    keys = [post_key("reply", str(number)) for number in range(told_replies.MAX_MARKS + 5)]
    for key in [*keys, *keys[-10:]]:
        record = told_replies.with_replies(record, [key])
    assert record.replied == tuple(map(told_replies.mark_of, keys[5:]))
    assert len(json.dumps(record.replied)) < 16_000


def noted(number: int, seconds: float, words: str) -> Any:
    return event(number, "annotated", seconds, note=words)


LONG = "The disk was full. " * 60


@pytest.mark.parametrize(
    ("said", "noted_as", "later", "same"),
    [
        ("Disk was full", "Disk was full", 2, True),
        ("Disk  was\nfull", "Disk was full", 2, True),
        (LONG, LONG, 2, True),
        (LONG, "The disk was full. The…", 2, True),
        ("Disk was full", "Disk was ful…", 2, True),
        ("Disk was full", "Disk was full again", 2, False),
        ("ok", "o…", 2, False),
        ("Disk was full", "Disk was full", 7200, False),
        ("Disk was full", "Disk was full", -400, False),
    ],
)
def test_a_note_is_known_by_its_words_and_its_time(
    said: str, noted_as: str, later: float, same: bool
) -> None:
    change = Change(INCIDENT, (noted(9, later, noted_as),), 4)
    note = SaidNote("here", told_replies.said_words(said), NOW)
    memory = IncidentMemory({}, (as_seen(change, NOW),), said=(note,))
    assert told_replies.said_here(memory, "here") == ({"R9"} if same else set())
    assert told_replies.said_here(memory, "elsewhere") == set()


def test_each_note_that_was_said_stands_for_one() -> None:
    events = (noted(8, 300, "ok"), noted(9, 2, "ok"))
    memory = IncidentMemory(
        {},
        (as_seen(Change(INCIDENT, events, 4), NOW),),
        said=(SaidNote("here", "ok", NOW),),
    )
    assert told_replies.said_here(memory, "here") == {"R9"}
