"""User groups: custom ones and what a licence lets be done with them. Statuses as in the server's
source (group.go)."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List

from ..server import HttpAnswer
from .call import ROUTES, MattermostCall, paged, text_of
from .errors import ApiError, bad_body, forbidden
from .model import Group
from .permissions import CREATE_GROUP, MANAGE_GROUP_MEMBERS
from .users import profile

CUSTOM, LDAP = "custom", "ldap"
WITH_GROUPS = ("professional", "enterprise", "advanced")
"""Short names of the editions that have custom groups."""


def _need_license(call: MattermostCall) -> None:
    if not call.server.license:
        raise ApiError("api.ldap_groups.license_error")


def _need_custom(call: MattermostCall) -> None:
    if call.server.license not in WITH_GROUPS:
        raise ApiError("api.custom_groups.license_error")
    if not call.server.enable_custom_groups:
        raise ApiError("api.custom_groups.feature_disabled")


def _group(call: MattermostCall) -> Group:
    _need_license(call)
    found = call.server.state.groups.get(call.id("group_id"))
    if found is None:
        raise ApiError("app.group.no_rows")
    if found.source != CUSTOM:
        raise ApiError("app.group.crud_permission")
    _need_custom(call)
    return found


@ROUTES.add("GET", "/license/client")
def client_license(call: MattermostCall) -> HttpAnswer:
    call.old_format("api.license.client.old_format.app_error")
    license = call.server.license
    return HttpAnswer(
        200,
        {"IsLicensed": "true", "SkuShortName": license} if license else {"IsLicensed": "false"},
    )


@ROUTES.add("GET", "/groups")
def listing(call: MattermostCall) -> HttpAnswer:
    """By name and display name (`q`); with `group_source` those of one kind."""
    _need_license(call)
    source, wanted = call.request.param("group_source"), call.request.param("q").lower()
    if source == CUSTOM:
        _need_custom(call)
    found = [
        one
        for one in call.server.state.groups.values()
        if not one.delete_at
        and (not source or one.source == source)
        and (wanted in one.name.lower() or wanted in one.display_name.lower())
    ]
    return HttpAnswer(
        200,
        [
            one.to_json()
            for one in paged(sorted(found, key=lambda one: one.display_name), call.page())
        ],
    )


@ROUTES.add("POST", "/groups")
def create(call: MattermostCall) -> HttpAnswer:
    _need_license(call)
    body = call.body("group")
    if text_of(body, "source") != CUSTOM:
        raise ApiError("app.group.crud_permission")
    _need_custom(call)
    if not call.server.state.may(call.user, CREATE_GROUP):
        raise forbidden()
    if body.get("allow_reference") is not True:
        raise ApiError("api.custom_groups.must_be_referenceable")
    name = text_of(body, "name")
    state = call.server.state
    if state.user_named(name) is not None or any(
        one.name == name for one in state.groups.values()
    ):
        raise ApiError("app.custom_group.unique_name")
    group = call.server.make_group(name, text_of(body, "display_name"), _user_ids(call, body))
    return HttpAnswer(201, group.to_json(), effect=group.id)


@ROUTES.add("GET", "/groups/{group_id}/members")
def members(call: MattermostCall) -> HttpAnswer:
    users = [call.server.state.users[id] for id in _group(call).members]
    shown = paged(sorted(users, key=lambda user: user.username), call.page())
    return HttpAnswer(
        200, {"members": [profile(call, user) for user in shown], "total_member_count": len(users)}
    )


@ROUTES.add("POST", "/groups/{group_id}/members")
def add_members(call: MattermostCall) -> HttpAnswer:
    """Idempotent."""
    group = _changeable(call)
    ids = _user_ids(call, call.body("addGroupMembers"))
    for id in ids:
        group.members.setdefault(id, call.server.state.now())
        call.server.state.fact("group_member_added", group.id, id)
    return HttpAnswer(200, [_member(group, id) for id in ids], effect=group.id)


@ROUTES.add("DELETE", "/groups/{group_id}/members")
def delete_members(call: MattermostCall) -> HttpAnswer:
    """404 when one of them is no member: then none is taken out."""
    group = _changeable(call)
    ids = _user_ids(call, call.body("deleteGroupMembers"))
    if any(id not in group.members for id in ids):
        raise ApiError("app.group.no_rows")
    gone = [_member(group, id) for id in ids]
    for id in ids:
        del group.members[id]
        call.server.state.fact("group_member_removed", group.id, id)
    return HttpAnswer(200, gone, effect=group.id)


def _changeable(call: MattermostCall) -> Group:
    group = _group(call)
    if (
        not call.server.state.may(call.user, MANAGE_GROUP_MEMBERS)
        and call.user.id not in group.members
    ):
        raise forbidden()
    return group


def _user_ids(call: MattermostCall, body: Dict[str, Any]) -> List[str]:
    ids = body.get("user_ids")
    if not isinstance(ids, list) or not all(
        isinstance(id, str) and id in call.server.state.users for id in ids
    ):
        raise bad_body("user_ids")
    return ids


def _member(group: Group, id: str) -> Dict[str, Any]:
    return {
        "group_id": group.id,
        "user_id": id,
        "create_at": group.members.get(id, 0),
        "delete_at": 0,
    }
