"""A schedule's rotation as a picture: a line a person, a bar for each time on call (PNG,
matplotlib).

matplotlib is an optional requirement (requirements-pictures.txt), imported only when a picture is
asked for; its own state (pyplot, styles, a user's matplotlibrc) is not touched. Names are shown as
they are: no mathematics between `$`.
"""

from __future__ import annotations

import io
import logging
import warnings
from datetime import date, datetime, tzinfo
from typing import Any, Dict, List, Sequence

from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.oncall import rotation
from pagerduty_mattermost.oncall.rotation import ScheduleEntry
from pagerduty_mattermost.oncall.week import label

MAX_PICTURE_DAYS, MAX_PEOPLE = 35, 30
MAX_NAME = 32
"""Characters of a person's name."""
COLORS = (
    "#1f77b4",
    "#ff7f0e",
    "#2ca02c",
    "#d62728",
    "#9467bd",
    "#8c564b",
    "#e377c2",
    "#7f7f7f",
    "#bcbd22",
    "#17becf",
)
FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "WenQuanYi Zen Hei",
)
"""For what DejaVu Sans (matplotlib's own) has no letters, where the machine has them."""
MAX_LABELS = 16
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
        people.setdefault(one.user.id, one_line(clean(one.user.name, 4 * MAX_NAME), MAX_NAME))
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
        f"{label(first)} {first.year}, {count} days, times in {zone}",
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
    matplotlib = _library()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    options = {"text.usetex": False, "font.family": _fonts(), "axes.unicode_minus": False}
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(options)
        warnings.simplefilter("ignore")  # a letter that no font has is drawn as a box
        figure = Figure(figsize=(12, 1.6 + 0.42 * len(people)), dpi=100)
        canvas = FigureCanvasAgg(figure)
        axes: Any = figure.add_subplot(111)
        lines = {id: number for number, id in enumerate(people)}
        for one in bars:
            line = lines[one.user.id]
            left = max(one.start, marks[0])
            axes.barh(
                line,
                one.end - left,
                left=left,
                height=0.6,
                color=COLORS[line % len(COLORS)],
                edgecolor="white",
            )
        axes.axvline(now, color="#d24b4e", linewidth=1.2, linestyle="--")
        axes.set_xlim(marks[0], marks[-1])
        axes.set_ylim(len(people) - 0.5, -0.5)
        axes.set_yticks(range(len(people)))
        axes.set_yticklabels([_literal(text) for text in people.values()])
        axes.set_xticks(marks)
        axes.set_xticklabels(
            _labels([datetime.fromtimestamp(at, where).date() for at in marks]),
            ha="left",
            fontsize=8,
        )
        axes.grid(axis="x", color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.tick_params(length=0)
        title = _literal(one_line(clean(name, 400), 80))
        axes.set_title(f"On call: {title}", loc="left", fontsize=12, fontweight="bold")
        axes.set_xlabel(_literal(caption), loc="right", fontsize=8, color="#555555")
        figure.tight_layout()
        out = io.BytesIO()
        canvas.print_png(out)
    return out.getvalue()


def _labels(days: Sequence[date]) -> List[str]:
    """Of each day, or of every second, third …; the last mark is only the end."""
    step = -(-(len(days) - 1) // MAX_LABELS)
    return [
        label(day) if not number % step and number < len(days) - 1 else ""
        for number, day in enumerate(days)
    ]


def _literal(text: str) -> str:
    """`$` begins mathematics, unless it is escaped."""
    return text.replace("$", r"\$")


def _library() -> Any:
    """Raises ConfigError saying what to install."""
    try:
        import matplotlib
    except ImportError:
        raise ConfigError(
            "A picture needs matplotlib, which is not installed here: "
            "/opt/stackstorm/virtualenvs/pagerduty/bin/pip install -r "
            "requirements-pictures.txt (of the pack's folder)"
        ) from None
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # of fonts it does not find
    return matplotlib


def _fonts() -> List[str]:
    from matplotlib import font_manager

    known = {font.name for font in font_manager.fontManager.ttflist}
    return ["DejaVu Sans", *(font for font in FONTS if font in known)]
