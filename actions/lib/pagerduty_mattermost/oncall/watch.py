"""The on-call watch at work: looks at who is on call, tells hand-offs and coming shifts, and
remembers what it saw.

    Watch(action).run() -> Done(...)

What was told is remembered after it was told, in one value with the time of the look. A run that
dies before that finds the same again, and each message has a key: nothing is lost, nothing is told
twice. A look that fails tells nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater, StoreUnreachable
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.oncall import entries as oncall_rows
from pagerduty_mattermost.oncall import handoff_messages as handoff_text
from pagerduty_mattermost.oncall import handoffs
from pagerduty_mattermost.oncall import rendered_schedule as rendered
from pagerduty_mattermost.oncall import targets as oncall_targets
from pagerduty_mattermost.oncall.handoff_messages import CANCELLED, OVER
from pagerduty_mattermost.oncall.handoffs import FAR_BACK, FORGET, HandOff, Held, Look, State
from pagerduty_mattermost.oncall.rendered_schedule import Reason, Rendered
from pagerduty_mattermost.oncall.shift_messages import Teller
from pagerduty_mattermost.oncall.watched import Sight, sight

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

RECORD = "oncall.watch"
AROUND = 7 * 86400.0
"""Seconds before and after now in which a schedule's own entries are looked at: a swap is found
within them."""
WAIT_FOR_REASON = 300.0
"""Seconds for which a hand-off waits until PagerDuty can tell whether it is an override."""
CONTACTS_EVERY = 1800.0
"""Seconds between two looks at contacts."""


class Done(NamedTuple):
    watched: int
    handoffs: int
    reminders: int
    contacts: int
    """Shifts of people who can't be reached, told now."""
    problems: List[str]
    at: float


def remembered(store: Store) -> State:
    """Raises StoreUnreachable. What does not read is kept aside, and the watch begins anew."""
    try:
        value = store.read(RECORD)
        found = handoffs.from_data(value) if value is not None else State()
        if found is not None:
            return found
        raise BrokenValue(RECORD, repr(value), "no state of the on-call watch")
    except BrokenValue as error:
        store.quarantine(error.name, error.raw, error.why)
        return State()


class Watch:
    """One look."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._terms = context.settings.oncall
        self._zone = times.zone(context.settings.time_zone)
        self._teller = Teller(context)
        self._rendered: Dict[str, Rendered] = {}

    def run(self) -> Done:
        """Raises the gateway's and the store's errors; nothing is remembered of such a look."""
        before = remembered(self._context.store)
        began = self._context.clock()
        hours = self._terms.contact_check_before
        check = hours > 0 and not 0 <= began - before.checked_at < CONTACTS_EVERY
        lead = max(60.0 * self._terms.remind_before, 3600.0 * hours if check else 0.0)
        since = max(before.at, began - FAR_BACK) if before.at else began
        seen = sight(self._context, min(since, began), began + lead, before.at_once)
        look, seen, unused = self._sure(before, seen, since, began + lead)
        state = look.state._replace(at_once=seen.at_once, unused=unused)
        state = self._tell(look.handoffs, seen, state)
        told = dict(state.told)
        reminders = self._remind(seen, told)
        state = state._replace(told=told)
        self._context.store.write(RECORD, handoffs.to_data(state))
        contacts = self._check(seen, state, 3600.0 * hours) if check else 0
        problems = [*seen.problems, *self._teller.problems]
        return Done(len(seen.lanes), len(look.handoffs), reminders, contacts, problems, seen.at)

    def _check(self, seen: Sight, state: State, within: float) -> int:
        """Contacts, once all else is remembered: where they can't be read, hand-offs are told all
        the same."""
        from pagerduty_mattermost.oncall.shift_contacts import tell_contacts

        try:
            state, count = tell_contacts(self._context, self._teller, seen, state, within)
        except StoreUnreachable:
            raise
        except RetryLater as error:
            self._teller.problems.append(str(error))
            return 0
        except PackError as error:
            self._teller.problems.append(str(error))
            self._context.notify_operators(
                "oncall.contacts",
                "Whether those on call can be reached is not known: "
                f"{escape(one_line(str(error), 500))} "
                "(oncall.contact_check_before: 0 switches the check off)",
            )
            state, count = state._replace(checked_at=seen.at), 0
        self._context.store.write(RECORD, handoffs.to_data(state))
        return count

    def _sure(
        self, before: State, seen: Sight, since: float, until: float
    ) -> Tuple[Look, Sight, Tuple[str, ...]]:
        """The look, once what may come from a lost row, or from a schedule that no policy uses,
        was asked for again."""
        look = handoffs.watch(before, seen.lanes, seen.at)
        odd = {one.watched for one in look.handoffs if one.odd}
        changed = {one.watched for one in look.handoffs}
        lanes = dict(seen.lanes)
        unused = {id for id in before.unused if id in lanes and not lanes[id]}
        schedules = [id for id, thing in seen.things.items() if thing.kind == "schedule"]
        doubtful = [
            id
            for id in schedules
            if id in odd or (not lanes[id] and (id in unused or id not in before.lanes))
        ]
        policies = sorted(id for id in changed if seen.things[id].kind == "escalation_policy")
        if not doubtful and not (policies and seen.pages.get("escalation_policy", 0) > 1):
            return look, seen, tuple(sorted(unused))
        if doubtful:
            self._render(doubtful, seen.at)
        for id in doubtful:
            found = self._rendered.get(id)
            if found is None:  # deleted since its name was looked up
                oncall_targets.forget(self._context.store)
                del lanes[id]
                unused.discard(id)
                continue
            lanes[id] = {handoffs.SCHEDULE_LEVEL: found.final} if found.final else {}
            (unused.discard if found.used else unused.add)(id)
        if policies and seen.pages.get("escalation_policy", 0) > 1:
            wanted = {"escalation_policy": policies}
            again = oncall_rows.read(
                self._context.pagerduty, wanted, min(since, seen.at), until, seen.at_once
            )
            lanes.update(again.lanes)
        look = handoffs.watch(before, lanes, seen.at)
        return look, seen._replace(lanes=lanes), tuple(sorted(unused))

    def _render(self, ids: List[str], now: float) -> None:
        missing = [id for id in dict.fromkeys(ids) if id and id not in self._rendered]
        if missing:
            self._rendered.update(
                rendered.read(self._context.pagerduty, missing, now - AROUND, now + AROUND)
            )

    # Hand-offs

    def _tell(self, found: List[HandOff], seen: Sight, state: State) -> State:
        """Tell each; the state with what was learnt of overrides."""
        if not found:
            return state
        self._ask_reasons(found, seen)
        lanes = {
            id: {level: dict(people) for level, people in levels.items()}
            for id, levels in state.lanes.items()
        }
        overrides: Dict[Tuple[str, int, str], float] = {}
        """Ends of the overrides by which people came in this very look."""
        for one in found:
            one = one._replace(
                left=tuple(
                    held._replace(
                        until=overrides.get((one.watched, one.level, held.user.id), held.until)
                    )
                    for held in one.left
                )
            )
            reasons = {spell.user.id: self._reason(one, spell) for spell in one.came}
            for user, why in reasons.items():
                overrides[one.watched, one.level, user] = why.until
                people = lanes[one.watched][one.level]
                if user in people:
                    people[user] = people[user]._replace(until=why.until)
            self._post(one, seen, reasons)
            if one.newest and self._terms.direct_messages:
                self._direct(one, seen, reasons, lanes[one.watched])
        return state._replace(lanes=lanes)

    def _ask_reasons(self, found: List[HandOff], seen: Sight) -> None:
        ids = [spell.schedule for one in found for spell in one.came]
        ids += [one.watched for one in found if seen.things[one.watched].kind == "schedule"]
        try:
            self._render(ids, seen.at)
        except RetryLater:
            if any(seen.at - one.at < WAIT_FOR_REASON for one in found):
                raise  # the next look tells, and tells all of it
        except PackError as error:
            self._context.log.info("Whether it is an override is not known: %s", error)

    def _reason(self, one: HandOff, spell: handoffs.Spell) -> Reason:
        at = max(one.at, spell.start or one.at)
        return rendered.reason(self._rendered.get(spell.schedule or one.watched), spell, at)

    def _back(self, one: HandOff, reasons: Mapping[str, Reason]) -> str:
        """Whether an override by which somebody was on call was cancelled, or is over."""
        if any(why.kind for why in reasons.values()):
            return ""
        schedules = {one.watched, *(spell.schedule for spell in one.came)}
        for held in one.left:
            if held.until and one.at < held.until - 1:
                return CANCELLED
            over = held.until and abs(one.at - held.until) <= 1
            if over or any(
                rendered.ended(self._rendered.get(id), held.user.id, one.at) for id in schedules
            ):
                return OVER
        return ""

    def _post(self, one: HandOff, seen: Sight, reasons: Mapping[str, Reason]) -> None:
        name, shown = seen.things[one.watched].name, self._teller.name
        text = handoff_text.posted(
            one, name, shown, self._zone, seen.at, reasons, self._back(one, reasons)
        )
        for channel in seen.channels[one.watched]:
            self._teller.channel(channel, text, one.key)

    def _direct(
        self,
        one: HandOff,
        seen: Sight,
        reasons: Mapping[str, Reason],
        levels: Mapping[int, Mapping[str, Held]],
    ) -> None:
        name = seen.things[one.watched].name
        present = {user for people in levels.values() for user in people}
        for spell in one.came:
            text = handoff_text.for_who_came(
                one, spell, name, self._zone, reasons.get(spell.user.id)
            )
            self._teller.person(spell.user, text, one.personal(spell.user.id))
        for held in one.left:
            if held.user.id not in present:  # else only another level
                text = handoff_text.for_who_left(one, name, self._teller.name)
                self._teller.person(held.user, text, one.personal(held.user.id))

    # Shifts that begin soon

    def _remind(self, seen: Sight, told: Dict[str, float]) -> int:
        """A reminder that fails is tried by each further look until the shift has begun; then it
        is none any more."""
        count = 0
        for one in handoffs.begins(seen.lanes, seen.at, 60.0 * self._terms.remind_before):
            if one.key in told:
                continue
            name = seen.things[one.watched].name
            if self._terms.direct_messages:
                text = handoff_text.reminder(one, name, self._zone, seen.at)
                done = self._teller.person(one.spell.user, text, one.key, keep=False)
            else:
                whose = f"{self._teller.name(one.spell.user)}'s"
                text = handoff_text.reminder(one, name, self._zone, seen.at, whose)
                done = True
                for channel in seen.channels[one.watched]:
                    key = post_key("reminder", one.key, channel)
                    done = self._teller.channel(channel, text, key, keep=False) and done
            if done:
                told[one.key] = (one.spell.start or seen.at) + FORGET
                count += 1
        return count


def last_look(store: Store) -> Optional[float]:
    """When the watch looked last, seconds since the epoch; None when it never did."""
    at = remembered(store).at
    return at or None
