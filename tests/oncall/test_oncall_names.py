"""Who is on call is shown with Mattermost's names, which notify nobody; without them where
Mattermost can't tell."""

from __future__ import annotations

from typing import Any

from chat_case import ChatCase


class NamesTestCase(ChatCase):
    __test__ = True

    def who(self, **of: str) -> Any:
        return self.run_class("oncall_who", "OnCallWho", **of)

    def asked(self) -> int:
        return sum(entry.server == "pagerduty" for entry in self.sandbox.journal.entries)

    def test_an_account_of_the_same_address_or_that_an_admin_linked_is_named(self) -> None:
        found = self.who(service="Checkout API")
        assert [one["user"]["mattermost"] for one in found["oncalls"]] == ["ada", "grace", "radia"]
        assert "level 1 Ada Lovelace (@\u200bada)" in found["message"]
        self.run_class(
            "identity_link", "IdentityLink", user="mei", pagerduty_user="ada@example.com"
        )
        assert self.who(service="Checkout API")["oncalls"][0]["user"]["mattermost"] == "mei"
        assert "Ada Lovelace (@\u200bmei)" in self.told("oncall", text="Checkout API")

    def test_mattermost_away_or_not_there_holds_nothing_up(self) -> None:
        self.sandbox.mattermost.faults.add("status", status=503, path="/users/")
        found = self.who(service="Checkout API")
        assert [one["user"]["mattermost"] for one in found["oncalls"]] == ["", "", ""]
        assert "level 1 Ada Lovelace" in found["message"]
        self.sandbox.mattermost.faults.clear()
        del self.settings["mattermost"]
        assert "level 1 Ada Lovelace" in self.who(service="Checkout API")["message"]

    def test_asked_for_a_policy_pagerduty_is_asked_as_often_as_there_are_pages(self) -> None:
        policy = self.account.find("escalation_policies", "Payments escalation")["id"]
        before = self.asked()
        self.who(escalation_policy=policy)
        assert self.asked() - before == 1
        before = self.asked()
        self.told("oncall", text="Payments escalation")
        assert self.asked() - before <= 4, "the name is looked for as a service first"
