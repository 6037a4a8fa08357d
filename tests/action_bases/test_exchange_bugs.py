"""Each bug of the Exchange pack 2.0.0 is gone: a test named after it."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any

from actions_world import ActionsTestCase


class ExchangeBugsTestCase(ActionsTestCase):
    def body(self) -> Any:
        return json.loads(self.server.journal.entries[-1].body or b"null")

    def test_a_list_typed_in_brackets_arrives_as_its_words(self) -> None:
        self.account.trigger("Checkout API", "Disk full")
        found = self.done("incident.find", statuses=["[triggered", "acknowledged]"])
        assert [row["title"] for row in found] == ["Disk full"]
        assert self.query()["statuses[]"] == ["triggered", "acknowledged"]
        for typed in (
            "triggered,acknowledged",
            ["triggered", " acknowledged"],
            "[triggered, acknowledged]",
        ):
            self.done("incident.find", statuses=typed)
            assert self.query()["statuses[]"] == ["triggered", "acknowledged"]

    def test_urgencies_is_a_text_and_takes_both(self) -> None:
        self.done("incident.find", urgencies="high,low")
        assert self.query()["urgencies[]"] == ["high", "low"]
        self.done("incident.find", urgencies="high")
        assert self.query()["urgencies[]"] == ["high"]

    def test_events_v1_sends_its_dedup_key_in_the_body_and_no_key_in_the_url(self) -> None:
        key = next(iter(self.account.catalog["integrations"].values()))["key"]
        for given in ({"service_key": key}, {}):
            self.settings["service_key"] = key
            answer = self.done(
                "incident.create.events_v1", description="Slow", incident_key="db-1", **given
            )
            entry = self.server.journal.entries[-1]
            assert (entry.method, entry.path, entry.query) == (
                "POST",
                "/generic/2010-04-15/create_event.json",
                (),
            )
            assert self.body() == {
                "service_key": key,
                "event_type": "trigger",
                "description": "Slow",
                "incident_key": "db-1",
            }
            assert answer == {
                "status": "success",
                "message": "Event processed",
                "incident_key": "db-1",
            }
        assert len(self.done("incident.find", incident_key="db-1")) == 1

    def test_no_request_for_incidents_none(self) -> None:
        for name in (
            "incident.get",
            "incident.acknowledge",
            "incident.resolve",
            "incident.find_notes",
        ):
            assert "entity_id: is missing" in self.refused(name, entity_id="None")
            assert "entity_id: is missing" in self.refused(name, entity_id=None)
            assert "expected a PagerDuty id" in self.refused(name, entity_id="none")
        assert self.sent() == []

    def test_maximum_30_gives_30(self) -> None:
        for number in range(31):
            self.account.trigger("Checkout API", f"Disk {number}")
        assert len(self.done("incident.find", maximum=30)) == 30
        assert self.warnings == [
            "PagerDuty has more than the 30 returned: raise maximum, or ask for less"
        ]
        assert len(self.sent()) == 1
        assert len(self.done("incident.find")) == 25
        assert len(self.done("incident.find", maximum=31)) == 31
        assert self.warnings == []

    def test_notification_find_asks_for_a_day_when_no_range_is_given(self) -> None:
        self.done("notification.find")
        assert self.query()["since"] == ["2026-11-20T03:45:10Z"]
        assert self.query()["until"] == ["2026-11-21T03:45:10Z"]
        self.done("notification.find", since="2h", until="2026-11-21T03:00:00Z")
        assert self.query()["since"] == ["2026-11-21T01:45:10Z"]

    def test_team_and_schedule_and_escalation_policy_create_need_no_sender(self) -> None:
        self.settings["from_email"] = None
        user = {"id": self.id("users", "Ada Lovelace"), "type": "user_reference"}
        rule = {"escalation_delay_in_minutes": 5, "targets": [user]}
        layer = {
            "start": "2026-11-22T09:00:00Z",
            "rotation_virtual_start": "2026-11-22T09:00:00Z",
            "rotation_turn_length_seconds": 604800,
            "users": [{"user": user}],
        }
        self.done("team.create", data={"type": "team", "name": "Blue"})
        self.done("escalation_policy.create", data={"name": "Blue", "escalation_rules": [rule]})
        self.done(
            "schedule.create",
            data={"time_zone": "UTC", "name": "Blue", "schedule_layers": [layer]},
        )
        assert self.sent() == ["POST /teams", "POST /escalation_policies", "POST /schedules"]

    def test_one_request_where_one_is_enough(self) -> None:
        incident = self.account.trigger("Checkout API", "Disk full").id
        team, user = self.id("teams", "Payments"), self.id("users", "Mei Tanaka")
        policy = self.id("escalation_policies", "Payments escalation")
        for name, parameters in (
            ("incident.acknowledge", {"entity_id": incident}),
            ("incident.create_note", {"entity_id": incident, "content": "Looking"}),
            ("incident.snooze", {"entity_id": incident}),
            ("incident.resolve", {"entity_id": incident}),
            ("team.add_user", {"entity_id": team, "user": user}),
            ("escalation_policy.find_services", {"entity_id": policy}),
        ):
            before = len(self.sent())
            self.done(name, **parameters)
            assert len(self.sent()) == before + 1, name

    def test_team_remove_user_works(self) -> None:
        team = self.id("teams", "Payments")
        user = self.done("user.create.simple", name="Eve", email="eve@example.com")["id"]
        self.done("team.add_user", entity_id=team, user=user)
        assert self.done("team.remove_user", entity_id=team, user=user) == {"success": True}
        assert self.sent()[-1] == f"DELETE /teams/{team}/users/{user}"

    def test_simple_forms_send_no_text_none_and_no_integer_as_text(self) -> None:
        policy, service = (
            self.id("escalation_policies", "Payments escalation"),
            self.id("services", "Storefront"),
        )
        self.done(
            "incident.create.rest_v2.simple", title="Slow", service_id=service, details="None"
        )
        sent = self.body()["incident"]
        key = sent.pop("incident_key")
        assert sent == {
            "type": "incident",
            "title": "Slow",
            "service": {"id": service, "type": "service_reference"},
        }
        assert len(key) == 32
        self.done("service.create.simple", name="New", escalation_policy_id=policy)
        assert self.body()["service"] == {
            "type": "service",
            "name": "New",
            "auto_resolve_timeout": 14400,
            "acknowledgement_timeout": 1800,
            "status": "active",
            "alert_creation": "create_alerts_and_incidents",
            "escalation_policy": {"id": policy, "type": "escalation_policy_reference"},
        }
        self.done("team.create.simple", name="Blue", type="team_reference")
        assert self.body() == {"team": {"type": "team", "name": "Blue"}}

    def test_simple_contact_methods_and_rules_send_what_is_required_today(self) -> None:
        user = self.id("users", "Ada Lovelace")
        sms = {
            "entity_id": user,
            "type": "sms_contact_method",
            "label": "Mobile",
            "address": "1701234567",
        }
        assert "country_code: is missing" in self.refused(
            "user.create_contact_method.simple", **sms
        )
        assert self.sent() == []
        method = self.done("user.create_contact_method.simple", country_code=49, **sms)[
            "contact_method"
        ]["id"]
        self.done(
            "user.create_notification_rule.simple",
            entity_id=user,
            contact_method_id=method,
            contact_method_type="sms_contact_method",
        )
        assert self.body()["notification_rule"] == {
            "type": "assignment_notification_rule",
            "start_delay_in_minutes": 0,
            "contact_method": {"id": method, "type": "sms_contact_method_reference"},
            "urgency": "high",
        }

    def test_what_was_got_can_be_put_back(self) -> None:
        """Read-only fields and nulls go; unknown ones pass with a warning."""
        got = self.done(
            "incident.create.rest_v2.simple",
            title="Slow",
            service_id=self.id("services", "Storefront"),
        )
        got.pop("incident_key")
        got.pop("assignments")
        self.done("incident.create.rest_v2", data=got)
        sent = self.body()["incident"]
        assert sent["title"] == "Slow"
        assert set(sent) <= {
            "type",
            "title",
            "service",
            "urgency",
            "incident_type",
            "escalation_policy",
            "incident_key",
        }
        assert self.warnings == []

    def test_an_unknown_field_passes_with_a_warning(self) -> None:
        service = self.id("services", "Storefront")
        self.done(
            "incident.create.rest_v2",
            data={"title": "Slow", "service": {"id": service}, "colour": "red"},
        )
        assert self.body()["incident"]["colour"] == "red"
        assert self.warnings == [
            "data.colour: PagerDuty's documentation knows no such field; sent as it is"
        ]
        self.server.journal.clear()

    def test_a_find_without_a_word_about_the_rest_is_no_more(self) -> None:
        """All finds kept quiet about what they left out."""
        for number in range(26):
            self.done("team.create.simple", name=f"Team {number}")
        assert len(self.done("team.find")) == 25
        assert "raise maximum" in self.warnings[0]

    def test_on_call_now_is_who_is_on_call_now(self) -> None:
        """Without a range PagerDuty gives everybody in the rotation."""
        found = self.done(
            "schedule.get_on_call", entity_id=self.id("schedules", "Platform rotation")
        )
        assert len(found["users"]) == 1


class LostAnswersTestCase(ActionsTestCase):
    """PagerDuty did it, but the answer was lost: nothing is done twice."""

    def test_an_incident_without_a_key_is_made_once(self) -> None:
        self.server.faults.add("lost", method="POST", path="^/incidents", times=1)
        service = self.id("services", "Storefront")
        made = self.done("incident.create.rest_v2", data={"title": "Slow", "service": service})
        assert made["title"] == "Slow"
        assert len(self.done("incident.find")) == 1

    def test_an_event_is_one_incident(self) -> None:
        self.settings["service_key"] = next(iter(self.account.catalog["integrations"].values()))[
            "key"
        ]
        self.server.faults.add("lost", method="POST", times=1)
        self.done("incident.create.events_v1", description="Slow")
        assert len(self.done("incident.find")) == 1

    def test_a_note_is_found_and_not_written_again(self) -> None:
        incident = self.account.trigger("Checkout API", "Disk full").id
        self.server.faults.add("lost", method="POST", times=1)
        assert (
            self.done("incident.create_note", entity_id=incident, content="Looking")["content"]
            == "Looking"
        )
        assert len(self.done("incident.find_notes", entity_id=incident)) == 1

    def test_an_old_note_of_the_same_words_is_not_taken_for_the_new_one(self) -> None:
        incident = self.account.trigger("Checkout API", "Disk full").id
        self.done("incident.create_note", entity_id=incident, content="Looking")
        self.account.clock.advance(3600)
        self.now += 3600
        self.server.faults.add("lost", method="POST", times=1)
        self.done("incident.create_note", entity_id=incident, content="Looking")
        assert len(self.done("incident.find_notes", entity_id=incident)) == 2

    def test_what_can_be_looked_for_is_made_once(self) -> None:
        service, user = self.id("services", "Storefront"), self.id("users", "Ada Lovelace")
        for name, parameters, find in (
            ("team.create.simple", {"name": "Blue"}, ("team.find", {"query": "Blue"})),
            (
                "user.create.simple",
                {"name": "Eve", "email": "eve@example.com"},
                ("user.find", {"query": "Eve"}),
            ),
            (
                "maintenance_window.create.simple",
                {
                    "start_time": "2026-11-22T09:00:00Z",
                    "end_time": "2026-11-22T11:00:00Z",
                    "service_id": service,
                },
                ("maintenance_window.find", {}),
            ),
            (
                "user.create_contact_method.simple",
                {
                    "entity_id": user,
                    "type": "email_contact_method",
                    "label": "Home",
                    "address": "a@example.org",
                },
                None,
            ),
        ):
            self.server.faults.add("lost", method="POST", times=1)
            self.done(name, **parameters)
            assert sum(line.startswith("POST") for line in self.sent()) == 1, name
            if find:
                assert len(self.done(find[0], **find[1])) == 1
            self.server.journal.clear()

    def test_a_schedule_is_found_by_its_layers_and_not_made_again(self) -> None:
        layer = {
            "start": "2026-11-22T09:00:00Z",
            "rotation_virtual_start": "2026-11-22T09:00:00Z",
            "rotation_turn_length_seconds": 604800,
            "users": [{"user": self.id("users", "Ada Lovelace")}],
        }
        given = {"time_zone": "UTC", "name": "Blue", "schedule_layers": [layer]}
        self.server.faults.add("lost", method="POST", times=1)
        made = self.done("schedule.create", data=given)
        assert [row["id"] for row in self.done("schedule.find", query="Blue")] == [made["id"]]
        self.server.faults.add("drop", method="POST", times=1)
        line = self.refused("schedule.create", data={**given, "name": "Green"})
        assert "it is not known whether it was carried out: check before you repeat it" in line
        assert sum(one.startswith("POST") for one in self.sent()) == 2

    def test_a_merge_is_not_repeated(self) -> None:
        first, second = (
            self.account.trigger("Checkout API", title).id
            for title in ("Disk full", "Disk fuller")
        )
        self.server.faults.add("lost", method="PUT", times=1)
        self.done("incident.merge", entity_id=first, source_incidents=[second])
        assert sum(one.startswith("PUT") for one in self.sent()) == 1
