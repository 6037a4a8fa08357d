"""One deadline for a whole request and its answer, however a server drips its bytes.

    adapter.poolmanager.pool_classes_by_scheme = POOL_CLASSES       # once
    with within(seconds, read_seconds, monotonic):                  # around each request
        response = adapter.send(request, stream=True, timeout=...)
        read_whole(response)

A timeout of requests is that of one look at the socket: a byte every few seconds keeps a call for
ever, be it in the status line, in the headers, in the body, in a proxy's answer to CONNECT, or
while a large body is sent. Here each look gets what is left of the whole. `MAX_ANSWER_BYTES`
bounds what is kept of one answer.

Works with requests 2.25 to 2.34 on urllib3 1.26 and 2.x, and under eventlet's monkey patching.
"""

# flake8: noqa: E203

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from contextlib import contextmanager
from typing import Any, Callable, Iterator, List, Optional

import requests
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""Unpacked; PagerDuty's largest page has some megabytes."""
SENT_BYTES_A_SECOND = 32 * 1024
"""At least; a large upload gets the time it takes at this pace on top."""
_CHUNK_BYTES = 64 * 1024


class TooLarge(requests.RequestException):
    """The answer has more than MAX_ANSWER_BYTES."""


class CutOff(requests.ConnectionError):
    """Fewer bytes came than the answer announced (urllib3 1.26 does not tell)."""


class _Whole(threading.local):
    """What is left to the request that this thread carries out."""

    until: Optional[float] = None
    read_seconds: float = 0.0
    monotonic: Callable[[], float] = staticmethod(time.monotonic)

    def seconds(self) -> Optional[float]:
        """For the next look at the socket; None: nothing is bounded here. Raises
        socket.timeout."""
        if self.until is None:
            return None
        left = self.until - self.monotonic()
        if left <= 0:
            raise socket.timeout("the whole answer took too long")
        return min(left, self.read_seconds)


_whole = _Whole()


@contextmanager
def within(
    seconds: float, read_seconds: float, monotonic: Callable[[], float] = time.monotonic
) -> Iterator[None]:
    """All of a request in this block ends after `seconds` with a timeout; each look at the socket
    after `read_seconds`."""
    _whole.until, _whole.read_seconds = monotonic() + seconds, read_seconds
    _whole.monotonic = monotonic
    try:
        yield
    finally:
        _whole.until = None


def sending_seconds(body: Any) -> float:
    """That a body of this length may take on top."""
    return len(body) / SENT_BYTES_A_SECOND if isinstance(body, (bytes, str)) else 0.0


def read_whole(response: requests.Response) -> None:
    """Read the body now, so that `response.content` has it. Raises TooLarge, CutOff where it is
    shorter than its Content-Length, and requests' own errors."""
    chunks: List[bytes] = []
    size = 0
    for chunk in response.iter_content(_CHUNK_BYTES):
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            response.close()
            raise TooLarge(f"more than {MAX_ANSWER_BYTES} bytes", request=response.request)
        chunks.append(chunk)
    response._content = b"".join(chunks)
    announced = response.headers.get("Content-Length", "")
    has_body = response.request.method != "HEAD" and response.status_code not in (204, 304)
    if has_body and announced.isdigit() and response.raw.tell() < int(announced):
        raise CutOff(f"{response.raw.tell()} of {announced} bytes", request=response.request)


class _TimedStream(io.RawIOBase):
    """The stream of a socket; each read gets what is left of the whole."""

    def __init__(self, stream: Any, sock: Any) -> None:
        self._stream, self._sock = stream, sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> Any:
        seconds = _whole.seconds()
        if seconds is not None:
            self._sock.settimeout(seconds)
        return self._stream.readinto(buffer)

    def close(self) -> None:
        super().close()
        self._stream.close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *given: Any, **more: Any) -> None:
        super().__init__(sock, *given, **more)
        self.fp = io.BufferedReader(_TimedStream(self.fp.detach(), sock))


def _send(connection: Any, send: Callable[[Any], None], data: Any) -> None:
    """In parts, of which each gets what is left: over TLS one call could last for ever."""
    if not isinstance(data, (bytes, bytearray)) or _whole.until is None:
        send(data)
        return
    view = memoryview(data)
    for start in range(0, len(view), _CHUNK_BYTES) or (0,):
        seconds = _whole.seconds()
        if seconds is not None and connection.sock is not None:
            connection.sock.settimeout(seconds)
        send(bytes(view[start : start + _CHUNK_BYTES]))


class _TimedHttpConnection(HTTPConnection):
    response_class = _TimedResponse

    def send(self, data: Any) -> None:
        _send(self, super().send, data)


class _TimedHttpsConnection(HTTPSConnection):
    response_class = _TimedResponse

    def send(self, data: Any) -> None:
        _send(self, super().send, data)


class _TimedHttpPool(HTTPConnectionPool):
    ConnectionCls = _TimedHttpConnection


class _TimedHttpsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedHttpsConnection


POOL_CLASSES = {"http": _TimedHttpPool, "https": _TimedHttpsPool}
"""For a pool manager."""
