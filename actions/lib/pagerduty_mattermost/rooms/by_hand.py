"""What actions do with rooms: `room.find`, `.list`, `.info`, `.invite`, `.adopt`, `.announce`,
`.archive`, `.restore`. Each returns the action's result; all raise RejectedInput where there is no
such room, and what the gateways raise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Sequence

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import counted, listed
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.rooms import totals
from pagerduty_mattermost.rooms.adopting import adopt
from pagerduty_mattermost.rooms.following import go_on
from pagerduty_mattermost.rooms.invitations import bring_in
from pagerduty_mattermost.rooms.links import label, room_link
from pagerduty_mattermost.rooms.putting_away import put_away
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

Result = Dict[str, Any]


def facts(context: Context, room: RoomRecord) -> Result:
    """A room as actions give it. Times are ISO 8601, empty where there is none."""
    return {
        "incident_id": room.incident,
        "channel_id": room.channel_id,
        "name": room.name,
        "link": room_link(context, room),
        "post_id": room.post_id,
        "private": room.private,
        "adopted": room.adopted,
        "state": room.state,
        "opened_at": times.iso(room.at) if room.at else "",
        "archived_at": times.iso(room.due) if room.due else "",
        "furnished": list(room.done),
    }


def act(context: Context, name: str, given: Mapping[str, Any]) -> Result:
    """The action `room.<name>` with its parameters."""
    return _ACTS[name](context, given)


def _find(context: Context, given: Mapping[str, Any]) -> Result:
    room = RoomRecords(context.store, context.log).open_of(_incident(given))
    if room is None:
        return {"found": False, "message": "It has no room."}
    return {"found": True, **facts(context, room), "message": f"Its room is {label(room)}."}


def _list(context: Context, given: Mapping[str, Any]) -> Result:
    records = RoomRecords(context.store, context.log)
    if given.get("ended"):
        over = [*records.put_away_ones(), *(one for one in records.every() if one.ended)]
        rooms = [{**facts(context, room), **totals.of(context, room)._asdict()} for room in over]
    else:
        rooms = [facts(context, room) for room in records.every()]
    return {"rooms": rooms, "count": len(rooms), "message": f"{counted(len(rooms), 'room')}."}


def _info(context: Context, given: Mapping[str, Any]) -> Result:
    room = _room(context, given)
    members = own_channels.members(context.mattermost, room.channel_id)
    text = f"{label(room)}: {len(members)} members."
    return {**facts(context, room), "members": members, "message": text}


def _invite(context: Context, given: Mapping[str, Any]) -> Result:
    room = _room(context, given)
    users = [chat_user(context.mattermost, name) for name in _texts(given, "users")]
    bring_in(context, room, (), {one.id: one.username for one in users}, again=True)
    names = ", ".join(f"@{one.username}" for one in users)
    return {**facts(context, room), "message": f"In {label(room)}: {names}."}


def _adopt(context: Context, given: Mapping[str, Any]) -> Result:
    change = alert_details.fetch(context.pagerduty, _incident(given))
    channel = context.channels.resolve(str(given.get("channel") or ""))
    made = adopt(context, channel.id, change)
    left = f" Left for the next round: {'; '.join(made.problems)}." if made.problems else ""
    return {**facts(context, made.room), "message": f"{label(made.room)} is its room.{left}"}


def _announce(context: Context, given: Mapping[str, Any]) -> Result:
    change = alert_details.fetch(context.pagerduty, _incident(given))
    publisher = posting.make_publisher(context)
    refs = [context.channels.resolve(one) for one in _texts(given, "channels")]
    cards = [
        publisher.show(change, ref.id, Route("announced", quiet="never"), due=True) for ref in refs
    ]
    shown = [{"channel_id": one.channel_id, "post_id": one.post_id} for one in cards]
    where = ", ".join(ref.label for ref in refs)
    return {"cards": shown, "message": f"Announced in {where}."}


def _archive(context: Context, given: Mapping[str, Any]) -> Result:
    records, room = RoomRecords(context.store, context.log), _room(context, given)
    room = put_away(context, records, room, "Archived: an action asked for it.")
    return {**facts(context, room), "message": f"{label(room)} is archived."}


def _restore(context: Context, given: Mapping[str, Any]) -> Result:
    records, incident_id = RoomRecords(context.store, context.log), _incident(given)
    found = records.old_of(incident_id)
    if not found:
        raise RejectedInput(f"The incident {incident_id} has no archived room")
    own_channels.restore(context.mattermost, found[0].channel_id)
    room = go_on(context, records, found[0], alert_details.fetch(context.pagerduty, incident_id))
    return {**facts(context, room), "message": f"{label(room)} is open again."}


def _incident(given: Mapping[str, Any]) -> str:
    return str(given.get("incident_id") or "").strip()


def _room(context: Context, given: Mapping[str, Any]) -> RoomRecord:
    incident_id = _incident(given)
    room = RoomRecords(context.store, context.log).open_of(incident_id)
    if room is None:
        raise RejectedInput(f"The incident {incident_id} has no room: room.open opens one")
    return room


def _texts(given: Mapping[str, Any], name: str) -> Sequence[str]:
    found: List[str] = listed(given.get(name))
    if not found:
        raise RejectedInput(f"{name}: name at least one")
    return found


_ACTS: Mapping[str, Callable[[Context, Mapping[str, Any]], Result]] = {
    "find": _find,
    "list": _list,
    "info": _info,
    "invite": _invite,
    "adopt": _adopt,
    "announce": _announce,
    "archive": _archive,
    "restore": _restore,
}
