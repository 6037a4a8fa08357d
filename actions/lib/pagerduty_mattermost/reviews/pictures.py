"""Pictures (PNG) for who looks back: the time between tasks, and a report. Pure; `core.drawing`
says what all pictures have in common."""

from __future__ import annotations

import textwrap
from datetime import tzinfo
from typing import Any, List, Mapping, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.core import drawing, times
from pagerduty_mattermost.core.drawing import COLORS, INK, TEXT_POINTS, literal
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, counted, one_line
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews.report import NIGHT_HOURS, WEEKDAYS, Report, hours_said
from pagerduty_mattermost.reviews.timeline import TASK, TimelineEntry, gaps

MAX_BARS, MAX_ROWS = 30, 8
"""Waits that are drawn, the longest ones; services and people of a report."""
MAX_NAME_CHARACTERS, LINE_CHARACTERS = 44, 50
"""Characters above a bar, where that is one line; those that a line has room for where there may
be two."""
LINE_HEIGHT_ROWS = 0.4
"""Of a further line, as part of a row."""
LEAST_WAITS = 2
BAR, LONGEST, NIGHT = COLORS[0], COLORS[1], COLORS[5]


class _Row(NamedTuple):
    words: str
    parts: Tuple[float, ...]
    """Lengths one behind the other."""
    said: str
    """Behind the bar."""


def has_gaps(entries: Sequence[TimelineEntry]) -> bool:
    """Whether there is anything to draw."""
    return sum(entry.kind == TASK for entry in entries) > LEAST_WAITS


def gaps_png(incident: Incident, entries: Sequence[TimelineEntry], zone: tzinfo) -> bytes:
    """A bar for the time before each thing that was done in the playbook, the longest one in
    another colour. Raises RejectedInput where there are too few, ConfigError where matplotlib is
    missing."""
    done = [entry for entry in entries if entry.kind == TASK]
    if not has_gaps(entries):
        raise RejectedInput(
            "Too little was done in its playbook for a picture of the time between"
        )
    waits = list(zip(gaps(done), done))[1:]
    longest = max(length for length, _ in waits)
    chosen = sorted(waits, key=lambda one: -one[0])[:MAX_BARS]
    chosen.sort(key=lambda one: one[1].at)
    begin = times.iso(done[0].at)
    rows = [
        _Row(
            _two_lines(
                f"{times.clock(times.iso(entry.at), zone, near=begin)} {_said(entry.text)}"
            ),
            (length,),
            times.duration(length),
        )
        for length, entry in chosen
    ]
    colors = [LONGEST if length == longest else BAR for length, _ in chosen]
    left = len(waits) - len(chosen)
    caption = f"from {times.stamp(begin, zone)}" + (
        f"; {left} shorter ones left out" if left else ""
    )

    def draw(figure: Any) -> None:
        axes = figure.add_subplot(111)
        _bars(axes, f"Time between tasks of #{incident.number}", rows, [colors])
        axes.set_xlabel(literal(caption), loc="left", fontsize=TEXT_POINTS, color=INK)

    return drawing.drawn(1.4 + 0.62 * sum(map(_height, rows)), draw)


def report_png(report: Report, span: str) -> bytes:
    """Incidents by hour, by day and by service, whom they woke, and hours on call. `span`: of
    which time, in words. Raises RejectedInput where there was none, ConfigError where matplotlib
    is missing."""
    if not report.total.incidents:
        raise RejectedInput("There was no incident: nothing to draw")
    services = [
        _Row(_words(name) or "none", (float(one.incidents),), str(one.incidents))
        for name, one in list(report.by_service.items())[:MAX_ROWS]
    ]
    people = [
        _Row(
            _words(name),
            (float(one.notified - one.at_night), float(one.at_night)),
            f"{one.notified}, {one.at_night} at night" if one.at_night else str(one.notified),
        )
        for name, one in list(report.people.items())[:MAX_ROWS]
        if one.notified
    ]
    on_call = sorted(
        ((one.hours, name) for name, one in report.people.items() if one.hours),
        key=lambda one: (-one[0], one[1]),
    )[:MAX_ROWS]
    hours = [_Row(_words(name), (length,), hours_said(length)) for length, name in on_call]
    heights = [2.2, 2.0, 0.9 + 0.62 * len(services)]
    heights += [0.9 + 0.62 * len(rows) for rows in (people, hours) if rows]

    def draw(figure: Any) -> None:
        grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        by_hour = figure.add_subplot(grid[0])
        count = report.total.incidents
        of = counted(count, "incident")
        _columns(by_hour, f"{of}, by hour", report.by_hour, {0: "0", 6: "6", 12: "12", 18: "18"})
        _columns(
            figure.add_subplot(grid[1]), "By day", report.by_weekday, dict(enumerate(WEEKDAYS))
        )
        _bars(figure.add_subplot(grid[2]), "By service", services, [[BAR] * len(services)])
        if people:
            colors = [[BAR] * len(people), [NIGHT] * len(people)]
            _bars(figure.add_subplot(grid[3]), "Notified, at night in violet", people, colors)
        if hours:
            last = figure.add_subplot(grid[len(heights) - 1])
            _bars(last, "Hours on call", hours, [[BAR] * len(hours)])
        figure.axes[-1].set_xlabel(literal(span), loc="left", fontsize=TEXT_POINTS, color=INK)

    return drawing.drawn(sum(heights) + 0.5, draw)


def _bars(axes: Any, title: str, rows: Sequence[_Row], colors: Sequence[Sequence[str]]) -> None:
    """A line a row, its words above its bar; `colors`: of each part, by row."""
    drawing.plain_axes(axes)
    most = max((sum(row.parts) for row in rows), default=0.0) or 1.0
    line = 0.0
    for number, row in enumerate(rows):
        line += _height(row) - 1
        left = 0.0
        for part, by_row in zip(row.parts, colors):
            axes.barh(line + 0.2, part, left=left, height=0.42, color=by_row[number])
            left += part
        axes.text(
            left + most * 0.01,
            line + 0.2,
            literal(row.said),
            color=INK,
            fontsize=TEXT_POINTS,
            verticalalignment="center",
        )
        drawing.label(axes, 0.0, line - 0.05, row.words)
        line += 1
    axes.set_xlim(0, most * 1.34)
    axes.set_ylim(line - 0.5, -0.6)
    axes.set_yticks([])
    axes.set_xticks([])
    drawing.title(axes, title)


def _columns(axes: Any, title: str, counts: Sequence[int], names: Mapping[int, str]) -> None:
    drawing.plain_axes(axes)
    is_hours = len(counts) == 24
    colors: List[str] = [
        NIGHT if is_hours and place in NIGHT_HOURS else BAR for place in range(len(counts))
    ]
    axes.bar(range(len(counts)), counts, color=colors, width=0.8)
    most = max(counts)
    place = counts.index(most)
    axes.text(place, most, str(most), color=INK, fontsize=TEXT_POINTS, ha="center", va="bottom")
    axes.set_ylim(0, most * 1.25 or 1)
    axes.set_xlim(-0.6, len(counts) - 0.4)
    axes.set_yticks([])
    axes.set_xticks(list(names))
    axes.set_xticklabels(list(names.values()), fontsize=TEXT_POINTS, color=INK)
    drawing.title(axes, title)


def _height(row: _Row) -> float:
    """In rows whose words are one line."""
    return 1 + LINE_HEIGHT_ROWS * row.words.count("\n")


def _two_lines(text: str) -> str:
    lines = textwrap.wrap(text, LINE_CHARACTERS, max_lines=2, placeholder="…")
    return "\n".join(lines)


def _words(text: str) -> str:
    return one_line(_said(text), MAX_NAME_CHARACTERS)


def _said(text: str) -> str:
    """Without the sign it begins with, which matplotlib's font has not."""
    line = one_line(clean(text, 400))
    sign, _, rest = line.partition(" ")
    return rest if rest and not any(map(str.isalnum, sign)) else line
