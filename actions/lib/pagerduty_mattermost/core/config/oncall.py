"""The part of the configuration about who is on call (docs/oncall.md); read by `config.load`."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from pagerduty_mattermost.core.config.reader import Reader

HEADER_FIELDS = ("header", "purpose")


class OnCallConfig(NamedTuple):
    """What is told and kept in step with who is on call. Schedules and escalation policies are
    given as id or name."""

    channels: Mapping[str, str] = {}
    """Schedule or escalation policy → channel of its hand-offs; "schedule:<name>" or
    "policy:<name>" where a name is both. What is not here is not watched."""
    remind_before: int = 30
    """Minutes before a shift; 0: no reminder."""
    direct_messages: bool = True
    """Whether those who come and go are told in private, too."""
    contact_check_before: int = 24
    """Hours before a shift at which a missing phone or push contact is told; 0: never."""
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
        channels=read.mapping("oncall.channels"),
        remind_before=read.integer("oncall.remind_before", 30, 0, 1440),
        direct_messages=read.boolean("oncall.direct_messages") is not False,
        contact_check_before=read.integer("oncall.contact_check_before", 24, 0, 168),
        headers=read.mapping("oncall.headers"),
        header_field=read.choice("oncall.header_field", HEADER_FIELDS, "header"),
        members=read.mapping("oncall.members"),
        groups=read.mapping("oncall.groups"),
    )
