"""Pure: the incident sensor's memory where it has none: at its very first start, and when what it
had committed is lost.
"""

from __future__ import annotations

from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.incidents.known_states import SensorState
from pagerduty_mattermost.incidents.reader import SnapshotRead
from pagerduty_mattermost.incidents.snapshot import adoption
from pagerduty_mattermost.incidents.watch_filter import WatchFilter


def first_state(read: SnapshotRead, watch: WatchFilter) -> SensorState:
    """What is open now is known and not reported; changes are news from now on. `read`: a whole
    snapshot. Raises RetryLater when PagerDuty gave no time."""
    now = _time_of(read)
    state = SensorState(origin=now, cursor=now)
    for step in adoption(state, read.found.changed, watch, now, followed=False):
        state.apply(step)
    state.scope = watch.fingerprint
    state.summary_due = True
    return state


def rebuild(state: SensorState, read: SnapshotRead, watch: WatchFilter) -> None:
    """The head was lost: what is open now counts as reported. What the log holds since the last
    heartbeat is dispatched again, and those who post recognise what they have posted. Raises
    RetryLater when PagerDuty gave no time."""
    now = _time_of(read)
    state.cursor = state.cursor or now
    state.origin = state.origin or state.cursor
    for step in adoption(state, read.found.changed, watch, now, followed=True):
        state.apply(step)
    for incident_id, known in list(state.known.items()):
        if known.is_open and incident_id not in read.listed and incident_id not in state.away:
            state.put(
                incident_id,
                known._replace(status="resolved", status_at=int(now), touched=int(now)),
            )
    state.scope = watch.fingerprint


def _time_of(read: SnapshotRead) -> float:
    if read.server_time is None:
        raise RetryLater(
            "PagerDuty GET /incidents: the answer gives no time (header Date), so nothing can "
            "start"
        )
    return read.server_time
