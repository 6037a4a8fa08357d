"""StackStorm's API over HTTP, as one account or as the person for whom something is done.

    api = StackStormApi(config.chatops, http, own=lambda: ("http://127.0.0.1:9101/v1", token))
    api.call("POST", "/actionalias/match", {"command": "pack list"})
    api.call("GET", f"/executions/{id}", person="ada")

`person` is a nickname that StackStorm keeps for Mattermost: the service account gets a token of
whom it names, which is used until shortly before its end. Nobody of that nickname: NotFound.
Raises `RejectedInput` (400, in StackStorm's own words), `Unauthorized` (401, 403), `NotFound`
(404), `RetryLater` (429, 5xx, no or no readable answer).
"""

from __future__ import annotations

import threading
import time
from typing import Any, Callable, Dict, Mapping, Optional, Tuple
from urllib.parse import urlsplit

import requests

from pagerduty_mattermost.core.config.chatops import ChatopsConfig
from pagerduty_mattermost.core.config.connections import Http
from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.http.answer_headers import asked_wait
from pagerduty_mattermost.gateways.http.client import (
    NO_JSON,
    RetryPolicy,
    decode,
    network_error,
    prepare,
    retry,
)

ORIGIN = "mattermost"
"""Of the nicknames that are looked for."""
TOKEN_SECONDS = 900
RENEWED_BEFORE_SECONDS = 120.0
MAX_TOKENS = 1000
MAX_REASON_CHARACTERS = 500
POLICY = RetryPolicy(attempts=3, budget=6.0, base=0.2, cap=1.0)
API_PORT, AUTH_PORT = 9101, 9100
"""On which StackStorm listens where nobody says otherwise."""


class StackStormApi:
    """For several threads. `own`: gives the API's address and a token of this process's own
    account, or empty texts where there is none."""

    is_stackstorm = True

    def __init__(
        self,
        config: ChatopsConfig,
        http: Http,
        own: Callable[[], Tuple[str, str]],
        *,
        log: Any = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._config, self._own, self._log = config, own, log
        self._http = http._replace(proxy=Secret())
        self._clock, self._monotonic, self._sleep = clock, monotonic, sleep
        self._tokens = PersonTokens(self._impersonated, monotonic)
        self._session: Optional[requests.Session] = None
        self.requests = 0
        """How many were sent."""

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        params: Optional[Mapping[str, Any]] = None,
        person: str = "",
    ) -> Any:
        """The JSON value of the answer. `person`: as whom, where people are impersonated."""
        url, headers = self._account()
        if person and self._config.is_personal:
            headers = {"X-Auth-Token": self._tokens.of(person)}
        try:
            return self._retried(method, url + path, path, body, params, headers)
        except Unauthorized as error:
            if error.status != 401 or not (person and self._config.is_personal):
                raise
            self._tokens.forget(person)
        headers = {"X-Auth-Token": self._tokens.of(person)}
        return self._retried(method, url + path, path, body, params, headers)

    def known(self, person: str) -> None:
        """Raises NotFound where StackStorm has nobody of that nickname."""
        if self._config.is_personal:
            self._tokens.of(person)

    def _account(self) -> Tuple[str, Dict[str, str]]:
        key, url = self._config.api_key.reveal(), self._config.api_url
        own_url, token = ("", "") if key and url else self._own()
        url = url or own_url.rstrip("/")
        if not url:
            raise ConfigError("StackStorm does not say where its API is: set chatops.api_url")
        if key:
            return url, {"St2-Api-Key": key}
        return url, {"X-Auth-Token": token} if token else {}

    def _impersonated(self, person: str) -> Tuple[str, float]:
        config = self._config
        url = config.auth_url or auth_url_beside(self._account()[0])
        body = {
            "impersonate_user": person,
            "nickname_origin": ORIGIN,
            "ttl": TOKEN_SECONDS,
        }
        login = (config.service_user, config.service_password.reveal())
        try:
            answer = self._retried("POST", f"{url}/tokens", "/tokens", body, None, {}, login)
        except RejectedInput as error:
            if "Could not locate user" in str(error):
                raise NotFound(
                    f"StackStorm has no user with the nickname {person} for Mattermost: an "
                    "administrator gives one (docs/chatops.md)"
                ) from None
            raise
        except Unauthorized as error:
            if error.status != 401:
                raise
            raise Unauthorized(
                "StackStorm's auth service refuses chatops.service_user: check its password"
            ) from None
        token = str(answer.get("token") or "") if isinstance(answer, dict) else ""
        if not token:
            raise RetryLater("StackStorm's auth service gave no token")
        return token, TOKEN_SECONDS - RENEWED_BEFORE_SECONDS

    def _retried(
        self,
        method: str,
        url: str,
        path: str,
        body: Any,
        params: Optional[Mapping[str, Any]],
        headers: Mapping[str, str],
        login: Optional[Tuple[str, str]] = None,
    ) -> Any:
        return retry(
            lambda: self._sent(method, url, path, body, params, headers, login),
            POLICY,
            repeatable=method == "GET" or path in ("/tokens", "/actionalias/match"),
            sleep=self._sleep,
            monotonic=self._monotonic,
        )

    def _sent(
        self,
        method: str,
        url: str,
        path: str,
        body: Any,
        params: Optional[Mapping[str, Any]],
        headers: Mapping[str, str],
        login: Optional[Tuple[str, str]],
    ) -> Any:
        what = f"StackStorm {method} {path}"
        self.requests += 1
        try:
            response = self._ready(url).request(
                method, url, json=body, params=params, headers=dict(headers), auth=login
            )
        except requests.RequestException as error:
            raise network_error(error, what) from None
        if not 200 <= response.status_code < 300:
            raise _failure(response, what)
        if not response.content:
            return None
        answer = decode(response)
        if answer is NO_JSON:
            raise RetryLater(
                f"{what}: the answer is no JSON: does chatops.api_url lead to StackStorm's API?",
                status=response.status_code,
                maybe_done=method != "GET",
            )
        return answer

    def _ready(self, url: str) -> requests.Session:
        if self._session is None:
            session = requests.Session()
            prepare(session, self._http, url, side="StackStorm", log=self._log)
            self._session = session
        return self._session


class PersonTokens:
    """Tokens of people, by nickname. `make`: gives one, and for how many seconds it is used."""

    def __init__(
        self, make: Callable[[str], Tuple[str, float]], monotonic: Callable[[], float]
    ) -> None:
        self._make, self._monotonic = make, monotonic
        self._lock = threading.Lock()
        self._kept: Dict[str, Tuple[str, float]] = {}

    def of(self, person: str) -> str:
        now = self._monotonic()
        with self._lock:
            token, until = self._kept.get(person, ("", 0.0))
        if token and until > now:
            return token
        token, seconds = self._make(person)
        with self._lock:
            if len(self._kept) >= MAX_TOKENS:
                self._kept.clear()
            self._kept[person] = (token, now + seconds)
        return token

    def forget(self, person: str) -> None:
        with self._lock:
            self._kept.pop(person, None)


def auth_url_beside(api_url: str) -> str:
    """StackStorm's auth service, by where its API is: on the next port, or below the same address
    of a proxy. Raises ConfigError where neither is known."""
    parts = urlsplit(api_url)
    path = parts.path.rstrip("/")
    for version in ("/v1", "/api/v1"):
        if path.endswith(version):
            path = path[: -len(version)] + version[: -len("/v1")]
            break
    if path.endswith("/api"):
        return f"{parts.scheme}://{parts.netloc}{path[: -len('/api')]}/auth"
    if parts.port == API_PORT:
        return f"{parts.scheme}://{parts.hostname}:{AUTH_PORT}"
    raise ConfigError(
        "Where StackStorm's auth service is does not follow from its API's address: set "
        "chatops.auth_url"
    )


def _failure(response: requests.Response, what: str) -> PackError:
    status = response.status_code
    answer = decode(response)
    said = answer.get("faultstring") if isinstance(answer, dict) else ""
    words = one_line(clean(said, MAX_REASON_CHARACTERS)) or f"HTTP {status}"
    if status in (400, 409, 422):
        return RejectedInput(words, status=status)
    if status == 401:
        return Unauthorized(f"{what}: {words}", status=status)
    if status == 403:
        return Unauthorized(f"StackStorm refuses it: {words}", status=status)
    if status == 404:
        return NotFound(f"{what}: {words}", status=status)
    if status == 429 or status >= 500:
        return RetryLater(
            f"{what}: {words}",
            status=status,
            retry_after=asked_wait(response.headers, limited=status == 429),
            maybe_done=status != 429 and response.request.method != "GET",
        )
    return PermanentError(f"{what}: {words}", status=status)
