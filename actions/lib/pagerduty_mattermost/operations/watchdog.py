"""Whether the incident sensor is silent, told once in the operations channel, and that it is back.

    look(context)                    # reads the heartbeat, tells, remembers
    judge(Watched(...), beat, now, interval) -> (Watched, Notice or None)     # pure

A look a minute, by a timer rule: a sensor that hangs tells nothing itself. Times are this
machine's seconds since the epoch, taken at the looks; nothing of the sensor's own clock is
compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.core.times import duration
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.state_store import HEARTBEAT_SECONDS, last_heartbeat

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY = "watchdog"

MISSED = 3
"""Cycles."""
NEVER = 900.0
"""Seconds that a sensor which has never been heard of is waited for."""


class Watched(NamedTuple):
    """What the last look left."""

    beat: str = ""
    """The heartbeat's own words; empty: none was there."""
    since: float = 0.0
    """When it was first seen so."""
    told: bool = False
    """That it is silent."""


class Notice(NamedTuple):
    text: str
    """Markdown."""
    key: str


def allowed(interval: float) -> float:
    """Seconds of silence that are no trouble. `interval`: seconds between two cycles."""
    return MISSED * max(interval, HEARTBEAT_SECONDS)


def judge(
    before: Watched, beat: Any, now: float, interval: float
) -> Tuple[Watched, Optional[Notice]]:
    """`beat`: the value of the heartbeat's key, None for none."""
    words = f"{beat.get('cycle')}/{beat.get('server_time')}" if isinstance(beat, Mapping) else ""
    if words != before.beat or not before.since:
        if not before.told:
            return Watched(words, now), None
        text = (
            ":white_check_mark: **The incident sensor is back.** It was silent for "
            f"{duration(now - before.since)}."
        )
        return Watched(words, now), Notice(text, f"watchdog-back-{int(before.since)}")
    silent = now - before.since
    if before.told or silent < (allowed(interval) if words else NEVER):
        return before, None
    text = (
        f":warning: **The incident sensor is silent, for {duration(silent)} now.** Nothing "
        "is lost, but nothing new is "
        "posted: is it enabled (`st2 sensor list`), and st2sensorcontainer running? Restart "
        "that; StackStorm gives a "
        "sensor up after two respawns."
    )
    return before._replace(told=True), Notice(text, f"watchdog-silent-{int(before.since)}")


def died(sensor: str, exit_code: Optional[int], at: Optional[int]) -> Notice:
    """StackStorm says that a sensor's process ended by itself."""
    code = "" if exit_code is None else f" (exit code {exit_code})"
    text = (
        f":warning: **The sensor {escape(one_line(sensor, 60))} died**{code}. StackStorm "
        "starts it again, twice at "
        "most; should it stay silent, restart st2sensorcontainer."
    )
    return Notice(text, f"sensor-exit-{sensor}-{at}")


def remembered(store: Store) -> Watched:
    """What the last look left. Raises StoreUnreachable or BrokenValue."""
    return watched_of(store.read(KEY))


def remember(store: Store, watched: Watched) -> None:
    """Raises StoreUnreachable."""
    store.write(KEY, to_json(watched))


def look(context: Context) -> Optional[Notice]:
    """What was told of the sensor's heartbeat now; None for nothing. Raises the gateways'
    errors."""
    from pagerduty_mattermost.sensor.heartbeat import longest_interval

    before, beat = remembered(context.store), last_heartbeat(context.store)
    interval = longest_interval(context.settings)
    after, notice = judge(before, beat, context.clock(), interval)
    if notice is not None:
        # Told first, by a key: a run that is killed in between tells nothing twice.
        _tell(context, notice)
    if after != before:
        remember(context.store, after)
    return notice


def report_death(
    context: Context, sensor: str, exit_code: Optional[int], at: Optional[int]
) -> Notice:
    """Tell that a sensor's process ended. Raises the gateways' errors."""
    notice = died(sensor, exit_code, at)
    _tell(context, notice)
    return notice


def _tell(context: Context, notice: Notice) -> None:
    context.channels.using(
        ":operations", lambda ref: context.post_once(ref.id, notice.text, key=notice.key)
    )


def watched_of(value: Any) -> Watched:
    """As it was kept; what does not read is a first look."""
    data = value if isinstance(value, Mapping) else {}
    since = data.get("since")
    return Watched(
        str(data.get("beat") or ""),
        float(since) if isinstance(since, (int, float)) else 0.0,
        data.get("told") is True,
    )
