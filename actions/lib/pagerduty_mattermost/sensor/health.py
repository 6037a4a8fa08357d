"""Pure: when to report that the incident sensor is failing or has recovered, once each."""

from __future__ import annotations

import os
import zlib
from typing import Any, Dict, NamedTuple, Optional

from pagerduty_mattermost.core.text import clean, cut, escape, one_line

ALARM_FAILURES = 3
ALARM_SECONDS = 120.0
"""Failed cycles in a row, or seconds since the first of them, after which it is reported."""


def fault(log: Any, error: BaseException, *, whole: bool = False) -> str:
    """One line about a mistake of this pack: what and where. The trace goes to the log at level
    debug, or with `whole` (`debug: true` in the configuration) as an error, since StackStorm's
    sensor log drops debug."""
    place = ""
    trace = error.__traceback__
    while trace is not None:
        code = trace.tb_frame.f_code
        if "pagerduty_mattermost" in code.co_filename or not place:
            place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno} in {code.co_name}"
        trace = trace.tb_next
    (log.error if whole else log.debug)("A fault of this pack", exc_info=error)
    text = one_line(clean(error, 300))
    return (
        f"A fault of this pack: {type(error).__name__}: {text} ({place}); debug: true "
        "logs the whole trace"
    )


class HealthNotice(NamedTuple):
    """Payload of `pagerduty.sensor_health`."""

    state: str
    reason: str
    since: str
    text: str
    key: str


class _SensorProblem(NamedTuple):
    reason: str
    began: float
    failures: int
    at_once: bool


class SensorHealth:
    """Collects problems by kind; knows when to report them. Times are monotonic seconds."""

    def __init__(self) -> None:
        self._problems: Dict[str, _SensorProblem] = {}
        self.reported = False
        """`failing` was reported, `recovered` not yet."""
        self.since = ""
        """The last time all was well before the trouble; UTC, empty when it never was."""

    @property
    def reason(self) -> str:
        """What is wrong now; empty when nothing is."""
        return "; ".join(problem.reason for problem in self._problems.values())

    def failed(
        self, kind: str, reason: str, now: float, *, last_good: str = "", at_once: bool = False
    ) -> None:
        """A cycle failed. `at_once`: it will not get better by itself, so it is reported without
        waiting."""
        if not self._problems and not self.reported:
            self.since = last_good
        before = self._problems.get(kind)
        began, failures = (before.began, before.failures) if before else (now, 0)
        self._problems[kind] = _SensorProblem(reason, began, failures + 1, at_once)

    def good(self, kind: str) -> None:
        """What failed works again."""
        self._problems.pop(kind, None)

    def due(self, now: float) -> Optional[HealthNotice]:
        """What is to be reported now; call `mark_reported` once it was."""
        if self.reported:
            return None if self._problems else self._notice("recovered", "")
        for problem in self._problems.values():
            if (
                problem.at_once
                or problem.failures >= ALARM_FAILURES
                or now - problem.began >= ALARM_SECONDS
            ):
                return self._notice("failing", self.reason)
        return None

    def mark_reported(self, notice: HealthNotice) -> None:
        self.reported = notice.state == "failing"

    def _notice(self, state: str, reason: str) -> HealthNotice:
        since = f" since {self.since}" if self.since else ""
        if state == "failing":
            text = (
                f":warning: **The incident sensor is failing{since}.** "
                f"{escape(cut(one_line(reason), 600))}\n"
                "Nothing is lost: what happens meanwhile follows when it works again."
            )
        else:
            text = (
                f":white_check_mark: **The incident sensor works again.** It was failing{since}."
            )
        kinds = (
            zlib.crc32(",".join(sorted(self._problems)).encode("utf-8"))
            if state == "failing"
            else 0
        )
        key = f"sensor-health-{state}-{self.since}-{kinds:08x}"
        return HealthNotice(state, cut(one_line(reason), 600), self.since, text, key)
