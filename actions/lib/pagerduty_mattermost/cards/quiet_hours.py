"""The quiet hours of a route: its own, else the configuration's."""

from __future__ import annotations

from typing import Callable, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.quiet import QuietConfig
from pagerduty_mattermost.core.weekly_hours import WeeklyHours, ends, parse


class QuietHours:
    """The quiet hours of routes: their own, else the configuration's; with its time zone where
    they name none.

    Raises RejectedInput for a text that does not read, ConfigError for a zone this machine does
    not know."""

    def __init__(self, settings: QuietConfig, zone: str, clock: Callable[[], float]) -> None:
        self._settings = settings
        self._zone = zone
        self._clock = clock

    def of(self, text: str) -> WeeklyHours:
        """`text`: what a route says; empty: the configuration's."""
        return parse(text or self._settings.hours) if self._settings.enabled else WeeklyHours()

    def until(self, text: str) -> Optional[float]:
        """When the present quiet time of a route that says `text` is over; None when there is
        none."""
        quiet = self.of(text)
        return (
            ends(quiet, self._clock(), times.zone(quiet.zone or self._zone))
            if quiet.spans
            else None
        )
