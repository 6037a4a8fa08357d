"""YAML files as people write them: what can't be read is one line with file, line number and what
to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Dict

from standalone.errors import UserError
from standalone.paths import shown

_BARE_TEMPLATE = re.compile(r"(?:^|[:,\[-])\s*({{[^{}\n]*}}(?:{{[^{}\n]*}}|[^\s,\]#{])*|{{.*)")
"""A template where a value begins: to YAML it is a mapping in a mapping."""


def read_yaml(file: Path, *, names_once: bool = False) -> Any:
    """What stands in a YAML file. `names_once`: also that no name stands in it twice, which takes
    as long again. Raises UserError naming file and line."""
    import yaml

    from pagerduty_mattermost.core.yaml_text import loaded  # on the path once it is prepared

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{shown(file)} can't be read: {error}") from None
    try:
        found = loaded(text)
        if names_once:
            _check_names(yaml.compose(text, Loader=yaml.SafeLoader))
        return found
    except _Twice as twice:
        raise UserError(f"{shown(file)} line {twice.line}: {twice}") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            line = text[: getattr(error, "position", 0)].count("\n") + 1
            where = f"{shown(file)} line {line}"
            raise UserError(
                f"{where}: this is no YAML: it contains a character that text does not have "
                "(such as a NUL byte); write the line anew"
            ) from None
        begun = getattr(error, "context_mark", None)
        if begun is not None and "end of stream" in str(getattr(error, "problem", "")):
            mark = begun  # what is not closed is wrong where it begins, not at the file's end
        lines = text.splitlines()
        bare = _BARE_TEMPLATE.search(lines[mark.line]) if mark.line < len(lines) else None
        why = (
            f'quote it: "{bare.group(1)}"'
            if bare
            else f"this is no YAML: {_in_words(str(getattr(error, 'problem', None) or error))}"
        )
        raise UserError(f"{shown(file)} line {mark.line + 1}: {why}") from None


def _in_words(problem: str) -> str:
    """What to look for, in place of the parser's own words."""
    for word, advice in (
        ("\\t", "it contains a tab; indent with spaces"),
        ("character '@'", "a value that begins with @ needs quotes"),
        ("character '%'", "a value that begins with % needs quotes"),
        (
            "mapping values are not allowed",
            "a line is indented more or less than its neighbours, or a value with a colon in it "
            "needs quotes",
        ),
        ("expected ','", "a bracket is not closed"),
        ("node content", "a bracket is not closed, or a value is missing"),
        ("mapping", "a line is indented more or less than its neighbours"),
        ("block end", "a line is indented more or less than its neighbours"),
        ("expected ':'", "a name without a colon; write name: value"),
        ("sequence", "a list is not closed, or a line is indented otherwise than its neighbours"),
        ("quoted scalar", "a quote is not closed"),
        ("end of stream", "the quote or bracket that begins here is not closed"),
        ("alias", "a value that begins with * needs quotes"),
        ("undefined tag", "a value that begins with ! needs quotes"),
    ):
        if word in problem:
            return advice
    return problem


class _Twice(Exception):
    """A name stands twice in one mapping: the parser would take the last one without a word."""

    def __init__(self, name: str, first: int, second: int) -> None:
        super().__init__(f"{name} appears twice, in lines {first} and {second}: keep one")
        self.line = second


def _check_names(node: Any) -> None:
    """Raises _Twice. `node`: of the parser's tree."""
    import yaml

    if isinstance(node, yaml.MappingNode):
        seen: Dict[Any, int] = {}
        for key, value in node.value:
            name, line = str(key.value), key.start_mark.line + 1
            if name in seen and name != "<<":
                raise _Twice(name, seen[name], line)
            seen[name] = line
            _check_names(value)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _check_names(item)
