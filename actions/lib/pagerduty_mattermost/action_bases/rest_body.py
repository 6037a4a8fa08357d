"""A request's body from the parameters, as the metadata's immutable `body` lays it out. Pure.

    fill({"user": "$data"}, params)
    fill({"type": "team", "name": "$name", "description": "$description"}, params)
    fill({"assignments": [{"assignee": {"id": "$user_ids[]", "type": "user_reference"}}]}, params)

`$name` stands for the parameter, whatever its type; `$name[]` repeats the entry of the list it is
in for each item, `$name?` is null where the parameter is unset. What names an unset parameter is
left out, with an object around it of which only `type` would be left (a reference without its id;
a `type` that is a parameter itself stays). No text is put together here, so no value can become
anything but a value.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, List, Set

_NAME = re.compile(r"\$(\w+)(\[\]|\?)?")
_LEFT_OUT = object()


def fill(template: Any, params: Mapping[str, Any]) -> Any:
    """The body; {} when all of it is left out."""
    made = _fill(template, params, {})
    return {} if made is _LEFT_OUT else made


def names(template: Any) -> Set[str]:
    """The parameters the template names."""
    if isinstance(template, Mapping):
        return set().union(*(names(value) for value in template.values()))
    if isinstance(template, list):
        return set().union(*(names(value) for value in template))
    found = _NAME.fullmatch(template) if isinstance(template, str) else None
    return {found.group(1)} if found else set()


def _fill(node: Any, params: Mapping[str, Any], each: Mapping[str, Any]) -> Any:
    if isinstance(node, str):
        found = _NAME.fullmatch(node)
        if not found:
            return node
        unset = None if found.group(2) == "?" else _LEFT_OUT
        return (
            each[found.group(1)] if found.group(1) in each else params.get(found.group(1), unset)
        )
    if isinstance(node, list):
        made = [one for item in node for one in _entries(item, params)]
        return made if made or not node else _LEFT_OUT
    if isinstance(node, Mapping):
        return _object(node, params, each)
    return node


def _object(node: Mapping[str, Any], params: Mapping[str, Any], each: Mapping[str, Any]) -> Any:
    made = {key: _fill(value, params, each) for key, value in node.items()}
    kept = {key: value for key, value in made.items() if value is not _LEFT_OUT}
    left = len(kept) < len(made) and set(kept) <= {"type"} and not names(node.get("type"))
    return _LEFT_OUT if left else kept


def _entries(item: Any, params: Mapping[str, Any]) -> List[Any]:
    repeated = {name for name in names(item) if _repeats(item, name)}
    if not repeated:
        made = _fill(item, params, {})
        return [] if made is _LEFT_OUT else [made]
    (name,) = repeated
    return [_fill(item, params, {name: value}) for value in params.get(name) or ()]


def _repeats(template: Any, name: str) -> bool:
    if isinstance(template, Mapping):
        return any(_repeats(value, name) for value in template.values())
    return bool(template == f"${name}[]")
