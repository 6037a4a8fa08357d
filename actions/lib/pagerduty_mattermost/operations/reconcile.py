"""Reconcile at work: reads PagerDuty and what is remembered, and puts right what
`reconcile_plan.plan` finds.

    Reconciler(context, rules).run(state, cursor, full=True) -> ReconcileReport(...)

Everything goes the way that a rule's action goes (`cards.publisher`), with the same keys: doing it
beside a rule, twice, or after being killed makes no second post. Raises the gateways' errors
before anything was done; what fails for one incident is named, and the others go on.
reconcile_run.py says when it runs, and remembers how far it came.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    AbstractSet,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.cards import held_cards, posting
from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.cards.outcome import CREATED, REPAINTED, CardOutcome
from pagerduty_mattermost.cards.publisher import CardPublisher
from pagerduty_mattermost.cards.records import IncidentRecords, load_all
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    FAILURES_IN_A_ROW,
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    WriteRefused,
)
from pagerduty_mattermost.exercises.drills import follow
from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.reader import (
    PAGE_ROWS,
    LogRead,
    read_incident,
    read_incident_log,
    read_log,
    read_open,
    read_readable,
)
from pagerduty_mattermost.noise import storm_gate
from pagerduty_mattermost.operations import reconcile_plan, route_verdicts, shelved_cards
from pagerduty_mattermost.operations.reconcile_plan import (
    AtPagerDuty,
    CalledEvents,
    OpenIncident,
    ReconcileJob,
)
from pagerduty_mattermost.operations.rooms_round import open_missing, tended
from pagerduty_mattermost.operations.storm_ends import close_storms
from pagerduty_mattermost.operations.wanted_cards import WantedCards
from pagerduty_mattermost.sensor import body_events

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

FIRST_LOOK_SECONDS = 3600.0
"""How much of the log the first run reads."""
MAX_JOBS = 200
MAX_SECONDS = 200.0
"""After so many jobs or so long the rest waits for the next run."""
"""Failures of the kind "later" after which the other side counts as down."""

READS_LOG = frozenset(
    (
        reconcile_plan.NEW_EVENT,
        reconcile_plan.MISSING,
        reconcile_plan.ENDED,
        reconcile_plan.OUTDATED,
        reconcile_plan.BACK,
    )
)
"""Reasons for which the incident's log is read: also where only its state is behind, since an
event may have been looked at while a second sensor held it."""
STARTS_CARDS = frozenset((reconcile_plan.NEW_EVENT, reconcile_plan.MISSING))
"""Reasons for which a card may have to be started."""


class ReconcileReport(NamedTuple):
    """What one run did."""

    jobs: int
    put_right: int
    """Cards created or repainted."""
    replies: int
    left: int
    """Jobs for the next run."""
    problems: List[str]
    cursor: float
    """From where the next run reads the log."""
    requests: int
    """To find out what has to be done: the log, and incidents of which nothing is remembered."""


class Reconciler:
    """One run of reconcile."""

    def __init__(self, context: Context, rules: Callable[[], Sequence[Any]]) -> None:
        """`rules`: all of StackStorm's, asked for when a card may be missing."""
        self._context = context
        self._posts: CardPublisher = posting.make_publisher(context)
        self._wanted = WantedCards(context, rules)
        self._called = CalledEvents({}, {}, ())

    def run(self, state: SensorState, cursor: float, *, full: bool) -> ReconcileReport:
        """`state`: the sensor's. `full`: also what Mattermost has of each card is read."""
        context = self._context
        since = max(cursor or context.clock() - FIRST_LOOK_SECONDS, state.origin)
        log = read_log(context.pagerduty, since, None, lambda id: True)
        now = log.server_time or context.clock()
        upto = now if log.upto is None else min(log.upto, now)
        remembered = load_all(self._context.store, self._context.log)
        rows = reconcile_plan.open_incidents(state.known, log.entries)
        told = state.known.keys() | {entry.incident.id for entry in log.entries}
        unknown = frozenset() if full else frozenset(remembered.keys() - told)
        truth = AtPagerDuty(rows, log.entries, now, unknown)
        kept_back = held_cards.held_incidents(self._context.store)
        low = frozenset(id for id in kept_back if id not in rows or rows[id].is_low)
        noise, watch = storm_gate.remembered(context.store), context.settings.watch

        def forgotten(incident: Incident) -> bool:
            is_new = (times.seconds(incident.created_at) or 0.0) >= state.origin
            passes = "triggered" in watch.start_states and all(
                one.passed for one in route_verdicts.filters(watch, incident)
            )
            return is_new and not incident.is_open and passes

        planned = reconcile_plan.plan(
            truth, remembered, state.known, frozenset(noise.held), low, forgotten
        )
        incidents, requests = self._read_unjudged(planned, rows, remembered)
        problems: List[str] = []
        jobs = self._wanted_jobs(planned, rows, incidents, remembered, problems)
        wanted = {job.incident_id for job in jobs}
        left_out = (job.incident_id for job in planned if job.incident_id not in wanted)
        self._wanted.keep_unwanted({id: rows[id].updated_at for id in left_out if id in rows})
        rooms = tended(context, remembered, full=full)
        problems += rooms.problems
        jobs += shelved_cards.back(context.mattermost, remembered, wanted, rooms.back)
        if full:
            jobs += self._of_mattermost(remembered, rows, {job.incident_id for job in jobs})
        jobs += self._of_calls(remembered, {job.incident_id for job in jobs}, now)
        outcomes, more, left = self._do(jobs, incidents, remembered, state, now)
        problems += more
        problems += close_storms(context, noise.groups.keys(), now)
        done = [one for one in outcomes if one.done in (CREATED, REPAINTED)]
        replies = sum(len(one.reply_ids) for one in outcomes)
        later = since if left else max(since, _kept_place(log, state, upto))
        return ReconcileReport(len(jobs), len(done), replies, left, problems, later, requests + 1)

    def _of_calls(
        self, remembered: Mapping[str, IncidentMemory], planned: AbstractSet[str], now: float
    ) -> List[ReconcileJob]:
        """What calls of the webhook alone told and was lost on its way to the cards, or waits for
        long."""
        store = self._context.store
        self._called = reconcile_plan.of_calls(body_events.kept(store), remembered, now)
        for one in self._called.arrived:
            body_events.forget(store, one)
        why = frozenset({reconcile_plan.NEW_EVENT})
        return [ReconcileJob(id, why) for id in self._called.overdue if id not in planned]

    def _read_unjudged(
        self,
        planned: Sequence[ReconcileJob],
        rows: Mapping[str, OpenIncident],
        remembered: Mapping[str, IncidentMemory],
    ) -> Tuple[Dict[str, Incident], int]:
        """The open incidents that may miss a card and of which nothing as new is remembered, but
        for those known to be unwanted; and how many requests that took."""
        asked = [
            job.incident_id
            for job in planned
            if job.why == {reconcile_plan.MISSING}
            and job.incident_id in rows
            and not _is_remembered(rows[job.incident_id], remembered.get(job.incident_id))
            and not self._wanted.is_unwanted(job.incident_id, rows[job.incident_id].updated_at)
        ]
        pages = -(-len(rows) // PAGE_ROWS)
        if len(asked) > pages:
            return read_open(self._context.pagerduty)[0], pages
        found = {id: read_readable(self._context.pagerduty, id) for id in asked}
        return {id: one for id, one in found.items() if one is not None}, len(asked)

    def _do(
        self,
        jobs: List[ReconcileJob],
        incidents: Mapping[str, Incident],
        remembered: Dict[str, IncidentMemory],
        state: SensorState,
        now: float,
    ) -> tuple[List[CardOutcome], List[str], int]:
        began, in_a_row, left = self._context.monotonic(), 0, 0
        outcomes: List[CardOutcome] = []
        problems: List[str] = []
        for number, job in enumerate(jobs):
            late = self._context.monotonic() - began > MAX_SECONDS
            if number >= MAX_JOBS or late or in_a_row >= FAILURES_IN_A_ROW:
                left += len(jobs) - number
                break
            memory = remembered.get(job.incident_id, IncidentMemory({}, ()))
            try:
                outcomes += self._put_right(
                    job, incidents.get(job.incident_id), memory, state, now
                )
                in_a_row = 0
            except RetryLater as error:
                in_a_row, left = in_a_row + 1, left + 1
                problems.append(f"{job.incident_id}: {error}")
            except WriteRefused:
                raise
            except Exception as error:  # noqa: BLE001 - it stays with this incident
                problems.append(f"{job.incident_id}: {self._context.line_of(error)}")
        problems += [one.problem for one in outcomes if one.problem]
        return outcomes, problems, left

    def _put_right(
        self,
        job: ReconcileJob,
        row: Optional[Incident],
        memory: IncidentMemory,
        state: SensorState,
        now: float,
    ) -> List[CardOutcome]:
        incident = row or read_incident(self._context.pagerduty, job.incident_id)
        if incident is None:
            return self._deleted(memory, now)
        change, called = Change(incident, read_at=times.iso(now)), self._called.overdue
        if job.why & READS_LOG:
            called = self._called.untold
            entries = read_incident_log(self._context.pagerduty, job.incident_id)
            seen = {event.event_id: event.event_type for event in memory.events}
            change = missing_events(entries, incident, seen, state.origin, now)
        events = (*change.events, *called.get(job.incident_id, ()))
        change = change._replace(events=tuple(sorted(events, key=lambda one: one.occurred_at)))
        found = self._posts.repaint(change) if memory.cards else []
        follow(self._context, change, found)
        if job.why & STARTS_CARDS:
            found += self._born(change, memory)
        return found

    def _deleted(self, memory: IncidentMemory, now: float) -> List[CardOutcome]:
        """PagerDuty no longer knows it: its cards say so."""
        if not memory.states:
            return []
        last = memory.newest.change.incident
        at = times.iso(now)
        return self._posts.repaint(
            Change(last._replace(status="deleted", updated_at=at, resolved_at=at), read_at=at)
        )

    def _born(self, change: Change, memory: IncidentMemory) -> List[CardOutcome]:
        """The cards that rules and subscriptions would have started."""
        found: List[CardOutcome] = []
        changes = _changes(change, memory)
        for channel, route in self._wanted.births(changes):
            found += self._shown(change, channel, route, memory)
        if self._wanted.opens_room(changes):
            open_missing(self._context, change)
        return found

    def _wanted_jobs(
        self,
        planned: Sequence[ReconcileJob],
        rows: Mapping[str, OpenIncident],
        incidents: Mapping[str, Incident],
        remembered: Mapping[str, IncidentMemory],
        problems: List[str],
    ) -> List[ReconcileJob]:
        """Those for which anything is to be done; what is wrong with one keeps no other back."""
        found: List[ReconcileJob] = []
        for job in planned:
            memory = remembered.get(job.incident_id, IncidentMemory({}, ()))
            try:
                if self._is_wanted(job, rows, incidents, memory):
                    found.append(job)
            except (PackError, WriteRefused):
                raise
            except Exception as error:  # noqa: BLE001 - it stays with this incident
                problems.append(f"{job.incident_id}: {self._context.line_of(error)}")
        return found

    def _is_wanted(
        self,
        job: ReconcileJob,
        rows: Mapping[str, OpenIncident],
        incidents: Mapping[str, Incident],
        memory: IncidentMemory,
    ) -> bool:
        """Whether anything is to be done for it: not for an incident that no route wants, by what
        is remembered of it and how it is now."""
        if job.why != {reconcile_plan.MISSING}:
            return True
        incident = incidents.get(job.incident_id)
        if incident is None:
            row = rows.get(job.incident_id)
            if not memory.states:
                return False
            if row is not None and not _is_remembered(row, memory):
                return False
            incident = memory.newest.change.incident
        return bool(self._wanted.births(_changes(Change(incident), memory)))

    def _shown(
        self, change: Change, channel: str, route: Route, memory: IncidentMemory
    ) -> List[CardOutcome]:
        incident = change.incident
        try:
            ref = self._context.channels.look_up(channel, (incident.service_id, incident.service))
            if ref.id in memory.cards:
                return []
            return [self._posts.show(change, channel, route, due=True)]
        except ChannelUnavailable as error:
            if error.archived_id in memory.cards:
                return []
            if error.archived_id:  # said once a day, not by every run
                self._context.notify_operators(f"channel:{error.channel}", str(error))
                return []
            return [CardOutcome(channel, problem=str(error))]
        except (NotFound, RejectedInput) as error:
            return [CardOutcome(channel, problem=f"{channel}: {error}")]

    def _of_mattermost(
        self,
        remembered: Dict[str, IncidentMemory],
        rows: Mapping[str, OpenIncident],
        planned: set[str],
    ) -> List[ReconcileJob]:
        """Every open incident with a card: what Mattermost has of it is compared; a post that is
        gone is posted anew, once."""
        cards = {
            (incident_id, record.channel_id): record
            for incident_id, memory in remembered.items()
            if incident_id in rows
            for record in memory.cards.values()
            if record.post_id and not record.shelved
        }
        living = set(
            self._context.mattermost.living(sorted({record.post_id for record in cards.values()}))
        )
        jobs: Dict[str, ReconcileJob] = {}
        for (incident_id, _), record in cards.items():
            if record.post_id not in living and not record.reposted:
                books = IncidentRecords(self._context.store, incident_id, self._context.log)
                books.save_card(
                    record._replace(
                        post_id="", born=False, gone=False, reposted=True, told=(), replied=()
                    )
                )
            if incident_id not in planned:
                jobs[incident_id] = ReconcileJob(incident_id, frozenset({reconcile_plan.LOST}))
        return list(jobs.values())


def _kept_place(log: LogRead, state: SensorState, upto: float) -> float:
    """From where the next run reads the log. Not past what the sensor has read, since what it has
    yet to tell may be lost on the way as well; unless there is more behind than one run reads, as
    when the sensor has been dead for long: what has a card is to be followed meanwhile."""
    place = min(upto, state.cursor) if log.upto is None else upto
    return place - reconcile_plan.IN_FLIGHT_SECONDS - 5


def _is_remembered(row: OpenIncident, memory: Optional[IncidentMemory]) -> bool:
    """Whether what is remembered of it is as new as it is."""
    if memory is None or not memory.states:
        return False
    return memory.newest.version.updated_at >= row.updated_at


def _changes(change: Change, memory: IncidentMemory) -> List[Change]:
    """What routes judge by: the changes that are remembered, and this one, as a trigger where it
    has no events and is newer than them."""
    changes = [state.change for state in memory.states if state.change.events]
    newer = not changes or change.incident.updated_at > changes[-1].incident.updated_at
    if change.events or newer:
        events = change.events or (
            IncidentEvent("reconcile", "incident.triggered", change.incident.created_at),
        )
        changes.append(change._replace(events=events))
    return changes
