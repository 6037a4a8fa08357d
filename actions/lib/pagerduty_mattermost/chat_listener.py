"""A small HTTP server for what Mattermost and PagerDuty send: bounded in size, time and number; it carries, `answer`
decides.

    listener = Listener("127.0.0.1", 8090, answer, log)
    listener.start(); listener.address; listener.stop()

`answer(path, headers, body) -> (status, JSON object)`. The standard library's server with a thread a call works in a
sensor's process (facts/stackstorm.md, Sensors). A call that is too large, too slow or one too many is refused; nothing
that a call does reaches another one or the sensor. `Terms` says how much is taken, and how a refusal is told.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Callable, Dict, Mapping, NamedTuple, Tuple
from urllib.parse import urlsplit

MAX_BODY = 128 * 1024
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
    backlog: int = 64
    """Connections that wait to be taken."""
    refusal: Callable[[int, Mapping[str, str]], int] = lambda status, headers: status
    """The status that a call refused unread is told (headers in lower case): where a 4xx would do harm."""


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
        self._bucket = _Bucket(monotonic, terms)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        kind = type("Server", (_Server,), {"address_family": family, "request_queue_size": terms.backlog})
        self._server: _Server = kind((host, port), _handler(self, answer, log, terms))
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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that broke is nobody's trouble; the standard library would print a stack trace."""


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


def _handler(listener: Listener, answer: Answer, log: Any, terms: Terms) -> Any:
    class Handler(BaseHTTPRequestHandler):
        timeout = CALL_SECONDS
        server_version, sys_version = "pagerduty", ""

        def setup(self) -> None:
            # A client that drips a byte a second never runs into a timeout of one read.
            self._limit = threading.Timer(CALL_SECONDS, self._cut)
            self._limit.daemon = True
            self._limit.start()
            super().setup()

        def finish(self) -> None:
            self._limit.cancel()
            super().finish()

        def _cut(self) -> None:
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RD)

        def do_POST(self) -> None:
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
            size = self.headers.get("Content-Length", "")
            if not size.isdigit():
                self._refuse(411, "Content-Length is needed")
                return
            if int(size) > terms.body:
                self._refuse(413, f"at most {terms.body} bytes")
                return
            body = self.rfile.read(int(size))
            if len(body) < int(size):
                self._refuse(408, "the call did not arrive in time")
                return
            self._limit.cancel()
            try:
                status, told = answer(urlsplit(self.path).path, self._names(), body)
            except Exception as error:  # noqa: BLE001 - one call's fault is not the next one's
                log.error("A call from %s failed: %s", terms.sender, type(error).__name__)
                status, told = 500, {"error": "this did not work; see the sensor's log"}
            self._say(status, told)

        def _names(self) -> Dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def _refuse(self, status: int, why: str) -> None:
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
            """Silent: the standard library would write to stderr, which StackStorm logs as an error."""

    return Handler
