"""The listener's bounds, each over real sockets: size, time, connections and calls at once; what
a stranger sends is neither logged nor repeated."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import Any, Dict, List, Mapping, Tuple
from unittest import mock

import pytest
from listener_site import HEAD, Gate, Started, received, status

from pagerduty_mattermost.gateways.http import listener as listener_module
from sandbox.waiting import until


def within(seconds: float) -> Any:
    return mock.patch.object(listener_module, "CALL_SECONDS", seconds)


def test_a_call_is_answered_as_json_and_tells_nothing_of_the_server(started: Started) -> None:
    answer = started().send(
        b"POST /%61/b?c=d HTTP/1.1\r\nX-Kind: k\r\nContent-Length: 3\r\n\r\nabc"
    )
    head, _, body = answer.partition(b"\r\n\r\n")
    assert json.loads(body) == {"path": "/%61/b", "size": 3, "kind": "k"}
    names = sorted(line.split(b":")[0] for line in head.split(b"\r\n")[1:])
    assert names == [b"Connection", b"Content-Length", b"Content-Type", b"Date"]
    assert b"close" in head


def test_a_call_in_pieces_of_unknown_length_is_bounded_too(started: Started) -> None:
    site = started(body=30)
    head = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    answer = site.send(head + b"3\r\nabc\r\n7\r\ndefghij\r\n0\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 10
    assert status(site.send(head + b"1\r\na\r\n" * 6)) == 413
    assert status(site.send(head + b"xyz\r\n")) == 400


def test_a_second_call_on_the_same_connection_is_not_answered(started: Started) -> None:
    call = HEAD + b"Connection: keep-alive\r\nContent-Length: 2\r\n\r\n{}"
    assert started().send(call + call).count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("begun", "piece"),
    [(b"", b"P"), (HEAD, b"X: y\r\n"), (HEAD + b"Content-Length: 9999\r\n\r\n", b"x")],
)
def test_a_call_that_drips_ends_in_time(started: Started, begun: bytes, piece: bytes) -> None:
    site = started()
    with within(0.5), site.connect() as link:
        link.sendall(begun)
        ended = threading.Event()

        def drip() -> None:
            with contextlib.suppress(OSError):
                while not ended.wait(0.05):
                    link.sendall(piece)

        dripping = threading.Thread(target=drip, daemon=True)
        began = time.monotonic()
        dripping.start()
        answer = received(link)
        took = time.monotonic() - began
        ended.set()
        dripping.join(60)
    assert status(answer) == 408
    assert 0.4 < took < 30
    assert "408 the call did not arrive in time" in site.logged()


def test_a_connection_that_says_nothing_ends_in_time(started: Started) -> None:
    site = started()
    with within(0.3), site.connect() as link:
        began = time.monotonic()
        assert received(link) == b""
        assert time.monotonic() - began < 30
    assert site.logged() == "[]", "a look whether it stands is nobody's fault"


def test_an_answer_that_nobody_takes_ends_in_time(started: Started) -> None:
    answered = threading.Event()

    def long(*_: Any) -> Tuple[int, Dict[str, Any]]:
        answered.set()
        return 200, {"x": "y" * 30_000_000}

    site = started(long)
    with within(0.3), site.connect() as link:
        link.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
        assert answered.wait(30)
        end = time.monotonic() + 30
        while site.listener._server.active_channels and time.monotonic() < end:
            time.sleep(0.02)
        assert not site.listener._server.active_channels
        assert len(received(link)) < 30_000_000


def test_a_long_answer_that_is_taken_comes_whole(started: Started) -> None:
    answer = started(lambda *_: (200, {"x": "y" * 3_000_000})).post()
    assert len(json.loads(answer.partition(b"\r\n\r\n")[2])["x"]) == 3_000_000


def test_an_answer_may_take_longer_than_a_call_to_arrive(started: Started) -> None:
    def slow(*_: Any) -> Tuple[int, Dict[str, Any]]:
        time.sleep(1.2)
        return 200, {}

    with within(0.3):
        assert status(started(slow).post()) == 200


def test_connections_are_bounded(started: Started) -> None:
    site = started(connections=3)
    with contextlib.ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(site.connect())
        time.sleep(0.2)
        assert site.post() == b""
        assert "too many connections" in site.logged()
    time.sleep(0.2)
    assert status(site.post()) == 200


def test_calls_at_once_are_bounded_and_many_may_wait(started: Started) -> None:
    gate = Gate()
    site = started(gate, calls=40)
    answers: List[int] = []
    threads = [
        threading.Thread(target=lambda: answers.append(status(site.post()))) for _ in range(40)
    ]
    for one in threads:
        one.start()
    until(lambda: gate.waiting == 40)
    assert status(site.post()) == 429
    assert "429 too many calls" in site.logged()
    gate.open.set()
    for one in threads:
        one.join(60)
    assert answers == [200] * 40
    assert status(site.post()) == 200


def test_who_goes_away_while_waiting_leaves_room_for_the_next(started: Started) -> None:
    gate = Gate()
    site = started(gate, calls=1)
    for _ in range(3):
        with site.connect() as link:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            link.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
            until(lambda: gate.waiting)
        gate.open.set()
        time.sleep(0.1)
        gate.waiting = 0
        gate.open.clear()
    gate.open.set()
    assert status(site.post()) == 200


def test_calls_a_second_are_bounded(started: Started) -> None:
    def refused(*_: Any) -> Tuple[int, Dict[str, Any]]:
        return 401, {"error": "no token"}

    site = started(refused, rate=0.001, burst=3)
    assert [status(site.post()) for _ in range(5)] == [401] * 3 + [429] * 2


def test_verified_calls_are_not_counted_by_address(started: Started) -> None:
    site = started(rate=0.001, burst=3)
    assert [status(site.post()) for _ in range(8)] == [200] * 8


def test_a_flood_of_one_address_stops_no_other(started: Started) -> None:
    site = started(lambda *_: (401, {"error": "no token"}), rate=0.001, burst=3, connections=8)
    assert [status(site.post()) for _ in range(4)] == [401] * 3 + [429]
    assert status(site.post(source="127.0.0.2")) == 401
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(site.connect())
        time.sleep(0.2)
        assert site.post() == b""
        assert status(site.post(source="127.0.0.3")) == 401


def test_what_a_refusal_is_told_may_be_chosen_by_its_headers(started: Started) -> None:
    seen: List[Any] = []

    def refusal(code: int, headers: Mapping[str, str]) -> int:
        seen.append((code, headers.get("x-signature")))
        return 202

    site = started(body=1, refusal=refusal)
    assert status(site.send(HEAD + b"X-Signature: s\r\nContent-Length: 2\r\n\r\n{}")) == 202
    assert seen == [(413, "s")]


def test_a_fault_of_the_answer_is_told_by_its_kind_alone(started: Started) -> None:
    def broken(*_: Any) -> Tuple[int, Dict[str, Any]]:
        raise ValueError("s3cr3t")

    site = started(broken)
    answer = site.post()
    assert status(answer) == 500
    assert "ValueError" in site.logged()
    assert "s3cr3t" not in site.logged() + answer.decode()


def test_nothing_of_a_call_is_logged_or_repeated(started: Started) -> None:
    site = started(body=100)
    word = b"s3cr3t\x1b[31m"
    for data in (
        word + b"\r\n\r\n",
        b"POST /" + word + b" HTTP/1.1\r\n" + word + b"\r\n\r\n",
        b"BREW /" + word + b" HTTP/1.1\r\n\r\n",
        HEAD + b"Content-Length: " + word + b"\r\n\r\n",
        HEAD + b"Transfer-Encoding: " + word + b"\r\n\r\n",
        HEAD + b"X: " + word * 10_000 + b"\r\n\r\n",
        HEAD + b"Content-Length: 101\r\n\r\n" + word,
    ):
        answer = site.send(data)
        assert 400 <= status(answer) < 600
        assert b"s3cr3t" not in answer
        assert b"waitress" not in answer.lower()
    assert "s3cr3t" not in site.logged()
    assert status(site.post()) == 200
