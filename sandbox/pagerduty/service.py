"""PagerDuty behind the sandbox's server: authorization, rate limits, routing, errors in
PagerDuty's shape."""

# flake8: noqa: E203

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Optional, Tuple

from ..clock import Clock
from ..journal import SandboxJournal
from ..server import HttpAnswer, HttpRequest, Server, Service
from . import (
    rest_account,
    rest_analytics,
    rest_hooks,
    rest_incidents,
    rest_pages,
    rest_people,
    rest_policies,
    rest_related,
    rest_rotations,
    rest_schedules,
    rest_services,
    rest_shift_schedules,
    rest_tags,
    rest_teams,
    rest_templates,
    rest_threads,
    rest_windows,
    rest_workflows,
    seed,
)
from .account import PagerDutyAccount
from .call import PagerDutyCall
from .events import EventsEndpoint
from .includes import check_includes
from .model import Alert, Incident, LogEntry, Note, RequestRefused, Responder, not_found
from .render import Renderer
from .scopes import needed
from .switches import DEFAULTS, Switches
from .webhooks import Courier

WINDOW_SECONDS = 60.0
_ROUTES = tuple(
    resource.routes
    for resource in (
        rest_workflows,
        rest_incidents,
        rest_threads,
        rest_services,
        rest_people,
        rest_teams,
        rest_policies,
        rest_schedules,
        rest_shift_schedules,
        rest_rotations,
        rest_windows,
        rest_account,
        rest_related,
        rest_tags,
        rest_hooks,
        rest_analytics,
        rest_pages,
        rest_templates,
    )
)
"""Asked in this order: `/incidents/types` before `/incidents/{id}`."""
_NAMES = {
    400: (2001, "Invalid Input Provided"),
    401: (2006, "Authentication failed"),
    402: (2012, "Account does not have the abilities to perform the action"),
    403: (2010, "Access Denied"),
    404: (2100, "Not Found"),
    409: (2001, "Conflict"),
    429: (2020, "Rate Limit Exceeded"),
    408: (2016, "The request took too long to process"),
    500: (2000, "An internal error has occurred. PagerDuty team has been notified."),
}


class PagerDutyService(Service):
    name = "pagerduty"

    def __init__(
        self, account: PagerDutyAccount, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self.account = account
        self.lock = account.lock
        self.events = EventsEndpoint(account, monotonic)
        self._monotonic = monotonic
        self._windows: Dict[str, Tuple[float, float, int]] = {}
        """Of each key: when its window began (real and sandbox time), and the requests in it."""

    def handle(self, request: HttpRequest) -> HttpAnswer:
        self.account.run_due()
        if self.events.handles(request):
            return self.events.handle(request)
        headers: Dict[str, str] = {}
        try:
            token, own_user = self._authorize(request)
            headers = self._count(token)
            answer = self._route(request, token, own_user)
        except _Limited as limited:
            return HttpAnswer(limited.status, limited.body(), limited.headers)
        except RequestRefused as wrong:
            answer = HttpAnswer(wrong.status, wrong.body())
        return answer._replace(headers={**headers, **answer.headers})

    def _authorize(self, request: HttpRequest) -> Tuple[str, str]:
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        token = value.strip()
        if scheme.lower() == "token":
            token = token[len("token=") :] if token.startswith("token=") else ""
        elif scheme.lower() != "bearer":
            token = ""
        if token not in self.account.tokens:
            raise RequestRefused(401, *_NAMES[401])
        return token, self.account.tokens[token]

    def _count(self, token: str) -> Dict[str, str]:
        """Counts the request against the key's minute. A minute passes in real time or in the
        sandbox's."""
        limit = self.account.options.rate_limit
        if limit is None:
            return {}
        real, clock = self._monotonic(), self.account.clock()
        began_real, began, used = self._windows.get(token, (real, clock, 0))
        passed = max(real - began_real, clock - began)
        if passed >= WINDOW_SECONDS:
            began_real, began, used, passed = real, clock, 0, 0.0
        self._windows[token] = (began_real, began, used + 1)
        headers = {
            "ratelimit-limit": str(limit),
            "ratelimit-remaining": str(max(0, limit - used - 1)),
            "ratelimit-reset": str(max(1, int(WINDOW_SECONDS - passed + 0.999))),
        }
        shown = headers if self.account.options.rate_headers else {}
        if used >= limit:
            raise _Limited(shown)
        return shown

    def _route(self, request: HttpRequest, token: str, own_user: str) -> HttpAnswer:
        for routes in _ROUTES:
            found = routes.find(request.method, request.path)
            if found is not None:
                break
        else:
            raise not_found()
        if request.method != "GET" and token in self.account.read_only:
            raise RequestRefused(403, *_NAMES[403])
        scope = needed(request.method, request.path)
        if scope and scope not in self.account.scopes.get(token, (scope,)):
            raise RequestRefused(403, *_NAMES[403])
        check_includes(request)
        handler, names = found
        answer: HttpAnswer = handler(PagerDutyCall(self.account, request, names, own_user))
        return answer

    def trouble(self, status: int, retry_after: Optional[float]) -> HttpAnswer:
        if status in (502, 503, 504):
            page = (
                f"<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>"
            )
            return HttpAnswer(status, page, {"Content-Type": "text/html"})
        code, message = _NAMES.get(status, (2000, "Error"))
        headers: Dict[str, str] = {}
        if status == 429 and retry_after is not None:
            limit = str(self.account.options.rate_limit or 960)
            reset = str(int(retry_after))
            headers = {
                "ratelimit-limit": limit,
                "ratelimit-remaining": "0",
                "ratelimit-reset": reset,
            }
        return HttpAnswer(status, {"error": {"message": message, "code": code}}, headers)

    def control(self, word: str, body: Dict[str, Any]) -> Any:
        if word != "account":
            raise KeyError(word)
        try:
            result = self.account.call(str(body.get("do", "")), dict(body.get("args") or {}))
        except RequestRefused as wrong:
            raise ValueError(f"{wrong.message}: {'; '.join(wrong.errors)}") from None
        return self._plain(result)

    def _plain(self, value: Any) -> Any:
        """What the account's method returned, as JSON."""
        render = Renderer(self.account, {"conference_bridge"})
        if isinstance(value, Incident):
            return render.incident(value)
        if isinstance(value, LogEntry):
            return render.entry(value)
        if isinstance(value, Note):
            return render.note(value)
        if isinstance(value, (Alert, Responder)):
            return vars(value).get("id") or vars(value).get("user_id")
        if isinstance(value, list):
            return [self._plain(v) for v in value]
        return value


class _Limited(RequestRefused):
    def __init__(self, headers: Dict[str, str]) -> None:
        super().__init__(429, *_NAMES[429])
        self.headers = headers


class PagerDutyServer(Server):
    """A sandbox PagerDuty on its own port: REST, Events v1 and v2 under one `url`, its `account`
    already seeded."""

    def __init__(
        self,
        journal: SandboxJournal,
        clock: Clock,
        port: int = 0,
        *,
        seeded: bool = True,
        switches: Switches = DEFAULTS,
    ) -> None:
        self.account = PagerDutyAccount(journal, clock, switches)
        if seeded:
            seed.plant(self.account)
        super().__init__(PagerDutyService(self.account), journal, clock, port)
        self.courier = Courier(self.account)

    def start(self) -> PagerDutyServer:
        super().start()
        self.courier.resume()
        return self

    def stop(self) -> None:
        self.courier.pause()
        super().stop()

    @property
    def events_url(self) -> str:
        return self.url
