"""What each role permits: of a new server, where only administrators may make integrations."""

from __future__ import annotations

from typing import Dict, List

MANAGE_OTHERS_COMMANDS = "manage_others_slash_commands"
MANAGE_OTHERS_HOOKS = "manage_others_outgoing_webhooks"
VIEW_TEAM, MANAGE_TEAM = "view_team", "manage_team"
CREATE_GROUP, MANAGE_GROUP_MEMBERS = "create_custom_group", "manage_custom_group_members"
PROPERTIES = {"O": "manage_public_channel_properties", "P": "manage_private_channel_properties"}
MEMBERS = {"O": "manage_public_channel_members", "P": "manage_private_channel_members"}
CONVERT = {
    "P": "convert_public_channel_to_private",
    "O": "convert_private_channel_to_public",
}
"""By what the channel becomes."""
CREATE = {"O": "create_public_channel", "P": "create_private_channel"}
DELETE = {"O": "delete_public_channel", "P": "delete_private_channel"}
"""Of a channel, by its type."""

_CHANNEL_USER = (
    "read_channel add_reaction remove_reaction manage_public_channel_members upload_file "
    "get_public_link create_post "
    "use_channel_mentions use_slash_commands manage_public_channel_properties "
    "delete_public_channel "
    "manage_private_channel_properties delete_private_channel "
    "manage_private_channel_members delete_post edit_post"
)
_TEAM_USER = (
    "list_team_channels join_public_channels read_public_channel view_team create_public_channel "
    "create_private_channel invite_user add_user_to_team"
)
_TEAM_ADMIN = (
    "remove_user_from_team manage_team import_team manage_team_roles manage_channel_roles "
    "manage_others_incoming_webhooks manage_others_outgoing_webhooks manage_slash_commands "
    "manage_others_slash_commands manage_incoming_webhooks manage_outgoing_webhooks "
    "delete_post delete_others_posts convert_public_channel_to_private "
    "convert_private_channel_to_public"
)
_SYSTEM_USER = (
    "list_public_teams join_public_teams create_direct_channel create_group_channel "
    "view_members create_team "
    "create_emojis delete_emojis create_custom_group edit_custom_group delete_custom_group "
    "restore_custom_group "
    "manage_custom_group_members"
)
_SYSTEM_ADMIN = (
    "assign_system_admin_role manage_system manage_roles manage_system_wide_oauth "
    "edit_other_users edit_others_posts "
    "manage_oauth invite_guest promote_guest demote_to_guest list_users_without_team "
    "manage_jobs create_post_public "
    "create_post_ephemeral create_user_access_token read_user_access_token "
    "revoke_user_access_token create_bot "
    "read_bots read_others_bots manage_bots manage_others_bots remove_others_reactions "
    "list_private_teams "
    "join_private_teams delete_others_emojis"
)


def manage_commands(is_new: bool) -> str:
    """To make slash commands; on 5.37 also to read everybody's, with their tokens."""
    return "manage_own_slash_commands" if is_new else "manage_slash_commands"


def manage_hooks(is_new: bool) -> str:
    """To make outgoing webhooks."""
    return "manage_own_outgoing_webhooks" if is_new else "manage_outgoing_webhooks"


def defaults(is_new: bool) -> Dict[str, List[str]]:
    """Permissions by role, to be changed by `MattermostAccount.grant`."""
    everything = " ".join((_SYSTEM_ADMIN, _SYSTEM_USER, _TEAM_USER, _CHANNEL_USER, _TEAM_ADMIN))
    texts = {
        "system_user": _SYSTEM_USER,
        "system_admin": everything,
        "team_user": _TEAM_USER,
        "team_admin": _TEAM_ADMIN,
        "channel_user": _CHANNEL_USER,
        "channel_admin": "manage_channel_roles",
    }
    renamed = {
        manage_commands(False): manage_commands(is_new),
        manage_hooks(False): manage_hooks(is_new),
    }
    return {
        name: list(dict.fromkeys(renamed.get(one, one) for one in text.split()))
        for name, text in texts.items()
    }
