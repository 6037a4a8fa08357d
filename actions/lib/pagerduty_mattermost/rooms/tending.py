"""A round over all rooms: what differs is put right. Half-made rooms are finished, duplicates
settled, renamed, archived, lost and restored channels noticed, rooms archived that are due.

One list of channels tells how all of them are, so a round in which all is well costs one request
to Mattermost a team and one list of the datastore, however many rooms there were before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.cards.route import PRIVATE, PUBLIC
from pagerduty_mattermost.core.errors import (
    FAILURES_IN_A_ROW,
    NotFound,
    PackError,
    RetryLater,
    Unauthorized,
    WriteRefused,
)
from pagerduty_mattermost.core.text import channel_link, escape
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.values import PRIVATE_TYPE, Channel
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.rooms import duplicates, following, opening
from pagerduty_mattermost.rooms.furnishing import STEPS, furnish
from pagerduty_mattermost.rooms.links import label
from pagerduty_mattermost.rooms.records import (
    ARCHIVED,
    ARCHIVED_BY_PEOPLE,
    DUPLICATE,
    KEY_PREFIX,
    LOST,
    OPEN,
    RoomRecord,
    RoomRecords,
    incident_of,
    room_of,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

GONE_STATES = (ARCHIVED_BY_PEOPLE, LOST)
YOUNG_SECONDS = 60.0
"""For so long whoever makes a room is left to finish it."""
FRESH_SECONDS = 2.0
"""A room that was read longer ago is read again before it is looked after: others save it too."""


class TendReport(NamedTuple):
    """What a round did."""

    rooms: int
    done: List[str]
    """A line each, for the action's result."""
    problems: List[str]
    back: Tuple[str, ...] = ()
    """Incidents whose room is back: what the channel missed is to be read from PagerDuty's log."""
    opened: Tuple[str, ...] = ()
    """Incidents whose room was made, or found again, in this round."""


def tend(
    context: Context,
    remembered: Optional[Mapping[str, IncidentMemory]] = None,
    *,
    full: bool = True,
    busy: following.Busy = lambda incident_id: False,
) -> TendReport:
    """`remembered`: what is known of incidents, where the caller has read it. `full`: also where
    no room is remembered it is looked whether there is one. `busy`: as `following` has it. Raises
    the gateways' errors before anything is done; what fails with one room is named, and the others
    go on."""
    return _Round(context, remembered, busy).run(full)


def tend_one(
    context: Context,
    incident_id: str,
    busy: following.Busy = lambda incident_id: False,
) -> TendReport:
    """The same for the rooms of one incident."""
    return _Round(context, None, busy).run(full=False, only=incident_id)


class _Round:
    def __init__(
        self,
        context: Context,
        remembered: Optional[Mapping[str, IncidentMemory]],
        busy: following.Busy,
    ) -> None:
        self._context, self._busy = context, busy
        self._remembered = remembered
        self._records = RoomRecords(context.store, context.log)
        self._done: List[str] = []
        self._problems: List[str] = []
        self._back: List[str] = []
        self._opened: List[str] = []
        self._in_a_row = 0
        self._read_at = context.monotonic()

    def run(self, full: bool, only: str = "") -> TendReport:
        prefix = f"{KEY_PREFIX}{only}." if only else KEY_PREFIX
        values = self._context.store.read_prefix(prefix, lambda error: None)
        found = [room_of(value) for name, value in values.items() if ".chan." in name]
        rooms = [room for room in found if room is not None]
        if not values and not full:
            return TendReport(0, [], [])
        listed = self._listed(rooms)
        wanted = {incident_of(name) for name in values if name.endswith(".want")}
        for incident_id in dict.fromkeys(room.incident for room in rooms):
            mine = sorted(
                (room for room in rooms if room.incident == incident_id),
                key=lambda room: (room.at, room.channel_id),
            )
            self._try(incident_id, mine, listed)
        known = {room.channel_id for room in rooms}
        for channel in listed.values():
            made_for = opening.made_for(channel)
            mine_ = channel.creator_id == self._context.mattermost.me().id
            if made_for and mine_ and channel.id not in known and only in ("", made_for):
                self._adopt_orphan(made_for, channel)
                wanted.discard(made_for)
        for incident_id in sorted(wanted - {room.incident for room in rooms}):
            self._open_wanted(incident_id)
        return TendReport(
            len(rooms), self._done, self._problems, tuple(self._back), tuple(self._opened)
        )

    def _listed(self, rooms: List[RoomRecord]) -> Dict[str, Channel]:
        teams = {room.team for room in rooms if room.team}
        teams.add(opening.team_id(self._context))
        found: Dict[str, Channel] = {}
        for team in sorted(teams):
            mine = own_channels.mine(self._context.mattermost, team)
            found.update((one.id, one) for one in (mine.channels if mine else ()))
        return found

    def _try(
        self, incident_id: str, rooms: List[RoomRecord], listed: Mapping[str, Channel]
    ) -> None:
        if self._in_a_row >= FAILURES_IN_A_ROW:
            return
        try:
            self._tended(incident_id, rooms, listed)
            self._in_a_row = 0
        except WriteRefused:
            raise
        except Exception as error:  # noqa: BLE001 - it stays with this room
            self._in_a_row += isinstance(error, RetryLater)
            self._problems.append(f"The room of {incident_id}: {self._context.line_of(error)}")

    def _tended(
        self, incident_id: str, rooms: List[RoomRecord], listed: Mapping[str, Channel]
    ) -> None:
        if self._context.monotonic() - self._read_at > FRESH_SECONDS:
            rooms = self._records.of(incident_id)
        seen = [self._as_it_is(room, listed.get(room.channel_id)) for room in rooms]
        rooms = [room for room in seen if room is not None]
        open_ones = [room for room in rooms if room.is_open]
        if len(open_ones) > 1:
            change = self._change(incident_id)
            duplicates.settle(self._context, self._records, change.incident)
            self._done.append(f"{incident_id}: two rooms settled")
        for room in open_ones[:1]:
            self._look_after(room)
        for room in rooms:
            if room.state == ARCHIVED_BY_PEOPLE and room.note != room.state:
                change = self._change(incident_id)
                following.follow_room(self._context, self._records, room, change)

    def _look_after(self, room: RoomRecord) -> None:
        change = self._change(room.incident)
        is_young = self._context.clock() - room.at < YOUNG_SECONDS
        if not set(room.done) >= set(STEPS) and not is_young:
            made = furnish(self._context, room, change)
            room = made.room
            self._problems += [f"{label(room)}: {one}" for one in made.problems]
            self._done.append(f"{label(room)}: finished")
        room = following.follow_room(
            self._context, self._records, room, change, by_round=True, busy=self._busy
        )
        if room.state == ARCHIVED:
            self._done.append(f"{label(room)}: archived")

    def _as_it_is(self, room: RoomRecord, channel: Optional[Channel]) -> Optional[RoomRecord]:
        """The room with what people did to its channel; None where another run has it in hand."""
        if room.state == DUPLICATE:
            return room
        if channel is None:
            return room if room.state in GONE_STATES else self._gone(room)
        now = room._replace(name=channel.name, private=channel.type == PRIVATE_TYPE)
        if room.state in GONE_STATES:
            now = now._replace(state=OPEN, note="")
            self._back.append(room.incident)
            self._done.append(f"{label(now)}: back")
        if now.private != room.private and not now.private:
            self._context.post_once(
                room.channel_id,
                "This room is public now: everybody of the team can read it.",
                key=f"room public {room.channel_id} {int(self._context.clock())}",
            )
        if now != room:
            relabel(self._context, now)
            self._records.save(now)
        return now

    def _gone(self, room: RoomRecord) -> Optional[RoomRecord]:
        """It is no longer among the bot's channels; None where another run put it away since it
        was read."""
        known = {one.channel_id: one.state for one in self._records.of(room.incident)}
        if known.get(room.channel_id) != room.state:
            return None
        try:
            channel = self._context.mattermost.channel(room.channel_id)
            if channel.archived and duplicates.was_retired(self._context, room):
                self._records.forget(room)
                return None
            state = ARCHIVED_BY_PEOPLE if channel.archived else OPEN
            if not channel.archived:
                me = self._context.mattermost.me().id
                state = OPEN if self._context.mattermost.is_member(channel.id, me) else LOST
        except (NotFound, Unauthorized) as error:
            if error.status == 401:
                raise
            state = LOST
        if state == OPEN:
            return room
        now = room._replace(state=state)
        self._records.save(now)
        self._done.append(f"{label(room)}: {state}")
        if state == LOST:
            self._context.notify_operators(
                f"room lost {room.channel_id}",
                f"The room {channel_link(label(room))} of {escape(room.incident)} is deleted, or "
                "the bot was taken out of it: it is followed no more. `/pd room` opens another "
                "one.",
            )
        return now

    def _adopt_orphan(self, incident_id: str, channel: Channel) -> None:
        """A channel that was made as a room and is remembered by nobody: of a run that was killed,
        or one that was put away and is back."""
        try:
            known = self._records.of(incident_id)
            if any(room.channel_id == channel.id for room in known):
                return  # opened by another run after this one had read what is remembered
            rooms = [room for room in known if room.is_open]
            old = [
                room for room in self._records.old_of(incident_id) if room.channel_id == channel.id
            ]
            if rooms:
                orphan = RoomRecord(
                    incident_id,
                    channel.id,
                    channel.team_id,
                    channel.name,
                    at=channel.created_at / 1000,
                )
                first = min(rooms[0], orphan, key=lambda room: (room.at, room.channel_id))
                if first is orphan:
                    self._records.save(orphan)
                    duplicates.settle(
                        self._context, self._records, self._change(incident_id).incident
                    )
                else:
                    duplicates.retire(self._context, self._records, orphan, rooms[0])
                self._done.append(f"~{channel.name}: settled")
                return
            change = self._change(incident_id)
            if old:
                following.go_on(self._context, self._records, old[0], change)
                self._back.append(incident_id)
                self._done.append(f"{label(old[0])}: back")
                return
            found = opening.find_or_make(self._context, change.incident)
            furnish(self._context, found.room, change)
            self._opened.append(incident_id)
            self._done.append(f"{label(found.room)}: found again")
        except WriteRefused:
            raise
        except PackError as error:
            self._problems.append(f"~{channel.name}: {self._context.line_of(error)}")

    def _open_wanted(self, incident_id: str) -> None:
        """Whoever began to open it was killed before its channel was made."""
        wanted = self._records.wanted(incident_id)
        if wanted is None or self._context.clock() - wanted.at < YOUNG_SECONDS:
            return
        try:
            change = self._change(incident_id)
            if not change.incident.is_open:
                self._records.no_longer_wanted(incident_id)
                return
            found = opening.find_or_make(self._context, change.incident)
            furnish(self._context, found.room, change)
            self._opened.append(incident_id)
            self._done.append(f"{label(found.room)}: opened")
        except WriteRefused:
            raise
        except PackError as error:
            self._problems.append(f"The room of {incident_id}: {self._context.line_of(error)}")

    def _change(self, incident_id: str) -> Change:
        """The incident as it is known, without events."""
        memory = (self._remembered or {}).get(incident_id)
        if memory is None or not memory.states:
            memory = IncidentRecords(self._context.store, incident_id, self._context.log).load()
        if memory.states:
            return memory.newest.change._replace(events=(), cycle=0)
        return alert_details.fetch(self._context.pagerduty, incident_id)


def relabel(context: Context, room: RoomRecord) -> None:
    """The room's card knows it by its name, by which the other cards lead there."""
    cards = IncidentRecords(context.store, room.incident, context.log)
    record = cards.load().cards.get(room.channel_id)
    if record is not None:
        route = record.route._replace(room=PRIVATE if room.private else PUBLIC)
        cards.save_card(record._replace(label=label(room), route=route))
