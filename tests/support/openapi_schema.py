"""Compiles the schemas of an OpenAPI document into closures that check a value: the fast half of
`openapi.py`.

What is read of a schema: type, enum, not, limits, date-time, properties, required,
additionalProperties, items, allOf, anyOf, oneOf (as anyOf), nullable, $ref (resolved when first
met).
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import re
from typing import Any, Callable, Dict, Iterable, List, Optional, Sequence, Set, Tuple

IDENTIFYING = frozenset(("id", "type"))
"""Of a reference in a request: marked as read-only, and in every example of the document."""
Check = Callable[[Any, str, List[str]], None]
"""Appends what is wrong with the value at that path."""


class Compiler:
    """`compile(schema, strict)`; strict: a property that the schema does not name, or names as
    read-only, is an error (requests)."""

    def __init__(self, document: Dict[str, Any], included: Sequence[str] = ()) -> None:
        self.document = document
        self._included = included
        self._compiled: Dict[Tuple[str, bool], Check] = {}

    def resolve(self, node: Dict[str, Any]) -> Dict[str, Any]:
        """The node itself, or what it refers to."""
        while "$ref" in node:
            node = self._pointer(node["$ref"])
        return node

    def _pointer(self, pointer: str) -> Any:
        node: Any = self.document
        for part in pointer.lstrip("#/").split("/"):
            part = (
                part.replace("~1", "/").replace("~0", "~").replace("%7B", "{").replace("%7D", "}")
            )
            node = node[int(part)] if isinstance(node, list) else node[part]
        return node

    def compile(self, schema: Dict[str, Any], strict: bool, inside_all_of: bool = False) -> Check:
        if "$ref" in schema:
            return self._reference(schema["$ref"], strict, inside_all_of)
        checks: List[Check] = []
        if "type" in schema:
            checks.append(_type_check(schema["type"]))
        if "enum" in schema:
            checks.append(_enum_check(schema["enum"]))
        if "not" in schema:
            checks.append(_not_check(self.compile(schema["not"], strict)))
        checks += [_limit_check(n, schema[n]) for n in _LIMITS if n in schema]
        if schema.get("format") == "date-time":
            checks.append(_date_time_check)
        if "properties" in schema or "required" in schema:
            checks.append(self._object(schema, strict))
        if isinstance(schema.get("additionalProperties"), dict):
            checks.append(
                _values_check(
                    self.compile(schema["additionalProperties"], strict),
                    schema.get("properties", ()),
                )
            )
        if "items" in schema:
            checks.append(_items_check(self.compile(schema["items"], strict)))
        checks += [
            self.compile(part, strict, inside_all_of=True) for part in schema.get("allOf", ())
        ]
        for word in ("anyOf", "oneOf"):
            if word in schema:
                checks.append(self._alternatives(schema[word], strict))
        if strict and not inside_all_of:
            names = self._names(schema)
            if names is not None:
                checks.append(_strict_check(names))
        return _all_check(checks, bool(schema.get("nullable")))

    def _reference(self, pointer: str, strict: bool, inside_all_of: bool) -> Check:
        key = (pointer + ("+" if inside_all_of else ""), strict)

        def check(value: Any, path: str, errors: List[str]) -> None:
            compiled = self._compiled.get(key)
            if compiled is None:
                schema = self._pointer(pointer)
                whole = None if strict else self._whole(pointer)
                if whole is not None:
                    schema = {"oneOf": [schema, {"$ref": whole}]}
                compiled = self._compiled[key] = self.compile(schema, strict, inside_all_of)
            compiled(value, path, errors)

        return check

    def _whole(self, pointer: str) -> Optional[str]:
        """Where a reference stands in an answer: the schema of the whole thing."""
        name = pointer.rpartition("/")[2]
        kind = name[: -len("Reference")] if name.endswith("Reference") else ""
        return f"#/components/schemas/{kind}" if kind in self._included else None

    def _alternatives(self, schemas: List[Dict[str, Any]], strict: bool) -> Check:
        """Any of them; only those are tried whose `type` can be the value's, when there are
        such."""
        parts = [self.compile(schema, strict, inside_all_of=True) for schema in schemas]
        by_type: Dict[Any, List[Check]] = {}

        def check(value: Any, path: str, errors: List[str]) -> None:
            kind = value.get("type") if isinstance(value, dict) else None
            tried = parts
            if isinstance(kind, str):
                if kind not in by_type:
                    named = [
                        p for p, s in zip(parts, schemas) if kind in (self._types(s) or (kind,))
                    ]
                    by_type[kind] = named or parts
                tried = by_type[kind]
            best: Optional[List[str]] = None
            for part in tried:
                found: List[str] = []
                part(value, path, found)
                if not found:
                    return
                if best is None or len(found) < len(best):
                    best = found
            errors.extend(best or ())

        return check

    def _types(self, schema: Dict[str, Any]) -> Optional[Sequence[str]]:
        """The values `type` may have, None when it is not limited."""
        schema = self.resolve(schema)
        for part in (schema, *schema.get("allOf", ())):
            limited = self.resolve(part).get("properties", {}).get("type", {}).get("enum")
            if limited:
                return list(limited)
        return None

    def _object(self, schema: Dict[str, Any], strict: bool) -> Check:
        properties = {
            n: self.compile(s, strict) for n, s in (schema.get("properties") or {}).items()
        }
        required = [n for n in schema.get("required") or () if isinstance(n, str)]
        sealed: Set[str] = set()
        if strict:  # what is read-only cannot be asked of a request
            given = schema.get("properties") or {}
            sealed = {n for n, s in given.items() if self.resolve(s).get("readOnly")}
            required = [n for n in required if n not in sealed]
            sealed -= IDENTIFYING

        def check(value: Any, path: str, errors: List[str]) -> None:
            if not isinstance(value, dict):
                return
            for name in required:
                if name not in value:
                    errors.append(f"{path}.{name} is missing")
            for name, inner in value.items():
                if name in sealed:
                    errors.append(f"{path}.{name} is read-only")
                known = properties.get(name)
                if known is not None:
                    known(inner, f"{path}.{name}", errors)

        return check

    def _names(self, schema: Dict[str, Any]) -> Optional[List[str]]:
        """All property names a schema knows; None when it is open or has alternatives."""
        schema = self.resolve(schema)
        if "anyOf" in schema or "oneOf" in schema or schema.get("additionalProperties"):
            return None
        names = list(schema.get("properties") or ())
        for part in schema.get("allOf", ()):
            inner = self._names(part)
            if inner is None:
                return None
            names += inner
        return names or None


_LIMITS = ("minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems")
_TYPES: Dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: isinstance(v, int) and not isinstance(v, bool),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, list),
    "object": lambda v: isinstance(v, dict),
}
_DATE_TIME = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")


def _type_check(kind: str) -> Check:
    fits = _TYPES[kind]

    def check(value: Any, path: str, errors: List[str]) -> None:
        if not fits(value):
            errors.append(f"{path} is {_short(value)}, not of type {kind}")

    return check


def _enum_check(values: Sequence[Any]) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        if value not in values:
            errors.append(f"{path} is {_short(value)}, not one of {', '.join(map(str, values))}")

    return check


def _limit_check(name: str, limit: float) -> Check:
    low, counted = name.startswith("min"), not name.endswith("imum")

    def check(value: Any, path: str, errors: List[str]) -> None:
        if (
            counted
            and not isinstance(value, (str, list))
            or not counted
            and not isinstance(value, (int, float))
        ):
            return
        size = len(value) if counted else value
        if size < limit if low else size > limit:
            errors.append(f"{path} breaks {name} {limit}")

    return check


def _date_time_check(value: Any, path: str, errors: List[str]) -> None:
    if isinstance(value, str) and not _DATE_TIME.match(value):
        errors.append(f"{path} is {_short(value)}, no date-time")


def _items_check(inner: Check) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        if isinstance(value, list):
            for number, item in enumerate(value):
                inner(item, f"{path}[{number}]", errors)

    return check


def _values_check(inner: Check, named: Iterable[str]) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        if isinstance(value, dict):
            for name, item in value.items():
                if name not in named:
                    inner(item, f"{path}.{name}", errors)

    return check


def _not_check(inner: Check) -> Check:
    def check(value: Any, path: str, errors: List[str]) -> None:
        found: List[str] = []
        inner(value, path, found)
        if not found:
            errors.append(f"{path} is {_short(value)}, which has a schema of its own")

    return check


def _strict_check(names: List[str]) -> Check:
    known = set(names)

    def check(value: Any, path: str, errors: List[str]) -> None:
        if isinstance(value, dict):
            errors.extend(
                f"{path}.{name} is not in the document" for name in value if name not in known
            )

    return check


def _all_check(checks: List[Check], nullable: bool) -> Check:
    if len(checks) == 1 and not nullable:
        return checks[0]

    def check(value: Any, path: str, errors: List[str]) -> None:
        if value is None and nullable:
            return
        for part in checks:
            part(value, path, errors)

    return check


def _short(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def typed(text: str, schema: Dict[str, Any]) -> Any:
    """A query parameter's text as the type its schema names, when it can be read so."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?\d+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
