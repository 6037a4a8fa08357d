"""What has no key of its own is not done twice, and wrong inputs of what writes are told before
anything is sent."""

from __future__ import annotations

from typing import Any, Dict, List, Tuple

from actions_world import ActionsTestCase

ID = "PABC123"
ODD_IDS: Tuple[Any, ...] = (
    "",
    None,
    "None",
    "a b",
    "../users/me",
    "P1?x=1",
    "P1#",
    "é",
    "x" * 70,
    "P1/notes",
)
"""Each is wrong wherever an id is needed."""
WRONG: Dict[str, List[Tuple[Dict[str, Any], str]]] = {
    "incident.add_responders": [
        ({}, "user_ids"),
        ({"user_ids": [ID], "message": ""}, "message: is missing"),
        ({"user_ids": ["a b"]}, "user_ids[0]: "),
        ({"escalation_policy_ids": ["../x"]}, "escalation_policy_ids[0]: "),
        ({"user_ids": [ID], "requester_id": "None"}, "requester_id: is missing"),
    ],
    "incident.cancel_responders": [({}, "user_ids"), ({"user_ids": "a b"}, "user_ids[0]: ")],
    "incident.status_update": [
        ({"message": None}, "message: is missing"),
        ({"from_email": "x"}, "from_email: "),
    ],
    "incident.add_subscribers": [({}, "team_ids"), ({"team_ids": ["#"]}, "team_ids[0]: ")],
    "incident.remove_subscribers": [({}, "team_ids"), ({"user_ids": ["#"]}, "user_ids[0]: ")],
    "incident.run_workflow": [({"workflow": "Major incident"}, "workflow: ")],
    "incident.set_custom_fields": [
        ({"custom_fields": None}, "custom_fields: is missing"),
        ({"custom_fields": [{"name": "x"}]}, "custom_fields[0].value: is missing"),
        ({"custom_fields": [{"value": 1}]}, "custom_fields[0].name: is missing"),
        ({"custom_fields": [{"name": "x", "value": {}}]}, "custom_fields[0].value: "),
        ({"custom_fields": [{"name": "x", "value": 1, "nam": 2}]}, "custom_fields[0].nam: "),
        ({"custom_fields": [{"name": "x" * 51, "value": 1}]}, "custom_fields[0].name: "),
    ],
    "incident.update_alert": [
        ({}, "status"),
        ({"status": "acknowledged"}, "status: "),
        ({"incident": "#"}, "incident: "),
    ],
    "incident.manage_alerts": [
        ({"alert_ids": [ID]}, "status"),
        ({"alert_ids": [], "status": "resolved"}, "alert_ids: is missing"),
        ({"alert_ids": [ID] * 251, "status": "resolved"}, "alert_ids: "),
        ({"alert_ids": ["#"], "status": "resolved"}, "alert_ids[0]: "),
    ],
    "incident.update_note": [({"content": ""}, "content: is missing")],
    "tag.create": [({"label": ""}, "label: is missing"), ({"label": "x" * 192}, "label: ")],
    "tag.change": [
        ({"entity_type": "users"}, "add"),
        ({"entity_type": "services", "add": ["x"]}, "entity_type: "),
        ({"entity_type": None, "add": ["x"]}, "entity_type: is missing"),
        ({"entity_type": "teams", "remove": ["a b"]}, "remove[0]: "),
        ({"entity_type": "teams", "add": ["x" * 192]}, "add[0]: "),
    ],
    "business_service.create": [
        ({"name": None}, "name: is missing"),
        ({"name": "x" * 256}, "name: "),
        ({"name": "x", "team_id": "a b"}, "team_id: "),
    ],
    "business_service.update": [({}, "name"), ({"team_id": "a b"}, "team_id: ")],
}
GOOD: Dict[str, Any] = {
    "entity_id": ID,
    "resource_id": ID,
    "requester_id": ID,
    "message": "Help",
    "workflow": ID,
    "content": "x",
    "alert_ids": [ID],
}


class WrongInputsTestCase(ActionsTestCase):
    def test_each_is_named_and_nothing_is_sent(self) -> None:
        from actions_world import metadata

        for name, cases in WRONG.items():
            takes = {
                key
                for key, spec in metadata(name)["parameters"].items()
                if not spec.get("immutable")
            }
            good = {key: value for key, value in GOOD.items() if key in takes}
            for given, told in cases:
                line = self.refused(name, **{**good, **given})
                assert told in line, (name, given, line)
            for key in takes & {"entity_id", "resource_id", "requester_id", "workflow"}:
                for odd in ODD_IDS:
                    line = self.refused(name, **{**good, key: odd})
                    assert f"{key}: " in line, (name, key, odd, line)
        assert self.sent() == []

    def test_an_address_with_another_letter_is_no_users(self) -> None:
        """The Kelvin sign is a k to Unicode alone."""
        email = "\u212aate@example.com"
        self.account.create("users", {"name": "kate@example.com", "email": email, "role": "user"})
        line = self.refused("user.find_by_email", email="kate@example.com")
        assert "no user with the e-mail address kate@example.com" in line

    def test_everything_wrong_is_told_at_once(self) -> None:
        line = self.refused(
            "incident.add_responders",
            entity_id="#",
            requester_id=None,
            message="",
            user_ids=["a b"],
        )
        for part in (
            "4 inputs are wrong",
            "entity_id: ",
            "requester_id: ",
            "message: ",
            "user_ids[0]: ",
        ):
            assert part in line
        assert self.sent() == []


class LostAnswersTestCase(ActionsTestCase):
    """PagerDuty did it, but its answer was lost."""

    def lost(self, name: str, **parameters: Any) -> Any:
        before = len(self.sent())
        self.server.faults.add("lost", method="POST", times=1)
        result = self.run_action(name, **parameters)
        assert sum(one.startswith("POST") for one in self.sent()[before:]) == 1
        return result

    def test_what_has_no_key_is_sent_once(self) -> None:
        incident, user = (
            self.account.trigger("Checkout API", "Slow"),
            self.id("users", "Ada Lovelace"),
        )
        for name, given in (
            ("incident.status_update", {"entity_id": incident.id, "message": "Half"}),
            (
                "incident.add_responders",
                {
                    "entity_id": incident.id,
                    "requester_id": user,
                    "message": "x",
                    "user_ids": [user],
                },
            ),
            ("tag.create", {"label": "night"}),
        ):
            assert self.lost(name, **given)[0] is True, name
        workflow = self.id("incident_workflows", "Major incident")
        done, line = self.lost("incident.run_workflow", entity_id=incident.id, workflow=workflow)
        assert done is False
        assert "it is not known whether it was carried out: check before you repeat it" in line

    def test_what_sets_a_state_is_read(self) -> None:
        incident, user = (
            self.account.trigger("Checkout API", "Slow"),
            self.id("users", "Ada Lovelace"),
        )
        for name, given in (
            ("incident.add_subscribers", {"entity_id": incident.id, "user_ids": [user]}),
            ("tag.change", {"entity_type": "users", "entity_id": user, "add": ["night"]}),
        ):
            self.server.faults.add("lost", method="POST", times=1)
            self.done(name, **given)
        assert len(self.done("incident.find_subscribers", entity_id=incident.id)) == 1
        assert len(self.done("tag.find")) == 1
