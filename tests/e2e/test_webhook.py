"""PagerDuty's webhook through the running embedded default: set up by the action, heard at once;
noise does no harm."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Dict, Iterator

import pytest
import requests
import yaml

from sandbox import Sandbox
from sandbox.demo import CHANNEL, ROOT, start_pack, stop, write_config
from sandbox.ports import free_port
from sandbox.waiting import until

POLL = 120
"""Seconds: what comes sooner came by the webhook."""
SOON_SECONDS = 60
"""Half of that, so that a busy machine fails no test."""


class House:
    """The embedded default with PagerDuty's webhook, on a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = write_config(
            sandbox, folder, poll_interval=POLL, poll_interval_with_webhook=POLL
        )
        settings = yaml.safe_load(self.config.read_text(encoding="utf-8"))
        settings["webhook"] = {"port": self.port, "public_url": self.url + "/pagerduty"}
        self.config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        self.sink = (folder / "pack.log").open("wb")
        self.pack = start_pack(self.config, folder, self.sink)
        until(lambda: sandbox.mattermost.account.posts(CHANNEL), SOON_SECONDS)

    def close(self) -> None:
        stop(self.pack)
        self.sink.close()

    def run(self, action: str) -> Any:
        words = [
            "run",
            action,
            "--config",
            str(self.config),
            "--data",
            str(self.folder / "data"),
            "-j",
        ]
        done = subprocess.run(
            [sys.executable, "-m", "standalone", *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def set_up(self) -> None:
        """The webhook, where no test has done so yet."""
        if not self.sandbox.pagerduty.account.catalog["webhook_subscriptions"]:
            self.run("pagerduty.webhook.setup")
            until(lambda: result(self.run("pagerduty.webhook.status"))["works"], SOON_SECONDS)

    @property
    def subscription(self) -> Dict[str, Any]:
        (row,) = self.sandbox.pagerduty.account.catalog["webhook_subscriptions"].values()
        return row

    def call(self, secret: str, body: bytes = b"{}") -> int:
        signature = "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-PagerDuty-Signature": signature}
        return requests.post(
            self.url + "/pagerduty", data=body, headers=headers, timeout=60
        ).status_code

    def reads(self) -> int:
        return self.sandbox.journal.count("GET", "^/log_entries$")

    def is_quiet(self) -> bool:
        """No read since four seconds: the second one is over, too."""
        reads = self.sandbox.journal.find("GET", "^/log_entries$")
        return not reads or self.sandbox.clock() - reads[-1].time > 4

    def says(self, text: str) -> bool:
        return any(text in post.message for post in self.sandbox.mattermost.account.posts(CHANNEL))


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with Sandbox() as sandbox:
        sandbox.pagerduty.account.set_options(rate_limit=None)
        made = House(sandbox, tmp_path_factory.mktemp("webhook"))
        try:
            yield made
        finally:
            made.close()


def result(answer: Any) -> Any:
    return answer["result"]["result"]


def test_set_up_by_the_action_it_rings_without_a_restart(house: House) -> None:
    made = result(house.run("pagerduty.webhook.setup"))
    assert made["done"] == "created"
    facts = house.sandbox.journal.facts_of
    until(lambda: facts("webhooks", "delivered"), SOON_SECONDS)
    until(lambda: result(house.run("pagerduty.webhook.status"))["works"], SOON_SECONDS)
    assert house.subscription["delivery_method"]["secret"] not in json.dumps(made)


def test_a_change_is_posted_long_before_the_next_look(house: House) -> None:
    account = house.sandbox.pagerduty.account
    incident = account.trigger("Checkout API", "Called for")
    until(lambda: house.says("Called for"), SOON_SECONDS)
    account.log_late(2, times=1)
    account.resolve(incident)
    until(lambda: house.says("Resolved"), SOON_SECONDS)
    assert house.sandbox.journal.facts_of("webhooks", "dropped") == []


def test_what_is_forged_or_bears_no_signature_costs_nothing(house: House) -> None:
    until(house.is_quiet, SOON_SECONDS)
    before = house.reads()
    assert {house.call("f" * 64) for _ in range(20)} == {202}
    assert {requests.post(house.url, data=b"{}", timeout=60).status_code for _ in range(20)} == {
        401
    }
    time.sleep(2)
    assert house.reads() == before
    assert house.call(house.subscription["delivery_method"]["secret"]) == 202
    until(lambda: house.reads() > before, SOON_SECONDS)


@pytest.mark.parametrize("calls", [200, pytest.param(1000, marks=pytest.mark.soak)])
def test_many_calls_cost_a_read_a_second_and_the_last_change_is_seen(
    house: House, calls: int
) -> None:
    house.set_up()
    until(house.is_quiet, SOON_SECONDS)
    secret = house.subscription["delivery_method"]["secret"]
    before, began = house.reads(), time.monotonic()
    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(lambda _: house.call(secret), range(calls)))
    incident = house.sandbox.pagerduty.account.trigger("Database", f"After {calls}")
    until(lambda: house.says(f"After {calls}"), SOON_SECONDS)
    assert answers == {202}
    until(house.is_quiet, SOON_SECONDS)
    assert house.reads() - before <= time.monotonic() - began + 2
    house.sandbox.pagerduty.account.resolve(incident)


def test_torn_down_subscription_and_secret_are_gone_and_the_sensor_lives(house: House) -> None:
    secret = house.subscription["delivery_method"]["secret"]
    assert result(house.run("pagerduty.webhook.teardown"))["secret_forgotten"] is True
    assert house.sandbox.pagerduty.account.catalog["webhook_subscriptions"] == {}
    assert house.call(secret) == 202


def test_a_taken_port_leaves_the_rest_alone(tmp_path: Path) -> None:
    with Sandbox() as sandbox, socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen(1)
        config = write_config(sandbox, tmp_path)
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        settings["webhook"] = {"port": holder.getsockname()[1]}
        config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        with (tmp_path / "pack.log").open("wb") as sink:
            pack = start_pack(config, tmp_path, sink)
            try:
                posts = sandbox.mattermost.account.posts
                until(lambda: posts(CHANNEL), SOON_SECONDS)
                sandbox.pagerduty.account.trigger("Checkout API", "No webhook")
                until(
                    lambda: any("No webhook" in post.message for post in posts(CHANNEL)),
                    SOON_SECONDS,
                )
                until(
                    lambda: any("can't be listened on" in post.message for post in posts("ops")),
                    20,
                )
            finally:
                stop(pack)
