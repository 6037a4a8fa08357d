"""The pictures of the time between tasks and of a report: what is drawn, that names of strangers
are words alone, and that a telephone shows them."""

# flake8: noqa: E203

from __future__ import annotations

import importlib.util
import io
import logging
import subprocess
import sys
import textwrap
from datetime import timezone
from typing import Any, List
from unittest.mock import patch

import pytest
from oncall_case import OnCallCase
from pack_files import ROOT
from runs_world import BEGIN
from test_report import quarter

from pagerduty_mattermost.core import drawing
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews import pictures, showing
from pagerduty_mattermost.reviews.on_call_hours import OnCallHours
from pagerduty_mattermost.reviews.report import report_of
from pagerduty_mattermost.reviews.timeline import TimelineEntry

PNG = b"\x89PNG\r\n\x1a\n"
UTC = timezone.utc
INCIDENT = Incident("PINC1", 12, "Disk $full^2$ <b>")
needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="matplotlib is not installed"
)


def tasks(*minutes: float, words: str = "Ada ticked 1.{n}") -> List[TimelineEntry]:
    return [
        TimelineEntry(BEGIN + at * 60, "task", words.replace("{n}", str(n)), f"act:{n}")
        for n, at in enumerate(minutes)
    ]


def shape(data: bytes) -> Any:
    from matplotlib import image

    return image.imread(io.BytesIO(data))


def colors(data: bytes) -> Any:
    import numpy

    every = numpy.rint(shape(data)[:, :, :3] * 255).astype(int).reshape(-1, 3)
    return {(n >> 16, n >> 8 & 255, n & 255) for n in set((every @ (65536, 256, 1)).tolist())}


def rgb(color: str) -> Any:
    return tuple(int(color[at : at + 2], 16) for at in (1, 3, 5))


@needs_matplotlib
def test_a_bar_for_each_wait_and_the_longest_in_another_colour() -> None:
    data = pictures.gaps_png(INCIDENT, tasks(0, 1, 31, 32), UTC)
    assert data.startswith(PNG)
    assert {rgb(pictures.BAR), rgb(pictures.LONGEST)} <= colors(data)
    shown = shape(data)
    assert shown.shape[1] == drawing.WIDTH_INCHES * drawing.DOTS_PER_INCH
    assert shown[:, :, 3].min() == 1.0, "it brings its own ground"
    longer = pictures.gaps_png(INCIDENT, tasks(*range(50)), UTC)
    assert shape(longer).shape[0] < 4000, "no more than it has room for"


@needs_matplotlib
def test_words_of_strangers_are_drawn_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    hostile = tasks(0, 1, 2, words=r"$\frac{ _{ 山田 🔥 {n}" + "x" * 400 + "\n")
    with caplog.at_level(logging.WARNING):
        assert pictures.gaps_png(INCIDENT, hostile, UTC).startswith(PNG)
    assert caplog.records == []


@needs_matplotlib
def test_long_words_go_on_in_a_second_line_within_the_picture() -> None:
    long = "Grace ticked 1.{n} Say in one sentence what customers of the shop see, and where"
    seen: List[Any] = []

    def label(axes: Any, x: float, y: float, words: str) -> None:
        seen.append((axes, words))
        drawn(axes, x, y, words)

    drawn = drawing.label
    with patch.object(drawing, "label", label):
        higher = shape(pictures.gaps_png(INCIDENT, tasks(0, 1, 2, 3, words=long), UTC)).shape[0]
    said = [words for _, words in seen]
    assert all(words.count("\n") == 1 for words in said)
    assert said[0].replace("\n", " ").endswith("what customers of the shop see, and where")
    assert higher > shape(pictures.gaps_png(INCIDENT, tasks(0, 1, 2, 3), UTC)).shape[0]
    figure = seen[0][0].figure
    boxes = [text.get_window_extent() for text in seen[0][0].texts]
    assert all(box.x1 <= figure.bbox.width for box in boxes)
    tops = sorted(((box.y0, box.y1) for box in boxes), reverse=True)
    assert all(upper[0] >= lower[1] - 2 for upper, lower in zip(tops, tops[1:])), "none overlaps"


@pytest.mark.parametrize("few", [(), (0,), (0, 5)])
def test_too_few_are_no_picture(few: Any) -> None:
    assert not pictures.has_gaps(tasks(*few))
    with pytest.raises(RejectedInput):
        pictures.gaps_png(INCIDENT, tasks(*few), UTC)


@needs_matplotlib
@pytest.mark.parametrize("seed", range(6))
def test_a_report_of_any_quarter_is_drawn(seed: int) -> None:
    report = report_of(*quarter(seed), UTC)
    data = pictures.report_png(report, "1 Sep to 1 Dec 2026 $x$")
    assert data.startswith(PNG)
    assert rgb(pictures.BAR) in colors(data)
    assert shape(data).shape[0] < 4000


@needs_matplotlib
def test_hours_on_call_are_bars_of_their_own_below() -> None:
    of_it = quarter(3)
    without = shape(pictures.report_png(report_of(*of_it, UTC), "x")).shape[0]
    heights = []
    for count in (1, 3, 40):
        hours = {f"$x$ {n} 🔥": 100.0 - n for n in range(count)}
        report = report_of(*of_it, UTC, OnCallHours(hours))
        heights.append(shape(pictures.report_png(report, "x")).shape[0])
    assert without < heights[0] < heights[1] < heights[2] < 4000
    unknown = report_of(*of_it, UTC, OnCallHours({}, "PagerDuty does not tell"))
    assert shape(pictures.report_png(unknown, "x")).shape[0] == without


def test_a_time_without_incidents_is_no_picture() -> None:
    with pytest.raises(RejectedInput, match="nothing to draw"):
        pictures.report_png(report_of([], [], UTC), "x")


def test_without_matplotlib_one_line_says_what_to_install() -> None:
    with patch.dict(sys.modules, {"matplotlib": None}):
        assert not drawing.can_draw()
        with pytest.raises(ConfigError, match="requirements-pictures.txt"):
            pictures.gaps_png(INCIDENT, tasks(0, 1, 2), UTC)


def test_nothing_of_matplotlib_is_imported_until_a_picture_is_drawn() -> None:
    code = """
        import sys
        sys.path[:0] = ["actions/lib", "actions/scripts", "standalone/shims"]
        import review_act, retro_act
        from pagerduty_mattermost.reviews import by_hand, pictures, retrospectives
        from pagerduty_mattermost.core import drawing
        drawing.can_draw()
        assert not [name for name in sys.modules if name.startswith(("matplotlib", "numpy"))]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, check=True, timeout=60)


def test_a_web_page_draws_the_waits_by_itself() -> None:
    page = showing.as_file("html", INCIDENT, tasks(0, 1, 31, words="<b>{n}</b>"), UTC)
    assert "<h2>Time between tasks</h2>" in page
    assert [width in page for width in ("width:3%", "width:100%")] == [True, True]
    assert "<b>" not in page
    assert "<script" not in page
    assert "Time between" not in showing.as_file("html", INCIDENT, tasks(0), UTC)


class ReportPicture(OnCallCase):
    __test__ = True

    @needs_matplotlib
    def test_a_report_is_posted_with_its_picture_once(self) -> None:
        self.account.trigger("Checkout API", "Disk full")
        self.at(self.now + 60)
        given = {"since": "2h", "channel": "incidents", "picture": True}
        first = self.done("report.incidents", **given)
        again = self.done("report.incidents", **given)
        assert first["post_id"] == again["post_id"]
        (file,) = self.chat.service.state.files.values()
        assert file.name.startswith("report-")
        assert file.content.startswith(PNG)
        (post,) = self.chat.service.posts("incidents")
        assert post.file_ids == [file.id]

    def test_without_a_channel_there_is_nowhere_to_post_it(self) -> None:
        assert "name a channel" in self.refused("report.incidents", since="2h", picture=True)
