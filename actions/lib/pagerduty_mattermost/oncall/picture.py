"""A schedule's rotation as a picture: a line a person, a bar for each time on call (PNG,
matplotlib).

`core.drawing` says what all pictures have in common.
"""

from __future__ import annotations

from datetime import date, datetime, tzinfo
from typing import Any, Dict, List, Sequence

from pagerduty_mattermost.core import drawing
from pagerduty_mattermost.core.drawing import COLORS, INK, TEXT_POINTS, literal
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.oncall import rotation
from pagerduty_mattermost.oncall.rotation import ScheduleEntry
from pagerduty_mattermost.oncall.week import label

MAX_PICTURE_DAYS, MAX_PEOPLE = 35, 30
MAX_NAME_CHARACTERS, MAX_TITLE_CHARACTERS = 32, 36
"""Characters of a person's name, and of the schedule's."""
MAX_LABELS = 7
"""Days that are named below the picture."""


def png(
    name: str, found: Sequence[ScheduleEntry], now: float, count: int, where: tzinfo, zone: str
) -> bytes:
    """`count` days from the beginning of today. Raises ConfigError where matplotlib is missing,
    RejectedInput when there are too many people or nobody at all."""
    first = rotation.local_day(now, where)
    marks = [rotation.midnight(day, where) for day in rotation.days(first, count + 1)]
    bars = [one for one in rotation.pieces(found, marks[0], marks[-1]) if one.user.id]
    people: Dict[str, str] = {}
    for one in bars:
        people.setdefault(
            one.user.id,
            one_line(clean(one.user.name, 4 * MAX_NAME_CHARACTERS), MAX_NAME_CHARACTERS),
        )
    if not people:
        raise RejectedInput(
            f"Nobody is on call by {one_line(clean(name, 100))} within {count} days: "
            "nothing to draw"
        )
    if len(people) > MAX_PEOPLE:
        raise RejectedInput(
            f"{len(people)} people are on call in {count} days, a picture has room for "
            f"{MAX_PEOPLE}"
        )
    return _drawn(
        name,
        bars,
        people,
        marks,
        now,
        where,
        f"{label(first)} {first.year}, {count} days, {zone}; dashed: now",
    )


def _drawn(
    name: str,
    bars: Sequence[ScheduleEntry],
    people: Dict[str, str],
    marks: Sequence[float],
    now: float,
    where: tzinfo,
    caption: str,
) -> bytes:
    def draw(figure: Any) -> None:
        axes = drawing.plain_axes(figure.add_subplot(111))
        lines = {id: number for number, id in enumerate(people)}
        for one in bars:
            line = lines[one.user.id]
            left = max(one.start, marks[0])
            axes.barh(
                line + 0.2,
                one.end - left,
                left=left,
                height=0.42,
                color=COLORS[line % len(COLORS)],
                edgecolor=drawing.BACKGROUND,
            )
        for line, text in enumerate(people.values()):
            drawing.label(axes, marks[0], line - 0.05, text)
        axes.axvline(now, color=INK, linewidth=1.4, linestyle="--")
        axes.set_xlim(marks[0], marks[-1])
        axes.set_ylim(len(people) - 0.5, -0.6)
        axes.set_yticks([])
        axes.set_xticks(marks)
        axes.set_xticklabels(
            _labels([datetime.fromtimestamp(at, where).date() for at in marks]),
            ha="left",
            fontsize=TEXT_POINTS,
            color=INK,
        )
        axes.grid(axis="x", color=drawing.FAINT, linewidth=0.6)
        whose = literal(one_line(clean(name, 400), MAX_TITLE_CHARACTERS))
        drawing.title(axes, f"On call: {whose}")
        axes.set_xlabel(literal(caption), loc="left", fontsize=TEXT_POINTS, color=INK)

    return drawing.drawn(1.4 + 0.62 * len(people), draw)


def _labels(days: Sequence[date]) -> List[str]:
    """Of each day, or of every second, third …: "Fri 27". The last mark is only the end."""
    step = -(-(len(days) - 1) // MAX_LABELS)
    return [
        label(day).rpartition(" ")[0] if not number % step and number < len(days) - 1 else ""
        for number, day in enumerate(days)
    ]
