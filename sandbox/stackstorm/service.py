"""StackStorm's API and its auth service behind the sandbox's server."""

# flake8: noqa: E203,W503

from __future__ import annotations

import base64
from typing import Any, Dict, Mapping, Optional

from ..clock import Clock
from ..journal import SandboxJournal
from ..server import HttpAnswer, HttpRequest, Routes, Server, Service
from . import inquiries
from .account import Refused, StackStormAccount

SYSTEM_USER = "stanley"
ROUTES = Routes()


class StackStormCall:
    """One request, by whom."""

    def __init__(
        self, account: StackStormAccount, request: HttpRequest, names: Mapping[str, str], user: str
    ) -> None:
        self.account, self.request, self.names, self.user = account, request, names, user

    @property
    def body(self) -> Dict[str, Any]:
        try:
            value = self.request.json()
        except ValueError:
            value = None
        if not isinstance(value, dict):
            raise Refused(400, "Failed to parse request body: Expecting value")
        return value

    def may(self, right: str) -> None:
        """People whose actions are limited have no other rights either. Raises Refused."""
        user = self.account.users.get(self.user)
        if user is not None and user.may is not None:
            raise Refused(403, f'User "{self.user}" doesn\'t have required permission "{right}"')

    def needed(self, *names: str) -> Dict[str, Any]:
        body = self.body
        for name in names:
            if name not in body:
                raise Refused(400, f"'{name}' is a required property")
        return body


class StackStormService(Service):
    name = "stackstorm"

    def __init__(self, account: StackStormAccount) -> None:
        super().__init__()
        self.account, self.lock = account, account.lock

    def handle(self, request: HttpRequest) -> HttpAnswer:
        try:
            if request.path == "/auth/tokens":
                return self._token(request)
            user = self._user(request)
            found = ROUTES.find(request.method, request.path)
            if found is None:
                raise Refused(404, "The resource could not be found.")
            handler, names = found
            answer: HttpAnswer = handler(StackStormCall(self.account, request, names, user))
            return answer
        except Refused as refused:
            return HttpAnswer(refused.status, {"faultstring": str(refused)})

    def _user(self, request: HttpRequest) -> str:
        key = request.headers.get("X-Auth-Token") or request.headers.get("St2-Api-Key")
        user = self.account.tokens.get(key or "")
        if not self.account.auth:
            return user or SYSTEM_USER
        if user is None:
            said = "Invalid or missing credentials" if key else "One of Token or API key required."
            raise Refused(401, f"Unauthorized - {said}")
        return user

    def _token(self, request: HttpRequest) -> HttpAnswer:
        _, _, given = request.headers.get("Authorization", "").partition(" ")
        name, _, password = base64.b64decode(given or "").decode("utf-8").partition(":")
        body = request.json()
        token = self.account.impersonated((name, password), body)
        user = self.account.tokens[token]
        return HttpAnswer(201, {"token": token, "user": user, "expiry": None}, effect=user)

    def trouble(self, status: int, retry_after: Optional[float]) -> HttpAnswer:
        return HttpAnswer(status, {"faultstring": "Internal Server Error"})


class StackStormServer(Server):
    """A sandbox StackStorm on its own port: the API below `api_url`, the auth service at
    `auth_url`."""

    def __init__(self, journal: SandboxJournal, clock: Clock, port: int = 0) -> None:
        self.account = StackStormAccount(clock)
        super().__init__(StackStormService(self.account), journal, clock, port)

    @property
    def api_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def auth_url(self) -> str:
        return f"{self.url}/auth"


@ROUTES.add("POST", "/v1/actionalias/match")
def match(call: StackStormCall) -> HttpAnswer:
    call.may("action_alias_match")
    alias, display, text = call.account.matching(str(call.needed("command")["command"]))
    return HttpAnswer(200, {"actionalias": alias, "display": display, "representation": text})


@ROUTES.add("GET", "/v1/actionalias")
def list_aliases(call: StackStormCall) -> HttpAnswer:
    call.may("action_alias_list")
    offset, limit = (int(call.request.param(name) or 0) for name in ("offset", "limit"))
    rows = sorted(call.account.aliases, key=lambda row: (row["pack"], row["name"]))
    return HttpAnswer(200, rows[offset : offset + (limit or 100)])


@ROUTES.add("POST", "/v1/aliasexecution")
def execute(call: StackStormCall) -> HttpAnswer:
    words = call.needed("name", "format", "command", "user", "source_channel")
    alias = next((one for one in call.account.aliases if one["name"] == words["name"]), None)
    if alias is None:
        said = f"Unable to find the ActionAliasDB instance. {{'name': '{words['name']}'}}"
        raise Refused(404, said)
    made = call.account.execute(alias, str(words["format"]), words, call.user)
    return HttpAnswer(201, made, effect=made["execution"]["id"])


@ROUTES.add("POST", "/v1/aliasexecution/match_and_execute")
def match_and_execute(call: StackStormCall) -> HttpAnswer:
    words = call.needed("command", "user", "source_channel")
    alias, _, text = call.account.matching(str(words["command"]))
    made = call.account.execute(alias, text, words, call.user)
    return HttpAnswer(201, {"results": [made]}, effect=made["execution"]["id"])


@ROUTES.add("GET", "/v1/executions")
def list_executions(call: StackStormCall) -> HttpAnswer:
    action, since = call.request.param("action"), call.request.param("timestamp_gt")
    parent = call.request.param("parent")
    rows = [
        {"id": row["id"], "context": row["context"], "status": row["status"]}
        for row in call.account.executions.values()
        if (not action or row["action"]["ref"] == action)
        and (not parent or row.get("parent") == parent)
        and row["start_timestamp"] > since
    ]
    return HttpAnswer(200, rows)


@ROUTES.add("GET", "/v1/executions/{id}")
def get_execution(call: StackStormCall) -> HttpAnswer:
    row = call.account.find(call.names["id"])
    wanted = call.request.param("include_attributes")
    if wanted:
        row = {name: row[name] for name in ("id", *wanted.split(",")) if name in row}
    return HttpAnswer(200, row)


@ROUTES.add("PUT", "/v1/executions/{id}")
def change_execution(call: StackStormCall) -> HttpAnswer:
    call.may("execution_stop")
    if call.needed("status")["status"] != "resuming":
        raise Refused(400, "the sandbox resumes only")
    return HttpAnswer(200, inquiries.resume(call.account, call.names["id"]))


@ROUTES.add("DELETE", "/v1/executions/{id}")
def cancel_execution(call: StackStormCall) -> HttpAnswer:
    return HttpAnswer(200, call.account.cancel(call.names["id"]), effect=call.names["id"])


@ROUTES.add("GET", "/v1/user")
def get_user(call: StackStormCall) -> HttpAnswer:
    user = call.account.users.get(call.user)
    rbac = {"enabled": True, "is_admin": False, "roles": list(user.roles) if user else []}
    return HttpAnswer(200, {"username": call.user, "rbac": rbac})


@ROUTES.add("GET", "/v1/inquiries")
def list_inquiries(call: StackStormCall) -> HttpAnswer:
    return HttpAnswer(200, inquiries.open_ones(call.account))


@ROUTES.add("GET", "/v1/inquiries/{id}")
def get_inquiry(call: StackStormCall) -> HttpAnswer:
    return HttpAnswer(200, inquiries.shown(call.account, call.names["id"]))


@ROUTES.add("PUT", "/v1/inquiries/{id}")
def answer_inquiry(call: StackStormCall) -> HttpAnswer:
    id, response = call.names["id"], call.needed("id", "response")["response"]
    inquiries.respond(call.account, id, response, call.user)
    return HttpAnswer(200, {"id": id, "response": response}, effect=id)
