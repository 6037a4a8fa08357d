"""From a click to PagerDuty changed and the card repainted, in the embedded default, against the
bare requests it must make: who clicked, the incident as it is, the change, the card's thread, the
card. Once with 30 ms injected into each request of both sides, once without.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any, List, Tuple

import requests

from sandbox import Sandbox
from sandbox.chat_room import Room, until
from sandbox.pagerduty import API_KEY

from .report import Row, median, ms

ROUNDS = 9
DELAY = 0.03
PACKS_OWN = r"^(?!/api/v4/posts/[^/]+/actions/)"
"""Not the click itself, which is the person's request."""


def run() -> List[Row]:
    rows = []
    with Sandbox() as sandbox:
        room = Room(sandbox, Path(tempfile.mkdtemp()))
        try:
            sandbox.pagerduty.account.set_options(rate_limit=None)
            for injected in (DELAY, 0.0):
                pack, bare = _measured(room, injected)
                what = f"{injected * 1000:.0f} ms injected"
                against = f"bare requests: {ms(bare)}"
                if injected:
                    rows.append(
                        Row(f"click to card, {what}", ms(pack), against, pack / bare, "≤ 1.5")
                    )
                else:
                    own = (pack - bare) * 1000
                    rows.append(
                        Row("click to card, nothing injected", ms(pack), against, pack / bare)
                    )
                    rows.append(
                        Row("its own share of that", f"{own:.1f} ms", "25 ms", own / 25, "≤ 1.0")
                    )
        finally:
            room.stop()
    return rows


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
