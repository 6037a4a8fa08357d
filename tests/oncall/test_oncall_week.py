"""oncall.week and oncall.picture: the days ahead as a table and as a picture; and both from
chat."""

# flake8: noqa: E203,W503

from __future__ import annotations

import importlib.util
import io
import logging
import subprocess
import sys
import textwrap
from typing import Any
from unittest.mock import patch

import pytest
from chat_case import ChatCase
from oncall_case import DAY, HOUR, OnCallCase, moment
from pack_files import ROOT

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core import drawing, times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall import picture
from pagerduty_mattermost.oncall.rotation import ScheduleEntry

needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None,
    reason="matplotlib is not installed (requirements-pictures.txt)",
)
PNG = b"\x89PNG\r\n\x1a\n"


class WeekTestCase(OnCallCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.schedule("Days", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9))
        window = {
            "type": "daily_restriction",
            "start_time_of_day": "20:00:00",
            "duration_seconds": 10 * HOUR,
        }
        self.schedule("Nights", ["Grace Hopper"], start=moment(2026, 11, 1), windows=[window])

    def test_who_has_which_day_and_when_it_is_handed_over(self) -> None:
        result = self.done("oncall.week", schedules="Days, Nights", days=3)
        nights = "Grace Hopper · 06:00 nobody · 20:00 Grace Hopper"
        assert result["message"].split("\n") == [
            "On call for 3 days, times in Europe/Berlin:",
            "",
            "| day | Days | Nights |",
            "| --- | --- | --- |",
            "| Mon 23 Nov | Mei Tanaka | nobody · 20:00 Grace Hopper |",
            f"| Tue 24 Nov | Mei Tanaka · 09:00 Olu Adeyemi | {nights} |",
            f"| Wed 25 Nov | Olu Adeyemi · 09:00 Mei Tanaka | {nights} |",
        ]
        first, second = result["schedules"]
        assert [one["user"]["name"] for one in first["oncalls"]] == [
            "Mei Tanaka",
            "Olu Adeyemi",
            "Mei Tanaka",
        ]
        assert second["oncalls"][0]["user"] == {"id": "", "name": ""}
        assert "post_id" not in result
        assert self.messages() == []

    def test_an_override_is_in_it(self) -> None:
        self.account.cover("Days", "Ada Lovelace", 3 * HOUR)
        text = self.done("oncall.week", schedules=["Days"], days=1)["message"]
        assert text.endswith("| Mon 23 Nov | Ada Lovelace · 13:00 Mei Tanaka |")

    def test_who_comes_at_midnight_comes_at_a_time_too(self) -> None:
        self.schedule("Dates", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 0))
        text = self.done("oncall.week", schedules="Dates", days=3)["message"]
        assert text.split("\n")[-3:] == [
            "| Mon 23 Nov | Mei Tanaka |",
            "| Tue 24 Nov | 00:00 Olu Adeyemi |",
            "| Wed 25 Nov | 00:00 Mei Tanaka |",
        ]

    def test_posted_once_by_its_key(self) -> None:
        for _ in range(2):
            self.done("oncall.week", schedules="Days", channel="incidents", key="week 48")
        (text,) = self.messages()
        assert text.startswith("On call for 7 days")

    def test_mistakes_and_trouble_are_told(self) -> None:
        assert "Give 1 to 8 schedules" in self.refused("oncall.week", schedules="")
        assert "days must be" in self.refused("oncall.week", schedules="Days", days=36)
        assert "did you mean Days" in self.refused("oncall.week", schedules="Dys")
        self.server.faults.add("status", path="/schedules/", status=500)
        assert "500" in self.refused("oncall.week", schedules="Days")


class PictureTestCase(OnCallCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.schedule("Days", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 20, 9))
        self.wanted = {"schedule": "Days", "channel": "incidents"}

    @needs_matplotlib
    def test_it_is_drawn_and_posted_once_by_its_key(self) -> None:
        first = self.done("oncall.picture", **self.wanted, key="k")
        again = self.done("oncall.picture", **self.wanted, key="k")
        assert (first["already"], again["already"], first["post_id"]) == (
            False,
            True,
            again["post_id"],
        )
        (post,) = self.chat.service.posts("incidents")
        assert post.message == "On call for Days, 14 days"
        (file,) = self.chat.service.state.files.values()
        assert (file.id, file.name) == (post.file_ids[0], "on-call-2026-11-23.png")
        assert file.content.startswith(PNG)

    @needs_matplotlib
    def test_trouble_is_told_and_a_repeated_try_posts_one(self) -> None:
        self.chat.server.faults.add("status", method="POST", path="/files", status=503)
        assert "503" in self.refused("oncall.picture", **self.wanted, key="k")
        self.chat.server.faults.clear()
        self.chat.server.faults.add("lost", method="POST", path="/posts$", times=1)
        self.run_action("oncall.picture", **self.wanted, key="k")
        self.chat.service.forget_pending()
        self.done("oncall.picture", **self.wanted, key="k")
        assert len(self.messages()) == 1

    def test_mistakes_are_told(self) -> None:
        assert "days must be 1 to 35" in self.refused("oncall.picture", **self.wanted, days=36)
        assert "there is no schedule" in self.refused(
            "oncall.picture", schedule="Nope", channel="incidents"
        )

    def test_without_matplotlib_one_line_says_what_to_install(self) -> None:
        with patch.dict(sys.modules, {"matplotlib": None}):
            line = self.refused("oncall.picture", **self.wanted)
        assert "A picture needs matplotlib, which is not installed here" in line
        assert "requirements-pictures.txt" in line
        assert self.messages() == []


def test_nothing_of_matplotlib_is_imported_until_a_picture_is_drawn() -> None:
    code = """
        import sys
        sys.path[:0] = ["actions/lib", "actions/scripts", "standalone/shims"]
        import oncall_picture, oncall_week, oncall_today
        from pagerduty_mattermost.chat.verbs import registry
        from pagerduty_mattermost.oncall import picture, rotation_posts
        assert not [name for name in sys.modules if name.startswith(("matplotlib", "numpy"))]
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], cwd=ROOT, check=True, timeout=60)


def drawn(names: Any, count: int = 7, zone: str = "Europe/Berlin", title: str = "Rota") -> bytes:
    begin = moment(2026, 10, 23, 12)
    found = [
        ScheduleEntry(
            Reference("user", f"P{number}", name),
            begin + number * DAY / 4,
            begin + (number + 1) * DAY / 4,
        )
        for number, name in enumerate(names)
    ]
    return picture.png(title, found, begin, count, times.zone(zone), zone)


def pixels(data: bytes) -> Any:
    from matplotlib import image

    return image.imread(io.BytesIO(data))


@needs_matplotlib
def test_names_of_all_sorts_are_drawn_as_they_are(caplog: pytest.LogCaptureFixture) -> None:
    names = [
        "$x^2$",
        "a $ b",
        r"\frac{1}{0}",
        r"$\undefined{",
        "山田太郎",
        "عمر",
        "🔥",
        "x" * 500,
        "A\nB",
        "",
        "_{",
        "100%",
    ]
    with caplog.at_level(logging.WARNING):
        data = drawn(names, title=r"$\frac{$ & <b>")
    assert data.startswith(PNG)
    assert caplog.records == []
    assert (drawn(["$a$"]) != drawn(["a"])) is True, "a dollar is shown"


@needs_matplotlib
def test_as_many_people_and_days_as_there_is_room_for() -> None:
    shown = pixels(drawn([f"Person {number}" for number in range(30)], 35))
    assert shown.shape[:2] == (3600, 1080)
    with pytest.raises(RejectedInput, match="room for 30"):
        drawn([f"Person {number}" for number in range(31)], 35)
    with pytest.raises(RejectedInput, match="nothing to draw"):
        drawn([])


def luminance(color: Any) -> float:
    """Of red, green and blue from 0 to 1, as WCAG 2 defines it."""
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in color]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: Any, other: Any) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@needs_matplotlib
def test_it_is_read_on_any_ground_and_on_a_telephone() -> None:
    """It brings its own ground; letters and bars are told from it; 350 pixels wide, as a telephone
    shows it, letters are nine pixels high at least."""
    people = [f"Person {number}" for number in range(10)]
    shown = pixels(drawn(people))
    assert shown[:, :, 3].min() == 1.0, "nothing shows through"
    ground = tuple(shown[0, 0, :3])
    assert {tuple(shown[y, x, :3]) for y in (0, -1) for x in (0, -1)} == {ground}
    found = {tuple(one) for one in shown[:, :, :3].reshape(-1, 3)}
    assert max(contrast(one, ground) for one in found) > 12, "letters"
    for color in drawing.COLORS:
        bar = tuple(int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
        assert any(max(abs(a - b) for a, b in zip(bar, one)) < 0.01 for one in found), color
        assert contrast(bar, ground) > 4.5, color
    inches = shown.shape[1] / drawing.DOTS_PER_INCH
    assert 350 / (inches * 72) * drawing.TEXT_POINTS > 9


@needs_matplotlib
def test_the_drawing_leaves_matplotlibs_own_settings_alone() -> None:
    import matplotlib

    with matplotlib.rc_context({"text.usetex": True, "font.family": ["no such font"]}):
        before = dict(matplotlib.rcParams)
        assert drawn(["Ada"]).startswith(PNG)
        assert dict(matplotlib.rcParams) == before


class ChatTestCase(ChatCase):
    __test__ = True

    def test_the_week_of_a_schedule(self) -> None:
        text = self.perform(Command("oncall_week", text="Platform rotation")).message
        assert text.startswith("On call for 7 days, times in UTC:\n\n| day | Platform rotation |")
        assert len(text.split("\n")) == 4 + 7
        assert "there is no schedule 'Nope'" in self.refused("oncall_week", text="Nope")
        assert "of which schedule" in self.refused("oncall_week", text="")

    def test_a_picture_needs_a_channel(self) -> None:
        assert "in which channel" in self.refused("oncall_picture", text="Platform rotation")

    @needs_matplotlib
    def test_a_picture_is_posted_where_it_was_asked_for_once(self) -> None:
        channel = self.sandbox.mattermost.account.channel("incidents")
        said = Command(
            "oncall_picture", text="Platform rotation", channel=channel.id, key="order 1"
        )
        for _ in range(2):
            assert self.perform(said).message == "Posted in ~incidents."
        assert (
            len(
                [
                    post
                    for post in self.sandbox.mattermost.account.posts("incidents")
                    if post.file_ids
                ]
            )
            == 1
        )
