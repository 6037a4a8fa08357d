"""What the server says about integrations: commands, clicks, dialogs, webhooks."""

from __future__ import annotations

from typing import Dict, Tuple

INTEGRATION_MESSAGES: Dict[str, Tuple[int, str]] = {
    "api.command.disabled.app_error": (501, "Commands have been disabled by the system admin."),
    "api.command.duplicate_trigger.app_error": (
        400,
        "This trigger word is already in use. Please choose another word.",
    ),
    "api.command.execute_command.create_post_failed.app_error": (
        500,
        "Command '{}' failed to post response. Please contact your System Administrator.",
    ),
    "api.command.execute_command.failed.app_error": (
        500,
        "Command with a trigger of '{}' failed.",
    ),
    "api.command.execute_command.failed_resp.app_error": (
        500,
        "Command with a trigger of '{}' returned response {}.",
    ),
    "api.command.execute_command.not_found.app_error": (
        404,
        "Command with a trigger of '{}' not found. To send a message beginning with \"/\" try "
        "adding an empty space at the beginning of the message.",
    ),
    "api.command.execute_command.start.app_error": (400, "No command trigger found."),
    "api.command.team_mismatch.app_error": (400, "Unable to update commands across teams."),
    "api.outgoing_webhook.disabled.app_error": (
        501,
        "Outgoing webhooks have been disabled by the system admin.",
    ),
    "api.post.do_action.action_id.app_error": (404, "Invalid action id."),
    "api.post.do_action.action_integration.app_error": (400, "Action integration error."),
    "api.post.update_post.can_not_update_post_in_deleted.error": (
        400,
        "Can not update a post in a deleted channel.",
    ),
    "api.webhook.create_outgoing.intersect.app_error": (
        500,
        (
            "Outgoing webhooks from the same channel cannot have the same trigger "
            "words/callback URLs."
        ),
    ),
    "api.webhook.create_outgoing.not_open.app_error": (
        403,
        "Outgoing webhooks can only be created for public channels.",
    ),
    "api.webhook.create_outgoing.permissions.app_error": (
        403,
        "Invalid permissions to create outgoing webhook.",
    ),
    "api.webhook.create_outgoing.triggers.app_error": (
        400,
        "Either trigger_words or channel_id must be set.",
    ),
    "api.webhook.team_mismatch.app_error": (400, "Unable to update webhook across teams."),
    "api.webhook.update_outgoing.intersect.app_error": (
        500,
        (
            "Outgoing webhooks from the same channel cannot have the same trigger "
            "words/callback URLs."
        ),
    ),
    "app.channel.get.existing.app_error": (404, "Unable to find the existing channel."),
    "app.command_webhook.get.missing": (404, "Unable to get the webhook."),
    "app.command_webhook.try_use.invalid": (400, "Invalid webhook."),
    "web.command_webhook.general.app_error": (400, "Invalid webhook."),
    "app.lookup_interactive_dialog.decode_json_error": (
        500,
        "Encountered an error decoding JSON response from lookup dialog action.",
    ),
    "app.submit_interactive_dialog.invalid_response": (
        400,
        "Invalid response from interactive dialog submission.",
    ),
    "app.role.get_by_name.app_error": (404, "Unable to get role."),
    "app.webhooks.get_outgoing.app_error": (404, "Unable to get the webhook."),
    "interactive_message.decode_trigger_id.base64_decode_failed": (
        400,
        "Failed to decode base64 for trigger ID for interactive dialog.",
    ),
    "interactive_message.decode_trigger_id.expired": (
        400,
        (
            "Trigger ID for interactive dialog is expired. Trigger IDs live for a maximum of {} "
            "seconds."
        ),
    ),
    "interactive_message.decode_trigger_id.missing_data": (
        400,
        "Trigger ID missing required data for interactive dialog.",
    ),
    "interactive_message.decode_trigger_id.verify_signature_failed": (
        400,
        "Signature verification of trigger ID failed for interactive dialog.",
    ),
    "model.command.is_valid.description.app_error": (400, "Invalid description."),
    "model.command.is_valid.display_name.app_error": (400, "Invalid title."),
    "model.command.is_valid.method.app_error": (400, "Invalid method."),
    "model.command.is_valid.trigger.app_error": (400, "Invalid trigger."),
    "model.command.is_valid.url.app_error": (400, "Invalid URL."),
    "model.command.is_valid.url_http.app_error": (
        400,
        "Invalid URL. Must be a valid URL and start with http:// or https://.",
    ),
    "model.outgoing_hook.icon_url.app_error": (400, "Invalid icon."),
    "model.outgoing_hook.is_valid.callback.app_error": (400, "Invalid callback URLs."),
    "model.outgoing_hook.is_valid.content_type.app_error": (
        400,
        "Invalid value for content_type.",
    ),
    "model.outgoing_hook.is_valid.description.app_error": (400, "Invalid description."),
    "model.outgoing_hook.is_valid.display_name.app_error": (400, "Invalid title."),
    "model.outgoing_hook.is_valid.trigger_words.app_error": (400, "Invalid trigger words."),
    "model.outgoing_hook.is_valid.url.app_error": (
        400,
        "Invalid callback URLs. Each must be a valid URL and start with http:// or https://.",
    ),
    "model.outgoing_hook.is_valid.words.app_error": (400, "Invalid trigger words."),
    "model.outgoing_hook.username.app_error": (400, "Invalid username."),
    "store.sql_command.save.get.app_error": (404, "Unable to get the command."),
    "web.command_webhook.command.app_error": (400, "Couldn't find the command."),
    "web.command_webhook.parse.app_error": (400, "Unable to parse incoming data."),
}
"""Error id to status and message; `{}` stands for what it is about."""
