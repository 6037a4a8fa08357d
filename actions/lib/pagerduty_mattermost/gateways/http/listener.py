"""A small HTTP server for what Mattermost and PagerDuty send: bounded in size, time and number; it
carries, `answer` decides.

    listener = Listener("127.0.0.1", 8090, answer, log)
    listener.start(); listener.address; listener.stop()

`answer(path, headers, body) -> (status, JSON object)`. waitress serves (`bounded_server`), also in
a sensor's process. A call that is too large, too slow or one too many is refused; nothing that a
call does reaches another one or the sensor. `CallBounds` says how much is taken, and how a
refusal is told; it stands in the log, each reason once a minute, without a word of the call.
An answer that is not known yet is a `LaterAnswer`: its call waits without a thread.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple, Union

from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.http.later_answer import LaterAnswer
from pagerduty_mattermost.gateways.http.quotas import Quotas, network_of

MAX_BODY_BYTES = 128 * 1024
MAX_HEAD_BYTES = 64 * 1024
"""Bytes of a call's first line and headers together."""
CALL_SECONDS = 5.0
"""In which a whole call must have arrived."""
STOP_SECONDS = 1.0
LISTEN_AGAIN_SECONDS = 60.0
"""Seconds after which a port that could not be had is tried again: a process that died may still
hold it."""

Answered = Union[Tuple[int, Dict[str, Any]], LaterAnswer]
Answer = Callable[[str, Mapping[str, str], bytes], Answered]
"""Of a call that is not verified the object has an `error`."""


class CallBounds(NamedTuple):
    """What one listener takes."""

    sender: str = "Mattermost"
    body: int = MAX_BODY_BYTES
    """Bytes of a call."""
    calls: int = 32
    """At once: as many threads."""
    rate: float = 50.0
    """Calls a second of one address that are not verified …"""
    burst: int = 200
    """… and how many at once after a quiet time. Verified calls do not count: who shares an
    address with a stranger, behind a proxy, is not stopped by few of them."""
    connections: int = 256
    """Open at once, those included that say nothing; three quarters of them by one address
    at most."""
    backlog: int = 64
    """Connections that wait to be taken."""
    refusal: Callable[[int, Mapping[str, str]], int] = lambda status, headers: status
    """The status that a call refused unread is told (headers in lower case): where a 4xx would do
    harm."""


VARIABLE = "PAGERDUTY_MATTERMOST_PLACE"
"""In which the embedded default says which of its processes this is: random, so that it tells a
stranger nothing."""


def nothing_here(sender: str) -> str:
    """What whoever only looks is told."""
    return f"{sender} posts here; there is nothing to see"


def told_here(sender: str) -> str:
    """The same, of this process."""
    place = os.environ.get(VARIABLE, "")
    return f"{nothing_here(sender)} ({place})" if place else nothing_here(sender)


class Listener:
    """Listens for calls, in threads of its own, until it is stopped."""

    def __init__(
        self,
        host: str,
        port: int,
        answer: Answer,
        log: Any,
        monotonic: Callable[[], float] = time.monotonic,
        bounds: CallBounds = CallBounds(),  # noqa: B008 - immutable
    ) -> None:
        """Raises OSError when the port can't be had. `port` 0: any."""
        from pagerduty_mattermost.gateways.http.bounded_server import BoundedServer, CallRules

        self._answer, self._log, self._terms = answer, log, bounds
        self._slots = threading.BoundedSemaphore(bounds.calls)
        self._sparing = SparingLog(log, monotonic)
        self._quotas = Quotas(bounds.rate, bounds.burst, monotonic)
        rules = CallRules(
            answer=self._answered,
            refusal=bounds.refusal,
            refused=self._refused,
            admit=self._admit,
            leave=self._slots.release,
            seconds=lambda: CALL_SECONDS,
            threads=bounds.calls,
            connections=bounds.connections,
            backlog=bounds.backlog,
            max_body=bounds.body,
            max_head=MAX_HEAD_BYTES,
            nothing_here=told_here(bounds.sender),
        )
        bound = _bound(host, port)
        try:
            self._server = BoundedServer(bound, rules)
        except BaseException:
            bound.close()
            raise
        name = f"pagerduty-{bounds.sender.lower()}"
        self._thread = threading.Thread(target=self._server.run, name=name, daemon=True)

    @property
    def address(self) -> str:
        host, port = self._server.effective_host, self._server.effective_port
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Within a second; the port is free then."""
        self._server.stop()
        if self._thread.ident is None:
            self._server.run()  # closes all that was opened
        else:
            self._thread.join(STOP_SECONDS)

    def _admit(self, address: str) -> bool:
        return self._quotas.take(network_of(address)) and self._slots.acquire(blocking=False)

    def _refused(self, why: str) -> None:
        self._sparing.warn(why, "A call from %s was refused unread: %s", self._terms.sender, why)

    def _answered(
        self,
        address: str,
        path: str,
        headers: Mapping[str, str],
        body: bytes,
        say: Callable[[int, bytes], None],
    ) -> Optional[Tuple[int, bytes]]:
        try:
            answer = self._answer(path, headers, body)
            if isinstance(answer, LaterAnswer):
                self._quotas.give_back(network_of(address))
                answer.then(lambda status, told: say(status, json.dumps(told).encode("utf-8")))
                return None
            status, told = answer
            if "error" not in told:
                self._quotas.give_back(network_of(address))
            return status, json.dumps(told).encode("utf-8")
        except Exception as error:  # noqa: BLE001 - one call's fault is not the next one's
            self._log.error("A call from %s failed: %s", self._terms.sender, type(error).__name__)
            return 500, b'{"error": "this did not work; see the sensor\'s log"}'


def cant_listen(section: str, host: str, port: int, error: Exception) -> str:
    """Why a listener could not be made. `section`: of the configuration, which has `bind` and
    `port`."""
    why = getattr(error, "strerror", None) or one_line(str(error), 100)
    return f"{section}.bind and {section}.port: {host}:{port} can't be listened on ({why})"


def _bound(host: str, port: int) -> socket.socket:
    """A socket on that address; one that is in use by a process that just ended is taken over."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
    except BaseException:
        made.close()
        raise
    return made


class SparingLog:
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
