"""What mattermostdriver's endpoints send with: its `Driver` takes a client class.

The driver's own client opens a connection for every request, has no timeout, lets netrc replace
the token, follows redirects, loses status, error id and headers of a failure, logs every failure
at ERROR, and returns raw Responses where JSON was expected (measured). `PooledClient` does none of
that: one try on a prepared session (`gateways.http.client.prepare`), answered with parsed JSON or
one of the pack's errors.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, Optional, Tuple

import requests
from mattermostdriver.client import Client

from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.gateways.http.answer_headers import asked_wait
from pagerduty_mattermost.gateways.http.client import NO_JSON, decode, network_error

READ_BY_POST = frozenset(("/posts/ids",))
"""Paths of reads that Mattermost takes as POST, since their lists are long."""
REFUSED = (
    "Mattermost refuses the token (mattermost.token: revoked, mistyped, or its bot is disabled): "
    "make a new one under Integrations > Bot Accounts and set it there"
)
ASK_THE_SERVER = object()
"""What is answered in the server's place (`PooledClient.instead`) where it is asked itself."""


class PooledClient(Client):
    """Sends on `session`, which carries the token."""

    def __init__(self, options: Mapping[str, Any], session: requests.Session) -> None:
        super().__init__(options)
        self._session = session
        self.before_write: Optional[Callable[[str, str, Any, str], None]] = None
        """Called with method, path, body and "" before anything that changes something is sent;
        may raise instead."""
        self.instead: Optional[Callable[[str, str, Any, Any], Any]] = None
        """Called with method, path, body and query before anything is sent. What it gives is the
        answer, and nothing is sent, unless it is ASK_THE_SERVER."""

    def make_request(
        self,
        method: str,
        endpoint: str,
        options: Any = None,
        params: Any = None,
        data: Any = None,
        files: Any = None,
        basepath: Any = None,
    ) -> Any:
        """One try. Returns the parsed JSON; the driver's own returns a Response, and only `login`
        needs that."""
        method = method.upper()
        if self.instead is not None:
            answer = self.instead(method, endpoint, options, params)
            if answer is not ASK_THE_SERVER:
                return answer
        if self.before_write is not None and method != "GET" and endpoint not in READ_BY_POST:
            self.before_write(method, endpoint, options, "")
        what = f"Mattermost {method} {endpoint}"
        body: Dict[str, Any] = {"data": data, "files": files} if files else {}
        if not files and (method in ("POST", "PUT") or method == "DELETE" and options is not None):
            body["json"] = {} if options is None else options
        try:
            return self._sent(method, endpoint, params, body, what)
        except RetryLater as error:
            error.maybe_done = error.maybe_done and method != "GET"
            raise

    def get_if_changed(self, endpoint: str, etag: str) -> Tuple[Any, str]:
        """One try of a read. The parsed JSON, None while it is as it was with that `etag` (304;
        empty: it is read in any case); and the answer's own ETag."""
        what = f"Mattermost GET {endpoint}"
        headers = {"If-None-Match": etag} if etag else {}
        try:
            response = self._session.get(self.url + endpoint, headers=headers)
        except requests.RequestException as error:
            raise network_error(error, what) from None
        if response.status_code == 304 and etag:
            return None, etag
        return self._read(response, what), str(response.headers.get("ETag") or "")

    def read_bytes(self, endpoint: str) -> bytes:
        """One try of a read whose answer is a file."""
        what = f"Mattermost GET {endpoint}"
        try:
            response = self._session.get(self.url + endpoint)
        except requests.RequestException as error:
            raise network_error(error, what) from None
        if not 200 <= response.status_code < 300:
            raise self._failure(response, what)
        content: bytes = response.content
        return content

    def _sent(
        self, method: str, endpoint: str, params: Any, body: Mapping[str, Any], what: str
    ) -> Any:
        try:
            response = self._session.request(method, self.url + endpoint, params=params, **body)
        except requests.RequestException as error:
            raise network_error(error, what) from None
        return self._read(response, what)

    def _read(self, response: requests.Response, what: str) -> Any:
        if not 200 <= response.status_code < 300:
            raise self._failure(response, what)
        answer = decode(response)
        if answer is NO_JSON:
            raise RetryLater(
                f"{what}: the answer is no JSON: is mattermost.url the address of "
                "Mattermost itself?",
                status=response.status_code,
                maybe_done=True,
            )
        return answer

    def respond(self, path: str, body: Mapping[str, Any]) -> Any:
        """POST to a path of the server beside its API (`/hooks/…`), which answers plain text."""
        if self.before_write is not None:
            self.before_write("POST", path.rsplit("/", 1)[0], None, "")
        root = self.url[: -len("/api/v4")]
        what = f"Mattermost POST {path.rsplit('/', 1)[0]}/…"
        try:
            response = self._session.post(root + path, json=body, headers={"Authorization": ""})
        except requests.RequestException as error:
            raise network_error(error, what) from None
        if not 200 <= response.status_code < 300:
            raise self._failure(response, what)
        return {}

    def get(self, endpoint: str, options: Any = None, params: Any = None) -> Any:
        return self.make_request("GET", endpoint, params=params)

    def post(
        self,
        endpoint: str,
        options: Any = None,
        params: Any = None,
        data: Any = None,
        files: Any = None,
    ) -> Any:
        return self.make_request(
            "POST", endpoint, options=options, params=params, data=data, files=files
        )

    def put(self, endpoint: str, options: Any = None, params: Any = None, data: Any = None) -> Any:
        return self.make_request("PUT", endpoint, options=options, params=params)

    def delete(
        self, endpoint: str, options: Any = None, params: Any = None, data: Any = None
    ) -> Any:
        return self.make_request("DELETE", endpoint, params=params)

    def _failure(self, response: requests.Response, what: str) -> PackError:
        status = response.status_code
        error_id, message = _told(response)
        line = (
            f"{what} answered {status}"
            + (f": {message}" if message else "")
            + (f" ({error_id})" if error_id else "")
        )
        if status == 429 or status >= 500 and status != 501:
            wait = asked_wait(response.headers, limited=status == 429)
            limited = "takes no more requests for the moment (429)"
            return RetryLater(
                line, status=status, error_id=error_id, retry_after=wait, maybe_done=status != 429
            ).of_service(what, limited if status == 429 else f"has trouble ({status})")
        if status in (400, 401, 403, 404) and self._unhealthy():
            line = f"Mattermost says that it is unhealthy (its database?); {line}"
            why = "says that it is unhealthy (its database?)"
            return RetryLater(line, status=status, error_id=error_id).of_service(what, why)
        if status == 401:
            refused = Unauthorized(f"{REFUSED} ({what})", status=status, error_id=error_id)
            refused.words = REFUSED
            return refused
        kinds = {400: RejectedInput, 403: Unauthorized, 404: NotFound, 413: RejectedInput}
        return kinds.get(status, PermanentError)(line, status=status, error_id=error_id)

    def _unhealthy(self) -> bool:
        """Whether the server or its database is known to be in trouble. The plain ping says 200
        even then."""
        try:
            response = self._session.get(
                self.url + "/system/ping", params={"get_server_status": "true"}
            )
        except requests.RequestException:
            return True
        if response.status_code == 429 or response.status_code >= 500:
            return True
        told = decode(response)
        return isinstance(told, dict) and "UNHEALTHY" in (
            told.get("status"),
            told.get("database_status"),
        )


def _told(response: requests.Response) -> Tuple[str, str]:
    """Mattermost's error id and message, on one line each; a 429 and a proxy's page are plain
    text."""
    told = decode(response)
    if not isinstance(told, dict):
        return "", ""
    from pagerduty_mattermost.gateways.http.redaction import redacted

    return redacted(response, told.get("id"), 100), redacted(response, told.get("message"), 300)
