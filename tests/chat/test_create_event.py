"""`create incident …` without a service: an event to the one of service_key, of which PagerDuty
may make nothing although it takes it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from chat_case import ChatCase

from pagerduty_mattermost.chat.command import Command

CASES = Path(__file__).resolve().parents[1] / "fixtures" / "cases"
CASE = yaml.safe_load((CASES / "F04_false_triggered.yaml").read_text("utf-8"))
SAID = CASE["say"].replace("create incident ", "")


class CreateEventTestCase(ChatCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        integration = next(iter(self.account.catalog["integrations"].values()))
        self.settings["service_key"] = integration["key"]
        self.home = self.account.known("services", integration["service_id"])

    def test_what_came_of_it_is_shown(self) -> None:
        text = self.told("create", text="shop is down")
        assert text.startswith("Triggered shop is down (incident key ")
        assert "asked for by ada@" in text
        assert "#1" in text

    def test_in_maintenance_it_is_said_that_nothing_came_of_it(self) -> None:
        self.perform(Command("maintenance", service=self.home["name"], duration="2h"))
        text = self.told("create", text=SAID)
        assert "Triggered" not in text
        assert "PagerDuty took the event shop is down" in text
        assert f"no incident came of it: {self.home['name']} is in maintenance until " in text
        assert self.account.incidents == {}

    def test_a_disabled_service_is_named(self) -> None:
        self.home["status"] = "disabled"
        assert f"{self.home['name']} is disabled" in self.told("create", text="shop is down")

    def test_an_incident_that_comes_late_is_waited_for(self) -> None:
        self.account.set_switches(events_lag_seconds=2)
        action: Any = self.get_action_instance(config=dict(self.settings))
        action.action_service = self.service
        action.sleep = self.sandbox.clock.advance
        done, result = action.run(verb="create", text="shop is down", user="ada")
        assert done is True
        assert result["message"].startswith("Triggered shop is down")

    def test_what_is_never_seen_is_not_called_triggered(self) -> None:
        self.account.set_switches(events_lag_seconds=3600)
        text = self.told("create", text="shop is down")
        assert "none was seen within 6 s" in text
        assert "Triggered" not in text

    def test_who_pagerduty_does_not_know_may_not_unless_the_owner_says_so(self) -> None:
        line = self.refused("create", text="shop is down", user="nobody")
        assert "PagerDuty would not know who you are" in line
        assert self.account.incidents == {}
        self.settings["chat"] = {"anonymous_create": True}
        assert "Triggered shop is down" in self.told("create", text="shop is down", user="nobody")

    def test_a_long_title_is_cut_at_a_word_and_stands_whole_in_the_details(self) -> None:
        long = "shop is down " * 120
        self.told("create", text=long)
        (one,) = self.account.incidents.values()
        assert len(one.title) <= 1024
        assert one.title.endswith((" down…", " shop…", " is…"))
        assert one.alerts[0].details["description"] == long.strip()

    def test_a_long_title_on_a_named_service_and_of_a_page_too(self) -> None:
        long = "shop is down " * 120
        self.told("create", text=long, service="Database")
        self.perform(Command("page", service="@mei", text=long, options={"service": "Database"}))
        sent = [
            entry.json()["incident"]
            for entry in self.sandbox.pagerduty.journal.entries
            if entry.method == "POST" and entry.path == "/incidents"
        ]
        assert len(sent) == 2
        for one in sent:
            assert len(one["title"]) <= 1024
            assert one["body"]["details"] == long.strip()
