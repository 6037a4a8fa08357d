"""A sandbox Mattermost and somebody whom it calls, for tests of commands, clicks, dialogs and
webhooks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple
from urllib.parse import parse_qs

import requests
from http_double import Double

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.mattermost import ChatPerson, MattermostServer
from sandbox.mattermost.versions import DEFAULT_VERSION
from sandbox.server import HttpAnswer, HttpRequest

TIMEOUT = (5, 20)


class World:
    """`mm`: the account; `called`: what Mattermost sent; `answers`: what it is answered, by
    path."""

    def __init__(
        self, server: MattermostServer, clock: Clock, journal: SandboxJournal, double: Double
    ) -> None:
        assert server.world is not None
        self.server, self.clock, self.journal, self.double = server, clock, journal, double
        self.mm, self.world = server.account, server.world
        self.answers: Dict[str, Callable[[HttpRequest], HttpAnswer]] = {}
        self.mm.add_member("incidents", "pagerduty")
        self.incidents = self.mm.channel("incidents")

    def answer(self, path: str, body: Any = None, status: int = 200, **headers: str) -> None:
        self.answers[path] = lambda request: HttpAnswer(status, body, headers)

    def send(
        self, method: str, path: str, body: Any = None, token: Optional[str] = None, **how: Any
    ) -> requests.Response:
        """To the API, as the bot unless a token is given; "" for nobody."""
        secret = self.world.bot_token if token is None else token
        headers = {"Authorization": "Bearer " + secret} if secret else {}
        url = f"{self.server.url}/api/v4{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=TIMEOUT, **how)

    def as_admin(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.send(method, path, body, self.world.admin_token)

    def person(self, name: str) -> ChatPerson:
        return ChatPerson(self.server, name)

    def command(self, trigger: str = "pd", path: str = "/command", **fields: Any) -> Any:
        """A slash command of the team, made by the administrator."""
        body = {
            "team_id": self.world.team.id,
            "trigger": trigger,
            "url": self.double.url + path,
            "method": "P",
        }
        answer = self.as_admin("POST", "/commands", {**body, **fields})
        assert answer.status_code == 201, answer.text
        return answer.json()

    def card(self, *actions: Dict[str, Any], **props: Any) -> str:
        """A post of the bot with these buttons; its id."""
        made = [{"name": a.get("id", "x"), "type": "button", **a} for a in actions]
        body = {
            "channel_id": self.incidents.id,
            "message": "down",
            "props": {**props, "attachments": [{"title": "t", "actions": made}]},
        }
        answer = self.send("POST", "/posts", body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def button(
        self, id: str = "acknowledge", path: str = "/click", **fields: Any
    ) -> Dict[str, Any]:
        context = {"token": "secret"}
        return {
            "id": id,
            "integration": {"url": self.double.url + path, "context": context},
            **fields,
        }

    @property
    def called(self) -> List[HttpRequest]:
        return self.double.requests

    def reasons(self) -> List[str]:
        return [
            str(fact.data["reason"])
            for fact in self.journal.facts_of("mattermost", "integration_failed")
        ]


@contextmanager
def world(
    start: Optional[float] = 1_800_000_000.0, version: str = DEFAULT_VERSION
) -> Iterator[World]:
    clock = Clock(start)
    journal = SandboxJournal(clock)
    made: List[World] = []

    def answered(request: HttpRequest) -> HttpAnswer:
        give = made[0].answers.get(request.path)
        return give(request) if give else HttpAnswer(200, {})

    with Double(answered) as double, MattermostServer(journal, clock, version=version) as server:
        made.append(World(server, clock, journal, double))
        yield made[0]


def refused(answer: requests.Response) -> Tuple[int, str]:
    """What Mattermost said to a refusal: status and error id."""
    return answer.status_code, answer.json()["id"]


def form(request: HttpRequest) -> Dict[str, str]:
    return {
        name: values[0]
        for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()
    }
