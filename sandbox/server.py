"""A sandbox server: HTTP on 127.0.0.1 in a thread of its own, with faults, outages and a journal
around a service.

    server = Server(service, journal, clock)  # port=0: any free one, kept over a restart
    with server: requests.get(server.url + "/incidents")
    server.stop(); server.start()             # refuses connections in between; same port
    server.freeze(); server.thaw()            # answers nothing; on thaw carries out what arrived

A `Service` is what a real server does: `handle(request) -> HttpAnswer`, called under
`service.lock` in the server's thread (Python code that changes a service's state from elsewhere
takes the same lock). It may return an awaitable instead, which is awaited outside of the lock.

By HTTP, for a sandbox in another process (never frozen, never faulty, not in the journal):

    GET|POST|DELETE /_sandbox/faults   see faults.py
    GET|DELETE      /_sandbox/journal  ?method= &path= &server= &status= &fault= &since= &bodies=1
    GET             /_sandbox/facts    ?server= &kind= &subject= &since=
    GET|POST        /_sandbox/clock    {"advance": seconds} or {"set": epoch}
                                       answers {"now": epoch}
    POST            /_sandbox/outage   {"kind": "refuse" | "freeze", "seconds": 2}: over by itself
    POST            /_sandbox/<word>   anything else goes to service.control(word, body)
                                       answers {"result": ...}
"""

# flake8: noqa: E203

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from typing import Any, Dict, List, Optional
from weakref import WeakSet

from aiohttp import web

from .clock import Clock, http_date
from .faults import FaultRule, Faults
from .journal import SandboxJournal, entry_to_json
from .service import (
    ConnectionBroken,
    HttpAnswer,
    HttpRequest,
    Routes,
    Service,
    Upload,
    read_request,
)

__all__ = [
    "ConnectionBroken",
    "HttpAnswer",
    "HttpRequest",
    "Routes",
    "Server",
    "Service",
    "Upload",
    "shared_loop",
]

START_SECONDS = 60.0
LARGEST_BODY_BYTES = 128 * 1024 * 1024
CONTROL = "/_sandbox/"
_SECRET_HEADERS = {
    "authorization",
    "cookie",
    "proxy-authorization",
    "st2-api-key",
    "x-auth-token",
}


_loop_lock = threading.Lock()
_loops: List[asyncio.AbstractEventLoop] = []


def shared_loop() -> asyncio.AbstractEventLoop:
    """The one loop of all servers of this process, in a thread of its own.

    One, because under StackStorm's test classes (eventlet) all threads are one, and a thread runs
    one loop.
    """
    with _loop_lock:
        if not _loops:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, name="sandbox", daemon=True).start()
            _loops.append(loop)
        return _loops[0]


class Server:
    def __init__(
        self,
        service: Service,
        journal: SandboxJournal,
        clock: Clock,
        port: int = 0,
        host: str = "127.0.0.1",
        faults: Optional[Faults] = None,
    ) -> None:
        self.service = service
        self.journal = journal
        self.clock = clock
        self.faults = faults or Faults()
        self.host = host
        self.port = port
        """0 until the first start."""
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._tasks: WeakSet[Any] = WeakSet()
        self._runner: Optional[web.ServerRunner] = None
        self._site: Optional[web.TCPSite] = None
        self._thawed: Optional[asyncio.Event] = None
        self._frozen = False

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    def __enter__(self) -> Server:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def start(self) -> Server:
        """Listen; returns when connections are taken. Raises OSError when the port is taken."""
        if self._loop is not None:
            return self
        loop = shared_loop()
        asyncio.run_coroutine_threadsafe(self._open(), loop).result(START_SECONDS)
        self._loop = loop
        return self

    def stop(self) -> None:
        """Close the port and every connection at once, as a killed process would; the state
        stays."""
        loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._shut(), loop).result(START_SECONDS)

    def freeze(self) -> None:
        """Accept connections and requests, answer none, until `thaw`."""
        self._frozen = True
        if self._loop is not None and self._thawed is not None:
            self._loop.call_soon_threadsafe(self._thawed.clear)

    def thaw(self) -> None:
        """Go on; what arrived while frozen is carried out now, whether its client still waits or
        not."""
        self._frozen = False
        if self._loop is not None and self._thawed is not None:
            self._loop.call_soon_threadsafe(self._thawed.set)

    async def _open(self) -> None:
        self._thawed = asyncio.Event()
        if not self._frozen:
            self._thawed.set()
        self._runner = web.ServerRunner(
            web.Server(
                self._serve,
                request_factory=_request,
                access_log=None,
                handler_cancellation=False,
            ),
            # Not 0: that would wait for ever for whoever connected at this moment.
            shutdown_timeout=0.1,
        )
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        assert self._runner is not None
        self._site = web.TCPSite(
            self._runner, self.host, self.port, reuse_address=True, backlog=512
        )
        await self._site.start()
        self.port = self._runner.addresses[0][1]
        self.service.authority = f"{self.host}:{self.port}"

    async def _shut(self) -> None:
        self._abort_connections()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    def _abort_connections(self) -> None:
        server = self._runner.server if self._runner is not None else None
        for connection in list(server.connections) if server is not None else []:
            transport = connection.transport
            if transport is not None:
                transport.abort()

    async def _serve(self, raw: web.BaseRequest) -> web.StreamResponse:
        self._tasks.add(asyncio.current_task())
        if raw.rel_url.raw_path.startswith(CONTROL):
            return await self._control(raw)
        request = await read_request(raw)
        if self._thawed is not None:
            await self._thawed.wait()
        text = "&".join(f"{k}={v}" for k, v in request.query)
        rule = self.faults.take(request.method, request.path + ("?" + text if text else ""))
        try:
            answer = await self._answer(request, rule)
        except ConnectionBroken:
            answer = None
        return await self._send(raw, request, answer, rule)

    async def _answer(
        self, request: HttpRequest, rule: Optional[FaultRule]
    ) -> Optional[HttpAnswer]:
        """What is to be answered; None: nothing, the connection breaks."""
        if rule is None:
            return await self._carry_out(request)
        answer = await self._carry_out(request) if rule.done else HttpAnswer()
        kind = rule.kind
        if kind == "delay":
            await asyncio.sleep(rule.seconds)
            return answer if rule.done else await self._carry_out(request)
        if kind == "freeze":
            while self.faults.active(rule.id):
                await asyncio.sleep(0.02)
            return None
        if kind == "drop":
            return None
        if kind == "status":
            trouble = self.service.trouble(rule.status, rule.retry_after)
            return trouble._replace(effect=answer.effect)
        if kind == "html":
            page = "<!DOCTYPE html><html><body><h1>Please sign in</h1></body></html>"
            return HttpAnswer(
                200, page, {"Content-Type": "text/html; charset=utf-8"}, answer.effect
            )
        if kind == "empty":
            return HttpAnswer(200, None, {}, answer.effect)
        if kind == "bad_json":
            body = answer.encoded() or b'{"a": 1}'
            return answer._replace(body=body[: max(1, len(body) // 2)])
        return answer

    async def _carry_out(self, request: HttpRequest) -> HttpAnswer:
        with self.service.lock:
            result = self.service.handle(request)
        if inspect.isawaitable(result):
            return await result
        assert isinstance(result, HttpAnswer)
        return result

    async def _send(
        self,
        raw: web.BaseRequest,
        request: HttpRequest,
        answer: Optional[HttpAnswer],
        rule: Optional[FaultRule],
    ) -> web.StreamResponse:
        kind = rule.kind if rule is not None else ""
        sent = answer if answer is not None and kind != "lost" else None
        body = sent.encoded() if sent is not None else None
        self.journal.record(
            self.service.name,
            request.method,
            request.path,
            request.query,
            {k.lower(): v for k, v in request.headers.items() if k.lower() not in _SECRET_HEADERS},
            request.body,
            sent.status if sent is not None else 0,
            answer.effect if answer is not None else "",
            kind,
            body,
        )
        if sent is None or body is None:
            return _break(raw)
        headers = {
            "Date": http_date(self.clock()),
            "Content-Type": "application/json",
            **sent.headers,
        }
        if kind != "truncate":
            return web.Response(status=sent.status, body=body, headers=headers)
        response = web.StreamResponse(
            status=sent.status, headers={**headers, "Content-Length": str(len(body))}
        )
        await response.prepare(raw)
        await response.write(body[: len(body) // 2])
        if raw.transport is not None:
            raw.transport.close()
        return response

    async def _control(self, raw: web.BaseRequest) -> web.Response:
        word = raw.rel_url.raw_path[len(CONTROL) :]
        query = dict(raw.rel_url.query)
        try:
            body = json.loads(await raw.content.read() or b"{}")
            result = self._command(raw.method, word, query, body)
            if inspect.isawaitable(result):
                result = {"result": await result}
        except KeyError as error:
            return web.json_response({"error": f"unknown: {error}"}, status=404)
        except (ValueError, TypeError) as error:
            return web.json_response({"error": str(error)}, status=400)
        return web.json_response(result)

    def _command(self, method: str, word: str, query: Dict[str, str], body: Any) -> Any:
        if not isinstance(body, dict):
            raise ValueError("the body must be an object")
        if word == "faults":
            if method == "POST":
                return {"id": self.faults.add(**body)}
            if method == "DELETE":
                self.faults.clear(int(query["id"]) if "id" in query else None)
            return self.faults.listing()
        if word == "journal":
            if method == "DELETE":
                self.journal.clear()
                return []
            bodies = query.pop("bodies", "") not in ("", "0")
            terms: Dict[str, Any] = {
                k: int(v) if k in ("status", "since") else v for k, v in query.items()
            }
            return [entry_to_json(e, bodies) for e in self.journal.find(**terms)]
        if word == "facts":
            since = int(query.pop("since", "0"))
            return [f._asdict() for f in self.journal.facts_of(**query, since=since)]
        if word == "clock":
            if "advance" in body:
                self.clock.advance(float(body["advance"]))
            if "set" in body:
                self.clock.set(float(body["set"]))
            return {"now": self.clock()}
        if word == "outage":
            return self._outage(str(body.get("kind", "refuse")), float(body.get("seconds", 1)))
        with self.service.lock:
            result = self.service.control(word, body)
        return result if inspect.isawaitable(result) else {"result": result}

    def _outage(self, kind: str, seconds: float) -> Dict[str, Any]:
        if kind not in ("refuse", "freeze"):
            raise ValueError(f"an outage is refuse or freeze, not {kind!r}")
        loop = asyncio.get_running_loop()
        if kind == "freeze":
            self.freeze()
            loop.call_later(seconds, self.thaw)
        else:
            self._tasks.add(loop.create_task(self._refuse(seconds)))
        return {"kind": kind, "seconds": seconds}

    async def _refuse(self, seconds: float) -> None:
        await asyncio.sleep(0.05)  # lets the answer to the command itself out
        if self._site is None:
            return
        await self._site.stop()
        self._abort_connections()
        await asyncio.sleep(seconds)
        await self._listen()


def _request(message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
    """aiohttp's own limit of a form is a megabyte; Mattermost takes larger files, and what the
    servers refuse they refuse themselves."""
    loop = asyncio.get_running_loop()
    return web.BaseRequest(
        message, payload, protocol, writer, task, loop, client_max_size=LARGEST_BODY_BYTES
    )


def _break(raw: web.BaseRequest) -> web.StreamResponse:
    if raw.transport is not None:
        raw.transport.abort()
    return web.Response()
