"""Raw bytes at both listeners as they run, inside their sensors: always an HTTP answer or a closed
connection in time, nothing logged with a stack, no thread stuck, and a good call is answered
within a second afterwards."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Dict, Optional
from unittest import mock

import pytest
import requests
from chat_sensor_case import TOKEN, ChatSensorCase, free_port
from raw_bytes import RawBytes, throw
from sensor_world import SensorWorld

from pagerduty_mattermost.gateways.http import listener as listener_module

FEW, MANY = 1_000, 20_000
SEED = 20261130
SECONDS = 1.0
"""In which a call must have arrived here."""
SECRET = "s" * 64


def call(path: str, kind: str, body: bytes, **headers: str) -> bytes:
    lines = [f"POST {path} HTTP/1.1", "Host: h", f"Content-Type: {kind}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    head = "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""])
    return head.encode("ascii") + body


class ChatListenerTestCase(ChatSensorCase):
    __test__ = True

    def setUp(self) -> None:
        patch = mock.patch.object(listener_module, "CALL_SECONDS", SECONDS)
        patch.start()
        self.addCleanup(patch.stop)
        super().setUp()

    def good(self) -> Optional[str]:
        form = {"token": TOKEN, "command": "/pd", "text": "ping", "user_id": "u" * 26}
        answer = requests.post(
            self.url + "/command",
            data=form,
            headers={"Authorization": f"Token {TOKEN}"},
            timeout=60,
        )
        return None if "is here" in answer.text else f"{answer.status_code} {answer.text}"

    def thrown(self, count: int) -> Dict[str, Any]:
        form = f"token={TOKEN}&command=%2Fpd&text=list&user_id={'u' * 26}&trigger_id=t1".encode()
        token = {"Authorization": f"Token {TOKEN}"}
        paths = ("/command", "/click", "/dialog", "/note", "")
        spoiled = (
            call("/pagerduty/command", "application/x-www-form-urlencoded", form, **token),
            call("/pagerduty/click", "application/json", b'{"context": {"token": "x"}}'),
            call("/pagerduty/note", "application/json", b'{"token": "' + b"w" * 26 + b'"}'),
        )
        known = tuple(f"/pagerduty{path}".encode() for path in paths)
        port = self.config["chat"]["port"]
        return throw(RawBytes(SEED, known, spoiled), port, count, SECONDS, self.good)

    def test_raw_bytes_do_no_harm(self) -> None:
        assert self.thrown(FEW) == {}
        assert self.sensor.sensor_service._logger.error.call_count == 0
        assert self.sensor.sensor_service._logger.exception.call_count == 0

    @pytest.mark.soak
    def test_20000_raw_calls_do_no_harm(self) -> None:
        assert self.thrown(MANY) == {}


class WebhookListenerTestCase(SensorWorld):
    __test__ = True

    def setUp(self) -> None:
        patch = mock.patch.object(listener_module, "CALL_SECONDS", SECONDS)
        patch.start()
        self.addCleanup(patch.stop)
        self.port = free_port()
        super().setUp()
        self.sensor.poll()

    def config(self, **watch: Any) -> Dict[str, Any]:
        return {**super().config(**watch), "webhook": {"port": self.port, "secrets": [SECRET]}}

    def start_sensor(self, config: Optional[Dict[str, Any]] = None) -> Any:
        sensor = super().start_sensor(config)
        self.addCleanup(sensor.cleanup)
        return sensor

    def signed(self, body: bytes) -> Dict[str, str]:
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        return {"X-PagerDuty-Signature": f"v1={digest}"}

    def good(self) -> Optional[str]:
        body = json.dumps({"event": {"id": "E1", "event_type": "pagey.ping"}}).encode()
        url = f"http://127.0.0.1:{self.port}/"
        answer = requests.post(url, data=body, headers=self.signed(body), timeout=60)
        return None if answer.status_code == 202 else f"{answer.status_code} {answer.text}"

    def thrown(self, count: int) -> Dict[str, Any]:
        body = json.dumps({"event": {"id": "E1", "event_type": "incident.triggered"}}).encode()
        spoiled = (
            call("/", "application/json", body, **self.signed(body)),
            call("/", "application/json", body),
        )
        return throw(RawBytes(SEED, (b"/", b"/x"), spoiled), self.port, count, SECONDS, self.good)

    def test_raw_bytes_do_no_harm(self) -> None:
        assert self.thrown(FEW) == {}

    @pytest.mark.soak
    def test_20000_raw_calls_do_no_harm(self) -> None:
        assert self.thrown(MANY) == {}
