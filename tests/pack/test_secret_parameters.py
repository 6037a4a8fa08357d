"""Every parameter that takes a secret is declared `secret: true`, so that StackStorm masks it in
executions, logs and answers of its API, also within objects."""

from __future__ import annotations

import json
import re
from typing import Any, Iterator, Mapping, Tuple

import pytest
from pack_files import ROOT, files, load

SCHEMAS = ROOT / "actions" / "lib" / "pagerduty_mattermost" / "schemas"
SUSPECT = re.compile(r"key|token|secret|passw|credential|auth|pin\b")
NONE = {
    "admin_token_key": "the name of a key of the datastore",
    "dedup_key": "says which alert it is, in PagerDuty's page too",
    "incident_key": "the same, of Events v1",
    "key": "any text that makes a message one",
    "routing_key_name": "the name of a setting",
}
"""Names that look like a secret's and hold none, with why."""
TYPED = ("routing_key", "service_key")
"""Names that hold one."""


def parameters(node: Any, name: str = "") -> Iterator[Tuple[str, Mapping[str, Any]]]:
    """Each parameter and each property below one, with what is declared of it."""
    if not isinstance(node, dict):
        return
    if name:
        yield name, node
    for part in ("properties", "patternProperties", "parameters"):
        below = node.get(part)
        for inner, schema in (below or {}).items() if isinstance(below, dict) else ():
            yield from parameters(schema, inner)
    for part in ("items", "anyOf", "oneOf", "allOf"):
        several = node.get(part)
        for schema in several if isinstance(several, list) else [several]:
            yield from parameters(schema)


SOURCES = [*((path.stem, load(path)) for path in files("actions"))] + [
    (path.name, json.loads(path.read_text(encoding="utf-8"))) for path in SCHEMAS.rglob("*.json")
]


@pytest.mark.parametrize(("source", "content"), SOURCES, ids=[name for name, _ in SOURCES])
def test_what_takes_a_secret_is_declared_so(source: str, content: Any) -> None:
    wrong = [
        name
        for name, declared in parameters(content)
        if SUSPECT.search(name) and name not in NONE and declared.get("secret") is not True
    ]
    assert wrong == []


def test_the_names_are_all_there_and_none_is_left_over() -> None:
    found = {name for _, content in SOURCES for name, _ in parameters(content)}
    assert set(NONE) | set(TYPED) <= found


def test_one_that_is_not_declared_is_found() -> None:
    within = {"parameters": {"data": {"properties": {"auth_token": {"type": "string"}}}}}
    assert [name for name, one in parameters(within) if SUSPECT.search(name)] == ["auth_token"]
