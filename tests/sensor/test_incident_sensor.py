"""The incident sensor against the local PagerDuty, judged by the sandbox's journal: what is told,
and what it costs."""

from __future__ import annotations

import json
from typing import Any, List

from sensor_world import SensorWorld

from pagerduty_mattermost.cards.card import CardView
from pagerduty_mattermost.cards.replies import draw_reply
from pagerduty_mattermost.incidents import reader
from pagerduty_mattermost.incidents.incident import from_payload
from pagerduty_mattermost.incidents.trigger_payload import MAX_PAYLOAD_BYTES
from pagerduty_mattermost.sensor import cycle


class IncidentSensorTestCase(SensorWorld):
    def test_a_story_is_told_whole_once_and_in_order(self) -> None:
        self.poll()
        incident = self.account.trigger(
            "Checkout API", "Disk full", priority="P1", details={"disk": "/dev/sda1"}
        )
        self.poll()
        self.account.acknowledge(incident, "Ada Lovelace")
        self.account.annotate(incident, "Looking at it")
        self.clock.advance(1)
        self.account.escalate(incident)
        self.poll()
        self.account.set_priority(incident, "P2")
        self.account.set_title(incident, "Disk really full")
        self.account.resolve(incident, resolution="Cleaned up")
        self.poll(times=12)
        assert self.events(incident) == [
            "incident.triggered",
            "incident.acknowledged",
            "incident.annotated",
            "incident.escalated",
            "incident.priority_updated",
            "incident.title_updated",
            "incident.resolved",
        ]
        assert self.event_ids() == self.told()
        first, *_, last = self.payloads()
        assert first["incident"]["details"] == [["disk", "/dev/sda1"]]
        assert first["events"][0]["changes"]["to"] == "Ada Lovelace"
        assert (last["incident"]["status"], last["incident"]["title"]) == (
            "resolved",
            "Disk really full",
        )
        priority = last["events"][0]["changes"]
        assert (priority["from"], priority["to"]) == ("P1", "P2")
        assert last["events"][-1]["changes"]["note"] == "Cleaned up"

    def test_every_dispatch_carries_the_incident_as_trace_tag_and_fits_its_schema(self) -> None:
        self.poll()
        incident = self.account.trigger(
            "Checkout API", "x" * 20000, details={f"k{n}": "v" * 900 for n in range(30)}
        )
        for user in ("Ada Lovelace", "Grace Hopper"):
            self.account.acknowledge(incident, user)
        self.account.annotate(incident, "\u202e@here \U0001f525" * 400)
        self.poll()
        for one in self.get_dispatched_triggers():
            assert self.sensor._dispatcher._schemas[one["trigger"]].misfit(one["payload"]) == ""
        (one,) = [
            one for one in self.get_dispatched_triggers() if one["trigger"] == "pagerduty.incident"
        ]
        assert one["trace_context"].trace_tag == incident.id
        assert len(json.dumps(one["payload"], ensure_ascii=False).encode()) <= MAX_PAYLOAD_BYTES

    def test_a_quiet_cycle_costs_one_request_and_no_write(self) -> None:
        self.account.storm(150)
        self.poll(times=3)
        self.account.trigger("Checkout API", "News")
        self.poll(times=9)
        writes: List[str] = []
        original = self.sensor_service.set_value
        self.sensor_service.set_value = lambda name, *args, **more: (
            writes.append(name) or original(name, *args, **more)
        )
        before = self.requests()
        self.sensor._cycle._snapshots._cycles = 0
        self.poll(seconds=30, times=6)
        assert self.requests() - before == 6
        assert self.requests("^/log_entries$") >= 6
        assert writes == []
        self.poll(seconds=30, times=10)
        assert writes == ["pagerduty.sensor.heartbeat"]

    def test_a_new_incident_costs_a_read_of_the_log_and_one_of_the_incident(self) -> None:
        self.poll(times=9)
        writes: List[str] = []
        original = self.sensor_service.set_value
        self.sensor_service.set_value = lambda name, *args, **more: (
            writes.append(name) or original(name, *args, **more)
        )
        self.sensor._cycle._snapshots._cycles = 0
        incident = self.account.trigger("Checkout API", "News")
        before = self.requests()
        self.poll(seconds=5)
        assert self.events(incident) == ["incident.triggered"]
        assert self.requests() - before == 2
        assert self.requests(f"^/incidents/{incident.id}$") == 1
        self.account.acknowledge(incident, "Ada Lovelace")
        self.poll(seconds=5)
        assert self.requests() - before == 3
        assert writes.count("pagerduty.sensor.head") == 2

    def test_a_snapshot_costs_one_request_for_each_hundred_open_and_one_more(self) -> None:
        self.account.storm(150)
        self.poll()
        self.sensor._cycle._snapshots.wanted = True
        self.poll(300)
        before = self.requests("^/incidents")
        self.sensor._cycle._snapshots.wanted = True
        self.poll(300)
        assert self.requests("^/incidents") - before == 3

    def test_snapshots_keep_to_their_share_of_the_rate_limit_also_while_one_is_wanted(
        self,
    ) -> None:
        self.account.set_options(rate_limit=40)
        self.poll(times=3)
        before = self.requests("^/incidents")
        for _ in range(12):
            self.sensor._cycle._snapshots.wanted = True
            self.poll()
        minutes = 12 * 30 / 60
        assert 0 < self.requests("^/incidents") - before <= minutes * 0.05 * 40

    def test_the_first_start_is_silent_but_for_one_summary(self) -> None:
        for number in range(25):
            self.account.trigger("Checkout API", f"Old `@here` {number}", user="Ada Lovelace")
        self.account.acknowledge(self.account.trigger("Database", "Older"), "Ada Lovelace")
        self.poll(times=3)
        assert self.payloads() == []
        (summary,) = self.payloads("pagerduty.open_summary")
        assert (summary["total"], summary["by_status"]) == (
            26,
            {"acknowledged": 1, "triggered": 25},
        )
        assert len(summary["newest"]) == 20
        assert "@here" not in summary["text"]
        self.sensor = self.start_sensor()
        self.poll(times=2)
        assert len(self.payloads("pagerduty.open_summary")) == 1

    def test_what_was_open_before_the_start_is_followed_from_its_next_change_on(self) -> None:
        old = self.account.trigger("Checkout API", "Old")
        other = self.account.trigger("Checkout API", "Resolved after the start")
        self.poll()
        self.account.acknowledge(old)
        self.account.resolve(other)
        self.poll()
        assert self.events(old) == ["incident.acknowledged"]
        assert self.events(other) == []

    def test_an_incident_that_comes_and_goes_between_polls_is_told_with_all_its_events(
        self,
    ) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Blip")
        self.account.acknowledge(incident)
        self.account.resolve(incident)
        self.poll()
        assert self.events(incident) == [
            "incident.triggered",
            "incident.acknowledged",
            "incident.resolved",
        ]
        assert len(self.payloads()) == 1

    def test_the_summary_follows_what_happens_to_the_incidents_it_lists(self) -> None:
        one, two = (self.account.trigger("Checkout API", title) for title in ("One", "Two"))
        self.clock.advance(60)
        self.poll()
        self.account.acknowledge(one, "ada@example.com")
        self.poll()
        self.sensor = self.start_sensor()
        self.account.resolve(two, "ada@example.com")
        self.poll(times=3)
        first, second, third = self.payloads("pagerduty.open_summary")
        assert [p["revision"] for p in (first, second, third)] == [0, 1, 2]
        assert first["key"] == second["key"] == third["key"]
        (line,) = (text for text in third["text"].split("\n") if "Two" in text)
        assert line.startswith("- ~~✅ [")
        assert "~~ · resolved by Ada Lovelace, " in line
        (line,) = (text for text in third["text"].split("\n") if "One" in text)
        assert "~~" not in line
        assert line.startswith("- 👀 [")
        assert " · acknowledged by Ada Lovelace, " in line
        assert self.events(two) == []

    def test_unknown_entries_pass_and_a_reopen_is_recognised_by_the_incident(self) -> None:
        for entry_type in ("reopen", "no_one_knows_this", ""):
            self.account.set_switches(reopen=entry_type or "trigger")
            self.poll()
            incident = self.account.trigger("Checkout API", "Once more")
            self.poll()
            self.account.odd_entry(incident, "quantum_flux", note=None, contexts=None, teams=None)
            self.poll(70)
            self.account.resolve(incident)
            self.poll()
            self.account.reopen(incident)
            self.poll()
            assert self.events(incident) == [
                "incident.triggered",
                "incident.updated",
                "incident.resolved",
                "incident.reopened",
            ]

    def test_what_pagerduty_closes_by_itself_is_told_as_that(self) -> None:
        """It was once told as resolved by the service."""
        self.account.options.automatic_escalation = True
        self.account.find("services", "Storefront")["auto_resolve_timeout"] = 600
        self.poll()
        one = self.account.trigger("Storefront", "Nobody looks")
        self.poll(times=25)
        (event,) = [
            event
            for payload in self.payloads()
            for event in payload["events"]
            if payload["incident"]["id"] == one.id and event["event_type"] == "incident.resolved"
        ]
        change = from_payload(self.payloads()[-1])
        told = draw_reply(change.incident, change.events[-1], CardView())
        assert told.endswith("Closed by PagerDuty itself after 10 min: nobody resolved it"), event

    def test_a_merged_incident_says_into_which(self) -> None:
        self.poll()
        one, two = (self.account.trigger("Checkout API", title) for title in ("One", "Two"))
        self.poll()
        self.account.merge(one, [two])
        self.poll()
        assert self.events(two) == ["incident.triggered", "incident.merged"]
        last = [p for p in self.payloads() if p["incident"]["id"] == two.id][-1]
        assert (last["incident"]["status"], last["incident"]["merged_into"]) == ("merged", one.id)
        assert last["events"][-1]["changes"]["to"] == f"#{one.number} One"
        kept = from_payload([p for p in self.payloads() if p["incident"]["id"] == one.id][-1])
        told = draw_reply(kept.incident, kept.events[-1], CardView())
        assert f"#{two.number} Two merged into this incident by " in told
        assert "[#" not in told

    def test_late_entries_are_told_once(self) -> None:
        self.poll()
        self.account.log_late(90, probability=0.5, seed=4)
        incidents = []
        for number in range(12):
            incidents.append(self.account.trigger("Checkout API", f"Late {number}"))
            self.clock.advance(7)
            self.account.acknowledge(incidents[-1])
            self.poll()
            self.account.resolve(incidents[-1])
        self.account.log_late(0)
        self.poll(times=25)
        assert sorted(self.event_ids()) == sorted(self.told())

    def test_what_the_log_never_shows_a_snapshot_finds(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Hidden")
        self.poll()
        self.account.log_late(10**6)
        self.account.acknowledge(incident, "Ada Lovelace")
        unseen = self.account.trigger("Database", "Never in the log")
        self.poll(times=40)
        acknowledged = [
            event
            for p in self.payloads()
            for event in p["events"]
            if p["incident"]["id"] == incident.id
        ]
        assert [event["event_type"] for event in acknowledged] == [
            "incident.triggered",
            "incident.acknowledged",
        ]
        assert acknowledged[1]["event_id"].startswith(f"snap-{incident.id}-status-acknowledged-")
        assert acknowledged[1]["agent"]["name"] == "Ada Lovelace"
        assert self.events(unseen) == ["incident.triggered"]
        self.account.resolve(unseen)
        self.poll(times=40)
        assert self.events(unseen) == ["incident.triggered", "incident.resolved"]

    def test_alert_counts_repaint_without_an_event(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Alerts")
        self.poll()
        self.account.add_alert(incident, "Another one")
        self.poll(times=25)
        assert [p["incident"]["alerts_total"] for p in self.payloads()] == [1, 2]
        assert self.payloads()[-1]["events"] == []

    def test_the_conference_bridge_comes_with_a_new_incident(self) -> None:
        self.poll()
        self.account.trigger(
            "Checkout API", "Call", conference={"conference_url": "https://meet.example.com/1"}
        )
        self.poll()
        assert self.payloads()[0]["incident"]["conference_url"] == "https://meet.example.com/1"

    def test_a_new_incident_says_whether_its_bridge_and_first_alert_were_read(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "No bridge, no details")
        self.poll()
        self.account.acknowledge(incident, user="ada@example.com")
        self.server.faults.add("status", status=500, path="/incidents/")
        self.account.trigger("Checkout API", "Not told")
        self.poll()
        assert [(p["event_types"], p["complete"]) for p in self.payloads()] == [
            (["incident.triggered"], True),
            (["incident.acknowledged"], False),
            (["incident.triggered"], False),
        ]

    def test_a_conference_bridge_that_comes_or_changes_later_is_told_once(self) -> None:
        for entry in ("field_value_change", ""):
            self.account.set_switches(bridge_entry=entry)
            self.poll()
            incident = self.account.trigger(
                "Checkout API", "Call", conference={"conference_url": "https://meet.example/1"}
            )
            self.poll(times=25)
            assert self.events(incident) == ["incident.triggered"]
            self.account.set_conference(incident, "https://meet.example/2")
            self.poll(times=25)
            mine = [p for p in self.payloads() if p["incident"]["id"] == incident.id]
            assert [p["incident"]["conference_url"] for p in mine] == [
                "https://meet.example/1",
                "https://meet.example/2",
            ]
            (event,) = mine[-1]["events"]
            assert event["event_type"] == "incident.conference_bridge.updated"
            assert event["changes"]["to"] == "https://meet.example/2"
            self.sensor = self.start_sensor()
            self.account.annotate(incident, "the log includes no bridge")
            self.poll(times=25)
            assert self.events(incident)[2:] == ["incident.annotated"]

    def test_a_status_that_came_and_went_between_snapshots_is_not_taken_for_an_old_one(
        self,
    ) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Back and forth")
        self.poll()
        self.account.log_late(90, types=("acknowledge",))
        self.account.acknowledge(incident, "Ada Lovelace")
        self.sensor._cycle._snapshots.wanted = True
        self.poll(20)
        self.account.unacknowledge(incident)
        self.sensor._cycle._snapshots._cycles = -20
        self.poll(times=8)
        self.account.acknowledge(incident, "Ada Lovelace")
        self.sensor._cycle._snapshots.wanted = True
        self.poll(20)
        self.poll(times=10)
        assert sorted(self.event_ids()) == sorted(self.told())

    def test_a_restart_goes_on_where_it_was(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Across restarts")
        for act in (self.account.acknowledge, self.account.annotate, self.account.resolve):
            self.poll()
            self.sensor = self.start_sensor()
            act(incident, *(["A note"] if act == self.account.annotate else []))
        self.poll(times=15)
        assert self.event_ids() == self.told()

    def standstill(self, minutes: int) -> None:
        """Ten incidents come and are acknowledged each minute while the sensor is down; the log is
        read in slices."""
        self.poll()
        for _ in range(minutes):
            for id in self.account.storm(10):
                self.account.acknowledge(id)
            self.clock.advance(60)
        self.replace(reader, "MAX_WINDOW_ENTRIES", 300)
        self.sensor = self.start_sensor()

    def replace(self, module: Any, name: str, value: Any) -> None:
        self.addCleanup(setattr, module, name, getattr(module, name))
        setattr(module, name, value)

    def test_a_long_standstill_is_caught_up_in_slices(self) -> None:
        self.standstill(60)
        self.poll(times=3)
        assert sorted(self.event_ids()) == sorted(self.told())
        assert len(self.event_ids()) == len(set(self.event_ids())) == 1200

    def test_no_snapshot_tells_what_the_log_is_about_to_tell(self) -> None:
        self.replace(cycle, "MAX_SLICES", 1)
        self.standstill(15)
        self.poll(times=6)
        assert sorted(self.event_ids()) == sorted(self.told())
