"""YAML files as people write them: what can't be read is one line with file, line number and what
to do."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from standalone.errors import UserError

_BARE_TEMPLATE = re.compile(r"(?:^|[:,\[-])\s*({{[^{}\n]*}}(?:{{[^{}\n]*}}|[^\s,\]#{])*|{{.*)")
"""A template where a value begins: to YAML it is a mapping in a mapping."""


def read_yaml(file: Path) -> Any:
    """What stands in a YAML file. Raises UserError naming file and line."""
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{file} can't be read: {error}") from None
    try:
        return _parsed(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        if mark is None:
            raise UserError(f"{file}: no valid YAML: {error}") from None
        lines = text.splitlines()
        bare = _BARE_TEMPLATE.search(lines[mark.line]) if mark.line < len(lines) else None
        why = (
            f'quote it: "{bare.group(1)}"'
            if bare
            else f"this is no YAML: {_in_words(str(getattr(error, 'problem', None) or error))}"
        )
        raise UserError(f"{file} line {mark.line + 1}: {why}") from None


def _in_words(problem: str) -> str:
    """What to look for, in place of the parser's own words."""
    for word, advice in (
        ("\\t", "it holds a tab; indent with spaces"),
        ("character '@'", "a value that begins with @ stands in quotes"),
        ("character '%'", "a value that begins with % stands in quotes"),
        (
            "mapping values are not allowed",
            "a line is indented more or less than its neighbours, or a value with a colon in it "
            "stands without quotes",
        ),
        ("expected ','", "a bracket is not closed"),
        ("mapping", "a line is indented more or less than its neighbours"),
        ("block end", "a line is indented more or less than its neighbours"),
        ("expected ':'", "a name without a colon; write name: value"),
        ("sequence", "a list is not closed, or a line is indented otherwise than its neighbours"),
        ("quoted scalar", "a quote is not closed"),
        ("end of stream", "a quote or a bracket is not closed"),
        ("alias", "a value that begins with * stands in quotes"),
        ("undefined tag", "a value that begins with ! stands in quotes"),
    ):
        if word in problem:
            return advice
    return problem


def _parsed(text: str) -> Any:
    """By the parser written in C where PyYAML has it, which is some six times as fast. What it
    refuses is read again by the one in Python, whose words say better what is wrong."""
    import yaml

    fast = getattr(yaml, "CSafeLoader", None)
    if fast is not None:
        try:
            return yaml.load(text, Loader=fast)
        except yaml.YAMLError:
            pass
    return yaml.safe_load(text)
