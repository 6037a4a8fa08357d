"""From a click to PagerDuty changed and the card repainted, in the embedded default, against the
bare requests it must make: who clicked, the incident as it is, the change, the card's thread, the
card. Once with 30 ms injected into each request of both sides, once without. And how long a click
waits for its answer while a hundred dialogs wait for theirs.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import time
from pathlib import Path
from typing import Any, List, Mapping, Tuple

import requests

from sandbox import Sandbox
from sandbox.chat_room import Room
from sandbox.pagerduty import API_KEY
from sandbox.pagerduty.switches import TAKEN
from sandbox.waiting import until

from .report import Row, median, ms

ROUNDS = 9
DELAY_SECONDS = 0.03
DIALOGS = 100
PACKS_OWN = r"^(?!/api/v4/posts/[^/]+/actions/)"
"""Not the click itself, which is the person's request."""


def run() -> List[Row]:
    rows = []
    with Sandbox() as sandbox, Room(sandbox, Path(tempfile.mkdtemp())) as room:
        account = sandbox.pagerduty.account
        account.set_options(rate_limit=None)
        account.set_switches(second_acknowledge=TAKEN)  # after the pack's come the bare requests
        for injected in (DELAY_SECONDS, 0.0):
            pack, bare = _measured(room, injected)
            what = f"{injected * 1000:.0f} ms injected"
            against = f"bare requests: {ms(bare)}"
            if injected:
                rows.append(Row(f"click to card, {what}", ms(pack), against, pack / bare, "≤ 1.5"))
            else:
                own = (pack - bare) * 1000
                rows.append(Row("click to card, nothing injected", ms(pack), against, pack / bare))
                rows.append(
                    Row("its own share of that", f"{own:.1f} ms", "25 ms", own / 25, "≤ 1.0")
                )
    return [*rows, _beside_dialogs()]


def _beside_dialogs() -> Row:
    """A hundred dialogs wait in one listener; fifty clicks are answered there meanwhile."""
    from pagerduty_mattermost.gateways.http.later_answer import LaterAnswer
    from pagerduty_mattermost.gateways.http.listener import Listener

    held: List[LaterAnswer] = []

    def answer(path: str, headers: Mapping[str, str], body: bytes) -> Any:
        if path == "/click":
            return 200, {}
        held.append(LaterAnswer())
        return held[-1]

    listener = Listener("127.0.0.1", 0, answer, logging.getLogger("benchmark"))
    listener.start()
    waiting = [
        threading.Thread(
            target=requests.post, args=(listener.address + "/dialog", "{}"), daemon=True
        )
        for _ in range(DIALOGS)
    ]
    for one in waiting:
        one.start()
    until(lambda: len(held) == DIALOGS, 20)
    slowest = 0.0
    for _ in range(50):
        began = time.perf_counter()
        requests.post(listener.address + "/click", "{}", timeout=5).raise_for_status()
        slowest = max(slowest, time.perf_counter() - began)
    for later in held:
        later.give(200, {})
    for one in waiting:
        one.join(10)
    listener.stop()
    what = f"slowest click's answer, {DIALOGS} dialogs waiting"
    return Row(what, ms(slowest), "200 ms", slowest / 0.2, "≤ 1.0")


def _measured(room: Room, injected: float) -> Tuple[float, float]:
    pack: List[float] = []
    bare: List[float] = []
    for number in range(ROUNDS):
        incident = room.sandbox.pagerduty.account.trigger(
            "Checkout API", f"Slow {injected} {number}"
        )
        until(lambda one=incident: room.buttons(one), 30)
        time.sleep(1.0)  # the thread's replies are posted
        sides = (room.sandbox.pagerduty, room.sandbox.mattermost)
        for side in sides:
            if injected:
                side.faults.add("delay", seconds=injected, path=PACKS_OWN)
        began = time.perf_counter()
        room.click(incident, "acknowledge")
        _until_painted(room, incident)
        pack.append(time.perf_counter() - began)
        bare.append(_bare(room, incident))
        for side in sides:
            side.faults.clear()
        time.sleep(0.3)
    return median(pack), median(bare)


def _until_painted(room: Room, incident: Any) -> None:
    end = time.perf_counter() + 10
    while "Acknowledged" not in room.card(incident).message:
        assert time.perf_counter() < end
        time.sleep(0.001)


def _bare(room: Room, incident: Any) -> float:
    """The same requests, one after the other, on pooled sessions."""
    pagerduty, mattermost = requests.Session(), requests.Session()
    pagerduty.headers.update(
        {"Authorization": f"Token token={API_KEY}", "From": "ada@example.com"}
    )
    mattermost.headers["Authorization"] = "Bearer " + str(room.sandbox.mattermost.world.bot_token)
    there, here = room.sandbox.pagerduty.url, room.sandbox.mattermost.url + "/api/v4"
    card = room.card(incident)
    body = {
        "incidents": [{"id": incident.id, "type": "incident_reference", "status": "acknowledged"}]
    }
    began = time.perf_counter()
    for answer in (  # each is sent when its turn in the tuple comes
        pagerduty.get(f"{there}/incidents/{incident.id}", timeout=5),
        mattermost.get(f"{here}/users/{room.ada}", timeout=5),
        pagerduty.put(f"{there}/incidents", json=body, timeout=5),
        mattermost.get(f"{here}/posts/{card.id}/thread", timeout=5),
        mattermost.put(
            f"{here}/posts/{card.id}/patch",
            json={"message": card.message, "props": card.props},
            timeout=5,
        ),
    ):
        answer.raise_for_status()
    return time.perf_counter() - began
