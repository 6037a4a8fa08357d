"""Who was on call when PagerDuty last said so: for the time in which it does not answer.

    keep(context.store, "Checkout", LastKnown(now, "Checkout", True, rows))
    find(context.store, "checkout", now)      # LastKnown(...), at most a day old, or None

Kept is what people asked for, by the words they asked with, and what the on-call watch saw last.
Never is it taken for the present: whoever shows it says how old it is, and nothing is done by it.
"""

from __future__ import annotations

from typing import List, NamedTuple, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.oncall.targets import known_targets

KEY_PREFIX = "oncall.last."
KEPT_SECONDS = 86400.0
MAX_ROWS = 60


class LastKnown(NamedTuple):
    """What PagerDuty said."""

    at: float
    """When, seconds since the epoch."""
    name: str
    """Of the service, escalation policy or schedule."""
    levels: bool
    """Whether it has levels: not a schedule."""
    rows: List[OnCall]
    """Also of those who come next."""


def keep(store: Store, asked: str, known: LastKnown) -> None:
    """Remembers it for a day; a datastore that is down costs only the memory. `asked`: the words
    that people would ask with."""
    value = to_json(known._replace(rows=known.rows[:MAX_ROWS]))
    store.remember(_key(asked), value, KEPT_SECONDS)


def find(store: Store, asked: str, now: float) -> Optional[LastKnown]:
    """The newest of what was kept, without those whose time is over; None when nothing of the
    last day is known. Nothing is changed."""
    found = [one for one in (_asked(store, asked), _watched(store, asked)) if one is not None]
    newest = max(found, key=lambda one: one.at, default=None)
    if newest is None or not 0 <= now - newest.at <= KEPT_SECONDS:
        return None
    rows = [one for one in newest.rows if not one.end or (times.seconds(one.end) or now) > now]
    return newest._replace(rows=rows)


def age(at: float, now: float) -> str:
    """ "23 min", "5 h": for people."""
    minutes = int((now - at) // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _key(asked: str) -> str:
    return KEY_PREFIX + post_key("oncall_last", one_line(asked).casefold())


def _asked(store: Store, asked: str) -> Optional[LastKnown]:
    try:
        return from_json(LastKnown, store.read(_key(asked)))
    except (PackError, BrokenValue, MisshapenValue):
        return None


def _watched(store: Store, asked: str) -> Optional[LastKnown]:
    """What the on-call watch saw last, where it watches that."""
    from pagerduty_mattermost.oncall import handoffs, watch

    wanted = one_line(asked).casefold()
    try:
        state = handoffs.from_data(store.read(watch.KEY))
        targets = known_targets(store)
    except (PackError, BrokenValue):
        return None
    for text, thing in targets.items():
        levels = state.levels.get(thing.id) if state is not None else None
        if levels is None or wanted not in (
            text.casefold(),
            thing.id.casefold(),
            thing.name.casefold(),
        ):
            continue
        rows = [
            OnCall(level=level or 1, user=one.user)
            for level in sorted(levels)
            for one in levels[level].values()
        ]
        return LastKnown(state.at if state else 0.0, thing.name, thing.kind != "schedule", rows)
    return None
