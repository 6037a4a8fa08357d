"""What the chat sensor says of an inquiry that it can't ask or bring up to date: once, to those
who can put it right."""

from __future__ import annotations

from typing import Any, List

from inquiry_case import APPROVED, InquiryCase

from sandbox.stackstorm import inquiries

MINUTES = 5


class RoundTestCase(InquiryCase):
    __test__ = True

    def start(self) -> None:
        self.config["mattermost"]["operations_channel"] = "town-square"
        super().start()

    def warnings(self, words: str) -> List[str]:
        """What stands in the sensor's log with these words in it."""
        calls = self.sensor_service.get_logger("").warning.call_args_list
        said = [str(one.args[0]) % one.args[1:] for one in calls]
        return [line for line in said if words in line]

    def minutes(self, count: int = MINUTES) -> None:
        for _ in range(count):
            self.bridge._round()

    def asked(self, route: str) -> str:
        """Id of one that the rule has not asked."""
        id = inquiries.ask(self.stackstorm.account, APPROVED, route)
        self.begun_before(id, 600.0)
        return id

    def notices(self) -> List[str]:
        return [one["message"] for one in self.posts() if "nobody sees it" in one["message"]]

    def test_a_route_that_leads_nowhere_is_told_once_with_what_to_do(self) -> None:
        for route, why in (
            ("~no-such-channel", "no channel"),
            ("@nobody.here", "has no user"),
            ("room:PNOROOM", "has no open room"),
        ):
            with self.subTest(route):
                id = self.asked(route)
                self.minutes()
                (said,) = [one for one in self.notices() if id in one]
                assert f"`{route}`" in said
                assert why in said
                assert "answered 404" not in said
                assert f"`st2 inquiry respond {id}`" in said
                assert "it is asked within ten minutes" in said
                assert not self.warnings(id)

    def test_without_a_channel_for_operations_it_is_logged_once(self) -> None:
        for name in ("operations_channel", "default_channel"):
            self.config["mattermost"].pop(name, None)
        super().start()
        id = self.asked("~no-such-channel")
        self.minutes()
        (said,) = self.warnings(id)
        assert "~no-such-channel" in said

    def test_after_a_restart_it_is_not_told_again_on_the_same_day(self) -> None:
        self.asked("~no-such-channel")
        self.minutes()
        self.start()
        self.minutes()
        assert len(self.notices()) == 1

    def test_it_costs_nothing_until_it_is_tried_again(self) -> None:
        id = self.asked("~no-such-channel")
        self.minutes(1)
        before = len(self.reads(id))
        self.minutes()
        assert len(self.reads(id)) == before

    def test_once_its_channel_is_there_it_is_asked(self) -> None:
        id = self.asked("~deployments")
        self.minutes(1)
        account = self.sandbox.mattermost.account
        account.add_channel("deployments", "Deployments", members=["ada", "pagerduty"])
        later = self.bridge._inquiries._monotonic
        self.bridge._inquiries._monotonic = lambda: later() + 601.0
        self.minutes(1)
        asked = [one for one in account.posts("deployments") if "Restart web-1?" in one.message]
        assert len(asked) == 1
        assert self.bridge._answers._records.read(id).state == "open"

    def test_in_a_public_channel_that_the_bot_is_not_in_it_is_asked(self) -> None:
        channel = self.sandbox.mattermost.account.add_channel("elsewhere", members=["ada"])
        id = self.asked("~elsewhere")
        self.minutes(1)
        assert [one for one in channel.posts if "Restart web-1?" in one.message], self.notices()
        assert self.bridge._answers._records.read(id).channel_id == channel.id

    def test_a_deleted_post_whose_key_is_lost_is_told_once(self) -> None:
        id = self.ask()
        (post,) = self.posts()
        self.begun_before(id, 600.0)
        for item in self.sensor_service.list_values(local=False, prefix="pagerduty.inquiry."):
            self.sensor_service.delete_value(item.name, local=False)
        self.sandbox.mattermost.faults.add("status", method="POST", path="/posts$", status=403)
        self.sandbox.mattermost.account.state.posts[post["id"]].delete_at = 1
        self.minutes()
        assert len(self.warnings(id)) == 1

    def test_a_post_that_can_not_be_changed_is_logged_once(self) -> None:
        id = self.ask()
        inquiries.expire(self.stackstorm.account, id)
        self.sandbox.mattermost.faults.add("status", method="PUT", path="/patch$", status=403)
        self.minutes()
        assert len(self.warnings(id)) == 1

    def test_a_stackstorm_that_does_not_answer_is_logged_once(self) -> None:
        self.stackstorm.faults.add("status", path="^/v1/inquiries", status=403)
        self.minutes()
        assert len(self.warnings("Inquiries can't be read")) == 1

    def reads(self, id: str) -> Any:
        return self.sandbox.journal.find(path=f"/{id}$")
