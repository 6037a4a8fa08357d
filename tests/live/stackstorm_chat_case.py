"""The chat sensor in the tests' process, on a real StackStorm."""

from __future__ import annotations

import os
from typing import Any, Dict, List

import pytest
import requests
from chatops_case import ChatopsCase

ON_STACKSTORM = [
    pytest.mark.live,
    pytest.mark.skipif(not os.environ.get("ST2_API_URL"), reason="ST2_API_URL is not set"),
]
API = os.environ.get("ST2_API_URL", "").rstrip("/") + "/v1"
TOKEN = os.environ.get("ST2_AUTH_TOKEN", "")
PACK = "examples"


def api(method: str, path: str, body: Any = None, **params: Any) -> Any:
    headers = {"X-Auth-Token": TOKEN} if TOKEN else {}
    answer = requests.request(
        method, API + path, json=body, params=params, headers=headers, timeout=30
    )
    answer.raise_for_status()
    return answer.json() if answer.content else None


class LiveCase(ChatopsCase):
    """The sandbox's StackStorm stays unused."""

    def own_settings(self) -> Dict[str, Any]:
        return {"api_url": API, "api_key": ""}

    def setUp(self) -> None:
        super().setUp()
        self.sensor_service.datastore_service.get_api_client = lambda: _Client()
        self.made: List[str] = []

    def tearDown(self) -> None:
        for ref in self.made:
            api("DELETE", f"/actionalias/{ref}")
        super().tearDown()

    def posts_of(self, words: str) -> List[Dict[str, Any]]:
        """The posts in which they stand: questions that wait in the same StackStorm are asked
        here, too."""
        return [one for one in self.posts() if words in one["message"]]

    def alias(self, name: str, formats: List[str], **more: Any) -> None:
        body = {"name": name, "pack": PACK, "action_ref": "core.local", "formats": formats}
        api("POST", "/actionalias", {**body, "description": "live_chat", **more})
        self.made.append(f"{PACK}.{name}")
        self.bridge._orders._host._rows = (-1e9, [])


class _Client:
    endpoints = {"api": API}
    token = TOKEN
