"""What people read in chat while a server is away: what is away, since when, what became of their
command and what to do; nothing of requests."""

from __future__ import annotations

from datetime import timezone
from typing import Any, Callable

import pytest
from chat_sensor_case import TOKEN, ChatSensorCase
from dateutil import tz

from pagerduty_mattermost.chat import away
from pagerduty_mattermost.core.errors import (
    NotFound,
    RetryLater,
    WrongParameter,
    goes_on,
    reworded,
)
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.sensor.health import SensorHealth

TECHNICAL = ("GET ", "PUT ", "POST ", "/users", "/incidents", "HTTP", "Error")


def error(status: int = 0, **more: Any) -> RetryLater:
    line = "PagerDuty GET /incidents: api.pagerduty.com:443: no connection (refused)"
    made = RetryLater(line, status=status or None, **more)
    return made.of_service("PagerDuty GET /incidents", "does not answer (no connection)")


@pytest.mark.parametrize(
    ("given", "acts", "since", "end"),
    [
        (error(), False, "", "does not answer (no connection). Ask again in a minute."),
        (
            error(),
            False,
            "05:59",
            "(no connection), since 05:59. Ask again when ~ops says that it is back.",
        ),
        (
            error(),
            True,
            "05:59",
            "since 05:59. Nothing was changed, and nothing is repeated by itself: do it in "
            "PagerDuty's own app, or here when ~ops says that it is back.",
        ),
        (
            error(maybe_done=True),
            True,
            "",
            "(no connection). It is not known whether it was done: check before you repeat it.",
        ),
    ],
)
def test_one_line_says_all_of_it(given: RetryLater, acts: bool, since: str, end: str) -> None:
    said = away.said(given, acts=acts, since=since, told_in="~ops")
    assert said.startswith("PagerDuty does not answer (no connection)")
    assert said.endswith(end)


def test_a_line_that_goes_on_keeps_its_words_for_people() -> None:
    line, words = goes_on(error(), "the rest is done")
    assert line.startswith("PagerDuty GET /incidents: ")
    assert words == "PagerDuty does not answer (no connection); the rest is done"
    assert reworded(error(), "Nobody was paged").in_chat == "Nobody was paged"
    assert NotFound("there is none").in_chat == "there is none"
    wrong = reworded(WrongParameter("channel", "there is none"), "say another")
    assert isinstance(wrong, WrongParameter)
    assert (wrong.parameter, str(wrong)) == ("channel", "say another")


class TestServerAway(ChatSensorCase):
    __test__ = True

    def command(self, text: str) -> Any:
        """What comes of it; it is answered in a direct message, as without a response_url."""
        form = {"token": TOKEN, "command": "/pd", "text": text, "user_id": self.user_id()}
        form["user_name"] = "ada"
        answer = self.post("/command", data=form, headers={"Authorization": "Token " + TOKEN})
        assert answer.status_code == 200
        return self.handle()

    def say(self, text: str) -> str:
        done, line = self.command(text)
        assert done is False
        assert "PagerDuty" in line, "the log names the request"
        return self.direct_messages()[-1]

    def assert_plain(self, said: str) -> None:
        assert "\n" not in said
        assert not any(word in said for word in TECHNICAL), said

    def each_trouble(self, check: Callable[[str], None]) -> None:
        faults = self.sandbox.pagerduty.faults
        for kind, terms in (
            ("status", {"status": 503}),
            ("status", {"status": 429, "retry_after": 1}),
            ("drop", {}),
            ("html", {}),
            ("empty", {}),
            ("truncate", {}),
        ):
            faults.add(kind, **terms)
            check(kind)
            faults.clear()

    def test_of_each_trouble(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.say_well(one)

        def check(kind: str) -> None:
            said = self.say(f"show {one.number}")
            self.assert_plain(said)
            assert said.startswith(":warning: PagerDuty "), (kind, said)
            assert said.endswith("Ask again in a minute."), (kind, said)

        self.each_trouble(check)

    def say_well(self, one: Any) -> None:
        """Who asks is known from now on."""
        assert self.command(f"show {one.number}")[0] is True

    def test_since_when_is_said_where_the_sensor_has_said_it(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.config["time_zone"] = "Europe/Berlin"
        self.config["mattermost"]["operations_channel"] = "ops"
        self.say_well(one)
        told = {"pagerduty": {"since": "2026-11-21T03:59:02Z", "at": 1.0, "reason": "away"}}
        Store(self.sensor_service).write("sensor.heartbeat", {"told": told})
        self.sandbox.pagerduty.faults.add("status", status=503)
        said = self.say(f"ack {one.number}")
        self.assert_plain(said)
        assert "PagerDuty has trouble (503), since 21 Nov" in said
        assert "04:59. Nothing was changed, and nothing is repeated by itself" in said
        assert "or here when ~ops says that it is back." in said.replace("\u200b", "")

    def test_its_host_is_named_where_there_is_no_connection(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.say_well(one)
        address = self.sandbox.pagerduty.url.partition("//")[2]
        self.sandbox.pagerduty.stop()
        said = self.say("list")
        assert f"PagerDuty does not answer (no connection to {address})" in said.replace(
            "\u200b", ""
        )
        self.assert_plain(said)
        listed = self.command("deadletters")[1]["message"]
        assert "GET" not in listed


def test_times_of_a_sensors_problem_are_in_the_configured_zone() -> None:
    health = SensorHealth()
    assert health.zone == timezone.utc
    health.zone = tz.gettz("Europe/Berlin") or timezone.utc
    health.failed(
        "pagerduty",
        "PagerDuty has trouble (503)",
        0,
        last_good="2026-12-01T05:00:02Z",
        at_once=True,
    )
    (notice,) = health.due(0, 1_796_100_030.0)
    assert notice.text.startswith(
        ":warning: **PagerDuty can't be read since 06:00.** PagerDuty has"
    )
    assert "2026-12-01T" not in notice.text
    assert notice.since == "2026-12-01T05:00:02Z"
    health.mark_reported(notice, 1_796_100_030.0)
    health.good("pagerduty")
    (over,) = health.due(60, 1_796_100_090.0)
    assert over.text == (
        ":white_check_mark: **PagerDuty can be read again.** It failed since 06:00."
    )
