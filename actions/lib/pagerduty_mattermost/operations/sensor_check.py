"""Two lines of `health.check`: how the incident sensor does and, where several take turns, which
one reads PagerDuty and which stand by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.state_store import last_heartbeat
from pagerduty_mattermost.operations.watchdog import allowed, remembered, silent_for
from pagerduty_mattermost.sensor import leadership
from pagerduty_mattermost.sensor.heartbeat import longest_interval

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def check(context: Context) -> Tuple[str, str]:
    """ok, warn or fail, and a text. Raises the store's errors."""
    beat = last_heartbeat(context.store)
    if beat is None:
        return (
            "fail",
            "has never been heard of: is it enabled, and st2sensorcontainer (or `serve`) running?",
        )
    silent = silent_for(remembered(context.store), beat, context.clock())
    if silent > allowed(longest_interval(context.settings)) + 60:
        return "fail", (
            f"silent for {times.duration(silent)}: restart st2sensorcontainer (or `serve`)"
        )
    if beat.get("state") != "ok":
        return "fail", f"failing: {beat.get('reason')}"
    if beat.get("reason"):
        return "warn", f"incidents are read; {beat.get('reason')}"
    noted = times.seconds(str(beat.get("last_good") or ""))
    ago = times.duration(max(0.0, context.clock() - noted)) if noted else ""
    as_of = f", as it noted {ago} ago (it notes that every five minutes)" if ago else ""
    open_ones = (
        "1 open incident" if beat.get("open") == 1 else f"{beat.get('open')} open incidents"
    )
    counts = f"{open_ones}, changes of {beat.get('reported')} reported so far"
    return "ok", f"reads PagerDuty; {counts}{as_of}"


def standby(context: Context) -> Tuple[str, str]:
    """ok, warn, fail or off, and a text. Raises the store's errors."""
    if not context.settings.watch.leader_election:
        return "off", "one incident sensor is enough; docs/cluster.md says how several take turns"
    found = leadership.standing(context.store)
    waiting = ", ".join(found.standing_by)
    if not found.leader:
        return "fail", f"no incident sensor leads; standing by: {waiting or 'none'}"
    if not waiting:
        return "warn", (
            f"{found.leader} reads PagerDuty, and no other sensor stands by: start the sensor "
            "container of another node"
        )
    return "ok", f"{found.leader} reads PagerDuty; standing by: {waiting}"
