"""From a click on a card to PagerDuty and back to the card, through the running embedded default, long before its next
look at PagerDuty's log; and a flood of nonsense that leaves the listener alive."""

from __future__ import annotations

import json
import random
import socket
from typing import Iterator, List

import pytest
import requests

from sandbox import Sandbox
from sandbox.chat_room import TOKEN, Room, until


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with Sandbox() as sandbox:
        made = Room(sandbox, tmp_path_factory.mktemp("chat"))
        try:
            yield made
        finally:
            made.stop()


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
