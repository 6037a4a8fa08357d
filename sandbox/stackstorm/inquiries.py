"""Inquiries: executions of core.ask that wait for somebody's answer."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Sequence

from .account import Refused, StackStormAccount

PENDING, PAUSED = "pending", "paused"
_TYPES: Mapping[str, Any] = {
    "boolean": bool,
    "string": str,
    "integer": int,
    "number": (int, float),
    "array": list,
    "object": dict,
}


def ask(
    account: StackStormAccount,
    schema: Mapping[str, Any],
    route: str = "",
    ttl: int = 1440,
    users: Sequence[str] = (),
    roles: Sequence[str] = (),
    waits: bool = True,
) -> str:
    """As core.ask does it; the inquiry's id. `waits`: whether the workflow engine has seen it, and
    made the workflow wait."""
    asked = {"schema": schema, "route": route, "ttl": ttl}
    result = {**asked, "users": list(users), "roles": list(roles)}
    parent = account.add_execution("ops.restart", {}, {"user": "stanley", "pack": "ops"})
    context = {"user": "stanley", "pack": "core"}
    row = account.add_execution("core.ask", asked, context, parent=parent["id"])
    row.update(status=PENDING, result=result, runner={"name": "inquirer"})
    _set(account, parent, "running")
    if waits:
        wait(account, str(row["id"]))
    return str(row["id"])


def wait(account: StackStormAccount, id: str) -> None:
    """What the workflow engine does a moment after an inquiry began."""
    _set(account, account.executions[account.executions[id]["parent"]], PAUSED)


def resume(account: StackStormAccount, workflow: str) -> Dict[str, Any]:
    """As `st2 execution resume`. Raises Refused."""
    row = account.find(workflow)
    if row["status"] != PAUSED:
        raise Refused(400, f'Execution is not paused: it is "{row["status"]}"')
    _set(account, row, "running")
    for one in account.executions.values():
        if one.get("parent") == workflow and one["status"] == "succeeded":
            account.resumed[one["id"]] = account.resumed.get(one["id"], 0) + 1
    return row


def _set(account: StackStormAccount, row: Dict[str, Any], status: str) -> None:
    entry = {"status": status, "timestamp": account.now()}
    row.update(status=status, log=[*row.get("log", ()), entry])


def open_ones(account: StackStormAccount) -> List[Dict[str, Any]]:
    return [
        _told(row)
        for row in account.executions.values()
        if row["status"] == PENDING and row["runner"]["name"] == "inquirer"
    ]


def shown(account: StackStormAccount, id: str) -> Dict[str, Any]:
    """One that waits. Raises Refused."""
    return _told(_waiting(account, id))


def respond(account: StackStormAccount, id: str, response: Any, user: str) -> None:
    """Raises Refused."""
    row = _waiting(account, id)
    users, roles = row["result"]["users"], row["result"]["roles"]
    known = account.users.get(user)
    has_role = not roles or known is not None and set(roles) & set(known.roles)
    if users and user not in users or not has_role:
        said = f'Requesting user "{user}" does not have permission to respond to inquiry "{id}".'
        raise Refused(403, said)
    problem = _misfit(row["result"]["schema"], response)
    if problem:
        raise Refused(
            400, f'Response for inquiry "{id}" did not pass schema validation. {problem}'
        )
    account.end(id, "succeeded", {**row["result"], "response": response})
    parent = account.executions[row["parent"]]
    if parent["status"] == PAUSED:
        _set(account, parent, "running")
        account.resumed[id] = account.resumed.get(id, 0) + 1
    else:  # it is made to wait afterwards, for good: a race of StackStorm's own
        _set(account, parent, PAUSED)


def expire(account: StackStormAccount, id: str) -> None:
    """What StackStorm's garbage collector does when its time is over."""
    account.end(id, "timeout", account.executions[id]["result"])


def _waiting(account: StackStormAccount, id: str) -> Dict[str, Any]:
    row = account.executions.get(id)
    if row is None:
        raise Refused(404, f'Unable to identify inquiry with id "{id}".')
    if row["status"] == "timeout":
        raise Refused(400, f'Inquiry "{id}" timed out and cannot be responded to.')
    if row["status"] != PENDING:
        raise Refused(400, f'Inquiry "{id}" has already been responded to.')
    return row


def _told(row: Mapping[str, Any]) -> Dict[str, Any]:
    names = ("route", "ttl", "users", "roles", "schema")
    return {"id": row["id"], **{name: row["result"][name] for name in names}}


def _misfit(schema: Mapping[str, Any], response: Any) -> str:
    """As much of JSON Schema as the tests ask with."""
    if not isinstance(response, dict):
        return f"{response!r} is not of type 'object'"
    for name, spec in (schema.get("properties") or {}).items():
        if name not in response:
            if spec.get("required"):
                return f"{name!r} is a required property"
            continue
        value, wanted = response[name], spec.get("type")
        is_flag = isinstance(value, bool) and wanted != "boolean"
        if wanted in _TYPES and (is_flag or not isinstance(value, _TYPES[wanted])):
            return f"{value!r} is not of type {wanted!r}"
        if "enum" in spec and value not in spec["enum"]:
            return f"{value!r} is not one of {spec['enum']!r}"
    return ""
