"""At least ten wrong inputs for each action that writes, made from its schema: each is named with
its place.

Only what is wrong in one field: several at once are in test_inputs.py and the actions' own tests.
"""

from __future__ import annotations

from typing import Any, Dict, Iterator, List, Mapping, Tuple

import pytest
from pack_files import files, load

from pagerduty_mattermost.action_bases import inputs

NOW = 1795232710.0
ODD: Dict[str, Tuple[Any, ...]] = {
    "id": (
        "a b",
        "../users/me",
        "P1?x=1",
        "P1#",
        "é",
        "x" * 70,
        "P1/notes",
        "<b>",
        "P 1",
        "@here",
    ),
    "email": (
        "nobody",
        "a@",
        "@b.example",
        "a b@c.example",
        "a@b@c.example",
        "a,b@c.example",
        "<a@b.example>",
    ),
    "date-time": (
        "banana",
        "10/11",
        "2026-13-01T00:00:00Z",
        "yesterday at noon o'clock in",
        "x" * 70,
        "2026-02-30",
    ),
    "uri": (
        "javascript:x",
        "example.com",
        "ftp://example.com",
        "//example.com",
        "http://",
        "not an address",
    ),
    "time-zone": ("<b>", "../etc", "Berlin; DROP"),
}


def _writes(action: Mapping[str, Any]) -> bool:
    fixed = {
        n: s.get("default")
        for n, s in (action.get("parameters") or {}).items()
        if s.get("immutable")
    }
    if "schema" not in fixed:
        return False
    if "endpoint" in fixed:
        return str(fixed["endpoint"]).split(" ")[0] in ("POST", "PUT") and not action[
            "name"
        ].startswith("analytics.")
    return not action["name"].rpartition(".")[2].startswith(("find", "list"))


WRITING = sorted(action["name"] for action in map(load, files("actions")) if _writes(action))


def wrong(spec: Mapping[str, Any], path: str = "") -> Iterator[Tuple[str, Any]]:
    """(where the error must stand below `path`, a value that is wrong there)."""
    kinds = spec.get("type") or []
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if len(set(kinds) - {"null"}) > 1:
        return
    if "enum" in spec and len(spec["enum"]) > 0:
        for value in ("no such word", "ALL", "1"):
            yield path, value
    elif "string" in kinds:
        for value in ODD.get(spec.get("format", ""), ()):
            yield path, value
        if "maxLength" in spec and not {"whole_in", "shorten"} & set(spec):
            yield path, "x" * (spec["maxLength"] + 1)
        if not spec.get("when") and "array" not in kinds and "reference" not in spec:
            yield path, {"an": "object"}
            yield path, ["a", "list"]
            if not path.endswith("]"):  # an entry of a list is what was typed between commas
                yield path, 7
    if "integer" in kinds or "number" in kinds:
        for value in ("many", {"an": "object"}, "1.5.2"):
            yield path, value
        if "minimum" in spec:
            yield path, spec["minimum"] - 1
        if "maximum" in spec:
            yield path, spec["maximum"] + 1
    if "boolean" in kinds:
        for value in ("perhaps", {"an": "object"}):
            yield path, value
    if "array" in kinds and len(kinds) == 1 and isinstance(spec.get("items"), dict):
        for below, value in wrong(spec["items"], f"{path}[0]"):
            if not isinstance(value, str) or "," not in value:
                yield below, [value]
    if kinds == ["object"] and spec.get("properties") and "reference" not in spec:
        yield f"{path}.no_such_field", {"no_such_field": 1}
        for name, inner in spec["properties"].items():
            if not inner.get("readOnly"):
                for below, value in wrong(inner, f"{path}.{name}"):
                    yield below, {name: value}


@pytest.mark.parametrize("name", WRITING)
def test_each_is_named_with_its_place(name: str) -> None:
    action = load(files("actions")[0].parent / f"{name}.yaml")
    lenient = (action["parameters"].get("unknown") or {}).get("default") == "warn"
    schema = inputs.load(name)
    tried: List[str] = []
    for parameter, spec in schema["properties"].items():
        for place, value in wrong(spec, parameter):
            if lenient and place.endswith(".no_such_field"):
                continue
            problems = inputs.prepare(
                schema, {parameter: value}, inputs.InputTerms(NOW, "UTC", lenient)
            ).problems
            assert any(line.startswith(f"{place}: ") for line in problems), (
                place,
                value,
                problems,
            )
            tried.append(place)
    for parameter in schema.get("required", ()):
        problems = inputs.prepare(schema, {}, inputs.InputTerms(NOW, "UTC", lenient)).problems
        if "default" not in schema["properties"][parameter]:
            assert any(line.startswith(f"{parameter}: is missing") for line in problems)
            tried.append(parameter)
    assert len(tried) >= min(10, 4 * len(schema["properties"])), (name, tried)
