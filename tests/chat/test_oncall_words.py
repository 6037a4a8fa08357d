"""Who is on call, asked for by what people say: a part of a name, a person, a misspelling."""

from __future__ import annotations

import pytest
from chat_case import ChatCase

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.errors import Ambiguous, NotFound


class OnCallNamesTestCase(ChatCase):
    __test__ = True

    def said(self, text: str, user: str = "ada") -> str:
        found = self.perform(Command("oncall", text=text, user=user))
        return found.message.replace("@\u200b", "@")

    def test_a_part_of_one_name_is_that_name(self) -> None:
        assert "On call for Checkout API" in self.said("checkout")
        assert "On call for Platform rotation" in self.said("form rotat")

    def test_a_part_of_several_names_is_asked_about(self) -> None:
        with pytest.raises(Ambiguous) as caught:
            self.said("platform")
        assert str(caught.value) == (
            "'platform' is a part of 2 names: say one in full, Platform escalation (escalation "
            "policy), Platform rotation (schedule)"
        )

    def test_an_upgraded_schedule_is_found_by_a_part_of_its_name(self) -> None:
        self.account.upgrade("Platform rotation")
        assert "On call for Platform rotation" in self.said("rotation")

    def test_a_whole_name_goes_before_a_part_of_another(self) -> None:
        policy = self.account.find("services", "Database")["escalation_policy_id"]
        self.account.add("services", "Database replica", escalation_policy_id=policy, created_at=0)
        assert "On call for Database:" in self.said("database")

    def test_a_person_is_asked_for_by_name_mail_or_a_part(self) -> None:
        for text in ("Mei Tanaka", "mei@example.com", "tanaka", "@mei"):
            assert "Mei Tanaka is on call" in self.said(text), text

    def test_who_stands_nowhere_is_in_no_rota(self) -> None:
        self.account.add("users", "Zoe Nobody", email="zoe@example.com", team_ids=[])
        assert self.said("zoe") == (
            "Zoe Nobody is in no rota: on call for nothing, and no shift begins within 30 days."
        )

    def test_a_misspelling_is_answered_with_what_is_near(self) -> None:
        with pytest.raises(NotFound) as caught:
            self.said("Storefornt")
        assert "no service, escalation policy, schedule or user 'Storefornt'" in str(caught.value)
        assert "did you mean Storefront" in str(caught.value)

    def test_an_act_is_never_led_by_a_part_of_a_name(self) -> None:
        with pytest.raises(NotFound, match=r"did you mean Platform rotation\?$"):
            self.perform(Command("take", service="platform rot", user="ada"))
        assert self.account.find("schedules", "Platform rotation")["overrides"] == []
