"""Roles by name, with what they permit: so a program sees what its account may do."""

from __future__ import annotations

from typing import Any, Dict

from ..server import HttpAnswer
from . import ids
from .call import ROUTES, MattermostCall
from .errors import ApiError, bad_url


def _role(call: MattermostCall, name: str) -> Dict[str, Any]:
    state = call.server.state
    return {
        "id": ids.named(name),
        "name": name,
        "display_name": f"authentication.roles.{name.replace('system', 'global')}.name",
        "description": f"authentication.roles.{name.replace('system', 'global')}.description",
        "create_at": state.began,
        "update_at": state.began,
        "delete_at": 0,
        "permissions": state.roles[name],
        "scheme_managed": True,
        "built_in": True,
    }


@ROUTES.add("POST", "/roles/names")
def by_names(call: MattermostCall) -> HttpAnswer:
    """Anybody may ask; unknown ones are left out."""
    return HttpAnswer(
        200,
        [_role(call, name) for name in call.texts("rolenames") if name in call.server.state.roles],
    )


@ROUTES.add("GET", "/roles/name/{role_name}")
def by_name(call: MattermostCall) -> HttpAnswer:
    name = call.names["role_name"]
    if not name.replace("_", "").isalnum() or name != name.lower():
        raise bad_url("role_name")
    if name not in call.server.state.roles:
        raise ApiError("app.role.get_by_name.app_error")
    return HttpAnswer(200, _role(call, name))
