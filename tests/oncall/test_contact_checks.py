"""oncall.watch tells of people on call whom PagerDuty can't reach: no phone number, no
notification rule at once."""

from __future__ import annotations

from typing import Any, List
from unittest.mock import patch

from oncall_case import moment
from oncall_watch_case import ADA, MEI, OLU, WatchCase

from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty


class ContactTestCase(WatchCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        for name in ("Mei Tanaka", "Olu Adeyemi", "Ada Lovelace"):
            user = self.account.find("users", name)
            for method in user.get("method_ids", ()):
                self.account.catalog["contact_methods"][method]["type"] = "email_contact_method"

    def phone(self, name: str) -> None:
        user = self.account.find("users", name)
        method = self.account.add(
            "contact_methods",
            "Mobile",
            type="phone_contact_method",
            address="5551234",
            country_code=1,
            user_id=user["id"],
        )
        user.setdefault("method_ids", []).append(method["id"])

    def test_a_missing_contact_is_told_a_day_before_the_shift_and_once(self) -> None:
        self.phone("Mei Tanaka")
        self.terms(contact_check_before=12)
        self.look()
        self.look(moment(2026, 11, 23, 20, 30))
        assert self.told("olu") == []
        for hour in (21, 22, 23):
            assert self.look(moment(2026, 11, 23, hour, 10))["contacts"] == (hour == 21)
        (line,) = self.told("olu")
        assert line.startswith(
            ":warning: You have no phone, SMS or push contact at PagerDuty, and your shift for "
            "**Mornings** begins 24 Nov 2026 09:00 CET: nothing but e-mail would come."
        )
        (line,) = self.messages()
        assert line.startswith(f":warning: {OLU} has no phone, SMS or push contact")
        assert "and their shift for **Mornings** begins 24 Nov" in line
        self.look(moment(2026, 11, 24, 9, 1))
        assert not any("no phone" in text for text in self.told("olu")[1:])

    def unreached(self) -> List[str]:
        return [text for text in self.messages() if "no phone, SMS or push" in text]

    def test_several_who_can_not_be_reached_are_one_list(self) -> None:
        self.terms(
            channels={"Mornings": "incidents", "Morning escalation": "incidents"},
            contact_check_before=12,
            remind_before=0,
        )
        assert self.look(moment(2026, 11, 23, 21, 10))["contacts"] == 5
        (text,) = self.unreached()
        head, *rows = text.splitlines()
        assert head == (
            ":warning: 3 people have no phone, SMS or push contact at PagerDuty: nothing but "
            "e-mail would come. One is added under My Profile > Contact Information."
        )
        assert len(rows) == 5
        for row in (
            f"- {MEI} is on call for **Mornings**",
            f"- {OLU}: their shift for **Mornings** begins 24 Nov 2026 09:00 CET",
            f"- {ADA} is on call for **Morning escalation**, level 2",
        ):
            assert row in rows
        (ada,), (mei,) = self.told("ada"), self.told("mei")
        assert ada.startswith(":warning: You have no phone, SMS or push contact at PagerDuty, and")
        assert mei.splitlines() == [
            ":warning: You have no phone, SMS or push contact at PagerDuty: nothing but e-mail "
            "would come. Add one under My Profile > Contact Information.",
            "- You are on call for **Mornings**",
            "- You are on call for **Morning escalation**, level 1",
        ]
        assert len(self.told("olu")) == 1
        assert self.look(moment(2026, 11, 23, 22, 20))["contacts"] == 0
        assert len(self.unreached()) == 1

    def test_a_list_that_one_channel_did_not_take_comes_there_and_not_again_elsewhere(
        self,
    ) -> None:
        policy = self.account.find("escalation_policies", "Morning escalation")
        self.terms(
            channels={"Morning escalation": "incidents", policy["id"]: "ops"},
            contact_check_before=12,
            remind_before=0,
        )
        ops = self.chat.service.channel("ops")
        ops.delete_at = 1
        self.look(moment(2026, 11, 23, 21, 10))
        ops.delete_at = 0
        self.look(moment(2026, 11, 23, 21, 15))
        assert len(self.unreached()) == 1
        assert len([one for one in self.messages("ops") if "no phone" in one]) == 1

    def test_whose_rules_are_missing_or_late_hears_so_in_private_once_a_week(self) -> None:
        self.phone("Mei Tanaka")
        self.phone("Olu Adeyemi")
        self.terms(contact_check_before=12, remind_before=0)
        for hour in (10, 11, 23):
            self.look(moment(2026, 11, 23, hour, 10))
        (line,) = self.told("mei")
        assert line == (
            ":warning: You are on call for **Mornings**, and you could be missed. Your "
            "notification rules at PagerDuty: no notification rule for high urgency uses a "
            "phone, SMS or push contact. Change them under My Profile > Notification Rules."
        )
        (line,) = self.told("olu")
        assert line.startswith(":warning: Your shift for **Mornings** begins 24 Nov 2026 09:00")
        assert self.messages() == []
        for day in range(24, 32):
            self.look(moment(2026, 11, 23, 10) + (day - 23) * 86400.0)
        assert len([one for one in self.told("mei") if "could be missed" in one]) == 2

    def test_one_that_mattermost_did_not_take_comes_at_the_next_check(self) -> None:
        self.phone("Mei Tanaka")
        self.terms(contact_check_before=1, remind_before=0)
        self.chat.server.faults.add("status", status=503)
        self.look(moment(2026, 11, 23, 10, 10))
        self.chat.server.faults.clear()
        self.look(moment(2026, 11, 23, 10, 45))
        assert len(self.told("mei")) == 1

    def test_who_wants_no_direct_messages_gets_none_about_rules(self) -> None:
        self.phone("Mei Tanaka")
        self.terms(contact_check_before=1, direct_messages=False)
        self.look(moment(2026, 11, 23, 10, 10))
        assert (self.told("mei"), self.messages()) == ([], [])

    def test_a_shift_that_an_override_cuts_in_two_is_told_of_once(self) -> None:
        self.phone("Ada Lovelace")
        self.phone("Olu Adeyemi")
        self.terms(contact_check_before=12)
        self.look()
        self.override("Ada Lovelace", moment(2026, 11, 23, 12), moment(2026, 11, 23, 13))
        for hour in (11, 12, 13, 23):
            self.look(moment(2026, 11, 23, hour, 1))
        assert len([text for text in self.told("mei") if "no phone" in text]) == 1

    def test_the_check_lists_who_can_not_be_reached(self) -> None:
        self.phone("Olu Adeyemi")
        self.terms(channels={"Morning escalation": "incidents"})
        found = self.done("oncall.check")
        assert [
            (one["user"]["name"], one["level"], one["now"]) for one in found["unreachable"]
        ] == [
            ("Mei Tanaka", 1, True),
            ("Ada Lovelace", 2, True),
        ]
        assert found["checked"] == 3
        assert "Ada Lovelace, Mei Tanaka" in found["message"]
        self.terms(channels={})
        assert "Nothing to check" in self.refused("oncall.check")

    def test_where_contacts_are_not_shown_nobody_is_accused(self) -> None:
        """As an OAuth app without the scope sees it."""
        get = PagerDuty.get

        def without(pagerduty: Any, path: str, *given: Any) -> Any:
            answer = get(pagerduty, path, *given)
            for row in (answer.get("user"), *(answer.get("users") or ())):
                if row:
                    del row["contact_methods"]
            return answer

        with patch.object(PagerDuty, "get", without):
            assert self.done("oncall.check")["unreachable"] == []
        assert len(self.done("oncall.check")["unreachable"]) == 2

    def test_when_pagerduty_can_not_tell_nobody_is_accused(self) -> None:
        self.terms(contact_check_before=24)
        for status in (500, 403):
            self.server.faults.add("status", path="/users", status=status)
            assert len(self.look()["problems"]) == 1
            self.refused("oncall.check")
            self.server.faults.clear()
        assert self.messages() == []
        assert "is not known" in "".join(self.messages("ops")), (
            "a missing right is for people to put right"
        )
        assert self.look(moment(2026, 11, 24, 9, 1))["handoffs"] == 1
        assert any("no phone" in text for text in self.messages())

    def test_hand_offs_are_told_while_contacts_can_not_be_read(self) -> None:
        self.terms(contact_check_before=24)
        self.server.faults.add("status", path="/users", status=503)
        self.look()
        assert self.look(moment(2026, 11, 24, 9, 1))["handoffs"] == 1
        assert len(self.messages()) == 1
