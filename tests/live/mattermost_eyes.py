"""What one person's client is shown and no API tells afterwards: posts for their eyes alone, and dialogs.

The sandbox is asked for it; a real server tells it over a websocket, which is opened beforehand.
"""

from __future__ import annotations

import asyncio
import json
import threading
import time
from typing import Any, Callable, Dict, List

import aiohttp

WAIT = 15.0


class Eyes:
    """`ephemerals`: posts as the API shows them, oldest first; `dialogs`: each with `url` and `dialog`."""

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
        return [{"id": post.id, "message": post.message, "props": post.props} for post in self._posts()]

    def _posts(self) -> Any:
        return self._account.ephemerals(self._user_id)

    def dialogs(self) -> List[Dict[str, Any]]:
        return [{"url": one.url, "dialog": one.dialog} for one in self._account.dialogs(self._user_id)]


class SocketEyes(Eyes):
    """Mattermost's websocket (API: `ephemeral_message`, `open_dialog`; their data is JSON in a text)."""

    def __init__(self, url: str, token: str, ca_file: str = "") -> None:
        self._url, self._token, self._ca_file = url.rstrip("/") + "/api/v4/websocket", token, ca_file
        self._seen: List[Dict[str, Any]] = []
        self._opened: List[Dict[str, Any]] = []
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._live, name="eyes", daemon=True)
        self._thread.start()
        assert self._ready.wait(WAIT), "the websocket did not open"

    def ephemerals(self) -> List[Dict[str, Any]]:
        return list(self._seen)

    def dialogs(self) -> List[Dict[str, Any]]:
        return list(self._opened)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._watching.cancel)
        self._thread.join(WAIT)

    def _live(self) -> None:
        self._watching = self._loop.create_task(self._watch())
        try:
            self._loop.run_until_complete(self._watching)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _watch(self) -> None:
        import ssl

        trust = ssl.create_default_context(cafile=self._ca_file or None) if self._url.startswith("https") else None
        headers = {"Authorization": "Bearer " + self._token}
        async with aiohttp.ClientSession() as session, session.ws_connect(
            self._url, headers=headers, ssl=trust or False, heartbeat=20
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


def until(done: Callable[[], Any], seconds: float = WAIT) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come in time")
