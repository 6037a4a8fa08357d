"""An incident's room as actions and commands open it: found or made, furnished, and what to tell
of it.

    open_room(context, change, by=user_id) -> OpenedRoom(room, is_new, problems)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.rooms.furnishing import furnish
from pagerduty_mattermost.rooms.links import label
from pagerduty_mattermost.rooms.opening import FoundRoom, find_or_make
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change
    from pagerduty_mattermost.playbooks.playbook import Playbook

HOUR_SECONDS = 3600.0
MADE, THERE, HELD, OVER, CANARY = "made", "there", "held", "over", "canary"
EXERCISE = "exercise"
"""What became of a rule's wish for a room."""


class OpenedRoom(NamedTuple):
    """An incident's room, open and furnished."""

    room: RoomRecord
    is_new: bool
    problems: Tuple[str, ...] = ()


def open_room(
    context: Context,
    change: Change,
    *,
    by: str = "",
    private: Optional[bool] = None,
    playbook: Optional[Playbook] = None,
    commander: Optional[Callable[[], str]] = None,
) -> OpenedRoom:
    """The incident's room with all that belongs into it. `playbook`: the one that whoever opens it
    starts there; `commander`: tells who leads by it then, by username. Raises what the gateways
    raise where there can be none."""

    def found_or_made() -> FoundRoom:
        return find_or_make(
            context,
            change.incident,
            by=by,
            private=private,
            playbook=playbook,
            commander=commander,
        )

    found = found_or_made()
    try:
        furnished = furnish(context, found.room, change)
    except PackError as error:
        if not is_archived(error):
            raise
        # Another run opened one as well, and that was the first: it stays.
        found = found_or_made()
        furnished = furnish(context, found.room, change)
    return OpenedRoom(furnished.room, found.is_new, furnished.problems)


def held_back(context: Context, change: Change) -> Optional[Dict[str, Any]]:
    """What a rule is answered that opens no room: none for an incident that is over, none for the
    canary's, for tests and drills that in which they take place alone, and no more than
    rooms.max_new within an hour. None where it may."""
    incident = change.incident
    if context.settings.canary.owns(incident.service_id, incident.service):
        return _result(CANARY, incident.id, None, "The canary's incidents have no room.")
    if context.settings.rooms.is_test(incident.service_id, incident.service):
        line = "Tests and drills have no other room than the one they begin in."
        return _result(EXERCISE, incident.id, None, line)
    records = RoomRecords(context.store, context.log)
    there = records.open_of(incident.id)
    if there is None and not incident.is_open:
        return _result(OVER, incident.id, None, "It is over: no room is opened for it.")
    if there is None and _are_too_many(context, records):
        limit = context.settings.rooms.max_new
        line = (
            f"Rules have opened {limit} rooms within an hour (rooms.max_new) and open no more for "
            "now: the card's menu and `/pd room` still do."
        )
        context.notify_operators("rooms:max_new", line, HOUR_SECONDS)
        return _result(HELD, incident.id, None, line)
    return None


def _are_too_many(context: Context, records: RoomRecords) -> bool:
    limit, since = context.settings.rooms.max_new, context.clock() - HOUR_SECONDS
    if not limit:
        return False
    made = [room for room in records.every() if not (room.by or room.adopted) and room.at > since]
    return len(made) >= limit


def result_of(opened: OpenedRoom) -> Dict[str, Any]:
    """The opened room as an action's result."""
    room = opened.room
    made = "Opened" if opened.is_new else "There already:"
    left = f" Left for the next round: {'; '.join(opened.problems)}." if opened.problems else ""
    done = MADE if opened.is_new else THERE
    return _result(done, room.incident, room, f"{made} {label(room)}.{left}")


def _result(
    done: str, incident_id: str, room: Optional[RoomRecord], message: str
) -> Dict[str, Any]:
    found = {"done": done, "incident_id": incident_id, "channel_id": "", "post_id": "", "name": ""}
    if room is not None:
        found.update(channel_id=room.channel_id, post_id=room.post_id, name=room.name)
    return {**found, "message": message}
