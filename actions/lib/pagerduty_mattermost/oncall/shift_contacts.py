"""People on call, now or soon, whom only an e-mail would reach, or whose notification rules come
late or by push alone: found, and warned before their shift."""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Tuple

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
    sent, count, whole = dict(state.told), 0, True
    for one, user in found:
        key, lately = one.about("contact"), post_key("contact", one.watched, user.id)
        if key in sent or lately in sent:  # an override cuts one shift into several
            sent[key] = max(sent.get(key, 0.0), _until(one.span, now))
            continue
        name = seen.things[one.watched].name
        done = True
        if context.settings.oncall.direct_messages:
            text = handoff_messages.no_contact(name, one.span, one.level, zone, now, "You")
            done = messenger.person(user, text, key, keep=False)
        text = handoff_messages.no_contact(
            name, one.span, one.level, zone, now, messenger.name(user)
        )
        for channel in seen.channels[one.watched]:
            done = (
                messenger.channel(channel, text, post_key("contact", key, channel), keep=False)
                and done
            )
        whole = whole and done
        if done:
            sent[key], sent[lately] = _until(one.span, now), now + WARNINGS_APART_SECONDS
            count += 1
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


def _until(span: OnCallSpan, now: float) -> float:
    return min(span.end or now + LONGEST_SECONDS, now + LONGEST_SECONDS)
