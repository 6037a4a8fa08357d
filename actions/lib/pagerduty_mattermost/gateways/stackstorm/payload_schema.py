"""Whether a payload fits its trigger's schema: StackStorm drops one that does not without a
word."""

from __future__ import annotations

from typing import Any, Mapping

_TYPES: Mapping[str, Any] = {
    "object": dict,
    "array": (list, tuple),
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
}


def misfit(value: Any, schema: Mapping[str, Any], where: str = "payload") -> str:
    """Why a value does not fit a payload schema, or "". Knows what our schemas use: type, enum,
    properties (with boolean `required`), additionalProperties, items, maxItems; and what
    StackStorm's rules engine drops: integers over 64 bits and lone surrogates."""
    wanted = schema.get("type")
    if wanted is not None and not any(
        _is(value, one) for one in (wanted if isinstance(wanted, list) else [wanted])
    ):
        return f"{where} is {type(value).__name__}, not {wanted}"
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        return f"{where} is over 64 bits"
    if isinstance(value, str) and not _is_utf8(value):
        return f"{where} holds a lone surrogate"
    if "enum" in schema and value not in schema["enum"]:
        return f"{where} is none of {schema['enum']}"
    if isinstance(value, dict):
        return _object_misfit(value, schema, where)
    if isinstance(value, (list, tuple)):
        if len(value) > schema.get("maxItems", len(value)):
            return f"{where} has more than {schema['maxItems']} items"
        problems = (
            misfit(item, schema.get("items", {}), f"{where}[{i}]") for i, item in enumerate(value)
        )
        return next((problem for problem in problems if problem), "")
    return ""


def _object_misfit(value: Mapping[str, Any], schema: Mapping[str, Any], where: str) -> str:
    properties = schema.get("properties", {})
    missing = [
        name
        for name, one in properties.items()
        if one.get("required") is True and name not in value
    ]
    if missing:
        return f"{where} lacks {', '.join(missing)}"
    others = schema.get("additionalProperties", {})
    for name, item in value.items():
        if name not in properties and others is False:
            return f"{where}.{name} is not in the schema"
        problem = misfit(item, properties.get(name, others or {}), f"{where}.{name}")
        if problem:
            return problem
    return ""


def _is(value: Any, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, _TYPES.get(name, object))


def _is_utf8(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
