"""A canary in every secret setting: it shows in no log record, result, error, post, trigger, dead
letter or export.

Each action's example is run as it is, against servers that fail, and against one that echoes the
whole request, its Authorization too, in its error. Secrets belong in the header of a request and
in the key of an event, nowhere else.
"""

# flake8: noqa: E203

from __future__ import annotations

import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Dict, Iterator, List, Mapping, Tuple

import pytest
import requests
from chat_sensor import ChatSensor
from chat_sensor_case import free_port
from example_case import ExampleCase
from example_rows import EXAMPLES
from incident_sensor import IncidentSensor
from pack_files import ROOT, load
from rest_rows import tables
from st2tests.base import BaseSensorTestCase

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import state_kinds

WORD = "canaryZ"
PARAMETERS = {**{name: row.parameters for name, row in tables().items()}, **EXAMPLES}
EVENT_PATHS = ("/v2/enqueue", "/v2/change/enqueue", "/generic/2010-04-15/create_event.json")
OWN_SERVERS = ("incident.declare_from_post",)
"""Their example has a Mattermost of its own, which knows no canary."""
DEAD = "http://127.0.0.1:9"


def secrets(schema: Mapping[str, Any], path: Tuple[str, ...] = ()) -> Iterator[Tuple[str, ...]]:
    """Where the configuration holds secrets; `[]` for each of a list, `*` for any name."""
    for name, spec in schema.items():
        if spec.get("secret"):
            yield (*path, name)
        yield from secrets(spec.get("properties") or {}, (*path, name))
        if (spec.get("items") or {}).get("secret"):
            yield (*path, name, "[]")
        if isinstance(spec.get("additionalProperties"), dict) and spec["additionalProperties"].get(
            "secret"
        ):
            yield (*path, name, "*")


PATHS = tuple(secrets(load(ROOT / "config.schema.yaml")))


def canary(path: Tuple[str, ...]) -> str:
    return f"{WORD}{PATHS.index(path):02d}" + "x" * 23


def planted(config: Mapping[str, Any]) -> Dict[str, Any]:
    """The configuration with a canary in each secret setting."""
    made: Dict[str, Any] = json.loads(json.dumps(config))
    for path in PATHS:
        at, names = made, [name for name in path if name not in ("[]", "*")]
        for name in names[:-1]:
            at = at.setdefault(name, {})
        value: Any = canary(path)
        at[names[-1]] = (
            [value] if path[-1] == "[]" else {"canary": value} if path[-1] == "*" else value
        )
    made["debug"] = True
    return made


class Records(logging.Handler):
    """All that is logged by anybody, at every level, with its stack."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: List[str] = []
        self.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Echo(BaseHTTPRequestHandler):
    """Answers every request with an error that tells all of it."""

    status = 400

    def answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(
            "utf-8", "replace"
        )
        all_of_it = f"{self.path} {dict(self.headers)} {sent}"
        told = {
            "message": all_of_it,
            "errors": [all_of_it],
            "error": {"message": all_of_it, "errors": [all_of_it]},
        }
        body = json.dumps(told).encode()
        self.send_response(
            self.status, all_of_it.encode("ascii", "replace").decode()[:200].replace("\n", " ")
        )
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer  # noqa: N815 - http.server's names

    def log_message(self, *args: Any) -> None:
        pass


def echo(status: int) -> ThreadingHTTPServer:
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Told", (Echo,), {"status": status}))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server


class CanaryCase(ExampleCase):
    """An example's world whose servers take the canaries."""

    __test__ = False

    def setUp(self) -> None:
        super().setUp()
        self.records = Records()
        root = logging.getLogger()
        self.level = root.level
        root.setLevel(logging.DEBUG)
        root.addHandler(self.records)
        self.addCleanup(root.setLevel, self.level)
        self.addCleanup(root.removeHandler, self.records)
        self.account.tokens[canary(("api_key",))] = ""
        self.chat.service.add_token(self.chat.world.bot, canary(("mattermost", "token")))
        integrations = self.account.catalog["integrations"]
        for number, (kind, path) in enumerate(
            (
                ("v1", ("service_key",)),
                ("v2", ("events", "routing_key")),
                ("v2", ("canary", "routing_key")),
            )
        ):
            like = next(
                row
                for row in integrations.values()
                if row["name"] == f"Database Events API {kind}"
            )
            integrations[f"PCANARY{number}"] = {
                **like,
                "id": f"PCANARY{number}",
                "key": canary(path),
            }
        self.results: List[Any] = []
        self.away: Dict[str, Any] = {}

    def get_action_instance(self, config: Any = None) -> Any:
        return super().get_action_instance(
            config={**planted(config), **self.away} if config else config
        )

    def run_action(self, name: str, /, **parameters: Any) -> Any:
        found = super().run_action(name, **parameters)
        self.results.append((name, found, self.warnings))
        return found

    def elsewhere(self, url: str) -> None:
        """Both sides are at this address from now on."""
        config = planted(self.settings)
        config["mattermost"]["url"] = url
        self.away = {"api_url": url, "events_url": url, "mattermost": config["mattermost"]}

    def check(self, where: str) -> None:
        """No canary in anything that is kept, told or sent."""
        hidden(f"{where}: log", self.records.lines)
        hidden(f"{where}: results", self.results)
        for entry in (*self.server.journal.entries, *self.chat.journal.entries):
            body = (
                json.dumps(without_keys(entry.json()))
                if entry.path in EVENT_PATHS
                else entry.body.decode()
            )
            headers = {
                name: value for name, value in entry.headers.items() if name != "x-routing-key"
            }
            hidden(
                f"{where}: {entry.method} {entry.path}", [entry.path, entry.query, headers, body]
            )
        if self.service is not None:
            hidden(f"{where}: datastore", Store(self.service).rows())


def hidden(where: str, what: Any) -> None:
    text = json.dumps(what, default=str)
    at = text.find(WORD)
    assert at < 0, f"{where}: …{text[max(0, at - 200) : at + 60]}…"


def without_keys(event: Any) -> Any:
    return {
        name: value for name, value in event.items() if name not in ("routing_key", "service_key")
    }


@pytest.fixture(scope="module")
def echoes() -> Iterator[List[str]]:
    servers = [echo(status) for status in (400, 401, 500)]
    yield [f"http://127.0.0.1:{server.server_port}" for server in servers]
    for server in servers:
        server.shutdown()
        server.server_close()


def test_every_secret_setting_has_a_canary() -> None:
    assert ("mattermost", "token") in PATHS
    assert ("events", "routing_keys", "*") in PATHS
    assert ("chat", "signing_keys", "[]") in PATHS
    text = json.dumps(planted({}))
    assert all(canary(path) in text for path in PATHS)
    assert len(PATHS) >= 9


@pytest.mark.parametrize("name", sorted(PARAMETERS))
def test_no_action_tells_a_secret(name: str, echoes: List[str]) -> None:
    case = CanaryCase("run_action")
    case.setUp()
    try:
        given = PARAMETERS[name](case)  # type: ignore[arg-type]
        succeeded, result = case.run_action(name, **given)
        assert succeeded or name in OWN_SERVERS, result
        case.check("as it is")
        for url in (*echoes, DEAD):
            case.elsewhere(url)
            case.run_action(name, **given)
            case.check(f"at {url}")
        case.done("deadletter.list", parameters=True)
        case.done("state.export")
        case.done("audit.list")
        case.check("afterwards")
        kinds_and_ends(case.service)
    finally:
        case.doCleanups()


def kinds_and_ends(service: Any) -> None:
    """Every key that an action wrote is of a kind that is known, and ends when its kind says
    so."""
    for item in service.list_values(local=False, prefix="pagerduty."):
        kind = state_kinds.kind_of(item.name[len("pagerduty.") :])
        assert kind is not state_kinds.OTHER, f"{item.name}: add it to state_kinds.KINDS"
        ttl = getattr(item, "ttl", None)
        assert kind.kept_seconds is None or (ttl is not None and ttl <= kind.kept_seconds), (
            item.name,
            ttl,
        )


class SensorsTestCase(BaseSensorTestCase):
    """Both sensors, on servers that work, refuse, echo and are away."""

    sensor_cls = IncidentSensor

    def test_no_sensor_tells_a_secret(self) -> None:
        case = CanaryCase("run_action")
        case.setUp()
        servers = [echo(status) for status in (400, 401, 500)]
        try:
            case.account.trigger("Checkout API", "Disk full")
            urls = [f"http://127.0.0.1:{server.server_port}" for server in servers]
            self.incident_sensor(case, [case.server.url, *urls, DEAD])
            self.chat_sensor(case)
            case.check("sensors")
            hidden("triggers", self.get_dispatched_triggers())
            hidden("datastore", Store(self.sensor_service).rows())
            assert self.get_dispatched_triggers()
        finally:
            for server in servers:
                server.shutdown()
                server.server_close()
            case.doCleanups()

    def incident_sensor(self, case: CanaryCase, urls: List[str]) -> None:
        for url in urls:
            config = {**planted(case.settings), "api_url": url}
            config["webhook"] = {**config["webhook"], "port": free_port()}
            sensor = self.get_sensor_instance(config=config)
            sensor.setup()
            for part in (sensor._cycle, sensor._endpoint):
                assert part is not None
            sensor._cycle._pagerduty._sleep = lambda seconds: None
            address = f"http://127.0.0.1:{config['webhook']['port']}/pagerduty-webhook"
            requests.post(
                address, data=b"{}", headers={"X-PagerDuty-Signature": "v1=00"}, timeout=60
            )
            for _ in range(4):
                sensor._cycle.run()
            sensor.cleanup()

    def chat_sensor(self, case: CanaryCase) -> None:
        self.sensor_cls = ChatSensor
        config = planted(case.settings)
        port = free_port()
        config["chat"].update(port=port, public_url=f"http://127.0.0.1:{port}/pagerduty")
        sensor = self.get_sensor_instance(config=config)
        sensor.setup()
        try:
            token = canary(("chat", "command_tokens", "[]"))
            body = {
                "command": "/pd",
                "text": "list",
                "user_id": "a" * 26,
                "user_name": "ada",
                "channel_id": "c" * 26,
            }
            for sent in (token, "wrong" * 5):
                answer = requests.post(
                    f"http://127.0.0.1:{port}/pagerduty/command",
                    data={**body, "token": sent},
                    timeout=60,
                )
                hidden("answer", answer.text)
            answer = requests.post(
                f"http://127.0.0.1:{port}/pagerduty/click",
                json={"context": {"token": "x"}},
                timeout=60,
            )
            hidden("answer", answer.text)
        finally:
            sensor.cleanup()
