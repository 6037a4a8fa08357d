"""One member's worst minute: commands and clicks as fast as they go, for a minute, and what that
does to the cards of everybody else."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Iterator, List

import pytest
from embedded_room import EmbeddedRoom

from sandbox import Sandbox
from sandbox.demo import CHANNEL

MINUTE_SECONDS = 60.0
CARD_SECONDS = 5.0
RATE_LIMIT = 960
"""Requests a minute, as PagerDuty allows a key."""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[EmbeddedRoom]:
    with Sandbox() as sandbox:
        made = EmbeddedRoom(sandbox, tmp_path)
        made.pagerduty.set_options(rate_limit=RATE_LIMIT)
        yield made
        made.stop()


@pytest.mark.soak
def test_cards_come_in_time_throughout_a_members_worst_minute(
    room: EmbeddedRoom, capsys: pytest.CaptureFixture[str]
) -> None:
    old = [room.incident(title=f"Old {number}").id for number in range(3)]
    over = threading.Event()
    answers: List[str] = []
    member = room.person("ada")
    texts = [
        "ack " + ",".join(f"https://acme.pagerduty.com/incidents/PTX{n:05}" for n in range(100)),
        "ack " + " ".join(str(number) for number in range(1, 100)),
        "list",
        "who is on call",
        f"note {old[0]}: still here",
        "x" * 4000,
    ]

    def hammer() -> None:
        number = 0
        while not over.is_set():
            answers.append(member.command(CHANNEL, f"/pd {texts[number % len(texts)]}").text)
            number += 1

    threads = [threading.Thread(target=hammer, daemon=True) for _ in range(3)]
    for thread in threads:
        thread.start()
    waits: List[float] = []
    began = time.monotonic()
    while time.monotonic() - began < MINUTE_SECONDS:
        made = room.pagerduty.trigger("Checkout API", f"New {len(waits)}")
        room.look()
        since = time.monotonic()
        while not room.card(made) and time.monotonic() - since < 60:
            time.sleep(0.05)
        waits.append(time.monotonic() - since)
        time.sleep(max(0.0, 2.0 - waits[-1]))
    over.set()
    for thread in threads:
        thread.join(30)
    asked = sum(
        one.server == "pagerduty" and one.method == "GET" for one in room.sandbox.journal.entries
    )
    with capsys.disabled():
        print(
            f"\n{len(answers)} orders in a minute; {len(waits)} cards, the slowest after "
            f"{max(waits):.2f} s, the median {sorted(waits)[len(waits) // 2]:.2f} s; "
            f"{asked} requests to PagerDuty"
        )
    assert max(waits) <= CARD_SECONDS
    assert any("too much at once" in text for text in answers) or len(answers) < 50
