"""What a slash command's answer does, at once or later by its `response_url`: posts, for all or
for one alone."""

from __future__ import annotations

import json
from typing import Any, Dict, NamedTuple

from . import ephemeral, post_rules, props, slack_text
from .errors import ApiError
from .integrations import SlashCommand
from .server import MattermostCore

_TEXTS = ("response_type", "text", "username", "channel_id", "icon_url", "type", "goto_location")


class CommandCaller(NamedTuple):
    """Who ran a command, and where."""

    user_id: str
    channel_id: str
    root_id: str
    trigger: str


def read(content_type: str, body: bytes) -> Dict[str, Any]:
    """The answer with all its fields: JSON where it says so, else a text. Raises ValueError."""
    text = body.decode("utf-8", "replace")
    if content_type.split(";")[0].strip() != "application/json":
        return _whole({"text": text})
    return _whole(json.loads(text))


def _whole(sent: Any) -> Dict[str, Any]:
    sent = {} if sent is None else sent
    if not isinstance(sent, dict):
        raise ValueError("no object")
    whole: Dict[str, Any] = {name: _typed(sent, name, str, "") for name in _TEXTS}
    whole["props"] = _typed(sent, "props", dict, None)
    whole["trigger_id"] = ""
    whole["skip_slack_parsing"] = _typed(sent, "skip_slack_parsing", bool, False)
    whole["attachments"] = _typed(sent, "attachments", list, None)
    extra = _typed(sent, "extra_responses", list, None)
    whole["extra_responses"] = None if extra is None else [_whole(one) for one in extra]
    return whole


def _typed(sent: Dict[str, Any], name: str, kind: type, empty: Any) -> Any:
    value = sent.get(name)
    if value is None:
        return empty
    if not isinstance(value, kind):
        raise ValueError(f"{name} is of another type")
    return value


def carry_out(
    server: MattermostCore, command: SlashCommand, said: CommandCaller, response: Dict[str, Any]
) -> None:
    """Raises ApiError (500) when a post can't be made."""
    failed = False
    for one in [response, *(response["extra_responses"] or ())]:
        try:
            _post(server, command, said, one)
        except ApiError as error:
            server.state.fact("integration_failed", command.id, reason=error.error_id)
            failed = True
    if failed:
        raise ApiError("api.command.execute_command.create_post_failed.app_error", said.trigger)


def _post(
    server: MattermostCore, command: SlashCommand, said: CommandCaller, response: Dict[str, Any]
) -> None:
    state = server.state
    user, channel_id = state.users[said.user_id], response["channel_id"] or said.channel_id
    channel = state.channels.get(channel_id)
    if channel is None or (response["channel_id"] and user.id not in channel.members):
        raise ApiError("api.context.permissions.app_error")
    if response["type"].startswith("system_"):
        raise ApiError("api.context.invalid_param.app_error", "post.type")
    if not response["skip_slack_parsing"]:
        link = server.version.slack_link
        response["text"] = slack_text.processed(state, link, response["text"])
        if response["attachments"] is not None:
            response["attachments"] = slack_text.attachments(state, link, response["attachments"])
    sent = {
        **(response["props"] or {}),
        "from_webhook": "true",
        **_overrides(server, command, response),
    }
    if response["attachments"] is not None:
        sent["attachments"] = response["attachments"]
    if response["response_type"] == "in_channel":
        if channel.delete_at:
            raise ApiError("api.post.create_post.can_not_post_to_deleted.error")
        post = post_rules.new_post(
            server,
            user,
            channel,
            response["text"],
            sent,
            root_id=said.root_id,
            type=response["type"],
        )
        server.posted(state.add_post(post))
    elif response["response_type"] in ("", "ephemeral") and (
        response["text"] or response["attachments"] is not None
    ):
        kept = props.stored(sent, state.new_id)
        ephemeral.send(
            state,
            user.id,
            state.make_post(user, channel, response["text"], root_id=said.root_id, props=kept),
        )


def _overrides(
    server: MattermostCore, command: SlashCommand, response: Dict[str, Any]
) -> Dict[str, str]:
    name = command.username or response["username"]
    return {"override_username": name} if server.enable_post_username_override and name else {}
