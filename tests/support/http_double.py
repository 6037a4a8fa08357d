"""A scripted HTTP server for tests of the gateways: real HTTP over loopback, answers from the
test.

with Double(lambda request: Answer(200, {"ok": True})) as double:
    double.url, double.requests, double.faults.add("drop")
"""

from __future__ import annotations

from typing import Any, Callable, List, Optional

from sandbox.clock import Clock
from sandbox.faults import Faults
from sandbox.journal import SandboxJournal
from sandbox.server import HttpAnswer, HttpRequest, Server, Service

Handler = Callable[[HttpRequest], HttpAnswer]


class _Scripted(Service):
    name = "double"

    def __init__(self, handler: Handler, requests: List[HttpRequest]) -> None:
        super().__init__()
        self._handler = handler
        self._requests = requests

    def handle(self, request: HttpRequest) -> HttpAnswer:
        self._requests.append(request)
        return self._handler(request)

    def trouble(self, status: int, retry_after: Optional[float]) -> HttpAnswer:
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        return HttpAnswer(status, {"error": {"message": "Trouble", "code": status}}, headers)


class Double:
    def __init__(self, handler: Handler) -> None:
        self.requests: List[HttpRequest] = []
        """What arrived and was carried out, in order."""
        clock = Clock()
        self.server = Server(_Scripted(handler, self.requests), SandboxJournal(clock), clock)

    def __enter__(self) -> Double:
        self.server.start()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.server.stop()

    @property
    def url(self) -> str:
        return self.server.url

    @property
    def faults(self) -> Faults:
        return self.server.faults

    def header(self, name: str, position: int = -1) -> str:
        """A header of a request, whatever its case; "" when absent."""
        found = {key.lower(): value for key, value in self.requests[position].headers.items()}
        return found.get(name.lower(), "")
