"""Stand-in: what the parser of aliases raises (see standalone/shims/README.md)."""

from standalone.alias_format import ParseError as ParseException

__all__ = ["ParseException"]
