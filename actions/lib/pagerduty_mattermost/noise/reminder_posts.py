"""Reminders in the threads of cards: which incidents are due, and the reply, once each.

    due = waiting(store, settings, now)            # two requests to the datastore, or one
    ReminderRun(context, settings).remind(due)     # asks PagerDuty; only when something is due

What is triggered is known from the incident sensor's committed state, so that PagerDuty is asked
nothing while all is well. `pagerduty.reminder.<incident id>` says when the episode began, how many
reminders there were and when something is to be done; it goes when the incident is over. The
thread itself is the record of what was posted: a late, doubled or repeated run posts once.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
)

from pagerduty_mattermost.cards.incident_memory import CardRecord, IncidentMemory
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import CANARY, NONE
from pagerduty_mattermost.core import set_aside, times
from pagerduty_mattermost.core.config.quiet import RemindersConfig
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.known_states import REPORTED, KnownIncident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.incidents.state_store import peek
from pagerduty_mattermost.noise import reminder_rules

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY_PREFIX = "reminder."
KEPT_SECONDS = 30 * 86400.0
MAX_SECONDS = 45.0
"""After this long what is left waits for the next run."""
MAX_FORGOTTEN = 50
"""Records of incidents that are over, deleted in one run."""
MAX_READ = 200
"""Incidents whose records are read in one run, the longest due first: in a storm the others wait
for the next."""
FIRST_WAIT_SECONDS = 60.0
"""Seconds until an incident without a card is considered again; a quarter of its age once that is
more."""


class ReminderRecord(NamedTuple):
    """How far an incident's reminders are."""

    incident_id: str
    since: float
    """When the episode began, seconds since the epoch."""
    told: int = 0
    """Reminders of the episode so far."""
    next_at: float = 0.0
    """When there is something to do; 0: not before its status changes."""
    status_at: int = 0
    """The known incident's `status_at` when this was decided."""


def waiting(
    store: Store,
    terms: RemindersConfig,
    now: float,
    log: Any = None,
    stumbled: Callable[[str, BaseException], Any] = set_aside.note,
) -> List[ReminderRecord]:
    """Those that are due, the oldest first. Raises StoreUnreachable. `stumbled` is told of what
    can't be judged in a way nobody foresaw."""
    known = peek(store)
    triggered = {id: one for id, one in known.items() if _is_meant(one, terms)}
    if not triggered:
        return []
    kept = _every(store)
    for incident_id in [id for id in kept if id not in known or not known[id].is_open][
        :MAX_FORGOTTEN
    ]:
        store.delete(KEY_PREFIX + incident_id)
    found: List[ReminderRecord] = []
    todo = []
    for incident_id, state in triggered.items():
        before = kept.get(incident_id)
        if before is None or before.status_at != state.status_at:
            todo.append((state.status_at, incident_id))
        elif 0 < before.next_at <= now:
            todo.append((int(before.next_at), incident_id))
    for _, incident_id in sorted(todo)[:MAX_READ]:
        before = kept.get(incident_id) or ReminderRecord(incident_id, 0.0)
        try:
            memory = IncidentRecords(store, incident_id, log).load()
            one = _looked(before, memory, triggered[incident_id], terms, now)
        except PackError:
            raise
        except Exception as error:  # noqa: BLE001 - the other incidents' reminders go on
            stumbled(f"the reminder of {incident_id}", error)
            continue
        if one != kept.get(incident_id):
            save(store, one)
        if 0 < one.next_at <= now:
            found.append(one)
    return sorted(found, key=lambda one: (one.since, one.incident_id))


def save(store: Store, one: ReminderRecord) -> None:
    """Remembered for `KEPT_SECONDS`. Raises as `Store.write`."""
    store.write(KEY_PREFIX + one.incident_id, to_json(one), KEPT_SECONDS)


class ReminderRun:
    """One run: all that is due is asked for at once, and each is read again just before its
    reply."""

    def __init__(self, context: Context, terms: RemindersConfig) -> None:
        from pagerduty_mattermost.cards.mentions import Mentions
        from pagerduty_mattermost.cards.quiet_hours import QuietHours

        self._context = context
        self._terms = terms
        self._zone = times.zone(context.settings.time_zone)
        self._hours = QuietHours(
            context.settings.quiet_hours, context.settings.time_zone, context.clock
        )
        self._mentions = Mentions(
            context.mattermost, lambda: context.pagerduty, context.store, log=context.log
        )
        self._on_calls: Dict[str, Optional[List[on_calls.OnCall]]] = {}

    def remind(self, due: Sequence[ReminderRecord]) -> List[str]:
        """Ids of the posts. Raises RetryLater when something may go through later; all else was
        done by then."""
        began = self._context.monotonic()
        asked = {
            "statuses": ["triggered"],
            "urgencies": list(self._terms.urgencies),
            "date_range": "all",
            "include": ["escalation_policies"],
        }
        rows = {
            row.get("id"): row
            for row in self._context.pagerduty.list_all("/incidents", "incidents", asked).items
        }
        present = [row for row in (rows.get(one.incident_id) for one in due) if row is not None]
        posted: List[str] = []
        later: Optional[RetryLater] = None
        for one in due:
            row = rows.get(one.incident_id)
            if row is None or self._context.monotonic() - began > MAX_SECONDS:
                # No longer triggered, which the sensor is about to see; or for the next run.
                continue
            try:
                posted += self._incident(one, row, present)
            except RetryLater as error:
                later = later or error
            except PackError:
                raise
            except Exception as error:  # noqa: BLE001 - the other incidents' reminders go on
                self._context.tell_stumble(f"the reminder of {one.incident_id}", error)
        if later is not None:
            raise later
        return posted

    def _incident(
        self, one: ReminderRecord, row: Mapping[str, Any], present: Sequence[Mapping[str, Any]]
    ) -> List[str]:
        memory = IncidentRecords(self._context.store, one.incident_id, self._context.log).load()
        now = self._context.clock()
        since = reminder_rules.began(memory.events, one.since)
        if since > one.since:
            one = one._replace(since=since, told=0)
        number = reminder_rules.due(one.since, now, self._terms)
        cards = _cards(memory)
        quiet = [until for until in map(self._quiet_until(row), cards) if until is not None]
        if not cards or (quiet and len(quiet) == len(cards)):
            again = min(quiet) if quiet else _next_try_at(one.since, now)
            save(self._context.store, one._replace(next_at=again))
            return []
        posted: List[str] = []
        if number > one.told:
            text = reminder_rules.text(one.since, now, self._following(row, present), self._zone)
            for card in cards:
                if self._quiet_until(row)(card) is None:
                    posted += self._reply(one, number, card, row, text)
        one = one._replace(told=max(number, one.told))
        save(
            self._context.store,
            one._replace(next_at=reminder_rules.next_at(one.since, one.told, self._terms)),
        )
        return posted

    def _quiet_until(self, row: Mapping[str, Any]) -> Any:
        """When the quiet hours of a card's route are over, where they mean the incident; None when
        it may be raised."""
        low = row.get("urgency") == "low"
        return lambda card: self._hours.until(card.route.quiet) if low else None

    def _reply(
        self, one: ReminderRecord, number: int, card: CardRecord, row: Mapping[str, Any], text: str
    ) -> List[str]:
        from pagerduty_mattermost.cards.thread import CardThread
        from pagerduty_mattermost.core.post_keys import post_key

        mattermost = self._context.mattermost
        key = post_key(
            "reminder", one.incident_id, card.channel_id, f"{one.since:.0f}", str(number)
        )
        try:
            read = self._context.monotonic()
            posts = mattermost.thread(card.post_id)
            thread = CardThread(
                mattermost, self._context.monotonic, card.channel_id, card.post_id, posts, read
            )
            if thread.has(key) or not any(post["id"] == card.post_id for post in posts):
                return []
            mention = self._mention(card, row)
            if not self._still(one.incident_id):
                return []
            message = f"{text} · {mention}" if mention else text
            return thread.add(key, message, {"incident": one.incident_id})
        except (Unauthorized, RejectedInput, NotFound) as error:
            if error.status == 401:
                raise
            where = card.label or card.channel_id
            self._context.log.warning("No reminder of %s in %s: %s", one.incident_id, where, error)
            return []

    def _still(self, incident_id: str) -> bool:
        """Whether it is unacknowledged now: somebody may have acknowledged since all were asked
        for."""
        row = get_incident(self._context.pagerduty, incident_id)
        return row.get("status") == "triggered" and row.get("urgency") in self._terms.urgencies

    def _mention(self, card: CardRecord, row: Mapping[str, Any]) -> str:
        incident = incident_from_rest(row)
        return "" if incident is None else self._mentions.of_incident(card.route.mention, incident)

    def _following(self, row: Mapping[str, Any], present: Sequence[Mapping[str, Any]]) -> str:
        """Who is next; one request for each escalation policy, for all incidents that are due."""
        policy = reminder_rules.policy_id(row)
        steps = [
            reminder_rules.planned(other)
            for other in present
            if reminder_rules.policy_id(other) == policy
        ]
        found = [step for step in steps if step is not None]
        if policy not in self._on_calls and policy and found:
            try:
                self._on_calls[policy] = on_calls.read(
                    self._context.pagerduty,
                    {"escalation_policy_ids": [policy]},
                    since=min(step.assigned_at for step in found),
                    until=max(step.at for step in found) + 1,
                )
            except PackError as error:
                self._context.log.info("Who is next on %s is not known: %s", policy, error)
                self._on_calls[policy] = None
        return reminder_rules.following(row, self._on_calls.get(policy), self._context.clock())


def _is_meant(known: KnownIncident, terms: RemindersConfig) -> bool:
    return known.status == "triggered" and known.urgency in terms.urgencies and known.has(REPORTED)


def _looked(
    one: ReminderRecord,
    memory: IncidentMemory,
    state: KnownIncident,
    terms: RemindersConfig,
    now: float,
) -> ReminderRecord:
    """What is to be done about it, and when, by what is remembered of it."""
    created = times.seconds(memory.newest.change.incident.created_at) if memory.states else None
    since = reminder_rules.began(memory.events, one.since or created or float(state.status_at))
    one = one._replace(
        since=since, told=one.told if since == one.since else 0, status_at=state.status_at
    )
    if not _cards(memory):
        return one._replace(next_at=_next_try_at(since, now))
    return one._replace(next_at=reminder_rules.next_at(since, one.told, terms))


def _next_try_at(since: float, now: float) -> float:
    return now + max(FIRST_WAIT_SECONDS, (now - since) / 4)


def _cards(memory: IncidentMemory) -> List[CardRecord]:
    """Those that can be replied to; a route that wants no replies gets no reminder either, nor
    does the canary's."""
    found = [one for one in memory.cards.values() if one.route != CANARY]
    return [one for one in found if one.is_there and one.route.reply_on != (NONE,)]


def _every(store: Store) -> Dict[str, ReminderRecord]:
    values = store.read_prefix(KEY_PREFIX, on_broken=lambda error: None)
    found = (kept_of(name, value) for name, value in values.items())
    return {one.incident_id: one for one in found if one is not None}


def kept_of(name: str, value: Any) -> Optional[ReminderRecord]:
    """Of a relative key and its value; None when it is no such record."""
    if not isinstance(value, Mapping):
        return None
    return record_or_none(ReminderRecord, {**value, "incident_id": name[len(KEY_PREFIX) :]})
