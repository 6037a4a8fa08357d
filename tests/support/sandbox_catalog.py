"""Makes, changes and deletes things of the sandbox's PagerDuty by its API."""

from __future__ import annotations

from typing import Any, Dict

from sandbox_api import START, Api

from sandbox.clock import iso

HOUR, DAY = 3600, 86400


def made(api: Api, path: str, wrapper: str, status: int = 201, **fields: Any) -> Dict[str, Any]:
    answer = api.send("POST", path, {wrapper: fields})
    assert answer.status_code == status, answer.text
    found: Dict[str, Any] = answer.json()[wrapper]
    return found


def changed(api: Api, path: str, wrapper: str, **fields: Any) -> Dict[str, Any]:
    answer = api.send("PUT", path, {wrapper: fields})
    assert answer.status_code == 200, answer.text
    found: Dict[str, Any] = answer.json()[wrapper]
    return found


def gone(api: Api, path: str) -> bool:
    deleted = api.send("DELETE", path)
    assert deleted.status_code == 204, deleted.text
    return api.send("GET", path).status_code == 404


def ref(api: Api, kind: str, name: str) -> Dict[str, str]:
    single = {"escalation_policies": "escalation_policy"}.get(kind, kind[:-1])
    return api.reference(kind, name, single + "_reference")


def layer(api: Api, *names: str, **fields: Any) -> Dict[str, Any]:
    users = [{"user": ref(api, "users", name)} for name in names]
    whole = {
        "start": iso(START),
        "rotation_virtual_start": iso(START),
        "rotation_turn_length_seconds": DAY,
    }
    return {**whole, "users": users, **fields}
