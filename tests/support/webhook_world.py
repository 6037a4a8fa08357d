"""The incident sensor with PagerDuty's webhook: calls by real HTTP, on a clock that moves when
told."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any, Dict, List, Optional

import requests
from sensor_world import SensorWorld

from sandbox.ports import free_port

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
            f"http://127.0.0.1:{self.port}/any/path", data=body, headers=headers, timeout=60
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
