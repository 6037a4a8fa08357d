"""JSON Schema as StackStorm speaks it: draft 4 with draft 3's boolean `required` inside of
properties.

Works with jsonschema 3.2 and 4 alike. Errors are one line: where, and what is wrong.
"""

# flake8: noqa: W503

from __future__ import annotations

import copy
from functools import lru_cache
from typing import Any, Dict, FrozenSet, Iterable, List, Mapping, Sequence


def _words(text: str) -> FrozenSet[str]:
    return frozenset(text.split())


PARAMETER_KEYS = _words(
    "$schema additionalItems additionalProperties allOf anyOf default definitions dependencies "
    "description enum exclusiveMaximum exclusiveMinimum id immutable items maxItems maxLength "
    "maxProperties maximum minItems minLength minProperties minimum multipleOf not oneOf pattern "
    "patternProperties position properties required secret title type uniqueItems"
)
"""What the schema of a parameter or a setting may hold, below the top `format` as well; StackStorm
refuses the rest."""

TYPES = ("array", "boolean", "integer", "null", "number", "object", "string")

_KEYWORDS = _words(
    "additionalItems additionalProperties allOf anyOf dependencies enum format items "
    "maxItems maxLength "
    "maxProperties maximum minItems minLength minProperties minimum multipleOf not oneOf pattern "
    "patternProperties type uniqueItems"
)


class Misfit(ValueError):
    """The value does not fit the schema."""


@lru_cache(maxsize=1)
def _validator_class() -> Any:
    from jsonschema import validators

    draft4 = validators.Draft4Validator
    keywords = {name: draft4.VALIDATORS[name] for name in _KEYWORDS}
    keywords["properties"] = validators.Draft3Validator.VALIDATORS["properties"]
    return validators.create(
        meta_schema={}, validators=keywords, version="st2_custom", type_checker=draft4.TYPE_CHECKER
    )


def validate(value: Any, schema: Mapping[str, Any], what: str, nulls: bool = True) -> Any:
    """`value` with the schema's defaults put in. Raises Misfit, which names `what` and the place
    in it.

    `nulls`: what is optional and without a default may also be null, as StackStorm does for
    parameters and payloads.
    """
    filled = with_defaults(copy.deepcopy(value), schema)
    check(filled, allowing_nulls(schema) if nulls else schema, what)
    return filled


def check(value: Any, schema: Mapping[str, Any], what: str) -> None:
    """Raises Misfit for the first thing in `value` that does not fit."""
    from jsonschema.exceptions import best_match

    error = best_match(_validator_class()(schema).iter_errors(value))
    if error is not None:
        raise Misfit(_line(what, error))


def misfits(value: Any, schema: Mapping[str, Any]) -> List[str]:
    """A line for each thing in `value` that does not fit; what is optional may be null."""
    from jsonschema.exceptions import best_match

    filled = with_defaults(copy.deepcopy(value), schema)
    errors = _validator_class()(allowing_nulls(schema)).iter_errors(filled)
    return [_line("", best_match(iter([error]))) for error in errors]


def _line(what: str, error: Any) -> str:
    path = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in error.absolute_path
    )
    return f"{what}{path}: {_shorten(error)}".lstrip(".:").strip()


_KINDS = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a mapping of names to values",
    "string": "text",
}
"""JSON Schema's types in people's words."""
_SWITCHES = {
    **dict.fromkeys(("true", "yes", "on", "1"), "true"),
    **dict.fromkeys(("false", "no", "off", "0"), "false"),
}
_BOUNDS = {
    "minimum": "must be {0} or more",
    "maximum": "must be {0} or less",
    "minItems": "must have {0} items or more",
    "maxItems": "must have {0} items or fewer",
    "minLength": "must have {0} characters or more",
    "maxLength": "must have {0} characters or fewer",
    "pattern": "does not fit the pattern {0}",
    "format": "is no {0}",
    "multipleOf": "must be a multiple of {0}",
    "uniqueItems": "names something twice",
}


def _shorten(error: Any) -> str:
    """What is wrong in people's words, without the value: it may be a secret or a page of text."""
    rule, value = error.validator, error.validator_value
    if rule == "type":
        names = value if isinstance(value, list) else [value]
        wanted = [str(name) for name in names if name != "null"]
        words = " or ".join(_KINDS.get(name, name) for name in wanted)
        how = _how(wanted, error.instance)
        known = list(error.schema.get("properties") or {}) if wanted == ["object"] else []
        if known:
            words, how = "a mapping", f" with {', '.join(known)} below it"
        return f"is {_type_name(error.instance)}, must be {words}{how}"
    if rule == "enum":
        allowed = [str(item) for item in value if item is not None]
        return f"must be one of {', '.join(allowed)}{near(str(error.instance), allowed)}"
    if rule == "required":
        return "is missing"
    if rule == "additionalProperties" and isinstance(error.instance, dict):
        known = list(error.schema.get("properties") or {})
        other = next((str(name) for name in error.instance if name not in known), "")
        meant = near(other, known) or (f"; there are {', '.join(known)}" if known else "")
        return f"there is no '{other}'{meant}"
    if rule in _BOUNDS:
        return _BOUNDS[rule].format(str(value)[:100])
    return f"does not fit: {rule} {str(value)[:100]}"


def _how(wanted: Sequence[str], value: Any) -> str:
    """How to write it, where that is short."""
    if wanted == ["array"] and isinstance(value, str) and len(value) <= 40:
        return f"; write [{value}]"
    if wanted == ["string"] and isinstance(value, (bool, int, float)):
        return f'; write "{value}", in quotes'
    if not isinstance(value, str):
        return ""
    word = value.strip().lower()
    if wanted and set(wanted) <= {"integer", "number"} and word.isascii() and word.isdecimal():
        return f"; write {word}, without quotes"
    if wanted == ["boolean"] and word in _SWITCHES:
        return f"; write {_SWITCHES[word]}, without quotes"
    return ""


def near(word: str, known: Iterable[str]) -> str:
    """`; did you mean …?` with the name most like the word, or nothing."""
    found = nearest(word, known)
    return f"; did you mean {found}?" if found else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The name most like the word, or nothing. A name may be meant without its pack."""
    import difflib

    names = {name.casefold(): name for name in sorted(known, reverse=True)}
    for name in list(names):
        names.setdefault(name.partition(".")[2] or name, names[name])
    found = difflib.get_close_matches(word.casefold(), list(names), n=1, cutoff=0.6)
    return names[found[0]] if found else ""


def _type_name(value: Any) -> str:
    for kind, name in (
        (bool, "true or false"),
        (int, "a number"),
        (float, "a number"),
        (str, "text"),
        (list, "a list"),
        (dict, "a mapping"),
    ):
        if isinstance(value, kind):
            return name
    return "nothing" if value is None else type(value).__name__


def with_defaults(value: Any, schema: Mapping[str, Any]) -> Any:
    """Puts defaults where nothing or null is given, also in nested objects that are there. Changes
    `value` in place."""
    if isinstance(value, dict) and _is(schema, "object"):
        for name, inner in (schema.get("properties") or {}).items():
            if value.get(name) is None and "default" in inner:
                value[name] = copy.deepcopy(inner["default"])
            if value.get(name) is not None:
                with_defaults(value[name], inner)
    elif isinstance(value, list) and _is(schema, "array"):
        items = schema.get("items") or []
        schemas = [items] * len(value) if isinstance(items, dict) else items
        for position, inner in enumerate(schemas[: len(value)]):
            if value[position] is None and "default" in inner:
                value[position] = copy.deepcopy(inner["default"])
            if value[position] is not None:
                with_defaults(value[position], inner)
    return value


def allowing_nulls(schema: Mapping[str, Any]) -> Dict[str, Any]:
    """A copy of the schema in which everything optional without a default of its own may also be
    null."""
    result = copy.deepcopy(dict(schema))
    for name, inner in (result.get("properties") or {}).items():
        result["properties"][name] = _nullable(inner)
    return result


def _nullable(inner: Any) -> Any:
    if not isinstance(inner, dict):
        return inner
    if inner.get("default") is None and (not inner.get("required", False) or "default" in inner):
        for either in ("anyOf", "oneOf"):
            if either in inner:
                if not any(
                    isinstance(one, dict) and one.get("type") == "null" for one in inner[either]
                ):
                    inner[either].append({"type": "null"})
                break
        else:
            kinds = inner.get("type", "string")
            kinds = list(kinds) if isinstance(kinds, list) else [kinds]
            inner["type"] = kinds if "null" in kinds else [*kinds, "null"]
    if _is(inner, "object") and inner.get("properties"):
        return allowing_nulls(inner)
    if (
        _is(inner, "array")
        and isinstance(inner.get("items"), dict)
        and inner["items"].get("properties")
    ):
        inner["items"] = allowing_nulls(inner["items"])
    return inner


def _is(schema: Mapping[str, Any], kind: str) -> bool:
    found = schema.get("type")
    return found == kind or (isinstance(found, list) and kind in found)


def check_schema(schema: Any, where: str, top: bool = True) -> None:
    """Raises Misfit for a parameter's or setting's schema that StackStorm would refuse to
    register."""
    if not isinstance(schema, dict):
        raise Misfit(f"{where}: must be a mapping")
    for key in schema:
        if key not in PARAMETER_KEYS and (top or key != "format"):
            raise Misfit(f"{where}: unknown key '{key}'")
    kinds = schema.get("type")
    if top and isinstance(kinds, list):
        raise Misfit(f"{where}: a parameter has one type, not a list of types")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind is not None and kind not in TYPES:
            raise Misfit(f"{where}: unknown type '{kind}'")
    for key in ("required", "immutable", "secret"):
        if key in schema and not isinstance(schema[key], bool):
            raise Misfit(f"{where}: '{key}' is true or false")
    if "enum" in schema and not (isinstance(schema["enum"], list) and schema["enum"]):
        raise Misfit(f"{where}: 'enum' is a list")
    for key in ("properties", "patternProperties", "definitions"):
        for name, inner in (schema.get(key) or {}).items():
            check_schema(inner, f"{where}.{name}", top=False)
    for key in ("allOf", "anyOf", "oneOf"):
        for inner in schema.get(key) or []:
            check_schema(inner, f"{where}.{key}", top=False)
    items = schema.get("items")
    for inner in items if isinstance(items, list) else [items]:
        if inner is not None:
            check_schema(inner, f"{where}.items", top=False)
    for key in ("additionalProperties", "additionalItems", "not"):
        if isinstance(schema.get(key), dict):
            check_schema(schema[key], f"{where}.{key}", top=False)
