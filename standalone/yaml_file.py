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
            else f"no valid YAML: {getattr(error, 'problem', None) or error}"
        )
        raise UserError(f"{file} line {mark.line + 1}: {why}") from None


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
