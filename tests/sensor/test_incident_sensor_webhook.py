"""The incident sensor with PagerDuty's webhook, over real HTTP, on a clock that
moves when told."""

# flake8: noqa: W503

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import threading
from typing import Any, Dict, List, Optional
from unittest import mock

import requests
from sensor_world import SensorWorld

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.http import listener as chat_listener
from pagerduty_mattermost.gateways.http.accepted_secrets import REFRESH_SECONDS, RELOAD_SECONDS
from pagerduty_mattermost.gateways.stackstorm import kept_secrets
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
from sandbox.ports import free_port
from sandbox.waiting import until

SECRET, OTHER = "s" * 64, "o" * 64


class WebhookWorld(SensorWorld):
    secrets: List[str] = [SECRET]

    def setUp(self) -> None:
        self.port = free_port()
        super().setUp()
        self.http = requests.Session()
        self.http.trust_env = False
        self.addCleanup(self.http.close)

    def config(self, **watch: Any) -> Dict[str, Any]:
        return {**super().config(**watch), "webhook": {"port": self.port, "secrets": self.secrets}}

    def start_sensor(self, config: Optional[Dict[str, Any]] = None) -> Any:
        sensor = super().start_sensor(config)
        self.addCleanup(sensor.cleanup)
        endpoint = sensor._endpoint
        endpoint.monotonic = self.clock
        endpoint._webhook = endpoint._webhook._replace(since=self.clock())
        endpoint._tried_at = endpoint._loaded_at = self.clock()
        return sensor

    def call(
        self, secret: str = SECRET, body: bytes = b"{}", headers: Optional[Dict[str, str]] = None
    ) -> int:
        signature = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-PagerDuty-Signature": signature} if headers is None else headers
        return self.http.post(
            f"http://127.0.0.1:{self.port}/any/path", data=body, headers=headers, timeout=5
        ).status_code

    def reads(self) -> int:
        return self.requests("^/log_entries$")

    def states(self) -> List[str]:
        return [one["state"] for one in self.payloads("pagerduty.sensor_health")]

    def after(self, seconds: float) -> int:
        """How often it reads when it is asked to after so long."""
        before = self.reads()
        self.clock.advance(seconds)
        self.sensor.poll()
        return self.reads() - before


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


class SecretTestCase(WebhookWorld):
    secrets: List[str] = []

    def keep(self, id: str, secret: str) -> None:
        new = kept_secrets.KeptSecret(id, Secret(secret))
        kept_secrets.add(Store(self.sensor_service), kept_secrets.WEBHOOK_SECRETS, new, 3)

    def test_what_setup_keeps_counts_without_a_restart_and_old_ones_stay(self) -> None:
        assert self.call() == 202
        assert self.sensor._endpoint._calls["unfit"] == 1
        self.clock.advance(REFRESH_SECONDS)
        for number, secret in enumerate((SECRET, OTHER)):
            self.keep(f"P{number}", secret)
            self.clock.advance(REFRESH_SECONDS)
            assert self.call(secret) == 202
        assert self.call(SECRET) == 202
        assert self.sensor._endpoint._calls == {"genuine": 3, "unfit": 1, "unsigned": 0}

    def test_a_secret_that_was_taken_away_counts_no_more(self) -> None:
        self.keep("P1", SECRET)
        assert self.call() == 202
        kept_secrets.forget(Store(self.sensor_service), kept_secrets.WEBHOOK_SECRETS)
        self.poll(RELOAD_SECONDS)
        self.call()
        assert self.sensor._endpoint._calls == {"genuine": 1, "unfit": 1, "unsigned": 0}

    def test_while_the_datastore_is_down_pagerduty_is_asked_to_come_again(self) -> None:
        self.keep("P1", SECRET)
        original = self.sensor_service.list_values
        self.sensor_service.list_values = lambda **_: 1 / 0
        self.sensor = self.restart()
        assert self.call() == 503
        assert self.call(headers={}) == 401
        self.sensor_service.list_values = original
        self.clock.advance(REFRESH_SECONDS)
        assert self.call() == 202
        assert self.sensor._endpoint._calls == {"genuine": 1, "unfit": 0, "unsigned": 1}

    def test_a_stored_secret_that_does_not_read_is_told_until_it_is_made_anew(self) -> None:
        self.sensor_service.set_value("pagerduty.webhook.secret", "by hand", local=False)
        self.sensor = self.restart()
        assert self.call() == 503
        self.poll(10)
        assert (
            "'pagerduty.webhook.secret' does not read"
            in self.payloads("pagerduty.sensor_health")[0]["reason"]
        )
        self.keep("P1", SECRET)
        self.poll(10)
        assert self.call() == 202
        assert self.states() == ["failing", "recovered"]

    def restart(self) -> Any:
        self.sensor.cleanup()
        return self.start_sensor()

    def test_strangers_do_not_make_it_read_the_datastore_for_each_call(self) -> None:
        looks: List[Any] = []
        original = self.sensor_service.list_values
        self.sensor_service.list_values = lambda **more: looks.append(more) or original(**more)
        self.clock.advance(REFRESH_SECONDS)
        for _ in range(30):
            assert self.call() == 202
        assert len(looks) == 1

    def test_no_secret_is_logged_or_told(self) -> None:
        self.keep("P1", SECRET)
        self.call(OTHER)
        self.poll(times=4)
        said = str(self.sensor_service._logger.mock_calls) + str(self.get_dispatched_triggers())
        assert SECRET not in said
        assert OTHER not in said


class WrongSecretTestCase(WebhookWorld):
    secrets: List[str] = ["hunter2"]

    def test_a_secret_that_can_be_none_is_told_and_incidents_go_on(self) -> None:
        self.poll(10)
        incident = self.account.trigger("Checkout API", "Polled")
        self.poll(10)
        assert self.events(incident) == ["incident.triggered"]
        (health,) = self.payloads("pagerduty.sensor_health")
        assert "webhook.secrets must have at least 20 characters" in health["reason"]
        assert "hunter2" not in str(self.sensor_service._logger.mock_calls) + str(health)


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
        until(lambda: self.events(incident), 3)
        self.sensor.cleanup()
        loop.join(5)
        assert not loop.is_alive()

    def later(self) -> float:
        return self.clock() + self.shift
