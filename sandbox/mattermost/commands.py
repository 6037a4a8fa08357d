"""Slash commands: make, read, change, delete. Only who may manage them in the team; running them
is `execute`'s."""

from __future__ import annotations

import re
from typing import Any, Dict

from ..server import HttpAnswer
from .call import ROUTES, MattermostCall, ok, text_of
from .errors import ApiError, bad_body, forbidden
from .integrations import SlashCommand
from .permissions import MANAGE_OTHERS_COMMANDS, VIEW_TEAM, manage_commands

_BUILT_IN = (
    "away code collapse dnd echo expand groupmsg header help invite invite_people join kick "
    "leave logout me msg mute "
    "offline online open purpose remove rename search settings shortcuts shrug status"
)
BUILT_IN = frozenset(_BUILT_IN.split())
"""Triggers of the server's own commands, which nobody may take; what they do is not here."""
HTTP_URL = re.compile(r"https?://[^\s/]+.*", re.DOTALL)
_TEXTS = (
    *("trigger", "method", "username", "icon_url", "auto_complete_desc", "auto_complete_hint"),
    *("display_name", "description", "url"),
)


def _sent(call: MattermostCall) -> Dict[str, Any]:
    """The fields of the command that was sent. Raises ApiError (400)."""
    body = call.body("command")
    complete = body.get("auto_complete")
    if complete is not None and not isinstance(complete, bool):
        raise bad_body("command")
    try:
        fields: Dict[str, Any] = {name: text_of(body, name) for name in (*_TEXTS, "id", "team_id")}
    except ApiError:
        raise bad_body("command") from None
    return {**fields, "trigger": fields["trigger"].lower(), "auto_complete": bool(complete)}


def _check(fields: Dict[str, Any]) -> None:
    """As the server's model. Raises ApiError (400)."""
    trigger = fields["trigger"]
    rules = (
        (
            "trigger",
            not 1 <= len(trigger.encode()) <= 128 or trigger.startswith("/") or " " in trigger,
        ),
        ("url", not 1 <= len(fields["url"].encode()) <= 1024),
        ("url_http", not HTTP_URL.fullmatch(fields["url"])),
        ("method", fields["method"] not in ("G", "P")),
        ("display_name", len(fields["display_name"].encode()) > 64),
        ("description", len(fields["description"].encode()) > 128),
    )
    for name, wrong in rules:
        if wrong:
            raise ApiError(f"model.command.is_valid.{name}.app_error")


@ROUTES.add("POST", "/commands")
def create(call: MattermostCall) -> HttpAnswer:
    state, fields = call.server.state, _sent(call)
    team_id = fields["team_id"]
    if not _manages(call, team_id):
        raise forbidden()
    _need_switched_on(call)
    taken = {c.trigger for c in state.integrations.commands_of(team_id)}
    if fields["trigger"] in taken or fields["trigger"] in BUILT_IN:
        raise ApiError("api.command.duplicate_trigger.app_error")
    _check(fields)
    now = state.now()
    made = SlashCommand(state.new_id(), state.new_id(), call.user.id, team_id, now, now)
    return _stored(call, made, fields, 201)


def _stored(
    call: MattermostCall, command: SlashCommand, fields: Dict[str, Any], status: int = 200
) -> HttpAnswer:
    state = call.server.state
    for name in (*_TEXTS, "auto_complete"):
        setattr(command, name, fields[name])
    state.integrations.commands[command.id] = command
    state.fact("command_saved", command.id, trigger=command.trigger, url=command.url)
    return HttpAnswer(status, command.to_json(), effect=command.id)


def _manages(call: MattermostCall, team_id: str) -> bool:
    return call.server.state.may(call.user, manage_commands(call.server.version.is_new), team_id)


def _need_switched_on(call: MattermostCall) -> None:
    if not call.server.enable_commands:
        raise ApiError("api.command.disabled.app_error")


def _own(call: MattermostCall) -> SlashCommand:
    """`{command_id}` of the path, that who asks may manage. Raises ApiError: 404 where it is not
    to be known of."""
    state = call.server.state
    command = (
        state.integrations.commands.get(call.id("command_id"))
        if call.server.enable_commands
        else None
    )
    if command is None or not _manages(call, command.team_id):
        raise ApiError("store.sql_command.save.get.app_error")
    if command.creator_id != call.user.id and not state.may(
        call.user, MANAGE_OTHERS_COMMANDS, command.team_id
    ):
        raise (
            ApiError("store.sql_command.save.get.app_error")
            if call.request.method == "GET"
            else forbidden()
        )
    return command


@ROUTES.add("GET", "/commands")
def listing(call: MattermostCall) -> HttpAnswer:
    """All of the team with `custom_only`, for who may manage them (since 11 those of others only
    for who may manage others'); else what may be typed, without secrets."""
    state, team_id = call.server.state, call.request.param("team_id")
    if not team_id:
        raise bad_body("team_id")
    if not state.may(call.user, VIEW_TEAM, team_id):
        raise forbidden()
    manages = _manages(call, team_id)
    if not call.flag("custom_only"):
        return _typed(call, team_id, every=manages)
    if not manages:
        raise forbidden()
    _need_switched_on(call)
    every = not call.server.version.is_new or state.may(call.user, MANAGE_OTHERS_COMMANDS, team_id)
    found = state.integrations.commands_of(team_id)
    return HttpAnswer(200, [c.to_json() for c in found if every or c.creator_id == call.user.id])


@ROUTES.add("GET", "/teams/{team_id}/commands/autocomplete")
def autocomplete(call: MattermostCall) -> HttpAnswer:
    if not call.server.state.may(call.user, VIEW_TEAM, call.id("team_id")):
        raise forbidden()
    return _typed(call, call.id("team_id"), every=False)


def _typed(call: MattermostCall, team_id: str, *, every: bool) -> HttpAnswer:
    found = (
        call.server.state.integrations.commands_of(team_id) if call.server.enable_commands else []
    )
    return HttpAnswer(200, [c.to_json(sanitized=True) for c in found if every or c.auto_complete])


@ROUTES.add("GET", "/commands/{command_id}")
def read(call: MattermostCall) -> HttpAnswer:
    return HttpAnswer(200, _own(call).to_json())


@ROUTES.add("PUT", "/commands/{command_id}")
def update(call: MattermostCall) -> HttpAnswer:
    """The whole command is replaced, but what the server gave it."""
    fields = _sent(call)
    if fields["id"] != call.id("command_id"):
        raise bad_body("command")
    known = call.server.state.integrations.commands.get(fields["id"])
    if known is not None and known.team_id != fields["team_id"]:
        raise ApiError("api.command.team_mismatch.app_error")
    command = _own(call)
    _check(fields)
    command.update_at = call.server.state.now()
    return _stored(call, command, fields)


@ROUTES.add("PUT", "/commands/{command_id}/regen_token")
def new_token(call: MattermostCall) -> HttpAnswer:
    command = _own(call)
    command.token = call.server.state.new_id()
    return HttpAnswer(200, {"token": command.token}, effect=command.id)


@ROUTES.add("DELETE", "/commands/{command_id}")
def delete(call: MattermostCall) -> HttpAnswer:
    state, command = call.server.state, _own(call)
    del state.integrations.commands[command.id]
    state.fact("command_deleted", command.id)
    return ok()._replace(effect=command.id)
