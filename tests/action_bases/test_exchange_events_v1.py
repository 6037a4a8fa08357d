"""incident.create.events_v1: refused inputs, PagerDuty's refusals and every trouble on the way."""

from __future__ import annotations

import time

from actions_world import ActionsTestCase

NAME = "incident.create.events_v1"


class EventsV1TestCase(ActionsTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.settings["service_key"] = next(iter(self.account.catalog["integrations"].values()))[
            "key"
        ]

    def test_all_it_takes_arrives(self) -> None:
        answer = self.done(
            NAME,
            description="Slow",
            details={"host": "db-1"},
            client="Probe",
            client_url="https://probe.example.com",
        )
        assert set(answer) == {"status", "message", "incident_key"}
        assert len(self.done("incident.find", incident_key=answer["incident_key"])) == 1

    def test_wrong_inputs_are_told_at_once_and_nothing_is_sent(self) -> None:
        line = self.refused(NAME, details="x", client_url="probe")
        for place in ("description: is missing", "details: ", "client_url: "):
            assert place in line
        self.settings["service_key"] = None
        assert "service_key: is missing" in self.refused(NAME, description="x")
        assert self.sent() == []

    def test_a_wrong_key_is_told_without_it(self) -> None:
        line = self.refused(NAME, description="x", service_key="SECRETSECRET")
        assert "Invalid routing key" in line
        assert "SECRET" not in line

    def test_trouble_that_passes_is_waited_out_with_one_incident(self) -> None:
        for kind in ("drop", "lost", "bad_json", "html"):
            self.server.faults.add(kind, times=1)
            self.done(NAME, description=kind)
        for status in (403, 429, 500, 503):
            self.server.faults.add("status", status=status, times=2)
            self.done(NAME, description=str(status))
        assert len(self.done("incident.find", maximum=100)) == 8

    def test_trouble_that_stays_is_a_line(self) -> None:
        for status, word in (
            (403, "too many"),
            (429, "too many"),
            (500, "trouble"),
            (404, "refuses (404)"),
        ):
            self.server.faults.add("status", status=status)
            assert word in self.refused(NAME, description="x")
            self.server.faults.clear()
        self.settings["timeouts"] = {"connect": 1, "read": 0.1}
        self.server.faults.add("freeze")
        assert "no answer in time" in self.refused(NAME, description="x")
        for _ in range(200):
            if self.server.faults.listing()[0]["hits"] == 4:
                break
            time.sleep(0.01)

    def test_an_event_that_is_too_large_pages_with_less_of_its_details(self) -> None:
        self.done(NAME, description="x", details={"log": "x" * 600000})
        (entry,) = self.server.journal.entries
        assert entry.json()["details"]["details"].startswith('{"log": "xxx')

    def test_the_rest_key_never_goes_to_the_events_api(self) -> None:
        self.done(NAME, description="x")
        entry = self.server.journal.entries[-1]
        assert "authorization" not in {name.lower() for name in entry.headers}
