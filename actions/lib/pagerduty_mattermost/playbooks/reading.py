"""A playbook read from its YAML, with everything that is wrong in it at once. Pure.

    read = read_playbook(text)
    read.playbook            # Playbook, or None
    read.problems            # (PlaybookProblem(4, "stage 1, task 2, due", "expected a length …"),)

Each problem has the line of what it is about. What the schema can't say is checked in
`playbooks.consistency`; whether people and channels are there, in `playbooks.at_servers`.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.schema_check import misfits
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.playbooks.consistency import inconsistencies
from pagerduty_mattermost.playbooks.making import playbook_of
from pagerduty_mattermost.playbooks.playbook import Playbook
from pagerduty_mattermost.playbooks.schema import playbook_schema
from pagerduty_mattermost.playbooks.yaml_lines import (
    LIST,
    MAPPING,
    TEXT,
    UnreadableYaml,
    YamlNode,
    read_tree,
)

PathInYaml = Tuple[Any, ...]
"""Keys and indexes from the top."""
_SINGULAR = {"stages": "stage", "tasks": "task", "roles": "role", "when": "condition"}
_TRUE, _FALSE = ("true", "yes", "on"), ("false", "no", "off")


class PlaybookProblem(NamedTuple):
    """Something wrong in its YAML, with its line."""

    line: int
    """1 is the first."""
    where: str
    """`stage 1, task 2, due`; empty for the whole."""
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.where}{': ' if self.where else ''}{self.why}"


class ReadPlaybook(NamedTuple):
    """A playbook as far as its YAML reads."""

    playbook: Optional[Playbook]
    """None where something is wrong."""
    problems: Tuple[PlaybookProblem, ...] = ()
    """By line."""
    lines: Mapping[PathInYaml, int] = {}
    """Where each piece stands."""

    def line_of(self, path: PathInYaml) -> int:
        """The line of that piece, or of what would hold it."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def read_playbook(text: str) -> ReadPlaybook:
    """Never raises for a text, whatever it is."""
    try:
        tree = read_tree(text)
    except UnreadableYaml as error:
        return ReadPlaybook(None, (PlaybookProblem(error.line, "", error.why),))
    if tree is None or tree.is_empty:
        return ReadPlaybook(None, (PlaybookProblem(1, "", "nothing is in it"),))
    if tree.kind != MAPPING:
        why = "a playbook begins with keys such as `name: outage`"
        return ReadPlaybook(None, (PlaybookProblem(tree.line, "", why),))
    schema = playbook_schema()
    maker = _Values()
    value = maker.value(tree, schema, ())
    read = ReadPlaybook(None, (), maker.lines)
    found = [*maker.doubled, *misfits(schema, value), *inconsistencies(value)]
    if not found:
        return read._replace(playbook=playbook_of(value))
    by_path: Dict[PathInYaml, PlaybookProblem] = {}
    for path, why in found:
        problem = PlaybookProblem(read.line_of(path), where(path), why)
        by_path.setdefault(path, problem)
    return read._replace(problems=tuple(sorted(by_path.values())))


def where(path: PathInYaml) -> str:
    """The place in words, counted from 1: `stage 1, task 2, due`."""
    words: List[str] = []
    for part in path:
        if not isinstance(part, int):
            words.append(part)
        elif words and words[-1] in _SINGULAR:
            words[-1] = f"{_SINGULAR[words[-1]]} {part + 1}"
        else:
            words.append(f"entry {part + 1}")
    return ", ".join(words)


class _Values:
    """Makes values of a tree as the schema wants them, and remembers the line of each."""

    def __init__(self) -> None:
        self.lines: Dict[PathInYaml, int] = {}
        self.doubled: List[Tuple[PathInYaml, str]] = []

    def value(self, node: YamlNode, schema: Mapping[str, Any], path: PathInYaml) -> Any:
        self.lines.setdefault(path, node.line)
        if node.kind == TEXT:
            return _scalar(node, schema)
        if node.kind == LIST:
            items = schema.get("items") or {}
            # What is left empty is as if it were not there.
            nodes = [item for item in node.items if not item.is_empty]
            return [self.value(item, items, (*path, at)) for at, item in enumerate(nodes)]
        return self._mapping(node, schema, path)

    def _mapping(
        self, node: YamlNode, schema: Mapping[str, Any], path: PathInYaml
    ) -> Dict[str, Any]:
        known = schema.get("properties") or {}
        further = schema.get("additionalProperties") or {}
        made: Dict[str, Any] = {}
        seen: Dict[str, int] = {}
        for key, inner in node.pairs:
            name = one_line(clean(key.text, 100))
            here = (*path, name)
            if name in seen:
                self.doubled.append((here, f"stands there twice, first in line {seen[name]}"))
                self.lines[here] = key.line
                continue
            seen[name] = key.line
            self.lines[here] = key.line
            if not inner.is_empty:
                made[name] = self.value(inner, known.get(name) or further, here)
        return made


def _scalar(node: YamlNode, schema: Mapping[str, Any]) -> Any:
    text = clean(node.text).strip()
    if schema.get("type") == "boolean" and text.lower() in (*_TRUE, *_FALSE):
        return text.lower() in _TRUE
    return text
