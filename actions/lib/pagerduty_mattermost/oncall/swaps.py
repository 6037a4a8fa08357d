"""Somebody asks who takes their shift: in the rota's channel, with a button; the first to accept
gets it, by an override, exactly once.

    ask(context, shift, asker, channel)     # the post with the button "I take it"
    take(context, key, person)              # -> SwapAnswer(taker, already, ...)
    withdraw(context, asker)                # whoever asked goes on to have it
    tell_untaken(context, now)              # in each look, an hour before the shift at the latest

Whoever accepts, and whoever withdraws, writes the same reply in the post's thread: its key is that
of the swap, so Mattermost makes one of all that come at once and answers each with that one. Who
stands in it has the shift; all others are told so. Only then is the override made, after a look
at what PagerDuty has, so that one whose process was killed is made when they accept again.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, StoreUnreachable
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.oncall import bulk_overrides, shift_messages
from pagerduty_mattermost.oncall.bulk_overrides import OwnShift
from pagerduty_mattermost.oncall.shift_messages import ShiftButton

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY_PREFIX = "swap."
KEPT_SECONDS = 45 * 86400.0
AHEAD_SECONDS = 14 * 86400.0
"""In which the end of a shift is looked for."""
TOLD_BEFORE_SECONDS = 3600.0
"""Before the shift, when it is told that nobody has taken it."""
VERB, BUTTON = "swap", "I take it"
TAKER = "pagerduty_taker"
"""In the props of the reply that settles it: PagerDuty's id of who takes the shift; empty where it
was withdrawn."""
TAKER_NAME, CALL = "pagerduty_taker_name", "pagerduty_call"
CALL_SECONDS = 300.0
"""A command has three minutes."""


class AskedSwap(NamedTuple):
    """A shift that somebody would give; times in seconds since the epoch."""

    key: str
    schedule_id: str
    schedule: str
    asker_id: str
    asker: str
    asker_email: str
    start: float
    end: float
    channel_id: str
    asked_at: float
    post_id: str = ""
    settled: bool = False
    """Whether it was taken or withdrawn."""
    failed: bool = False
    """Whether PagerDuty refused the override: who took it presses again."""

    @property
    def shift(self) -> OwnShift:
        return OwnShift(
            Reference("schedule", self.schedule_id, self.schedule), self.start, self.end
        )


class SwapAnswer(NamedTuple):
    """What came of accepting one."""

    swap: AskedSwap
    taker: str
    """Their name; empty where it was withdrawn."""
    already: bool
    """Whether somebody else was first, or this person had it before."""
    undo: str = ""
    """What `/pd override cancel` takes."""


def find_shift(
    context: Context, schedule: Reference, person: str, at: float
) -> Optional[OwnShift]:
    """The first shift of the person, by id, that begins or goes on within a day from `at`, as far
    as it is to come. Raises the gateway's errors."""
    found = schedules.read(context.pagerduty, schedule.id, at, at + AHEAD_SECONDS)
    shifts = bulk_overrides.own_shifts({schedule.id: found}, person, "", at, at + AHEAD_SECONDS)
    return next((one for one in shifts if one.start < at + 86400.0), None)


def ask(context: Context, shift: OwnShift, asker: Reference, channel: str) -> Optional[AskedSwap]:
    """Posts it in the channel (name or id); None where it is asked already. Raises RejectedInput
    where clicks can't be answered."""
    chat, now = context.settings.chat, context.clock()
    if not chat.has_buttons:
        raise RejectedInput("a swap needs buttons: set chat.public_url and chat.signing_keys")
    base = post_key("swap", shift.schedule.id, asker.id, f"{shift.end:.0f}")
    before = _read(context.store, base)
    if before is not None and not before.settled and before.post_id:
        return None
    key = before.key if before is not None and not before.settled else f"{base}-{now:.0f}"
    made = AskedSwap(
        key,
        shift.schedule.id,
        shift.schedule.name,
        asker.id,
        asker.name,
        asker.email,
        shift.start,
        shift.end,
        "",
        now,
    )
    _write(context.store, made)
    text = f":arrows_counterclockwise: {_who(asker.name)} asks who takes {_shown(context, made)}."
    props = shift_messages.props_of(context, ShiftButton(VERB, key, BUTTON))
    sent = context.channels.using(
        channel, lambda found: context.post_once(found.id, text, key=f"swap {key}", props=props)
    )
    made = made._replace(post_id=sent.post_id, channel_id=sent.channel_id)
    _write(context.store, made)
    return made


def asked(store: Store, key: str) -> AskedSwap:
    """Raises NotFound for one that is over."""
    one = _read(store, key.partition("-")[0])
    if one is None or one.key != key or not one.post_id:
        raise NotFound("this swap is over: its shift is long past, or it was asked anew")
    return one


def take(context: Context, key: str, person: Reference) -> SwapAnswer:
    """Raises NotFound for one that is over, RejectedInput for one's own, and what keeps the
    override from being made: whoever took it presses again."""
    one = asked(context.store, key)
    if person.id == one.asker_id:
        raise RejectedInput("it is your own shift: `/pd swap cancel` withdraws the question")
    if context.clock() >= one.start and not one.settled:
        raise RejectedInput("the shift has begun: `/pd take` takes over what is left of it")
    text = f":white_check_mark: {_who(person.name)} takes {_shown(context, one)}."
    said = _settle(context, one, text, person)
    if said.taker != person.id or not (said.own or one.failed or said.old):
        return SwapAnswer(one, said.name, True)
    try:
        undo = _override(context, one, person)
    except PackError:
        _write(context.store, one._replace(settled=True, failed=True))
        raise
    _write(context.store, one._replace(settled=True))
    return SwapAnswer(one, said.name, not undo, undo)


def _override(context: Context, one: AskedSwap, person: Reference) -> str:
    """What undoes it; empty where PagerDuty has it already."""
    found = schedules.read(context.pagerduty, one.schedule_id, one.start, one.end)
    left = bulk_overrides.own_shifts(
        {one.schedule_id: found}, one.asker_id, person.id, one.start, one.end
    )
    made = bulk_overrides.give_shifts(context.pagerduty, left, one.asker_id, person)
    for outcome in made:
        if outcome.error is not None:
            raise outcome.error
    return ", ".join(outcome.id for outcome in made)


def withdraw(context: Context, asker: str) -> List[SwapAnswer]:
    """All that this person, by id, asks and nobody took; of one that somebody took meanwhile,
    who."""
    found: List[SwapAnswer] = []
    for one in _open(context.store):
        if one.asker_id == asker:
            text = f"{_who(one.asker)} keeps {_shown(context, one)}: the question is withdrawn."
            said = _settle(context, one, text, None)
            found.append(SwapAnswer(one, said.name, bool(said.taker)))
    return found


def tell_untaken(context: Context, now: float) -> int:
    """Of those that nobody has taken, once each before the shift: in the thread and to who asked;
    how many. Raises the store's errors."""
    from pagerduty_mattermost.gateways.mattermost.post_once import known

    count = 0
    for one in _open(context.store):
        due = max(one.start - TOLD_BEFORE_SECONDS, (one.asked_at + one.start) / 2)
        if not one.post_id or not due <= now < one.start:
            continue
        key = f"swap untaken {one.key}"
        if known(context.store, one.channel_id, key) is not None:
            continue
        text = f":warning: Nobody has taken {_shown(context, one)}: it stays {_who(one.asker)}'s."
        try:
            _tell_asker(context, one, text, key)
            context.post_once(one.channel_id, text, key=key, root_id=one.post_id)
            count += 1
        except StoreUnreachable:
            raise
        except PackError as error:
            context.log.warning("That a swap was not taken is posted later: %s", error)
    return count


class _Settled(NamedTuple):
    """What the one reply says."""

    taker: str
    """PagerDuty's id; empty where it was withdrawn."""
    name: str
    own: bool
    """Whether this very call made it: of all that come at once only that one acts."""
    old: bool
    """Whether whoever made it is done, or was killed."""


def _settle(context: Context, one: AskedSwap, text: str, person: Optional[Reference]) -> _Settled:
    """Makes the reply, unless it is there. `person`: who takes it; None: it is withdrawn."""
    wanted = person or Reference("user", "", "")
    call = os.urandom(8).hex()
    sent = context.post_once(
        one.channel_id,
        text,
        key=f"swap settled {one.key}",
        root_id=one.post_id,
        props={TAKER: wanted.id, TAKER_NAME: wanted.name, CALL: call},
    )
    post = context.mattermost.get_post(sent.post_id)
    props: Dict[str, Any] = post.get("props") or {}
    taker, name = (one_line(clean(props.get(part), 200)) for part in (TAKER, TAKER_NAME))
    own = props.get(CALL) == call
    made_at = float(post.get("create_at") or 0) / 1000
    if own:
        _write(context.store, one._replace(settled=True))
        _close(context, one, text)
    return _Settled(taker, name, own, context.clock() - made_at > CALL_SECONDS)


def _close(context: Context, one: AskedSwap, text: str) -> None:
    """The question loses its button, and who asked hears. Failing is logged."""
    try:
        shift_messages.close_button(context, one.post_id, text)
        _tell_asker(context, one, text, f"swap settled {one.key}")
    except StoreUnreachable:
        raise
    except PackError as error:
        context.log.warning("The question of a swap keeps its button: %s", error)


def _tell_asker(context: Context, one: AskedSwap, text: str, key: str) -> None:
    from pagerduty_mattermost.people.accounts import Accounts

    accounts = Accounts(context.mattermost, context.store, log=context.log)
    asker = Reference("user", one.asker_id, one.asker, one.asker_email)
    shift_messages.tell(context, accounts, asker, text, key)


def _who(name: str) -> str:
    return escape(one_line(name, 80))


def _shown(context: Context, one: AskedSwap) -> str:
    zone = times.zone(context.settings.time_zone)
    return escape(bulk_overrides.place(one.shift, zone))


def _open(store: Store) -> List[AskedSwap]:
    values = store.read_prefix(KEY_PREFIX, lambda error: None).values()
    found = (_swap(value) for value in values)
    return [one for one in found if one is not None and not one.settled]


def _read(store: Store, base: str) -> Optional[AskedSwap]:
    try:
        return _swap(store.read(KEY_PREFIX + base))
    except BrokenValue:
        return None


def _swap(value: Any) -> Optional[AskedSwap]:
    try:
        return from_json(AskedSwap, value) if value is not None else None
    except MisshapenValue:
        return None


def _write(store: Store, one: AskedSwap) -> None:
    store.write(KEY_PREFIX + one.key.partition("-")[0], to_json(one), KEPT_SECONDS)
