"""What is remembered of rooms, in the datastore:

- `room.<incident>.chan.<channel>`: one room (`RoomRecord`), while it is looked after;
- `room.<incident>.want`: that somebody is opening one (`WantedRoom`): its name, before it is made;
- `inroom.<channel>`: the incident whose room the channel is;
- `oldroom.<incident>.chan.<channel>`: a room that was put away, so that no list of rooms holds it;
- `roommember.<incident>.<user>`: whom the pack put into a room, and who left it;
- `pagerduty.rooms.heard`: up to when each room was heard (`chat.room_listener`).

All of a record is read from Mattermost, or made again of the incident, so the last write is as
good as any.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out, read_record
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store
from pagerduty_mattermost.playbooks.playbook import PlaybookRoom

KEY_PREFIX = "room."
OLD_PREFIX = "oldroom."
INROOM_PREFIX = "inroom."
MEMBER_PREFIX = "roommember."
HEARD_KEY = "rooms.heard"
OLD_HEARD_KEY = "rooms.ear"
"""As versions before wrote it."""
DAY_SECONDS = 86400.0
OPEN_SECONDS, CLOSED_SECONDS = 180 * DAY_SECONDS, 30 * DAY_SECONDS
WANTED_SECONDS = DAY_SECONDS
OLD_SECONDS = 90 * DAY_SECONDS

OPEN, ARCHIVED, ARCHIVED_BY_PEOPLE = "open", "archived", "archived by people"
LOST, DUPLICATE = "lost", "duplicate"
"""States of a room. Lost: the bot may not see it any more. Duplicate: another one is the room."""


class RoomRecord(NamedTuple):
    """One room."""

    incident: str
    """PagerDuty's id."""
    channel_id: str
    team: str = ""
    """Id of its Mattermost team."""
    name: str = ""
    title: str = ""
    """As the pack wrote it last; another one there is people's, and stays."""
    adopted: bool = False
    """It was a channel of people's before: it is never archived."""
    private: bool = False
    state: str = OPEN
    at: float = 0.0
    """When the channel was made, seconds since the epoch."""
    by: str = ""
    """Id of the Mattermost user who asked for it; empty: a rule did."""
    post_id: str = ""
    """Of the incident's card in it."""
    done: Tuple[str, ...] = ()
    """The steps of furnishing that are done (`furnishing.STEPS`)."""
    header: str = ""
    """The pack's part of the header, as it was written last."""
    header_is_theirs: bool = False
    """People took that part out: it stays out."""
    commander: str = ""
    """Who leads, by username: it stands in the header."""
    invited: Tuple[str, ...] = ()
    """Whom the pack has tried to bring in: ids of PagerDuty's and words of the setting."""
    ended: bool = False
    """The incident is over."""
    due: float = 0.0
    """When it is archived, seconds since the epoch; 0: it is not."""
    playbook: str = ""
    """Name of the one that it was made for, or that was started in it; empty: of none."""
    terms: Optional[PlaybookRoom] = None
    """What that one said of its room when the room was made."""
    note: str = ""
    """What people were told of its state last, so that it is told once."""
    people: int = 0
    """How many were ever in it, when it was put away (`rooms.totals`)."""
    messages: int = 0
    """How many they wrote until then."""

    @property
    def is_open(self) -> bool:
        return self.state == OPEN


class WantedRoom(NamedTuple):
    """A room that somebody is opening."""

    name: str
    """Its first name, so that whoever goes on tries the same ones."""
    at: float
    by: str = ""
    private: bool = False
    playbook: str = ""
    terms: Optional[PlaybookRoom] = None
    commander: str = ""
    """Who will lead by what that playbook says, by username: the header says so from the
    beginning."""


def incident_of(name: str) -> str:
    """The incident in a relative key of a room; empty for another key."""
    return name[len(KEY_PREFIX) :].partition(".")[0] if name.startswith(KEY_PREFIX) else ""


class RoomRecords:
    """Raises the store's errors. What does not read is as if it were not there: a room is found
    again by its name and its purpose."""

    def __init__(self, store: Store, log: Any = None) -> None:
        self._store = store
        self._broken = left_out(log)

    def of(self, incident: str) -> List[RoomRecord]:
        """The rooms of an incident that are looked after, the oldest first: but for a moment, or
        after a crash, there is one."""
        return self._rooms(f"{KEY_PREFIX}{incident}.chan.")

    def open_of(self, incident: str) -> Optional[RoomRecord]:
        """The incident's room, None where there is none or it is archived."""
        return next((room for room in self.of(incident) if room.is_open), None)

    def old_of(self, incident: str) -> List[RoomRecord]:
        """Rooms of the incident that were put away."""
        return self._rooms(f"{OLD_PREFIX}{incident}.chan.")

    def put_away_ones(self) -> List[RoomRecord]:
        """All rooms that were put away within 90 days. Raises StoreUnreachable."""
        return self._rooms(OLD_PREFIX)

    def every(self) -> List[RoomRecord]:
        """All rooms that are looked after. Raises StoreUnreachable."""
        return self._rooms(KEY_PREFIX)

    def _rooms(self, prefix: str) -> List[RoomRecord]:
        values = self._store.read_prefix(prefix, self._broken)
        found = [room_of(value) for name, value in values.items() if ".chan." in name]
        rooms = [room for room in found if room is not None]
        return sorted(rooms, key=lambda room: (room.at, room.channel_id))

    def save(self, room: RoomRecord) -> None:
        ttl = CLOSED_SECONDS if room.ended else OPEN_SECONDS
        self._store.write(_name(KEY_PREFIX, room), to_json(room), ttl)

    def mark(self, room: RoomRecord) -> None:
        """That the channel is the incident's room, for commands that are given in it."""
        value = {"incident": room.incident, "private": room.private}
        self._store.write(f"{INROOM_PREFIX}{room.channel_id}", value, OPEN_SECONDS)

    def put_away(self, room: RoomRecord) -> None:
        """Look after the room no more. Raises as `Store.write`."""
        self._store.write(_name(OLD_PREFIX, room), to_json(room), OLD_SECONDS)
        self._store.delete(_name(KEY_PREFIX, room))

    def take_back(self, room: RoomRecord) -> None:
        self.save(room)
        self.mark(room)
        self._store.delete(_name(OLD_PREFIX, room))

    def forget(self, room: RoomRecord) -> None:
        """Forget the room: it is this incident's no more. Raises as `Store.delete`."""
        self._store.delete(_name(KEY_PREFIX, room))
        self._store.delete(_name(OLD_PREFIX, room))

    def incident_in(self, channel_id: str) -> str:
        """The incident whose room the channel is; empty: it is none."""
        try:
            value = self._store.read(f"{INROOM_PREFIX}{channel_id}")
        except BrokenValue:
            return ""
        return str(value.get("incident") or "") if isinstance(value, dict) else ""

    def wanted(self, incident: str) -> Optional[WantedRoom]:
        return read_record(self._store, f"{KEY_PREFIX}{incident}.want", WantedRoom)

    def want(self, incident: str, wanted: WantedRoom) -> None:
        self._store.write(f"{KEY_PREFIX}{incident}.want", to_json(wanted), WANTED_SECONDS)

    def no_longer_wanted(self, incident: str) -> None:
        self._store.delete(f"{KEY_PREFIX}{incident}.want")

    def members(self, incident: str) -> Dict[str, str]:
        """Mattermost user id → state (`oncall.membership`)."""
        prefix = f"{MEMBER_PREFIX}{incident}."
        values = self._store.read_prefix(prefix, self._broken)
        return {
            name[len(prefix) :]: str(value.get("state") or "")
            for name, value in values.items()
            if isinstance(value, dict)
        }

    def save_member(self, incident: str, user: str, state: str) -> None:
        name = f"{MEMBER_PREFIX}{incident}.{user}"
        self._store.write(name, {"state": state}, OPEN_SECONDS)


def _name(prefix: str, room: RoomRecord) -> str:
    return f"{prefix}{room.incident}.chan.{room.channel_id}"


def room_of(value: Any) -> Optional[RoomRecord]:
    """The room in a value; None when it holds none."""
    return record_or_none(RoomRecord, value)
