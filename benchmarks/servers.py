"""The sandbox in a process of its own, for benchmarks."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import requests

ROOT = Path(__file__).resolve().parent.parent


class Servers:
    """Context manager: `mattermost`, `pagerduty` (URLs), `token` (the bot's), `api_key`,
    `channel_id` (~incidents)."""

    def __enter__(self) -> Servers:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "--json"], cwd=ROOT, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        said = json.loads(self._process.stdout.readline())
        self.mattermost, self.pagerduty = said["mattermost"], said["pagerduty"]
        self.token, self.api_key = said["bot_token"], said["api_key"]
        me = self._ask("GET", "/users/me")["id"]
        self.channel_id = str(self._ask("GET", "/teams/name/ops/channels/name/incidents")["id"])
        self._ask("POST", f"/channels/{self.channel_id}/members", {"user_id": me})
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = requests.request(
            method,
            self.mattermost + "/api/v4" + path,
            json=body,
            headers={"Authorization": "Bearer " + self.token},
            timeout=(5, 20),
        )
        answer.raise_for_status()
        return answer.json()
