"""One card of an incident brought up to what is known: its post painted, its thread told.

    painter = CardPainter(mattermost, births, zone=..., mentions=..., buttons=..., hours=...)
    painter.bring_up(books, change, record, snapshot, looked, here=True) -> Outcome

What was done is read from Mattermost: the thread, and the version in the card's props. It is not
read where a value in hand says it already:

- of a post that this run has just created, nobody has replied to it;
- of a change that is the first to be known of its events (`at_once`), where the card has told all
  that was known before: none of its replies is there.

The second holds because whoever tells an event writes the change before
(`IncidentRecords.save_state`), and that stands for an hour at least. It is not relied on for old
news, and where Mattermost refuses anything.
"""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import timezone, tzinfo
from typing import Any, Callable, Dict, Iterable, List, Optional, Tuple

from pagerduty_mattermost.cards import held_cards, replies
from pagerduty_mattermost.cards.card import (
    Card,
    CardView,
    draw_card,
    is_outdated,
)
from pagerduty_mattermost.cards.creation import CardCreator
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.outcome import CREATED, GONE, REPAINTED, WAITING, CardOutcome
from pagerduty_mattermost.cards.quiet_hours import QuietHours
from pagerduty_mattermost.cards.records import CardRecord, IncidentMemory, IncidentRecords
from pagerduty_mattermost.cards.route import gets_reply
from pagerduty_mattermost.cards.thread import CardThread
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, Unauthorized
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent


class CardPainter:
    def __init__(
        self,
        mattermost: Mattermost,
        births: CardCreator,
        *,
        zone: tzinfo = timezone.utc,
        mentions: Optional[Mentions] = None,
        buttons: Callable[[Incident], Tuple[Any, ...]] = lambda incident: (),
        hours: Optional[QuietHours] = None,
        log: Any = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mattermost = mattermost
        self._births = births
        self._zone = zone
        self._mentions = mentions
        self._buttons = buttons
        self._hours = hours
        self._log = log
        self._clock = clock
        self._monotonic = monotonic

    def bring_up(
        self,
        books: IncidentRecords,
        change: Change,
        record: CardRecord,
        snapshot: IncidentMemory,
        looked: float,
        *,
        here: bool,
        at_once: bool = False,
    ) -> CardOutcome:
        """Find or create the card, paint it, reply what is missing.

        `looked`: monotonic seconds before the snapshot was read. `here`: the run is about this
        card's channel. `at_once`: the card has told all but this change, of which nobody has told
        anything yet. Raises what the gateways raise.
        """
        outcome = CardOutcome(record.channel_id, record.label, post_id=record.post_id)
        if record.gone:
            return outcome._replace(done=GONE)
        view = self._view(record, snapshot)
        card = draw_card(snapshot.newest.change.incident, view)
        paints = snapshot.may_paint(change)
        if record.post_id and record.bot and at_once:
            thread = self._thread(record, (), looked)
            with suppress(NotFound, RejectedInput, Unauthorized):
                # Refused: what Mattermost has there is read, and decides.
                if paints:
                    outcome = self._repainted(record, card, outcome)
                added = self._reply(change.events, change, record, snapshot, view, thread)
                self._save(books, record, snapshot)
                return outcome._replace(reply_ids=tuple(added))
        mentioned = False
        posts: List[Dict[str, Any]] = []
        if not record.post_id:
            birth = self._births.find_or_create(
                books, change, record, snapshot, card, looked, here=here
            )
            record, mentioned = birth.record, birth.mentioned
            if not record.post_id:
                return outcome._replace(done=WAITING)
            outcome = outcome._replace(post_id=record.post_id)
            if birth.is_new:
                outcome = outcome._replace(done=CREATED)
            posts = [birth.created] if birth.created else []
        read = looked
        if not posts:
            read, posts = self._monotonic(), self._read_thread(record)
        root = next((post for post in posts if post["id"] == record.post_id), None)
        if root is None:
            books.save_card(record._replace(gone=True))
            return outcome._replace(done=GONE)
        if root.get("user_id") != self._mattermost.me().id:
            # The token is another bot's now, and nobody may edit another's post: the card is
            # posted anew.
            anew = record._replace(post_id="", born=False)
            return self.bring_up(books, change, anew, snapshot, looked, here=here)
        record = record._replace(bot=str(root["user_id"]))
        newest = snapshot.newest.version
        if is_outdated(root, newest, card.fingerprint if paints else ""):
            outcome = self._repainted(record, card, outcome)
        thread = self._thread(record, posts, read)
        try:
            added = self._born(record, snapshot, thread)
            added += self._reply(
                snapshot.events, change, record, snapshot, view, thread, mentioned=mentioned
            )
        except PackError:
            if outcome.done == CREATED:
                with suppress(PackError):  # else the intent leads whoever comes next to the post
                    books.save_card(record)
            raise
        self._save(books, record, snapshot)
        return outcome._replace(reply_ids=tuple(added))

    def _repainted(self, record: CardRecord, card: Card, outcome: CardOutcome) -> CardOutcome:
        self._mattermost.patch_post(record.post_id, message=card.message, props=card.props)
        return outcome if outcome.done == CREATED else outcome._replace(done=REPAINTED)

    def _thread(
        self, record: CardRecord, posts: Iterable[Dict[str, Any]], read: float
    ) -> CardThread:
        return CardThread(
            self._mattermost,
            self._monotonic,
            record.channel_id,
            record.post_id,
            tuple(posts),
            read,
            bot_id=record.bot,
        )

    def _read_thread(self, record: CardRecord) -> List[Dict[str, Any]]:
        """The card and its replies; empty when the card was deleted."""
        try:
            return self._mattermost.thread(record.post_id)
        except NotFound:
            return []

    def _save(self, books: IncidentRecords, record: CardRecord, snapshot: IncidentMemory) -> None:
        """Remember that the card and its thread have told all of the snapshot."""
        told = record._replace(
            born=True,
            closed=not snapshot.newest.change.incident.is_open,
            told=record.told if set(snapshot.marks) <= set(record.told) else snapshot.marks,
        )
        if told != snapshot.cards.get(record.channel_id):
            books.save_card(told)

    def _born(self, record: CardRecord, snapshot: IncidentMemory, thread: CardThread) -> List[str]:
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
        incident_id = snapshot.newest.change.incident.id
        key = post_key("checklist", incident_id, record.channel_id)
        lines = ["**Checklist**", *(f"- [ ] {line}" for line in record.route.checklist)]
        return thread.add(key, "\n".join(lines), {"incident": incident_id})

    def _reply(
        self,
        events: Iterable[IncidentEvent],
        change: Change,
        record: CardRecord,
        snapshot: IncidentMemory,
        view: CardView,
        thread: CardThread,
        *,
        mentioned: bool = False,
    ) -> List[str]:
        """Reply those of the events that the route tells and the thread lacks; the ids of the
        replies. `mentioned`: the card itself has just mentioned whom it concerns."""
        added: List[str] = []
        own = {event.event_id for event in change.events}
        for event in events:
            if not gets_reply(record.route, event):
                continue
            key = post_key("reply", event.event_id, record.channel_id)
            if thread.has(key):
                continue
            text = replies.draw_reply(snapshot.newest.change.incident, event, view)
            if (
                self._mentions is not None
                and event.event_id in own
                and not mentioned
                and not replies.is_late(event, view.now)
                and not held_cards.is_quiet(self._hours, record.route, change.incident)
            ):
                mention = self._mentions.in_reply(record.route, event, change)
                text += f" · {mention}" if mention else ""
            added += thread.add(
                key, text, {"incident": change.incident.id, "event": event.event_id}
            )
        return added

    def _view(self, record: CardRecord, snapshot: IncidentMemory) -> CardView:
        newest, mark = snapshot.newest, snapshot.mitigated
        incident = newest.change.incident
        key = record.key or post_key("card", incident.id, record.channel_id)
        mitigated = f"by {mark.by}, {times.stamp(mark.at, self._zone)}" if mark else ""
        buttons = tuple(self._buttons(incident))
        return CardView(
            self._zone, key, newest.version, times.iso(self._clock()), buttons, mitigated
        )
