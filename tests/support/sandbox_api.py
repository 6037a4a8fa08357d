"""A bare client of the sandbox's PagerDuty: the sandbox is held to HTTP, not to our library."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

import requests

from sandbox.pagerduty import API_KEY, PagerDutyServer

START = 1_700_000_000


class Api:
    """`documented`: whether all that is asked and answered stands in the OpenAPI document."""

    def __init__(self, server: PagerDutyServer) -> None:
        self.documented = True
        self.server = server
        self.account = server.account
        self.session = requests.Session()
        self.session.trust_env = False

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        token: str = f"Token token={API_KEY}",
        sender: Optional[str] = "ada@example.com",
        **query: Any,
    ) -> requests.Response:
        headers = {"Authorization": token} if token else {}
        if sender:
            headers["From"] = sender
        query = {k.replace("__", "[]"): v for k, v in query.items()}
        return self.session.request(
            method, self.server.url + path, params=query, json=body, headers=headers, timeout=60
        )

    def get(self, path: str, **query: Any) -> Dict[str, Any]:
        answer = self.send("GET", path, **query)
        assert answer.status_code == 200, answer.text
        found: Dict[str, Any] = answer.json()
        return found

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> List[Any]:
        answer = self.send(method, path, body, **query)
        error = answer.json()["error"]
        return [answer.status_code, error["code"], *error.get("errors", [])]

    def put(self, incident: Any, **fields: Any) -> Dict[str, Any]:
        body = {"incident": {"type": "incident_reference", **fields}}
        answer = self.send("PUT", f"/incidents/{incident.id}", body)
        assert answer.status_code == 200, answer.text
        found: Dict[str, Any] = answer.json()["incident"]
        return found

    def id(self, kind: str, name: str) -> str:
        return str(self.account.find(kind, name)["id"])

    def reference(self, kind: str, name: str, type: str) -> Dict[str, str]:
        return {"id": self.id(kind, name), "type": type}
