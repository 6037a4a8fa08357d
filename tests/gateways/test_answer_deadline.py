"""A server that drips its bytes holds nobody up: one deadline for a whole answer, in every
gateway."""

# flake8: noqa: W503

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any, Callable, Iterator, List, Tuple
from unittest import mock

import pytest
import requests

from pagerduty_mattermost.core.config.connections import (
    Http,
    MattermostConfig,
    PagerDutyConfig,
    Timeouts,
)
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import PermanentError, RetryLater
from pagerduty_mattermost.gateways.http import answer_deadline
from pagerduty_mattermost.gateways.http.client import (
    RetryPolicy,
    network_error,
    prepare,
)
from pagerduty_mattermost.gateways.http.direct_session import direct_session
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.events_api import Events

QUICK = Http(timeouts=Timeouts(connect=0.5, read=0.3, whole=0.5))
"""Each drip comes well within `read`."""
ONCE = RetryPolicy(attempts=1)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n"
DRIPS = {
    "status line": (b"", b"HTTP/1.1 200 OK" + b"K" * 900),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n" * 90),
    "body": (HEAD, b" " * 900),
    "chunks": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"1\r\n \r\n" * 200,
    ),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 90),
}


class Dripping:
    """Sends `at_once`, then a byte each 50 ms, for ever or until the other side goes."""

    def __init__(self, at_once: bytes, drips: bytes, reads: bool = True) -> None:
        self._at_once, self._drips, self._reads = at_once, drips, reads
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._over = threading.Event()
        self._threads: List[threading.Thread] = []
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def close(self) -> None:
        self._over.set()
        self._listening.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                taken, _ = self._listening.accept()
                threading.Thread(target=self._drip, args=(taken,), daemon=True).start()

    def _drip(self, taken: socket.socket) -> None:
        with taken, contextlib.suppress(OSError):
            while not self._reads and not self._over.wait(0.05):
                taken.recv(1024)
            taken.recv(65536)
            taken.sendall(self._at_once)
            for byte in self._drips:
                if self._over.wait(0.05):
                    return
                taken.sendall(bytes([byte]))


@contextlib.contextmanager
def dripping(kind: str) -> Iterator[str]:
    made = Dripping(*DRIPS[kind])
    try:
        yield made.url
    finally:
        made.close()


def _pagerduty(url: str) -> Callable[[], Any]:
    config = PagerDutyConfig(api_key=Secret("k"), api_url=url, http=QUICK)
    return lambda: PagerDuty(config, policy=ONCE).get("/abilities")


def _events(url: str) -> Callable[[], Any]:
    events = Events(PagerDutyConfig(events_url=url, http=QUICK), policy=ONCE)
    return lambda: events.send_v2({"dedup_key": "k", "event_action": "trigger"})


def _mattermost(url: str) -> Mattermost:
    config = MattermostConfig(url=url, token=Secret("t" * 26), http=QUICK)
    return Mattermost(config, policy=ONCE)


GATEWAYS = {
    "PagerDuty": _pagerduty,
    "events": _events,
    "Mattermost": lambda url: lambda: _mattermost(url).me(),
    "upload": lambda url: lambda: _mattermost(url).upload_file("c" * 26, "f", b"x" * 1000),
    "answer of a command": lambda url: (
        lambda: _mattermost(url).answer_command("/hooks/commands/" + "h" * 26, "text")
    ),
    "our own listener": lambda url: lambda: _own(url),
}


def _own(url: str) -> Any:
    try:
        return direct_session(0.5, 0.5, "Own").get(url)
    except requests.RequestException as error:
        raise network_error(error, "Own GET /") from None


@pytest.mark.parametrize(
    ("gateway", "kind"),
    [(name, "body") for name in sorted(GATEWAYS)]
    + [("PagerDuty", kind) for kind in sorted(DRIPS) if kind != "body"],
)
def test_an_answer_that_drips_ends_with_the_deadline(gateway: str, kind: str) -> None:
    with dripping(kind) as url, pytest.raises(RetryLater, match="no answer in time"):
        GATEWAYS[gateway](url)()


def test_a_proxy_that_drips_ends_with_the_deadline() -> None:
    made = Dripping(b"HTTP/1.1 200 OK\r\n", b"X-Drip: 1\r\n" * 90)
    http = QUICK._replace(proxy=Secret(made.url))
    session = requests.Session()
    prepare(session, http, "https://pagerduty.invalid", side="Test")
    with pytest.raises(requests.RequestException) as caught:
        session.get("https://pagerduty.invalid/")
    made.close()
    assert isinstance(network_error(caught.value, "Test GET /"), RetryLater)


def test_a_server_that_hardly_takes_a_large_body_ends_with_the_deadline() -> None:
    made = Dripping(b"", b"", reads=False)
    session = requests.Session()
    prepare(session, QUICK, made.url, side="Test")
    with mock.patch.object(answer_deadline, "SENT_BYTES_A_SECOND", 10**9), pytest.raises(
        requests.RequestException
    ):
        session.post(made.url, data=b"x" * 30_000_000)
    made.close()


def test_a_large_body_gets_time_by_its_size() -> None:
    assert answer_deadline.sending_seconds(b"x" * 50 * 1024 * 1024) == 1600
    assert answer_deadline.sending_seconds(None) == 0


def test_an_answer_without_end_is_not_kept() -> None:
    body = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    made = Dripping(body, b"")
    session = requests.Session()
    prepare(session, QUICK, made.url, side="Test")
    with mock.patch.object(answer_deadline, "MAX_ANSWER_BYTES", 4000), pytest.raises(
        requests.RequestException
    ) as caught:
        session.get(made.url)
    made.close()
    error = network_error(caught.value, "Test GET /")
    assert isinstance(error, PermanentError)
    assert "larger than any of this API" in str(error)


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(Timeouts(), 60.0), (Timeouts(read=90), 90.0), (Timeouts(whole=10, read=5), 10.0)],
)
def test_the_whole_is_never_less_than_its_first_bytes(given: Timeouts, seconds: float) -> None:
    assert given.for_answer == seconds


def test_nothing_is_bounded_outside_of_a_request() -> None:
    pair: Tuple[socket.socket, socket.socket] = socket.socketpair()
    assert answer_deadline._whole.seconds() is None
    for one in pair:
        one.close()
