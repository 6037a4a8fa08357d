"""oncall.watch tells people of a shift that begins soon, once."""

# flake8: noqa: W503

from __future__ import annotations

from chat_run import ChatRun
from oncall_case import moment
from oncall_watch_case import OLU, WatchCase


class ReminderTestCase(WatchCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.terms(remind_before=30)

    def test_a_shift_is_announced_half_an_hour_before_once(self) -> None:
        self.look()
        self.look(moment(2026, 11, 24, 8, 29))
        assert self.told("olu") == []
        for minute in (30, 31, 45, 59):
            self.look(moment(2026, 11, 24, 8, minute))
        assert self.told("olu") == [
            ":alarm_clock: Your shift for **Mornings** begins in 30 min (24 Nov 2026 09:00 "
            "CET) and lasts until "
            "25 Nov 2026 09:00 CET."
        ]
        self.look(moment(2026, 11, 24, 9))
        assert (len(self.told("olu")), self.told("mei")[1:]) == (2, [])

    def test_one_that_fails_is_tried_again_until_the_shift_begins(self) -> None:
        self.look()
        self.chat.server.faults.add("status", method="POST", status=503)
        assert self.look(moment(2026, 11, 24, 8, 40))["reminders"] == 0
        self.chat.server.faults.clear()
        assert self.done("deadletter.list")["letters"] == []
        assert self.look(moment(2026, 11, 24, 8, 50))["reminders"] == 1
        assert "begins in 10 min" in self.told("olu")[0]

    def test_who_said_notify_off_is_told_nothing_and_on_again(self) -> None:
        def says(text: str) -> str:
            self.action_cls = ChatRun
            succeeded, result = self.get_action_instance(config=dict(self.settings)).run(
                verb="notify", text=text, user="olu"
            )
            assert succeeded, result
            return str(result["message"])

        assert "get a direct message" in says("")
        assert "no direct messages about" in says("off")
        assert "no direct messages about" in says("")
        self.look()
        self.look(moment(2026, 11, 24, 8, 40))
        self.look(moment(2026, 11, 24, 9, 1))
        assert (self.told("olu"), len(self.told("mei")), len(self.messages())) == ([], 1, 1)
        assert "get a direct message" in says("on")
        self.look(moment(2026, 11, 25, 9, 1))
        assert len(self.told("olu")) == 1

    def test_where_nobody_is_told_in_private_the_channel_is(self) -> None:
        self.terms(direct_messages=False)
        self.look()
        self.look(moment(2026, 11, 24, 8, 40))
        self.look(moment(2026, 11, 24, 8, 41))
        assert self.messages() == [
            f":alarm_clock: {OLU}'s shift for **Mornings** begins in 20 min (24 Nov 2026 "
            "09:00 CET) and lasts until "
            "25 Nov 2026 09:00 CET."
        ]
        assert self.told("olu") == []

    def test_whom_mattermost_does_not_know_is_complained_of_once(self) -> None:
        self.chat.service.activate("olu", False)
        self.look()
        for minute in (40, 41):
            self.look(moment(2026, 11, 24, 8, minute))
        self.look(moment(2026, 11, 24, 9, 1))
        assert (
            len(
                [
                    text
                    for text in self.messages("ops")
                    if "Olu Adeyemi could not be notified" in text
                ]
            )
            == 1
        )
