"""What a playbook's schema can't say: that its parts fit each other. Pure.

It is given what stood in the YAML, whether or not it fits the schema, so that all that is wrong is
said at once; what has another shape than the schema wants is left to the schema.
"""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from pagerduty_mattermost.playbooks.making import CRITERIA
from pagerduty_mattermost.playbooks.playbook import COMMANDER, NO_PLAYBOOK, ROLE_PREFIX
from pagerduty_mattermost.playbooks.schema import due_of, seconds_of

MAX_TASKS = 80
MAX_DUE_SECONDS = 30 * 86400.0

_Misfit = Tuple[Tuple[Any, ...], str]
_Entry = Tuple[Tuple[Any, ...], Mapping[str, Any]]


def inconsistencies(value: Mapping[str, Any]) -> Iterator[_Misfit]:
    """Where (keys and indexes from the top) and what."""
    tasks = [
        task
        for path, stage in _objects(value, ("stages",))
        for task in _objects(stage, ("tasks",), path)
    ]
    yield from _tasks_alone(tasks)
    if value.get("name") == NO_PLAYBOOK:
        yield ("name",), "means that no playbook is wanted: choose another one"
    roles = list(_objects(value, ("roles",)))
    names = [_text(role, "name") for _, role in roles]
    yield from _twice(roles, "name", "role")
    for path, role in roles:
        if _text(role, "name") == COMMANDER and "default" in role:
            yield (*path, "default"), "who is commander says `commander` at the top"
    for path, task in tasks:
        yield from _owner(path, task, names)
        base = _text(task, "due")
        yield from _length(path, "due", base)
        for at, condition in _objects(task, ("when",), path):
            yield from _owner(at, condition, names)
            yield from _length(at, "due", _text(condition, "due"))
            yield from _condition(at, condition, base)
    for section in ("updates", "retro"):
        within = value.get(section)
        if isinstance(within, dict):
            yield from _length((section,), "remind", _text(within, "remind"))
    for emoji in value.get("reactions") or () if _is_object(value.get("reactions")) else ():
        if not re.fullmatch(r"[a-z0-9_+-]{1,64}", emoji):
            yield ("reactions", emoji), "expected an emoji's name without colons, such as eyes"


def _tasks_alone(tasks: List[_Entry]) -> Iterator[_Misfit]:
    yield from _twice(tasks, "id", "task")
    if len(tasks) > MAX_TASKS:
        yield ("stages",), f"{len(tasks)} tasks, at most {MAX_TASKS} are taken"


def _twice(entries: List[_Entry], name: str, what: str) -> Iterator[_Misfit]:
    seen: Dict[str, bool] = {}
    for path, entry in entries:
        word = _text(entry, name)
        if word and word in seen:
            yield (*path, name), f"another {what} is called {word} already"
        seen[word] = True


def _owner(path: Tuple[Any, ...], entry: Mapping[str, Any], roles: List[str]) -> Iterator[_Misfit]:
    owner = _text(entry, "assign")
    name = owner[len(ROLE_PREFIX) :]
    if owner.startswith(ROLE_PREFIX) and name and name not in roles:
        if name == COMMANDER:
            yield (*path, "assign"), "write commander for the commander"
        else:
            known = f"; there are {', '.join(roles)}" if any(roles) else "; the playbook has none"
            yield (*path, "assign"), f"there is no role {name} in `roles`{known}"


def _length(path: Tuple[Any, ...], name: str, span: str) -> Iterator[_Misfit]:
    if seconds_of(span) > MAX_DUE_SECONDS:
        yield (*path, name), "at most 30d"


def _condition(
    path: Tuple[Any, ...], condition: Mapping[str, Any], base: str
) -> Iterator[_Misfit]:
    if not any(condition.get(name) for name in CRITERIA):
        yield path, f"says nothing of the incident: name {', '.join(CRITERIA[:-1])} or a field"
    (usual, clock), (then, _) = due_of(base), due_of(_text(condition, "due"))
    if usual and then and then >= usual and not clock:
        yield (*path, "due"), f"is not earlier than the task's own, {base}"


def _objects(value: Any, keys: Tuple[str, ...], before: Tuple[Any, ...] = ()) -> Iterator[_Entry]:
    """The objects of a list below those keys, with their paths."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    for at, item in enumerate(value if isinstance(value, list) else ()):
        if isinstance(item, dict):
            yield (*before, *keys, at), item


def _text(entry: Mapping[str, Any], name: str) -> str:
    word = entry.get(name)
    return word if isinstance(word, str) else ""


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)
