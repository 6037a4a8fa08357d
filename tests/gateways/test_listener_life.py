"""A listener begins and ends well: ports taken and free again, what is being answered when it
stops, IPv6, in a sensor's process."""

# flake8: noqa: E203

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from unittest import mock

import pytest
from listener_site import HEAD, Gate, Started, echo, received, status

from pagerduty_mattermost.gateways.http.listener import Listener
from sandbox.waiting import until

LIBRARY = Path(__file__).resolve().parents[2] / "actions" / "lib"


def test_it_waits_for_nobody_when_it_stops_and_the_port_is_free_at_once(started: Started) -> None:
    gate = Gate()
    site = started(gate)
    with site.connect() as idle, site.connect() as waiting:
        waiting.sendall(HEAD + b"Content-Length: 0\r\n\r\n")
        until(lambda: gate.waiting)
        began = time.monotonic()
        site.listener.stop()
        assert time.monotonic() - began < 30
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
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    link.request("POST", "/x", body=b"x" * 70000)
    found.append(link.getresponse().status)
    link.close()

found = []
began = time.monotonic()
threads = [threading.Thread(target=call, args=(found,)) for _ in range(20)]
[one.start() for one in threads]
[one.join() for one in threads]
print("PARALLEL", found == [200] * 20, time.monotonic() - began < 15)

drip = socket.create_connection(("127.0.0.1", port))
drip.sendall(b"POST / HTTP/1.1\\r\\nContent-Length: 99\\r\\n\\r\\n")
began = time.monotonic()
def dripping():
    try:
        while time.monotonic() - began < 40:
            drip.sendall(b"x")
            time.sleep(0.5)
    except OSError:
        pass
thread = threading.Thread(target=dripping, daemon=True)
thread.start()
print("LATE", drip.recv(100).split(b" ")[1], 1.5 < time.monotonic() - began < 30)

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
print("STOPPED", found[-1], time.monotonic() - began < 30)
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
