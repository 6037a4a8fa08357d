"""A small HTTP server for what Mattermost and PagerDuty send: bounded in size, time and number; it
carries, `answer` decides.

    listener = Listener("127.0.0.1", 8090, answer, log)
    listener.start(); listener.address; listener.stop()

`answer(path, headers, body) -> (status, JSON object)`. The standard library's server with a thread
a call works in a sensor's process (facts/stackstorm.md, Sensors). A call that is too large, too
slow or one too many is refused; nothing that a call does reaches another one or the sensor.
`Terms` says how much is taken, and how a refusal is told; it stands in the log, each reason once a
minute, without a word of the call.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Mapping, NamedTuple, Tuple
from urllib.parse import urlsplit

MAX_BODY = 128 * 1024
MAX_HEAD = 64 * 1024
"""Bytes of all headers together."""
CALL_SECONDS = 5.0
"""In which a whole call must have arrived."""

Answer = Callable[[str, Mapping[str, str], bytes], Tuple[int, Dict[str, Any]]]


class Terms(NamedTuple):
    """What one listener takes."""

    sender: str = "Mattermost"
    body: int = MAX_BODY
    """Bytes of a call."""
    calls: int = 32
    """At once."""
    rate: float = 50.0
    """Calls a second …"""
    burst: int = 200
    """… and how many at once after a quiet time."""
    connections: int = 256
    """Open at once, those included that say nothing: each has a thread."""
    backlog: int = 64
    """Connections that wait to be taken."""
    refusal: Callable[[int, Mapping[str, str]], int] = lambda status, headers: status
    """The status that a call refused unread is told (headers in lower case): where a 4xx would do
    harm."""


class Listener:
    def __init__(
        self,
        host: str,
        port: int,
        answer: Answer,
        log: Any,
        monotonic: Callable[[], float] = time.monotonic,
        terms: Terms = Terms(),  # noqa: B008 - immutable
    ) -> None:
        """Raises OSError when the port can't be had. `port` 0: any."""
        self._slots = threading.BoundedSemaphore(terms.calls)
        sparing = Sparing(log, monotonic)
        self.refused: Callable[[str], None] = lambda why: sparing.warn(
            why, "A call from %s was refused unread: %s", terms.sender, why
        )
        self._bucket = _Bucket(monotonic, terms)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        kind = type(
            "Server", (_Server,), {"address_family": family, "request_queue_size": terms.backlog}
        )
        self._server: _Server = kind((host, port), _handler(self, answer, log, terms))
        self._server.take(terms.connections, self.refused)
        name = f"pagerduty-{terms.sender.lower()}"
        self._thread = threading.Thread(target=self._server.serve_forever, name=name, daemon=True)

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://[{host!s}]:{port}" if ":" in str(host) else f"http://{host!s}:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def admit(self) -> bool:
        """One more call may be answered now; `leave` afterwards."""
        return self._bucket.take() and self._slots.acquire(blocking=False)

    def leave(self) -> None:
        self._slots.release()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def take(self, connections: int, refused: Callable[[str], None]) -> None:
        self._room, self._refused = threading.BoundedSemaphore(connections), refused

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            self._refused("too many connections")
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be had
            self._room.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is nobody's trouble; the standard library would print a stack
        trace."""


class Sparing:
    """Warnings of which the same one is logged once a minute: strangers may knock often."""

    def __init__(self, log: Any, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._log, self._monotonic = log, monotonic
        self._lock = threading.Lock()
        self._at: Dict[str, float] = {}

    def warn(self, reason: str, line: str, *values: Any) -> None:
        """`reason`: one of few, never a word of a stranger's."""
        now = self._monotonic()
        with self._lock:
            if now - self._at.get(reason, -60.0) < 60:
                return
            self._at[reason] = now
        self._log.warning(line, *values)


class _Head:
    """What a call is read from, with a bound on all headers; the standard library bounds each, and
    their number."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self._begun, self._left = False, MAX_HEAD
        self.read, self.close = file.read, file.close
        self.closed = False

    def readline(self, limit: int = -1) -> bytes:
        line: bytes = self._file.readline(limit)
        self._left -= len(line) if self._begun else 0
        self._begun = True
        if self._left < 0:
            raise http.client.LineTooLong("headers")
        return line


class _Bucket:
    def __init__(self, monotonic: Callable[[], float], terms: Terms) -> None:
        self._monotonic = monotonic
        self._terms = terms
        self._lock = threading.Lock()
        self._left, self._at = float(terms.burst), monotonic()

    def take(self) -> bool:
        with self._lock:
            now = self._monotonic()
            left = self._left + (now - self._at) * self._terms.rate
            self._left, self._at = min(float(self._terms.burst), left), now
            if self._left < 1:
                return False
            self._left -= 1
            return True


_UNREAD = {
    414: "the address is too long",
    431: f"at most {MAX_HEAD} bytes of headers",
    501: "only POST is taken",
}


def _path(target: str) -> str:
    """Empty for what is no address."""
    try:
        return urlsplit(target).path
    except ValueError:
        return ""


def _handler(listener: Listener, answer: Answer, log: Any, terms: Terms) -> Any:
    class Handler(BaseHTTPRequestHandler):
        timeout = CALL_SECONDS
        server_version, sys_version = "pagerduty", ""

        def setup(self) -> None:
            # A client that drips a byte a second never runs into a timeout of one read.
            self._late = False
            self._limit = threading.Timer(CALL_SECONDS, self._cut)
            self._limit.daemon = True
            self._limit.start()
            super().setup()
            self.rfile = _Head(self.rfile)  # type: ignore[assignment]

        def finish(self) -> None:
            self._limit.cancel()
            super().finish()

        def _cut(self) -> None:
            self._late = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RD)

        def do_POST(self) -> None:
            if self._late:  # the headers may be cut off anywhere
                self._refuse(408, "the call did not arrive in time")
                return
            if not listener.admit():
                self._refuse(429, "too many calls")
                return
            try:
                self._call()
            finally:
                listener.leave()

        def do_GET(self) -> None:
            self._say(405, {"error": f"{terms.sender} posts here; there is nothing to see"})

        def _call(self) -> None:
            said = self.headers.get("Content-Length", "")
            if not (said.isascii() and said.isdigit()):
                self._refuse(411, "Content-Length is needed")
                return
            size = int(said) if len(said) < 10 else terms.body + 1
            if size > terms.body:
                self._refuse(413, f"at most {terms.body} bytes")
                return
            body = self.rfile.read(size)
            if len(body) < size:
                self._refuse(408, "the call did not arrive in time")
                return
            self._limit.cancel()
            try:
                status, told = answer(_path(self.path), self._names(), body)
            except Exception as error:  # noqa: BLE001 - one call's fault is not the next one's
                log.error("A call from %s failed: %s", terms.sender, type(error).__name__)
                status, told = 500, {"error": "this did not work; see the sensor's log"}
            self._say(status, told)

        def _names(self) -> Dict[str, str]:
            headers = getattr(self, "headers", None)  # none where not even they do read
            return {name.lower(): value for name, value in headers.items()} if headers else {}

        def send_error(self, code: int, message: Any = None, explain: Any = None) -> None:
            """What the standard library refuses; its words hold some of the call."""
            self.request_version = (
                self.protocol_version
            )  # else what has none is answered without a status
            self._refuse(int(code), _UNREAD.get(int(code), "the call does not read"))

        def _refuse(self, status: int, why: str) -> None:
            listener.refused(f"{status} {why}")
            self._say(terms.refusal(status, self._names()), {"error": why})

        def _say(self, status: int, told: Dict[str, Any]) -> None:
            data = json.dumps(told).encode("utf-8")
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent: the standard library would write to stderr, which StackStorm logs as an
            error."""

    return Handler
