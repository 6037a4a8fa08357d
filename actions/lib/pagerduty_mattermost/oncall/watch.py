"""The on-call watch at work: looks at who is on call, tells hand-offs and coming shifts, and
remembers what it saw.

    OnCallWatcher(context).run() -> WatchReport(...)

What was told is remembered after it was told, in one value with the time of the run. One that
dies before that finds the same again, and each message has a key: nothing is lost, nothing is told
twice. A run that fails sends nothing.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater, StoreUnreachable
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.rate_brake import gives_way
from pagerduty_mattermost.gateways.pagerduty.schedules import Schedule
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.oncall import (
    entries,
    handoff_messages,
    handoffs,
    rendered_schedule,
    shift_acceptance,
    swap_taking,
)
from pagerduty_mattermost.oncall.handoff_messages import CANCELLED, OVER
from pagerduty_mattermost.oncall.handoffs import (
    ANNOUNCED_KEPT_SECONDS,
    LOOK_BACK_SECONDS,
    HandOff,
    LastOnCall,
    WatchedChanges,
    WatchState,
)
from pagerduty_mattermost.oncall.handover_texts import HandOverTexts
from pagerduty_mattermost.oncall.inherited import Groups
from pagerduty_mattermost.oncall.rendered_schedule import OnCallReason
from pagerduty_mattermost.oncall.shift_messages import ShiftButton, ShiftMessenger
from pagerduty_mattermost.oncall.targets import forget_targets
from pagerduty_mattermost.oncall.watched import WatchedOnCalls, read_watched

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY = "oncall.watch"
SCHEDULE_AROUND_SECONDS = 7 * 86400.0
"""Before and after now, in which a schedule's own entries are read: a swap is found within
them."""
REASON_WAIT_SECONDS = 300.0
"""For which a hand-off waits until PagerDuty can tell whether it is an override."""
CONTACTS_EVERY_SECONDS = 1800.0
"""Between two checks of contacts."""
GIVES_WAY_SECONDS = 180.0
"""For which it gives way while PagerDuty's rate limit runs out: a hand-off may come late, never
not at all."""
RUNS_APART_SECONDS = 90.0
"""The sensor's heartbeat doubles the timer, and leaves it alone while it runs."""


class WatchReport(NamedTuple):
    """What one run came to."""

    watched: int
    handoffs: int
    reminders: int
    contacts: int
    """Shifts of people who can't be reached, who were warned of now."""
    problems: List[str]
    at: float


def remembered(store: Store) -> WatchState:
    """Raises StoreUnreachable. What does not read is put into quarantine, and the watch begins
    anew."""
    try:
        value = store.read(KEY)
        found = handoffs.from_data(value) if value is not None else WatchState()
        if found is not None:
            return found
        raise BrokenValue(KEY, repr(value), "no state of the on-call watch")
    except BrokenValue as error:
        store.quarantine(error.name, error.raw, error.why)
        return WatchState()


def run(context: Context, *, by_sensor: bool, groups: Groups) -> Dict[str, Any]:
    """One run: the action's result. `by_sensor`: the sensor's heartbeat asked for it, not the
    timer; `groups`: reads what storms and flaps. Raises the gateways' and the store's errors."""
    swap_taking.look_after(context, context.clock())
    if not context.settings.oncall.channels:
        message = "Nothing is watched: oncall.channels is empty."
        return {"done": "not_configured", "message": message}
    if by_sensor:
        last = remembered(context.store).at
        if last and abs(context.clock() - last) < RUNS_APART_SECONDS:
            return {"done": "too_soon", "message": "It polled a moment ago."}
    if gives_way(context.store, "oncall.watch", context.clock(), GIVES_WAY_SECONDS):
        message = "PagerDuty's rate limit runs out: it waits for the next run."
        return {"done": "gives_way", "message": message}
    report = OnCallWatcher(context, groups).run()
    for problem in dict.fromkeys(report.problems):
        context.log.warning("Not posted: %s", problem)
    return {"done": "done", **report._asdict(), "message": sentence(report)}


def sentence(report: WatchReport) -> str:
    """What a run of the watch did, for people."""
    counts = f"hand-offs: {report.handoffs}, reminders: {report.reminders}"
    more = f", without a contact: {report.contacts}" if report.contacts else ""
    return f"Watched: {report.watched}; {counts}{more}."


class OnCallWatcher:
    """One run."""

    def __init__(self, context: Context, groups: Groups = tuple) -> None:
        """`groups`: reads what storms and flaps, for hand-offs alone."""
        self._context = context
        self._carried = HandOverTexts(context, groups)
        self._terms = context.settings.oncall
        self._zone = times.zone(context.settings.time_zone)
        self._messenger = ShiftMessenger(context)
        self._rendered: Dict[str, Schedule] = {}

    def run(self) -> WatchReport:
        """Raises the gateway's and the store's errors; nothing is remembered of such a run."""
        before = remembered(self._context.store)
        began = self._context.clock()
        hours = self._terms.contact_check_before
        check = hours > 0 and not 0 <= began - before.checked_at < CONTACTS_EVERY_SECONDS
        lead = max(60.0 * self._terms.remind_before, 3600.0 * hours if check else 0.0)
        since = max(before.at, began - LOOK_BACK_SECONDS) if before.at else began
        seen = read_watched(self._context, min(since, began), began + lead, before.at_once)
        changes, seen, unused = self._sure(before, seen, since, began + lead)
        state = changes.state._replace(at_once=seen.at_once, unused=unused)
        state = self._tell(changes.handoffs, seen, state)
        sent = dict(state.told)
        reminders = self._remind(seen, sent)
        state = state._replace(told=sent)
        self._carried.forget_notes()
        shift_acceptance.tell_late(self._context, self._messenger, seen.at)
        self._context.store.write(KEY, handoffs.to_data(state))
        contacts = self._check(seen, state, 3600.0 * hours) if check else 0
        problems = [*seen.problems, *self._messenger.problems]
        return WatchReport(
            len(seen.spans), len(changes.handoffs), reminders, contacts, problems, seen.at
        )

    def _check(self, seen: WatchedOnCalls, state: WatchState, within: float) -> int:
        """Contacts, once all else is remembered: where they can't be read, hand-offs are told all
        the same."""
        from pagerduty_mattermost.oncall.shift_contacts import tell_contacts

        try:
            state, count = tell_contacts(self._context, self._messenger, seen, state, within)
        except StoreUnreachable:
            raise
        except RetryLater as error:
            self._messenger.problems.append(str(error))
            return 0
        except PackError as error:
            self._messenger.problems.append(str(error))
            self._context.notify_operators(
                "oncall.contacts",
                "Whether those on call can be reached is not known: "
                f"{escape(one_line(str(error), 500))} "
                "(oncall.contact_check_before: 0 switches the check off)",
            )
            state, count = state._replace(checked_at=seen.at), 0
        self._context.store.write(KEY, handoffs.to_data(state))
        return count

    def _sure(
        self, before: WatchState, seen: WatchedOnCalls, since: float, until: float
    ) -> Tuple[WatchedChanges, WatchedOnCalls, Tuple[str, ...]]:
        """What changed, once what may come from a lost row, or from a schedule that no policy
        uses, was asked for again."""
        changes = handoffs.find_changes(before, seen.spans, seen.at)
        odd = {one.watched for one in changes.handoffs if one.odd}
        changed = {one.watched for one in changes.handoffs}
        spans = dict(seen.spans)
        unused = {id for id in before.unused if id in spans and not spans[id]}
        schedules = [id for id, thing in seen.things.items() if thing.kind == "schedule"]
        doubtful = [
            id
            for id in schedules
            if id in odd or (not spans[id] and (id in unused or id not in before.levels))
        ]
        policies = sorted(id for id in changed if seen.things[id].kind == "escalation_policy")
        if not doubtful and not (policies and seen.pages.get("escalation_policy", 0) > 1):
            return changes, seen, tuple(sorted(unused))
        if doubtful:
            self._render(doubtful, seen.at)
        for id in doubtful:
            found = self._rendered.get(id)
            if found is None:  # deleted since its name was looked up
                forget_targets(self._context.store)
                del spans[id]
                unused.discard(id)
                continue
            final = rendered_schedule.spans(found)
            spans[id] = {handoffs.SCHEDULE_LEVEL: final} if final else {}
            (unused.discard if found.used else unused.add)(id)
        if policies and seen.pages.get("escalation_policy", 0) > 1:
            wanted = {"escalation_policy": policies}
            again = entries.read(
                self._context.pagerduty, wanted, min(since, seen.at), until, seen.at_once
            )
            spans.update(again.spans)
        changes = handoffs.find_changes(before, spans, seen.at)
        return changes, seen._replace(spans=spans), tuple(sorted(unused))

    def _render(self, ids: List[str], now: float) -> None:
        missing = [id for id in dict.fromkeys(ids) if id and id not in self._rendered]
        if missing:
            self._rendered.update(
                schedules.read_many(
                    self._context.pagerduty,
                    missing,
                    now - SCHEDULE_AROUND_SECONDS,
                    now + SCHEDULE_AROUND_SECONDS,
                )
            )

    # Hand-offs

    def _tell(self, found: List[HandOff], seen: WatchedOnCalls, state: WatchState) -> WatchState:
        """Tell each; the state with what was learnt of overrides."""
        if not found:
            return state
        self._ask_reasons(found, seen)
        levels_of = {
            id: {level: dict(people) for level, people in levels.items()}
            for id, levels in state.levels.items()
        }
        overrides: Dict[Tuple[str, int, str], float] = {}
        """Ends of the overrides by which people came in this very run."""
        for one in found:
            told = partial(self._tell_one, one, seen, levels_of, overrides)
            self._apart(f"the hand-off of {one.watched}", told)
        return state._replace(levels=levels_of)

    def _apart(self, about: str, work: Callable[[], Any]) -> Any:
        """What `work` gives; None where it stumbles in a way nobody foresaw: the others go on."""
        try:
            return work()
        except PackError:
            raise
        except Exception as error:  # noqa: BLE001 - it stays with this one
            self._messenger.problems.append(self._context.tell_stumble(about, error))
            return None

    def _tell_one(
        self,
        one: HandOff,
        seen: WatchedOnCalls,
        levels_of: Dict[str, Dict[int, Dict[str, LastOnCall]]],
        overrides: Dict[Tuple[str, int, str], float],
    ) -> None:
        """Adds the ends of overrides by which people came to `overrides` and `levels_of`."""
        one = one._replace(
            left=tuple(
                held._replace(
                    until=overrides.get((one.watched, one.level, held.user.id), held.until)
                )
                for held in one.left
            )
        )
        reasons = {span.user.id: self._reason(one, span) for span in one.came}
        for user, why in reasons.items():
            overrides[one.watched, one.level, user] = why.until
            people = levels_of[one.watched][one.level]
            if user in people:
                people[user] = people[user]._replace(until=why.until)
        thing, rendered = seen.things[one.watched], self._rendered.get(one.watched)
        carried = self._carried.of(one, thing, rendered, seen.at)
        button = shift_acceptance.offer(
            self._context, one, thing.name, seen.channels[one.watched], seen.at
        )
        self._post(one, seen, reasons, carried, button)
        if one.newest and self._terms.direct_messages:
            self._direct(one, seen, reasons, levels_of[one.watched], carried, button)

    def _ask_reasons(self, found: List[HandOff], seen: WatchedOnCalls) -> None:
        ids = [span.schedule for one in found for span in one.came]
        ids += [one.watched for one in found if seen.things[one.watched].kind == "schedule"]
        try:
            self._render(ids, seen.at)
        except RetryLater:
            if any(seen.at - one.at < REASON_WAIT_SECONDS for one in found):
                raise  # the next run tells all of it
        except PackError as error:
            self._context.log.info("Whether it is an override is not known: %s", error)

    def _reason(self, one: HandOff, span: handoffs.OnCallSpan) -> OnCallReason:
        at = max(one.at, span.start or one.at)
        return rendered_schedule.reason(self._rendered.get(span.schedule or one.watched), span, at)

    def _back(self, one: HandOff, reasons: Mapping[str, OnCallReason]) -> str:
        """Whether an override by which somebody was on call was cancelled, or is over."""
        if any(why.kind for why in reasons.values()):
            return ""
        schedules = {one.watched, *(span.schedule for span in one.came)}
        for held in one.left:
            if held.until and one.at < held.until - 1:
                return CANCELLED
            over = held.until and abs(one.at - held.until) <= 1
            if over or any(
                rendered_schedule.ended(self._rendered.get(id), held.user.id, one.at)
                for id in schedules
            ):
                return OVER
        return ""

    def _post(
        self,
        one: HandOff,
        seen: WatchedOnCalls,
        reasons: Mapping[str, OnCallReason],
        carried: str,
        button: Optional[ShiftButton],
    ) -> None:
        name, shown = seen.things[one.watched].name, self._messenger.name
        text = handoff_messages.posted(
            one, name, shown, self._zone, seen.at, reasons, self._back(one, reasons)
        )
        for channel in seen.channels[one.watched]:
            notes = self._carried.notes(one, f"channel {channel}", shown)
            self._messenger.channel(channel, text + carried + notes, one.key, button=button)

    def _direct(
        self,
        one: HandOff,
        seen: WatchedOnCalls,
        reasons: Mapping[str, OnCallReason],
        levels: Mapping[int, Mapping[str, LastOnCall]],
        carried: str,
        button: Optional[ShiftButton],
    ) -> None:
        name = seen.things[one.watched].name
        present = {user for people in levels.values() for user in people}
        for span in one.came:
            text = handoff_messages.for_who_came(
                one, span, name, self._zone, reasons.get(span.user.id)
            )
            notes = self._carried.notes(one, f"user {span.user.id}", self._messenger.name)
            key, text = one.personal(span.user.id), text + carried + notes
            self._messenger.person(span.user, text, key, button=button)
        for held in one.left:
            if held.user.id not in present:  # else only another level
                text = handoff_messages.for_who_left(one, name, self._messenger.name)
                self._messenger.person(held.user, text, one.personal(held.user.id))

    # Shifts that begin soon

    def _remind(self, seen: WatchedOnCalls, sent: Dict[str, float]) -> int:
        """A reminder that fails is tried by each further run until the shift has begun; then it
        is none any more."""
        count = 0
        for one in handoffs.coming_shifts(seen.spans, seen.at, 60.0 * self._terms.remind_before):
            if one.key in sent:
                continue
            told = partial(self._remind_one, one, seen)
            if self._apart(f"the reminder of a shift of {one.watched}", told):
                sent[one.key] = (one.span.start or seen.at) + ANNOUNCED_KEPT_SECONDS
                count += 1
        return count

    def _remind_one(self, one: handoffs.ComingShift, seen: WatchedOnCalls) -> bool:
        name = seen.things[one.watched].name
        if self._terms.direct_messages:
            text = handoff_messages.reminder(one, name, self._zone, seen.at)
            return self._messenger.person(one.span.user, text, one.key, keep=False)
        whose = f"{self._messenger.name(one.span.user)}'s"
        text = handoff_messages.reminder(one, name, self._zone, seen.at, whose)
        done = True
        for channel in seen.channels[one.watched]:
            key = post_key("reminder", one.key, channel)
            done = self._messenger.channel(channel, text, key, keep=False) and done
        return done


def last_look(store: Store) -> Optional[float]:
    """When the watch ran last, seconds since the epoch; None when it never did. Raises
    StoreUnreachable or BrokenValue; nothing is changed."""
    found = handoffs.from_data(store.read(KEY))
    return found.at or None if found is not None else None
