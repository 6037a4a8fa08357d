"""StackStorm's Jinja, by which the formats of its aliases are filled in."""

from __future__ import annotations

from typing import Any


def make_environment() -> Any:
    """With StackStorm's filters; what is not there is empty. Imports StackStorm's modules, or what
    stands for them in the embedded default."""
    from st2common.util.jinja import get_jinja_environment

    return get_jinja_environment(allow_undefined=True)
