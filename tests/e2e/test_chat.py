"""From a click, a command, a dialog or a note in Mattermost to PagerDuty and back, through the
running embedded default, long before its next look at PagerDuty's log; and a flood of nonsense
that leaves the listener alive."""

# flake8: noqa: E203,W503

from __future__ import annotations

import json
import random
import socket
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Iterator, List

import pytest
import requests

from sandbox import Sandbox
from sandbox.chat_room import Room
from sandbox.demo import CHANNEL
from sandbox.mattermost import ChatPerson
from sandbox.waiting import until


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A process that looks at PagerDuty as seldom as people's do."""
    with Sandbox() as sandbox, Room(sandbox, tmp_path_factory.mktemp("room")) as made:
        yield made


def told(room: Room, word: str) -> Any:
    """The newest thing that ada alone sees and that says so."""
    return until(
        lambda: next((p for p in reversed(room.person.seen()) if word in p.message), None), 10
    )


def test_a_click_reaches_pagerduty_and_the_card_at_once(room: Room) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Checkout API", "Slow")
    old = until(lambda: room.buttons(incident))
    assert room.click(incident, "acknowledge").status_code == 200
    until(lambda: incident.status == "acknowledged")
    until(lambda: "Acknowledged" in room.card(incident).message)
    assert "acknowledge" not in until(lambda: room.buttons(incident))
    # Of an older painting: buttons work after any number of edits.
    body = {"user_id": room.ada, "user_name": "ada", "context": {"token": old["resolve"]}}
    requests.post(room.url + "/click", json=body, timeout=60)
    until(lambda: incident.status == "resolved")
    until(lambda: set(room.buttons(incident)) == {"reopen"})


def test_a_choice_from_the_menu_is_carried_out(room: Room) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Database", "Snoozed")
    until(lambda: room.buttons(incident))
    room.click(incident, "acknowledge")
    until(lambda: "acknowledge" not in room.buttons(incident))
    assert room.click(incident, "more", "unacknowledge").status_code == 200
    until(lambda: incident.status == "triggered")


def test_a_slash_command_is_carried_out_and_answered_to_who_typed_it(room: Room) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Database", "Slower")
    before = len(room.sandbox.mattermost.account.posts(CHANNEL))
    answer = room.person.command(CHANNEL, f"/pd ack {incident.number}")
    assert (answer.status_code, answer.json()["text"]) == (200, "")
    until(lambda: incident.status == "acknowledged")
    assert incident.title in told(room, "Acknowledged").message
    assert len(room.sandbox.mattermost.account.posts(CHANNEL)) <= before + 1, (
        "the incident's card alone is new"
    )


def test_a_note_is_written_in_a_dialog(room: Room) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Billing Jobs", "Late")
    until(lambda: room.buttons(incident))
    assert room.click(incident, "note").status_code == 200
    (dialog,) = room.person.dialogs()
    (opened,) = room.sandbox.journal.facts_of("mattermost", "dialog_opened")
    assert opened.data["wrong"] == "", "all clients show it well"
    assert "text" in room.person.submit(dialog, {"text": " "}).json()["errors"]
    assert room.person.dialogs() == [dialog], "to be put right"
    assert room.person.submit(dialog, {"text": "Export restarted"}).json() == {}
    assert room.person.dialogs() == []
    until(lambda: [note.content for note in incident.notes] == ["Export restarted"])


def test_a_reply_that_begins_with_note_becomes_one(room: Room) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Billing Jobs", "Late again")
    card = until(lambda: room.card(incident))
    room.person.say(CHANNEL, "note: Disk was full", card.id)
    until(lambda: [note.content for note in incident.notes] == ["Disk was full"])
    hooks = room.sandbox.journal.facts_of("mattermost", "integration_called")
    assert [fact.data["status"] for fact in hooks if fact.data["what"] == "webhook"] == [200]
    until(lambda: "Disk was full" in str(room.card(incident).attachments))
    replies = room.sandbox.mattermost.account.thread(room.card(incident))
    assert [one.message for one in replies if "Disk was full" in one.message] == [
        "note: Disk was full"
    ], "it does not come back into the thread where it was said"


def test_fifty_clicks_at_once_lose_none(room: Room) -> None:
    account = room.sandbox.pagerduty.account
    account.set_options(rate_limit=None)
    incidents = [account.trigger("Storefront", f"Wave {number}") for number in range(50)]
    for one in incidents:
        until(lambda one=one: room.buttons(one))
    # One person alone may do twenty things at once.
    people = [ChatPerson(room.sandbox.mattermost, name) for name in ("ada", "grace", "linus")]
    clicks = [(people[n % 3], room.card(one)) for n, one in enumerate(incidents)]
    with ThreadPoolExecutor(25) as pool:
        answers = list(pool.map(lambda click: click[0].click(click[1], "acknowledge"), clicks))
    assert {answer.status_code for answer in answers} == {200}
    until(lambda: all(one.status == "acknowledged" for one in incidents))


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
                        dice.choice(
                            (b"", b"POST /click HTTP/1.1\r\n", b"POST /command HTTP/1.1\r\n\r\n")
                        )
                        + raw
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
                json.dumps(
                    {"state": ".".join(("99999999999", "e30", "0" * 64)), "user_id": "a" * 26}
                ),
                json.dumps([[["x"]]] * dice.randrange(9)),
                "token=" + "t" * 25,
                "{" * dice.randrange(2000),
            )
        )
        kind = dice.choice(("application/json", "application/x-www-form-urlencoded"))
        headers = {"Content-Type": kind, "Authorization": "Token " + "t" * 25}
        seen.append(
            session.post(room.url + path, data=body, headers=headers, timeout=60).status_code
        )
    return seen


def still_well(room: Room, orders: int) -> None:
    incident = room.sandbox.pagerduty.account.trigger("Checkout API", "After the flood")
    until(lambda: room.buttons(incident))
    until(lambda: room.click(incident, "acknowledge").status_code == 200)
    until(lambda: incident.status == "acknowledged")
    changed = [
        e for e in room.sandbox.journal.entries if e.server == "pagerduty" and e.method == "PUT"
    ]
    assert len(changed) - orders in (1, 2)


def test_nonsense_is_refused_and_the_listener_lives(room: Room) -> None:
    before = len(
        [e for e in room.sandbox.journal.entries if e.server == "pagerduty" and e.method == "PUT"]
    )
    assert set(nonsense(room, 150)) <= {400, 401, 404, 415, 429}
    still_well(room, before)


@pytest.mark.soak
def test_20000_calls_of_nonsense_are_refused_and_the_listener_lives(room: Room) -> None:
    before = len(
        [e for e in room.sandbox.journal.entries if e.server == "pagerduty" and e.method == "PUT"]
    )
    assert set(nonsense(room, 20000)) <= {400, 401, 404, 415, 429}
    still_well(room, before)
