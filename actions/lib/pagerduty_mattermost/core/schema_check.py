"""What is wrong with a value, measured against its Draft 7 schema: one line for each place, saying
what was expected and what came. For an action's input, and for a playbook.

    problems(schema, {"user": "nobody"}, lenient=False)
    # ["user: expected a PagerDuty id (letters and digits, such as PT4KHLK), got 'nobody'"]

`$comment` beside a pattern or anyOf says in words what is expected.

Formats are checked here, without extra packages: id, email, date-time, uri, time-zone. jsonschema
is imported only when there is more to check than texts with a format: importing it takes 150 ms.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

from pagerduty_mattermost.core.text import clean, one_line

Schema = Dict[str, Any]
MAX_LISTED = 12
"""Of words that are possible, what is listed; of more the nearest is named."""


def kinds(schema: Mapping[str, Any]) -> Tuple[str, ...]:
    """JSON types that the schema allows."""
    given: Any = schema.get("type", ())
    return (given,) if isinstance(given, str) else tuple(str(kind) for kind in given)


def is_id(text: str) -> bool:
    """Whether it can be an id at PagerDuty. "None" is what a template makes of a missing one."""
    return bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", text)) and text.lower() not in (
        "none",
        "null",
    )


def is_email(text: str) -> bool:
    """Whether it can be an e-mail address."""
    return (
        len(text) <= 320
        and bool(re.fullmatch(r"[^\s@,;:<>()\[\]\\\"]+@[A-Za-z0-9][A-Za-z0-9.-]*", text))
        and text.isascii()
    )


def is_uri(text: str) -> bool:
    """Whether it can be an address of the web."""
    return bool(re.fullmatch(r"https?://[A-Za-z0-9\[][^\s<>\"{}|\\^`]*", text))


def is_time(text: str) -> bool:
    """Whether it is a moment in ISO 8601."""
    from pagerduty_mattermost.core.times import parse

    return parse(text) is not None


def is_time_zone(text: str) -> bool:
    """Whether it can be the name of a time zone, PagerDuty's own ("Eastern Time (US & Canada)")
    too."""
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9 /_+&().:-]{0,63}", text))


FORMATS: Dict[str, Tuple[Callable[[str], bool], str]] = {
    "id": (is_id, "a PagerDuty id (letters and digits, such as PT4KHLK)"),
    "email": (is_email, "an e-mail address"),
    "date-time": (is_time, "a time (2026-11-21T09:00:00Z, 2h, tomorrow 9:00)"),
    "uri": (is_uri, "a web address (https://…)"),
    "time-zone": (is_time_zone, "a time zone (Europe/Berlin)"),
}
"""Format → how it is checked, and what was expected."""


def problems(schema: Schema, params: Dict[str, Any], *, lenient: bool) -> List[str]:
    """Each place that is wrong, in one line, in the order of the places. `lenient`: fields that
    the schema does not know pass."""
    known = schema.get("properties") or {}
    if "anyOf" not in schema and all(_is_plain(known.get(name)) for name in params):
        return _plain_problems(schema, params)
    found = misfits(schema, params, lenient=lenient)
    return [f"{place(path)}: {line}" for path, line in found]


def misfits(
    schema: Schema, value: Any, *, lenient: bool = False
) -> List[Tuple[Tuple[Any, ...], str]]:
    """The same for any value: where (keys and indexes from the top) and what, by `place`'s
    order."""
    from jsonschema import Draft7Validator

    found: Dict[Tuple[str, ...], Tuple[int, Tuple[Any, ...], str]] = {}
    for error in Draft7Validator(schema, format_checker=_checker()).iter_errors(value):
        if lenient and error.validator == "additionalProperties":
            continue
        rank = _RANKS.index(error.validator) if error.validator in _RANKS else len(_RANKS)
        for path, line in _lines_of(error):
            at = tuple(str(part) for part in path)
            if at not in found or (rank, line) < (found[at][0], found[at][2]):
                found[at] = (rank, path, line)
    return [(path, line) for _, (_, path, line) in sorted(found.items())]


_RANKS = ("type", "format", "enum")
"""Of a value that is wrong in several ways, the one that is named."""


def _is_plain(spec: Optional[Schema]) -> bool:
    """Whether nothing but the type `string` and a format is asked of it."""
    asked = set(spec or ()) - {"description", "default", "when", "secret"}
    return spec is not None and asked == {"type", "format"} and spec["type"] == "string"


def _plain_problems(schema: Schema, params: Mapping[str, Any]) -> List[str]:
    known = schema.get("properties") or {}
    lines = []
    for name in known:
        if name not in params:
            if name in schema.get("required", ()):
                lines.append(f"{name}: {_missing(known[name])}")
            continue
        value = params[name]
        check, expected = FORMATS[known[name]["format"]]
        if not isinstance(value, str) or not check(value):
            lines.append(f"{name}: {_but(known[name], expected, value)}")
    return lines


@lru_cache(maxsize=None)
def _checker() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    for name, (check, _) in FORMATS.items():
        checker.checks(name)(_for_texts(check))
    return checker


def _for_texts(check: Callable[[str], bool]) -> Callable[[Any], bool]:
    return lambda value: not isinstance(value, str) or check(value)


def _lines_of(error: Any) -> Iterator[Tuple[Tuple[Any, ...], str]]:
    """Where and what, for one of the validator's errors; may repeat itself."""
    path: Tuple[Any, ...] = tuple(error.absolute_path)
    schema, wanted, value, kind = (
        error.schema,
        error.validator_value,
        error.instance,
        error.validator,
    )
    if kind == "required":
        inner = schema.get("properties") or {}
        for name in wanted:
            if name not in value:
                yield (*path, name), _missing(inner.get(name, {}))
    elif kind == "additionalProperties":
        known = list(schema.get("properties") or ())
        for name in value:
            if name not in known:
                yield (*path, name), "no such field" + _near(str(name), known)
    elif kind == "anyOf" and all(set(one) == {"required"} for one in wanted):
        yield (
            path,
            "at least one is needed of "
            + ", ".join(name for one in wanted for name in one["required"]),
        )
    elif kind == "anyOf" and "$comment" in schema:
        yield path, str(schema["$comment"])
    elif kind == "enum" and len(wanted) > MAX_LISTED:
        words = [str(word) for word in wanted]
        yield path, _but(schema, "one of its words", value) + _near(str(value), words)
    elif kind == "format":
        yield path, _but(schema, FORMATS[wanted][1], value)
    else:
        yield path, _but(schema, _expected(kind, wanted, schema), value)


def _missing(schema: Mapping[str, Any]) -> str:
    return f"is missing; expected {describe(schema)}"


def describe(schema: Mapping[str, Any]) -> str:
    """What a schema asks for, in a few words."""
    if schema.get("format") in FORMATS:
        return FORMATS[schema["format"]][1]
    if "enum" in schema:
        return _expected("enum", schema["enum"], schema)
    if "reference" in schema:
        return "an id, or an object with id and type"
    return _words(kinds(schema)) or "a value"


_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def _words(types: Tuple[str, ...]) -> str:
    return " or ".join(_TYPES.get(one, one) for one in types)


def _expected(kind: str, wanted: Any, schema: Mapping[str, Any]) -> str:
    if kind == "type":
        if "reference" in schema:
            return "an id, or an object with id and type"
        return _words((wanted,) if isinstance(wanted, str) else tuple(wanted))
    if kind == "enum":
        words = [str(word) for word in wanted if word is not None]
        return words[0] if len(words) == 1 else "one of " + ", ".join(words)
    if kind == "uniqueItems":
        return "each entry once"
    limits = {
        "minimum": f"at least {wanted}",
        "maximum": f"at most {wanted}",
        "minLength": "text" if wanted == 1 else f"at least {wanted} characters",
        "maxLength": f"at most {wanted} characters",
        "minItems": f"at least {wanted}",
        "maxItems": f"at most {wanted} entries",
        "maxProperties": f"at most {wanted} entries",
        "minProperties": f"at least {wanted} of {', '.join(schema.get('properties') or ())}",
        "pattern": schema.get("$comment") or f"text of the form {wanted}",
    }
    return limits.get(kind, f"something that fits '{kind}'")


def _but(schema: Mapping[str, Any], expected: str, value: Any) -> str:
    if schema.get("secret"):
        return f"expected {expected}"
    if isinstance(value, str):
        got = repr(one_line(clean(value, 60)))
    elif isinstance(value, (Mapping, list)):
        got = (
            f"an object of {len(value)}"
            if isinstance(value, Mapping)
            else f"a list of {len(value)}"
            if value
            else "an empty list"
        )
    else:
        got = json.dumps(value)
    return f"expected {expected}, got {got}"


def _near(name: str, known: List[str]) -> str:
    import difflib

    near = difflib.get_close_matches(name, known, n=1)
    return (
        f"; did you mean {near[0]}?"
        if near
        else f"; there are {', '.join(known)}"
        if len(known) <= MAX_LISTED
        else ""
    )


def place(path: Tuple[Any, ...]) -> str:
    """Where in the input it is: `body.teams[0].id`."""
    text = ""
    for part in path:
        text += (
            f"[{part}]"
            if isinstance(part, int)
            else ("." if text else "") + one_line(clean(part, 60))
        )
    return text or "the input"
