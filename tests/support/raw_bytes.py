"""Bytes as strangers may send them to a listener: broken request lines, headers, lengths, chunks,
bodies; sent at once, in pieces, or dripped, by callers that stay or go. And what came of them."""

# flake8: noqa: E203

from __future__ import annotations

import logging
import random
import re
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Tuple

ANSWER = re.compile(rb"HTTP/1\.[01] \d\d\d [^\r\n]*\r\n")
CLIENTS = 24
SLACK_SECONDS = 2.0
"""For machines that do other things as well."""
ODD = (
    b"", b" ", b"\x00", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\xff\xfe", b"\xf0\x9f\x98\x80", b":",
    b"%00", b"{", b"}", b'"', b"\\", b"0", b"-1", b"9" * 30, b"A" * 300, b"\t", b"HTTP/1.1", b";",
)  # fmt: skip
LINES = (
    b"POST %s HTTP/1.1", b"GET %s HTTP/1.1", b"post %s HTTP/1.1", b"POST  %s  HTTP/1.1",
    b"POST %s HTTP/9.9", b"POST %s HTTP/0.9", b"POST %s", b"GET %s", b"%s",
    b"\r\n\r\nPOST %s HTTP/1.1",
    b"BREW %s HTTP/1.1", b"POST http://[::1%s HTTP/1.1", b"POST //%s HTTP/1.0",
    b"\x16\x03\x01\x02%s",
    b"POST %s HTTP/1.1\x00", b"CONNECT %s:443 HTTP/1.1", b"PRI * HTTP/2.0\r\n\r\nSM%s",
    b"OPTIONS * %s",
)  # fmt: skip
LENGTHS = (
    b"0", b"5", b"-1", b"+5", b"5, 5", b"0x5", b"1e3", b"5 5", b"", b"\xb2", b"9" * 40,
    b"2147483648",
    b"4294967301", b"five", b"00000000000000000000005", b"5\x00", b"131072", b"131073", b"1048577",
)  # fmt: skip
CHUNKS = (
    b"5\r\nhello\r\n0\r\n\r\n", b"5;x=y\r\nhello\r\n0\r\n\r\n", b"zz\r\nhello\r\n",
    b"-5\r\nhello\r\n",
    b"5\nhello\n0\n\n", b"ffffffffffffffff\r\nx", b"5\r\nhel", b"0\r\nX: y\r\n\r\n", b"\r\n",
    b"5\r\nhelloX",
    b"0x5\r\nhello\r\n0\r\n\r\n", b"5 \r\nhello\r\n0\r\n\r\n", b"1\r\na\r\n" * 400 + b"0\r\n\r\n",
)  # fmt: skip


class RawCall(NamedTuple):
    """What one caller does."""

    pieces: Tuple[bytes, ...]
    pause: float
    """Seconds between two pieces."""
    stays: bool
    """Whether it waits, with a call that may be unfinished; else it says that nothing follows."""


class Outcome(NamedTuple):
    seconds: float
    answered: bytes


class RawBytes:
    """Makes calls. `good`: whole calls that a listener takes, to be spoiled."""

    def __init__(self, seed: int, paths: Tuple[bytes, ...], good: Tuple[bytes, ...]) -> None:
        self.dice = random.Random(seed)
        self._paths, self._good = paths, good

    def call(self) -> RawCall:
        dice = self.dice
        made = dice.choice((self._line, self._headers, self._length, self._chunked, self._spoiled))
        data = made()
        how = dice.random()
        if how < 0.70:
            return RawCall((data,), 0.0, False)
        if how < 0.95:
            return RawCall(self._cut(data, dice.randrange(2, 6)), 0.002, False)
        if how < 0.98:
            return RawCall((data,), 0.0, True)
        return RawCall(self._cut(data[:400], 40), 0.1, True)

    def _cut(self, data: bytes, count: int) -> Tuple[bytes, ...]:
        at = sorted(self.dice.randrange(len(data) + 1) for _ in range(count - 1))
        return tuple(data[a:b] for a, b in zip([0, *at], [*at, len(data)]))

    def _path(self) -> bytes:
        dice = self.dice
        known = dice.choice(self._paths)
        return known if dice.random() < 0.6 else known + dice.choice(ODD) + self._bytes(8)

    def _bytes(self, most: int) -> bytes:
        return bytes(self.dice.randrange(256) for _ in range(self.dice.randrange(most + 1)))

    def _body(self) -> bytes:
        dice = self.dice
        return dice.choice(
            (b"", b"{}", b"[" * 5000, b"hello", self._bytes(200), b"a=b&" * 300, b'{"a": "\xff"}')
        )

    def _line(self) -> bytes:
        dice = self.dice
        line = dice.choice(LINES).replace(b"%s", self._path())
        if dice.random() < 0.2:
            line = self._bytes(60)
        if dice.random() < 0.05:
            line += b"A" * dice.choice((9_000, 70_000, 300_000))
        return line + dice.choice((b"\r\n", b"\n", b"\r", b"")) + self._rest(b"")

    def _rest(self, headers: bytes) -> bytes:
        body = self._body()
        return headers + b"Host: h\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def _headers(self) -> bytes:
        dice = self.dice
        lines = [
            dice.choice(
                (
                    b"X-%d: y" % number,
                    b"no colon",
                    b": no name",
                    b" folded: x",
                    b"X\x00Y: z",
                    b"Expect: 100-continue",
                    b"Upgrade: h2c",
                    b"Content-Type: " + self._bytes(20).replace(b"\n", b""),
                    b"Authorization: Token \xff",
                    b"X-PagerDuty-Signature: v1=" + self._bytes(70).replace(b"\n", b""),
                    b"X_Under: score",
                    b"Connection: keep-alive, upgrade",
                    b"Y: " + dice.choice(ODD),
                )
            )
            for number in range(dice.choice((1, 3, 8, 30, 99, 101, 150)))
        ]
        if dice.random() < 0.05:
            lines.append(b"Big: " + b"x" * dice.choice((60_000, 66_000, 400_000)))
        return b"POST %s HTTP/1.1\r\n%s\r\n%s" % (
            self._path(),
            b"\r\n".join(lines),
            self._rest(b""),
        )

    def _length(self) -> bytes:
        dice = self.dice
        lengths = b"".join(
            b"Content-Length: %s\r\n" % dice.choice(LENGTHS) for _ in range(dice.choice((1, 1, 2)))
        )
        head = b"POST %s HTTP/1.1\r\nHost: h\r\n%s\r\n" % (self._path(), lengths)
        return head + self._body() * dice.choice((1, 1, 1, 40))

    def _chunked(self) -> bytes:
        dice = self.dice
        coding = dice.choice((b"chunked", b"Chunked", b"gzip, chunked", b"chunked, chunked", b"x"))
        more = dice.choice((b"", b"", b"Content-Length: 5\r\n", b"Trailer: X\r\n"))
        head = b"POST %s HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: %s\r\n%s\r\n"
        body = b"".join(dice.choice(CHUNKS) for _ in range(dice.choice((1, 1, 2))))
        return head % (self._path(), coding, more) + body + self._bytes(5)

    def _spoiled(self) -> bytes:
        """A good call with a few bytes changed, taken out or put in."""
        dice = self.dice
        data = bytearray(dice.choice(self._good))
        for _ in range(dice.choice((0, 1, 1, 2, 5, 20))):
            place = dice.randrange(len(data) + 1)
            kind = dice.randrange(4)
            if kind == 0 and place < len(data):
                data[place] = dice.randrange(256)
            elif kind == 1:
                data[place:place] = dice.choice(ODD)
            elif kind == 2:
                del data[place : place + dice.randrange(1, 9)]
            else:
                del data[place:]
        return bytes(data)


def send(port: int, call: RawCall, number: int, deadline: float) -> Outcome:
    """By a caller with an address of its own: strangers are counted by it. `deadline`: seconds
    after which the server has let it down."""
    source = (f"127.{1 + number // 60_000 % 200}.{number // 250 % 240}.{1 + number % 250}", 0)
    began, found = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", port), deadline, source_address=source) as link:
        link.settimeout(deadline)
        try:
            for piece in call.pieces:
                link.sendall(piece)
                if call.pause:
                    time.sleep(call.pause)
            if not call.stays:
                link.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it was refused, or closed, in the middle
        try:
            while True:
                more = link.recv(65536)
                if not more:
                    break
                found += more
        except ConnectionError:
            pass
    return Outcome(time.monotonic() - began, found)


class Witness(logging.Handler):
    """Of all that is logged with an exception or as an error, and of what threads die of."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: List[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info or record.levelno >= logging.ERROR or "Traceback" in str(record.msg):
            self.seen.append(f"{record.name}: {record.getMessage()} {record.exc_info}")

    def __enter__(self) -> Witness:
        self._loggers = [logging.getLogger(), logging.getLogger("waitress")]
        for one in self._loggers:
            one.addHandler(self)
        self._hook = threading.excepthook
        threading.excepthook = lambda told: self.seen.append(f"a thread died: {told.exc_value!r}")
        self._unraisable = sys.unraisablehook
        sys.unraisablehook = lambda told: self.seen.append(f"unraisable: {told.exc_value!r}")
        return self

    def __exit__(self, *exc: Any) -> None:
        for one in self._loggers:
            one.removeHandler(self)
        threading.excepthook, sys.unraisablehook = self._hook, self._unraisable


def throw(
    raw: RawBytes, port: int, count: int, call_seconds: float, good: Callable[[], Optional[str]]
) -> Dict[str, List[Any]]:
    """Send so many calls, many at a time: what was wrong, by kind, with a few of the calls.
    `good`: a right call; None, or what is wrong with its answer."""
    wrong: Dict[str, List[Any]] = {}

    def note(kind: str, what: Any) -> None:
        wrong.setdefault(kind, []).append(what)

    def one(number_and_call: Tuple[int, RawCall]) -> None:
        number, call = number_and_call
        patience = 40 * 0.1 if call.pause > 0.05 else 0.0
        deadline = 2 * call_seconds + patience + SLACK_SECONDS
        try:
            outcome = send(port, call, number, deadline + 5)
        except (OSError, socket.timeout) as error:
            note(f"{type(error).__name__}", call)
            return
        if outcome.seconds > deadline:
            note("late", (outcome.seconds, call))
        if outcome.answered and not ANSWER.match(outcome.answered):
            note("no HTTP", (outcome.answered[:200], call))
        if b"Traceback" in outcome.answered:
            note("a stack", (outcome.answered[:2000], call))
        if re.match(rb"HTTP/1\.[01] 500", outcome.answered):
            note("500", (outcome.answered[:300], call))

    with Witness() as witness, ThreadPoolExecutor(CLIENTS) as pool:
        step = 500
        for begun in range(0, count, step):
            calls = [(number, raw.call()) for number in range(begun, min(begun + step, count))]
            list(pool.map(one, calls))
            began = time.monotonic()
            problem = good()
            if problem or time.monotonic() - began > 1.0:
                note("a good call", (problem, time.monotonic() - began))
        for line in witness.seen:
            note("logged", line)
    return {kind: found[:5] for kind, found in wrong.items()}
