"""Who is on call, was and will be, by the schedules and escalation policies of oncall.channels.

    seen = read_watched(context, since, until)    # seen.spans["PSCHED1"] -> {0: [OnCallSpan(...)]}

As few requests as PagerDuty allows: all schedules in one list, all policies in another (⌈rows/100⌉
each), or both in the list of the whole account.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, NamedTuple

from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import entries
from pagerduty_mattermost.oncall.handoffs import SpansByLevel
from pagerduty_mattermost.oncall.targets import KINDS, forget_targets, kept_targets

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


class WatchedOnCalls(NamedTuple):
    """What was read in one run."""

    spans: Dict[str, SpansByLevel]
    """By id of what is watched; each is there."""
    things: Dict[str, Reference]
    """What is watched, by id."""
    channels: Dict[str, List[str]]
    """By id, the channels that hear of it."""
    problems: List[str]
    """What is in the configuration and means nothing."""
    pages: Dict[str, int]
    """By kind."""
    at_once: int
    at: float
    """When it was seen, seconds since the epoch: by this machine's clock, or by PagerDuty's where
    that is earlier. Never later, so that nothing that has not begun yet is taken for what is."""


def read_watched(context: Context, since: float, until: float, at_once: int = 0) -> WatchedOnCalls:
    """Raises the gateway's and the store's errors. What the configuration names and PagerDuty does
    not know is told in the operations channel, once a day."""
    wanted = context.settings.oncall.channels
    targets = kept_targets(context.pagerduty, context.store, list(wanted), context.clock())
    for text, why in targets.unknown.items():
        context.notify_operators(f"oncall.channels:{text}", f"oncall.channels: {escape(why)}")
    things: Dict[str, Reference] = {}
    channels: Dict[str, List[str]] = {}
    for text, thing in targets.known.items():
        things[thing.id] = thing
        if wanted[text] not in channels.setdefault(thing.id, []):
            channels[thing.id].append(wanted[text])
    ids = {
        kind: sorted(thing.id for thing in things.values() if thing.kind == kind) for kind in KINDS
    }
    at = context.clock()
    try:
        found = entries.read(context.pagerduty, ids, since, until, at_once)
    except (NotFound, RejectedInput):
        forget_targets(context.store)  # one of them may be gone
        raise
    at = min(at, context.pagerduty.last_server_time or at)
    unknown = list(targets.unknown.values())
    return WatchedOnCalls(found.spans, things, channels, unknown, found.pages, found.at_once, at)
