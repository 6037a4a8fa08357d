"""Debian's Chromium without a window, spoken to by its own protocol (DevTools): no driver and no
package is needed.

with Browser(folder) as browser:
    browser.open(url); browser.until("document.title");
    browser.js("document.querySelector('button').click()")
"""

# flake8: noqa: W503

from __future__ import annotations

import asyncio
import base64
import json
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any, List, Optional

import aiohttp
from pack_files import REAL_ST2

from sandbox.waiting import until

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
NO_BROWSER = (
    "no Chromium is installed"
    if CHROMIUM is None
    else "asyncio does not run beside the eventlet of StackStorm's test classes"
    if REAL_ST2
    else ""
)
"""Why no browser can be used here; empty where one can."""
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--remote-debugging-port=0", "--window-size=1180,900", "--hide-scrollbars"),
)
START_SECONDS = 60.0


class Browser:
    """One tab. `complaints`: what the page logged as errors, refusals of its policy too."""

    def __init__(self, folder: Path) -> None:
        self._profile = folder / "chromium"
        self._loop = asyncio.new_event_loop()
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._number = 0
        self.complaints: List[str] = []

    def __enter__(self) -> Browser:
        assert CHROMIUM is not None
        command = [CHROMIUM, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        self._process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._loop.run_until_complete(self._connect())
        for domain in ("Page", "Runtime", "Log"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *exc: object) -> None:
        if hasattr(self, "_session"):
            self._loop.run_until_complete(self._session.close())
        self._loop.close()
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(60)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        for _ in range(60):  # Chromium's children write there until they notice
            shutil.rmtree(self._profile, ignore_errors=True)
            if not self._profile.exists():
                break
            time.sleep(0.05)

    async def _connect(self) -> None:
        told = self._profile / "DevToolsActivePort"
        end = time.monotonic() + START_SECONDS
        while not (told.exists() and told.read_text().strip()):
            assert time.monotonic() < end, "Chromium did not start"
            await asyncio.sleep(0.05)
        address = f"http://127.0.0.1:{told.read_text().split()[0]}"
        self._session = aiohttp.ClientSession()
        async with self._session.get(address + "/json/list") as answer:
            page = next(
                target
                for target in await answer.json(content_type=None)
                if target["type"] == "page"
            )
        self._socket = await self._session.ws_connect(page["webSocketDebuggerUrl"], max_msg_size=0)

    def call(self, method: str, **params: Any) -> Any:
        return self._loop.run_until_complete(self._call(method, params))

    async def _call(self, method: str, params: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params})
        while True:
            said = await self._socket.receive_json(timeout=60)
            if said.get("id") == self._number:
                assert "error" not in said, said
                return said["result"]
            if said.get("method") == "Runtime.exceptionThrown":
                self.complaints.append(str(said["params"]["exceptionDetails"]))
            elif (
                said.get("method") == "Log.entryAdded"
                and said["params"]["entry"]["level"] == "error"
            ):
                self.complaints.append(said["params"]["entry"]["text"])

    def open(self, url: str) -> None:
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def js(self, expression: str) -> Any:
        """The value of an expression in the page."""
        told = self.call(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in told, told
        return told["result"].get("value")

    def until(self, expression: str, seconds: float = 60.0) -> Any:
        """Its value once that is true."""
        return until(lambda: self.js(expression), seconds)

    def size(self, width: int, height: int) -> None:
        """Of the window, in pixels."""
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def picture(self, path: Path, width: int, height: int) -> None:
        """The page's end, in a window of that size."""
        self.size(width, height)
        time.sleep(0.3)  # it is laid out anew
        self.js("document.getElementById('posts').scrollTop = 1e6")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))


def type_in(page: Browser, text: str) -> None:
    """Send it from the line below the posts of the sandbox's page."""
    page.js(f"document.getElementById('text').value = {json.dumps(text)}")
    page.js("document.querySelector('#composer button').click()")
