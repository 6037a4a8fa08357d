"""Section oncall: what is posted about and kept in step with who is on call (docs/oncall.md)."""

from __future__ import annotations

from typing import Mapping, NamedTuple

from pagerduty_mattermost.core.config.reader import Reader

HEADER_FIELDS = ("header", "purpose")


class OnCallConfig(NamedTuple):
    """Schedules and escalation policies are given as id or name."""

    channels: Mapping[str, str] = {}
    """Schedule or escalation policy → channel of its hand-offs; "schedule:<name>" or
    "policy:<name>" where a name is both. What is not here is not watched."""
    remind_before: int = 30
    """Minutes before a shift; 0: no reminder."""
    direct_messages: bool = True
    """Whether those who come and go get a direct message, too."""
    contact_check_before: int = 24
    """Hours before a shift at which a missing phone or push contact is pointed out; 0: never."""
    accept_within: int = 0
    """Minutes within which whoever comes on call is to press "I have it"; 0: nobody waits."""
    headers: Mapping[str, str] = {}
    """Channel → whose on-call stands in its header."""
    header_field: str = "header"
    """Where in the channel: one of `HEADER_FIELDS`."""
    members: Mapping[str, str] = {}
    """Channel → whose on-call is a member of it."""
    groups: Mapping[str, str] = {}
    """User group (its name) → whose on-call is in it."""


def read_oncall(whole: Reader) -> OnCallConfig:
    """The section `oncall`; what is wrong in it is noted by the reader."""
    read = whole.section("oncall", OnCallConfig())
    return OnCallConfig(
        channels=read.mapping("channels"),
        remind_before=read.integer("remind_before", 0, 1440),
        direct_messages=read.boolean("direct_messages"),
        contact_check_before=read.integer("contact_check_before", 0, 168),
        accept_within=read.integer("accept_within", 0, 1440),
        headers=read.mapping("headers"),
        header_field=read.choice("header_field", HEADER_FIELDS),
        members=read.mapping("members"),
        groups=read.mapping("groups"),
    )
