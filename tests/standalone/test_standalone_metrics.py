"""What Prometheus is told by the embedded default."""

# flake8: noqa: W503

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, Dict

import pytest
import requests

from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX
from pagerduty_mattermost.incidents.state_store import HEARTBEAT_KEY
from standalone.app import App
from standalone.cli import main
from standalone.errors import UserError
from standalone.metrics import Metrics, serve

TOY = Path(__file__).resolve().parents[1] / "fixtures" / "toy_pack"


def read(server: Any) -> Dict[str, float]:
    text = requests.get(f"http://127.0.0.1:{server.server_port}/metrics", timeout=60).text
    lines = [line for line in text.split("\n") if line and not line.startswith("#")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines}


def test_it_counts_and_tells_the_sensors_heartbeat(tmp_path: Path) -> None:
    metrics = Metrics()
    app = App(
        TOY,
        {"token": "x" * 10},
        tmp_path,
        sensors=False,
        on_finished=metrics.finished,
        on_trigger=metrics.dispatched,
    )
    metrics.watch(app)
    server = serve(metrics, "127.0.0.1:0")
    try:
        assert read(server)["pagerduty_sensor_failing"] == 1
        app.store.set("toy.file", str(tmp_path / "recorded"))
        app.start()
        app.dispatch("toy.counted", {"n": 1})
        assert app.drain(20)
        beat = {
            "state": "ok",
            "open": 4,
            "reported": 3,
            "seconds_since_good": 0.5,
            "rate_left": 900,
        }
        app.store.set(PREFIX + HEARTBEAT_KEY, json.dumps({"v": 1, "data": beat}))
        app.store.set("pagerduty.deadletter.a", "1")
        found = read(server)
        assert found['pagerduty_triggers_total{trigger="toy.counted"}'] == 1
        assert (
            sum(
                value
                for name, value in found.items()
                if name.startswith("pagerduty_executions_total")
            )
            >= 1
        )
        assert found["pagerduty_executions_waiting"] == 0
        assert found["pagerduty_dead_letters"] == 1
        assert found["pagerduty_sensor_failing"] == 0
        assert found["pagerduty_sensor_open_incidents"] == 4
        app.store.set(PREFIX + HEARTBEAT_KEY, "no JSON")
        assert read(server)["pagerduty_sensor_failing"] == 1
    finally:
        server.shutdown()
        app.stop()


def test_a_wrong_or_taken_address_is_one_line(tmp_path: Path, capsys: Any) -> None:
    with pytest.raises(UserError, match="write host:port"):
        serve(Metrics(), "here")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = tmp_path / "toy.yaml"
        config.write_text("token: s3cret-token\n", encoding="utf-8")
        words = ["serve", "--metrics", f"127.0.0.1:{taken.getsockname()[1]}", "--pack", str(TOY)]
        code = main([*words, "--config", str(config), "--data", str(tmp_path / "data")])
    said = capsys.readouterr()
    assert (code, "can't be listened on" in said.err) == (2, True)
