"""Teams and who is in them."""

# flake8: noqa: W503

from __future__ import annotations

import re
from typing import List

from ..server import HttpAnswer
from .call import ROUTES, MattermostCall, paged, text_of, unknown_user
from .errors import ApiError, bad_url, forbidden
from .model import Team

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,63}")


def visible_team(call: MattermostCall) -> Team:
    """`{team_id}` of the path. Raises ApiError: 404 for an unknown one, 403 for one that is
    closed."""
    team = call.server.state.teams.get(call.id("team_id"))
    if team is None:
        raise ApiError("app.team.get.find.app_error")
    if not team.open and not call.server.state.in_team(call.user, team.id):
        raise forbidden()
    return team


@ROUTES.add("GET", "/teams")
def listing(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    teams = [t for t in state.teams.values() if t.open or state.in_team(call.user, t.id)]
    return HttpAnswer(200, [t.to_json() for t in paged(teams, call.page())])


@ROUTES.add("GET", "/teams/{team_id}/stats")
def stats(call: MattermostCall) -> HttpAnswer:
    team, users = visible_team(call), call.server.state.users
    active = sum(not users[id].delete_at for id in team.members)
    counts = {"total_member_count": len(team.members), "active_member_count": active}
    return HttpAnswer(200, {"team_id": team.id, **counts})


@ROUTES.add("POST", "/teams")
def create(call: MattermostCall) -> HttpAnswer:
    body = call.body("team")
    if call.user.bot:
        raise forbidden()
    name = text_of(body, "name")
    if not _NAME.fullmatch(name):
        raise ApiError("model.team.is_valid.characters.app_error")
    if call.server.state.team_named(name) is not None:
        raise ApiError("app.team.save.existing.app_error")
    team = call.server.make_team(
        name, text_of(body, "display_name"), is_open=body.get("type") == "O"
    )
    call.server.add_to_team(team, call.user, admin=True)
    return HttpAnswer(201, team.to_json(), effect=team.id)


@ROUTES.add("GET", "/teams/{team_id}")
def read(call: MattermostCall) -> HttpAnswer:
    return HttpAnswer(200, visible_team(call).to_json())


@ROUTES.add("GET", "/teams/name/{name}")
def by_name(call: MattermostCall) -> HttpAnswer:
    state = call.server.state
    team = state.team_named(call.names["name"])
    if team is None:
        raise ApiError("app.team.get_by_name.missing.app_error")
    if not team.open and not state.in_team(call.user, team.id):
        raise forbidden()
    return HttpAnswer(200, team.to_json())


@ROUTES.add("GET", "/users/{user_id}/teams")
def of_user(call: MattermostCall) -> HttpAnswer:
    user_id = call.user_id()
    if user_id != call.user.id:
        call.need_admin()
    teams: List[Team] = [t for t in call.server.state.teams.values() if user_id in t.members]
    return HttpAnswer(200, [t.to_json() for t in teams])


@ROUTES.add("GET", "/teams/{team_id}/members")
def members(call: MattermostCall) -> HttpAnswer:
    team = visible_team(call)
    return HttpAnswer(200, [team.member_json(u) for u in paged(sorted(team.members), call.page())])


@ROUTES.add("POST", "/teams/{team_id}/members")
def add_member(call: MattermostCall) -> HttpAnswer:
    """Idempotent. Members may add others; a stranger may join an open team only."""
    body = call.body("member")
    if text_of(body, "team_id") != call.id("team_id"):
        raise bad_url("team_id")
    team = visible_team(call)
    user = call.server.state.users.get(text_of(body, "user_id"))
    if user is None:
        raise unknown_user()
    if (
        not call.user.admin
        and call.user.id not in team.members
        and not (team.open and user is call.user)
    ):
        raise forbidden()
    call.server.add_to_team(team, user)
    return HttpAnswer(201, team.member_json(user.id), effect=team.id)


@ROUTES.add("GET", "/teams/{team_id}/members/{user_id}")
def member(call: MattermostCall) -> HttpAnswer:
    team = visible_team(call)
    if call.user_id() not in team.members:
        raise ApiError("app.team.get_member.missing.app_error")
    return HttpAnswer(200, team.member_json(call.user_id()))
