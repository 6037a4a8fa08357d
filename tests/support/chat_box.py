"""The sandbox's Mattermost with its clock, its journal and the bot that speaks to it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Iterator, List, NamedTuple

import requests

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.mattermost import MattermostService, World, seed
from sandbox.server import Server

START = 1_800_000_000.0
TIMEOUT = (5, 10)


class Box(NamedTuple):
    mm: MattermostService
    world: World
    server: Server
    clock: Clock
    journal: SandboxJournal
    bot: requests.Session

    def send(self, method: str, path: str, body: Any = None, **how: Any) -> requests.Response:
        return self.bot.request(
            method, self.server.url + "/api/v4" + path, json=body, timeout=TIMEOUT, **how
        )

    def post(self, message: str, **fields: Any) -> requests.Response:
        body = dict(fields, channel_id=self.mm.channel("incidents").id, message=message)
        return self.send("POST", "/posts", body)

    def control(self, word: str, **body: Any) -> Any:
        answer = requests.post(self.server.url + "/_sandbox/" + word, json=body, timeout=TIMEOUT)
        assert answer.status_code == 200, answer.text
        return answer.json()["result"]


@contextmanager
def chat_box() -> Iterator[Box]:
    clock = Clock(START)
    journal = SandboxJournal(clock)
    mm = MattermostService(clock, journal, seed=1)
    world = seed(mm)
    mm.add_member("incidents", "pagerduty")
    with Server(mm, journal, clock) as server, requests.Session() as bot:
        bot.headers["Authorization"] = "Bearer " + world.bot_token
        yield Box(mm, world, server, clock, journal, bot)


def messages(box: Box) -> List[str]:
    return [p.message for p in box.mm.posts("incidents")]
