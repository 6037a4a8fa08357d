"""How one room is made, who comes into it, what is posted there and when it is put away: the
section `rooms` of the configuration, but for what the playbook says that it was made for.

    terms_of(context, room).archive_seconds

What the playbook said stands in the room's record, as it was then: a playbook that is changed
later changes no room that is there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from pagerduty_mattermost.core.config.rooms import RoomsConfig
from pagerduty_mattermost.playbooks.playbook import PlaybookRoom

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.rooms.records import RoomRecord


def with_playbook(rooms: RoomsConfig, said: Optional[PlaybookRoom]) -> RoomsConfig:
    """The configuration, with what a playbook says instead. Pure."""
    if said is None:
        return rooms
    return rooms._replace(
        name=said.name or rooms.name,
        title=said.title or rooms.title,
        team=said.team or rooms.team,
        private=rooms.private if said.private is None else said.private,
        invite=rooms.invite if said.invite is None else said.invite,
        feed=rooms.feed if said.feed is None else said.feed,
        archive=said.archive or rooms.archive,
    )


def terms_of(context: Context, room: RoomRecord) -> RoomsConfig:
    """The settings of rooms as the playbook that the room was made for has them."""
    return with_playbook(context.settings.rooms, room.terms)
