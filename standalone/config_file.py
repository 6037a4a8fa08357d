"""The pack's configuration file, as StackStorm gives it to actions and sensors.

Defaults of config.schema.yaml are put in, unset objects and arrays become empty, `{{
st2kv.system.… }}` is filled in wherever text stands, secrets decrypted. A datastore key that is
missing is an error that names setting and key.
"""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from standalone.errors import ConfigurationError, UserError
from standalone.paths import shown
from standalone.schemas import Misfit, check
from standalone.templates import (
    Lookup,
    RenderError,
    datastore_context,
    is_template,
    names_in,
    render,
)
from standalone.yaml_file import read_yaml


def read_config(path: Path) -> Dict[str, Any]:
    """The file's mapping as it stands there. Raises UserError."""
    if not path.is_file():
        raise UserError(
            f"There is no configuration {shown(path)}; copy pagerduty.yaml.example there and "
            "fill it in"
        )
    data = read_yaml(path, names_once=True)
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise UserError(
            f"{shown(path)}: must be a mapping of settings: lines of name: value, with a space "
            "behind the colon"
        )
    return data


def complete(raw: Mapping[str, Any], schema: Mapping[str, Any], lookup: Lookup) -> Dict[str, Any]:
    """The configuration ready for use. Raises UserError with every setting that is wrong."""
    config, problems = resolve(raw, schema, lookup)
    if problems:
        raise ConfigurationError("; ".join(problems))
    return config


def resolve(
    raw: Mapping[str, Any], schema: Mapping[str, Any], lookup: Lookup
) -> Tuple[Dict[str, Any], List[str]]:
    """As `complete`, but returns what is wrong instead of raising: (configuration, problems)."""
    problems: List[str] = []
    config: Dict[str, Any] = copy.deepcopy(dict(raw))
    _render_all(config, "", {"st2kv": datastore_context(lookup, decrypt=True)}, problems)
    filled = _defaults(config, schema)
    for name, inner in schema.items():
        value = filled.get(name)
        if value is None:
            if inner.get("required") and not any(line.startswith(f"{name}:") for line in problems):
                problems.append(f"{name} is not set")
            continue
        try:
            check(_without_nulls(value), inner, name)
        except Misfit as error:
            problems.append(str(error))
    return filled, problems


def secrets(config: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[str]:
    """The texts that no log may show: settings marked `secret`, at any depth."""
    for name, value in config.items():
        inner = _inner(schema, name)
        if isinstance(value, str) and value and inner.get("secret"):
            yield value
        elif isinstance(value, dict):
            yield from secrets(value, inner.get("properties") or {})


def _inner(schema: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = schema.get(name)
    return found if isinstance(found, dict) else {}


def _render_all(node: Any, path: str, context: Mapping[str, Any], problems: List[str]) -> None:
    items = list(node.items()) if isinstance(node, dict) else list(enumerate(node))
    for key, value in items:
        here = (
            f"{path}[{key}]" if isinstance(node, list) else f"{path}.{key}" if path else str(key)
        )
        if isinstance(value, (dict, list)):
            _render_all(value, here, context, problems)
        elif is_template(value):
            try:
                node[key] = render(value, context) or None
            except RenderError as error:
                strange = [name for name in names_in(value) if name not in context]
                advice = "; settings are filled from st2kv.system.NAME alone" if strange else ""
                if not advice and "xpected" in str(error):
                    advice = "; write {{ st2kv.system.NAME }}"
                problems.append(f"{here}: {error}{advice}")
                node[key] = None


def _defaults(config: Dict[str, Any], properties: Mapping[str, Any]) -> Dict[str, Any]:
    """Only what is absent gets its default (a null stays); then objects and arrays that are not
    set become empty."""
    for name, inner in properties.items():
        if name not in config and "default" in inner:
            config[name] = copy.deepcopy(inner["default"])
        kind = inner.get("type")
        if kind == "object" and any(
            inner.get(k) for k in ("properties", "patternProperties", "additionalProperties")
        ):
            if not config.get(name):
                config[name] = {}
            if isinstance(config[name], dict):
                _defaults(config[name], _properties(inner, config[name]))
        elif kind == "array" and inner.get("items") and not config.get(name):
            config[name] = []
    return config


def _properties(schema: Mapping[str, Any], value: Mapping[str, Any]) -> Dict[str, Any]:
    result: Dict[str, Any] = dict(schema.get("properties") or {})
    others = schema.get("additionalProperties")
    for name in value:
        if name in result:
            continue
        matching = [
            inner
            for pattern, inner in (schema.get("patternProperties") or {}).items()
            if isinstance(inner, dict) and re.search(pattern, str(name))
        ]
        if matching:
            result[name] = {key: item for inner in matching for key, item in inner.items()}
        elif isinstance(others, dict):
            result[name] = others
    return result


def _without_nulls(value: Any) -> Any:
    """Nulls mean "not set": they fit every schema."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [_without_nulls(inner) for inner in value if inner is not None]
    return value
