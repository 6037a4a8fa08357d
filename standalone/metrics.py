"""Prometheus's text about the embedded default: `serve --metrics 127.0.0.1:9100`, then GET
/metrics.

Counters are of this process; the sensor's gauges are its last heartbeat, at most a minute old.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from typing import Any, Iterator, Mapping, Tuple

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

from standalone.errors import UserError
from standalone.journal import Execution

_OF_THE_SENSOR = (
    ("open", "open_incidents", "Open incidents that the sensor knows"),
    ("reported", "reported_incidents", "Open incidents that were reported"),
    (
        "seconds_since_good",
        "seconds_since_good",
        "Seconds since the sensor's last good cycle, as of its last heartbeat",
    ),
    ("rate_left", "rate_left", "Requests left in PagerDuty's current minute"),
)


class Metrics:
    """A collector. `finished` and `dispatched` are called at each execution's end and each
    trigger."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executions: Counter[Tuple[str, str]] = Counter()
        self._triggers: Counter[str] = Counter()
        self._app: Any = None

    def watch(self, app: Any) -> None:
        """The embedded default of which the rest is read."""
        self._app = app

    def finished(self, execution: Execution) -> None:
        with self._lock:
            self._executions[execution.action_ref, execution.status] += 1

    def dispatched(self, trigger_ref: str) -> None:
        with self._lock:
            self._triggers[trigger_ref] += 1

    def collect(self) -> Iterator[Any]:
        executions = CounterMetricFamily(
            "pagerduty_executions", "Executions that ended", labels=("action", "status")
        )
        triggers = CounterMetricFamily(
            "pagerduty_triggers", "Triggers that were taken", labels=("trigger",)
        )
        with self._lock:
            for (action, status), count in sorted(self._executions.items()):
                executions.add_metric((action, status), count)
            for trigger, count in sorted(self._triggers.items()):
                triggers.add_metric((trigger,), count)
        yield executions
        yield triggers
        if self._app is not None:
            yield from self._of_app()

    def _of_app(self) -> Iterator[Any]:
        from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX
        from pagerduty_mattermost.operations.dead_letters import KEY_PREFIX

        waiting = len(self._app.journal.waiting())
        yield GaugeMetricFamily(
            "pagerduty_executions_waiting", "Executions that wait or run", waiting
        )
        dead_letters = len(self._app.store.list(PREFIX + KEY_PREFIX))
        yield GaugeMetricFamily(
            "pagerduty_dead_letters",
            "Posts that wait to be tried again; 100 means 100 or more",
            dead_letters,
        )
        beat = self._heartbeat()
        failing = float(beat.get("state") != "ok") if beat else 1.0
        yield GaugeMetricFamily(
            "pagerduty_sensor_failing", "1 while the sensor is failing or has never run", failing
        )
        for key, name, text in _OF_THE_SENSOR:
            value = beat.get(key)
            if isinstance(value, (int, float)):
                yield GaugeMetricFamily(f"pagerduty_sensor_{name}", text, value)

    def _heartbeat(self) -> Mapping[str, Any]:
        from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX
        from pagerduty_mattermost.incidents.state_store import HEARTBEAT_KEY

        pair = self._app.store.get(PREFIX + HEARTBEAT_KEY)
        try:
            data = json.loads(pair.value)["data"] if pair else {}
        except (ValueError, TypeError, KeyError):
            return {}
        return data if isinstance(data, dict) else {}


def serve(metrics: Metrics, address: str) -> Any:
    """Serve on `host:port`; returns the server. Raises UserError for an address that can't be
    had."""
    host, _, port = address.rpartition(":")
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise UserError(f"--metrics {address}: write host:port, such as 127.0.0.1:9100")
    registry = CollectorRegistry()
    registry.register(metrics)
    try:
        server, _ = start_http_server(int(port), host or "127.0.0.1", registry)
    except OSError as error:
        raise UserError(f"--metrics {address}: can't be listened on ({error.strerror})") from None
    return server
