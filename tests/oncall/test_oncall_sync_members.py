"""oncall.sync: members of channels and user groups in step with who is on call; nobody else is
touched."""

from __future__ import annotations

from typing import Any

from oncall_sync_case import ROTA, SyncCase

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from sandbox.mattermost.versions import VERSIONS

NOTHING = {"changed": [], "problems": [], "message": "Changed: 0."}


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
        assert [
            name for name in self.store().read_prefix("quarantine.") if "member.channel" in name
        ]
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
