"""Whether the incident sensor is silent, told once in the operations channel, and that it is back.

    check(context)                                          # reads the heartbeat, tells, remembers
    judge(WatchdogState(...), heartbeat, now, interval)    # pure: what to remember and to tell

A check every ten minutes, by a timer rule: a sensor that hangs tells nothing itself. Times are
this machine's seconds since the epoch, taken at the checks; nothing of the sensor's own clock is
compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.core.times import duration
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.state_store import HEARTBEAT_SECONDS, last_heartbeat

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY = "watchdog"

MISSED_CYCLES, MISSED_BEATS = 3, 2
"""More are silence."""
NEVER_HEARD_SECONDS = 900.0
"""For which a sensor that has never been heard of is waited for."""


class WatchdogState(NamedTuple):
    """What the last check left."""

    beat: str = ""
    """The heartbeat's own words; empty: none was there."""
    since: float = 0.0
    """When it was first seen so."""
    told: bool = False
    """That it is silent."""


class WatchdogNotice(NamedTuple):
    """What is told in the operations channel."""

    text: str
    """Markdown."""
    key: str


def allowed(interval: float) -> float:
    """Seconds of silence that are no trouble. `interval`: seconds between two cycles."""
    return max(MISSED_CYCLES * interval, MISSED_BEATS * HEARTBEAT_SECONDS)


def judge(
    before: WatchdogState, beat: Any, now: float, interval: float
) -> Tuple[WatchdogState, Optional[WatchdogNotice]]:
    """`beat`: the value of the heartbeat's key, None for none."""
    words = _words(beat)
    if words != before.beat or not before.since:
        if not before.told:
            return WatchdogState(words, now), None
        text = (
            ":white_check_mark: **The incident sensor is back.** It was silent for "
            f"{duration(now - before.since)}."
        )
        return WatchdogState(words, now), WatchdogNotice(
            text, f"watchdog-back-{int(before.since)}"
        )
    silent = now - before.since
    if before.told or silent < (allowed(interval) if words else NEVER_HEARD_SECONDS):
        return before, None
    text = (
        f":warning: **The incident sensor is silent, for {duration(silent)} now.** Nothing "
        "is lost, but nothing new is "
        "posted: is it enabled (`st2 sensor list`), and st2sensorcontainer running? Restart "
        "that; StackStorm gives a sensor up after two respawns."
    )
    return before._replace(told=True), WatchdogNotice(text, f"watchdog-silent-{int(before.since)}")


def silent_for(before: WatchdogState, beat: Any, now: float) -> float:
    """Seconds since the heartbeat was seen to change: none where it has changed since the last
    check, as after a restart."""
    return now - before.since if before.since and _words(beat) == before.beat else 0.0


def _words(beat: Any) -> str:
    return f"{beat.get('cycle')}/{beat.get('server_time')}" if isinstance(beat, Mapping) else ""


def died(sensor: str, exit_code: Optional[int], at: Optional[int]) -> WatchdogNotice:
    """StackStorm says that a sensor's process ended by itself."""
    code = "" if exit_code is None else f" (exit code {exit_code})"
    text = (
        f":warning: **The sensor {escape(one_line(sensor, 60))} died**{code}. StackStorm "
        "starts it again, twice at most; should it stay silent, restart st2sensorcontainer."
    )
    return WatchdogNotice(text, f"sensor-exit-{sensor}-{at}")


def remembered(store: Store) -> WatchdogState:
    """What the last check left. Raises StoreUnreachable or BrokenValue."""
    return state_from(store.read(KEY))


def remember(store: Store, watched: WatchdogState) -> None:
    """Raises StoreUnreachable."""
    store.write(KEY, to_json(watched))


def check(context: Context) -> Optional[WatchdogNotice]:
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
) -> WatchdogNotice:
    """Tell that a sensor's process ended. Raises the gateways' errors."""
    notice = died(sensor, exit_code, at)
    _tell(context, notice)
    return notice


def _tell(context: Context, notice: WatchdogNotice) -> None:
    context.channels.using(
        ":operations", lambda ref: context.post_once(ref.id, notice.text, key=notice.key)
    )


def state_from(value: Any) -> WatchdogState:
    """As it was kept; what does not read is a first check."""
    try:
        return from_json(WatchdogState, value)
    except MisshapenValue:
        return WatchdogState()
