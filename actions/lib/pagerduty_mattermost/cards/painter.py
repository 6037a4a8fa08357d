"""One card of an incident brought up to what is known: its post painted, each event replied in its
thread.

    painter = CardPainter(mattermost, creator, zone=..., mentions=..., buttons=..., hours=...)
    painter.bring_up(records, change, record, memory, read_at, here=True) -> CardOutcome

What was done is read from Mattermost: the thread, and the version in the card's props; but what
the thread was given once is not given again, since people may have deleted it (`told_replies`).
The thread is not read where a value in hand says what it holds:

- of a post that this run has just created, nobody has replied to it;
- of a change that is the first to be known of its events (`trust_memory`), where the card shows
  all that was known before: none of its replies is there.

The second holds because whoever replies an event writes the change before
(`IncidentRecords.save_state`), and that stands for an hour at least. It is not relied on for what
is no news (`creation.OLD_NEWS_SECONDS`), and where Mattermost refuses anything.
"""

# flake8: noqa: W503

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timezone, tzinfo
from functools import partial
from typing import AbstractSet, Any, Callable, Dict, Iterable, List, Mapping, Optional, Tuple

from pagerduty_mattermost.cards import card_text, held_cards, replies, told_replies
from pagerduty_mattermost.cards.card import MITIGATED as MITIGATED_LOOK
from pagerduty_mattermost.cards.card import (
    Card,
    CardView,
    draw_card,
    is_outdated,
    painted_version,
)
from pagerduty_mattermost.cards.creation import CardCreator
from pagerduty_mattermost.cards.incident_memory import CardRecord, IncidentMemory
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.outcome import CREATED, GONE, REPAINTED, WAITING, CardOutcome
from pagerduty_mattermost.cards.quiet_hours import QuietHours
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import CANARY, gets_reply
from pagerduty_mattermost.cards.route import MITIGATED as MITIGATED_EVENT
from pagerduty_mattermost.cards.thread import CardThread, ChannelThread
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.set_aside import apart
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent, Person

MITIGATED_EMOJI = MITIGATED_LOOK.emoji
ROOT_ERROR = "api.post.create_post.root_id.app_error"
"""What replying to a deleted post answers."""
MAX_NAMES = 20
"""Of people, in a card's record."""


class CardPainter:
    """Brings one card up to what is known."""

    def __init__(
        self,
        mattermost: Mattermost,
        creator: CardCreator,
        *,
        zone: tzinfo = timezone.utc,
        mentions: Optional[Mentions] = None,
        names: Mapping[str, str] = {},
        buttons: Callable[[Incident, int], Tuple[Any, ...]] = lambda incident, chosen: (),
        hours: Optional[QuietHours] = None,
        room_words: Callable[[CardRecord], str] = lambda room: "",
        log: Any = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`room_words`: how a card leads to the incident's room, as Markdown."""
        self._room_words = room_words
        self._mattermost = mattermost
        self._creator = creator
        self._zone = zone
        self._mentions = mentions
        self._names = names
        self._buttons = buttons
        self._hours = hours
        self._log = log
        self._clock = clock
        self._monotonic = monotonic

    def bring_up(
        self,
        records: IncidentRecords,
        change: Change,
        record: CardRecord,
        memory: IncidentMemory,
        read_at: float,
        *,
        here: bool,
        trust_memory: bool = False,
    ) -> CardOutcome:
        """Find or create the card, paint it, reply what is missing.

        `read_at`: monotonic seconds before the memory was read. `here`: the run is about this
        card's channel. `trust_memory`: the thread need not be read: the card shows all but this
        change, of which nobody has replied anything yet. Raises what the gateways raise.
        """
        in_room = bool(record.route.room)
        outcome = CardOutcome(
            record.channel_id, record.label, post_id=record.post_id, in_room=in_room
        )
        if record.gone:
            return outcome._replace(done=GONE)
        record = record._replace(shelved=False)  # Mattermost refuses where it is archived still
        if record.post_id and not record.seed:  # of an older version of the pack
            record = record._replace(seed=self._mattermost.post_seed(record.key))
        view = self._view(record, memory)
        card = _drawn(memory.newest.change.incident, view)
        paints = memory.may_paint(change)
        if record.post_id and record.bot and trust_memory:
            thread = self._thread(record, (), read_at)
            with suppress(NotFound, RejectedInput, Unauthorized):
                # Refused: what Mattermost has there is read, and decides.
                if paints:
                    outcome = self._repainted(record, card, outcome)
                given = told_replies.told_events(record, memory, None)
                replied, added = self._reply(
                    change.events, change, record, memory, view, thread, given
                )
                self._save(records, replied, memory)
                return outcome._replace(reply_ids=tuple(added))
        mentioned = False
        posts: List[Dict[str, Any]] = []
        if not record.post_id:
            made = self._creator.find_or_create(
                records, change, record, memory, card, read_at, here=here
            )
            record, mentioned = made.record, made.mentioned
            if record.gone:
                records.save_card(record)
                return outcome._replace(done=GONE)
            if not record.post_id:
                return outcome._replace(done=WAITING)
            outcome = outcome._replace(post_id=record.post_id)
            if made.is_new:
                outcome = outcome._replace(done=CREATED)
            posts = [made.created] if made.created else []
        read = read_at
        if not posts:
            read, posts = self._monotonic(), self._read_thread(record)
        root = next((post for post in posts if post["id"] == record.post_id), None)
        if root is None:
            records.save_card(record._replace(gone=True))
            return outcome._replace(done=GONE)
        if root.get("user_id") != self._mattermost.me().id:
            # The token is another bot's now, and nobody may edit another's post: the card is
            # posted anew.
            if not memory.cards.get(record.channel_id, record).post_id:
                raise RetryLater(f"The card in {record.label} is not this bot's own post")
            anew = record._replace(post_id="", born=False, told=(), replied=())
            cards = {**memory.cards, record.channel_id: anew}
            return self.bring_up(
                records, change, anew, memory._replace(cards=cards), read_at, here=here
            )
        record = record._replace(bot=str(root["user_id"]))
        newest = memory.newest.version
        if is_outdated(root, newest, card.fingerprint if paints else ""):
            outcome = self._repainted(record, card, outcome)
        thread = self._thread(record, posts, read)
        given = told_replies.told_events(record, memory, painted_version(root))
        try:
            added = self._born(record, memory, thread)
            record, more = self._reply(
                memory.events, change, record, memory, view, thread, given, mentioned=mentioned
            )
            added += more
        except PackError as error:
            if error.error_id == ROOT_ERROR and not self._read_thread(record):
                records.save_card(record._replace(gone=True))  # deleted since it was read
                return outcome._replace(done=GONE)
            if outcome.done == CREATED:
                with suppress(PackError):  # else the intent leads whoever comes next to the post
                    records.save_card(record)
            raise
        self._save(records, record, memory)
        return outcome._replace(reply_ids=tuple(added))

    def _repainted(self, record: CardRecord, card: Card, outcome: CardOutcome) -> CardOutcome:
        self._mattermost.patch_post(record.post_id, message=card.message, props=card.props)
        return outcome if outcome.done == CREATED else outcome._replace(done=REPAINTED)

    def _thread(
        self, record: CardRecord, posts: Iterable[Dict[str, Any]], read: float
    ) -> CardThread:
        kind = ChannelThread if record.route.in_channel else CardThread
        return kind(
            self._mattermost,
            self._monotonic,
            record.channel_id,
            record.post_id,
            tuple(posts),
            read,
            bot_id=record.bot,
            seed=record.seed,
        )

    def _read_thread(self, record: CardRecord) -> List[Dict[str, Any]]:
        """The card and its replies; empty when the card was deleted. The card alone where the
        channel tells what happens."""
        try:
            if record.route.in_channel:
                return [self._mattermost.get_post(record.post_id)]
            return self._mattermost.thread(record.post_id)
        except NotFound:
            return []

    def _save(self, records: IncidentRecords, record: CardRecord, memory: IncidentMemory) -> None:
        """Remember that the card shows all that is known, and that its thread has all replies."""
        done = record._replace(
            born=True,
            closed=not memory.newest.change.incident.is_open,
            told=record.told
            if set(memory.state_digests) <= set(record.told)
            else memory.state_digests,
            names=self._known_names(record, memory),
        )
        if done != memory.cards.get(record.channel_id):
            records.save_card(done)

    def _born(self, record: CardRecord, memory: IncidentMemory, thread: CardThread) -> List[str]:
        """Reactions and checklist of a new card; an emoji that is unknown or not allowed is only
        logged."""
        if record.born:
            return []
        for emoji in record.route.reactions:
            try:
                self._mattermost.add_reaction(record.post_id, emoji)
            except (RejectedInput, NotFound, Unauthorized) as error:
                if error.status == 401:
                    raise
                if self._log is not None:
                    self._log.warning("Reaction :%s: in %s: %s", emoji, record.label, error)
        if not record.route.checklist:
            return []
        incident_id = memory.newest.change.incident.id
        key = post_key("checklist", incident_id, record.channel_id)
        lines = ["**Checklist**", *(f"- [ ] {line}" for line in record.route.checklist)]
        return thread.add(key, "\n".join(lines), {"incident": incident_id})

    def _reply(
        self,
        events: Iterable[IncidentEvent],
        change: Change,
        record: CardRecord,
        memory: IncidentMemory,
        view: CardView,
        thread: CardThread,
        given: AbstractSet[str],
        *,
        mentioned: bool = False,
    ) -> Tuple[CardRecord, List[str]]:
        """Reply those of the events that the route wants and the thread neither has nor had; the
        record with what the thread has now, and the ids of the replies that were added. `given`:
        ids of the events of which the thread was given a reply before, also where people have
        deleted it. `mentioned`: the card itself has just mentioned whom it concerns."""
        added: List[str] = []
        keys: List[str] = []
        own = {event.event_id for event in change.events}
        silent = given | told_replies.said_here(memory, record.channel_id)
        silent |= told_replies.of_rooms(memory)
        below = told_replies.below_newer(record, memory, given, silent, thread.has)
        for event in events:
            if not gets_reply(record.route, event):
                continue
            key = told_replies.reply_key(event, record.channel_id)
            keys.append(key)
            if event.event_id in silent or thread.has(key):
                continue
            incident = memory.newest.change.incident
            is_below = event.event_id in below
            draw = partial(replies.draw_reply, incident, event, view, is_below=is_below)
            drawn = apart(f"a reply of {incident.id}", draw)
            if not drawn:
                continue
            text = drawn
            if (
                self._mentions is not None
                and event.event_id in own
                and not mentioned
                and not replies.is_stale(event, view.now)
                and not held_cards.is_quiet(self._hours, record.route, change.incident)
            ):
                mention = self._mentions.in_reply(record.route, event, change)
                text += f" · {mention}" if mention else ""
            added += thread.add(
                key, text, {"incident": change.incident.id, "event": event.event_id}
            )
        mark = memory.mitigated
        if mark is not None and MITIGATED_EVENT in record.route.reply_on:
            incident_id = memory.newest.change.incident.id
            key = post_key("mitigated", incident_id, mark.at, record.channel_id)
            if told_replies.mark_of(key) not in record.replied and not thread.has(key):
                line = f"{MITIGATED_EMOJI} Mitigated {view.mitigated}"
                added += thread.add(key, line, {"incident": incident_id})
            keys.append(key)
        return told_replies.with_replies(record, keys), added

    def _view(self, record: CardRecord, memory: IncidentMemory) -> CardView:
        newest, mark = memory.newest, memory.mitigated
        incident = newest.change.incident
        key = record.key or post_key("card", incident.id, record.channel_id)
        now = times.iso(self._clock())
        # A post that is made now would notify whom its card names so, whatever the route says; of
        # the canary's cards nobody is named so.
        named = record.post_id and record.route != CANARY
        names = dict(self._known_names(record, memory)) if named else {}
        mitigated = ""
        if mark:
            who = card_text.person_name(Person(mark.by_id, mark.name or mark.by), names)
            at = times.clock(mark.at, self._zone, now)
            mitigated = f"by {who}, {at}" if at else f"by {who}"
        buttons = tuple(self._buttons(incident, record.chosen))
        room = "" if record.route.room else self._room_of(memory)
        return CardView(self._zone, key, newest.version, now, buttons, mitigated, names, room)

    def _room_of(self, memory: IncidentMemory) -> str:
        rooms = [one for one in memory.cards.values() if one.route.room and one.post_id]
        open_ones = [one for one in rooms if not (one.gone or one.shelved)]
        return self._room_words(open_ones[0]) if open_ones else ""

    def _known_names(
        self, record: CardRecord, memory: IncidentMemory
    ) -> Tuple[Tuple[str, str], ...]:
        """Mattermost names of the incident's people, those that the card's record keeps and those
        that this run knows."""
        incident = memory.newest.change.incident
        persons = [*incident.assignees, *incident.acknowledgers]
        ids = {person.id for person in persons} | {incident.resolved_by_id}
        if memory.mark is not None:
            ids.add(memory.mark.by_id)
        known = {**dict(record.names), **{i: self._names[i] for i in ids if i in self._names}}
        return tuple(sorted(known.items()))[:MAX_NAMES]


def _drawn(incident: Incident, view: CardView) -> Card:
    """The card; without what the alert brought along where that can't be drawn."""
    whole = apart(f"the card of {incident.id}", partial(draw_card, incident, view))
    return whole or draw_card(incident._replace(details=(), links=(), summary=""), view)
