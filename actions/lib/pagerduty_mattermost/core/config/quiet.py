"""Sections quiet_hours and reminders (docs/quiet.md)."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Reader
from pagerduty_mattermost.core.errors import RejectedInput

URGENCIES = ("high", "low")


class QuietConfig(NamedTuple):
    """When incidents of low urgency are held for the morning's digest."""

    enabled: bool = True
    """False: no route has quiet hours, whatever it says."""
    hours: str = ""
    """As `weekly_hours.parse` reads it, for routes that say nothing of their own; empty: none."""


class RemindersConfig(NamedTuple):
    """What is unacknowledged is raised again in its thread."""

    enabled: bool = True
    after: int = 5
    """Minutes."""
    repeat: int = 0
    """Minutes between further reminders; 0: only one."""
    urgencies: Tuple[str, ...] = ("high",)


def read_quiet(whole: Reader) -> QuietConfig:
    """The section `quiet_hours`; what is wrong in it is noted by the reader."""
    read = whole.section("quiet_hours", QuietConfig())
    quiet = QuietConfig(read.boolean("enabled"), read.text("hours"))
    if quiet.hours:
        from pagerduty_mattermost.core.weekly_hours import parse

        try:
            parse(quiet.hours)
        except RejectedInput as error:
            read.wrong("hours", f"does not read: {error}")
    return quiet


def read_reminders(whole: Reader) -> RemindersConfig:
    """The section `reminders`; what is wrong in it is noted by the reader."""
    read = whole.section("reminders", RemindersConfig())
    return RemindersConfig(
        enabled=read.boolean("enabled"),
        after=read.integer("after", 1, 1440),
        repeat=read.integer("repeat", 0, 1440),
        urgencies=read.texts("urgencies", URGENCIES),
    )
