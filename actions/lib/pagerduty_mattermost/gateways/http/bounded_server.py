"""waitress, bounded further for calls from strangers.

waitress itself bounds the size of a call's head and body and the number of threads, and spends no
thread on a call before it has arrived whole. Added here, thinly:

- a call must arrive within `seconds`, however a client drips its bytes (waitress only knows
  how long a connection was silent), and its answer must be taken within as long again;
- a connection too many is closed at once (waitress would let it wait), a call too many is refused;
- a call whose answer comes later waits without a thread;
- one call a connection; no header tells what runs here, no refusal repeats words of the call, and
  nothing is written to the process's log: waitress's own logger is switched off.

Imports waitress, so only a listener that is made imports this module.
"""

from __future__ import annotations

import json
import logging
import select
import threading
import time
from http.client import responses
from types import BuiltinFunctionType
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple
from urllib.parse import urlsplit

from waitress import wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import TcpWSGIServer
from waitress.task import Task, ThreadedTaskDispatcher

from pagerduty_mattermost.gateways.http.quotas import network_of

MAX_HEADERS = 100
MAX_LENGTH_DIGITS = 20
"""Of a Content-Length."""
LOOK_SECONDS = 0.25
"""Between two looks for calls that are late, while any connection is open."""
STOP_SECONDS = 0.5
"""That calls being answered have when the server stops."""

LATE, TOO_MANY = 408, 429
GONE = 500
"""With which waitress ends an answer whose caller went away."""
_WHY = {
    LATE: "the call did not arrive in time",
    411: "Content-Length is needed",
    TOO_MANY: "too many calls",
    501: "only POST is taken",
}


class CallRules(NamedTuple):
    """What a server does with calls, and its bounds."""

    answer: Callable[
        [str, str, Mapping[str, str], bytes, Callable[[int, bytes], None]],
        Optional[Tuple[int, bytes]],
    ]
    """Address of the caller, path as it was sent, headers in lower case, body: the status and the
    JSON to tell; None where they come later, by a call of what is given last. Raises nothing."""
    refusal: Callable[[int, Mapping[str, str]], int]
    """The status that is told for one that refuses."""
    refused: Callable[[str], None]
    """Called with why, in words of this module alone."""
    admit: Callable[[str], bool]
    """Whether one more call of that address may be answered now; `leave` is called after each
    that was."""
    leave: Callable[[], None]
    seconds: Callable[[], float]
    threads: int
    connections: int
    backlog: int
    max_body: int
    max_head: int
    nothing_here: str
    """What a GET is told."""


class Refusal:
    """A parser's error, told by its status."""

    def __init__(self, code: int) -> None:
        self.code = code


class CallParser(HTTPRequestParser):
    """Reads one call, and refuses what is none or too large."""

    def parse_header(self, header_plus: bytes) -> None:
        try:
            super().parse_header(header_plus)
        except (ValueError, ParsingError):  # ValueError: an address or length that can't be one
            length = self.headers.get("CONTENT_LENGTH", "0")
            if length.isascii() and length.isdigit():
                if len(length) < MAX_LENGTH_DIGITS:
                    raise ParsingError("the call does not read") from None
                self._refuse(413)
            else:
                self._refuse(411)
            return
        if header_plus.count(b"\n") > MAX_HEADERS:
            self._refuse(431)
        elif self.command not in ("POST", "GET"):
            self._refuse(501)
        elif self.command == "POST" and not self.chunked and "CONTENT_LENGTH" not in self.headers:
            self._refuse(411)

    def _refuse(self, code: int) -> None:
        self.error, self.completed = Refusal(code), True


class _JsonTask(Task):
    """One answer; the connection ends with it."""

    complete = True

    def say(self, status: int, body: bytes) -> None:
        self.request.headers["CONNECTION"] = "close"
        self.status = f"{status} {responses.get(status, 'Unknown')}"
        self.response_headers = [("Content-Type", "application/json")]
        self.content_length = len(body)
        self.write(body)

    def finish(self) -> None:
        super().finish()
        self.channel.begin()  # the time in which the answer must be taken


class AnswerTask(_JsonTask):
    """Answers a call that has arrived whole."""

    def execute(self) -> None:
        self.say(*self.channel.answer)


class RefusalTask(_JsonTask):
    """Answers what was refused before it was read."""

    def execute(self) -> None:
        rules, code = self.channel.server.rules, self.request.error.code
        why = _WHY.get(code, "the call does not read")
        if code == 413:
            why = f"at most {rules.max_body} bytes"
        elif code == 431:
            why = f"at most {rules.max_head} bytes of headers"
        if code != GONE:
            rules.refused(f"{code} {why}")
        self.say(rules.refusal(code, _headers(self.request)), _error(why))


class CallChannel(HTTPChannel):
    """One connection."""

    task_class, error_task_class, parser_class = AnswerTask, RefusalTask, CallParser
    request: Any
    admitted = False
    answer: Optional[Tuple[int, bytes]] = None

    def __init__(self, *given: Any, **more: Any) -> None:
        self.begin()
        super().__init__(*given, **more)

    def begin(self) -> None:
        """The time in which the call has to arrive begins anew."""
        self.since = time.monotonic()

    def late(self) -> None:
        """Its time is over: an unfinished call is told so, all else is closed."""
        with self.requests_lock:
            unfinished, self.request = self.request, None
            if unfinished is not None and not self.will_close and not self.close_when_flushed:
                unfinished.error, unfinished.completed = Refusal(LATE), True
                self.requests.append(unfinished)
                self.begin()
                self.server.add_task(self)
                return
        self.handle_close()

    def service(self) -> None:
        """Answers the call, or leaves the thread until its answer is there."""
        admitted, self.admitted = self.admitted, False
        try:
            if self.answer is None and self.connected and not self.requests[0].error:
                found = self._ask(self.requests[0])
                if found is None:
                    return  # another thread may be here with the answer by now
                self.answer = found
            super().service()
        finally:
            if admitted:
                self.server.rules.leave()

    def _ask(self, request: Any) -> Optional[Tuple[int, bytes]]:
        rules = self.server.rules
        if request.command == "GET":
            return 405, _error(rules.nothing_here)
        body, path = request.get_body_stream().read(), _path(request.request_uri)
        found: Optional[Tuple[int, bytes]] = rules.answer(
            _host(self.addr), path, _headers(request), body, self._say
        )
        return found

    def _say(self, status: int, body: bytes) -> None:
        """The answer came later, by another thread."""
        self.answer = status, body
        self.server.task_dispatcher.add_task(self)


class BoundedServer(TcpWSGIServer):
    """Serves on a bound socket; `run` in a thread of its own until `stop`."""

    channel_class = CallChannel

    def __init__(self, sock: Any, rules: CallRules) -> None:
        _switch_log_off()
        self.rules = rules
        self._stopping = self._ended = False
        self._pulling = threading.Lock()
        self._refusals = ThreadedTaskDispatcher()
        adjustments = Adjustments(
            sockets=[sock],
            ident=None,
            backlog=rules.backlog,
            max_request_header_size=rules.max_head,
            max_request_body_size=rules.max_body + 1,
            inbuf_overflow=rules.max_body + 1,  # never a file
        )
        adjustments.send_bytes = 1  # an answer leaves at once
        super().__init__(
            None,
            {},
            True,
            sock,
            ThreadedTaskDispatcher(),
            adjustments,
            (sock.family, sock.type, sock.proto, sock.getsockname()),
            False,
        )
        self._refusals.set_thread_count(1)
        self.task_dispatcher.set_thread_count(rules.threads)
        adjustments.connection_limit = 2 * rules.connections + 10  # `accept` bounds them

    def getsockname(self) -> Tuple[str, int]:
        host, port = self.socket.getsockname()[:2]
        return str(host), int(port)

    def add_task(self, channel: CallChannel) -> None:
        """A call has arrived, or is refused."""
        request = channel.requests[0]
        if request.error is None and request.command != "GET":
            channel.admitted = self.rules.admit(_host(channel.addr))
            if not channel.admitted:
                request.error = Refusal(TOO_MANY)
        (self._refusals if request.error else self.task_dispatcher).add_task(channel)

    def accept(self) -> Any:
        """The next connection; None where it was refused, or is gone by now."""
        taken = super().accept()
        if taken is None:
            return None
        channels = list(self.active_channels.values())
        network = network_of(_host(taken[1]))
        own = sum(network_of(_host(one.addr)) == network for one in channels)
        bound = self.rules.connections
        if len(channels) < bound and own < bound - bound // 4:
            return taken
        self.rules.refused("too many connections")
        taken[0].close()
        return None

    def maintenance(self, now: float) -> None:
        """Not by the wall clock: `run` looks for those that are late."""

    def pull_trigger(self) -> None:
        with self._pulling:  # eventlet lets no two threads write to one pipe at a time
            if not self._ended:  # else the pipe's number may be another file's by now
                super().pull_trigger()

    def run(self) -> None:
        """Until `stop`; what is being answered then has STOP_SECONDS."""
        while not self._stopping:
            self._turn(LOOK_SECONDS if self.active_channels else 60.0)
        self.del_channel()
        self.socket.close()
        end = time.monotonic() + STOP_SECONDS
        while self._busy() and time.monotonic() < end:
            self._turn(LOOK_SECONDS / 5)
        for dispatcher in (self.task_dispatcher, self._refusals):
            dispatcher.shutdown(timeout=0)
        with self._pulling:
            self._ended = True
        wasyncore.close_all(self._map, ignore_all=True)

    def stop(self) -> None:
        """From any thread, any number of times."""
        self._stopping = True
        self.pull_trigger()

    def _busy(self) -> List[CallChannel]:
        found = self.active_channels.values()
        return [one for one in list(found) if one.requests or one.total_outbufs_len]

    def _turn(self, seconds: float) -> None:
        try:
            wasyncore.loop(seconds, _uses_poll(), self._map, 1)
            now, allowed = time.monotonic(), self.rules.seconds()
            for channel in list(self.active_channels.values()):
                if not channel.requests and now - channel.since > allowed:
                    channel.late()
        except Exception as error:  # noqa: BLE001 - the next call must be heard
            self.rules.refused(f"the listener stumbled: {type(error).__name__}")
            time.sleep(0.05)


def _headers(request: Any) -> Dict[str, str]:
    found = request.headers.items()
    return {name.replace("_", "-").lower(): value for name, value in found}


def _host(address: Any) -> str:
    """The host of a socket's address."""
    return str(address[0]) if isinstance(address, tuple) and address else ""


def _uses_poll() -> bool:
    """Whether to wait by poll, which holds any number of connections: not where select is
    eventlet's, which has no such limit, while a poll beside it would stop the whole process."""
    return isinstance(select.select, BuiltinFunctionType)


def _error(why: str) -> bytes:
    return json.dumps({"error": why}).encode("utf-8")


def _path(target: str) -> str:
    """Empty for what is no address."""
    try:
        return urlsplit(target).path
    except ValueError:
        return ""


def _switch_log_off() -> None:
    """waitress logs what strangers do, with stacks, at warning and error."""
    log = logging.getLogger("waitress")
    if not log.handlers:
        log.addHandler(logging.NullHandler())
    log.propagate = False
