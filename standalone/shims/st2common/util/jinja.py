"""Stand-in: templates as StackStorm renders them (see standalone/shims/README.md)."""

from __future__ import annotations

from typing import Any

__all__ = ["get_jinja_environment"]


def get_jinja_environment(
    allow_undefined: bool = False, trim_blocks: bool = True, lstrip_blocks: bool = True
) -> Any:
    """Sandboxed, with StackStorm's filters."""
    from jinja2 import StrictUndefined, Undefined

    from standalone.templates import new_environment

    made = new_environment(Undefined if allow_undefined else StrictUndefined)
    made.trim_blocks, made.lstrip_blocks = trim_blocks, lstrip_blocks
    return made
