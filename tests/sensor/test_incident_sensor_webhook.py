"""The incident sensor with PagerDuty's webhook, over real HTTP: when a call makes it read, and
what of calls is lost, late or forged."""

# flake8: noqa: W503

from __future__ import annotations

import json
import socket
import threading
from unittest import mock

from webhook_world import OTHER, WebhookWorld

from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.http import listener as chat_listener
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.sensor.webhook import (
    GAP_SECONDS,
    LATE_CALL_SECONDS,
    QUICK_GAP_SECONDS,
    READ_AGAIN_SECONDS,
)
from pagerduty_mattermost.sensor.webhook_endpoint import (
    LISTEN_AGAIN_SECONDS,
    SILENT_SECONDS,
    TROUBLE_COUNTS_SECONDS,
)
from sandbox.waiting import until


class WebhookTestCase(WebhookWorld):
    def test_a_verified_call_reads_at_once_and_once_more_and_then_the_poll_interval_is_long(
        self,
    ) -> None:
        self.poll()
        assert self.sensor.get_poll_interval() == 10
        self.clock.advance(2)
        incident = self.account.trigger("Checkout API", "Called for")
        woken = threading.Event()
        self.sensor.wake_by(woken.set)
        assert self.call() == 202
        assert woken.is_set()
        assert self.after(0) == 1
        assert self.events(incident) == ["incident.triggered"]
        assert self.sensor.get_poll_interval() == READ_AGAIN_SECONDS
        assert self.after(READ_AGAIN_SECONDS - 0.1) == 0
        assert self.after(0.1) == 1
        assert self.sensor.get_poll_interval() == 60
        assert self.after(59) == 0
        assert self.after(1) == 1

    def test_a_burst_of_calls_for_one_incident_is_one_dispatch_with_all_of_it(self) -> None:
        self.poll()
        incident = self.account.trigger("Checkout API", "Called for")
        assert self.call() == 202
        assert self.after(0) == 0, "within the distance of two reads"
        self.account.acknowledge(incident, user="ada@example.com")
        assert self.call() == 202
        self.account.annotate(incident, "Looking", user="ada@example.com")
        assert self.call() == 202
        assert self.after(GAP_SECONDS) == 1
        (payload,) = self.payloads()
        kinds = [event["event_type"].split(".")[1] for event in payload["events"]]
        assert kinds == ["triggered", "acknowledged", "annotated"]

    def test_who_runs_actions_itself_reads_more_often_while_the_limit_is_ample(self) -> None:
        self.poll()
        self.sensor.wake_by(lambda: None)
        self.call()
        assert self.after(GAP_SECONDS) == 1
        self.call()
        assert self.after(QUICK_GAP_SECONDS) == 1
        self.account.set_options(rate_limit=12)
        self.call()
        assert self.after(QUICK_GAP_SECONDS) == 1, "the answer before it told of enough"
        self.call()
        assert self.after(QUICK_GAP_SECONDS) == 0
        assert self.after(GAP_SECONDS) == 1

    def test_an_entry_that_comes_into_sight_long_after_its_call_is_looked_for_again(self) -> None:
        self.poll()
        self.clock.advance(5)
        self.account.log_late(10)
        incident = self.account.trigger("Checkout API", "Late in the log")
        event = {
            "id": "01E",
            "event_type": "incident.triggered",
            "resource_type": "incident",
            "occurred_at": times.iso(self.clock()),
            "data": {"id": incident.id},
        }
        assert self.call(body=json.dumps({"event": event}).encode()) == 202
        assert [self.after(seconds) for seconds in (0, 3, 3, 5)] == [1, 1, 1, 0]
        assert self.events(incident) == []
        assert self.after(1) == 1
        assert self.events(incident) == ["incident.triggered"]
        assert self.sensor.get_poll_interval() == 60

    def test_an_entry_that_comes_into_sight_after_its_call_is_found_by_the_second_look(
        self,
    ) -> None:
        self.poll()
        self.clock.advance(5)
        self.account.log_late(2)
        incident = self.account.trigger("Checkout API", "Late in the log")
        self.call()
        assert self.after(0) == 1
        assert self.events(incident) == []
        assert self.after(READ_AGAIN_SECONDS) == 1
        assert self.events(incident) == ["incident.triggered"]

    def test_of_many_open_incidents_the_one_that_the_log_lost_something_of_is_looked_up(
        self,
    ) -> None:
        self.account.set_options(rate_limit=None)
        old = self.account.incidents[self.account.storm(1500)[750]]
        self.clock.advance(600)
        self.poll(times=3)
        self.account.log_late(10**7)
        self.account.acknowledge(old, "ada@example.com")
        event = {
            "id": "01E",
            "event_type": "incident.acknowledged",
            "resource_type": "incident",
            "occurred_at": times.iso(self.clock()),
            "data": {"id": old.id},
        }
        self.call(body=json.dumps({"event": event}).encode())
        self.poll(seconds=60, times=12)
        assert self.events(old) == ["incident.acknowledged"]
        # For the snapshot, and since nothing of it was reported before.
        assert self.requests(f"^/incidents/{old.id}$") == 2

    def test_calls_that_come_together_cost_a_read_a_second(self) -> None:
        self.poll()
        before = self.reads()
        for _ in range(200):
            assert self.call() == 202
            self.clock.advance(0.01)
            self.sensor.poll()
        assert self.reads() - before <= 3

    def test_what_is_not_pagerdutys_makes_no_read_and_is_counted_not_told(self) -> None:
        self.poll()
        before = self.reads()
        assert self.call(headers={}) == 401
        assert self.call(OTHER) == 202
        assert self.call(headers={"X-PagerDuty-Signature": "v1=00"}) == 202
        assert (
            self.call(body=b"x" * (1024 * 1024 + 1), headers={"X-PagerDuty-Signature": "v1=00"})
            == 202
        )
        assert self.after(1) == 0
        assert self.after(9) == 1
        assert self.reads() == before + 1
        self.poll(times=3)
        self.poll(61)
        assert self.stored("webhook.health")["calls"] == {"genuine": 0, "unfit": 3, "unsigned": 1}
        assert self.states() == []

    def test_forged_calls_hide_no_revoked_key(self) -> None:
        self.poll()
        for _ in range(3):
            self.call(OTHER)
        self.poll(10)
        self.server.faults.add("status", status=401)
        self.poll(10)
        self.call(OTHER)
        self.poll(10)
        self.server.faults.clear()
        self.poll(10)
        kinds = [(one["state"], one["kind"]) for one in self.payloads("pagerduty.sensor_health")]
        assert kinds == [("failing", "key"), ("recovered", "key")]

    def test_forged_calls_are_an_advice_where_genuine_ones_are_missing(self) -> None:
        self.call(OTHER)
        self.poll(10)
        self.account.trigger("Checkout API", "No call came")
        self.poll(10)
        self.poll(SILENT_SECONDS + 1)
        self.poll(10)
        (health,) = self.payloads("pagerduty.sensor_health")
        assert health["kind"] == "webhook.silent"
        assert "1 calls bore a signature that fits no secret" in health["reason"]

    def test_what_was_refused_unread_is_repeated_by_pagerduty_and_never_lost_by_a_4xx(
        self,
    ) -> None:
        signed = {"x-pagerduty-signature": "v1=00"}
        with mock.patch.object(chat_listener, "CALL_SECONDS", 0.3), socket.create_connection(
            ("127.0.0.1", self.port), timeout=5
        ) as slow:
            slow.sendall(b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
            assert slow.recv(100).startswith(b"HTTP/1.1 503 ")
        endpoint = self.sensor._endpoint
        assert endpoint._refusal(429, signed) == 503
        assert (endpoint._refusal(411, signed), endpoint._refusal(413, signed)) == (202, 202)
        assert (endpoint._refusal(411, {}), endpoint._refusal(413, {})) == (411, 413)
        assert endpoint._calls == {"genuine": 0, "unfit": 2, "unsigned": 2}

    def test_what_an_older_version_noted_of_the_webhook_goes_once_there_is_something_newer(
        self,
    ) -> None:
        store = Store(self.sensor.sensor_service)
        store.write("webhook.bell", {"works": True})
        self.sensor = self.start_sensor()
        self.poll(61)
        assert store.read("webhook.bell") is None
        assert self.stored("webhook.health")["works"] is False

    def test_only_posts_are_taken(self) -> None:
        assert self.http.get(f"http://127.0.0.1:{self.port}/", timeout=5).status_code == 405

    def test_what_is_called_for_during_an_outage_is_read_when_it_is_over(self) -> None:
        self.poll()
        self.clock.advance(2)
        self.server.faults.add("status", status=503)
        incident = self.account.trigger("Checkout API", "During an outage")
        self.call()
        for _ in range(3):
            self.after(5)
        assert self.events(incident) == []
        self.server.faults.clear()
        assert self.sensor.get_poll_interval() <= 10
        self.after(self.sensor.get_poll_interval())
        assert self.events(incident) == ["incident.triggered"]

    def test_changes_that_no_call_tells_of_shorten_the_interval_and_are_told_until_a_call_comes(
        self,
    ) -> None:
        self.call()
        self.after(0)
        self.after(READ_AGAIN_SECONDS)
        assert self.sensor.get_poll_interval() == 60
        self.clock.advance(40)
        self.account.trigger("Checkout API", "No call came")
        self.clock.advance(20)
        self.sensor.poll()
        self.poll(LATE_CALL_SECONDS + 1)
        self.poll(60)
        assert self.sensor.get_poll_interval() == 10
        assert self.states() == []
        self.poll(SILENT_SECONDS)
        assert "did not report changes" in self.payloads("pagerduty.sensor_health")[0]["reason"]
        assert self.stored("webhook.health")["works"] is False
        self.call()
        self.after(0)
        self.after(READ_AGAIN_SECONDS)
        assert self.sensor.get_poll_interval() == 60
        assert self.stored("webhook.health")["works"] is True
        self.poll(TROUBLE_COUNTS_SECONDS)
        assert self.states() == ["failing", "recovered"]

    def test_snapshots_come_as_often_as_without_calls(self) -> None:
        self.poll(times=3)
        for _ in range(300):
            self.call()
            self.clock.advance(1)
            self.sensor.poll()
        before = self.requests("^/incidents$")
        for _ in range(600):
            self.call()
            self.clock.advance(1)
            self.sensor.poll()
        assert 2 <= self.requests("^/incidents$") - before <= 4


class TakenPortTestCase(WebhookWorld):
    def setUp(self) -> None:
        super().setUp()
        self.sensor.cleanup()
        self.holder = socket.socket()
        self.holder.bind(("127.0.0.1", self.port))
        self.holder.listen(1)
        self.addCleanup(self.holder.close)
        self.sensor = self.start_sensor()

    def test_it_is_polled_told_and_taken_when_it_is_free(self) -> None:
        self.poll(10)
        incident = self.account.trigger("Checkout API", "No webhook")
        self.poll(10)
        assert self.events(incident) == ["incident.triggered"]
        assert self.sensor.get_poll_interval() == 10
        (health,) = self.payloads("pagerduty.sensor_health")
        assert (
            f"webhook.bind and webhook.port: 127.0.0.1:{self.port} can't be listened on"
            in health["reason"]
        )
        assert "can't be listened on" in self.stored("webhook.health")["problem"]
        self.holder.close()
        self.poll(LISTEN_AGAIN_SECONDS)
        assert self.call() == 202
        self.poll(10)
        assert self.states() == ["failing", "recovered"]


class LoopTestCase(WebhookWorld):
    """StackStorm calls `run` and nothing else."""

    def test_a_call_ends_the_wait(self) -> None:
        self.sensor._endpoint.monotonic = self.sensor._cycle._monotonic = self.later
        self.shift = 0.0
        loop = threading.Thread(target=self.sensor.run, daemon=True)
        loop.start()
        until(lambda: self.sensor._cycle.state)
        self.shift = 2.0
        incident = self.account.trigger("Checkout API", "Called for")
        assert self.call() == 202
        until(lambda: self.events(incident))
        self.sensor.cleanup()
        loop.join(60)
        assert not loop.is_alive()

    def later(self) -> float:
        return self.clock() + self.shift
