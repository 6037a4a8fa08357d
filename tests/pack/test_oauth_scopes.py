"""The scopes that an OAuth app is told to have are those of the requests that the pack makes by
itself. That no command, button or dialog needs another `tests/e2e/test_every_command.py` proves,
which runs with these alone."""

from __future__ import annotations

import ast
import json
import re
from typing import Dict, Iterator, Set, Tuple

import pytest
from pack_files import ROOT, documented_scopes

from sandbox import Sandbox
from sandbox.pagerduty import API_KEY
from sandbox.pagerduty.scopes import SCOPES, needed

LIBRARY = ROOT / "actions" / "lib" / "pagerduty_mattermost"
CONTRACT = ROOT.parent / "shared" / "contracts" / "pagerduty" / "rest.openapi.json"
FOR_ACTIONS = ("action_bases", "outcome_checks.py")
"""What knows of requests that only people's own actions make."""
BY_INCLUDE = {"users:contact_methods.read": "contact_methods"}
"""Scopes without which a person is shown, but not what `include[]` asks for beside."""
READS = ("GET",)
WRITES = ("POST", "PUT", "DELETE")


def paths() -> Iterator[Tuple[str, str]]:
    """Paths of PagerDuty's API as they stand in the library, and where."""
    for file in sorted(LIBRARY.rglob("*.py")):
        if any(part in FOR_ACTIONS for part in file.parts):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            text = _text(node)
            if re.fullmatch(r"(?:/[a-z_0-9{}]+)+", text):
                yield re.sub(r"\{[^}]*\}", "{}", text), file.name


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values
        )
    return ""


def of_contract() -> Dict[Tuple[str, str], str]:
    found = json.loads(CONTRACT.read_text(encoding="utf-8"))["paths"]
    return {
        (method.upper(), re.sub(r"\{[^}]*\}", "{}", path)): str(one["x-pd-requires-scope"])
        for path, methods in found.items()
        for method, one in methods.items()
        if isinstance(one, dict) and one.get("x-pd-requires-scope")
    }


@pytest.mark.skipif(not CONTRACT.exists(), reason="PagerDuty's OpenAPI is not here")
def test_the_table_says_what_the_contract_says() -> None:
    contract = of_contract()
    kinds = ("users", "teams", "escalation_policies")
    for (method, path), scope in SCOPES.items():
        if path.startswith("/v3/schedules") and "/audit/" not in path:
            assert (method, path) not in contract, "it names one meanwhile"
            continue
        said = contract.get((method, path))
        if said is None and path.split("/")[1] in kinds:  # tags of any of them
            said = contract[(method, "/{}/{}/" + path.rsplit("/", 1)[1])]
        assert said == scope, (method, path)


def test_what_the_library_reads_is_granted() -> None:
    granted = documented_scopes()
    seen: Set[str] = set()
    for path, file in paths():
        scope = SCOPES.get(("GET", path), "")
        seen.add(scope)
        assert not scope or scope in granted, (path, file)
    assert len(seen) > 10


def test_nothing_is_granted_that_nothing_needs() -> None:
    known = {path for path, _ in paths()}
    for scope in documented_scopes():
        if scope in BY_INCLUDE:
            gateway = LIBRARY / "gateways" / "pagerduty" / "contact_methods.py"
            assert f'"{BY_INCLUDE[scope]}"' in gateway.read_text(encoding="utf-8")
            continue
        methods = READS if scope.endswith(".read") else WRITES
        users = [
            path for (method, path), one in SCOPES.items() if one == scope and method in methods
        ]
        assert known.intersection(users), scope


def test_the_request_for_a_token_asks_for_what_cards_need() -> None:
    text = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    (asked,) = re.findall(r"scope=as_account-REGION\.SUBDOMAIN ([^']*)", text)
    (cards,) = re.findall(r"\| cards, routes, who is on call \| ([^|]*) \|", text)
    assert asked.split() == re.findall(r"`([^`]+)`", cards)


def test_the_sandbox_refuses_what_a_token_was_not_granted() -> None:
    assert needed("GET", "/incidents/PT4KHLK/notes") == "incidents.read"
    assert needed("GET", "/nothing/of/the/kind") == ""
    with Sandbox() as sandbox:
        import requests

        sandbox.pagerduty.account.scopes[API_KEY] = ("incidents.read",)
        headers = {"Authorization": f"Token token={API_KEY}"}
        found = [
            requests.get(sandbox.pagerduty.url + path, headers=headers, timeout=60).status_code
            for path in ("/incidents", "/services")
        ]
    assert found == [200, 403]
