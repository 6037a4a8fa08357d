"""People on call, now or soon, whom only an e-mail would reach: looked for, and told before their
shift."""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, NamedTuple, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.pagerduty import contact_methods as contacts
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import handoff_messages as handoff_text
from pagerduty_mattermost.oncall import handoffs
from pagerduty_mattermost.oncall.handoffs import Begin, Spell, State
from pagerduty_mattermost.oncall.shift_messages import Teller
from pagerduty_mattermost.oncall.watched import Sight

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

BELIEVED = 12 * 3600.0
"""Seconds for which somebody who can be reached is not looked at again."""
APART = 12 * 3600.0
"""Seconds between two warnings of the same person at the same thing."""
LONGEST = 30 * 86400.0
"""Seconds after which somebody who is always on call is told again."""


class Gap(NamedTuple):
    """A shift of somebody who can't be reached."""

    begin: Begin
    user: Reference


def shifts(seen: Sight, within: float) -> List[Begin]:
    """Of those who are on call, and of those whose shift begins within so many seconds."""
    found = [
        Begin(id, level, spell)
        for id, lanes in seen.lanes.items()
        for level in sorted(lanes)
        for spell in handoffs.at_time(lanes[level], seen.at).values()
    ]
    return found + handoffs.begins(seen.lanes, seen.at, within)


def gaps(context: Context, among: List[Begin]) -> List[Gap]:
    """Those of the shifts whose person can't be reached; of one person's at one thing the first.
    Raises the gateway's errors."""
    missing = contacts.unreachable(context.pagerduty, [one.spell.user.id for one in among])
    found: Dict[Tuple[str, str, str], Gap] = {}
    for one in among:
        user = missing.get(one.spell.user.id)
        if user is not None:
            found.setdefault((one.watched, user.id, one.about("contact")), Gap(one, user))
    return list(found.values())


def tell_contacts(
    context: Context, teller: Teller, seen: Sight, state: State, within: float
) -> Tuple[State, int]:
    """Tell each such shift once: the person, and the channel. The state with that, and how many
    were told."""
    now, zone = seen.at, times.zone(context.settings.time_zone)
    fine = {user: until for user, until in state.fine.items() if until > now}
    among = [one for one in shifts(seen, within) if one.spell.user.id not in fine]
    found = gaps(context, among)
    missing = {gap.user.id for gap in found}
    fine.update(
        {one.spell.user.id: now + BELIEVED for one in among if one.spell.user.id not in missing}
    )
    told, count, whole = dict(state.told), 0, True
    for one, user in found:
        key, lately = one.about("contact"), post_key("contact", one.watched, user.id)
        if key in told or lately in told:  # an override cuts one shift into several
            told[key] = max(told.get(key, 0.0), _until(one.spell, now))
            continue
        name = seen.things[one.watched].name
        done = True
        if context.settings.oncall.direct_messages:
            text = handoff_text.no_contact(name, one.spell, one.level, zone, now, "You")
            done = teller.person(user, text, key, keep=False)
        text = handoff_text.no_contact(name, one.spell, one.level, zone, now, teller.name(user))
        for channel in seen.channels[one.watched]:
            done = (
                teller.channel(channel, text, post_key("contact", key, channel), keep=False)
                and done
            )
        whole = whole and done
        if done:
            told[key], told[lately] = _until(one.spell, now), now + APART
            count += 1
    return state._replace(
        told=told, fine=fine, checked_at=now if whole else state.checked_at
    ), count


def _until(spell: Spell, now: float) -> float:
    return min(spell.end or now + LONGEST, now + LONGEST)
