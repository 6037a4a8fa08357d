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
MAX_NAME_CHARACTERS, MAX_TITLE_CHARACTERS = 32, 36
"""Characters of a person's name, and of the schedule's."""
BACKGROUND, INK, FAINT = "#1f2530", "#f2f4f8", "#566075"
"""A ground of its own, on which it is read in Mattermost's light themes and in its dark ones."""
COLORS = (
    "#56b4e9",
    "#f5a623",
    "#3fcf9a",
    "#f2e35c",
    "#ff8a75",
    "#c9a0ff",
    "#a6d854",
    "#ff9fcb",
    "#7fdbda",
    "#d2bd96",
)
"""One a line; each is told from the ground."""
WIDTH_INCHES, DOTS_PER_INCH = 6.0, 180
TEXT_POINTS, TITLE_POINTS = 12, 14
"""A telephone shows the whole width on about 350 pixels: its letters are 10 pixels high then."""
FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "Noto Sans Arabic",
    "Noto Sans Hebrew",
    "WenQuanYi Zen Hei",
)
"""For what DejaVu Sans (matplotlib's own) has no letters, where the machine has them."""
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
    matplotlib = _library()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    options = {"text.usetex": False, "font.family": _fonts(), "axes.unicode_minus": False}
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(options)
        warnings.simplefilter("ignore")  # a letter that no font has is drawn as a box
        figure = Figure(
            figsize=(WIDTH_INCHES, 1.4 + 0.62 * len(people)),
            dpi=DOTS_PER_INCH,
            facecolor=BACKGROUND,
        )
        canvas = FigureCanvasAgg(figure)
        axes: Any = figure.add_subplot(111, facecolor=BACKGROUND)
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
                edgecolor=BACKGROUND,
            )
        for line, text in enumerate(people.values()):
            axes.text(
                marks[0],
                line - 0.05,
                _literal(text),
                color=INK,
                fontsize=TEXT_POINTS,
                verticalalignment="bottom",
                bbox={"facecolor": BACKGROUND, "edgecolor": "none", "pad": 1},
            )
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
        axes.grid(axis="x", color=FAINT, linewidth=0.6)
        axes.set_axisbelow(True)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
        axes.spines["bottom"].set_color(FAINT)
        axes.tick_params(length=0)
        title = _literal(one_line(clean(name, 400), MAX_TITLE_CHARACTERS))
        axes.set_title(
            f"On call: {title}", loc="left", fontsize=TITLE_POINTS, fontweight="bold", color=INK
        )
        axes.set_xlabel(_literal(caption), loc="left", fontsize=TEXT_POINTS, color=INK)
        figure.tight_layout()
        out = io.BytesIO()
        canvas.print_png(out)
    return out.getvalue()


def _labels(days: Sequence[date]) -> List[str]:
    """Of each day, or of every second, third …: "Fri 27". The last mark is only the end."""
    step = -(-(len(days) - 1) // MAX_LABELS)
    return [
        label(day).rpartition(" ")[0] if not number % step and number < len(days) - 1 else ""
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
