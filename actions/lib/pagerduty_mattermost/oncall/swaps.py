"""Somebody asks who takes their shift: in the rota's channel, with a button; the first to accept
gets it, by an override, exactly once (`swap_taking`).

    ask(context, shift, asker, channel)     # the post with the button "I take it"
    settle(context, swap, text, person)     # -> Settled(...): who was first
    withdraw(context, asker)                # whoever asked goes on to have it

Whoever accepts, and whoever withdraws, writes the same reply in the post's thread: its key is that
of the swap, so Mattermost makes one of all that come at once and answers each with that one. Who
stands in it was first; all others are told so.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, StoreUnreachable
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.core.typed_times import MAX_AHEAD_SECONDS
from pagerduty_mattermost.gateways.mattermost.post_once import (
    CLOCK_MARGIN_SECONDS,
    SentPost,
    is_intended,
    known,
)
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.oncall import bulk_overrides, shift_messages
from pagerduty_mattermost.oncall.bulk_overrides import OwnShift
from pagerduty_mattermost.oncall.shift_messages import ShiftButton
from pagerduty_mattermost.oncall.targets import kept_targets
from pagerduty_mattermost.people.accounts import Accounts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.values import ChannelRef

KEY_PREFIX = "swap."
REMEMBERED_SECONDS = 86400.0
"""After its shift is over."""
AHEAD_SECONDS = 14 * 86400.0
"""In which the end of a shift is looked for."""
KEPT_SECONDS = MAX_AHEAD_SECONDS + AHEAD_SECONDS + REMEMBERED_SECONDS
"""At most: of a shift as far ahead as one may be named."""
VERB, BUTTON = "swap", "I take it"
TAKER = "pagerduty_taker"
"""In the props of the reply that settles it: PagerDuty's id of who takes the shift; empty where it
was withdrawn."""
TAKER_NAME, TAKER_EMAIL = "pagerduty_taker_name", "pagerduty_taker_email"
CALL = "pagerduty_call"
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
    """Whether somebody was first to take it, or it was withdrawn."""
    failed: bool = False
    """Whether the override could not be made: who was first presses again."""
    taker_id: str = ""
    """Of who was first; empty of one that was withdrawn, as those below."""
    taker: str = ""
    taker_email: str = ""
    made: bool = False
    """Whether the override is made."""
    reply_id: str = ""
    """Of the post that says who was first."""

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done about it."""
        return self.made or (self.settled and not self.taker_id)

    @property
    def shift(self) -> OwnShift:
        return OwnShift(
            Reference("schedule", self.schedule_id, self.schedule), self.start, self.end
        )


class Withdrawn(NamedTuple):
    """What came of withdrawing one."""

    swap: AskedSwap
    taker: str
    """Name of who was first to take it, so that it was too late; else empty."""


class Settled(NamedTuple):
    """What the one reply says."""

    taker: Reference
    """Without an id where it was withdrawn."""
    own: bool
    """Whether this very call made it: of all that come at once only that one acts."""
    old: bool
    """Whether whoever made it is done, or was killed."""
    post_id: str


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
    if not context.settings.chat.has_buttons:
        raise RejectedInput("a swap needs buttons: set chat.public_url and chat.signing_keys")
    base = post_key("swap", shift.schedule.id, asker.id, f"{shift.end:.0f}")
    before, now = _read(context.store, base), context.clock()
    if before is not None and not before.settled and before.post_id:
        return None
    key = before.key if before is not None and not before.settled else f"{base}-{now:.0f}"
    whose = (asker.id, asker.name, asker.email)
    about = (shift.schedule.id, shift.schedule.name, *whose, shift.start, shift.end)
    made = AskedSwap(key, *about, "", now)
    text = f":arrows_counterclockwise: {who(asker.name)} asks who takes {shown(context, made)}."
    props = shift_messages.props_of(context, ShiftButton(VERB, key, BUTTON))

    def post(found: ChannelRef) -> SentPost:
        write(context.store, made._replace(channel_id=found.id), now)
        return context.post_once(found.id, text, key=_question(key), props=props)

    sent = context.channels.using(channel, post)
    made = made._replace(post_id=sent.post_id, channel_id=sent.channel_id)
    write(context.store, made, now)
    return made


def channel_of(context: Context, schedule: Reference, typed_in: str = "") -> str:
    """The rota's channel, name or id, else that of an escalation policy that uses the schedule;
    where there is none, `typed_in`. Raises RejectedInput where that is empty."""
    channels, now = context.settings.oncall.channels, context.clock()
    known = kept_targets(context.pagerduty, context.store, list(channels), now).known
    fit = {thing.id: channels[text] for text, thing in known.items()}
    if schedule.id in fit:
        return fit[schedule.id]
    found = schedules.read(context.pagerduty, schedule.id, now, now + 1) if fit else None
    policies = found.policies if found is not None else ()
    where = next((fit[id] for id in policies if id in fit), typed_in)
    if not where:
        raise RejectedInput(
            f"{schedule.name!r} has no channel (oncall.channels): say it with /pd in one"
        )
    return where


def asked(context: Context, key: str) -> AskedSwap:
    """Raises NotFound for one that is over, and the gateways' errors."""
    one = _read(context.store, key.partition("-")[0])
    if one is not None and one.key == key and one.channel_id and not one.post_id:
        one = _with_post(context, one)  # whoever asked was killed after the post was made
    if one is None or one.key != key or not one.post_id:
        raise NotFound("this swap is over: its shift is long past, or it was asked anew")
    return one


def _with_post(context: Context, one: AskedSwap) -> AskedSwap:
    key = post_key("message", one.channel_id, _question(one.key))
    post = context.mattermost.find_post(one.channel_id, key, one.asked_at - CLOCK_MARGIN_SECONDS)
    if post is None:
        return one
    one = one._replace(post_id=str(post["id"]))
    write(context.store, one, context.clock())
    return one


def withdraw(context: Context, asker: str) -> List[Withdrawn]:
    """All that this person, by id, asks and nobody took; of one that somebody took meanwhile,
    who."""
    found: List[Withdrawn] = []
    for one in unfinished(context.store, context.clock()):
        if one.asker_id != asker or one.settled or not one.post_id:
            continue
        text = f"{who(one.asker)} keeps {shown(context, one)}: the question is withdrawn."
        said = settle(context, one, text, None)
        if not said.taker.id:
            close(context, one, text)
        found.append(Withdrawn(one, said.taker.name))
    return found


def settle(context: Context, one: AskedSwap, text: str, person: Optional[Reference]) -> Settled:
    """Makes the one reply, unless it is there, and remembers what it says. `person`: who takes it;
    None: it is withdrawn."""
    wanted, call = person or Reference("user", "", ""), os.urandom(8).hex()
    props = {TAKER: wanted.id, TAKER_NAME: wanted.name, TAKER_EMAIL: wanted.email, CALL: call}
    sent = context.post_once(
        one.channel_id, text, key=_answer(one.key), root_id=one.post_id, props=props
    )
    return _remembered(context, one, context.mattermost.get_post(sent.post_id), call)


def settled_already(context: Context, one: AskedSwap) -> Optional[Settled]:
    """What the one reply says where it is there; None where nobody answered, which the datastore
    knows."""
    sent = known(context.store, one.channel_id, _answer(one.key))
    if sent is not None:
        return _remembered(context, one, context.mattermost.get_post(sent.post_id), "")
    if not is_intended(context.store, one.channel_id, _answer(one.key)):
        return None
    key = post_key("message", one.channel_id, _answer(one.key))
    post = context.mattermost.find_reply(one.post_id, key)
    return None if post is None else _remembered(context, one, post, "")


def _remembered(context: Context, one: AskedSwap, post: Mapping[str, Any], call: str) -> Settled:
    props: Mapping[str, Any] = post.get("props") or {}
    taker, name, email = (
        one_line(clean(props.get(part), 200)) for part in (TAKER, TAKER_NAME, TAKER_EMAIL)
    )
    now, made_at = context.clock(), float(post.get("create_at") or 0) / 1000
    found = Settled(
        Reference("user", taker, name, email),
        bool(call) and props.get(CALL) == call,
        now - made_at > CALL_SECONDS,
        str(post["id"]),
    )
    if not one.settled:
        write(context.store, with_answer(one, found), now)
    return found


def with_answer(one: AskedSwap, said: Settled) -> AskedSwap:
    """The swap with whoever was first to take it. Pure."""
    taker = said.taker
    return one._replace(
        settled=True,
        taker_id=taker.id,
        taker=taker.name,
        taker_email=taker.email,
        reply_id=said.post_id,
    )


def close(context: Context, one: AskedSwap, text: str) -> None:
    """The question loses its button, and who asked hears. Failing is logged."""
    try:
        shift_messages.close_button(context, one.post_id, text)
        tell_asker(context, one, text, _answer(one.key))
    except StoreUnreachable:
        raise
    except PackError as error:
        context.log.warning("The question of a swap keeps its button: %s", error)


def tell_asker(context: Context, one: AskedSwap, text: str, key: str) -> None:
    """A direct message. Raises the gateways' errors."""
    accounts = Accounts(context.mattermost, context.store, log=context.log)
    asker = Reference("user", one.asker_id, one.asker, one.asker_email)
    shift_messages.tell(context, accounts, asker, text, key)


def who(name: str) -> str:
    """A person as Markdown."""
    return escape(one_line(name, 80))


def shown(context: Context, one: AskedSwap) -> str:
    """The shift as Markdown."""
    return escape(bulk_overrides.place(one.shift, times.zone(context.settings.time_zone)))


def unfinished(store: Store, now: float) -> List[AskedSwap]:
    """Those of shifts that are not over and about which something may be left to do."""
    values = store.read_prefix(KEY_PREFIX, lambda error: None).values()
    found = (record_or_none(AskedSwap, value) for value in values)
    return [one for one in found if one is not None and not one.is_over and now < one.end]


def write(store: Store, one: AskedSwap, now: float) -> None:
    """Until its shift is over. Raises what `Store.write` raises."""
    left = max(0.0, one.end - now) + REMEMBERED_SECONDS
    store.write(KEY_PREFIX + one.key.partition("-")[0], to_json(one), min(left, KEPT_SECONDS))


def _question(key: str) -> str:
    return f"swap {key}"


def _answer(key: str) -> str:
    return f"swap settled {key}"


def _read(store: Store, base: str) -> Optional[AskedSwap]:
    try:
        return record_or_none(AskedSwap, store.read(KEY_PREFIX + base))
    except BrokenValue:
        return None
