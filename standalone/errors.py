"""What a user of the embedded default can get wrong: one line each, no stack trace, exit code
2."""

from __future__ import annotations


class UserError(Exception):
    """`str(error)` is the line: what is wrong, where, and what to do; several lines for several
    mistakes."""


class ConfigurationError(UserError):
    """The configuration lacks a setting, or one does not fit. `why`: what is wrong with which."""

    def __init__(self, why: str) -> None:
        super().__init__(f"The configuration: {why}")
