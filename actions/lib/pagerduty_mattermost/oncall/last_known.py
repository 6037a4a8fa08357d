"""Who was on call when PagerDuty last said so: for the time in which it does not answer.

    keep(context.store, "Checkout", LastKnown(now, "Checkout", True, rows))
    find(context.store, "checkout", now)      # LastKnown(...), at most a day old, or None

Known is what people asked for, by the words they asked with, what the on-call watch saw last, and
what stands in the directory of the whole account. Never is it taken for the present: whoever shows
it says how old it is, and nothing is done by it but to tell people.
"""

from __future__ import annotations

from typing import Iterable, List, NamedTuple, Optional, Set

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.oncall import directory
from pagerduty_mattermost.oncall.directory import Directory
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
    rows = sorted(known.rows, key=_begins)
    value = to_json(known._replace(rows=rows[:MAX_ROWS]))
    store.remember(_key(asked), value, KEPT_SECONDS)


def find(store: Store, asked: str, now: float) -> Optional[LastKnown]:
    """The newest, without those whose time is over; None when nothing of the last day is known.
    What does not say who came after a turn that is over, as the watch never does, counts only
    where nothing else is known. Nothing is changed."""
    listed = _directory(store, now)
    kind, id = listed.named(asked) if listed is not None else ("", "")
    names = {one_line(asked).casefold(), id.casefold()}
    found = [one for one in (_asked(store, asked), _watched(store, names)) if one is not None]
    ranked = [(not _is_spent(one, now), one.at, one) for one in found]
    if listed is not None and id:
        rows = listed.on_call(kind, id)
        name = (listed.schedules if kind == "schedule" else listed.policies).get(id, asked)
        whole = LastKnown(listed.at, name, kind != "schedule", rows)
        seen = [_with_ends(one, rows) for one in found]
        ranked = [(not _is_spent(one, now), one.at, one) for one in seen]
        ranked.append((True, whole.at, whole))
    fresh = [one for one in ranked if 0 <= now - one[1] <= KEPT_SECONDS]
    if not fresh:
        return None
    newest = max(fresh, key=lambda one: one[:2])[2]
    return newest._replace(rows=[row for row in newest.rows if not _is_over(row, now)])


def present(rows: Iterable[OnCall], now: float) -> List[OnCall]:
    """Who is on call now by these rows. Pure."""
    return [
        one
        for one in rows
        if not _is_over(one, now) and (not one.start or (times.seconds(one.start) or now) <= now)
    ]


def _is_over(row: OnCall, now: float) -> bool:
    return bool(row.end) and (times.seconds(row.end) or now) <= now


def _is_spent(known: LastKnown, now: float) -> bool:
    """Whether a turn is over and nobody is known who came after it."""
    return any(
        not any(other.level == row.level and _begins(other) >= _ends(row) for other in known.rows)
        for row in known.rows
        if _is_over(row, now)
    )


def _begins(row: OnCall) -> float:
    return times.seconds(row.start) or 0.0


def _ends(row: OnCall) -> float:
    return times.seconds(row.end) or 0.0


def _with_ends(known: LastKnown, rows: List[OnCall]) -> LastKnown:
    """What was seen without an end gets the one that these rows say of the same turn."""

    def whole(one: OnCall) -> OnCall:
        if one.end:
            return one
        turns = [each for each in present(rows, known.at) if each.user.id == one.user.id]
        return one._replace(end=max(each.end for each in turns)) if turns else one

    return known._replace(rows=[whole(one) for one in known.rows])


def age(at: float, now: float) -> str:
    """ "23 min", "5 h": for people."""
    minutes = int((now - at) // 60)
    if minutes < 1:
        return "less than a minute"
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"


def _key(asked: str) -> str:
    return KEY_PREFIX + post_key("oncall_last", one_line(asked).casefold())


def _directory(store: Store, now: float) -> Optional[Directory]:
    try:
        return directory.read(store, now)
    except PackError:
        return None


def _asked(store: Store, asked: str) -> Optional[LastKnown]:
    try:
        return from_json(LastKnown, store.read(_key(asked)))
    except (PackError, BrokenValue, MisshapenValue):
        return None


def _watched(store: Store, wanted: Set[str]) -> Optional[LastKnown]:
    """What the on-call watch saw last, where it watches that. `wanted`: names and ids of it, in
    lower case."""
    from pagerduty_mattermost.oncall import handoffs, watch

    try:
        state = handoffs.from_data(store.read(watch.KEY))
        targets = known_targets(store)
    except (PackError, BrokenValue):
        return None
    for text, thing in targets.items():
        levels = state.levels.get(thing.id) if state is not None else None
        names = {text.casefold(), thing.id.casefold(), thing.name.casefold()}
        if levels is None or not names & wanted:
            continue
        rows = [
            OnCall(level=level or 1, user=one.user)
            for level in sorted(levels)
            for one in levels[level].values()
        ]
        return LastKnown(state.at if state else 0.0, thing.name, thing.kind != "schedule", rows)
    return None
