"""oncall.sync: headers, channel members and user groups in step with who is on call; nothing else
is touched."""

from __future__ import annotations

from typing import Any, Dict
from unittest import mock

from oncall_case import DAY, HOUR, OnCallCase, moment

from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE as ZW
from pagerduty_mattermost.gateways.pagerduty import rate_brake
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import sync
from pagerduty_mattermost.oncall.channel_header import BEGIN, END
from pagerduty_mattermost.oncall.sync import OnCallSynchronizer
from sandbox.mattermost.versions import VERSIONS

ROTA = "Mornings"
NOTHING = {"changed": [], "problems": [], "message": "Changed: 0."}


def ours(names: str, apart: bool = False) -> str:
    return f"{BEGIN}{' | ' if apart else ''}On call: {names}{END}"


class SyncCase(OnCallCase):
    """A rota that Mei and Olu have by turns, a day each from 9:00 on; it is Monday 10:00 and Mei's
    turn."""

    def setUp(self) -> None:
        super().setUp()
        self.rota = self.schedule(
            ROTA, ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.policy(
            "Morning escalation",
            [("schedule", self.rota["id"])],
            [("user", self.user("Ada Lovelace"))],
        )
        self.settings["oncall"] = {}
        self.channel = self.chat.service.add_channel("checkout", "Checkout", members=["ada"])

    def sync(self, **terms: Any) -> Dict[str, Any]:
        if terms:
            self.settings["oncall"] = terms
        result: Dict[str, Any] = self.done("oncall.sync")
        return result

    def header(self) -> str:
        return str(self.chat.service.channel("checkout").header)

    def changes(self) -> int:
        """How often anybody was told of a changed header."""
        return len(self.told("checkout", "system_header_change"))

    def complaints(self) -> int:
        return len([text for text in self.messages("ops") if text.startswith(":warning:")])

    def tomorrow(self) -> None:
        self.at(self.now + DAY)


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


class MembersTestCase(SyncCase):
    __test__ = True

    def store(self) -> Store:
        return Store(self.service)

    def test_who_is_on_call_comes_in_and_goes_out_after_the_turn(self) -> None:
        self.sync(members={"checkout": ROTA})
        assert self.members("checkout") == ["ada", "mei", "pagerduty"]
        assert self.sync() == NOTHING
        self.tomorrow()
        self.sync()
        assert self.members("checkout") == ["ada", "olu", "pagerduty"]

    def test_whom_people_put_in_stays(self) -> None:
        self.chat.service.add_member("checkout", "mei")
        self.sync(members={"checkout": ROTA})
        self.tomorrow()
        self.sync()
        assert self.members("checkout") == ["ada", "mei", "olu", "pagerduty"]

    def test_who_leaves_while_on_call_is_not_dragged_back(self) -> None:
        self.sync(members={"checkout": ROTA})
        self.chat.service.remove_member("checkout", "mei")
        for _ in range(3):
            assert self.sync() == NOTHING
        self.tomorrow()
        self.sync()
        self.tomorrow()
        self.sync()
        assert self.members("checkout") == ["ada", "mei", "pagerduty"], "the next turn begins anew"

    def test_what_was_taken_out_of_the_configuration_is_tidied_up(self) -> None:
        self.sync(members={"checkout": ROTA})
        self.sync(headers={"ops": ROTA})
        assert self.members("checkout") == ["ada", "pagerduty"]
        assert self.store().read_prefix("member.") == {}

    def test_trouble_takes_nobody_out(self) -> None:
        self.sync(members={"checkout": ROTA})
        self.server.faults.add("status", path="/oncalls", status=503)
        self.tomorrow()
        self.refused("oncall.sync")
        self.server.faults.clear()
        self.server.faults.add("status", path="/schedules", status=404)
        self.sync()
        assert self.members("checkout") == ["ada", "mei", "pagerduty"]

    def test_a_run_that_was_cut_off_is_finished(self) -> None:
        self.settings["oncall"] = {"members": {"checkout": ROTA}}
        for kind in ("lost", "drop"):
            self.chat.server.faults.add(
                kind, method="POST", path=f"{self.channel.id}/members$", skip=1
            )
            self.run_action("oncall.sync")
            self.chat.server.faults.clear()
        self.sync()
        assert self.members("checkout") == ["ada", "mei", "pagerduty"]
        self.chat.server.faults.add("lost", method="DELETE", times=1)
        self.tomorrow()
        self.sync()
        assert self.members("checkout") == ["ada", "olu", "pagerduty"]

    def test_a_value_that_does_not_read_is_kept_aside(self) -> None:
        self.sync(members={"checkout": ROTA})
        user = self.chat.service.user("mei").id
        self.service.set_value(
            f"pagerduty.member.channel.{self.channel.id}.{user}", "{", local=False
        )
        self.sync()
        assert self.members("checkout") == ["ada", "mei", "pagerduty"]
        assert [name for name in self.store().read_prefix("aside.") if "member.channel" in name]
        assert self.store().read_prefix("member.") == {}

    def test_without_the_right_or_the_team_it_is_told_once(self) -> None:
        self.chat.service.deny("channel_user", "manage_public_channel_members")
        (line,) = self.sync(members={"checkout": ROTA})["problems"]
        assert "may not add or remove members of ~checkout" in line
        self.chat.service.grant("channel_user", "manage_public_channel_members")
        del self.chat.world.team.members[self.chat.service.user("mei").id]
        for _ in range(2):
            (line,) = self.sync()["problems"]
            assert line.startswith(
                "@mei is on call and can't be added to ~checkout: not a member of its team"
            )
        assert self.store().read_prefix("member.") == {}, "who was not put in is not remembered"
        self.account.find("users", "Mei Tanaka")["email"] = "nobody@example.com"
        (line,) = self.sync()["problems"]
        assert line.startswith("Mei Tanaka is on call and has no Mattermost account")
        assert self.complaints() == 3


class GroupsTestCase(SyncCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.chat.service.version = VERSIONS["11.6"]
        self.chat.service.license = "professional"
        self.group = self.chat.service.add_group("checkout-oncall", ["ada"])
        self.settings["oncall"] = {"groups": {"checkout-oncall": ROTA}}

    def names(self) -> Any:
        return sorted(self.chat.service.user(id).username for id in self.group.members)

    def test_a_user_group_is_kept_in_step(self) -> None:
        self.sync()
        assert self.names() == ["ada", "mei"]
        assert self.sync() == NOTHING
        self.tomorrow()
        self.sync()
        assert self.names() == ["ada", "olu"]
        self.sync(headers={"ops": ROTA})
        assert self.names() == ["ada"]

    def test_a_server_without_a_licence_says_so_once_and_the_rest_is_done(self) -> None:
        self.settings["oncall"]["members"] = {"checkout": ROTA}
        for license in ("", "starter"):
            self.chat.service.license = license
            (line,) = self.sync()["problems"]
            assert "this Mattermost has no licence for custom user groups (a paid edition" in line
        assert self.complaints() == 1
        assert self.members("checkout") == ["ada", "mei", "pagerduty"]
        assert self.names() == ["ada"]

    def test_switched_off_or_missing_groups_are_told(self) -> None:
        self.chat.service.enable_custom_groups = False
        assert "custom user groups are switched off" in self.sync()["problems"][0]
        self.chat.service.enable_custom_groups = True
        told = self.sync(groups={"nobodys": ROTA, "checkout": ROTA})["problems"]
        assert told[0].startswith("There is no custom user group 'nobodys' in Mattermost")
        assert told[1].startswith("There is no custom user group 'checkout' in Mattermost"), (
            "part of a name is no name"
        )

    def test_trouble_is_made_up_for(self) -> None:
        for method, path in (
            ("GET", "/groups"),
            ("GET", "/members"),
            ("POST", "/groups/.*/members"),
        ):
            self.chat.server.faults.add("status", method=method, path=path, status=503)
            assert "503" in self.refused("oncall.sync")
            self.chat.server.faults.clear()
        self.chat.server.faults.add("lost", method="POST", path="/groups/.*/members", times=1)
        self.sync()
        assert self.names() == ["ada", "mei"]
        self.chat.server.faults.add("lost", method="DELETE", path="/groups/.*/members", times=1)
        self.tomorrow()
        self.sync()
        assert self.names() == ["ada", "olu"]

    def test_without_the_right_it_is_told(self) -> None:
        self.chat.service.deny("system_user", "manage_custom_group_members")
        assert "403" in self.sync()["problems"][0]
        assert self.names() == ["ada"]


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
