"""From what a rule, a command line or a chat phrase gives to what an action's `run` gets, as
StackStorm does it.

Pure. Templates are rendered once: a value that came out of a trigger is data, whatever braces it
holds.
"""

from __future__ import annotations

import ast
import json
from typing import Any, Dict, List, Mapping, Optional, Sequence

from standalone.schemas import Misfit, near, validate
from standalone.templates import (
    NONE_MAGIC,
    RenderError,
    holds_template,
    is_template,
    names_in,
    parses,
    render_value,
)

RUNNER_PARAMETERS: Dict[str, Dict[str, Any]] = {
    "debug": {"type": "boolean", "default": False},
    "content_version": {"type": "string"},
    "env": {"type": "object"},
    "timeout": {"type": "integer", "default": 600},
    "log_level": {
        "type": "string",
        "default": "DEBUG",
        "enum": ["AUDIT", "CRITICAL", "ERROR", "WARNING", "INFO", "DEBUG"],
    },
}
"""What StackStorm's Python runner takes beside the action's own parameters."""


class BadParameters(ValueError):
    """What was given does not suit the action; one line."""


def resolve(
    schemas: Mapping[str, Mapping[str, Any]], given: Mapping[str, Any], context: Mapping[str, Any]
) -> Dict[str, Any]:
    """Every parameter of an action with its final value, unset ones as None. Raises BadParameters.

    `schemas`: the action's own parameters. `given` may hold templates. `context`: `trigger`,
    `action_context`, `config_context`, `st2kv`; templates may name other parameters as well.
    """
    known = _with_runner(schemas)
    immutable = sorted(name for name in given if known.get(name, {}).get("immutable"))
    if immutable:
        raise BadParameters(f"{', '.join(immutable)} can't be set: immutable")
    unknown = sorted(name for name in given if name not in known)
    if unknown:
        raise BadParameters("; ".join(no_parameter("", name, schemas) for name in unknown))
    raw = {name: given.get(name) for name in known}
    for name, schema in known.items():
        if raw[name] is None:
            raw[name] = schema.get("default")
    values = _Renderer(raw, context).all()
    for name, schema in known.items():
        values[name] = cast(values[name], schema, name)
    try:
        filled: Dict[str, Any] = validate(
            {name: value for name, value in values.items() if value is not None},
            {"type": "object", "properties": dict(known), "additionalProperties": False},
            "",
        )
    except Misfit as error:
        raise BadParameters(str(error)) from None
    if filled.get("env"):
        raise BadParameters(
            "env is not supported by the embedded default: actions share one process"
        )
    return {name: filled.get(name) for name in known}


def no_parameter(action: str, name: str, schemas: Mapping[str, Mapping[str, Any]]) -> str:
    """What to say of a parameter that an action has not: the one most like it, else all."""
    settable = sorted(key for key, schema in schemas.items() if not schema.get("immutable"))
    meant = near(name, settable) or f"; there are {', '.join(settable) or 'none'}"
    return f"{action + ' has' if action else 'there is'} no parameter '{name}'{meant}"


def action_arguments(schemas: Mapping[str, Any], resolved: Mapping[str, Any]) -> Dict[str, Any]:
    """The part of `resolve`'s result that the action's `run` gets."""
    return {
        name: value
        for name, value in resolved.items()
        if name in schemas and name not in RUNNER_PARAMETERS
    }


def _with_runner(schemas: Mapping[str, Mapping[str, Any]]) -> Dict[str, Dict[str, Any]]:
    """The runner's parameters, as far as the action changes them, and the action's own."""
    names = [*RUNNER_PARAMETERS, *(name for name in schemas if name not in RUNNER_PARAMETERS)]
    return {name: {**RUNNER_PARAMETERS.get(name, {}), **schemas.get(name, {})} for name in names}


class _Renderer:
    def __init__(self, raw: Mapping[str, Any], context: Mapping[str, Any]) -> None:
        self._raw = raw
        self._context = context
        self._done: Dict[str, Any] = {}
        self._doing: List[str] = []

    def all(self) -> Dict[str, Any]:
        return {name: self._value(name) for name in self._raw}

    def _value(self, name: str) -> Any:
        if name not in self._done:
            if name in self._doing:
                raise BadParameters(
                    f"{' and '.join(sorted(set(self._doing)))} refer to each other"
                )
            self._doing.append(name)
            try:
                self._done[name] = self._render(self._raw[name])
            except RenderError as error:
                raise BadParameters(f"{name}: {error}") from None
            self._doing.pop()
        return self._done[name]

    def _render(self, value: Any) -> Any:
        if not holds_template(value) or (is_template(value) and not parses(value)):
            return value
        context = dict(self._context)
        for name in names_in(value):
            if name not in context and name in self._raw:
                context[name] = self._value(name)
        return render_value(value, context)


def cast(value: Any, schema: Mapping[str, Any], name: str) -> Any:
    """A value as its declared type: text is read as JSON or as a Python literal. Raises
    BadParameters."""
    if value is None or value == NONE_MAGIC:
        return None
    kind = schema.get("type")
    try:
        if kind in ("array", "object"):
            return _literal(value) if isinstance(value, str) else value
        if kind == "boolean":
            return ast.literal_eval(value.capitalize()) if isinstance(value, str) else value
        if kind == "integer":
            return int(value)
        if kind == "number":
            return float(value)
        if kind == "string" and not isinstance(value, str):
            raise ValueError
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise BadParameters(f"{name}: {_must_be(kind)}") from None
    return value


def _must_be(kind: Any) -> str:
    """How to write a value of that type."""
    return {
        "array": "must be a list, such as [one, two]",
        "object": 'must be a mapping, such as {"name": "value"}',
        "boolean": "must be true or false",
        "integer": "must be a whole number",
        "number": "must be a number",
    }.get(str(kind), "must be text")


def _literal(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return ast.literal_eval(text)


def from_command_line(
    schemas: Mapping[str, Mapping[str, Any]], words: Sequence[str]
) -> Dict[str, Any]:
    """`key=value` words as `st2 run` reads them. `@key=FILE` takes the file's text. Raises
    BadParameters."""
    known = _with_runner(schemas)
    result: Dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise BadParameters(
                f"'{word}' is no parameter: write name=value, in quotes where it holds spaces"
            )
        if name.startswith("@"):
            name, value = name[1:], _read_file(text)
        else:
            value = _from_text(known.get(name, {}).get("type"), text, name)
        if isinstance(result.get(name), list) and isinstance(value, list):
            value = result[name] + value
        result[name] = value
    return result


def _from_text(kind: Optional[str], text: str, name: str) -> Any:
    try:
        if kind == "array":
            return _array(text)
        if kind == "object":
            if text.startswith("{"):
                return json.loads(text)
            return dict(pair.split("=", 1) for pair in text.split(",") if "=" in pair)
        if kind == "boolean":
            return ast.literal_eval(text.capitalize())
        if kind == "integer":
            return int(text)
        if kind == "number":
            return float(text)
    except (ValueError, SyntaxError):
        raise BadParameters(f"{name}: {_must_be(kind)}, not '{text}'") from None
    return text


def _array(text: str) -> Any:
    try:
        return [int(text)]
    except ValueError:
        pass
    try:
        return json.loads(text)
    except ValueError:
        return [part.strip() for part in text.split(",")]


def _read_file(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except (OSError, UnicodeDecodeError) as error:
        raise BadParameters(f"'{path}' can't be read: {error}") from None


def from_chat(
    schemas: Mapping[str, Mapping[str, Any]], texts: Mapping[str, Any]
) -> Dict[str, Any]:
    """The parameters of a chat phrase, cast as StackStorm does: arrays are split on commas. Raises
    BadParameters."""
    known = _with_runner(schemas)
    result: Dict[str, Any] = {}
    for name, value in texts.items():
        schema = known.get(name, {})
        if schema.get("type") == "array" and isinstance(value, str):
            result[name] = [part.strip() for part in value.split(",")]
        else:
            result[name] = cast(value, schema, name)
    return result
