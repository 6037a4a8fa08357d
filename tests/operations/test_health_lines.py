"""Lines of health.check that look beside the pack: executions that nobody ends any more, and who
answers at the chat sensor's address."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any, Dict, List

import pytest
from datastore_double import Service

from pagerduty_mattermost.core.config.settings import load
from pagerduty_mattermost.gateways.http.listener import Listener
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import chat_listener_check, unfinished
from pagerduty_mattermost.sensor.kept_health import CHAT_KEY

NOW = 1_760_000_000.0


class Executions:
    def __init__(self, **by_state: List[str]) -> None:
        self.by_state = by_state
        self.asked: List[Dict[str, Any]] = []

    def query(self, **given: Any) -> List[Any]:
        self.asked.append(given)
        refs = self.by_state.get(given["status"], [])
        return [SimpleNamespace(id=f"e{n}", action={"ref": ref}) for n, ref in enumerate(refs)]


def line(client: Any) -> Any:
    context: Any = SimpleNamespace(stackstorm=lambda: client, clock=lambda: NOW)
    return unfinished.check(context)


def test_what_a_killed_runner_left_is_named() -> None:
    left = Executions(
        running=["pagerduty.chat.handle", "core.local"], scheduled=["pagerduty.posts.reconcile"]
    )
    state, text = line(SimpleNamespace(executions=left))
    assert state == "warn"
    assert "2 unfinished for more than 30 minutes" in text
    assert "pagerduty." in text
    assert "`st2 execution cancel`" in text
    assert {one["timestamp_lt"] for one in left.asked} == {"2025-10-09T08:23:20.000000Z"}


def test_none_is_well_and_without_executions_it_is_off() -> None:
    assert line(SimpleNamespace(executions=Executions(running=["core.local"])))[0] == "ok"
    assert line(None)[0] == "off"


@pytest.fixture
def listener() -> Any:
    made = Listener("127.0.0.1", 0, lambda *call: (401, {"error": "no"}), logging.getLogger("x"))
    made.start()
    yield made
    made.stop()


def chat(address: str, store: Store) -> Any:
    settings = load(
        {
            "mattermost": {"url": "https://chat.example.com", "token": "t"},
            "chat": {"port": 1, "public_url": address, "signing_keys": ["k" * 32]},
        }
    )
    context: Any = SimpleNamespace(settings=settings, store=store)
    return chat_listener_check.check(context)


def test_the_chat_sensor_itself_answers(listener: Any) -> None:
    state, text = chat(listener.address, Store(Service()))
    assert (state, text.partition(" at ")[0]) == ("ok", "the chat sensor answers")


def test_an_older_process_that_holds_the_port_is_told(listener: Any) -> None:
    store = Store(Service())
    store.write(CHAT_KEY, {"told": {"chat.port": {"at": 1.0, "reason": "port 8090 is taken"}}})
    state, text = chat(listener.address, store)
    assert state == "fail"
    assert "an older process answers, not the sensor of now: port 8090 is taken" in text


def test_something_else_that_answers_is_told() -> None:
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"It works!")

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Other)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        address = f"http://127.0.0.1:{server.server_address[1]}"
        state, text = chat(address, Store(Service()))
    finally:
        server.shutdown()
        server.server_close()
    assert state == "fail"
    assert "something else than the chat sensor answers 200" in text
