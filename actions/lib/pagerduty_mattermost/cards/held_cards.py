"""Cards that quiet hours hold back, until the digest lists them (docs/quiet.md).

    record = read(store, channel_id, incident_id)
    verdict = decide(starts, record, until, incident)      # pure
    held_incidents(store) -> {incident_id: why}            # cards that are missing on purpose

One datastore key `pagerduty.held.<channel id>.<incident id>` for each (channel, incident): two
writers of one key write the same. It stands from the change that would have started a card until
there is one, or the incident is over: as `quiet_hours` until the digest is posted, as `digest`
afterwards, when the next change starts the card, whatever it is; of one that came and went as
`over`, for a day.
"""

# flake8: noqa: E203

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.incidents.incident import Incident

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.quiet_hours import QuietHours

KEY_PREFIX = "held."
QUIET, DIGEST, OVER = "quiet_hours", "digest", "over"
DAY_SECONDS = 86400.0
KEPT_SECONDS: Mapping[str, float] = {
    QUIET: 7 * DAY_SECONDS,
    DIGEST: 30 * DAY_SECONDS,
    OVER: DAY_SECONDS,
}
"""Seconds after the end of the quiet hours: for a digest that can't be posted, and for one that
was; for what came and went, in which reconcile may come late."""


class HeldCard(NamedTuple):
    """A card that is not posted before its time."""

    channel_id: str
    incident_id: str
    until: float
    """End of the quiet hours in which it was held, seconds since the epoch."""
    route: Route = Route()
    label: str = ""
    """The channel in people's words."""
    created_at: str = ""
    """Of the incident."""
    why: str = QUIET
    """quiet_hours; digest once it was listed; over once it was counted there as one that came and
    went."""

    @property
    def key(self) -> str:
        return f"{KEY_PREFIX}{self.channel_id}.{self.incident_id}"


class HoldVerdict(NamedTuple):
    """What becomes of a change of an incident that has no card in the channel."""

    starts: bool
    """Its card is created now."""
    hold: bool = False
    """It is held, until the end that was given."""
    kept: bool = False
    """It is held already, or left to the digest."""


def is_held_back(incident: Incident) -> bool:
    """Whether quiet hours hold such an incident back; high urgency always passes, and an unknown
    urgency passes too."""
    return incident.urgency == "low"


def is_quiet(hours: Optional[QuietHours], route: Route, incident: Incident) -> bool:
    """Whether quiet hours hold the incident's cards back now; replies in those that are there
    mention nobody."""
    return hours is not None and is_held_back(incident) and hours.until(route.quiet) is not None


def decide(
    starts: bool, record: Optional[HeldCard], until: Optional[float], incident: Incident
) -> HoldVerdict:
    """Of a change that a rule saw. `starts`: the route starts a card on it; `until`: end of the
    route's present quiet hours, None when there are none. High urgency always passes."""
    if record is not None and record.why == OVER and not incident.is_open:
        return HoldVerdict(False, kept=True)
    wanted = starts or record is not None
    if until is None or not is_held_back(incident):
        if record is not None and record.why == QUIET and not incident.is_open:
            return HoldVerdict(False, kept=True)  # it came and went: the digest counts it
        return HoldVerdict(wanted)
    if record is not None and record.why == QUIET:
        return HoldVerdict(False, kept=True)
    return HoldVerdict(False, hold=wanted)


def read(store: Store, channel_id: str, incident_id: str) -> Optional[HeldCard]:
    """None also for a value that does not read. Raises StoreUnreachable."""
    name = HeldCard(channel_id, incident_id, 0.0).key
    try:
        return held_of(name, store.read(name))
    except BrokenValue:
        return None


def save(store: Store, held: HeldCard, now: float) -> None:
    """Remembered until a while after the hours are over. Raises as `Store.write`."""
    store.write(held.key, to_json(held), max(held.until - now, 0.0) + KEPT_SECONDS[held.why])


def drop(store: Store, held: HeldCard) -> None:
    """The card is held back no more. Raises as `Store.delete`."""
    store.delete(held.key)


def every(store: Store, log: Any = None) -> List[HeldCard]:
    """All of them, in the order of their keys; one request. What does not read is left out. Raises
    StoreUnreachable."""

    found = (
        held_of(name, value)
        for name, value in sorted(store.read_prefix(KEY_PREFIX, left_out(log)).items())
    )
    return [one for one in found if one is not None]


def held_incidents(store: Store) -> Dict[str, str]:
    """Why incidents have no card where they would have one: quiet_hours, digest or over. Raises
    StoreUnreachable."""
    return {one.incident_id: one.why for one in every(store)}


def held_of(name: str, value: Any) -> Optional[HeldCard]:
    """Of a relative key and its value; None when it is no such record."""
    channel_id, _, incident_id = name[len(KEY_PREFIX) :].partition(".")
    try:
        held = from_json(HeldCard, {**value, "channel_id": channel_id, "incident_id": incident_id})
    except (MisshapenValue, TypeError):
        return None
    return (
        (held if held.why in KEPT_SECONDS else held._replace(why=QUIET)) if incident_id else None
    )
