"""Whether StackStorm shows and takes the pack's keys: with RBAC on only for the role admin.

Measured on 3.10dev: a write without the right is answered 403; a list is answered 200 and empty,
as where there is nothing, so that has to be asked separately. Also where `[rbac]` has the backend
`default` without `enable = True`, every list is empty, for everybody.
"""

from __future__ import annotations

from typing import Any, List, Optional, Tuple

SENSORS_USER = "sensor_service"
ADMIN_ROLES = {"admin", "system_admin"}
TO_DO = "who needs which right: docs/security.md, Rights in StackStorm"
REFUSED = (
    f"StackStorm refuses it to the user of this run (RBAC): the role admin is missing; {TO_DO}"
)
_HALF_ON = (
    "StackStorm shows nobody any key: its setting [rbac] has backend = default and not "
    "enable = True; set backend = noop, or enable it"
)


def hidden(service: Any) -> str:
    """Why keys of the pack may be kept from this user; empty where none are. One request, and none
    where RBAC is off. `service`: a sensor's or an action's; what the request raises is raised."""
    backend, enabled = _settings()
    if backend in ("", "noop"):
        return ""
    if not enabled:
        return _HALF_ON
    told = service.get_user_info()
    rbac = told.get("rbac") if isinstance(told, dict) else None
    if not isinstance(rbac, dict) or rbac.get("is_admin"):
        return ""
    return (
        f"StackStorm shows the user {told.get('username')!s:.60} only the keys that are granted "
        f"to it (RBAC): the role admin is missing; {TO_DO}"
    )


def is_on() -> bool:
    """Whether RBAC is on, as this process of StackStorm's has it."""
    return _settings()[1]


def lacking(client: Any) -> Optional[List[str]]:
    """Of the users as whom sensors and rules run, those without the role admin; None where this
    user may not ask. `client`: of StackStorm's API; what the requests raise is raised."""
    assignments = client.managers["UserRoleAssignment"]
    found = []
    for user in (SENSORS_USER, _system_user()):
        try:
            rows = assignments.get_all(user=user)
        except Exception as error:
            if is_refusal(error):
                return None
            raise
        if not ADMIN_ROLES & {row.role for row in rows}:
            found.append(user)
    return found


def _system_user() -> str:
    from oslo_config import cfg

    return str(cfg.CONF.system_user.user)


def is_refusal(error: Any) -> bool:
    """Whether StackStorm's API answered that this user may not."""
    answer = getattr(error, "response", None)
    return getattr(answer, "status_code", None) == 403


def _settings() -> Tuple[str, bool]:
    """The backend of `[rbac]` and whether it is on, as StackStorm's own process has them; the
    embedded default has none."""
    try:
        from oslo_config import cfg

        return str(cfg.CONF.rbac.backend), bool(cfg.CONF.rbac.enable)
    except Exception:  # noqa: BLE001 - no StackStorm, or one that registers no such section
        return "", False
