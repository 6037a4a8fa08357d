"""The websocket by which a real server shows a person what no API tells, against a stand-in of
one."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Iterator, List, Tuple

import pytest
from aiohttp import web
from mattermost_eyes import SocketEyes

from sandbox.server import shared_loop
from sandbox.waiting import until

EVENTS = (
    {"event": "hello", "data": {}},
    {
        "event": "ephemeral_message",
        "data": {"post": json.dumps({"id": "p", "message": "for you", "props": {}})},
    },
    {
        "event": "open_dialog",
        "data": {"dialog": json.dumps({"url": "http://x.example", "dialog": {"state": "s"}})},
    },
    {"seq_reply": 1, "status": "OK"},
)


@pytest.fixture
def server() -> Iterator[Tuple[str, List[str]]]:
    """Its address, and the tokens that came."""
    tokens: List[str] = []
    port = [0]

    async def socket(request: web.Request) -> Any:
        tokens.append(request.headers.get("Authorization", ""))
        found = web.WebSocketResponse()
        await found.prepare(request)
        for event in EVENTS:
            await found.send_json(event)
        async for _ in found:
            pass
        return found

    async def start() -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/api/v4/websocket", socket)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port[0] = runner.addresses[0][1]
        return runner

    runner = asyncio.run_coroutine_threadsafe(start(), shared_loop()).result(10)
    yield f"http://127.0.0.1:{port[0]}", tokens
    asyncio.run_coroutine_threadsafe(runner.cleanup(), shared_loop()).result(10)


def test_what_is_shown_to_the_person_is_kept(server: Tuple[str, List[str]]) -> None:
    url, tokens = server
    eyes = SocketEyes(url, "secret")
    try:
        until(eyes.dialogs, 5)
        assert [post["message"] for post in eyes.ephemerals()] == ["for you"]
        assert [shown["dialog"] for shown in eyes.dialogs()] == [{"state": "s"}]
        assert tokens == ["Bearer secret"]
    finally:
        eyes.close()
