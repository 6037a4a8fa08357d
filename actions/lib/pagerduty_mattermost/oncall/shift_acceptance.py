"""Whoever comes on call says that they have it, by a button below the hand-off; where nobody does
so within oncall.accept_within, both people and the channel hear, once.

    button = offer(context, hand_off, "Payments", ["payments"], now)    # below the messages
    accepted(context, key, person, for_others=False)                    # -> Accepted(...)
    tell_late(context, messenger, now)                                  # in each look

What was offered is kept before the message is sent, so that a click finds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.oncall import handoff_messages
from pagerduty_mattermost.oncall.handoffs import HandOff
from pagerduty_mattermost.oncall.shift_messages import TAKES_IT, ShiftButton, close_buttons

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.oncall.shift_messages import ShiftMessenger

KEY_PREFIX = "turn."
KEPT_SECONDS = 2 * 86400.0
"""After which nobody takes a shift any more that began so long ago."""
LATE = ".late"
"""Behind a hand-off's key, in a key of its own: so that a click at the same time is not lost."""
VERB = "handover_accept"


class ShiftPerson(NamedTuple):
    """Somebody of a hand-off."""

    id: str
    name: str
    email: str
    key: str = ""
    """Of the message to them."""

    @property
    def reference(self) -> Reference:
        return Reference("user", self.id, self.name, self.email)


class OfferedShift(NamedTuple):
    """A hand-off that somebody may say they have."""

    key: str
    name: str
    """Of the schedule or policy."""
    level: int
    told_at: float
    """Seconds since the epoch."""
    came: Tuple[ShiftPerson, ...]
    left: Tuple[ShiftPerson, ...]
    channels: Tuple[str, ...]
    taken_by: str = ""
    """Their name; empty while nobody has said so."""
    taken_at: float = 0.0


def offer(
    context: Context, one: HandOff, name: str, channels: Sequence[str], now: float
) -> Optional[ShiftButton]:
    """The button of the messages to who comes and to the channel; None where nobody comes, or
    clicks can't be answered. Raises StoreUnreachable."""
    if not one.newest or not one.came or not context.settings.chat.has_buttons:
        return None
    if _read(context.store, one.key) is None:
        came = tuple(
            ShiftPerson(p.id, p.name, p.email, one.personal(p.id))
            for p in (span.user for span in one.came)
        )
        left = tuple(ShiftPerson(p.id, p.name, p.email) for p in (held.user for held in one.left))
        _write(
            context.store,
            OfferedShift(one.key, name, one.level, now, came, left, tuple(channels)),
        )
    return ShiftButton(VERB, one.key)


def said_of(context: Context, key: str) -> str:
    """What stands in place of the button of a message that comes late: who has it meanwhile, or
    that it is over; empty while somebody may press it. Raises StoreUnreachable."""
    found = _read(context.store, key)
    if found is None:
        return "It is too long ago to be taken."
    zone = times.zone(context.settings.time_zone)
    return line(found, zone, context.clock()) if found.taken_by else ""


class Accepted(NamedTuple):
    """A shift that somebody says to have."""

    shift: OfferedShift
    already: bool
    """Whether somebody had said so before."""


def accepted(context: Context, key: str, person: Reference, *, for_others: bool) -> Accepted:
    """The person has it. `for_others`: whether they may say so of somebody else. Raises NotFound
    for one that is over, RejectedInput for who did not come on call by it."""
    found = _read(context.store, key)
    if found is None:
        raise NotFound("this hand-off is too old: nobody takes it any more")
    if person.id not in [one.id for one in found.came] and not for_others:
        names = ", ".join(one_line(one.name, 80) for one in found.came)
        raise RejectedInput(f"only who came on call may say so, or an admin of PagerDuty: {names}")
    if found.taken_by:
        return Accepted(found, True)
    taken = found._replace(taken_by=person.name, taken_at=context.clock())
    _write(context.store, taken)
    _show(context, taken)
    return Accepted(taken, False)


def waiting_for(store: Store, user_id: str) -> List[OfferedShift]:
    """Those that this person came on call by and nobody has said to have. Raises
    StoreUnreachable."""
    return [one for one in _all(store) if not one.taken_by and user_id in [p.id for p in one.came]]


def line(one: OfferedShift, zone: Any, now: float) -> str:
    """Who said to have the shift, and since when, as Markdown. `now`: seconds since the epoch."""
    since = times.clock(times.iso(one.taken_at), zone, times.iso(now))
    return f":white_check_mark: {escape(one_line(one.taken_by, 80))} has it since {since}."


def tell_late(context: Context, messenger: ShiftMessenger, now: float) -> int:
    """Of those that nobody took within oncall.accept_within, once each; how many. Raises
    StoreUnreachable."""
    within = 60.0 * context.settings.oncall.accept_within
    count, values = 0, _values(context.store) if within else {}
    for one in _offers(values):
        late = KEY_PREFIX + one.key + LATE
        if one.taken_by or late in values or now - one.told_at < within:
            continue
        count += 1
        place = handoff_messages.place(one.name, one.level)
        names = ", ".join(messenger.name(person.reference) for person in one.came)
        waited = times.duration(now - one.told_at)
        text = f":warning: {place}: {names} did not say “{TAKES_IT}” for {waited}."
        for channel in one.channels:
            messenger.channel(channel, text, post_key("handoff late", one.key))
        for person in one.came:
            own = f":warning: You came on call for {place} {waited} ago: press “{TAKES_IT}”, or "
            own += "say `/pd handover accept`."
            messenger.person(person.reference, own, post_key("handoff late", one.key, person.id))
        for person in one.left:
            key = post_key("handoff late", one.key, person.id)
            messenger.person(person.reference, f"{text} You handed it over.", key)
        context.store.write(late, {"at": now}, KEPT_SECONDS)
    return count


def _show(context: Context, one: OfferedShift) -> None:
    """Below the messages, in place of the button. Failing is logged: that it is taken stands."""
    text = line(one, times.zone(context.settings.time_zone), context.clock())
    to_channels = [(name, one.key) for name in one.channels]
    to_people = [(person.reference, person.key) for person in one.came]
    close_buttons(context, [*to_channels, *to_people], text)


def _read(store: Store, key: str) -> Optional[OfferedShift]:
    try:
        return record_or_none(OfferedShift, store.read(KEY_PREFIX + key))
    except BrokenValue:
        return None


def _values(store: Store) -> Dict[str, Any]:
    return store.read_prefix(KEY_PREFIX, lambda error: None)


def _all(store: Store) -> List[OfferedShift]:
    return _offers(_values(store))


def _offers(values: Mapping[str, Any]) -> List[OfferedShift]:
    found = (record_or_none(OfferedShift, value) for value in values.values())
    return [one for one in found if one is not None]


def _write(store: Store, one: OfferedShift) -> None:
    store.write(KEY_PREFIX + one.key, to_json(one), KEPT_SECONDS)
