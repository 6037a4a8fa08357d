"""Every operation the sandbox's PagerDuty serves is walked once; requests and answers fit the
OpenAPI."""

from __future__ import annotations

import re
from string import Template
from typing import Any, Dict, List, Set

import openapi
from sandbox_api import Api
from walk_rows import WALK

from sandbox.pagerduty import USER_TOKEN
from sandbox.pagerduty.service import _ROUTES


def filled(value: Any, ids: Dict[str, str]) -> Any:
    if isinstance(value, str):
        return Template(value).substitute(ids)
    if isinstance(value, dict):
        return {name: filled(inner, ids) for name, inner in value.items()}
    return [filled(inner, ids) for inner in value] if isinstance(value, list) else value


def served() -> Dict[Any, str]:
    """Each handler with its operation."""
    rows = [
        (m, segments, handler)
        for r in _ROUTES
        for (m, _), t in r._table.items()
        for segments, handler in t
    ]
    return {handler: f"{method} /{'/'.join(segments)}" for method, segments, handler in rows}


def handler_of(method: str, path: str) -> Any:
    return next(
        found[0]
        for found in (routes.find(method, path) for routes in _ROUTES)
        if found is not None
    )


def test_every_operation_is_walked_and_fits_the_contract(api: Api) -> None:
    ids: Dict[str, str] = {"ada": api.id("users", "Ada Lovelace")}
    walked: Set[Any] = set()
    ids["alerted"] = api.account.trigger("Database", "By monitoring", details={"a": 1}).id
    key = next(i["key"] for i in api.account.catalog["integrations"].values())
    change = {"routing_key": key, "payload": {"summary": "Deployed", "source": "ci"}}
    assert api.send("POST", "/v2/change/enqueue", change, token="", sender=None).status_code == 202
    for operation, body, keep in WALK:
        method, _, target = filled(operation, ids).partition(" ")
        query: Dict[str, List[str]] = {}
        for name, value in re.findall(r"[?&]([^=]+)=([^&]+)", target):
            query.setdefault(name, []).append(value)
        path = target.partition("?")[0]
        answer = api.send(method, path, None if body is None else filled(body, ids), **query)
        assert answer.status_code < 300, f"{operation}: {answer.text}"
        walked.add(handler_of(method, path))
        if keep:
            name, _, place = keep.partition("=")
            found = answer.json()
            for part in place.split("."):
                found = found[int(part)] if part.isdigit() else found[part]
            ids[name] = found["id"]
    assert api.send("GET", "/users/me", token=f"Token token={USER_TOKEN}").status_code == 200
    walked.add(handler_of("GET", "/users/me"))
    assert (
        sorted(operation for handler, operation in served().items() if handler not in walked) == []
    )
    if openapi.available():
        wrong = openapi.check_journal(api.server.journal)
        assert wrong == [], "\n".join(wrong)


def test_every_path_with_an_unknown_id_is_a_404(api: Api) -> None:
    for operation in served().values():
        method, _, pattern = operation.partition(" ")
        if "{id}" not in pattern:
            continue
        path = re.sub(r"\{\w+\}", "PNOSUCH", pattern)
        answer = api.send(method, path, {} if method != "GET" else None)
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, 2100), operation


def test_no_operation_is_open_without_a_key(api: Api) -> None:
    for operation in served().values():
        method, _, pattern = operation.partition(" ")
        answer = api.send(method, pattern, token="")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, 2006), operation
