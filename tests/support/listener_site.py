"""A listener on a port of its own, what is sent to it over real sockets, and what it logged."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Callable, Dict, List, Mapping, Tuple
from unittest import mock

from pagerduty_mattermost.gateways.http.listener import CallBounds, Listener

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


Started = Callable[..., Site]


class Gate:
    """An answer that waits until it is let go."""

    def __init__(self) -> None:
        self.waiting = 0
        self.open = threading.Event()
        self._lock = threading.Lock()

    def __call__(self, *_: Any) -> Tuple[int, Dict[str, Any]]:
        with self._lock:
            self.waiting += 1
        self.open.wait(60)
        return 200, {}
