"""Slash commands run: the call to the command's address, and the `response_url` for what it has to
say later."""

from __future__ import annotations

import re
from typing import Awaitable, List, NamedTuple, Tuple
from urllib.parse import urlencode

from ..server import HttpAnswer, HttpRequest
from . import ids, outgoing, responses, triggers
from .call import ROUTES, MattermostCall, text_of
from .errors import ApiError, bad_body, forbidden
from .integrations import RESPONSE_URL_SECONDS, RESPONSE_URL_USES, ResponseUrl, SlashCommand
from .model import OPEN, Channel
from .responses import CommandCaller
from .server import MattermostCore
from .state import MattermostState

_SPACE = re.compile(r"\s")
_MENTION = re.compile(r"\B@([a-zA-Z0-9][a-zA-Z0-9._:-]*)")
_CHANNEL = re.compile(r"\B~([a-zA-Z0-9_-]+)")
FAILED = "api.command.execute_command.failed.app_error"


class _Run(NamedTuple):
    command: SlashCommand
    said: CommandCaller
    form: List[Tuple[str, str]]
    client_trigger_id: str


@ROUTES.add("POST", "/commands/execute")
def execute(call: MattermostCall) -> Awaitable[HttpAnswer]:
    """As whoever asks, who must be able to post in the channel; the team is the channel's, in
    direct messages the one that is named."""
    body = call.body("command_args")
    try:
        typed, channel_id, team_id, root_id = (
            text_of(body, name) for name in ("command", "channel_id", "team_id", "root_id")
        )
    except ApiError:
        raise bad_body("command_args") from None
    if len(typed.encode()) <= 1 or not typed.startswith("/") or not ids.is_id(channel_id):
        raise ApiError("api.command.execute_command.start.app_error")
    state = call.server.state
    channel = state.channels.get(channel_id)
    if channel is None or not state.may_write(call.user, channel):
        raise forbidden()
    team_id = channel.team_id or team_id
    if not state.in_team(call.user, team_id):
        raise forbidden()
    if not call.server.enable_commands:
        raise ApiError("api.command.disabled.app_error")
    words = _SPACE.split(typed, maxsplit=1)
    trigger = words[0].lower()[1:]
    command = next(
        (c for c in state.integrations.commands_of(team_id) if c.trigger == trigger), None
    )
    if command is None:
        raise ApiError("api.command.execute_command.not_found.app_error", trigger)
    said = CommandCaller(call.user.id, channel_id, root_id, trigger)
    return _call(
        call.server, _run(call, command, said, channel, words[1] if len(words) > 1 else "")
    )


def _run(
    call: MattermostCall, command: SlashCommand, said: CommandCaller, channel: Channel, text: str
) -> _Run:
    state = call.server.state
    client_id, trigger_id = triggers.new(call.server, call.user.id)
    url = ResponseUrl(
        state.new_id(), command.id, call.user.id, channel.id, said.root_id, state.now()
    )
    state.integrations.response_urls[url.id] = url
    fields = {
        "token": command.token,
        "team_id": command.team_id,
        "team_domain": state.teams[command.team_id].name,
        "channel_id": channel.id,
        "channel_name": channel.name,
        "user_id": call.user.id,
        "user_name": call.user.username,
        "command": "/" + said.trigger,
        "text": text,
        "trigger_id": trigger_id,
        "response_url": f"http://{call.request.headers.get('Host', '')}/hooks/commands/{url.id}",
    }
    if call.server.version.is_new:
        fields["root_id"] = said.root_id
    return _Run(
        command, said, [*fields.items(), *_mentions(state, command.team_id, text)], client_id
    )


def _mentions(state: MattermostState, team_id: str, text: str) -> List[Tuple[str, str]]:
    """Members of the team and public channels that the text names, each with its id."""
    members = state.teams[team_id].members
    users = [
        state.user_named(name.rstrip(".-_:")) for name in dict.fromkeys(_MENTION.findall(text))
    ]
    found = [
        ("user_mentions", u.username, u.id) for u in users if u is not None and u.id in members
    ]
    channels = [
        state.channel_named(team_id, name) for name in dict.fromkeys(_CHANNEL.findall(text))
    ]
    found += [
        ("channel_mentions", c.name, c.id) for c in channels if c is not None and c.type == OPEN
    ]
    pairs = [((kind, name), (kind + "_ids", id_)) for kind, name, id_ in found]
    return [pair for both in pairs for pair in both]


async def _call(server: MattermostCore, run: _Run) -> HttpAnswer:
    """Exactly 200 is an answer; what it says is done."""
    command, trigger = run.command, run.said.trigger
    headers = {"Accept": "application/json", "Authorization": "Token " + command.token}
    form = urlencode(sorted(run.form))
    url, body = command.url, b""
    if command.method == "G":
        url += ("&" if "?" in url else "?") + form
    else:
        headers["Content-Type"], body = "application/x-www-form-urlencoded", form.encode()
    try:
        reply = await outgoing.call(
            server, "GET" if command.method == "G" else "POST", url, headers, body
        )
    except outgoing.CallFailed as error:
        server.state.fact("integration_failed", command.id, reason=str(error))
        raise ApiError(FAILED, trigger) from None
    server.state.fact("integration_called", command.id, what="command", status=reply.status)
    if reply.status != 200:
        raise ApiError(
            "api.command.execute_command.failed_resp.app_error",
            trigger,
            f"{reply.status} {reply.reason}".strip(),
        )
    try:
        response = responses.read(reply.content_type, reply.body)
    except ValueError as error:
        server.state.fact("integration_failed", command.id, reason=str(error))
        raise ApiError(FAILED, trigger) from None
    response["trigger_id"] = run.client_trigger_id
    with server.lock:
        responses.carry_out(server, command, run.said, response)
    return HttpAnswer(200, response)


def delayed(server: MattermostCore, id_: str, request: HttpRequest) -> HttpAnswer:
    """`POST /hooks/commands/<id>`: no session is asked for, the address is the secret."""
    try:
        response = responses.read(request.headers.get("Content-Type", ""), request.body)
    except ValueError:
        raise ApiError("web.command_webhook.parse.app_error") from None
    state = server.state
    url = state.integrations.response_urls.get(id_)
    if url is None or state.now() - url.create_at >= RESPONSE_URL_SECONDS * 1000:
        raise ApiError("app.command_webhook.get.missing")
    command = state.integrations.commands.get(url.command_id)
    if command is None:
        raise ApiError("web.command_webhook.command.app_error")
    if url.uses >= RESPONSE_URL_USES:
        raise ApiError("app.command_webhook.try_use.invalid")
    url.uses += 1
    responses.carry_out(
        server, command, CommandCaller(url.user_id, url.channel_id, url.root_id, ""), response
    )
    return HttpAnswer(200, "ok", {"Content-Type": "text/plain"}, effect=command.id)
