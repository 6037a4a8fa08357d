"""What the incident sensor watches: services, teams, urgencies and the states in which an
incident starts."""

from __future__ import annotations

from sensor_world import SensorWorld


class FilterTestCase(SensorWorld):
    watch = {
        "services": ["Checkout API", "Database"],
        "teams": ["Payments"],
        "urgencies": ["high"],
    }

    def test_names_are_resolved_once_and_filters_hold(self) -> None:
        self.poll()
        wanted = self.account.trigger("Checkout API", "Wanted")
        self.account.trigger("Database", "Other team")
        self.account.trigger("Billing Jobs", "Other service")
        low = self.account.trigger("Checkout API", "Low", urgency="low")
        self.poll(times=2)
        assert {p["incident"]["id"] for p in self.payloads()} == {wanted.id}
        self.account.set_urgency(low, "high")
        self.poll()
        assert self.events(low) == ["incident.urgency_updated"]
        assert self.requests("^/(services|teams)") <= 4

    def test_a_reported_incident_is_followed_when_it_no_longer_passes(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Moves away")
        self.poll()
        self.account.set_urgency(incident, "low")
        self.poll()
        self.account.set_service(incident, "Storefront")
        self.account.delegate(incident, "Web escalation")
        self.poll(times=12)
        self.account.acknowledge(incident)
        self.poll(times=12)
        self.account.resolve(incident)
        self.poll(times=12)
        events = self.events(incident)
        assert (events[0], events[1]) == ("incident.triggered", "incident.urgency_updated")
        assert events[-2:] == ["incident.acknowledged", "incident.resolved"]
        assert len(events) == len(set(self.event_ids())) == 6

    def test_a_name_nobody_bears_is_told_once_and_stops_nothing(self) -> None:
        self.sensor = self.start_sensor(
            self.config(services=["Chekout API", "Checkout API"], teams=[])
        )
        self.poll(times=5)
        incident = self.account.trigger("Checkout API", "Still seen")
        self.poll(times=2)
        assert self.events(incident) == ["incident.triggered"]
        (health,) = self.payloads("pagerduty.sensor_health")
        assert health["state"] == "failing"
        assert "Chekout API" in health["reason"]

    def test_trouble_while_names_are_resolved_says_nothing_about_names(self) -> None:
        for number, terms in enumerate(
            ({"status": 403}, {"status": 404}, {"status": 401}, {"status": 500})
        ):
            self.poll(times=2)
            self.sensor = self.start_sensor()
            self.server.faults.add("status", path="^/(services|teams)", **terms)
            self.poll()
            incident = self.account.trigger(
                "Checkout API", f"While names can't be resolved {number}"
            )
            self.poll()
            self.server.faults.clear()
            self.poll(times=2)
            assert self.events(incident) == ["incident.triggered"]

    def test_a_newly_watched_service_is_no_flood(self) -> None:
        self.poll()
        for _ in range(5):
            self.account.trigger("Storefront", "Not watched yet")
        self.poll(times=20)
        self.sensor = self.start_sensor(self.config(services=[], teams=[]))
        self.poll(times=20)
        assert self.payloads() == []


class StartStateTestCase(SensorWorld):
    watch = {"start_states": ["acknowledged"]}

    def test_an_incident_starts_in_a_start_state_only(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Wait for the ack")
        self.poll()
        assert self.payloads() == []
        self.account.acknowledge(incident)
        self.poll()
        self.account.resolve(incident)
        self.poll()
        assert self.events(incident) == ["incident.acknowledged", "incident.resolved"]
