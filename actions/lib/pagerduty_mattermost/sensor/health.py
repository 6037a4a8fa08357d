"""Pure: when to report what is wrong with a sensor, and that it is over.

    health.failed("key", "PagerDuty refuses the key …", now, at_once=True)
    health.stands("names", {"service.Chekout": "there is no …"}, now)   # all of that group
    for notice in health.due(now, at): …; health.mark_reported(notice)

Each kind of problem is told, told again while it lasts, and ended on its own: one that stands for
weeks hides no other. A kind is over only when `good` or `stands` said so, so that a restart ends
nothing by itself.
"""

# flake8: noqa: W503

from __future__ import annotations

import os
import zlib
from datetime import timezone, tzinfo
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json
from pagerduty_mattermost.core.text import clean, cut, escape, one_line

ALARM_FAILURES = 3
ALARM_SECONDS = 120.0
"""Failed cycles in a row, or seconds since the first of them, after which it is reported."""
REPEAT_SECONDS = 86400.0
"""After which a problem that lasts is told again."""
KEY_SECONDS = 3600.0
"""Within which the same news has the same key, so that a sensor that is started over and over
tells it once."""
MAX_STILL = 5
"""Problems that stand still, named where one is over."""
SENSOR = "sensor"
"""The kind of what a version told that knew no kinds; it ends with the first good cycle."""

_NOTHING_LOST = "Nothing is lost: what happens meanwhile follows when it works again."
_POLLING = "PagerDuty's log is polled meanwhile: changes come at the poll interval."


class _Words(NamedTuple):
    """How the problems of one group are told."""

    failing: str
    consequence: str
    recovered: str


_SENSOR_WORDS = _Words(
    "The incident sensor is failing", _NOTHING_LOST, "The incident sensor works again"
)
_WORDS = {
    "pagerduty": _Words(
        "PagerDuty can't be read",
        "Nothing is lost: what happens there meanwhile is posted when it can be read again. Until "
        "then commands that change something there fail; pages are kept and sent by themselves.",
        "PagerDuty can be read again",
    ),
    "key": _Words(
        "PagerDuty refuses the incident sensor",
        _NOTHING_LOST,
        "PagerDuty accepts the sensor again",
    ),
    "names": _Words(
        "The configuration names what PagerDuty does not have",
        "All else is watched.",
        "What the configuration names is there again",
    ),
    "timers": _Words(
        "StackStorm's timers stand still",
        "What must not stop goes on by the sensor's heartbeat.",
        "StackStorm's timers fire again",
    ),
    "webhook": _Words(
        "PagerDuty's webhook does not work", _POLLING, "PagerDuty's webhook works again"
    ),
    "chat": _Words(
        "Nobody listens for Mattermost",
        "Buttons and /pd do nothing until then; cards and replies go on.",
        "Buttons and /pd are heard again",
    ),
    "mattermost": _Words(
        "The incident sensor can't ask whether Mattermost is back",
        "What could not be posted is tried every two minutes.",
        "The incident sensor can ask Mattermost again",
    ),
}
GRAVE = frozenset({"pagerduty", "key", "datastore", "dispatch", "fault", "configuration", SENSOR})
"""Kinds and groups with which incidents are not reported, or not surely; with the others they
are."""


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
    kind: str
    reason: str
    since: str
    text: str
    key: str


class ToldProblem(NamedTuple):
    """That a problem was told; kept over restarts."""

    since: str = ""
    """The last time all was well before it; UTC, empty when it never was."""
    at: float = 0.0
    """When it was told last, seconds since the epoch."""
    reason: str = ""


class _SensorProblem(NamedTuple):
    reason: str
    began: float
    failures: int
    at_once: bool
    since: str


class SensorHealth:
    """Collects problems by kind; knows when to report them. `now`: monotonic seconds; `at`:
    seconds since the epoch."""

    def __init__(self, started: Optional[float] = None) -> None:
        self.started = started
        """When the sensor's process began, in seconds since the epoch, where that is known."""
        self._problems: Dict[str, _SensorProblem] = {}
        self._ended: Set[str] = set()
        self.told: Dict[str, ToldProblem] = {}
        """By kind: what was told, and its end was not yet."""
        self.zone: tzinfo = timezone.utc
        """In which people read times."""
        self.before = ""
        """What tells when all was well last: in a process before this one, or when it was told
        that something is over; empty: not known. A problem that comes back after that is told
        again, also within the hour."""

    @property
    def reason(self) -> str:
        """What is wrong now; empty when nothing is."""
        return "; ".join(problem.reason for problem in self._problems.values())

    def is_failing(self, kind: str) -> bool:
        """Whether there is a problem of this kind now."""
        return kind in self._problems

    @property
    def is_grave(self) -> bool:
        """Whether incidents are not reported, or not surely."""
        return any(_group(kind) in GRAVE for kind in self._problems)

    def failed(
        self, kind: str, reason: str, now: float, *, last_good: str = "", at_once: bool = False
    ) -> None:
        """Something failed. `at_once`: it will not get better by itself, so it is reported without
        waiting."""
        before = self._problems.get(kind)
        began, failures, since = (
            (before.began, before.failures, before.since) if before else (now, 0, last_good)
        )
        self._problems[kind] = _SensorProblem(reason, began, failures + 1, at_once, since)
        self._ended.discard(kind)

    def good(self, *kinds: str) -> None:
        """What failed works again."""
        for kind in kinds:
            self._problems.pop(kind, None)
            if kind in self.told:
                self._ended.add(kind)

    def stands(
        self, group: str, problems: Mapping[str, str], now: float, *, last_good: str = ""
    ) -> None:
        """These and no others are the problems of a group, each by a name of its own; all else of
        it is over. They are reported without waiting."""
        kinds = {f"{group}.{name}": reason for name, reason in problems.items()}
        known = [*self._problems, *self.told]
        self.good(*(one for one in known if _group(one) == group and one not in kinds))
        for kind, reason in kinds.items():
            self.failed(kind, reason, now, last_good=last_good, at_once=True)

    def due(self, now: float, at: float) -> List[HealthNotice]:
        """What is to be reported now; call `mark_reported` for each that was."""
        found = [
            self._notice("recovered", kind, self.told[kind].reason, self.told[kind].since, at)
            for kind in sorted(self._ended)
        ]
        for kind, problem in self._problems.items():
            told = self.told.get(kind)
            lasts = (
                problem.at_once
                or problem.failures >= ALARM_FAILURES
                or now - problem.began >= ALARM_SECONDS
            )
            if lasts if told is None else at - told.at >= REPEAT_SECONDS:
                since = problem.since if told is None else told.since
                found.append(self._notice("failing", kind, problem.reason, since, at))
        return found

    def mark_reported(self, notice: HealthNotice, at: float) -> None:
        if notice.state == "failing":
            self.told[notice.kind] = ToldProblem(notice.since, at, cut(notice.reason, 200))
        else:
            self.told.pop(notice.kind, None)
            self._ended.discard(notice.kind)
            self.before = times.iso(at)

    def _notice(self, state: str, kind: str, reason: str, since: str, at: float) -> HealthNotice:
        words = _WORDS.get(_group(kind), _SENSOR_WORDS)
        shown = times.clock(since, self.zone, times.iso(at))
        when = f" since {shown}" if shown else ""
        if state == "failing":
            text = (
                f":warning: **{words.failing}{when}.** "
                f"{escape(cut(one_line(reason), 600))}\n{words.consequence}"
            )
        else:
            # Of a group there may be other problems still: what is over is named.
            over = f" Over: {escape(cut(one_line(reason), 200))}" if "." in kind else ""
            still = [
                escape(cut(one_line(problem.reason), 200))
                for other, problem in self._problems.items()
                if _group(other) == _group(kind)
            ]
            now_well = "One problem of several is over" if still else words.recovered
            text = f":white_check_mark: **{now_well}.**" + (
                over or (f" It failed{when}." if when else "")
            )
            text += "".join(f"\nStill: {one}" for one in still[:MAX_STILL])
        episode = since or self.before
        about = zlib.crc32(f"{kind} {episode} {int(at // KEY_SECONDS)}".encode())
        key = f"sensor-health-{state}-{_group(kind)}-{about:08x}"
        told = cut(one_line(reason), 600) if state == "failing" else ""
        return HealthNotice(state, kind, told, since, text, key)


def kept_told(value: Any, since: Any) -> Dict[str, ToldProblem]:
    """What was told, as a heartbeat kept it (`told`, and `failing_since` of a version that knew no
    kinds). What does not read is as if nothing had been told."""
    if value is True:
        return {SENSOR: ToldProblem(since if isinstance(since, str) else "")}
    found: Dict[str, ToldProblem] = {}
    for kind, kept in value.items() if isinstance(value, dict) else ():
        try:
            found[str(kind)] = from_json(ToldProblem, kept)
        except MisshapenValue:
            continue
    return found


def _group(kind: str) -> str:
    return kind.partition(".")[0]
