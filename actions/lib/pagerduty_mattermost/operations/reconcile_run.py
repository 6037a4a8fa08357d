"""One run of `posts.reconcile`: whether it is due, how far it came, and what it says.

It may be started twice, by the sensor's heartbeat and by a timer; so a run leaves its time
behind before it begins, and its place in PagerDuty's log when it has come to its end.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.text import counted
from pagerduty_mattermost.gateways.pagerduty.rate_brake import left_until_reset
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.state_store import StateStore
from pagerduty_mattermost.operations.reconcile import Reconciler, ReconcileReport

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY = "reconcile.run"
APART_SECONDS = 150.0
"""Between two runs, whoever starts them."""
LONGEST_WAY_SECONDS = 900.0
"""Since the last whole run, for which it gives way while PagerDuty's rate limit runs out."""
FULL_SECONDS = 3500.0
"""After which what Mattermost has is compared as well: each hour."""


class ReconcileRun(NamedTuple):
    """The last run, as it is kept. Times are seconds since the epoch."""

    at: float = 0.0
    """When it began; 0: there was none."""
    number: int = 0
    cursor: float = 0.0
    """From where the next run reads PagerDuty's log; 0: from an hour ago."""
    ended: Optional[float] = None
    """When one last came to its end."""
    full_at: float = 0.0
    """When what Mattermost has was last compared as well; at first, from when that is counted."""
    left: int = 0
    """How much it left for the next run."""


def last_run(store: Store) -> ReconcileRun:
    """What does not read is as if there was none. Raises the store's errors."""
    try:
        return from_json(ReconcileRun, store.read(KEY))
    except MisshapenValue:
        return ReconcileRun()


def run(
    context: Context,
    rules: Callable[[], Sequence[Any]],
    *,
    by_hand: bool,
    full: bool = False,
) -> Dict[str, Any]:
    """The action's result. `rules`: all of StackStorm's; `by_hand`: it runs however short ago
    the last one was; `full`: what Mattermost has is compared as well. Raises the
    gateways' and the store's errors."""
    store, now = context.store, context.clock()
    before = last_run(store)
    if not by_hand and abs(now - before.at) < APART_SECONDS:
        return {"done": "too_soon", "message": "It ran a moment ago."}
    if not by_hand and _gives_way(store, before, now):
        return {
            "done": "gives_way",
            "message": "PagerDuty's rate limit runs out: it waits for the next run.",
        }
    state = StateStore(store).load().state
    if state is None:
        return {
            "done": "not_started",
            "message": "The incident sensor has not started yet: nothing is posted.",
        }
    begun = before._replace(at=now, number=before.number + 1)
    whole = full or 0 < before.full_at <= now - FULL_SECONDS
    store.write(KEY, to_json(begun))
    report = Reconciler(context, rules).run(state, before.cursor, full=whole)
    ended = begun._replace(
        cursor=report.cursor,
        ended=context.clock(),
        full_at=now if whole or not before.full_at else before.full_at,
        left=report.left,
    )
    store.write(KEY, to_json(ended))
    for problem in report.problems:
        context.log.warning("Not put right: %s", problem)
    return {"done": "done", "full": whole, **report._asdict(), "message": message(report)}


def _gives_way(store: Store, before: ReconcileRun, now: float) -> bool:
    """While the rate limit is low acts of people go first; not for longer than a quarter of an
    hour."""
    if now - (before.ended or 0.0) >= LONGEST_WAY_SECONDS:
        return False
    return left_until_reset(store, now) > 0.0


def message(report: ReconcileReport) -> str:
    """What a run put right, for people."""
    text = "All is as it should be."
    if report.jobs:
        replies = f"{report.replies} {'reply' if report.replies == 1 else 'replies'}"
        text = f"{counted(report.put_right, 'card')} and {replies} put right."
    return text + (f" Left for the next run: {report.left}." if report.left else "")
