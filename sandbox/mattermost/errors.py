"""Mattermost's error answers: status, error id and body (ids as the server's
own)."""

from __future__ import annotations

from typing import Dict, Tuple

from ..server import HttpAnswer
from .errors_integrations import INTEGRATION_MESSAGES

MESSAGES: Dict[str, Tuple[int, str]] = {
    **INTEGRATION_MESSAGES,
    "api.context.404.app_error": (404, "Sorry, we could not find the page."),
    "api.context.session_expired.app_error": (
        401,
        "Invalid or expired session, please login again.",
    ),
    "api.context.permissions.app_error": (403, "You do not have the appropriate permissions."),
    "api.context.invalid_param.app_error": (400, "Invalid {} parameter."),
    "api.context.invalid_body_param.app_error": (400, "Invalid or missing {} in request body."),
    "api.context.invalid_url_param.app_error": (
        400,
        "Invalid or missing {} parameter in request URL.",
    ),
    "api.channel.add_user_to_channel.type.app_error": (
        400,
        "Can not add user to this channel type.",
    ),
    "api.channel.create_direct_channel.invalid_user.app_error": (
        400,
        "Invalid user ID for direct channel creation.",
    ),
    "api.channel.create_channel.max_channel_limit.app_error": (
        400,
        "Unable to create more than the maximum number of channels for the current team.",
    ),
    "api.channel.delete_channel.cannot.app_error": (
        400,
        "Unable to delete the default channel town-square.",
    ),
    "api.channel.delete_channel.deleted.app_error": (
        400,
        "The channel has been archived or deleted.",
    ),
    "api.channel.delete_channel.type.invalid": (
        400,
        "Unable to delete direct or group message channels",
    ),
    "api.channel.remove.default.app_error": (
        400,
        "Unable to remove user from the default channel town-square.",
    ),
    "api.channel.restore_channel.restored.app_error": (
        400,
        "Unable to unarchive channel. It is not archived.",
    ),
    "api.config.client.old_format.app_error": (
        501,
        "New format for the client configuration is not supported yet.",
    ),
    "api.custom_groups.feature_disabled": (400, "Custom groups are disabled."),
    "api.custom_groups.license_error": (400, "Not licensed for custom groups."),
    "api.custom_groups.must_be_referenceable": (400, "Custom groups must be referenceable."),
    "api.license.client.old_format.app_error": (
        501,
        "New format for the client license is not supported yet.",
    ),
    "api.ldap_groups.license_error": (501, "Your license does not support this feature."),
    "app.custom_group.unique_name": (400, "Group name is not unique."),
    "app.group.crud_permission": (400, "Unable to perform operation for that source type."),
    "app.group.no_rows": (404, "No matching group found."),
    "api.file.upload_file.too_large_detailed.app_error": (
        413,
        "Unable to upload file. File is too large.",
    ),
    "api.post.create_post.can_not_post_to_deleted.error": (
        400,
        "Can not post to deleted channel.",
    ),
    "api.post.create_post.channel_root_id.app_error": (
        400,
        "Invalid ChannelId for RootId parameter.",
    ),
    "api.post.create_post.root_id.app_error": (400, "Invalid RootId parameter."),
    "api.post.deduplicate_create_post.failed_to_get": (
        500,
        "Failed to fetch original post after deduplicating a client repeating the same request.",
    ),
    "api.post.deduplicate_create_post.pending": (
        500,
        "Rejected post since another client is making the same request.",
    ),
    "api.post.patch_post.can_not_update_post_in_deleted.error": (
        400,
        "Can not update a post in a deleted channel.",
    ),
    "api.reaction.save_reaction.invalid.app_error": (400, "Reaction is not valid."),
    "api.reaction.save_reaction.user_id.app_error": (
        403,
        "You cannot save reaction for the other user.",
    ),
    "api.reaction.save.archived_channel.app_error": (
        403,
        "You cannot react in an archived channel.",
    ),
    "api.user.get_user_by_email.permissions.app_error": (403, "Unable to get user by email."),
    "api.channel.patch_update_channel.no_changes.app_error": (400, "No changes were made."),
    "api.payload.parse.error": (400, "Unable to parse the payload."),
    "app.channel.create_channel.no_team_id.app_error": (
        400,
        "Must specify the team ID to create a channel.",
    ),
    "app.channel.get.existing.app_error": (404, "Unable to find the existing channel."),
    "app.channel.get_channels.not_found.app_error": (404, "No channels were found."),
    "app.emoji.get_by_name.no_result": (404, "We couldn't find the emoji."),
    "app.user.get_by_username.app_error": (
        404,
        "Unable to find an existing account matching your username for this team.",
    ),
    "app.user_access_token.get_by_user.app_error": (404, "Unable to get the tokens by user."),
    "model.channel.is_valid.name.app_error": (400, "Invalid channel name."),
    "model.channel.is_valid.type.app_error": (400, "Invalid type."),
    "model.reaction.is_valid.emoji_name.app_error": (400, "Invalid emoji name."),
    "app.channel.create_channel.internal_error": (500, "Unable to save channel."),
    "app.channel.get_by_name.missing.app_error": (404, "Channel does not exist."),
    "app.channel.get_member.missing.app_error": (
        404,
        "No channel member found for that user ID and channel ID.",
    ),
    "app.file_info.get.app_error": (404, "Unable to get the file info."),
    "app.post.get.app_error": (404, "Unable to get the post."),
    "app.post.save.app_error": (500, "Unable to save the Post."),
    "app.post.update.app_error": (500, "Unable to update the Post."),
    "app.select_error": (500, "select error"),
    "app.team.get.find.app_error": (404, "Unable to find the existing team."),
    "app.team.get_by_name.missing.app_error": (404, "Unable to find the existing team."),
    "app.team.get_member.missing.app_error": (
        404,
        "No team member found for that user ID and team ID.",
    ),
    "app.user.missing_account.const": (404, "Unable to find the user."),
    "app.user.save.username_exists.app_error": (
        400,
        "An account with that username already exists.",
    ),
    "app.user.save.email_exists.app_error": (400, "An account with that email already exists."),
    "model.bot.is_valid.username.app_error": (400, "Invalid username."),
    "model.channel.is_valid.2_or_more.app_error": (
        400,
        "Name must be 2 or more lowercase alphanumeric characters.",
    ),
    "model.channel.is_valid.display_name.app_error": (400, "Invalid display name."),
    "model.channel.is_valid.header.app_error": (400, "Invalid header."),
    "model.channel.is_valid.purpose.app_error": (400, "Invalid purpose."),
    "model.post.is_valid.file_ids.app_error": (
        400,
        "Invalid file ids. Note that uploads are limited to 5 files.",
    ),
    "model.post.is_valid.msg.app_error": (400, "Invalid message."),
    "api.context.request_body_too_large.app_error": (413, "The request body is too large."),
    "api.post.delete_post.can_not_delete_post_in_deleted.error": (
        400,
        "Can not delete a post in a deleted channel.",
    ),
    "api.post.post_priority.priority_post_not_allowed_for_replies.request_error": (
        400,
        "Priority is only allowed for root posts.",
    ),
    "license_error.feature_unavailable": (501, "Feature is not available for this license."),
    "app.channel.update.bad_id": (400, "Unable to update the channel."),
    "app.channel.add_member.deleted_user.app_error": (
        403,
        "Unable to add the user as a member of the channel.",
    ),
    "model.post.is_valid.props.app_error": (400, "Invalid props."),
    "model.team.is_valid.characters.app_error": (
        400,
        "Name must be 2 or more lowercase alphanumeric characters.",
    ),
    "model.user.is_valid.username.app_error": (
        400,
        "Username must contain 1 to 64 lowercase characters.",
    ),
    "store.sql_bot.get.missing.app_error": (404, "Bot does not exist."),
    "store.sql_channel.save_channel.exists.app_error": (
        400,
        "A channel with that name already exists on the team.",
    ),
    "app.team.save.existing.app_error": (400, "A team with that name already exists."),
}
"""Error id to status and message; `{}` stands for the parameter's name."""


class ApiError(Exception):
    """An answer that says no. `names` fill the message where it names a parameter."""

    def __init__(self, error_id: str, *names: str, status: int = 0) -> None:
        own_status, message = MESSAGES[error_id]
        super().__init__(error_id)
        self.error_id = error_id
        self.status = status or own_status
        self.message = message.format(*(names or ("",)))

    def answer(self, request_id: str, known_as: str) -> HttpAnswer:
        """`known_as`: the id in the server's version."""
        return error_answer(self.status, known_as, self.message, request_id)


def error_answer(status: int, error_id: str, message: str, request_id: str) -> HttpAnswer:
    body = {
        "id": error_id,
        "message": message,
        "detailed_error": "",
        "request_id": request_id,
        "status_code": status,
    }
    return HttpAnswer(status, body, {"X-Request-Id": request_id})


def forbidden() -> ApiError:
    return ApiError("api.context.permissions.app_error")


def expired() -> ApiError:
    return ApiError("api.context.session_expired.app_error")


def bad_body(name: str) -> ApiError:
    return ApiError("api.context.invalid_body_param.app_error", name)


def bad_url(name: str) -> ApiError:
    return ApiError("api.context.invalid_url_param.app_error", name)
