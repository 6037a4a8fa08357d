"""A line of `health.check`: executions of the pack that nobody carries out any more. A runner that
is killed leaves them as they were, for good.

Their work is not lost: what they were to post is found by `posts.reconcile`, what somebody ordered
stands in the audit as begun.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, List, Tuple

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

STATES = ("requested", "scheduled", "delayed", "running")
LONGEST_SECONDS = 1800.0
"""Older ones are dead: an execution has ten minutes where nobody gave it more."""
MAX_EXECUTIONS = 100
"""Of a state, that are read."""


def check(context: Context) -> Tuple[str, str]:
    """ok, warn or off, and a text. Raises what StackStorm's client raises."""
    manager = getattr(context.stackstorm(), "executions", None)
    if manager is None:
        return "off", "without StackStorm: what is unfinished runs again at the next start"
    before = time.strftime(
        "%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime(context.clock() - LONGEST_SECONDS)
    )
    found: List[Any] = []
    for state in STATES:
        rows = manager.query(status=state, timestamp_lt=before, limit=MAX_EXECUTIONS)
        found += [row for row in rows if _action(row).startswith("pagerduty.")]
    if not found:
        return "ok", f"none is unfinished for more than {LONGEST_SECONDS / 60:.0f} minutes"
    first = found[0]
    return "warn", (
        f"{len(found)} unfinished for more than {LONGEST_SECONDS / 60:.0f} minutes, such as "
        f"{_action(first)} {first.id}: an action runner was killed. What they were to post is "
        "posted by posts.reconcile; `st2 execution cancel` ends them"
    )


def _action(row: Any) -> str:
    action = row.action
    return str(action.get("ref") if isinstance(action, dict) else action)
