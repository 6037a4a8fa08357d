"""Pages and overrides from chat: who is reached, and that nobody else is."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List

from chat_case import ChatCase

from pagerduty_mattermost.chat.command import Command

DAY = 86400


class PageTestCase(ChatCase):
    __test__ = True

    def newest(self) -> Any:
        return max(self.account.incidents.values(), key=lambda one: one.number)

    def reached(self) -> List[str]:
        return [self.account.catalog["users"][id]["name"] for id, _ in self.newest().assignees]

    def page(self, whom: str, **options: str) -> str:
        said = Command("page", service=whom, text="The shop is down", options=options)
        return self.perform(said).message

    def test_a_person_is_paged_on_the_service_that_was_said(self) -> None:
        text = self.page("@mei", service="database")
        assert text.startswith("Paged Mei Tanaka in the name of `ada")
        one = self.newest()
        assert (self.reached(), one.urgency, one.title) == (
            ["Mei Tanaka"],
            "high",
            "The shop is down",
        )
        assert self.account.known("services", one.service_id)["name"] == "Database"
        assert {sender for sender, _, _ in self.written()} == {"ada@example.com"}

    def test_the_configured_service_is_taken_and_the_urgency_said(self) -> None:
        self.settings["chat"] = {"page_service": "Storefront"}
        self.page("olu@example.com", urgency="low")
        assert (self.reached(), self.newest().urgency) == (["Olu Adeyemi"], "low")

    def test_of_a_schedule_who_is_on_call_is_paged_and_named(self) -> None:
        self.settings["chat"] = {"page_service": "Storefront"}
        text = self.page("schedule Platform rotation")
        assert f"Paged Platform rotation ({self.reached()[0]})" in text
        (person,) = self.reached()
        assert person in ("Linus Example", "Olu Adeyemi")

    def test_a_policy_and_a_service_reach_whom_they_would(self) -> None:
        self.settings["chat"] = {"page_service": "Storefront"}
        self.page("policy Payments escalation")
        assert self.reached() == ["Ada Lovelace"]
        assert (
            self.newest().policy_id
            == self.account.find("escalation_policies", "Payments escalation")["id"]
        )
        del self.settings["chat"]
        self.page("Database")
        assert self.account.known("services", self.newest().service_id)["name"] == "Database"

    def test_what_is_not_sure_pages_nobody(self) -> None:
        self.account.create(
            "schedules", {"name": "Database", "time_zone": "UTC", "layers": [], "overrides": []}
        )
        self.account.create(
            "schedules", {"name": "Empty", "time_zone": "UTC", "layers": [], "overrides": []}
        )
        refused = {
            "": "whom?",
            "@stranger": "stranger",
            "Databas": "no schedule, escalation policy or service 'Databas'; did you mean Datab",
            "Database": "'Database' is a schedule and a service: say schedule Database",
            "Empty": "nobody is on call by the schedule 'Empty' now, and nobody was paged",
            "Payments escalation": "on which service? Add `--service <name>`",
            "@mei": "on which service? Add `--service <name>`",
        }
        for whom, why in refused.items():
            assert why in self.refused("page", service=whom, text="Down"), whom
        assert "what is wrong?" in self.refused("page", service="@mei", text="")
        assert self.account.incidents == {}

    def test_a_policy_of_one_service_needs_no_word_about_it(self) -> None:
        policy = self.account.find("escalation_policies", "Payments escalation")["id"]
        services = [
            one
            for one in self.account.catalog["services"].values()
            if one["escalation_policy_id"] == policy
        ]
        for one in services[1:]:
            one["escalation_policy_id"] = self.account.find(
                "escalation_policies", "Web escalation"
            )["id"]
        self.page("Payments escalation")
        assert self.newest().service_id == services[0]["id"]

    def test_it_is_made_once_although_the_answer_was_lost(self) -> None:
        self.sandbox.pagerduty.faults.add("lost", method="POST", path="/incidents", times=1)
        self.page("@mei", service="Database")
        assert len(self.account.incidents) == 1

    def test_pagerduty_away_pages_nobody_and_says_so(self) -> None:
        self.sandbox.pagerduty.faults.add("status", status=503)
        assert "503" in self.refused("page", service="Platform rotation", text="Down")
        assert self.account.incidents == {}

    def test_outside_words_do_nothing(self) -> None:
        said = Command(
            "page",
            service="@mei",
            text="@here {{ x }} [a](http://b.example)",
            options={"service": "Database"},
        )
        assert "@here" not in self.perform(said).message


class OverrideTestCase(ChatCase):
    __test__ = True

    @property
    def overrides(self) -> List[Dict[str, Any]]:
        return list(self.account.find("schedules", "Platform rotation").get("overrides", []))

    def people(self) -> List[str]:
        return [self.account.catalog["users"][one["user_id"]]["name"] for one in self.overrides]

    def test_it_is_made_listed_and_cancelled(self) -> None:
        text = self.told(
            "override",
            service="platform rotation",
            duration="from tomorrow 9:00 for 8h",
            text="@mei",
        )
        assert text.startswith("Mei Tanaka takes Platform rotation from")
        assert "(asked by Ada Lovelace)" in text
        (one,) = self.overrides
        assert (self.people(), one["end"] - one["start"]) == (["Mei Tanaka"], 8 * 3600)
        id = text.rsplit("cancel override ", 1)[1].strip("`")
        assert f"`{id}`" in self.told("overrides", text="Platform rotation")
        assert "cancelled by Ada Lovelace" in self.told("override_cancel", text=id)
        assert "no such override" in self.told("override_cancel", text=id)
        assert self.overrides == []
        assert "has no override within" in self.told("overrides", text="Platform rotation")

    def test_said_twice_it_is_one(self) -> None:
        for _ in range(2):
            text = self.told("override", service="Platform rotation", duration="2h")
            self.sandbox.clock.advance(3)
        assert "has Platform rotation by an override until" in text
        assert len(self.overrides) == 1

    def test_until_an_hour_is_of_the_day_on_which_it_begins(self) -> None:
        self.told(
            "override", service="Platform rotation", duration="from tomorrow 9:00 until 18:00"
        )
        (one,) = self.overrides
        assert one["end"] - one["start"] == 9 * 3600

    def test_one_that_is_going_on_ends_now(self) -> None:
        self.told("override", service="Platform rotation", duration="2h")
        (one,) = self.overrides
        assert self.people() == ["Ada Lovelace"]
        self.sandbox.clock.advance(60)
        schedule = self.account.find("schedules", "Platform rotation")["id"]
        self.told("override_cancel", text=f"{schedule}:{one['id']}")
        assert [each["end"] <= self.sandbox.clock() for each in self.overrides] == [True]

    def test_take_lasts_to_the_end_of_the_shift_or_as_long_as_said(self) -> None:
        self.told("take", service="Platform rotation")
        (one,) = self.overrides
        assert self.people() == ["Ada Lovelace"]
        assert 0 < one["end"] - self.sandbox.clock() <= 7 * DAY
        assert "You are on call by Platform rotation already" in self.told(
            "take", service="Platform rotation"
        )
        self.told("take", service="Platform rotation", duration="30m")
        assert len(self.overrides) == 1, "it is covered"

    def test_a_schedule_that_no_policy_uses_is_taken_as_well(self) -> None:
        ada, mei = (
            self.account.find("users", name)["id"]
            for name in ("ada@example.com", "mei@example.com")
        )
        start = int(self.sandbox.clock()) - DAY
        layer = {
            "id": "PLAYER1",
            "name": "Layer 1",
            "start": start,
            "end": None,
            "virtual_start": start,
            "turn": 3 * DAY,
            "user_ids": [mei],
            "restrictions": [],
        }
        made = self.account.create(
            "schedules",
            {"name": "Alone", "time_zone": "UTC", "layers": [{**layer, "end": start + 3 * DAY}]},
        )
        self.told("take", service="Alone")
        assert [(one["user_id"], one["end"]) for one in made["overrides"]] == [
            (ada, start + 3 * DAY)
        ]

    def test_what_makes_no_sense_is_refused_in_a_line(self) -> None:
        for duration, why in (
            ("from yesterday 9:00 for 2h", "09:00 UTC, which is past"),
            ("for ever", "'ever' is no time: write 2h, 18:00"),
            ("90d", "is for 30 days at most, not from"),
            ("from soon for 2h", "'soon' is no time"),
            ("from tomorrow 9:00 until 2h ago", "not after the beginning"),
        ):
            assert why in self.refused(
                "override", service="Platform rotation", duration=duration
            ), duration
        assert (
            "there is no schedule"
            in self.refused("override", service="Nobody's", duration="2h").lower()
        )
        assert "SCHEDULE:OVERRIDE" in self.refused("override_cancel", text="../x")
        assert self.overrides == []

    def test_a_lost_answer_makes_no_second_one(self) -> None:
        self.sandbox.pagerduty.faults.add("lost", method="POST", path="overrides", times=1)
        self.told("override", service="Platform rotation", duration="2h")
        assert len(self.overrides) == 1

    def test_pagerduty_away_is_one_line(self) -> None:
        self.sandbox.pagerduty.faults.add("status", status=503, method="POST")
        assert "503" in self.refused("override", service="Platform rotation", duration="2h")
        self.sandbox.pagerduty.faults.clear()
        self.sandbox.pagerduty.faults.add("drop", path="/oncalls")
        assert self.refused("take", service="Platform rotation")
        assert self.overrides == []
