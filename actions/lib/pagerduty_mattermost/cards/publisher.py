"""The card of an incident and its thread, in every channel: created once, repainted in place, each
event replied once.

    publisher = CardPublisher(mattermost, store, channels, zone=..., mentions=..., log=...)
    publisher.show(change, "~incidents", route) -> CardOutcome    # the card in one channel
    publisher.repaint(change) -> [CardOutcome, ...]               # all cards the incident has
    publisher.show_all(change, "~incidents", route) -> [CardOutcome, ...]    # both, that one first

Any number of runs may do this at once, be killed and be repeated an hour later: see
docs/architecture.md (Card, Reply, Newest wins). The change is written before anything is posted,
and a run looks at the datastore again and goes on while others brought something new. Raises
RetryLater when something may go through later; all else was done by then.
"""

# flake8: noqa: W503

from __future__ import annotations

import time
from contextlib import nullcontext
from datetime import timezone, tzinfo
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards import held_cards
from pagerduty_mattermost.cards.card_in_trouble import CardInTrouble
from pagerduty_mattermost.cards.creation import OLD_NEWS_SECONDS, CardCreator
from pagerduty_mattermost.cards.incident_memory import (
    UNSEEN,
    CardRecord,
    IncidentMemory,
    SeenChange,
    as_seen,
    life_of,
    same,
)
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.outcome import (
    HELD,
    NOT_STARTED,
    CardOutcome,
    joined,
    untouched,
)
from pagerduty_mattermost.cards.painter import CardPainter
from pagerduty_mattermost.cards.quiet_hours import QuietHours
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import (
    CANARY,
    Route,
    may_mention_at_birth,
    starts_card,
)
from pagerduty_mattermost.cards.tidying import let_expire, tidied
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.canary import CanaryConfig
from pagerduty_mattermost.core.errors import RetryLater, WriteRefused
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.channels import (
    Channels,
    ChannelUnavailable,
)
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import ChannelRef
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.incidents.trigger_payload import NOTHING_SAID, Along

MAX_ROUNDS = 8

Extras = Callable[[Change, Incident, bool], Incident]
"""(change, incident, whether a card is created) -> it with details and bridge. Never raises."""


class _Job(NamedTuple):
    """One call: a change, and for one channel the route by which it may start a card."""

    change: Change
    records: IncidentRecords
    ref: Optional[ChannelRef] = None
    route: Route = Route()
    starts: bool = False
    """The change starts a card there, if there is none."""
    held: bool = False
    """Its start is held: what is known is kept for as long as a card's."""
    everywhere: bool = False
    """All other cards are brought up too."""
    along: Along = NOTHING_SAID
    asked: str = ""
    """The words by which the channel was named (`Channels.asked`)."""
    chosen_in: str = ""
    """Id of the channel whose card's menu is drawn afresh."""


class CardPublisher:
    """All cards of an incident, in every channel."""

    def __init__(
        self,
        mattermost: Mattermost,
        store: Store,
        channels: Channels,
        *,
        zone: tzinfo = timezone.utc,
        mentions: Optional[Mentions] = None,
        names: Optional[Mapping[str, str]] = None,
        extras: Optional[Extras] = None,
        buttons: Callable[[Incident, int], Tuple[Any, ...]] = lambda incident, chosen: (),
        hours: Optional[QuietHours] = None,
        canary: CanaryConfig = CanaryConfig(),  # noqa: B008 - immutable
        found_unrecorded: Callable[[str], Any] = lambda label: None,
        room_words: Callable[[CardRecord], str] = lambda room: "",
        log: Any = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`names`: Mattermost names by PagerDuty's ids, as far as this run knows them; it may
        learn more. `buttons`: of an incident's card. `hours`: the quiet hours; without them
        nothing is held. `canary`: whose incidents get a card in its channel alone.
        `found_unrecorded`: `CardCreator`'s; `room_words`: `CardPainter`'s."""
        self._store = store
        self._channels = channels
        self._mentions = mentions
        self._extras = extras
        self._hours = hours
        self._canary = canary
        self._log = log
        self._clock = clock
        self._monotonic = monotonic
        self._creator = CardCreator(
            mattermost,
            mentions,
            found_unrecorded=found_unrecorded,
            clock=clock,
            monotonic=monotonic,
        )
        painter = CardPainter(
            mattermost,
            self._creator,
            zone=zone,
            mentions=mentions,
            names={} if names is None else names,
            buttons=buttons,
            hours=hours,
            room_words=room_words,
            log=log,
            clock=clock,
            monotonic=monotonic,
        )
        self._card = CardInTrouble(painter, channels, log)

    def show(
        self, change: Change, channel: str, route: Route, *, due: bool = False
    ) -> CardOutcome:
        """The incident's card in one channel, created if the route starts one. `due`: the card is
        owed, so it is created whichever events the change has. Raises ChannelUnavailable as well.
        """
        return self._shown(change, channel, route, due=due)[0]

    def show_all(
        self, change: Change, channel: str, route: Route, along: Along = NOTHING_SAID
    ) -> List[CardOutcome]:
        """The same, first; and all other cards that the incident has, as `repaint` does. `along`:
        what the sensor said along with the change."""
        return self._shown(change, channel, route, along, everywhere=True)

    def _shown(
        self,
        change: Change,
        channel: str,
        route: Route,
        along: Along = NOTHING_SAID,
        *,
        due: bool = False,
        everywhere: bool = False,
    ) -> List[CardOutcome]:
        service = (change.incident.service_id, change.incident.service)
        if self._canary.owns(*service):
            route = CANARY
            if channel != self._canary.channel:
                return [CardOutcome("", channel, NOT_STARTED)]
        records = IncidentRecords(self._store, change.incident.id, self._log)
        asked = self._channels.asked(channel, service)
        loaded = [(self._monotonic(), records.load())]

        def shown(ref: ChannelRef) -> List[CardOutcome]:
            read_at, memory = loaded.pop() if loaded else (self._monotonic(), records.load())
            record, verdict = self._judged(change, ref, route, memory, due)
            waits = verdict.hold or verdict.kept
            job = _Job(
                change, records, ref, route, verdict.starts, waits, everywhere, along, asked
            )
            outcomes = self._follow(job, memory, read_at)
            others = [one for one in outcomes if one.channel_id != ref.id]
            outcome = next((one for one in outcomes if one.channel_id == ref.id), None)
            if outcome is None:
                done = HELD if waits else NOT_STARTED
                return [CardOutcome(ref.id, ref.label, done), *others]
            if record is not None and outcome.post_id:
                held_cards.drop(self._store, record)
            return [outcome, *others]

        memory = loaded[0][1]
        known = _channel_of(memory, asked)
        if known is None and self._will_mention(change, route, due):
            listed = self._mentions.listed() if self._mentions else None
            if listed is not None:
                self._channels.brought(channel, service, listed)

        def has_card(channel_id: str) -> bool:
            record = memory.cards.get(channel_id)
            return record is not None and bool(record.post_id or record.shelved)

        try:
            return self._channels.using(channel, shown, service, known=known, shelved=has_card)
        except ChannelUnavailable as error:
            if not has_card(error.archived_id):
                raise
            archived, outcomes = error.archived_id, self.repaint(change, along)
            return sorted(outcomes, key=lambda one: one.channel_id != archived)
        except RetryLater:
            if loaded:
                # Nothing is written of it yet, and whoever shows a later change has to know of it.
                self.repaint(change, along)
            raise

    def repaint(
        self, change: Change, along: Along = NOTHING_SAID, *, chosen_in: str = ""
    ) -> List[CardOutcome]:
        """All cards the incident has. That a channel is closed to the bot is posted in the
        operations channel, and the others go on. `along`: what the sensor said along with the
        change. `chosen_in`: id of the channel whose card's menu somebody has chosen from."""
        records = IncidentRecords(self._store, change.incident.id, self._log)
        read_at = self._monotonic()
        job = _Job(change, records, along=along, chosen_in=chosen_in)
        return self._follow(job, records.load(), read_at)

    def is_quiet(self, route: Route, incident: Incident) -> bool:
        """Whether quiet hours hold the incident's cards back now."""
        return held_cards.is_quiet(self._hours, route, incident)

    def _will_mention(self, change: Change, route: Route, due: bool) -> bool:
        """Whether the change starts a card that mentions somebody, as far as is known before the
        channel is: then who is who has to be listed anyway, and the channel comes along."""
        starts = (due or starts_card(route, change)) and may_mention_at_birth(route, change)
        return starts and not self.is_quiet(route, change.incident)

    def _judged(
        self, change: Change, ref: ChannelRef, route: Route, memory: IncidentMemory, due: bool
    ) -> Tuple[Optional[held_cards.HeldCard], held_cards.HoldVerdict]:
        """Whether the change starts a card there, or is held, which is written before anything
        else is done. What a person asks for is never held."""
        starts = due or starts_card(route, change)
        if ref.id in memory.cards or self._hours is None or not self._hours.of(route.quiet).spans:
            return None, held_cards.HoldVerdict(starts)
        record = held_cards.read(self._store, ref.id, change.incident.id)
        if not change.events and not due:
            return record, held_cards.HoldVerdict(starts)
        until = self._hours.until(route.quiet)
        verdict = held_cards.decide(starts, record, until, change.incident)
        if verdict.hold and until is not None:
            record = held_cards.HeldCard(
                ref.id, change.incident.id, until, route, ref.label, change.incident.created_at
            )
            held_cards.save(self._store, record, self._clock())
        return record, verdict

    def _follow(self, job: _Job, memory: IncidentMemory, read_at: float) -> List[CardOutcome]:
        """Bring the cards up to what is known; again while other runs bring news meanwhile."""
        with self._mentions.remembered_later() if self._mentions else nullcontext():
            return self._followed(job, memory, read_at)

    def _followed(self, job: _Job, memory: IncidentMemory, read_at: float) -> List[CardOutcome]:
        known = as_seen(job.change, self._clock())
        targets = self._targets(job, memory)
        is_numbered = job.change.cycle and not job.chosen_in
        if is_numbered and (memory.is_done(known, targets) or memory.is_overtaken(known, targets)):
            return [untouched(record) for record in targets]
        job = job._replace(change=memory.caught_up(job.change, job.along.earlier))
        known = as_seen(job.change, known.at)
        first = memory if self._is_news(job.change, memory) else None
        outcomes: Dict[str, CardOutcome] = {}
        later: Optional[RetryLater] = None
        for number in range(MAX_ROUNDS):
            known, memory = self._remember(job, known, memory, first=number == 0)
            targets, later = self._targets(job, memory, known.intends), None
            for record in targets:
                own = job.ref is not None and job.ref.id == record.channel_id
                if (number or is_numbered) and not own and memory.is_settled([record]):
                    outcomes.setdefault(record.channel_id, untouched(record))
                    continue
                trust_memory = (
                    first is not None and first.is_shown(record) and first.knows_all_shown(record)
                )
                try:
                    outcome = self._card.bring_up(
                        job.records,
                        job.change,
                        record,
                        memory,
                        read_at,
                        here=own,
                        trust_memory=trust_memory,
                    )
                except RetryLater as error:
                    later = error
                    continue
                except WriteRefused:
                    raise
                except Exception as error:
                    if own or getattr(error, "status", None) == 401:
                        raise
                    outcome = self._card.failed(job.change, record, error)
                outcomes[record.channel_id] = joined(outcomes.get(record.channel_id), outcome)
            read_at, first = self._monotonic(), None
            after = job.records.load()
            if set(after.versions) <= set(memory.versions) and set(after.cards) <= set(
                memory.cards
            ) | {record.channel_id for record in targets}:
                break
            memory = after
        if later is not None:
            raise later
        left = tidied(job.records, after.knowing(known), list(outcomes.values()), self._clock())
        if (left.cards or job.held) and not left.newest.change.incident.is_open:
            stored = tuple(state for state in left.states if state.version in after.versions)
            let_expire(job.records, left._replace(states=stored), self._clock())
        return list(outcomes.values())

    def _targets(
        self, job: _Job, memory: IncidentMemory, intends: Tuple[CardRecord, ...] = ()
    ) -> List[CardRecord]:
        """The cards to bring up: first that in the call's channel, where it exists or the change
        starts it (`intends`: its intent, if it is written already); then the incident's others."""
        others = [
            record._replace(chosen=record.chosen + 1)
            if record.channel_id == job.chosen_in
            else record
            for record in memory.cards.values()
            if job.ref is None or (job.everywhere and record.channel_id != job.ref.id)
        ]
        if job.ref is None:
            return others
        record = memory.cards.get(job.ref.id)
        if record is None and job.starts:
            record = intends[0] if intends else self._started(job, job.ref)
        return [record._replace(asked=record.asked or job.asked), *others] if record else others

    def _started(self, job: _Job, ref: ChannelRef) -> CardRecord:
        return CardRecord(
            ref.id, post_key("card", job.change.incident.id, ref.id), 0.0, job.route, ref.label
        )

    def _is_news(self, change: Change, memory: IncidentMemory) -> bool:
        """Whether nobody can have replied any of the change's events: no change with one of them
        is known, and they are so young that it would still stand there."""
        now = self._clock()
        return memory.is_first_of(change) and all(
            abs(now - (times.seconds(event.occurred_at) or 0.0)) < OLD_NEWS_SECONDS
            for event in change.events
        )

    def _remember(
        self, job: _Job, known: SeenChange, memory: IncidentMemory, *, first: bool
    ) -> Tuple[SeenChange, IncidentMemory]:
        """Write the change before anything is painted, so that no other run can miss it; with the
        intent of the card that it starts, where no other run writes the same change."""
        whole = memory.knowing(known)
        creates = job.ref is not None and job.ref.id not in memory.cards and job.starts
        if whole.newest.version == known.version:
            incident = whole.newest.change.incident
            if first and self._extras is not None and (creates or memory.cards):
                incident = self._extras(job.change, incident, creates)
            known = known._replace(change=job.change._replace(incident=incident))
            whole = memory.knowing(known)
        stored = memory.state(known.version)
        mine = next(state for state in whole.states if state.version == known.version)
        life = life_of(mine.change, has_cards=creates or job.held or bool(memory.cards))
        longer = stored is not None and life != UNSEEN and stored.life != life
        if stored is None or longer or not same(stored.change, mine.change):
            if (
                creates
                and job.ref
                and job.along.routes == 1
                and self._creator.is_young(mine.change.incident)
            ):
                intent = self._creator.intent(self._started(job, job.ref), mine.change.incident)
                intent = intent._replace(at=self._clock(), asked=job.asked)
                known, mine = (one._replace(intends=(intent,)) for one in (known, mine))
            job.records.save_state(
                mine, stored.life if stored and stored.life and life == UNSEEN else life
            )
        return known, whole


def _channel_of(memory: IncidentMemory, asked: str) -> Optional[ChannelRef]:
    """The channel of the card that was started under these words, if there is one."""
    for record in memory.cards.values():
        if record.asked == asked and (record.post_id or record.shelved):
            name = record.label[1:] if record.label.startswith("~") else ""
            return ChannelRef(record.channel_id, name)
    return None
