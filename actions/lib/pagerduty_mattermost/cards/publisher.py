"""The card of an incident and its thread, in every channel: created once, repainted in place, each
event replied once.

    publisher = CardPublisher(mattermost, store, channels, zone=..., mentions=..., log=...)
    publisher.show(change, "~incidents", route) -> CardOutcome    # the card in one channel
    publisher.repaint(change) -> [CardOutcome, ...]               # all cards the incident has

Any number of runs may do this at once, be killed and be repeated an hour later: see
docs/architecture.md (Card, Reply, Newest wins). The change is written before anything is posted,
and a run looks at the datastore again and goes on while others brought something new. Raises
RetryLater when something may go through later; all else was done by then.
"""

from __future__ import annotations

import time
from datetime import timezone, tzinfo
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards import held_cards
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
    FAILED,
    HELD,
    NOT_STARTED,
    CardOutcome,
    joined,
    untouched,
)
from pagerduty_mattermost.cards.painter import CardPainter
from pagerduty_mattermost.cards.quiet_hours import QuietHours
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import CANARY, Route, starts_card
from pagerduty_mattermost.cards.tidying import let_expire, tidied
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.canary import CanaryConfig
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
    WriteRefused,
)
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.mattermost.channels import (
    ChannelRef,
    Channels,
    ChannelUnavailable,
)
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, Incident

MAX_ROUNDS = 8
MAX_PROBLEM_CHARACTERS = 500

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
    asked: str = ""
    """The words by which the channel was named (`Channels.asked`)."""
    chosen_in: str = ""
    """Id of the channel whose card's menu is drawn afresh."""


class CardPublisher:
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
        log: Any = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`names`: Mattermost names by PagerDuty's ids, as far as this run knows them; it may
        learn more. `buttons`: of an incident's card. `hours`: the quiet hours; without them
        nothing is held. `canary`: whose incidents get a card in its channel alone.
        `found_unrecorded`: `CardCreator`'s."""
        self._store = store
        self._channels = channels
        self._extras = extras
        self._hours = hours
        self._canary = canary
        self._log = log
        self._clock = clock
        self._monotonic = monotonic
        self._painter = CardPainter(
            mattermost,
            CardCreator(
                mattermost,
                mentions,
                found_unrecorded=found_unrecorded,
                clock=clock,
                monotonic=monotonic,
            ),
            zone=zone,
            mentions=mentions,
            names={} if names is None else names,
            buttons=buttons,
            hours=hours,
            log=log,
            clock=clock,
            monotonic=monotonic,
        )

    def show(
        self, change: Change, channel: str, route: Route, *, due: bool = False
    ) -> CardOutcome:
        """The incident's card in one channel, created if the route starts one. `due`: a rule would
        have started one, so the change counts as what it saw. Raises ChannelUnavailable as well.
        """
        service = (change.incident.service_id, change.incident.service)
        if self._canary.owns(*service):
            route = CANARY
            if channel != self._canary.channel:
                return CardOutcome("", channel, NOT_STARTED)
        records = IncidentRecords(self._store, change.incident.id, self._log)
        asked = self._channels.asked(channel, service)
        loaded = [(self._monotonic(), records.load())]

        def shown(ref: ChannelRef) -> CardOutcome:
            read_at, memory = loaded.pop() if loaded else (self._monotonic(), records.load())
            record, verdict = self._judged(change, ref, route, memory, due)
            waits = verdict.hold or verdict.kept
            job = _Job(change, records, ref, route, verdict.starts, waits, asked)
            outcomes = self._follow(job, memory, read_at)
            outcome = next((one for one in outcomes if one.channel_id == ref.id), None)
            if outcome is None:
                return CardOutcome(ref.id, ref.label, HELD if waits else NOT_STARTED)
            if record is not None and outcome.post_id:
                held_cards.drop(self._store, record)
            return outcome

        memory = loaded[0][1]
        known = _channel_of(memory, asked)

        def waits_there(channel_id: str) -> bool:
            record = memory.cards.get(channel_id)
            return record is not None and bool(record.post_id or record.shelved)

        try:
            return self._channels.using(channel, shown, service, known=known, shelved=waits_there)
        except ChannelUnavailable as error:
            if not waits_there(error.archived_id):
                raise
            outcomes = self.repaint(change)
            return next(one for one in outcomes if one.channel_id == error.archived_id)

    def repaint(self, change: Change, *, chosen_in: str = "") -> List[CardOutcome]:
        """All cards the incident has. That a channel is closed to the bot is posted in the
        operations channel, and the others go on. `chosen_in`: id of the channel whose card's menu
        somebody has chosen from."""
        records = IncidentRecords(self._store, change.incident.id, self._log)
        read_at = self._monotonic()
        job = _Job(change, records, chosen_in=chosen_in)
        return self._follow(job, records.load(), read_at)

    def is_quiet(self, route: Route, incident: Incident) -> bool:
        """Whether quiet hours hold the incident's cards back now."""
        return held_cards.is_quiet(self._hours, route, incident)

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
        known = as_seen(job.change, self._clock())
        targets = self._targets(job, memory)
        is_numbered = job.change.cycle and not job.chosen_in
        if is_numbered and memory.is_done(known, targets):
            return [untouched(record) for record in targets]
        first = memory if self._is_news(job.change, memory) else None
        outcomes: Dict[str, CardOutcome] = {}
        later: Optional[RetryLater] = None
        for number in range(MAX_ROUNDS):
            known, memory = self._remember(job, known, memory, first=number == 0)
            targets, later = self._targets(job, memory), None
            for record in targets:
                trust_memory = (
                    first is not None and first.is_shown(record) and first.knows_all_shown(record)
                )
                try:
                    outcome = self._bring_up(job, record, memory, read_at, trust_memory)
                except RetryLater as error:
                    later = error
                    continue
                except WriteRefused:
                    raise
                except Exception as error:
                    if job.ref is not None or getattr(error, "status", None) == 401:
                        raise
                    outcome = self._failed(job, record, error)
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

    def _targets(self, job: _Job, memory: IncidentMemory) -> List[CardRecord]:
        if job.ref is None:
            return [
                record._replace(chosen=record.chosen + 1)
                if record.channel_id == job.chosen_in
                else record
                for record in memory.cards.values()
            ]
        record = memory.cards.get(job.ref.id)
        if record is None and job.starts:
            key = post_key("card", job.change.incident.id, job.ref.id)
            record = CardRecord(job.ref.id, key, 0.0, job.route, job.ref.label)
        return [record._replace(asked=record.asked or job.asked)] if record else []

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
        """Write the change before anything is painted, so that no other run can miss it."""
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
            job.records.save_state(
                mine, stored.life if stored and stored.life and life == UNSEEN else life
            )
        return known, whole

    def _bring_up(
        self,
        job: _Job,
        record: CardRecord,
        memory: IncidentMemory,
        read_at: float,
        trust_memory: bool,
    ) -> CardOutcome:
        """One card. What is wrong in another channel than the call's own is posted in the
        operations channel, and the other cards go on."""
        here = job.ref is not None and job.ref.id == record.channel_id

        def brought(ref: Optional[ChannelRef] = None) -> CardOutcome:
            return self._painter.bring_up(
                job.records,
                job.change,
                record,
                memory,
                read_at,
                here=here,
                trust_memory=trust_memory,
            )

        try:
            return brought()
        except (Unauthorized, RejectedInput) as refused:
            if refused.status == 401:
                raise
            goes_on = record.post_id or record.shelved or not here
            if goes_on and self._channels.is_archived(record.channel_id, refused):
                return self._shelved(job.records, record)
            if here:
                raise
            return self._rejoined(job, record, brought, refused)
        except NotFound as error:
            if here:
                raise
            raise RetryLater(
                f"The card of {job.change.incident.id} in {record.label or record.channel_id}: "
                f"{error}"
            ) from None

    def _shelved(self, records: IncidentRecords, record: CardRecord) -> CardOutcome:
        """People archived the channel: nobody is told, and the card goes on when it is back."""
        shelved = record._replace(shelved=True)
        if not record.shelved:
            records.save_card(shelved)
        return untouched(shelved)

    def _failed(self, job: _Job, record: CardRecord, error: Exception) -> CardOutcome:
        """What is wrong with one card stays with that one."""
        problem = str(error) if isinstance(error, PackError) else repr(error)
        line = one_line(f"The card of {job.change.incident.id}: {problem}", MAX_PROBLEM_CHARACTERS)
        if self._log is not None:
            self._log.warning("%s: %s", record.channel_id, line)
        return untouched(record)._replace(done=FAILED, problem=line)

    def _rejoined(
        self,
        job: _Job,
        record: CardRecord,
        again: Callable[[Optional[ChannelRef]], CardOutcome],
        refused: PackError,
    ) -> CardOutcome:
        """Refused: the bot goes back into the channel and tries once more, or the operations
        channel says who must do what."""
        try:
            return self._channels.using(record.channel_id, again, known_as=record.label)
        except ChannelUnavailable as error:
            problem = str(error)
        except (Unauthorized, RejectedInput, NotFound):
            return self._failed(job, record, refused)
        return untouched(record)._replace(done=FAILED, problem=problem)


def _channel_of(memory: IncidentMemory, asked: str) -> Optional[ChannelRef]:
    """The channel of the card that was started under these words, if there is one."""
    for record in memory.cards.values():
        if record.asked == asked and (record.post_id or record.shelved):
            name = record.label[1:] if record.label.startswith("~") else ""
            return ChannelRef(record.channel_id, name)
    return None
