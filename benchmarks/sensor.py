"""One cycle of the incident sensor at 10,000 open incidents: quiet, with 100 changes, and with a
snapshot.

Counted: requests, CPU of this process, bytes written to the datastore, peak memory. The floor
reads the same rows with a bare session and parses them; the peer is the plain way to poll, the
diff of the whole open list each cycle.
"""

# flake8: noqa: E203

from __future__ import annotations

import json
import logging
import resource
import time
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, NamedTuple

import requests

from .report import Row, ms
from .servers import Servers

OPEN = 10_000
CHANGES = 100


class Cost(NamedTuple):
    cpu: float
    requests: int
    written: int


class Datastore:
    """As StackStorm's, in memory; counts the bytes written."""

    def __init__(self) -> None:
        self.values: Dict[str, str] = {}
        self.written = 0

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> List[Any]:
        names = sorted(name for name in self.values if name.startswith(prefix))[
            offset : offset + limit
        ]
        return [SimpleNamespace(name=name, value=self.values[name]) for name in names]

    def set_value(self, name: str, value: str, **_: Any) -> None:
        self.values[name] = value
        self.written += len(value)

    def delete_value(self, name: str, **_: Any) -> bool:
        return self.values.pop(name, None) is not None


class Dispatcher:
    """Takes everything and does nothing: StackStorm's part is not the sensor's."""

    def __init__(self) -> None:
        self.changes = 0

    def dispatch(self, trigger: str, payload: Dict[str, Any], **_: Any) -> None:
        self.changes += trigger == "pagerduty.incident"

    def was_dispatched(self, event_id: str) -> bool:
        return False


def run() -> List[Row]:
    from pagerduty_mattermost.core.config import settings as pack_config
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from pagerduty_mattermost.incidents.state_store import StateStore
    from pagerduty_mattermost.sensor.cycle import Cycle

    with Servers() as servers:
        _account(servers, "set_options", rate_limit=None)
        ids = _account(servers, "storm", count=OPEN)
        _advance(servers, 600)  # their own log entries are out of the overlap
        now = [0.0]
        raw = {
            "api_key": servers.api_key,
            "api_url": servers.pagerduty,
            "watch": {"snapshot_every": 2},
        }
        config = pack_config.load(raw)
        datastore, dispatcher = Datastore(), Dispatcher()
        cycle = Cycle(
            config,
            PagerDuty(config.pagerduty),
            StateStore(Store(datastore)),
            dispatcher,  # type: ignore[arg-type]
            logging.getLogger("benchmark"),
            monotonic=lambda: now[0],
        )

        def measured() -> Cost:
            before, written = _asked(servers), datastore.written
            cpu = time.process_time()
            cycle.run()
            return Cost(
                time.process_time() - cpu, _asked(servers) - before, datastore.written - written
            )

        session = requests.Session()
        session.headers["Authorization"] = "Token token=" + servers.api_key
        first = measured()
        measured()
        now[0] += 1.0
        quiet = measured()
        for number in range(CHANGES):
            _account(servers, "acknowledge", incident=ids[number * 90], user="ada@example.com")
        now[0] += 1.0
        changed = measured()
        told = dispatcher.changes
        now[0] += 3600.0
        snapshot = measured()
        if snapshot.requests <= quiet.requests:
            now[0] += 3600.0
            snapshot = measured()
        log_floor = _cpu(lambda: _log(servers, session))
        list_floor = _cpu(lambda: _open_list(servers, session))
    assert told == CHANGES, f"{told} changes dispatched instead of {CHANGES}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    diff = f"diff of the open list: {ms(list_floor)}, {OPEN // 100} requests"
    return [
        _row("first start", first, diff, first.cpu / list_floor),
        _row(
            "quiet cycle",
            quiet,
            f"bare read of the log: {ms(log_floor)}, 1 request",
            quiet.cpu / log_floor,
        ),
        _row("quiet cycle", quiet, diff, quiet.cpu / list_floor),
        _row(f"{CHANGES} changes", changed, diff, changed.cpu / list_floor),
        _row("snapshot", snapshot, diff, snapshot.cpu / list_floor),
        Row("peak memory of all this", f"{peak:.0f} MiB"),
    ]


def _row(what: str, cost: Cost, against: str, ratio: float) -> Row:
    value = f"{ms(cost.cpu)} CPU, {cost.requests} requests, {cost.written / 1024:.1f} KiB written"
    return Row(what, value, against, ratio)


def _cpu(call: Callable[[], Any]) -> float:
    call()
    began = time.process_time()
    call()
    return time.process_time() - began


def _log(servers: Servers, session: requests.Session) -> Any:
    query = {
        "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 480)),
        "limit": "100",
    }
    return json.loads(
        session.get(servers.pagerduty + "/log_entries", params=query, timeout=(5, 60)).content
    )


def _open_list(servers: Servers, session: requests.Session) -> None:
    """Every open incident, as a poller without the log must read it each cycle."""
    for offset in range(0, OPEN, 100):
        statuses = "statuses[]=triggered&statuses[]=acknowledged"
        query = f"?{statuses}&date_range=all&limit=100&offset={offset}"
        json.loads(session.get(servers.pagerduty + "/incidents" + query, timeout=(5, 60)).content)


def _asked(servers: Servers) -> int:
    return len(
        requests.get(servers.pagerduty + "/_sandbox/journal?server=pagerduty", timeout=60).json()
    )


def _account(servers: Servers, do: str, **args: Any) -> Any:
    url = servers.pagerduty + "/_sandbox/account"
    answer = requests.post(url, json={"do": do, "args": args}, timeout=300)
    answer.raise_for_status()
    return answer.json()["result"]


def _advance(servers: Servers, seconds: float) -> None:
    requests.post(
        servers.pagerduty + "/_sandbox/clock", json={"advance": seconds}, timeout=10
    ).raise_for_status()
