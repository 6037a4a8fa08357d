"""From a click on a card to PagerDuty and back to the card, through the running embedded default, long before its next
look at PagerDuty's log; and a flood of nonsense that leaves the listener alive."""

from __future__ import annotations

import json
import random
import socket
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List

import pytest
import requests
import yaml

from sandbox import Sandbox
from sandbox.demo import CHANNEL, start_pack, stop, write_config

KEY, TOKEN = "s" * 32, "t" * 26


def until(done: Callable[[], Any], seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come in time")


class Room:
    """The embedded default on a sandbox, and what people do in Mattermost."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        path = write_config(sandbox, folder)
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        config["chat"] = {"port": port, "public_url": self.url, "signing_keys": [KEY], "command_tokens": [TOKEN]}
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        self.pack = start_pack(path, folder, None)
        until(self._listens, 30)
        until(lambda: sandbox.mattermost.account.posts(CHANNEL), 30)
        headers = {"Authorization": "Bearer " + str(sandbox.mattermost.world.bot_token)}
        answer = requests.get(f"{sandbox.mattermost.url}/api/v4/users/username/ada", headers=headers, timeout=5)
        self.ada = str(answer.json()["id"])

    def _listens(self) -> bool:
        try:
            return requests.get(self.url, timeout=1).status_code == 405
        except requests.RequestException:
            return False

    def buttons(self, incident: Any) -> Dict[str, str]:
        """Tokens by the button's id, of the newest painting: reads do not show them, so as they were sent."""
        for entry in reversed(self.sandbox.journal.entries):
            if entry.server == "mattermost" and entry.method in ("POST", "PUT") and incident.id.encode() in entry.body:
                props = json.loads(entry.body).get("props") or {}
                if (props.get("pagerduty") or {}).get("incident") == incident.id and props.get("attachments"):
                    actions = props["attachments"][0].get("actions") or ()
                    return {one["id"]: one["integration"]["context"]["token"] for one in actions}
        return {}

    def click(self, token: str) -> requests.Response:
        body = {"user_id": self.ada, "user_name": "ada", "context": {"token": token}}
        return requests.post(self.url + "/click", json=body, timeout=5)

    def card(self, incident: Any) -> Any:
        for post in self.sandbox.mattermost.account.posts(CHANNEL):
            mark = post.props.get("pagerduty") or {}
            if mark.get("incident") == incident.id and not mark.get("event"):
                return post
        return None


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with Sandbox() as sandbox:
        made = Room(sandbox, tmp_path_factory.mktemp("chat"))
        try:
            yield made
        finally:
            stop(made.pack)


def test_a_click_reaches_pagerduty_and_the_card_at_once(room: Room) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Checkout API", "Slow")
    tokens = until(lambda: room.buttons(incident))
    answer = room.click(tokens["acknowledge"])
    assert (answer.status_code, "Working on it" in answer.json()["ephemeral_text"]) == (200, True)
    until(lambda: incident.status == "acknowledged", 5)
    until(lambda: "Acknowledged" in room.card(incident).message, 5)
    assert "acknowledge" not in until(lambda: room.buttons(incident))
    room.click(tokens["resolve"])  # of an older painting: buttons work after any number of edits
    until(lambda: incident.status == "resolved", 5)
    until(lambda: set(room.buttons(incident)) == {"reopen"}, 10)


def test_a_slash_command_is_carried_out(room: Room) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Database", "Slower")
    told = {"token": TOKEN, "command": "/pd", "text": f"ack {incident.number}", "user_id": room.ada}
    headers = {"Authorization": "Token " + TOKEN}
    answer = requests.post(room.url + "/command", data=told, headers=headers, timeout=5)
    assert answer.json()["response_type"] == "ephemeral"
    until(lambda: incident.status == "acknowledged", 5)


def test_fifty_clicks_at_once_lose_none(room: Room) -> None:
    from concurrent.futures import ThreadPoolExecutor

    account = room.sandbox.pagerduty.account
    account.set_options(rate_limit=None)
    incidents = [account.trigger("Storefront", f"Wave {number}") for number in range(50)]
    tokens = [until(lambda one=one: room.buttons(one), 60)["acknowledge"] for one in incidents]
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(room.click, tokens))
    assert {answer.status_code for answer in answers} == {200}
    until(lambda: all(one.status == "acknowledged" for one in incidents), 60)


def nonsense(room: Room, count: int) -> List[int]:
    """Random calls, half of them raw bytes: whatever came back."""
    dice = random.Random(5)
    host, port = room.url[len("http://") :].split(":")
    seen = []
    session = requests.Session()
    for number in range(count):
        if number % 2:
            raw = bytes(dice.randrange(256) for _ in range(dice.randrange(200)))
            try:
                with socket.create_connection((host, int(port)), timeout=5) as link:
                    link.sendall(
                        dice.choice((b"", b"POST /click HTTP/1.1\r\n", b"POST /command HTTP/1.1\r\n\r\n")) + raw
                    )
                    link.shutdown(socket.SHUT_WR)
                    link.recv(100)
            except OSError:
                pass
            continue
        path = dice.choice(("/click", "/dialog", "/command", "/" + "x" * dice.randrange(300)))
        body = dice.choice(
            (
                json.dumps({"user_id": "a" * 26, "context": {"token": "9" * dice.randrange(300)}}),
                json.dumps({"state": ".".join(("99999999999", "e30", "0" * 64)), "user_id": "a" * 26}),
                json.dumps([[["x"]]] * dice.randrange(9)),
                "token=" + "t" * 25,
                "{" * dice.randrange(2000),
            )
        )
        kind = dice.choice(("application/json", "application/x-www-form-urlencoded"))
        headers = {"Content-Type": kind, "Authorization": "Token " + "t" * 25}
        seen.append(session.post(room.url + path, data=body, headers=headers, timeout=10).status_code)
    return seen


def still_well(room: Room, orders: int) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Checkout API", "After the flood")
    tokens = until(lambda: room.buttons(incident), 30)
    until(lambda: room.click(tokens["acknowledge"]).status_code == 200, 15)
    until(lambda: incident.status == "acknowledged", 10)
    changed = [e for e in room.sandbox.journal.entries if e.server == "pagerduty" and e.method == "PUT"]
    assert len(changed) - orders in (1, 2)


def test_nonsense_is_refused_and_the_listener_lives(room: Room) -> None:
    before = len([e for e in room.sandbox.journal.entries if e.server == "pagerduty" and e.method == "PUT"])
    assert set(nonsense(room, 400)) <= {400, 401, 404, 415, 429}
    still_well(room, before)


@pytest.mark.soak
def test_20000_calls_of_nonsense_are_refused_and_the_listener_lives(room: Room) -> None:
    before = len([e for e in room.sandbox.journal.entries if e.server == "pagerduty" and e.method == "PUT"])
    assert set(nonsense(room, 20000)) <= {400, 401, 404, 415, 429}
    still_well(room, before)
