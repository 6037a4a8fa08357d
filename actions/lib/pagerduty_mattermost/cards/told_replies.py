"""Which events need no reply in a card's thread, whatever the thread holds; and which come too
late to stand in their place. Pure.

The thread tells what was replied, but not what people have deleted of it. So a card's record keeps
a mark of each reply that its thread was given, and one that is missing there counts as deleted.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import AbstractSet, Callable, Dict, Iterable, List, Optional, Set

from pagerduty_mattermost.cards.incident_memory import CardRecord, IncidentMemory, SaidNote
from pagerduty_mattermost.cards.route import gets_reply
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import ELLIPSIS, one_line
from pagerduty_mattermost.incidents.incident import ROOM_NOTE, IncidentEvent, Version

MAX_MARKS = 1000
"""Replies of one card that are remembered, the newest of them; of older ones the thread is
believed."""
MARK_CHARACTERS = 10
MAX_SAID_CHARACTERS = 300
MIN_CUT_CHARACTERS = 8
"""Of a note that was cut on its way, which have to be the same to be the same note."""
SAID_BEFORE_SECONDS, SAID_AFTER_SECONDS = 300.0, 900.0
"""How long before and after it was said, by this machine's clock, PagerDuty may have the note."""


_SAID = {
    "incident.annotated": "note",
    "incident.status_update_published": "message",
}
"""What people may have said in Mattermost before it came by PagerDuty; and the words of it."""


def reply_key(event: IncidentEvent, channel_id: str) -> str:
    """The key of the reply about the event in that channel's thread."""
    return post_key("reply", event.event_id, channel_id)


def mark_of(key: str) -> str:
    """What is kept of a reply's key."""
    return key[:MARK_CHARACTERS]


def with_replies(record: CardRecord, keys: Iterable[str]) -> CardRecord:
    """The record once its thread was given the replies of these keys."""
    known = set(record.replied)
    new = [mark for mark in map(mark_of, keys) if mark not in known]
    if not new:
        return record
    return record._replace(replied=(*record.replied, *dict.fromkeys(new))[-MAX_MARKS:])


def told_events(
    record: CardRecord, memory: IncidentMemory, painted: Optional[Version]
) -> Set[str]:
    """Ids of the known events that the thread was given a reply of.

    `painted`: the version that the card in Mattermost shows, None where it was not read. One that
    is older than what the card has shown before comes from a backup of Mattermost, and so does
    its thread: of what happened later it can't have a reply.
    """
    marks = set(record.replied)
    shown = memory.told_by(record)
    by_state = {event.event_id for state in shown for event in state.change.events}
    went_back = painted is not None and bool(shown) and painted < shown[-1].version
    upto = max(painted.updated_at, painted.entry_at) if painted is not None else ""
    return {
        event.event_id
        for event in memory.events
        if (event.event_id in by_state or mark_of(reply_key(event, record.channel_id)) in marks)
        and not (went_back and event.occurred_at > upto)
    }


def below_newer(
    record: CardRecord,
    memory: IncidentMemory,
    told: AbstractSet[str],
    silent: AbstractSet[str],
    has: Callable[[str], bool],
) -> Set[str]:
    """Ids of the events whose replies can't but stand below one of something newer. `told`: ids of
    those that the thread was given; `silent`: with those that need no reply; `has`: whether the
    thread holds the reply of a key."""
    events = memory.events
    for place in range(len(events) - 1, -1, -1):
        event = events[place]
        if not gets_reply(record.route, event) or event.event_id in silent - told:
            continue
        if event.event_id in told or has(reply_key(event, record.channel_id)):
            return {one.event_id for one in events[:place]}
    return set()


def said_here(memory: IncidentMemory, channel_id: str) -> Set[str]:
    """Ids of the events that are a note or a status update which stands there already: it was said
    in the thread of the card, or given in the room."""
    notes = [event for event in memory.events if event.event_type in _SAID]
    found: Dict[str, SaidNote] = {}
    for said in sorted(memory.said, key=lambda one: one.at):
        fitting: List[IncidentEvent] = [
            event
            for event in notes
            if said.channel_id == channel_id
            and event.event_id not in found
            and _is_same(event, said)
        ]
        if fitting:
            nearest = min(fitting, key=lambda event: abs(_at(event) - said.at))
            found[nearest.event_id] = said
    return set(found)


def of_rooms(memory: IncidentMemory) -> Set[str]:
    """Ids of the events that are the pack's own note of where the room is."""
    return {
        event.event_id for event in memory.events if event.change("note").startswith(ROOM_NOTE)
    }


def said_words(text: str) -> str:
    """What is kept of a note."""
    return one_line(text)[:MAX_SAID_CHARACTERS]


def _is_same(event: IncidentEvent, said: SaidNote) -> bool:
    if not -SAID_BEFORE_SECONDS <= _at(event) - said.at <= SAID_AFTER_SECONDS:
        return False
    note = one_line(event.change(_SAID[event.event_type]))
    if note[:MAX_SAID_CHARACTERS] == said.words:
        return True
    stem = note[: -len(ELLIPSIS)].rstrip() if note.endswith(ELLIPSIS) else ""
    return len(stem) >= MIN_CUT_CHARACTERS and said.words.startswith(stem[:MAX_SAID_CHARACTERS])


def _at(event: IncidentEvent) -> float:
    return times.seconds(event.occurred_at) or 0.0
