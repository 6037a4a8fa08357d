"""What a rule's action could not post for now: kept in the datastore until it is posted, or for a week.

    keep(store, "post_incident", params, reason, now)     # by the action that fails (`PackAction.kept_as`)
    for one in waiting(store): ...; settle(store, one)    # by mattermost.catch_up, oldest first
    postpone(store, one, reason, now)                     # it failed again: later and later, at most an hour apart

The shipped retry policies bridge minutes; this bridges a longer outage, a revoked token or a channel the bot must be
invited to. Every action here is idempotent by its keys, so what a retry has posted meanwhile is posted no second time.
One key `pagerduty.owed.<sha>` for each action and its parameters: no two writers share one.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Tuple

from .keys import post_key
from .store import Store
from .text import clean, one_line

DAY = 86400.0
KEEP = 7 * DAY
FIRST_WAIT, LAST_WAIT = 60.0, 3600.0
"""Seconds between two tries of the same thing: doubled from the first to the last."""

ACTIONS: Mapping[str, Tuple[str, str]] = {
    "post_incident": ("post_incident", "PostIncident"),
    "repaint_incident": ("repaint_incident", "RepaintIncident"),
    "post_once": ("mattermost_post_once", "PostOnce"),
    "tell_incident": ("mattermost_tell_incident", "TellIncident"),
}
"""What may be kept: module and class of its entry point."""


class Owed(NamedTuple):
    name: str
    """Its datastore key, relative."""
    action: str
    params: Dict[str, Any]
    at: float
    """When it failed first, seconds since the epoch."""
    tries: int
    next_at: float
    reason: str


def is_from_a_rule(action: str, params: Mapping[str, Any]) -> bool:
    """Only what a rule asked for is kept; a person sees the failure and decides."""
    return bool(params.get("change")) or action == "post_once"


def keep(store: Store, action: str, params: Mapping[str, Any], reason: str, now: float) -> None:
    """Keep it; what is kept already stays as it is. Raises the store's errors."""
    given = {key: value for key, value in params.items() if value is not None}
    name = "owed." + post_key("owed", action, json.dumps(given, sort_keys=True, default=str))
    if store.read(name) is None:
        _write(store, Owed(name, action, given, now, 0, now, reason), now)


def waiting(store: Store) -> List[Owed]:
    """All that is kept, oldest first; what does not read is left out. Raises StoreUnreachable."""
    found = []
    for name, value in store.read_prefix("owed.", on_broken=lambda error: None).items():
        try:
            one = Owed(
                name,
                str(value["action"]),
                dict(value["params"]),
                float(value["at"]),
                int(value["tries"]),
                float(value["next_at"]),
                str(value["reason"]),
            )
        except (KeyError, TypeError, ValueError):
            continue
        if one.action in ACTIONS:
            found.append(one)
    return sorted(found, key=lambda one: (one.at, one.name))


def settle(store: Store, one: Owed) -> None:
    store.delete(one.name)


def postpone(store: Store, one: Owed, reason: str, now: float) -> None:
    wait = min(LAST_WAIT, FIRST_WAIT * 2.0 ** min(one.tries, 10))
    _write(store, one._replace(tries=one.tries + 1, next_at=now + wait, reason=reason), now)


def _write(store: Store, one: Owed, now: float) -> None:
    value = one._asdict()
    del value["name"]
    value["reason"] = one_line(clean(one.reason, 300))
    store.write(one.name, value, max(1.0, one.at + KEEP - now))
