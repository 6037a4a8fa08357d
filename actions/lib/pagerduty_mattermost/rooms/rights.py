"""What the bot may do with rooms in its team, and how full the team is, without trying it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterable, List, NamedTuple, Set

from pagerduty_mattermost.core.errors import NotFound, Unauthorized
from pagerduty_mattermost.gateways.mattermost import own_channels
from pagerduty_mattermost.gateways.mattermost.roles import permissions
from pagerduty_mattermost.rooms.opening import team_id, team_of

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

DEFAULT_MAX_CHANNELS = 2000
"""Mattermost's MaxChannelsPerTeam, as it ships; only administrators see what it is."""
NEARLY_FULL_SHARE = 0.9


class RoomRights(NamedTuple):
    """What the bot may do with channels of the team."""

    team: str
    """Its name."""
    public: bool
    private: bool
    archive: bool
    restore: bool
    channels: int
    """That the bot sees, archived ones counted: at least so many there are."""
    limit: int = DEFAULT_MAX_CHANNELS

    @property
    def is_nearly_full(self) -> bool:
        return self.channels >= self.limit * NEARLY_FULL_SHARE

    @property
    def missing(self) -> List[str]:
        """What keeps rooms from working, in an administrator's words."""
        named = (
            (self.public, "create public channels"),
            (self.private, "create private channels"),
            (self.archive, "archive channels"),
        )
        return [words for has, words in named if not has]

    @property
    def fullness(self) -> str:
        return (
            f"the team {self.team} has {self.channels} channels, archived ones counted, of "
            f"{self.limit} (MaxChannelsPerTeam, unless an administrator changed it)"
        )


def read(context: Context) -> RoomRights:
    """Raises the gateway's errors, and ConfigError where no team is named."""
    team = team_id(context)
    mattermost = context.mattermost
    member = mattermost.api("GET", f"/teams/{team}/members/{mattermost.me().id}")
    roles = str(member.get("roles") or "").split() if isinstance(member, dict) else []
    admin = "team_admin" in roles or bool(isinstance(member, dict) and member.get("scheme_admin"))
    names = ["system_user", "team_user", *(["team_admin"] if admin else [])]
    may = _permissions(context, names)
    within = _permissions(context, ["channel_user", "channel_admin"]) | may
    return RoomRights(
        team_of(context),
        "create_public_channel" in may,
        "create_private_channel" in may,
        {"delete_public_channel", "delete_private_channel"} <= within,
        "manage_team" in may,
        own_channels.count(mattermost, team, DEFAULT_MAX_CHANNELS),
    )


def _permissions(context: Context, roles: Iterable[str]) -> Set[str]:
    try:
        by_role = permissions(context.mattermost, roles)
    except (NotFound, Unauthorized):
        return set()
    return {one for held in by_role.values() for one in held}
