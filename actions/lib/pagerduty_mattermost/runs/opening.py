"""A room and the playbook that is started in it, as actions and commands ask for both.

    found = wanted(context, incident, "major-incident")     # -> Playbook, or None
    opened = open_with(context, change, found, by=who, order_id=id)

Which playbook it is stands in the room's record before the channel is made, so that whoever is
killed in between leaves a room in which the round over rooms starts it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Optional

from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.playbooks import library
from pagerduty_mattermost.playbooks.playbook import NO_PLAYBOOK, Playbook
from pagerduty_mattermost.rooms.records import RoomRecord
from pagerduty_mattermost.rooms.room import OpenedRoom, held_back, open_room
from pagerduty_mattermost.rooms.room import result_of as room_result
from pagerduty_mattermost.runs import people, starting
from pagerduty_mattermost.runs.acts import Who
from pagerduty_mattermost.runs.records import RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change, Incident


class OpenedWith(NamedTuple):
    """A room that was opened, and the run that began in it."""

    room: OpenedRoom
    run: Optional[starting.StartedRun] = None
    problem: str = ""
    """Why the playbook was not started, in one line; empty where it was, or where there is
    none."""


def wanted(context: Context, incident: Incident, name: str = "") -> Optional[Playbook]:
    """The playbook of that name; without one the one that is taken for such an incident by itself.
    Raises NotFound for a name that there is not, and the store's errors."""
    if name == NO_PLAYBOOK:
        return None
    known = library.load(context)
    return known.get(name).playbook if name else known.fitting(incident)


def open_with(
    context: Context,
    change: Change,
    playbook: Optional[Playbook],
    *,
    by: Who,
    order_id: str = "",
    private: Optional[bool] = None,
    anew: bool = False,
) -> OpenedWith:
    """The incident's room, and the run in it. `order_id`: of a person's order; `anew`: the
    playbook is started in a room alone that was made now. Raises what the gateways raise where
    there can be no room; what keeps the playbook from being started is said."""
    casts: List[people.Cast] = []

    def commander() -> str:
        if playbook is None:
            return ""
        casts.append(people.cast(context, playbook, change.incident, by))
        return casts[0].commander.name

    opened = open_room(
        context,
        change,
        by=by.id,
        private=private,
        playbook=playbook,
        commander=commander,
    )
    if playbook is None or (anew and not opened.is_new):
        return OpenedWith(opened)
    try:
        run = starting.start(
            context,
            opened.room,
            playbook,
            change,
            by=by,
            order_id=order_of(opened.room) if opened.is_new or not order_id else order_id,
            cast=casts[0] if casts else None,
        )
    except WriteRefused:
        raise
    except PackError as error:
        return OpenedWith(opened, problem=context.line_in_chat(error))
    return OpenedWith(opened, run)


def open_by_rule(
    context: Context, change: Change, name: str = "", *, private: Optional[bool] = None
) -> Dict[str, Any]:
    """The result of `room.open` for a rule (`rooms.room.held_back`). `name`: of a playbook, or
    `NO_PLAYBOOK`; empty: the one that is taken for such an incident by itself, in a new room."""
    held = held_back(context, change)
    if held is not None:
        return held
    return result_of(open_by_hand(context, change, name, private=private))


def open_by_hand(
    context: Context, change: Change, name: str = "", *, private: Optional[bool] = None
) -> OpenedWith:
    """The same whatever the incident is like."""
    found = wanted(context, change.incident, name)
    return open_with(context, change, found, by=Who(), private=private, anew=not name)


def result_of(opened: OpenedWith) -> Dict[str, Any]:
    """The opened room and its run as an action's result."""
    result = room_result(opened.room)
    run = opened.run
    more = {
        "playbook": run.run.plan.playbook.name if run is not None else "",
        "playbook_post_id": run.run.post.id if run is not None else "",
    }
    said = [result["message"]]
    if run is not None:
        said.append(f"Playbook {one_line(run.run.plan.playbook.title)}.")
    if opened.problem:
        said.append(f"Its playbook is not started: {opened.problem}.")
    return {**result, **more, "message": " ".join(said)}


def order_of(room: RoomRecord) -> str:
    """The id of the order that starts the playbook that a room was made for, whoever gives it."""
    return f"room.{room.channel_id}"


def start_wanted(
    context: Context, records: RunRecords, room: RoomRecord, change: Change
) -> Optional[starting.StartedRun]:
    """The playbook that a room was made for, where nobody came to start it. One that was over, and
    put away with its room, goes on in the room that is back with its incident; None where it is
    left alone. Raises what the gateways raise."""
    if not room.playbook:
        return None
    closed = records.closed(room.incident)
    if closed is not None:
        goes_on = change.incident.is_open and closed.plan.channel == room.channel_id
        return starting.StartedRun(records.reopen(closed), True) if goes_on else None
    playbook = library.load(context).get(room.playbook).playbook
    by = people.by_id(context, room.by) if room.by else Who()
    return starting.start(context, room, playbook, change, by=by, order_id=order_of(room))
