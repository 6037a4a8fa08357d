"""People on call, now or soon, whom only an e-mail would reach, or whose notification rules come
late or by push alone: found, and warned before their shift."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Callable, Dict, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.pagerduty import contact_methods
from pagerduty_mattermost.gateways.pagerduty.contact_methods import UserContacts
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import handoff_messages, handoffs
from pagerduty_mattermost.oncall.handoffs import ComingShift, OnCallSpan, WatchState
from pagerduty_mattermost.oncall.shift_messages import ShiftMessenger
from pagerduty_mattermost.oncall.watched import WatchedOnCalls

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

BELIEVED_SECONDS = 12 * 3600.0
"""For which somebody who can be reached is not checked again."""
WARNINGS_APART_SECONDS = 12 * 3600.0
"""Between two warnings of the same person at the same thing."""
ADVICE_APART_SECONDS = 7 * 86400.0
"""Between two hints to the same person about their notification rules."""
LONGEST_SECONDS = 30 * 86400.0
"""After which somebody who is always on call is warned again."""


class UnreachableShift(NamedTuple):
    """A shift of somebody who can't be reached."""

    shift: ComingShift
    user: Reference


def shifts(seen: WatchedOnCalls, within: float) -> List[ComingShift]:
    """Of those who are on call, and of those whose shift begins within so many seconds."""
    found = [
        ComingShift(id, level, span)
        for id, levels in seen.spans.items()
        for level in sorted(levels)
        for span in handoffs.at_time(levels[level], seen.at).values()
    ]
    return found + handoffs.coming_shifts(seen.spans, seen.at, within)


def reached_by_mail_alone(
    among: List[ComingShift], known: Mapping[str, UserContacts]
) -> List[UnreachableShift]:
    """Those of the shifts whose person can't be reached; of one person's at one thing the first.
    Pure."""
    missing = {id: one.user for id, one in known.items() if not one.reachable}
    found: Dict[Tuple[str, str, str], UnreachableShift] = {}
    for one in among:
        user = missing.get(one.span.user.id)
        if user is not None:
            found.setdefault(
                (one.watched, user.id, one.about("contact")), UnreachableShift(one, user)
            )
    return list(found.values())


def could_be_missed(
    among: List[ComingShift], known: Mapping[str, UserContacts]
) -> List[Tuple[ComingShift, UserContacts]]:
    """The first shift of each person whose notification rules are missing, late or by push alone.
    Pure."""
    found: Dict[str, Tuple[ComingShift, UserContacts]] = {}
    for one in among:
        contacts = known.get(one.span.user.id)
        if contacts is not None and contacts.weakness:
            found.setdefault(contacts.user.id, (one, contacts))
    return list(found.values())


def tell_contacts(
    context: Context,
    messenger: ShiftMessenger,
    seen: WatchedOnCalls,
    state: WatchState,
    within: float,
) -> Tuple[WatchState, int]:
    """Warn of each shift of somebody who can't be reached once: the person, and the channel; and
    give who could be missed a hint in private, once a week. The state with that, and how many
    can't be reached. Raises the gateway's and the store's errors."""
    now, zone = seen.at, times.zone(context.settings.time_zone)
    fine = {user: until for user, until in state.fine.items() if until > now}
    among = [one for one in shifts(seen, within) if one.span.user.id not in fine]
    ids = [one.span.user.id for one in among]
    known = contact_methods.read_contacts(context.pagerduty, ids)
    found = reached_by_mail_alone(among, known)
    missing = {gap.user.id for gap in found}
    fine.update(
        {
            one.span.user.id: now + BELIEVED_SECONDS
            for one in among
            if one.span.user.id not in missing
        }
    )
    sent = dict(state.told)
    count, whole = _tell_unreachable(context, messenger, seen, sent, found)
    for one, contacts in could_be_missed(among, known):
        lately = post_key("rules", contacts.user.id, contacts.weakness)
        if lately in sent or not context.settings.oncall.direct_messages:
            continue
        name, key = seen.things[one.watched].name, post_key(lately, one.about("rules"))
        text = handoff_messages.weak_rules(name, one.span, one.level, zone, now, contacts.text)
        if messenger.person(contacts.user, text, key, keep=False):
            sent[lately] = now + ADVICE_APART_SECONDS
        else:
            whole = False
            fine.pop(contacts.user.id, None)
    return state._replace(
        told=sent, fine=fine, checked_at=now if whole else state.checked_at
    ), count


def _tell_unreachable(
    context: Context,
    messenger: ShiftMessenger,
    seen: WatchedOnCalls,
    sent: Dict[str, float],
    found: List[UnreachableShift],
) -> Tuple[int, bool]:
    """One message to each person and to each channel, with all that is new there. `sent` gets what
    was told. How many shifts were told of everywhere, and whether all were."""
    now, zone = seen.at, times.zone(context.settings.time_zone)
    new: Dict[str, UnreachableShift] = {}
    for row in found:
        one, user = row
        key, lately = one.about("contact"), post_key("contact", one.watched, user.id)
        if key in sent or lately in sent:  # an override cuts one shift into several
            sent[key] = max(sent.get(key, 0.0), _until(one.span, now))
        else:
            new[key] = row
    done = dict.fromkeys(new, True)

    def tell(keys: List[str], told_at: str, whose: str, send: Callable[[str, str], bool]) -> None:
        missing = [key for key in keys if post_key("contact", key, told_at) not in sent]
        if not missing:
            return
        rows = [_line(seen, new[key], whose or messenger.name(new[key].user)) for key in missing]
        of_all = post_key("contact", *missing, told_at)
        told = send(handoff_messages.no_contacts(rows, zone, now), of_all)
        for key in missing:
            done[key] = done[key] and told
            if told:  # not again there because it failed elsewhere
                sent[post_key("contact", key, told_at)] = _until(new[key].shift.span, now)

    people = {row.user.id: row.user for row in new.values()}
    for id, user in people.items() if context.settings.oncall.direct_messages else ():
        own = [key for key, row in new.items() if row.user.id == id]
        tell(own, id, handoff_messages.YOU, partial(_to_person, messenger, user))
    for channel in dict.fromkeys(
        name for row in new.values() for name in seen.channels[row.shift.watched]
    ):
        there = [k for k, row in new.items() if channel in seen.channels[row.shift.watched]]
        tell(there, channel, "", partial(_to_channel, messenger, channel))
    for key in (key for key, told in done.items() if told):
        one, user = new[key]
        lately = post_key("contact", one.watched, user.id)
        sent[key], sent[lately] = _until(one.span, now), now + WARNINGS_APART_SECONDS
    return sum(done.values()), all(done.values())


def _line(seen: WatchedOnCalls, row: UnreachableShift, whose: str) -> handoff_messages.Unreachable:
    one = row.shift
    name = seen.things[one.watched].name
    return handoff_messages.Unreachable(name, one.span, one.level, whose)


def _to_person(messenger: ShiftMessenger, user: Reference, text: str, key: str) -> bool:
    return messenger.person(user, text, key, keep=False)


def _to_channel(messenger: ShiftMessenger, channel: str, text: str, key: str) -> bool:
    return messenger.channel(channel, text, key, keep=False)


def _until(span: OnCallSpan, now: float) -> float:
    return min(span.end or now + LONGEST_SECONDS, now + LONGEST_SECONDS)
