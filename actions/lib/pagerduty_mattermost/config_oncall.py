"""The part of the configuration about who is on call (docs/oncall.md); read by `config.load`."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from .config_reader import Reader

HEADER_FIELDS = ("header", "purpose")


class OnCallConfig(NamedTuple):
    """What is kept in step with who is on call. Values are schedules or escalation policies, as id or name."""

    headers: Mapping[str, str] = {}
    """Channel → whose on-call stands in its header."""
    header_field: str = "header"
    """`header` or `purpose`."""
    members: Mapping[str, str] = {}
    """Channel → whose on-call is a member of it."""
    groups: Mapping[str, str] = {}
    """User group (its name) → whose on-call is in it."""


SETTINGS = OnCallConfig._fields


def read_oncall(read: Reader) -> OnCallConfig:
    return OnCallConfig(
        headers=read.mapping("oncall.headers"),
        header_field=read.choice("oncall.header_field", HEADER_FIELDS, "header"),
        members=read.mapping("oncall.members"),
        groups=read.mapping("oncall.groups"),
    )
