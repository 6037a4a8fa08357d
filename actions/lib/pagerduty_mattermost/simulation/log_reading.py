"""PagerDuty's log of a time that is over, for a replay: all of it, or where that takes too long
its newest part."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.pagerduty.client import Listing
from pagerduty_mattermost.gateways.pagerduty.long_lists import read_list

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.simulation.patience import Patience

READING_SHARE = 0.4
"""Of the time that a replay may take: the rest is for the replay itself."""
SLICE_SECONDS = 86400.0
FEW_ROWS = 500
"""With fewer of them the next slice may be twice as long."""
_INCLUDES = ["incidents", "channels"]


class ReadLog(NamedTuple):
    """The log of a time that is over, as far as it was read."""

    rows: List[Dict[str, Any]]
    begin: float
    """From when on all entries are there; later than was asked for where time was up."""
    cut: bool
    """PagerDuty gave not all rows of a second."""


def read_log(context: Context, begin: float, end: float, patience: Patience) -> ReadLog:
    """Raises the gateway's errors. Newest first where it may take only so long, since an incident
    is reckoned back from how it is now."""
    if not patience.seconds:
        found = _read(context, begin, end)
        return ReadLog(found.items, begin, found.truncated)
    rows: Dict[str, Dict[str, Any]] = {}
    cut, reached, length = False, end, SLICE_SECONDS
    while reached > begin:
        first = max(begin, reached - length)
        found = _read(context, first, reached)
        rows.update((str(row.get("id")), row) for row in found.items)
        cut = cut or found.truncated
        length = 2 * length if len(found.items) < FEW_ROWS else SLICE_SECONDS
        reached = first
        if patience.is_over(READING_SHARE):
            break
    return ReadLog(list(rows.values()), reached, cut)


def _read(context: Context, begin: float, end: float) -> Listing:
    query = {"since": times.iso(begin), "until": times.iso(end + 1), "include": _INCLUDES}
    now = context.clock()
    return read_list(
        context.pagerduty, "/log_entries", "log_entries", query, None, order="oldest", now=now
    )
