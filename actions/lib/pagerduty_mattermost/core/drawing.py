"""Pictures (PNG) as all of this pack are: on a ground of their own, read on a telephone. With
matplotlib.

    png = drawn(4.2, draw)           # draw(figure) makes its axes; 4.2: inches high

matplotlib is an optional requirement (requirements-pictures.txt), imported only when a picture is
asked for; its own state (pyplot, styles, a user's matplotlibrc) is not touched. Words are shown as
they are: no mathematics between `$` (`literal`).
"""

from __future__ import annotations

import io
import logging
import warnings
from importlib.util import find_spec
from typing import Any, Callable, List

from pagerduty_mattermost.core.errors import ConfigError

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
"""Each is told from the ground."""
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


def can_draw() -> bool:
    """Whether matplotlib is installed, without importing it."""
    return find_spec("matplotlib") is not None


def drawn(height_inches: float, draw: Callable[[Any], None]) -> bytes:
    """`draw` is given the figure. Raises ConfigError where matplotlib is missing."""
    matplotlib = _library()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    options = {"text.usetex": False, "font.family": _fonts(), "axes.unicode_minus": False}
    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(options)
        warnings.simplefilter("ignore")  # a letter that no font has is drawn as a box
        figure = Figure(
            figsize=(WIDTH_INCHES, height_inches), dpi=DOTS_PER_INCH, facecolor=BACKGROUND
        )
        canvas = FigureCanvasAgg(figure)
        draw(figure)
        figure.tight_layout()
        out = io.BytesIO()
        canvas.print_png(out)
    return out.getvalue()


def plain_axes(axes: Any) -> Any:
    """Axes without a frame, but for the line below."""
    axes.set_facecolor(BACKGROUND)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)
    axes.tick_params(length=0, colors=INK, labelsize=TEXT_POINTS)
    axes.set_axisbelow(True)
    return axes


def title(axes: Any, words: str) -> None:
    """Words above a picture, at its left."""
    axes.set_title(words, loc="left", fontsize=TITLE_POINTS, fontweight="bold", color=INK)


def label(axes: Any, x: float, y: float, words: str) -> None:
    """Words above a bar."""
    axes.text(
        x,
        y,
        literal(words),
        color=INK,
        fontsize=TEXT_POINTS,
        verticalalignment="bottom",
        bbox={"facecolor": BACKGROUND, "edgecolor": "none", "pad": 1},
    )


def literal(text: str) -> str:
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
