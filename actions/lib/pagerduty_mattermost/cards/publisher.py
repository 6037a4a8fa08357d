"""The card of an incident and its thread, in every channel: created once, repainted in place, each
event replied once.

    posts = Posts(mattermost, store, channels, zone=..., mentions=..., extras=..., complain=...,
    log=...)
    posts.show(change, "~incidents", route) -> Outcome         # births the card where the route
    says so
    posts.repaint(change) -> [Outcome, ...]                    # all cards the incident has

Any number of runs may do this at once, be killed at any point and be repeated an hour later: see
docs/architecture.md (Card, Reply, Newest wins). What was done is read from Mattermost (the thread,
the version in the card's props), not from a claim about it. After its work a run looks at the
datastore again and goes on while others brought something new.

Raises RetryLater when something may go through later; everything else was done by then, and
repeating it is harmless.
"""

from __future__ import annotations

import time
from datetime import timezone, tzinfo
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards import card as cards
from pagerduty_mattermost.cards import held_cards as held
from pagerduty_mattermost.cards import replies
from pagerduty_mattermost.cards import route as routing
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.quiet_hours import Hours
from pagerduty_mattermost.cards.records import (
    GRACE,
    OVER,
    UNSEEN,
    Known,
    Mark,
    Record,
    Records,
    Snapshot,
    known_of,
    life_of,
)
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.cards.thread import LOOK_AGAIN_AFTER, CardThread
from pagerduty_mattermost.cards.versions import is_outdated, may_paint
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.channels import (
    ChannelRef,
    Channels,
    ChannelUnavailable,
)
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, Incident, Version

CLOCK_MARGIN = 300.0
FRESH = 120.0
"""Seconds that whoever wrote an intent is left to finish the card by itself."""
ROUNDS = 8
OLD_NEWS = 600.0
"""Seconds after an incident's creation from which a first card is looked for before it is posted.
"""

CREATED, REPAINTED, UNCHANGED = "created", "repainted", "unchanged"
NOT_STARTED, WAITING, GONE, FAILED = "not_started", "waiting", "deleted_by_a_person", "failed"
HELD = "held"

Extras = Callable[[Change, Incident, bool], Incident]
"""(change, incident, at birth) -> the incident with its alert's details and bridge; never raises,
soon back."""


class Outcome(NamedTuple):
    """What was done in one channel."""

    channel_id: str
    channel: str = ""
    done: str = UNCHANGED
    """created, repainted, unchanged, not_started, held (by quiet hours), waiting (another run is
    posting it), deleted_by_a_person, failed."""
    post_id: str = ""
    reply_ids: Tuple[str, ...] = ()
    problem: str = ""


class _Job(NamedTuple):
    """One call: a change, and the channel and route of a birth."""

    change: Change
    books: Records
    ref: Optional[ChannelRef] = None
    route: Route = Route()
    starts: bool = False
    """The change starts a card there, if there is none."""
    held: bool = False
    """Its start is held: what is known is kept for as long as a card's."""


class Posts:
    def __init__(
        self,
        mattermost: Mattermost,
        store: Store,
        channels: Channels,
        *,
        zone: tzinfo = timezone.utc,
        mentions: Optional[Mentions] = None,
        extras: Optional[Extras] = None,
        actions: Callable[[Incident], Tuple[Any, ...]] = lambda incident: (),
        hours: Optional[Hours] = None,
        log: Any = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`actions`: the buttons of an incident's card. `hours`: the quiet hours; without them
        nothing is held."""
        self._mattermost = mattermost
        self._store = store
        self._channels = channels
        self._zone = zone
        self._mentions = mentions
        self._extras = extras
        self._actions = actions
        self._hours = hours
        self._log = log
        self._clock = clock
        self._monotonic = monotonic

    def show(self, change: Change, channel: str, route: Route, *, due: bool = False) -> Outcome:
        """The incident's card in one channel, born if the route starts one. `due`: a rule would
        have started one, so the change counts as what it saw. Raises ChannelUnavailable as well.
        """
        service = (change.incident.service_id, change.incident.service)
        books = Records(self._store, change.incident.id, self._log)

        def shown(ref: ChannelRef) -> Outcome:
            looked, snapshot = self._monotonic(), books.load()
            record, verdict = self._judged(change, ref, route, snapshot, due)
            waits = verdict.hold or verdict.kept
            outcomes = self._follow(
                _Job(change, books, ref, route, verdict.starts, waits), snapshot, looked
            )
            outcome = next((one for one in outcomes if one.channel_id == ref.id), None)
            if outcome is None:
                return Outcome(ref.id, ref.label, HELD if waits else NOT_STARTED)
            if record is not None and outcome.post_id:
                held.drop(self._store, record)
            return outcome

        return self._channels.using(channel, shown, service)

    def _judged(
        self, change: Change, ref: ChannelRef, route: Route, snapshot: Snapshot, due: bool
    ) -> Tuple[Optional[held.Held], held.Verdict]:
        """Whether the change starts a card there, or is held, which is written before anything
        else is done. What a person asks for is never held."""
        starts = due or routing.starts(route, change)
        if (
            ref.id in snapshot.cards
            or self._hours is None
            or not self._hours.of(route.quiet).spans
        ):
            return None, held.Verdict(starts)
        record = held.read(self._store, ref.id, change.incident.id)
        if not change.events and not due:
            return record, held.Verdict(starts)
        until = self._hours.until(route.quiet)
        verdict = held.decide(starts, record, until, change.incident)
        if verdict.hold and until is not None:
            record = held.Held(
                ref.id, change.incident.id, until, route, ref.label, change.incident.created_at
            )
            held.save(self._store, record, self._clock())
        return record, verdict

    def repaint(self, change: Change) -> List[Outcome]:
        """All cards the incident has. A channel that is closed to the bot is complained of, the
        others go on."""
        books = Records(self._store, change.incident.id, self._log)
        looked = self._monotonic()
        return self._follow(_Job(change, books), books.load(), looked)

    def _follow(self, job: _Job, snapshot: Snapshot, looked: float) -> List[Outcome]:
        """Bring the cards up to what is known; again while other runs bring news meanwhile."""
        known = known_of(job.change, self._clock())
        outcomes: Dict[str, Outcome] = {}
        later: Optional[RetryLater] = None
        for number in range(ROUNDS):
            known, snapshot = self._remember(job, known, snapshot, first=number == 0)
            targets, later = self._targets(job, snapshot), None
            for record in targets:
                try:
                    outcome = self._bring_up(job, record, snapshot, looked)
                except RetryLater as error:
                    later = error
                    continue
                outcomes[record.channel_id] = _joined(outcomes.get(record.channel_id), outcome)
            looked = self._monotonic()
            after = job.books.load()
            if set(after.versions) <= set(snapshot.versions) and set(after.cards) <= set(
                snapshot.cards
            ) | {record.channel_id for record in targets}:
                break
            snapshot = after
        if later is not None:
            raise later
        self._tidy(job, after.knowing(known), list(outcomes.values()))
        if (after.cards or job.held) and not after.knowing(known).newest.change.incident.is_open:
            self._let_expire(job.books)
        return list(outcomes.values())

    def _targets(self, job: _Job, snapshot: Snapshot) -> List[Record]:
        if job.ref is None:
            return list(snapshot.cards.values())
        record = snapshot.cards.get(job.ref.id)
        if record is None and job.starts:
            key = post_key("card", job.change.incident.id, job.ref.id)
            record = Record(job.ref.id, key, 0.0, job.route, job.ref.label)
        return [record] if record else []

    def _remember(
        self, job: _Job, known: Known, snapshot: Snapshot, *, first: bool
    ) -> Tuple[Known, Snapshot]:
        """Write the change before anything is painted, so that no other run can miss it."""
        whole = snapshot.knowing(known)
        birth = job.ref is not None and job.ref.id not in snapshot.cards and job.starts
        if whole.newest.version == known.version:
            incident = whole.newest.change.incident
            if first and self._extras is not None and (birth or snapshot.cards):
                incident = self._extras(job.change, incident, birth)
            known = known._replace(change=job.change._replace(incident=incident))
            whole = snapshot.knowing(known)
        stored = next((state for state in snapshot.states if state.version == known.version), None)
        mine = next(state for state in whole.states if state.version == known.version)
        life = life_of(mine.change, has_cards=birth or job.held or bool(snapshot.cards))
        longer = stored is not None and life != UNSEEN and stored.life != life
        if stored is None or stored.change != mine.change or longer:
            job.books.save_state(
                mine, stored.life if stored and stored.life and life == UNSEEN else life
            )
        return known, whole

    def _bring_up(self, job: _Job, record: Record, snapshot: Snapshot, looked: float) -> Outcome:
        """One card: find or create it, paint it, reply what is missing."""
        outcome = Outcome(record.channel_id, record.label, post_id=record.post_id)
        if record.gone:
            return outcome._replace(done=GONE)
        incident = snapshot.newest.change.incident
        here = job.ref is not None and job.ref.id == record.channel_id
        if here:
            return self._painted(job, record, snapshot, outcome, looked)
        try:
            return self._painted(job, record, snapshot, outcome, looked)
        except (Unauthorized, RejectedInput) as refused:
            if refused.status == 401:
                raise
            return self._rejoined(job, record, snapshot, outcome, looked, refused)
        except NotFound as error:
            raise RetryLater(
                f"The card of {incident.id} in {record.label or record.channel_id}: {error}"
            ) from None

    def _rejoined(
        self,
        job: _Job,
        record: Record,
        snapshot: Snapshot,
        outcome: Outcome,
        looked: float,
        refused: PackError,
    ) -> Outcome:
        """Refused: the bot goes back into the channel and tries once more, or people are told who
        must do what."""

        def again(ref: ChannelRef) -> Outcome:
            return self._painted(job, record, snapshot, outcome, looked)

        try:
            return self._channels.using(record.channel_id, again, known_as=record.label)
        except ChannelUnavailable as error:
            return outcome._replace(done=FAILED, problem=str(error))
        except (Unauthorized, RejectedInput, NotFound):
            if self._log is not None:
                self._log.warning(
                    "The card of %s in %s: %s", job.change.incident.id, record.channel_id, refused
                )
            return outcome._replace(done=FAILED, problem=str(refused))

    def _painted(
        self, job: _Job, record: Record, snapshot: Snapshot, outcome: Outcome, looked: float
    ) -> Outcome:
        newest = snapshot.newest
        view = self._view(record, newest.change.incident, newest.version, snapshot.mitigated)
        card = cards.card(newest.change.incident, view)
        mentioned = False
        if not record.post_id:
            record, outcome, mentioned = self._posted(job, record, snapshot, card, outcome, looked)
            if not record.post_id:
                return outcome
        read = self._monotonic()
        thread = self._thread(record)
        root = next((post for post in thread if post["id"] == record.post_id), None)
        if root is None:
            job.books.save_card(record._replace(gone=True))
            return outcome._replace(done=GONE, post_id=record.post_id)
        if root.get("user_id") != self._mattermost.me().id:
            # The token is another bot's now, and nobody may edit another's post: the card is
            # posted anew.
            return self._painted(
                job, record._replace(post_id="", born=False), snapshot, outcome, looked
            )
        if is_outdated(
            root, newest.version, card.fingerprint if may_paint(job.change, newest) else ""
        ):
            self._mattermost.patch_post(record.post_id, message=card.message, props=card.props)
            outcome = outcome._replace(done=outcome.done if outcome.done == CREATED else REPAINTED)
        thread_view = CardThread(
            self._mattermost, self._monotonic, record.channel_id, record.post_id, thread, read
        )
        added: List[str] = []
        if not record.born:
            added += self._born(record, newest.change.incident, thread_view)
        added += self._replied(job, record, snapshot, view, thread_view, mentioned)
        closed = not newest.change.incident.is_open
        if (
            not record.born
            or record.closed != closed
            or not set(snapshot.marks) <= set(record.told)
        ):
            job.books.save_card(record._replace(born=True, closed=closed, told=snapshot.marks))
        return outcome._replace(post_id=record.post_id, reply_ids=(*outcome.reply_ids, *added))

    def _posted(
        self,
        job: _Job,
        record: Record,
        snapshot: Snapshot,
        card: cards.Card,
        outcome: Outcome,
        looked: float,
    ) -> Tuple[Record, Outcome, bool]:
        """The record with its post: looked for where an intent stands, else created. True when it
        went out with its mentions now. A fresh intent is left to whoever wrote it; an old one is
        finished by whoever comes."""
        here = job.ref is not None and job.ref.id == record.channel_id
        now = self._clock()
        key = record.key or post_key("card", job.change.incident.id, record.channel_id)
        if not here and abs(now - record.at) < FRESH:
            return record, outcome._replace(done=WAITING), False
        intended = record.channel_id in snapshot.cards
        since = (
            record.at
            if 0 < record.at <= now
            else times.seconds(job.change.incident.created_at) or now
        )
        if not intended:
            record = record._replace(key=key, at=now, closed=not job.change.incident.is_open)
            job.books.save_card(record)
        found = None
        # Old news without a record: the datastore may have been restored, and the card be there.
        late = now - (times.seconds(job.change.incident.created_at) or now) > OLD_NEWS
        if intended or late or self._monotonic() - looked > LOOK_AGAIN_AFTER:
            found = self._mattermost.find_post(record.channel_id, key, since - CLOCK_MARGIN)
        mention = ""
        if found is None:
            mention = (
                self._mentions.at_birth(record.route, job.change)
                if self._mentions is not None
                else ""
            )
            message = f"{card.message} · {mention}" if mention else card.message
            try:
                found = self._mattermost.create_post(
                    record.channel_id, message, key=key, props=card.props
                )
            except RetryLater as error:
                if not error.maybe_done:
                    raise
                found = self._mattermost.find_post(record.channel_id, key, since - CLOCK_MARGIN)
                if found is None:
                    raise
            outcome = outcome._replace(done=CREATED)
        post_id = str(found["id"])
        nothing_more = not (record.route.checklist or record.route.reactions)
        record = record._replace(
            key=key,
            post_id=post_id,
            at=record.at or now,
            born=nothing_more,
            closed=not job.change.incident.is_open,
        )
        job.books.save_card(record)
        return record, outcome._replace(post_id=post_id), bool(mention)

    def _thread(self, record: Record) -> List[Dict[str, Any]]:
        """The card and its replies; empty when the card was deleted."""
        try:
            return self._mattermost.thread(record.post_id)
        except NotFound:
            return []

    def _born(self, record: Record, incident: Incident, thread: CardThread) -> List[str]:
        """Reactions and checklist of a new card; an emoji that is unknown or not allowed is only
        logged."""
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
        key = post_key("checklist", incident.id, record.channel_id)
        lines = ["**Checklist**", *(f"- [ ] {line}" for line in record.route.checklist)]
        return thread.add(key, "\n".join(lines), {"incident": incident.id})

    def _replied(
        self,
        job: _Job,
        record: Record,
        snapshot: Snapshot,
        view: cards.View,
        thread: CardThread,
        mentioned: bool,
    ) -> List[str]:
        added: List[str] = []
        own = {event.event_id for event in job.change.events}
        for event in snapshot.events:
            if not routing.replies(record.route, event):
                continue
            key = post_key("reply", event.event_id, record.channel_id)
            if thread.has(key):
                continue
            text = replies.reply(snapshot.newest.change.incident, event, view)
            speaks = (
                event.event_id in own and not mentioned and not replies.is_late(event, view.now)
            )
            if (
                speaks
                and self._mentions is not None
                and not self.is_quiet(record.route, job.change.incident)
            ):
                mention = self._mentions.in_reply(record.route, event, job.change)
                text += f" · {mention}" if mention else ""
            added += thread.add(
                key, text, {"incident": job.change.incident.id, "event": event.event_id}
            )
        return added

    def is_quiet(self, route: Route, incident: Incident) -> bool:
        """Whether quiet hours hold the incident's cards back now; replies in those that are there
        mention nobody."""
        hours = self._hours
        return (
            hours is not None
            and held.is_held_back(incident)
            and hours.until(route.quiet) is not None
        )

    def _view(
        self, record: Record, incident: Incident, version: Version, mark: Optional[Mark]
    ) -> cards.View:
        key = record.key or post_key("card", incident.id, record.channel_id)
        mitigated = f"by {mark.by}, {times.stamp(mark.at, self._zone)}" if mark else ""
        actions = tuple(self._actions(incident))
        return cards.View(self._zone, key, version, times.iso(self._clock()), actions, mitigated)

    def _tidy(self, job: _Job, snapshot: Snapshot, outcomes: List[Outcome]) -> None:
        """Delete states that a newer one has replaced for long; what only they knew goes into the
        newest first."""
        painted = outcomes and all(
            one.done in (CREATED, REPAINTED, UNCHANGED, GONE) for one in outcomes
        )
        old = [state for state in snapshot.states[:-1] if self._clock() - state.at > GRACE]
        if not painted or not old:
            return
        newest = snapshot.newest
        if newest.change != snapshot.states[-1].change:
            job.books.save_state(newest, life_of(newest.change, has_cards=True))
        for state in old:
            job.books.forget_state(state.version)

    def _let_expire(self, books: Records) -> None:
        """The incident is over, so all that is remembered of it expires: also cards that could not
        be painted and older states; and the mark goes, which counts no more."""
        now = books.load()
        if not now.states or now.newest.change.incident.is_open:
            return
        for record in now.cards.values():
            posting = (
                not (record.post_id or record.gone) and abs(self._clock() - record.at) < FRESH
            )
            if not record.closed and not posting:
                books.save_card(record._replace(closed=True))
        for state in now.states:
            if state.life != OVER:
                books.save_state(state, OVER)
        if now.mark is not None:
            books.forget_mark()


def _joined(before: Optional[Outcome], now: Outcome) -> Outcome:
    """Two rounds over one card as one outcome."""
    if before is None:
        return now
    done = before.done if before.done == CREATED or now.done == UNCHANGED else now.done
    return now._replace(done=done, reply_ids=(*before.reply_ids, *now.reply_ids))
