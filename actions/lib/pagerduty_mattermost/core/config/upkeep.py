"""Section upkeep: what the pack does by itself while nothing happens (docs/operations.md)."""

from __future__ import annotations

from typing import NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Reader

WATCHDOG, REMINDERS, ONCALL_WATCH, CATCH_UP = "watchdog", "reminders", "oncall_watch", "catch_up"
DIGEST, ONCALL_SYNC, RECONCILE = "quiet_hours_digest", "oncall_sync", "reconcile"
CANARY = "canary"
KEPT_PAGES = "kept_pages"
JOBS = (
    WATCHDOG,
    CANARY,
    KEPT_PAGES,
    REMINDERS,
    ONCALL_WATCH,
    CATCH_UP,
    DIGEST,
    ONCALL_SYNC,
    RECONCILE,
)
"""In the order in which one run does them: what may take long comes last. Each is named as the
shipped rule that runs it alone."""


class UpkeepConfig(NamedTuple):
    """Which of the regular jobs `health.upkeep` does not do."""

    without: Tuple[str, ...] = ()
    """Jobs that `health.upkeep` leaves out, because nobody wants them or a rule of their own runs
    them."""


def read_upkeep(whole: Reader) -> UpkeepConfig:
    """The section `upkeep`; what is wrong in it is noted by the reader."""
    read = whole.section("upkeep", UpkeepConfig())
    return UpkeepConfig(read.texts("without", JOBS))
