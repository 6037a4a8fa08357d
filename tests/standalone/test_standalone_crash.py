"""`kill -9` at random moments: every number is recorded, each lane in order; signals end it
quickly, nothing lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOY = ROOT / "tests" / "fixtures" / "toy_pack"

SERVE = """
import sys, time
from standalone.app import App
app = App(sys.argv[1], {"token": "s3cret-token"}, sys.argv[2], poll_interval=0.05, workers=4)
app.start()
def count():
    kept = app.store.get("toy.count")
    return int(kept.value) if kept else 0
while count() < int(sys.argv[3]):
    time.sleep(0.005)
sys.exit(0 if app.drain(60) and app.stop() else 1)
"""


def environment(limit):
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    return {**os.environ, "TOY_LIMIT": str(limit), "PYTHONPATH": path}


def serve(data, limit):
    return subprocess.Popen(
        [sys.executable, "-c", SERVE, str(TOY), str(data), str(limit)],
        cwd=str(ROOT),
        env={
            **os.environ,
            "TOY_LIMIT": str(limit),
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        },
        stderr=subprocess.PIPE,
    )


def prepare(data, **keys):
    from standalone.data_folder import DATABASE
    from standalone.database import Database
    from standalone.datastore import KeyValueStore

    database = Database(data / DATABASE)
    for name, value in keys.items():
        KeyValueStore(database).set("toy." + name, value)
    database.close()


@pytest.mark.parametrize("seed", [1])
def test_kill_at_random_moments_loses_nothing_and_keeps_each_lanes_order(tmp_path, seed):
    out, data, limit = tmp_path / "out.log", tmp_path / "data", 120
    prepare(data, file=str(out), fail="slow")
    chance = random.Random(seed)
    until = time.monotonic() + 120
    kills = 0
    while True:
        process = serve(data, limit)
        try:
            code = process.wait(
                chance.uniform(0.25, 0.6) if kills < 8 else max(1.0, until - time.monotonic())
            )
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            assert time.monotonic() < until, "it does not come to an end"
            continue
        finally:
            errors = process.stderr.read().decode()
            process.stderr.close()
        assert code == 0, errors
        break
    assert kills >= 3
    keys = [
        int(json.loads(line)["key"]) for line in out.read_text().splitlines() if line.endswith("}")
    ]
    assert set(keys) == set(range(1, limit + 1))
    assert len(keys) < limit + 8 * 5
    for group in range(3):
        first_seen = list(dict.fromkeys(key for key in keys if key % 3 == group))
        assert first_seen == sorted(first_seen)


@pytest.mark.parametrize(
    ("number", "times", "fail"), [(signal.SIGTERM, 1, "slow"), (signal.SIGINT, 2, "hang")]
)
def test_signals_end_it_quickly_with_exit_code_0_and_lose_nothing(tmp_path, number, times, fail):
    out, data = tmp_path / "out.log", tmp_path / "data"
    prepare(data, file=str(out), fail=fail)
    config = tmp_path / "toy.yaml"
    config.write_text("token: s3cret-token\n")
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "standalone",
            "serve",
            "--pack",
            str(TOY),
            "--config",
            str(config),
            "--data",
            str(data),
        ],
        cwd=str(ROOT),
        env=environment(3),
        stderr=subprocess.PIPE,
    )
    try:
        while counted(data) < 3:
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.02)
        begun = time.monotonic()
        for _ in range(times):
            process.send_signal(number)
            time.sleep(0.1)
        assert process.wait(60) == 0
        assert time.monotonic() - begun < 20, "it waited for the action that hangs (30 s)"
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
    assert len(executions(data)) == 3


def counted(data):
    rows = read(data, "SELECT value FROM datastore WHERE name = 'toy.count'")
    return int(rows[0][0]) if rows else 0


def executions(data):
    return read(data, "SELECT id FROM executions")


def read(data, sql):
    from standalone.data_folder import DATABASE
    from standalone.database import Database

    database = Database(data / DATABASE)
    try:
        return database.read(sql)
    finally:
        database.close()
