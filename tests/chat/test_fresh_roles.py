"""A role that was changed at PagerDuty counts: at once for who is refused, within minutes for who
is let; and what that costs in requests."""

from __future__ import annotations

from typing import Any

from typed_case import TypedCase

from pagerduty_mattermost.chat.pagerduty_roles import ALLOWED_SECONDS
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.people.identity import KEY_PREFIX, LINK


class FreshRolesTestCase(TypedCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.olu = f"/users/{self.account.find('users', 'Olu Adeyemi')['id']}"

    def trigger(self) -> Any:
        return self.account.trigger("Checkout API", "Slow")

    def test_who_was_just_given_a_role_acts_at_once(self) -> None:
        self.role("Olu Adeyemi", "read_only_user")
        one = self.trigger()
        assert "your role is Full Stakeholder" in self.say(f"ack {one.number}", who="olu")
        self.role("Olu Adeyemi", "limited_user")
        assert "Acknowledged" in self.say(f"ack {one.number}", who="olu")
        assert one.status == "acknowledged"

    def test_who_lost_a_role_is_refused_within_minutes(self) -> None:
        assert "Acknowledged" in self.say(f"ack {self.trigger().number}", who="olu")
        self.role("Olu Adeyemi", "observer")
        one = self.trigger()
        self.late = ALLOWED_SECONDS + 1
        assert "your role is Observer" in self.say(f"ack {one.number}", who="olu")
        assert one.status == "triggered"

    def test_an_act_within_minutes_asks_no_second_time(self) -> None:
        self.say(f"ack {self.trigger().number}", who="olu")
        before = self.reads(self.olu), self.reads("/users")
        self.late = ALLOWED_SECONDS - 30
        self.say(f"ack {self.trigger().number}", who="olu")
        assert (self.reads(self.olu), self.reads("/users")) == before
        self.late = ALLOWED_SECONDS + 1
        self.say(f"ack {self.trigger().number}", who="olu")
        assert (self.reads(self.olu), self.reads("/users")) == (before[0] + 1, before[1])

    def test_a_refusal_costs_one_request(self) -> None:
        self.role("Olu Adeyemi", "read_only_user")
        one = self.trigger()
        for number in range(5):
            assert "may only read" in self.say(f"ack {one.number}", who="olu")
            assert (self.reads(self.olu), self.looked_up("olu")) == (number, 1)

    def test_a_link_counts_likewise(self) -> None:
        mei = self.account.find("users", "Mei Tanaka")["id"]
        key = KEY_PREFIX + self.user_id("admin")
        Store(self.sensor_service).write(key, {"how": LINK, "id": mei}, None)
        self.role("Mei Tanaka", "observer")
        one = self.trigger()
        assert "your role is Observer" in self.say(f"ack {one.number}", who="admin")
        self.role("Mei Tanaka", "user")
        assert "Acknowledged" in self.say(f"ack {one.number}", who="admin")

    def test_who_has_another_address_by_now_is_nobody(self) -> None:
        self.say(f"ack {self.trigger().number}", who="olu")
        olu = self.account.find("users", "Olu Adeyemi")
        self.account.change("users", olu, {"email": "olu@elsewhere.example"})
        self.late = ALLOWED_SECONDS + 1
        one = self.trigger()
        told = self.say(f"ack {one.number}", who="olu")
        assert "no PagerDuty user has the e-mail address of @olu" in told
        assert one.status == "triggered"

    def test_whoami_says_the_role_of_now(self) -> None:
        assert "Olu Adeyemi at PagerDuty, role Manager: " in self.say("whoami", who="olu")
        self.role("Olu Adeyemi", "read_only_user")
        assert "role Full Stakeholder" in self.say("whoami", who="olu")


class WaysOutTestCase(TypedCase):
    __test__ = True
    typist = "admin"
    """Who has no PagerDuty user."""

    def test_whatever_they_try_they_read_three_ways_out(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        for line in (
            f"ack {one.number}",
            "ack mine",
            "list mine",
            "override Platform rotation for 2h",
            "override Platform rotation for 2h by @mei",
            "override all from tomorrow to Friday by @mei",
            "override cancel PEW7H5N:Q1",
            "take Platform rotation",
            "swap Platform rotation tomorrow",
            'page @mei "it is down" --service Database',
            'trigger "Slow" on Database',
            "maintenance Database for 1h",
            f"reassign {one.number} me",
            f"add-responder {one.number} @mei",
            "handover it was quiet",
            "oncall me",
            "oncall",
        ):
            told = self.say(line)
            assert "PagerDuty would not know who you are" in told, (line, told)
            assert "Three ways out: " in told, (line, told)
            assert "say `/pd connect`; " in told
            assert "identity.link user=admin 'pagerduty_user=<e-mail or id>'" in told
            assert "\n" not in told

    def test_with_a_default_sender_somebody_else_may_be_put_on_call(self) -> None:
        self.config["chat"]["default_sender"] = True
        self.config["from_email"] = "radia@example.com"
        radia = self.account.find("users", "Radia Perlman")
        self.account.change("users", radia, {"role": "user"})
        self.start()
        asked = self.asked("override Platform rotation for 2h by @mei")
        assert "Put Mei Tanaka on call for Platform rotation" in asked
        assert "Mei Tanaka takes Platform rotation" in self.confirm()
        assert "would not know who you are" in self.say("override Platform rotation for 2h")

    def test_who_disconnected_is_told_only_how_to_connect(self) -> None:
        self.say("disconnect", who="olu")
        told = self.say(f"ack {self.account.trigger('Checkout API', 'Slow').number}", who="olu")
        assert "`/pd connect` undoes it" in told
        assert "ways out" not in told

    def test_somebody_else_who_is_nobody_there_can_be_linked_by_an_admin(self) -> None:
        for line in (
            "override Platform rotation for 2h by @admin",
            "oncall @admin",
            'page @admin "it is down" --service Database',
        ):
            told = self.say(line, who="ada")
            assert "or ask an admin to link them" in told, told
            assert "identity.link user=admin" in told
