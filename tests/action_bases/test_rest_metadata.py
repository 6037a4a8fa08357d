"""The metadata of plain REST calls: made from the Draft 7 files, and within PagerDuty's
contract."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from typing import Any, Dict

import pytest
from openapi import CONTRACTS
from pack_files import ROOT, each, files, load

from pagerduty_mattermost.action_bases import inputs, rest_body
from pagerduty_mattermost.action_bases.rest_call import WORDS
from pagerduty_mattermost.core import schema_check

REST = {
    path.stem: load(path)
    for path in files("actions")
    if load(path)["entry_point"] == "scripts/pagerduty_rest.py"
}
SCHEMAS = sorted(path.stem for path in inputs.FOLDER.glob("*.json"))


def _tool() -> Any:
    spec = importlib.util.spec_from_file_location("metadata_tool", ROOT / "tools" / "metadata.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@each("actions")
def test_parameters_are_what_the_schema_says(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == _tool().render(path), (
        "run `make docs` and commit the metadata"
    )


def test_a_schema_that_changes_changes_the_metadata() -> None:
    schema = {
        "properties": {"n": {"type": "integer", "minimum": 3, "description": "A number."}},
        "required": ["n"],
    }
    assert _tool().parameters(schema) == {
        "n": {"type": "integer", "required": True, "description": "A number."}
    }


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_is_draft_7_and_somebodys(name: str) -> None:
    from jsonschema import Draft7Validator

    schema = inputs.load(name)
    Draft7Validator.check_schema(schema)
    assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert schema["additionalProperties"] is False
    used = [
        (load(path).get("parameters") or {}).get("schema", {}).get("default")
        for path in files("actions")
    ]
    assert name in used
    for inner in _schemas(schema):
        assert inner.get("format", "id") in schema_check.FORMATS


def _schemas(node: Any) -> Any:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _schemas(value)
    elif isinstance(node, list):
        for item in node:
            yield from _schemas(item)


@pytest.mark.parametrize("name", sorted(REST))
def test_words_are_known_and_every_parameter_has_a_place(name: str) -> None:
    parameters = REST[name]["parameters"]
    fixed = {n: p["default"] for n, p in parameters.items() if p.get("immutable")}
    assert set(fixed) <= set(WORDS)
    assert fixed["schema"] == name
    assert fixed.get("result", "wrapped") in ("wrapped", "deleted", "success")
    assert fixed.get("paging", "list") in ("list", "newest", "oldest", "cursor")
    assert fixed.get("unknown", "warn") == "warn"
    path_names = re.findall(r"\{(\w+)\}", fixed["endpoint"])
    assert set(path_names) <= set(parameters)
    assert rest_body.names(fixed.get("body")) <= set(parameters)
    assert ("maximum" in parameters) == ("paging" in fixed)
    assert "lookup" not in fixed or fixed["endpoint"].startswith("POST ")


@pytest.mark.parametrize("name", sorted(REST))
def test_the_endpoint_is_in_pagerdutys_contract(name: str) -> None:
    contract = CONTRACTS / "pagerduty" / "rest.openapi.json"
    if not contract.is_file():
        pytest.skip("PagerDuty's OpenAPI is not here")
    document = _document()
    parameters = REST[name]["parameters"]
    fixed = {n: p["default"] for n, p in parameters.items() if p.get("immutable")}
    method, path = fixed["endpoint"].split(" ")
    shapes = {re.sub(r"\{\w+\}", "{}", known): item for known, item in document["paths"].items()}
    operation = shapes[re.sub(r"\{\w+\}", "{}", path)][method.lower()]
    declared = [_deref(document, one) for one in operation.get("parameters", ())]
    taken = {one["name"] for one in declared if one["in"] == "query"}
    elsewhere = {
        "from_email",
        "maximum",
        *fixed,
        *re.findall(r"\{(\w+)\}", path),
        *rest_body.names(fixed.get("body")),
        *rest_body.names(fixed.get("afterwards")),
    }
    schema = inputs.load(name)["properties"]
    for parameter in set(parameters) - elsewhere:
        wire = parameter + "[]" if schema[parameter]["type"] == "array" else parameter
        assert wire in taken, f"{method} {path} takes no {wire}"
    assert {one["name"] for one in declared if one["in"] == "query" and one.get("required")} <= {
        *parameters,
        *fixed.get("defaults", {}),
    }
    needs = [
        one
        for one in declared
        if one["in"] == "header" and one["name"] == "From" and one.get("required")
    ]
    assert bool(needs) == bool(fixed.get("needs_from"))
    assert bool(operation.get("requestBody")) == ("body" in fixed) or method != "POST"
    if "wrapper" in fixed:
        answers = [
            answer for status, answer in operation["responses"].items() if status.startswith("2")
        ]
        key = f'"{fixed["wrapper"].split(".")[0]}"'
        assert key in json.dumps(answers) or key in json.dumps(_resolved(document, answers))
    if fixed.get("paging") == "cursor":
        assert {"limit", "cursor"} <= taken
    elif fixed.get("paging"):
        assert {"limit", "offset"} <= taken
        assert fixed["paging"] == "list" or {"since", "until"} <= taken


_DOCUMENT: Dict[str, Any] = {}


def _document() -> Dict[str, Any]:
    if not _DOCUMENT:
        text = (CONTRACTS / "pagerduty" / "rest.openapi.json").read_text(encoding="utf-8")
        _DOCUMENT.update(json.loads(text))
    return _DOCUMENT


def _resolved(document: Dict[str, Any], node: Any, depth: int = 8) -> Any:
    """With what is referred to in place, as deep as an answer's wrapper stands."""
    if isinstance(node, list):
        return [_resolved(document, one, depth - 1) for one in node]
    if not isinstance(node, dict) or not depth:
        return None if isinstance(node, dict) else node
    whole = _deref(document, node)
    return {name: _resolved(document, value, depth - 1) for name, value in whole.items()}


def _deref(document: Dict[str, Any], node: Dict[str, Any]) -> Dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in node["$ref"].lstrip("#/").split("/"):
            found = found[part]
        node = found
    return node
