"""Nobody is paged or told from an exercise: what would do so is refused for incidents of the test
service, and in a drill's room."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.errors import RejectedInput

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

REACHING = frozenset(
    ("page", "responders", "escalate", "reassign", "status_update", "workflow", "merge")
)
"""Verbs that reach people who are not part of the exercise, or mix it up with what is in
earnest."""


def require(context: Context, command: Command) -> None:
    """Raises RejectedInput, and what the gateways raise. Costs a request where a test service is
    configured, and nothing for other verbs."""
    rooms = context.settings.rooms
    if not rooms.test_service or command.verb not in REACHING:
        return
    if command.incidents:
        from pagerduty_mattermost.gateways.pagerduty.find_incident import find_all

        rows = find_all(context.pagerduty, command.incidents)
        services = [row.get("service") or {} for row in rows]
        is_exercise = any(
            rooms.is_test(str(one.get("id") or ""), str(one.get("summary") or ""))
            for one in services
            if isinstance(one, dict)
        )
    else:
        is_exercise = _in_a_drill(context, command.channel)
    if is_exercise:
        raise RejectedInput(
            "this is an exercise: nobody outside is paged or notified. `/pd invite @name` brings "
            "people into its room"
        )


def _in_a_drill(context: Context, channel: str) -> bool:
    from pagerduty_mattermost.rooms.records import RoomRecords
    from pagerduty_mattermost.runs.records import RunRecords

    incident = RoomRecords(context.store, context.log).incident_in(channel) if channel else ""
    run = RunRecords(context.store, context.log).load(incident) if incident else None
    return run is not None and run.plan.drill
