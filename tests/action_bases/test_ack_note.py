"""incident.acknowledge and incident.resolve with a real note in one step; overrides that PagerDuty
refuses."""

from __future__ import annotations

from actions_world import ActionsTestCase


class NoteInOneStepTestCase(ActionsTestCase):
    def test_a_note_follows_when_it_is_given(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        result = self.done("incident.acknowledge", entity_id=one.id, note="Looking")
        assert result["incident"]["status"] == "acknowledged"
        self.done("incident.resolve", entity_id=one.id, note="Restarted it")
        assert self.sent() == [f"PUT /incidents/{one.id}", f"POST /incidents/{one.id}/notes"] * 2
        assert [row["content"] for row in self.done("incident.find_notes", entity_id=one.id)] == [
            "Restarted it",
            "Looking",
        ]

    def test_a_note_whose_answer_was_lost_stands_once(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.server.faults.add("lost", method="POST", times=1)
        self.done("incident.resolve", entity_id=one.id, note="Restarted it")
        assert len(self.done("incident.find_notes", entity_id=one.id)) == 1

    def test_what_was_done_is_told_when_the_note_fails(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.server.faults.add("status", status=403, method="POST")
        line = self.refused("incident.resolve", entity_id=one.id, note="Restarted it")
        assert "is done, but not the note" in line
        assert one.status == "resolved"


class OverrideTestCase(ActionsTestCase):
    def parameters(self, **more: str) -> dict:  # type: ignore[type-arg]
        schedule = self.id("schedules", "Platform rotation")
        return {
            "entity_id": schedule,
            "start": "1h",
            "end": "3h",
            "user": "mei@example.com",
            **more,
        }

    def test_one_that_is_refused_is_an_error(self) -> None:
        assert "refuses the override: Override must end after its start" in self.refused(
            "override.create", **self.parameters(end="30m")
        )

    def test_a_lost_answer_is_looked_for(self) -> None:
        self.server.faults.add("lost", method="POST", times=1)
        made = self.done("override.create", **self.parameters())
        found = self.done("override.find", entity_id=self.parameters()["entity_id"])
        assert [row["id"] for row in found] == [made["id"]]

    def test_wrong_inputs_are_named_and_nothing_is_sent(self) -> None:
        for given, told in (
            ({"entity_id": "../x"}, "entity_id: "),
            ({"start": "banana"}, "start: "),
            ({"end": ""}, "end: is missing"),
            ({"user": ""}, "user: is missing"),
            ({"user": "x" * 321}, "user: "),
        ):
            assert told in self.refused("override.create", **self.parameters(**given))
        assert self.sent() == []

    def test_who_is_on_call_for_a_user_and_next(self) -> None:
        assert "Give exactly one" in self.refused("oncall.who").capitalize()
        told = self.done("oncall.next", user="olu@example.com")
        assert told["message"].startswith(
            "Next turns of Olu Adeyemi: level 1 Platform escalation (from "
        )
        assert "Nobody" not in self.done("oncall.next", service="Database")["message"]
        assert self.done("oncall.next", escalation_policy="Web escalation")["message"].endswith(
            ": nobody"
        )
