"""Somebody catches up on an incident: what they have to know, and what is new since they looked
last, which is remembered by person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, List, NamedTuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue
from pagerduty_mattermost.reviews.catching_up import Sentence, as_text, sentences_of
from pagerduty_mattermost.reviews.gathering import gather

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.rooms.records import RoomRecord

KEY_PREFIX = "caughtup."
KEPT_SECONDS = 30 * 86400.0


class CaughtUp(NamedTuple):
    """What somebody was told last, and when."""

    sentences: List[Sentence]
    text: str
    """All of it, in Markdown."""
    since: float = 0.0
    """When they looked last, seconds since the epoch; 0: never."""


def catch_up(
    context: Context, incident_id: str, user: str, sees: Callable[[RoomRecord], bool]
) -> CaughtUp:
    """`user`: the Mattermost id of whoever asks, empty where that is not known; `sees`: whether
    they may see the incident's room. Raises as `gather`."""
    facts = gather(context, incident_id, sees)
    now, since = context.clock(), last_look(context, incident_id, user)
    zone = times.zone(context.settings.time_zone)
    sentences = sentences_of(
        facts.incident,
        facts.entries,
        facts.run.state if facts.run is not None else None,
        zone,
        now,
        since,
    )
    shown = times.clock(times.iso(since), zone, near=times.iso(now)) if since else ""
    text = "\n".join([as_text(sentences, shown), *facts.warnings])
    if user:
        context.store.remember(f"{KEY_PREFIX}{incident_id}.{user}", now, KEPT_SECONDS)
    return CaughtUp(sentences, text, since)


def last_look(context: Context, incident_id: str, user: str) -> float:
    """0: never, or nobody knows."""
    if not user:
        return 0.0
    try:
        value = context.store.read(f"{KEY_PREFIX}{incident_id}.{user}")
    except BrokenValue:
        return 0.0
    return float(value) if fits("", value) else 0.0


def fits(name: str, data: Any) -> bool:
    """Whether the data is what a key of that name holds."""
    return isinstance(data, (int, float)) and not isinstance(data, bool) and data > 0
