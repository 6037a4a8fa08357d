"""Acts on incidents: names, bulk, the next level, states that must be right; wrong inputs send
nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from actions_world import ActionsTestCase

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.pagerduty.incident_updates import next_level
from pagerduty_mattermost.gateways.pagerduty.on_calls import on_call

NAMES = {
    "priority": "P1",
    "escalation_policy": "web escalation",
    "assignees": ["Mei Tanaka", "ada@example.com"],
}


class IncidentActsTestCase(ActionsTestCase):
    def body(self) -> Any:
        return json.loads(self.server.journal.entries[-1].body or b"null")

    def test_everything_goes_by_name_in_one_change(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        bridge = {
            "conference_number": "+49 30 1234,,5#",
            "conference_url": "https://meet.example.com/x",
        }
        self.done("incident.update", entity_id=one.id, **NAMES, **bridge)
        assert self.sent()[-1] == f"PUT /incidents/{one.id}"
        sent = self.body()["incident"]
        assert sent["conference_bridge"] == bridge
        assert sent["priority"] == {
            "id": self.id("priorities", "P1"),
            "type": "priority_reference",
        }
        assert [row["assignee"]["id"] for row in sent["assignments"]] == [
            self.id("users", "Mei Tanaka"),
            self.id("users", "Ada Lovelace"),
        ]
        assert not [line for line in self.sent()[:-1] if not line.startswith("GET")]
        assert "there is no priority 'P9'" in self.refused(
            "incident.set_priority", entity_id=one.id, priority="P9"
        )

    def test_600_incidents_take_three_requests(self) -> None:
        ids = [self.account.trigger("Database", str(number)).id for number in range(600)]
        rows = self.done("incident.manage", incident_ids=[*ids, ids[0]], status="resolved")
        assert self.sent() == ["PUT /incidents"] * 3
        assert [row["id"] for row in rows] == ids
        assert {one.status for one in self.account.incidents.values()} == {"resolved"}

    def test_what_was_done_before_a_failure_is_told(self) -> None:
        ids = [self.account.trigger("Database", str(number)).id for number in range(300)]
        line = self.refused(
            "incident.manage", incident_ids=[*ids, "PNONE00"], status="acknowledged"
        )
        assert "the first 250 of 301 incidents are done" in line
        self.server.faults.add("status", status=403, method="PUT", skip=1)
        line = self.refused("incident.manage", incident_ids=ids, status="resolved")
        assert "the first 250 of 300 incidents are done" in line

    def test_a_lost_answer_is_repeated_and_ends_right(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        for name, given in (
            ("incident.update", {"title": "Slower"}),
            ("incident.escalate", {}),
            ("incident.set_priority", {"priority": "P2"}),
        ):
            self.server.faults.add("lost", method="PUT", times=1)
            self.done(name, entity_id=one.id, **given)
        assert one.title == "Slower"
        assert [
            a["assignee"]["summary"]
            for a in self.done("incident.get", entity_id=one.id)["assignments"]
        ] == ["Grace Hopper"]

    def test_a_level_that_a_schedule_fills_is_known(self) -> None:
        """Platform's first level is a rotation, where it is Linus's turn; its second is Linus
        himself."""
        one = self.account.trigger("Database", "Slow")
        assert "levels 1, 2; give escalation_level" in self.refused(
            "incident.escalate", entity_id=one.id
        )
        rotation = self.id("schedules", "Platform rotation")
        self.done("override.create", entity_id=rotation, end="3h", user="olu@example.com")
        other = self.account.trigger("Database", "Slower")
        made = self.done("incident.escalate", entity_id=other.id)
        assert [a["assignee"]["summary"] for a in made["assignments"]] == ["Linus Example"]
        line = self.refused("incident.escalate", entity_id=other.id)
        assert "at the last level (2 of 2) of the escalation policy" in line

    def test_bare_it_goes_to_the_next_level_and_says_when_there_is_none(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        for name in ("Grace Hopper", "Radia Perlman"):
            made = self.done("incident.escalate", entity_id=one.id)
            assert [a["assignee"]["summary"] for a in made["assignments"]] == [name]
        line = self.refused("incident.escalate", entity_id=one.id)
        assert "at the last level (3 of 3) of the escalation policy 'Payments escalation'" in line
        assert "no level 4" not in line, "nobody has named a level"
        line = self.refused("incident.escalate", entity_id=one.id, escalation_level=4)
        assert "there is no level 4: the escalation policy 'Payments escalation' has 3" in line
        self.done("incident.escalate", entity_id=one.id, escalation_level=1)
        self.done("incident.resolve", entity_id=one.id)
        assert "is resolved: only an open one" in self.refused(
            "incident.escalate", entity_id=one.id
        )

    def test_a_state_that_does_not_fit_is_left_alone(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert "is triggered, not resolved" in self.refused("incident.reopen", entity_id=one.id)
        self.done("incident.resolve", entity_id=one.id)
        assert "is resolved, not acknowledged" in self.refused(
            "incident.unacknowledge", entity_id=one.id
        )
        assert one.status == "resolved"

    def test_open_ones_are_found_however_old(self) -> None:
        old = self.account.trigger("Checkout API", "Old")
        self.server.clock.advance(90 * 86400)
        self.account.trigger("Database", "New")
        self.done("incident.resolve", entity_id=self.account.trigger("Database", "Gone").id)
        found = self.done("incident.find_open")
        assert [row["title"] for row in found["incidents"]] == ["New", "Old"]
        for asked, title in (
            ({"services": ["checkout api"]}, "Old"),
            ({"users": ["ada@example.com"]}, "Old"),
            ({"teams": ["Platform"]}, "New"),
            ({"maximum": 1}, "New"),
        ):
            found = self.done("incident.find_open", **asked)
            assert [row["title"] for row in found["incidents"]] == [title], asked
        assert found["truncated"] is True
        assert old.status == "triggered"

    def test_wrong_inputs_are_named_and_nothing_is_sent(self) -> None:
        for name, given, told in (
            ("incident.update", {}, "at least one is needed of title"),
            ("incident.update", {"title": "x" * 1025}, "title: "),
            ("incident.update", {"urgency": "loud"}, "urgency: "),
            ("incident.update", {"escalation_level": 0}, "escalation_level: "),
            ("incident.update", {"escalation_level": "two"}, "escalation_level: "),
            ("incident.update", {"conference_url": "javascript:x"}, "conference_url: "),
            ("incident.update", {"priority": "x" * 321}, "priority: "),
            ("incident.update", {"assignees": ["x" * 321]}, "assignees[0]: "),
            ("incident.update", {"incident_type": "x" * 51}, "incident_type: "),
            ("incident.update", {"title": "x", "from_email": "me"}, "from_email: "),
            ("incident.update", {"entity_id": "../x", "title": "x"}, "entity_id: "),
            ("incident.escalate", {"escalation_level": -1}, "escalation_level: "),
            ("incident.reopen", {"entity_id": "None"}, "entity_id: is missing"),
            ("incident.set_priority", {}, "priority: is missing"),
        ):
            line = self.refused(name, **{"entity_id": "PABC123", **given})
            assert told in line, (name, given, line)
        for given, told in (
            ({}, "incident_ids: is missing"),
            ({"incident_ids": ["a b"], "status": "resolved"}, "incident_ids[0]: "),
            ({"incident_ids": ["PABC123"]}, "at least one is needed of status"),
            ({"incident_ids": ["PABC123"], "status": "open"}, "status: "),
        ):
            assert told in self.refused("incident.manage", **given)
        assert "statuses[0]: " in self.refused("incident.find_open", statuses="resolved")
        assert self.sent() == []


def test_the_next_level_is_the_one_after_that_of_the_assignees() -> None:
    def rows(*levels: str) -> Any:
        return [
            on_call({"escalation_level": n, "user": {"id": u}})
            for n, users in enumerate(levels, 1)
            for u in users
        ]

    def at(users: str) -> Any:
        return {"assignments": [{"assignee": {"id": user}} for user in users]}

    assert next_level(at("A"), rows("A", "B", "C")) == 2
    assert next_level(at("B"), rows("A", "B")) == 3
    assert next_level(at("A"), rows("A", "AB")) == 2  # exactly those of the first
    assert next_level(at("A"), rows("AB", "C")) == 2  # one of two was taken off
    for incident, on_calls in (
        (at("X"), rows("A", "B")),
        (at("A"), rows("A", "A")),
        (at(""), rows("A")),
    ):
        with pytest.raises(RejectedInput, match="give escalation_level"):
            next_level(incident, on_calls)
