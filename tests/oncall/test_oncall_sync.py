"""oncall.sync: headers of channels in step with who is on call, nothing else is touched; what
stumbles; the rate limit."""

from __future__ import annotations

from typing import Any
from unittest import mock

from oncall_case import HOUR, moment
from oncall_sync_case import ROTA, SyncCase

from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE as ZW
from pagerduty_mattermost.gateways.pagerduty import rate_brake
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import sync
from pagerduty_mattermost.oncall.channel_header import BEGIN, END
from pagerduty_mattermost.oncall.sync import OnCallSynchronizer

NOTHING = {"changed": [], "problems": [], "message": "Changed: 0."}


def ours(names: str, apart: bool = False) -> str:
    return f"{BEGIN}{' | ' if apart else ''}On call: {names}{END}"


class HeaderTestCase(SyncCase):
    __test__ = True

    def test_the_name_stands_beside_what_people_wrote_and_changes_with_the_turn(self) -> None:
        self.channel.header = "Runbook: [wiki](https://wiki.example.com)"
        terms = {"headers": {"checkout": ROTA}}
        assert self.sync(**terms)["changed"] == ["header of ~checkout"]
        assert self.header() == "Runbook: [wiki](https://wiki.example.com)" + ours(
            f"@{ZW}mei", True
        )
        self.channel.header += " Second line"
        self.tomorrow()
        self.sync()
        wanted = (
            "Runbook: [wiki](https://wiki.example.com)" + ours(f"@{ZW}olu", True) + " Second line"
        )
        assert self.header() == wanted

    def test_nobody_is_told_anything_while_the_turn_lasts(self) -> None:
        self.sync(headers={"checkout": ROTA})
        for _ in range(10):
            self.at(self.now + 2 * HOUR)
            assert self.sync() == NOTHING
        assert self.changes() == 1
        self.at(self.now + 4 * HOUR)
        self.sync()
        self.sync()
        assert self.changes() == 2

    def test_a_day_on_which_the_clocks_change_has_one_change(self) -> None:
        self.begins(self.rota, moment(2026, 10, 24, 9))
        self.at(moment(2026, 10, 24, 9, 30))
        self.sync(headers={"checkout": ROTA})
        while self.now < moment(
            2026, 10, 25, 8, 45
        ):  # 25 hours later by the clocks that went back
            self.at(self.now + HOUR / 4)
            self.sync()
        assert (self.changes(), f"@{ZW}mei" in self.header()) == (1, True)
        while self.now < moment(2026, 10, 26, 8, 45):
            self.at(self.now + HOUR / 4)
            self.sync()
        assert (self.changes(), f"@{ZW}olu" in self.header()) == (2, True)

    def test_what_people_wrote_comes_back_as_they_wrote_it(self) -> None:
        text = "a\r\nb ~=~=~= %*****__%NONE%__*****% @channel \u202e {{ x }}"
        self.channel.header = text
        self.sync(headers={"checkout": ROTA})
        assert self.header() == text + ours(f"@{ZW}mei", True)

    def test_a_channel_by_two_names_does_not_change_for_ever(self) -> None:
        other = {"headers": {"checkout": ROTA, "ops/checkout": "Payments escalation"}}
        for _ in range(3):
            (line,) = self.sync(
                **other, members={"~checkout": ROTA, self.channel.id: "Payments escalation"}
            )["problems"][:1]
            assert "names the channel ~checkout twice in oncall" in line
        assert self.changes() == 1
        assert self.members("checkout") == ["ada", "mei", "pagerduty"]

    def test_an_override_is_who_is_on_call(self) -> None:
        self.sync(headers={"checkout": "Morning escalation"})
        self.account.cover(ROTA, "Grace Hopper", HOUR)
        self.sync()
        assert self.header() == ours(f"@{ZW}grace")
        self.at(self.now + HOUR)
        self.sync()
        assert self.header() == ours(f"@{ZW}mei")

    def test_a_name_that_is_both_is_told_apart_by_its_kind(self) -> None:
        self.policy(ROTA, [("user", self.user("Ada Lovelace"))])
        self.sync(headers={"checkout": f"policy:{ROTA}", "ops": f"schedule: {ROTA}"})
        assert self.header() == ours(f"@{ZW}ada")
        assert self.chat.service.channel("ops").header == ours(f"@{ZW}mei")

    def test_a_purpose_is_plain_text_and_short(self) -> None:
        self.account.find("users", "Mei Tanaka").update(name="Mei_T*", email="nobody@example.com")
        self.channel.purpose = "x" * 190
        self.sync(headers={"checkout": ROTA}, header_field="purpose")
        assert self.channel.purpose == "x" * 190 + ours("Mei_T*", True)
        self.channel.purpose = "y" * 245
        result = self.sync()
        assert self.channel.purpose == "y" * 245
        assert result["problems"] == [
            "There is no room for who is on call in the purpose of ~checkout"
        ]
        self.sync()
        assert self.complaints() == 1

    def test_where_pagerduty_can_not_tell_nothing_changes_and_the_run_fails(self) -> None:
        self.sync(headers={"checkout": ROTA})
        self.tomorrow()
        before = self.header()
        for kind, more in (
            ("status", {"status": 500}),
            ("drop", {}),
            ("html", {}),
            ("bad_json", {}),
        ):
            self.server.faults.add(kind, path="/oncalls", **more)
            assert "PagerDuty" in self.refused("oncall.sync")
            assert self.header() == before
            self.server.faults.clear()
        self.sync()
        assert f"@{ZW}olu" in self.header()

    def test_where_mattermost_fails_the_next_run_makes_up_for_it(self) -> None:
        self.settings["oncall"] = {"headers": {"checkout": ROTA, "ops": ROTA}}
        self.chat.server.faults.add(
            "status", method="PUT", path=f"{self.channel.id}/patch", status=503
        )
        assert "503" in self.refused("oncall.sync")
        assert self.chat.service.channel("ops").header, "the other one has it"
        self.chat.server.faults.clear()
        assert self.sync()["changed"] == ["header of ~checkout"]
        self.chat.server.faults.add("lost", method="PUT", path="/patch", times=1)
        self.tomorrow()
        self.sync()
        assert self.changes() == 2, "what was done but not answered is not done again"

    def test_a_missing_right_is_told_once_in_one_line(self) -> None:
        self.chat.service.deny("channel_user", "manage_public_channel_properties")
        for _ in range(3):
            (line,) = self.sync(headers={"checkout": ROTA})["problems"]
            assert line.startswith(
                "The bot @pagerduty may not change the header of ~checkout: an "
                "administrator has to"
            )
        assert self.complaints() == 1

    def test_a_bot_that_was_removed_comes_back_in(self) -> None:
        self.sync(headers={"checkout": ROTA})
        self.chat.service.remove_member("checkout", "pagerduty")
        self.tomorrow()
        assert self.sync()["changed"] == ["header of ~checkout"]

    def test_mistakes_of_the_configuration_are_told_and_the_others_are_done(self) -> None:
        self.chat.service.archive("incidents-p1")
        terms = {"checkout": ROTA, "ops": "Mornigs", "incidents-p1": ROTA, "nowhere": ROTA}
        result = self.sync(headers=terms)
        assert result["changed"] == ["header of ~checkout"]
        told = "\n".join(result["problems"])
        for part in (
            "there is no schedule or escalation policy 'Mornigs'",
            "~incidents-p1 ",
            "nowhere",
        ):
            assert part in told
        self.sync()
        assert self.complaints() == 3

    def test_requests_are_as_few_as_there_are_kinds_not_schedules(self) -> None:
        names = [f"Rota {number}" for number in range(8)]
        for name in names:
            made = self.schedule(name, ["Mei Tanaka"], start=moment(2026, 11, 1))
            self.policy(f"{name} escalation", [("schedule", made["id"])])
            self.chat.service.add_channel(name.lower().replace(" ", "-"))
        ids = [self.id("schedules", name) for name in names]
        self.settings["oncall"] = {
            "headers": {f"rota-{number}": id for number, id in enumerate(ids)}
        }
        before = self.requests()
        assert len(self.sync()["changed"]) == 8
        assert [path for path in self.sent()[before:] if "/oncalls" in path] == ["GET /oncalls"]

    def test_nothing_configured_asks_nobody(self) -> None:
        before = self.requests() + len(self.chat.journal.entries)
        assert self.sync() == NOTHING
        assert self.requests() + len(self.chat.journal.entries) == before


class StumblingTestCase(SyncCase):
    """What nobody foresaw costs its own part, and is told."""

    __test__ = True

    def test_one_header_that_stumbles_leaves_the_others_and_the_members(self) -> None:
        original = OnCallSynchronizer._paint

        def paint(run: Any, channel: Any, *more: Any) -> Any:
            return {}["x"] if channel.name == "checkout" else original(run, channel, *more)

        self.chat.service.add_channel("on-call", "On call")
        terms = {
            "headers": {"checkout": ROTA, "incidents": ROTA},
            "members": {"on-call": ROTA},
        }
        with mock.patch.object(OnCallSynchronizer, "_paint", paint):
            result = self.sync(**terms)
            self.sync()
        assert result["changed"][0] == "header of ~incidents"
        assert len(result["changed"]) == 2
        assert result["problems"][0].startswith("header:checkout: Unexpected KeyError")
        assert self.complaints() == 1
        assert self.sync()["changed"] == ["header of ~checkout"]

    def test_one_target_whose_on_calls_stumble_changes_nothing(self) -> None:
        self.sync(headers={"checkout": ROTA})
        before = self.header()
        self.tomorrow()
        with mock.patch.object(sync, "present_at", side_effect=KeyError("x")):
            result = self.sync()
        assert (result["changed"], self.header()) == ([], before)
        assert result["problems"] == [one for one in result["problems"] if "KeyError" in one]
        assert self.sync()["changed"] == ["header of ~checkout"]


class RateTestCase(SyncCase):
    __test__ = True

    def test_it_gives_way_while_the_rate_limit_runs_out_but_not_for_ever(self) -> None:
        store = Store(self.get_action_instance(config=self.settings).action_service)
        began, before = self.now, self.requests()
        self.settings["oncall"] = {"headers": {"checkout": ROTA}}
        for minute in (0, 5, 9):
            self.at(began + 60 * minute)
            rate_brake.note(store, RateLimit(960, 100, 60.0), self.now)
            assert "it waits for the next run" in self.sync()["message"]
        assert self.requests() == before
        self.at(began + 600)
        rate_brake.note(store, RateLimit(960, 100, 60.0), self.now)
        assert self.sync()["changed"] == ["header of ~checkout"]
