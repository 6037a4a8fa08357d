"""Whether every member of the team can read the tokens with which Mattermost calls the pack. Who
has the slash command's token and reaches `chat.port` can type commands in anybody's name.

Measured on 5.37 and 11.6: on old servers everybody who may manage slash commands reads all of them
with their tokens; on new ones, and for outgoing webhooks on both, who may manage others' as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Mapping, Set, Tuple

from pagerduty_mattermost.gateways.mattermost import roles

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost

FINE = "only who manages integrations reads the command's token"
EVERYBODY = ("system_user", "team_user")
"""The roles of each member of a team."""
_ADMIN = "team_admin"
_OWN_COMMANDS = "manage_own_slash_commands"
"""Only servers of 11 and later know it."""
_OLD = {
    "the slash command's token": {"manage_slash_commands"},
    "the outgoing webhook's token": {
        "manage_outgoing_webhooks",
        "manage_others_outgoing_webhooks",
    },
}
_NEW = {
    "the slash command's token": {_OWN_COMMANDS, "manage_others_slash_commands"},
    "the outgoing webhook's token": {
        "manage_own_outgoing_webhooks",
        "manage_others_outgoing_webhooks",
    },
}


def readable(held_by: Mapping[str, Set[str]]) -> List[Tuple[str, List[str]]]:
    """Pure. What everybody can read by these permissions of roles, each with the permissions that
    make it so."""
    rules = _NEW if any(_OWN_COMMANDS in held for held in held_by.values()) else _OLD
    everybody = {one for name in EVERYBODY for one in held_by.get(name, ())}
    return [(what, sorted(needed)) for what, needed in rules.items() if needed <= everybody]


def problem(mattermost: Mattermost) -> str:
    """One line for the administrator; empty where only administrators read them. Raises
    PackError."""
    found = readable(roles.permissions(mattermost, [*EVERYBODY, _ADMIN]))
    if not found:
        return ""
    what = " and ".join(name for name, _ in found)
    rights = ", ".join(right for _, needed in found for right in needed)
    return (
        f"every member of the team can read {what} and so send commands in anybody's name to "
        f"chat.port: take {rights} from the roles {' and '.join(EVERYBODY)} (System Console > "
        "Permissions) and run mattermost.teardown and mattermost.setup for new tokens"
    )
