"""What became of failed posts and commands that are kept no more, by their ids: one value, written
once a run. Two runs that end at once may lose some of it: it is only said.

    note(store, ["538615f925b0b991"], CAUGHT_UP, now, log)
    ends = told(store, zone)     # {"538615f925b0b991": "caught up at 1 Dec 2026 06:33 UTC"}
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Dict, Iterable, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY = "endedletters"
KEPT_SECONDS = 30 * 86400.0
MAX_ENDED = 1000
CAUGHT_UP, REPLAYED, DROPPED = "caught up", "retried by hand", "dropped by hand"


def note(store: Store, ids: Iterable[str], how: str, now: float, log: Any) -> None:
    """`now`: seconds since the epoch. Raises nothing: what was done is done."""
    fresh: Dict[str, List[Any]] = {id: [now, how] for id in ids}
    if not fresh:
        return
    try:
        known = {id: end for id, end in _kept(store).items() if now - end[0] < KEPT_SECONDS}
        newest = sorted({**known, **fresh}.items(), key=lambda item: float(item[1][0]))[
            -MAX_ENDED:
        ]
        store.write(KEY, dict(newest), KEPT_SECONDS)
    except PackError as error:
        log.info("What became of failed posts is not remembered: %s", error)


def told(store: Store, zone: tzinfo) -> Dict[str, str]:
    """By id, in words. Empty where it can't be read: what is kept counts."""
    try:
        kept = _kept(store)
    except PackError:
        return {}
    return {id: f"{end[1]} at {times.stamp_at(end[0], zone)}" for id, end in kept.items()}


def _kept(store: Store) -> Dict[str, List[Any]]:
    found = store.read(KEY)
    if not isinstance(found, Mapping):
        return {}
    return {str(id): list(end) for id, end in found.items() if _is_end(end)}


def _is_end(end: Any) -> bool:
    if not isinstance(end, list) or len(end) != 2:
        return False
    return isinstance(end[0], (int, float)) and isinstance(end[1], str)
