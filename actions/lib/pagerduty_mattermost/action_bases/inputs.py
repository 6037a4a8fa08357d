"""What was typed, made ready and checked against a Draft 7 schema: everything wrong is told at
once, nothing is sent.

    ready = require(load("user.create"), params, Terms(now=clock()), log.warning)

`schemas/<name>.json` describe the parameters of an action, `schemas/objects/` what PagerDuty takes
in bodies. They are the one source: the metadata's parameters are made from them
(tools/metadata.py). Beyond Draft 7 they hold annotations that a validator ignores:

    "when": "past" | "future"    a time: also as people type it ("2h": ago or ahead), see when_text
    "typed": "string"            the metadata's type where it differs (a list that has always been
    typed as a text)
    "reference": "user_reference"   of an object: an id alone is enough
    "as": {"team_reference": "team"}   what is sent for a word
    "readOnly": true             PagerDuty sets it: dropped or refused, as `Terms.lenient` says

`$ref` is resolved when a file is read, keys beside it win. Formats are ours (no extra packages):
id, email, date-time, uri, time-zone. jsonschema is imported only when there is more to check than
texts with a format (150 ms: facts).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.text import clean, listed, one_line

FOLDER = Path(__file__).resolve().parents[1] / "schemas"

Schema = Dict[str, Any]


class Terms(NamedTuple):
    """How to read: the clock (seconds since the epoch), the zone of times typed without one, and
    whether this is one of the Exchange pack's actions (`lenient`: what PagerDuty sets itself and
    nulls are dropped, unknown fields pass with a warning; else both are wrong)."""

    now: float
    zone: str = "UTC"
    lenient: bool = False


class Read(NamedTuple):
    params: Dict[str, Any]
    """What is set, made ready."""
    problems: Tuple[str, ...]
    """One line each: where, and what was expected."""
    warnings: Tuple[str, ...]


@lru_cache(maxsize=None)
def load(name: str) -> Schema:
    """The schema of that name, its references resolved. Raises FileNotFoundError."""
    found: Schema = _resolved(_file(f"{name}.json"), FOLDER)
    return found


def prepare(schema: Schema, params: Mapping[str, Any], terms: Terms) -> Read:
    """Unset parameters (None, empty, the text "None" that a template makes of null) go; lists,
    times and references are made of what people type; then all of it is checked."""
    given = {name: value for name, value in params.items() if not _is_unset(value)}
    maker = _Maker(terms)
    ready = maker.object(schema, given, ())
    problems = [*maker.problems, *_problems(schema, ready, terms.lenient)]
    return Read(ready, tuple(dict.fromkeys(problems)), tuple(maker.warnings))


def require(
    schema: Schema,
    params: Mapping[str, Any],
    terms: Terms,
    warn: Callable[[str], None],
    more: Sequence[str] = (),
) -> Dict[str, Any]:
    """What `prepare` read, its warnings told. Raises RejectedInput naming all its problems and
    those of `more`."""
    read = prepare(schema, params, terms)
    problems = [*read.problems, *more]
    if problems:
        raise RejectedInput(
            ("" if len(problems) == 1 else f"{len(problems)} inputs are wrong: ")
            + "; ".join(problems)
        )
    for warning in read.warnings:
        warn(warning)
    return read.params


def _is_unset(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, str) and value.strip() in ("", "None"))
        or value in ([], [""])
    )


def _file(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def _resolved(node: Any, folder: Path) -> Any:
    if isinstance(node, list):
        return [_resolved(item, folder) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" not in node:
        return {key: _resolved(value, folder) for key, value in node.items()}
    name, _, pointer = node["$ref"].partition("#")
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    for part in pointer.strip("/").split("/") if pointer else ():
        found = found[part]
    beside = {key: value for key, value in node.items() if key != "$ref"}
    return {**_resolved(found, (folder / name).parent), **_resolved(beside, folder)}


class _Maker:
    """Makes values ready, and collects what it had to drop or could not read."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.problems: List[str] = []
        self.warnings: List[str] = []

    def value(self, schema: Schema, value: Any, path: Tuple[Any, ...]) -> Any:
        kinds = _kinds(schema)
        if "as" in schema and isinstance(value, str):
            return schema["as"].get(value, value)
        if "object" in kinds and isinstance(value, Mapping):
            return self.object(schema, value, path)
        if "reference" in schema and isinstance(value, str):
            return {"id": value.strip(), "type": schema["reference"]}
        if "array" in kinds:
            return self._array(schema, value, path)
        if isinstance(value, str) and "when" in schema:
            return self._time(schema, value)
        if isinstance(value, str) and schema.get("format") in ("id", "email"):
            return value.strip()
        return value

    def object(
        self, schema: Schema, value: Mapping[str, Any], path: Tuple[Any, ...]
    ) -> Dict[str, Any]:
        known: Mapping[str, Schema] = schema.get("properties") or {}
        made: Dict[str, Any] = {}
        for name, inner in value.items():
            spec = known.get(str(name))
            at = (*path, name)
            if spec is None:
                if self._terms.lenient and schema.get("additionalProperties") is False:
                    self.warnings.append(
                        f"{_place(at)}: PagerDuty's documentation knows no such field; sent "
                        "as it is"
                    )
                made[str(name)] = inner
            elif self._terms.lenient and (
                spec.get("readOnly") or (inner is None and path and "null" not in _kinds(spec))
            ):
                continue
            elif spec.get("readOnly"):
                self.problems.append(f"{_place(at)}: PagerDuty sets this itself: leave it out")
            else:
                made[str(name)] = self.value(spec, inner, at)
        only = _only_type(known)
        if only and made.get("type", only) in (
            only,
            f"{only}_reference",
            only.replace("_reference", ""),
        ):
            made["type"] = only
        return made

    def _array(self, schema: Schema, value: Any, path: Tuple[Any, ...]) -> Any:
        items: Schema = schema.get("items") or {}
        if isinstance(value, (str, int)) and not isinstance(value, bool):
            value = [value] if not isinstance(value, str) else listed(value)
        elif isinstance(value, (list, tuple)) and all(
            isinstance(item, (str, int)) for item in value
        ):
            value = (
                listed(value) if "string" in _kinds(items) or "reference" in items else list(value)
            )
        if not isinstance(value, list):
            return value
        return [self.value(items, item, (*path, index)) for index, item in enumerate(value)]

    def _time(self, schema: Schema, text: str) -> str:
        from pagerduty_mattermost.core.typed_times import iso_time

        try:
            found = iso_time(
                text,
                now=self._terms.now,
                zone=self._terms.zone or "UTC",
                past=schema.get("when") == "past",
            )
        except ConfigError as error:
            self.problems.append(str(error))
            found = None
        return text if found is None else found


def _only_type(known: Mapping[str, Schema]) -> str:
    """The one word `type` can be in a body, which then needs no typing: an object's name, or that
    of a reference."""
    spec = known.get("type") or {}
    words: Any = spec.get("enum") or ()
    return str(words[0]) if len(words) == 1 and spec.get("default") == words[0] else ""


def _kinds(schema: Mapping[str, Any]) -> Tuple[str, ...]:
    kinds: Any = schema.get("type", ())
    return (kinds,) if isinstance(kinds, str) else tuple(str(kind) for kind in kinds)


def is_id(text: str) -> bool:
    """Whether it can be an id of PagerDuty's. "None" is what a template makes of a missing one."""
    return bool(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", text)) and text.lower() not in (
        "none",
        "null",
    )


def is_email(text: str) -> bool:
    return (
        len(text) <= 320
        and bool(re.fullmatch(r"[^\s@,;:<>()\[\]\\\"]+@[A-Za-z0-9][A-Za-z0-9.-]*", text))
        and text.isascii()
    )


def is_uri(text: str) -> bool:
    return bool(re.fullmatch(r"https?://[A-Za-z0-9\[][^\s<>\"{}|\\^`]*", text))


def is_time(text: str) -> bool:
    from pagerduty_mattermost.core.times import parse

    return parse(text) is not None


def is_time_zone(text: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z][A-Za-z0-9 /_+&().:-]{0,63}", text))


FORMATS: Dict[str, Tuple[Callable[[str], bool], str]] = {
    "id": (is_id, "a PagerDuty id (letters and digits, such as PT4KHLK)"),
    "email": (is_email, "an e-mail address"),
    "date-time": (is_time, "a time (2026-11-21T09:00:00Z, 2h, tomorrow 9:00)"),
    "uri": (is_uri, "a web address (https://…)"),
    "time-zone": (is_time_zone, "a time zone (Europe/Berlin)"),
}
"""Format → how it is checked, and what was expected."""


def _problems(schema: Schema, params: Dict[str, Any], lenient: bool) -> List[str]:
    known = schema.get("properties") or {}
    if "anyOf" not in schema and all(_is_plain(known.get(name)) for name in params):
        return _plain_problems(schema, params)
    from jsonschema import Draft7Validator

    found: Dict[Tuple[str, ...], Tuple[int, str]] = {}
    for error in Draft7Validator(schema, format_checker=_checker()).iter_errors(params):
        if lenient and error.validator == "additionalProperties":
            continue
        rank = _RANKS.index(error.validator) if error.validator in _RANKS else len(_RANKS)
        for path, line in _told(error):
            at = tuple(str(part) for part in path)
            found[at] = min(found.get(at, (99, "")), (rank, f"{_place(path)}: {line}"))
    return [line for _, (_, line) in sorted(found.items())]


_RANKS = ("type", "format", "enum")
"""What is told first of a value that is wrong in several ways."""


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


def _told(error: Any) -> Iterator[Tuple[Tuple[Any, ...], str]]:
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
    return _words(_kinds(schema)) or "a value"


_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
}


def _words(kinds: Tuple[str, ...]) -> str:
    return " or ".join(_TYPES.get(kind, kind) for kind in kinds)


def _expected(kind: str, wanted: Any, schema: Mapping[str, Any]) -> str:
    if kind == "type":
        if "reference" in schema:
            return "an id, or an object with id and type"
        return _words((wanted,) if isinstance(wanted, str) else tuple(wanted))
    if kind == "enum":
        words = [str(word) for word in wanted if word is not None]
        return words[0] if len(words) == 1 else "one of " + ", ".join(words)
    limits = {
        "minimum": f"at least {wanted}",
        "maximum": f"at most {wanted}",
        "minLength": "text" if wanted == 1 else f"at least {wanted} characters",
        "maxLength": f"at most {wanted} characters",
        "minItems": f"at least {wanted}",
        "maxItems": f"at most {wanted} entries",
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
        if len(known) <= 12
        else ""
    )


def _place(path: Tuple[Any, ...]) -> str:
    text = ""
    for part in path:
        text += (
            f"[{part}]"
            if isinstance(part, int)
            else ("." if text else "") + one_line(clean(part, 60))
        )
    return text or "the input"
