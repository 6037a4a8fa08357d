"""Opening an incident's room: its channel, made once whoever asks, however often, and whatever is
killed on the way.

Mattermost's own unique name keeps two runs apart: the names are the same for all of them
(`rooms.names`), and whoever finds one taken looks whether it is this incident's room, by who made
the channel and by its purpose. The wish is written before the channel is made, so that a title
that changes meanwhile changes no name; the room's record after it. Two rooms, which a crash may
leave behind, are settled: the one that was made first stays.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PackError,
    RejectedInput,
)
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.values import Channel
from pagerduty_mattermost.rooms import names
from pagerduty_mattermost.rooms.duplicates import settle
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords, WantedRoom
from pagerduty_mattermost.rooms.terms import with_playbook

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident
    from pagerduty_mattermost.playbooks.playbook import Playbook, PlaybookRoom

PURPOSE = "Room of PagerDuty incident "
"""With what the purpose of a channel that was made as a room begins; then comes the incident's
id."""
LOOK_SECONDS, LOOK_EVERY_SECONDS = 2.0, 0.25
"""How long a channel may be unknown by its name although that is taken: its first member is saved
after it."""
SEQUENCE_KEY = "rooms.sequence"


class FoundRoom(NamedTuple):
    """A room's channel, and whether it was made now."""

    room: RoomRecord
    is_new: bool
    """The channel was made by this run."""


def team_of(context: Context, terms: Optional[PlaybookRoom] = None) -> str:
    """Name of the Mattermost team that rooms are made in. `terms`: what a playbook says of its
    room. Raises ConfigError."""
    rooms = with_playbook(context.settings.rooms, terms)
    named = rooms.team or context.mattermost.settings.team
    if named:
        return named
    teams = context.once("teams of the bot", context.mattermost.teams)
    if len(teams) != 1:
        raise ConfigError(
            "The configuration of the pack pagerduty: rooms.team or mattermost.team must say in "
            f"which team rooms are made; the bot is in {', '.join(teams) or 'none'}"
        )
    return teams[0]


def team_id(context: Context, terms: Optional[PlaybookRoom] = None) -> str:
    """Mattermost's id of the team in which the room is to be. Raises NotFound and the gateway's
    errors."""
    team = team_of(context, terms)
    return context.once(f"team {team}", lambda: own_channels.team_id(context.mattermost, team))


def purpose(incident_id: str) -> str:
    """The purpose of a room's channel, by which the pack finds it again."""
    return PURPOSE + incident_id


def is_room_of(context: Context, channel: Channel, incident_id: str) -> bool:
    """Whether the bot made the channel as the room of that incident."""
    mine = channel.creator_id == context.mattermost.me().id
    return mine and made_for(channel) == incident_id


def made_for(channel: Channel) -> str:
    """The incident as whose room the channel was made, by its purpose; empty: as none."""
    first = channel.purpose[len(PURPOSE) :].split()[:1]
    return first[0] if channel.purpose.startswith(PURPOSE) and first else ""


def find_or_make(
    context: Context,
    incident: Incident,
    *,
    by: str = "",
    private: Optional[bool] = None,
    playbook: Optional[Playbook] = None,
    commander: Optional[Callable[[], str]] = None,
) -> FoundRoom:
    """The incident's room, made where there is none. `by`: id of the Mattermost user who asks;
    `playbook`: the one that is started in it; `commander`: tells who leads in it, by username,
    asked where it is made. Raises what the gateways raise: TeamFull and MayNot are told in the
    operations channel."""
    records = RoomRecords(context.store, context.log)
    known = records.open_of(incident.id)
    if known is not None:
        return FoundRoom(known, False)
    wanted = records.wanted(incident.id)
    found: Optional[Channel] = None
    is_new = False
    if wanted is not None:
        found = _by_purpose(context, incident.id, wanted)
    else:
        said = playbook.room if playbook is not None else None
        rooms = with_playbook(context.settings.rooms, said)
        zone = times.zone(context.settings.time_zone)
        wanted = WantedRoom(
            names.base_name(rooms.name, incident, zone),
            context.clock(),
            by,
            rooms.private if private is None else private,
            playbook.name if playbook is not None else "",
            said,
            commander() if commander is not None else "",
        )
        records.want(incident.id, wanted)
    if found is None:
        found, is_new = _made(context, incident, wanted)
    room = _record(context, incident, found, wanted, is_new=is_new)
    records.save(room)
    records.mark(room)
    winner = settle(context, records, incident)
    records.no_longer_wanted(incident.id)
    return FoundRoom(winner or room, is_new and (winner or room).channel_id == room.channel_id)


def _record(
    context: Context, incident: Incident, channel: Channel, wanted: WantedRoom, *, is_new: bool
) -> RoomRecord:
    title = _title(context, incident, wanted)
    return RoomRecord(
        incident.id,
        channel.id,
        channel.team_id,
        channel.name,
        title if is_new else channel.display_name,
        private=channel.type == "P",
        at=channel.created_at / 1000,
        by=wanted.by,
        playbook=wanted.playbook,
        terms=wanted.terms,
        commander=wanted.commander,
    )


def _title(context: Context, incident: Incident, wanted: WantedRoom) -> str:
    zone = times.zone(context.settings.time_zone)
    rooms = with_playbook(context.settings.rooms, wanted.terms)
    return names.title(rooms.title, incident, zone)


def _made(context: Context, incident: Incident, wanted: WantedRoom) -> Tuple[Channel, bool]:
    """The channel, and whether this run made it: the first of the names that is free, or under
    which the room stands already."""
    team = team_id(context, wanted.terms)
    in_sequence = "{seq}" in wanted.name
    first = _next_in_sequence(context) if in_sequence else 1
    for number, name in enumerate(names.names(wanted.name, incident, first), first):
        try:
            made = own_channels.create(
                context.mattermost,
                team,
                name,
                _title(context, incident, wanted),
                purpose=purpose(incident.id),
                private=wanted.private,
            )
        except own_channels.NameTaken:
            there = _look(context, name, team_of(context, wanted.terms))
            if there is None or there.archived or not is_room_of(context, there, incident.id):
                continue
            return there, False
        except (own_channels.TeamFull, own_channels.MayNot) as error:
            raise _told(context, error, team_of(context, wanted.terms)) from None
        if in_sequence:
            context.store.write(SEQUENCE_KEY, number + 1)
        return made, True
    raise RejectedInput(
        f"No name is free for the room of {incident.id}: {wanted.name} and all that follow it are "
        "taken; change rooms.name"
    )


def _look(context: Context, name: str, team: str) -> Optional[Channel]:
    """The channel of a name that is taken; None where it is none that the bot may see."""
    until = context.monotonic() + LOOK_SECONDS
    while True:
        try:
            return context.mattermost.channel_by_name(team, name, include_archived=True)
        except NotFound:
            if context.monotonic() >= until:
                return None
        context.sleep(LOOK_EVERY_SECONDS)


def _by_purpose(context: Context, incident_id: str, wanted: WantedRoom) -> Optional[Channel]:
    """The room that an earlier run made and did not come to remember."""
    listed = own_channels.mine(context.mattermost, team_id(context, wanted.terms))
    found: List[Channel] = [
        one for one in (listed.channels if listed else ()) if is_room_of(context, one, incident_id)
    ]
    return min(found, key=lambda one: (one.created_at, one.id), default=None)


def _next_in_sequence(context: Context) -> int:
    kept = context.store.read(SEQUENCE_KEY)
    return kept if isinstance(kept, int) and kept > 0 else 1


def _told(context: Context, error: PackError, team: str) -> PackError:
    """What an administrator has to put right, told once a day."""
    if isinstance(error, own_channels.TeamFull):
        line = (
            f"No room can be made: the Mattermost team {team} holds as many channels as it may, "
            "archived ones counted. An administrator can raise MaxChannelsPerTeam, or delete "
            "channels for good. Incidents go on by their cards; `/pd room adopt` makes an "
            "existing channel a room"
        )
        told: PackError = own_channels.TeamFull(line, status=error.status, error_id=error.error_id)
    else:
        line = f"No room can be made in the Mattermost team {team}: {error}"
        told = own_channels.MayNot(line, status=error.status, error_id=error.error_id)
    context.notify_operators(f"rooms:{type(error).__name__}", escape(line))
    return told
