"""The embedded default on a sandbox, with buttons and `/pd`, and what people do there: for tests and benchmarks."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any, Callable, Dict

import requests
import yaml

from . import Sandbox
from .demo import CHANNEL, start_pack, stop, write_config

KEY, TOKEN = "s" * 32, "t" * 26


def until(done: Callable[[], Any], seconds: float = 20.0) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = done()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError("it did not come in time")


class Room:
    """The embedded default on a sandbox, and what people do in Mattermost."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        path = write_config(sandbox, folder)
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        config["chat"] = {"port": port, "public_url": self.url, "signing_keys": [KEY], "command_tokens": [TOKEN]}
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        self._sink = (folder / "pack.log").open("wb")
        self.pack = start_pack(path, folder, self._sink)
        until(self._listens, 30)
        until(lambda: sandbox.mattermost.account.posts(CHANNEL), 30)
        assert sandbox.mattermost.world is not None
        headers = {"Authorization": "Bearer " + sandbox.mattermost.world.bot_token}
        answer = requests.get(f"{sandbox.mattermost.url}/api/v4/users/username/ada", headers=headers, timeout=5)
        self.ada = str(answer.json()["id"])

    def stop(self) -> None:
        stop(self.pack)
        self._sink.close()

    def _listens(self) -> bool:
        try:
            return requests.get(self.url, timeout=1).status_code == 405
        except requests.RequestException:
            return False

    def buttons(self, incident: Any) -> Dict[str, str]:
        """Tokens by the button's id, of the newest painting: reads do not show them, so as they were sent."""
        for entry in reversed(self.sandbox.journal.entries):
            if entry.server == "mattermost" and entry.method in ("POST", "PUT") and incident.id.encode() in entry.body:
                props = json.loads(entry.body).get("props") or {}
                if (props.get("pagerduty") or {}).get("incident") == incident.id and props.get("attachments"):
                    actions = props["attachments"][0].get("actions") or ()
                    return {one["id"]: one["integration"]["context"]["token"] for one in actions}
        return {}

    def click(self, token: str) -> requests.Response:
        body = {"user_id": self.ada, "user_name": "ada", "context": {"token": token}}
        return requests.post(self.url + "/click", json=body, timeout=5)

    def card(self, incident: Any) -> Any:
        for post in self.sandbox.mattermost.account.posts(CHANNEL):
            mark = post.props.get("pagerduty") or {}
            if mark.get("incident") == incident.id and not mark.get("event"):
                return post
        return None
