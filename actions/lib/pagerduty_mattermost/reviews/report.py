"""How a time was for who was on call: incidents by service, team and hour, how soon somebody
answered, what was noise, whom it woke. Pure.

    report = report_of(incidents, acts, zone)
    as_markdown(report, "week to 30 Nov 2026")

Reckoned from PagerDuty's incidents and log, hours on call from its on-calls (`on_call_hours`). An
answer is the first acknowledgement, or the resolve where there was none before it, by a person:
what PagerDuty or an integration does by itself is none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from datetime import tzinfo
from statistics import mean, median
from typing import (
    TYPE_CHECKING,
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.text import ELLIPSIS, escape, one_line
from pagerduty_mattermost.core.times import WEEKDAYS

if TYPE_CHECKING:
    from pagerduty_mattermost.reviews.on_call_hours import OnCallHours

ACKNOWLEDGED, RESOLVED, NOTIFIED = "acknowledge", "resolve", "notify"
"""Kinds of log entries that count, without `_log_entry`."""
NIGHT_HOURS = (*range(22, 24), *range(7))
"""On the clock of the configured zone."""
MAX_SERVICES, MAX_TEAMS, MAX_ALERTS, MAX_PEOPLE = 10, 10, 5, 10
MAX_TITLE_CHARACTERS = 70
_BARS = "▁▂▃▄▅▆▇█"
_VARIES = re.compile(r"[0-9a-fA-F]{8,64}|\d{1,64}")
"""What differs from one alert to the next of its kind: numbers, and long hexadecimal words."""


class ReportedIncident(NamedTuple):
    """An incident as far as a report counts it."""

    id: str
    title: str
    service: str
    teams: Tuple[str, ...]
    urgency: str
    created_at: float
    """Seconds since the epoch."""
    resolved_at: Optional[float] = None
    """None while it is open."""


class ReportedAct(NamedTuple):
    """A log entry."""

    kind: str
    """ACKNOWLEDGED, RESOLVED or NOTIFIED."""
    incident: str
    at: float
    person: str = ""
    """The name of whoever did it, or was notified; empty where no person was."""
    person_id: str = ""
    """PagerDuty's id of them."""


class Figures(NamedTuple):
    """Of some incidents. Times are in seconds, None where there is none to reckon with."""

    incidents: int
    high: int
    """With high urgency."""
    unanswered: int
    """Over, although no person ever answered."""
    answer_median: Optional[float] = None
    answer_mean: Optional[float] = None
    """Mean time to acknowledge (MTTA)."""
    resolve_median: Optional[float] = None
    resolve_mean: Optional[float] = None
    """Mean time to resolve (MTTR)."""


class Load(NamedTuple):
    """What one person had to do."""

    notified: int
    at_night: int
    answered: int
    """Incidents that they were the first to answer."""
    hours: Optional[float] = None
    """On call; None: that is not known."""


class Report(NamedTuple):
    """How the incidents of a span of time were."""

    total: Figures
    by_service: Mapping[str, Figures]
    """Those with the most incidents first, as in all of these."""
    by_team: Mapping[str, Figures]
    by_hour: Tuple[int, ...]
    by_weekday: Tuple[int, ...]
    """Monday first."""
    alerts: Mapping[Tuple[str, str], Figures]
    """By service and kind of title."""
    people: Mapping[str, Load]
    hours_missing: str = ""
    """What PagerDuty does not tell of hours on call, in one line."""


def report_of(
    incidents: Iterable[ReportedIncident],
    acts: Iterable[ReportedAct],
    zone: tzinfo,
    on_call: Optional[OnCallHours] = None,
) -> Report:
    """`acts`: those of these incidents; others are left out. `on_call`: None: nobody asked."""
    rows = sorted(incidents, key=lambda one: (one.created_at, one.id))
    known = {one.id for one in rows}
    mine = sorted((act for act in acts if act.incident in known), key=lambda one: one.at)
    answers = _answers(mine)
    services: Dict[str, List[ReportedIncident]] = defaultdict(list)
    teams: Dict[str, List[ReportedIncident]] = defaultdict(list)
    alerts: Dict[Tuple[str, str], List[ReportedIncident]] = defaultdict(list)
    hours, days = [0] * 24, [0] * 7
    for one in rows:
        services[one.service].append(one)
        alerts[one.service, kind_of_title(one.title)].append(one)
        for team in one.teams:
            teams[team].append(one)
        clock = times.wall_clock(one.created_at, zone)
        hours[clock.hour] += 1
        days[clock.weekday()] += 1
    return Report(
        _figures(rows, answers),
        _most_first(services, answers),
        _most_first(teams, answers),
        tuple(hours),
        tuple(days),
        _most_first(alerts, answers),
        _loads(mine, answers, zone, on_call.by_person if on_call is not None else {}),
        on_call.missing if on_call is not None else "",
    )


def kind_of_title(title: str) -> str:
    """The same for titles that differ only in numbers and ids."""
    return one_line(_VARIES.sub(ELLIPSIS, title), 200)


def as_value(report: Report) -> Dict[str, Any]:
    """The report as actions give it."""
    return {
        "total": dict(report.total._asdict()),
        "by_service": {name: dict(one._asdict()) for name, one in report.by_service.items()},
        "by_team": {name: dict(one._asdict()) for name, one in report.by_team.items()},
        "by_hour": list(report.by_hour),
        "by_weekday": list(report.by_weekday),
        "alerts": [
            {"service": service, "title": title, **one._asdict()}
            for (service, title), one in report.alerts.items()
        ],
        "people": {name: dict(one._asdict()) for name, one in report.people.items()},
        "hours_missing": report.hours_missing,
    }


def as_markdown(report: Report, span: str) -> str:
    """Markdown for a post. `span`: of which time, in words."""
    total = report.total
    head = f"### Incidents: {escape(span)}"
    if not total.incidents:
        return "\n".join([head, "There was none.", *_people(report)])
    lines = [head, _summary(total), "", *_by("service", report.by_service, MAX_SERVICES)]
    if len(report.by_team) > 1:
        lines += ["", *_by("team", report.by_team, MAX_TEAMS)]
    days = " · ".join(f"{day} {n}" for day, n in zip(WEEKDAYS, report.by_weekday))
    lines += ["", "**By hour and day**", markdown.code_block(_hours(report)), days]
    noisy = [(key, one) for key, one in report.alerts.items() if one.incidents > 1][:MAX_ALERTS]
    if noisy:
        lines += ["", "**Most frequent**"]
    for (service, title), one in noisy:
        nobody = f", nobody answered {one.unanswered}" if one.unanswered else ""
        words = escape(one_line(title, MAX_TITLE_CHARACTERS))
        where = f" on {escape(one_line(service))}" if service else ""
        lines.append(f"- {one.incidents} × {words}{where}{nobody}")
    lines += _people(report)
    return "\n".join(lines)


def _people(report: Report) -> List[str]:
    people = list(report.people.items())
    if not (people or report.hours_missing):
        return []
    lines = ["", "**On call**"]
    for name, load in people[:MAX_PEOPLE]:
        parts = []
        if load.notified or load.answered:
            parts.append(f"notified {load.notified} ×, {load.at_night} at night")
            parts.append(f"answered {load.answered} first")
        if load.hours is not None:
            parts.append(f"on call {hours_said(load.hours)}" if load.hours else "not on call")
        lines.append(f"- {escape(one_line(name, MAX_TITLE_CHARACTERS))}: {'; '.join(parts)}")
    if len(people) > MAX_PEOPLE:
        lines.append(f"- … and {len(people) - MAX_PEOPLE} more")
    return [*lines, *([escape(report.hours_missing)] if report.hours_missing else [])]


def hours_said(hours: float) -> str:
    """Hours as people read them: `84.5 h`."""
    return f"{max(hours, 0.1):.1f}".replace(".0", "") + " h"


def _answers(acts: Sequence[ReportedAct]) -> Dict[str, ReportedAct]:
    """The first thing that a person did to each incident, by its id."""
    found: Dict[str, ReportedAct] = {}
    for act in acts:
        if act.kind in (ACKNOWLEDGED, RESOLVED) and act.person:
            found.setdefault(act.incident, act)
    return found


def _figures(incidents: Sequence[ReportedIncident], answers: Mapping[str, ReportedAct]) -> Figures:
    answered = [
        max(0.0, answers[one.id].at - one.created_at) for one in incidents if one.id in answers
    ]
    lasted = [
        max(0.0, one.resolved_at - one.created_at)
        for one in incidents
        if one.resolved_at is not None
    ]
    unanswered = sum(one.resolved_at is not None and one.id not in answers for one in incidents)
    return Figures(
        len(incidents),
        sum(one.urgency == "high" for one in incidents),
        unanswered,
        median(answered) if answered else None,
        mean(answered) if answered else None,
        median(lasted) if lasted else None,
        mean(lasted) if lasted else None,
    )


def _most_first(
    groups: Mapping[Any, List[ReportedIncident]], answers: Mapping[str, ReportedAct]
) -> Dict[Any, Figures]:
    order = sorted(groups, key=lambda key: (-len(groups[key]), key))
    return {key: _figures(groups[key], answers) for key in order}


def _loads(
    acts: Sequence[ReportedAct],
    answers: Mapping[str, ReportedAct],
    zone: tzinfo,
    hours: Mapping[str, float],
) -> Dict[str, Load]:
    """`hours`: on call, by name; empty: of nobody it is known."""
    notified: Counter = Counter()
    at_night: Counter = Counter()
    for act in acts:
        if act.kind == NOTIFIED and act.person:
            notified[act.person] += 1
            at_night[act.person] += times.wall_clock(act.at, zone).hour in NIGHT_HOURS
    first = Counter(act.person for act in answers.values())

    def place(name: str) -> Tuple[int, int, float, str]:
        return -notified[name], -first[name], -hours.get(name, 0.0), name

    return {
        name: Load(
            notified[name],
            at_night[name],
            first[name],
            round(hours.get(name, 0.0), 3) if hours else None,
        )
        for name in sorted({*notified, *first, *hours}, key=place)
    }


def _summary(total: Figures) -> str:
    parts = [
        f"**{total.incidents}** incident{'' if total.incidents == 1 else 's'}",
        f"{total.high} with high urgency",
        f"answered after {_length(total.answer_median)} (median)"
        if total.answer_median is not None
        else "",
        f"resolved after {_length(total.resolve_median)} (median)"
        if total.resolve_median is not None
        else "",
        f"{total.unanswered} that nobody answered" if total.unanswered else "",
    ]
    return " · ".join(part for part in parts if part)


def _by(what: str, groups: Mapping[str, Figures], most: int) -> List[str]:
    lines = [f"**By {what}**"]
    for name, one in list(groups.items())[:most]:
        parts = [
            f"{one.incidents} ({one.high} high)" if one.high else str(one.incidents),
            f"MTTA {_length(one.answer_mean)}",
            f"MTTR {_length(one.resolve_mean)}",
            f"nobody answered {one.unanswered}" if one.unanswered else "",
        ]
        said = " · ".join(part for part in parts if part)
        lines.append(f"- {escape(one_line(name, MAX_TITLE_CHARACTERS)) or 'none'}: {said}")
    if len(groups) > most:
        lines.append(f"- … and {len(groups) - most} more")
    return lines


def _hours(report: Report) -> str:
    return f"{_bars(report.by_hour)}\n0     6     12    18"


def _bars(counts: Sequence[int]) -> str:
    most = max(counts) or 1
    return "".join(
        _BARS[max(1, round(n / most * (len(_BARS) - 1)))] if n else " " for n in counts
    ).rstrip()


def _length(seconds: Optional[float]) -> str:
    return "–" if seconds is None else times.duration(seconds)
