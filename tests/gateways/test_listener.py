"""The listener's bounds, each over real sockets: size, time, connections and calls at once; what a
stranger sends is neither logged nor repeated, and the port is free within a second."""

# flake8: noqa: E203

from __future__ import annotations

import contextlib
import importlib.util
import json
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, List, Mapping, Tuple
from unittest import mock

import pytest

from pagerduty_mattermost.gateways.http import listener as listener_module
from pagerduty_mattermost.gateways.http.listener import CallBounds, Listener
from sandbox.waiting import until

LIBRARY = Path(__file__).resolve().parents[2] / "actions" / "lib"
HEAD = b"POST /x HTTP/1.1\r\nHost: h\r\n"
Answer = Callable[[str, Mapping[str, str], bytes], Tuple[int, Dict[str, Any]]]


def echo(path: str, headers: Mapping[str, str], body: bytes) -> Tuple[int, Dict[str, Any]]:
    return 200, {"path": path, "size": len(body), "kind": headers.get("x-kind", "")}


class Site:
    """A listener, and what it logged."""

    def __init__(self, answer: Answer, **bounds: Any) -> None:
        self.log = mock.Mock()
        self.listener = Listener("127.0.0.1", 0, answer, self.log, bounds=CallBounds(**bounds))
        self.port = int(self.listener.address.rpartition(":")[2])
        self.listener.start()

    def connect(self, source: str = "127.0.0.1") -> socket.socket:
        link = socket.create_connection(("127.0.0.1", self.port), 8, source_address=(source, 0))
        link.settimeout(8)
        return link

    def send(self, data: bytes, source: str = "127.0.0.1") -> bytes:
        """All that is answered."""
        with self.connect(source) as link:
            with contextlib.suppress(ConnectionError):
                link.sendall(data)
            return received(link)

    def post(self, body: bytes = b"{}", source: str = "127.0.0.1") -> bytes:
        return self.send(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body, source)

    def logged(self) -> str:
        return str(self.log.mock_calls)


def received(link: socket.socket) -> bytes:
    parts: List[bytes] = []
    with contextlib.suppress(ConnectionError):
        while not parts or parts[-1]:
            parts.append(link.recv(65536))
    return b"".join(parts)


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1]) if answer else 0


@pytest.fixture
def started() -> Iterator[Callable[..., Site]]:
    sites: List[Site] = []

    def start(answer: Answer = echo, **bounds: Any) -> Site:
        sites.append(Site(answer, **bounds))
        return sites[-1]

    yield start
    for site in sites:
        site.listener.stop()


Started = Callable[..., Site]


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
        dripping.join(5)
    assert status(answer) == 408
    assert 0.4 < took < 2.5
    assert "408 the call did not arrive in time" in site.logged()


def test_a_connection_that_says_nothing_ends_in_time(started: Started) -> None:
    site = started()
    with within(0.3), site.connect() as link:
        began = time.monotonic()
        assert received(link) == b""
        assert time.monotonic() - began < 2.5
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


class Gate:
    """An answer that waits until it is let go."""

    def __init__(self) -> None:
        self.waiting = 0
        self.open = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, *_: Any) -> Tuple[int, Dict[str, Any]]:
        with self._lock:
            self.waiting += 1
        self.open.wait(10)
        return 200, {}


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
        one.join(5)
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


def test_it_stops_within_a_second_and_the_port_is_free_at_once(started: Started) -> None:
    gate = Gate()
    site = started(gate)
    with site.connect() as idle, site.connect() as waiting:
        waiting.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
        until(lambda: gate.waiting)
        began = time.monotonic()
        site.listener.stop()
        assert time.monotonic() - began < 1.0
        again = Listener("127.0.0.1", site.port, echo, mock.Mock())
        again.start()
        assert received(idle) == b""
        assert status(site.post()) == 200
        again.stop()
        again.stop()
        gate.open.set()


def test_what_is_being_answered_when_it_stops_is_answered(started: Started) -> None:
    gate = Gate()
    site = started(gate)
    with site.connect() as link:
        link.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
        until(lambda: gate.waiting)
        threading.Timer(0.1, gate.open.set).start()
        site.listener.stop()
        assert status(received(link)) == 200


def test_a_port_that_is_taken_is_told_at_once(started: Started) -> None:
    site = started()
    with pytest.raises(OSError, match="in use"):
        Listener("127.0.0.1", site.port, echo, mock.Mock())
    with pytest.raises(OverflowError):
        Listener("127.0.0.1", 65536, echo, mock.Mock())


def test_one_that_never_started_leaves_the_port(started: Started) -> None:
    made = Listener("127.0.0.1", 0, echo, mock.Mock())
    port = int(made.address.rpartition(":")[2])
    made.stop()
    Listener("127.0.0.1", port, echo, mock.Mock()).stop()


def test_it_listens_on_ipv6() -> None:
    try:
        made = Listener("::1", 0, echo, mock.Mock())
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    made.start()
    host, port = made.address[len("http://[") :].split("]:")
    with socket.create_connection((host, int(port)), timeout=5) as link:
        link.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
        assert status(received(link)) == 200
    made.stop()


SENSOR_PROCESS = """
import sys
if sys.argv[1] == "eventlet":
    import eventlet
    eventlet.monkey_patch(os=True, select=True, socket=True, thread=True, time=True)
    import select  # StackStorm may put the blocking one back (st2common.util.monkey_patch)
    select.poll = eventlet.patcher.original("select").poll
import http.client, logging, socket, threading, time
from pagerduty_mattermost.gateways.http import listener as module

class Log:
    def warning(self, line, *values): print("LOG", line % values)
    error = warning

def answer(path, headers, body):
    time.sleep(1.0)
    return 200, {"size": len(body)}

module.CALL_SECONDS = 2.0
made = module.Listener("127.0.0.1", 0, answer, Log(), bounds=module.CallBounds(connections=40))
made.start()
port = int(made.address.rpartition(":")[2])

def call(found):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=8)
    link.request("POST", "/x", body=b"x" * 70000)
    found.append(link.getresponse().status)
    link.close()

found = []
began = time.monotonic()
threads = [threading.Thread(target=call, args=(found,)) for _ in range(20)]
[one.start() for one in threads]
[one.join() for one in threads]
print("PARALLEL", found == [200] * 20, time.monotonic() - began < 2.5)

drip = socket.create_connection(("127.0.0.1", port))
drip.sendall(b"POST / HTTP/1.1\\r\\nContent-Length: 99\\r\\n\\r\\n")
began = time.monotonic()
def dripping():
    try:
        while time.monotonic() - began < 8:
            drip.sendall(b"x")
            time.sleep(0.1)
    except OSError:
        pass
thread = threading.Thread(target=dripping, daemon=True)
thread.start()
print("LATE", drip.recv(100).split(b" ")[1], 1.5 < time.monotonic() - began < 4)

for data in (b"nonsense\\r\\n\\r\\n", b"POST http://[ HTTP/1.1\\r\\n\\r\\n"):
    link = socket.create_connection(("127.0.0.1", port))
    link.sendall(data)
    print("BAD", link.recv(100).split(b" ")[1])
    link.close()
for _ in range(20):
    link = socket.create_connection(("127.0.0.1", port))
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\\1\\0\\0\\0\\0\\0\\0\\0")
    link.sendall(b"POST / HTTP/1.1\\r\\nContent-Length: 0\\r\\n\\r\\n")
    link.close()
time.sleep(1.5)
call(found)
began = time.monotonic()
made.stop()
print("STOPPED", found[-1], time.monotonic() - began < 1.0)
"""


@pytest.mark.parametrize("kind", ["plain", "eventlet"])
def test_it_works_in_a_sensors_process_without_a_word_on_stderr(kind: str) -> None:
    """StackStorm patches a sensor's process with eventlet, and logs its stderr as errors."""
    if kind == "eventlet" and importlib.util.find_spec("eventlet") is None:
        pytest.skip("eventlet is not installed")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SENSOR_PROCESS, kind],
        env={"PYTHONPATH": str(LIBRARY)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert [line for line in lines if not line.startswith("LOG")] == [
        "PARALLEL True True",
        "LATE b'408' True",
        "BAD b'400'",
        "BAD b'400'",
        "STOPPED 200 True",
    ]
    assert sorted(line for line in lines if line.startswith("LOG")) == [
        "LOG A call from Mattermost was refused unread: 400 the call does not read",
        "LOG A call from Mattermost was refused unread: 408 the call did not arrive in time",
    ]
