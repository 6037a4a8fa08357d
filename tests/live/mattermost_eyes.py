"""What one person's client is shown and no API tells afterwards: posts for their eyes alone, and
dialogs.

The sandbox is asked for it; a real server tells it over a websocket, which is opened beforehand.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import threading
from typing import Any, Dict, List

import aiohttp

from sandbox.server import shared_loop

WAIT = 15.0


class Eyes:
    """`ephemerals`: posts as the API shows them, oldest first; `dialogs`: each with `url` and
    `dialog`."""

    def ephemerals(self) -> List[Dict[str, Any]]:
        raise NotImplementedError

    def dialogs(self) -> List[Dict[str, Any]]:
        raise NotImplementedError

    def close(self) -> None:
        """Nothing is open."""


class SandboxEyes(Eyes):
    def __init__(self, account: Any, user_id: str) -> None:
        self._account, self._user_id = account, user_id

    def ephemerals(self) -> List[Dict[str, Any]]:
        return [
            {"id": post.id, "message": post.message, "props": post.props} for post in self._posts()
        ]

    def _posts(self) -> Any:
        return self._account.ephemerals(self._user_id)

    def dialogs(self) -> List[Dict[str, Any]]:
        return [
            {"url": one.url, "dialog": one.dialog} for one in self._account.dialogs(self._user_id)
        ]


class SocketEyes(Eyes):
    """Mattermost's websocket (API: `ephemeral_message`, `open_dialog`; their data is JSON in a
    text)."""

    def __init__(self, url: str, token: str, ca_file: str = "") -> None:
        self._url, self._token, self._ca_file = (
            url.rstrip("/") + "/api/v4/websocket",
            token,
            ca_file,
        )
        self._seen: List[Dict[str, Any]] = []
        self._opened: List[Dict[str, Any]] = []
        self._ready = threading.Event()
        self._watching = asyncio.run_coroutine_threadsafe(self._watch(), shared_loop())
        assert self._ready.wait(WAIT), "the websocket did not open"

    def ephemerals(self) -> List[Dict[str, Any]]:
        return list(self._seen)

    def dialogs(self) -> List[Dict[str, Any]]:
        return list(self._opened)

    def close(self) -> None:
        self._watching.cancel()

    async def _watch(self) -> None:
        trust = (
            ssl.create_default_context(cafile=self._ca_file or None)
            if self._url.startswith("https")
            else False
        )
        headers = {"Authorization": "Bearer " + self._token}
        async with aiohttp.ClientSession() as session, session.ws_connect(
            self._url, headers=headers, ssl=trust, heartbeat=20
        ) as socket:
            self._ready.set()
            async for message in socket:
                if message.type == aiohttp.WSMsgType.TEXT:
                    self._take(message.json())

    def _take(self, event: Dict[str, Any]) -> None:
        data = event.get("data") or {}
        if event.get("event") == "ephemeral_message":
            self._seen.append(json.loads(data["post"]))
        if event.get("event") == "open_dialog":
            self._opened.append(json.loads(data["dialog"]))
