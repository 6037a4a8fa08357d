"""From a change in PagerDuty to its card in Mattermost with the webhook, in the
embedded default, against the bare round trips it must make: the log read, the card, the reply.
With 30 ms injected into each request of both sides, one at a time; then four changes a second,
new incidents and acknowledgements by turns. And the requests that a look and an hour cost
at 0 to 5,000 open incidents, when nothing has changed.
"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, Dict, List, Tuple

import requests
import yaml

from pagerduty_mattermost.sensor.webhook import QUICK_GAP_SECONDS
from sandbox import Sandbox
from sandbox.cards import card_of
from sandbox.demo import CHANNEL, ROOT, start_pack, stop, write_config
from sandbox.pagerduty import API_KEY
from sandbox.ports import free_port
from sandbox.waiting import until

from .report import Row, median, ms

ROUNDS = 15
DELAY_SECONDS = 0.03
SIZES = (0, 40, 1000, 5000)
CHANGES, CHANGES_A_SECOND = 60, 4.0
MOST_AN_HOUR = 52
DELIVERED = r"^(?!/_sandbox)"


def run() -> List[Row]:
    return [*_with_webhook(), *_requests()]


def _with_webhook() -> List[Row]:
    ours: List[float] = []
    bare: List[float] = []
    folder = Path(tempfile.mkdtemp())
    with Sandbox() as sandbox, (folder / "pack.log").open("wb") as sink:
        sandbox.pagerduty.account.set_options(rate_limit=None)
        config = write_config(sandbox, folder, poll_interval=3600, poll_interval_with_webhook=3600)
        settings = yaml.safe_load(config.read_text(encoding="utf-8"))
        port = free_port()
        settings["noise"] = {"storm_incidents": 0, "flapping_rounds": 0}
        settings["webhook"] = {"port": port, "public_url": f"http://127.0.0.1:{port}/pagerduty"}
        config.write_text(yaml.safe_dump(settings), encoding="utf-8")
        pack = start_pack(config, folder, sink)
        try:
            until(lambda: sandbox.mattermost.account.posts(CHANNEL), 30)
            _set_up(config, folder)
            for number in range(ROUNDS):
                time.sleep(5)  # the second read of the last call is over
                for side in (sandbox.pagerduty, sandbox.mattermost):
                    side.faults.add("delay", seconds=DELAY_SECONDS, path=DELIVERED)
                began = time.perf_counter()
                incident = sandbox.pagerduty.account.trigger(
                    "Checkout API", f"Called for {number}"
                )
                _until_told(sandbox, incident)
                ours.append(time.perf_counter() - began)
                bare.append(_bare(sandbox, incident))
                for side in (sandbox.pagerduty, sandbox.mattermost):
                    side.faults.clear()
            paced = _paced(sandbox)
            floor = QUICK_GAP_SECONDS + _bare(sandbox, incident)
        finally:
            stop(pack)
    against = f"log read, incident, card: {ms(median(bare))}"
    late = sorted(paced)[int(len(paced) * 0.95)]
    return [
        Row(
            "change to card, 30 ms injected",
            ms(median(ours)),
            against,
            median(ours) / median(bare),
            "≤ 3.0",
        ),
        Row(
            f"{CHANGES_A_SECOND:g} changes a second: median {ms(median(paced))}; 95 of 100",
            ms(late),
            f"a read's distance and the requests: {ms(floor)}",
            late / floor,
            "≤ 2.0",
        ),
    ]


def _paced(sandbox: Sandbox) -> List[float]:
    """Seconds from each change to its reply, when they come at random times."""
    account, chat = sandbox.pagerduty.account, sandbox.mattermost.account
    waiting: List[Tuple[float, Any, int]] = []
    took: List[float] = []
    over = threading.Event()

    def watch() -> None:
        while waiting or not over.is_set():
            for one in list(waiting):
                began, incident, replies = one
                card = card_of(chat, CHANNEL, incident.id)
                if card is not None and len(chat.thread(card)) >= replies:
                    took.append(time.perf_counter() - began)
                    waiting.remove(one)
            time.sleep(0.004)

    watcher = threading.Thread(target=watch)
    watcher.start()
    pauses = random.Random(1)
    for number in range(CHANGES):
        time.sleep(pauses.expovariate(CHANGES_A_SECOND))
        began = time.perf_counter()
        if number % 2 == 0:
            incident = account.trigger("Checkout API", f"One of many, {number}")
        else:
            account.acknowledge(incident, user="ada@example.com")
        waiting.append((began, incident, number % 2))
    over.set()
    watcher.join(60)
    assert not waiting
    return took


def _set_up(config: Path, folder: Path) -> None:
    words = [
        "run",
        "pagerduty.webhook.setup",
        "--config",
        str(config),
        "--data",
        str(folder / "data"),
    ]
    subprocess.run(
        [sys.executable, "-m", "standalone", *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=60,
    )


def _until_told(sandbox: Sandbox, incident: Any) -> None:
    end = time.perf_counter() + 20
    account = sandbox.mattermost.account
    while True:
        if card_of(account, CHANNEL, incident.id) is not None:
            return
        assert time.perf_counter() < end
        time.sleep(0.001)


def _bare(sandbox: Sandbox, incident: Any) -> float:
    """The same requests, one after the other, on pooled sessions."""
    assert sandbox.mattermost.world is not None
    pagerduty, mattermost = requests.Session(), requests.Session()
    pagerduty.headers["Authorization"] = f"Token token={API_KEY}"
    mattermost.headers["Authorization"] = "Bearer " + sandbox.mattermost.world.bot_token
    posts = f"{sandbox.mattermost.url}/api/v4/posts"
    channel = sandbox.mattermost.account.channel("ops").id
    for session, url in (
        (pagerduty, f"{sandbox.pagerduty.url}/abilities"),
        (mattermost, posts[:-6] + "/users/me"),
    ):
        session.get(url, timeout=10)  # connected, as the pack's sessions are
    began = time.perf_counter()
    query: Dict[str, Any] = {"include[]": "incidents", "limit": 100, "total": "true"}
    pagerduty.get(f"{sandbox.pagerduty.url}/log_entries", params=query, timeout=10).json()
    pagerduty.get(f"{sandbox.pagerduty.url}/incidents/{incident.id}", timeout=10).json()
    mattermost.post(
        posts, json={"channel_id": channel, "message": incident.title}, timeout=10
    ).json()
    return time.perf_counter() - began


def _requests() -> List[Row]:
    """Counted in PagerDuty's journal: a quiet look, one with a snapshot, and an hour of looks
    every 10 s, with reconcile."""
    from .looks import quiet_hour

    rows = []
    for size in SIZES:
        found = quiet_hour(size)
        told = (
            f"quiet {found.quiet}, with a snapshot {found.snapshot}, beside looks {found.beside}/h"
        )
        rows.append(
            Row(
                f"requests at {size} open",
                told,
                f"1, 4, {MOST_AN_HOUR}",
                found.beside / MOST_AN_HOUR,
                "≤ 1.0",
            )
        )
    return rows
