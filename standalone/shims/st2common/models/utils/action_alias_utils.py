"""Stand-in: the parser of aliases' formats (see standalone/shims/README.md)."""

from __future__ import annotations

from typing import Any, Dict

from standalone import alias_format

__all__ = ["extract_parameters"]


def extract_parameters(format_str: str, param_stream: str) -> Dict[str, Any]:
    """Raises ParseException where the format does not take the phrase."""
    return alias_format.extract_parameters(format_str, param_stream)
