"""HTTP below both gateways: one adapter for any `requests.Session`, one retry loop, one way to
read a failure.

    prepare(session, config.pagerduty.http, base_url, side="PagerDuty", log=log)   # once
    answer = retry(call, RetryPolicy(), repeatable=method in ("GET", "PUT", "DELETE"))

`call` makes one try and raises the pack's errors: `network_error(error, what)` turns an exception
of requests into one, and `answer_headers.asked_wait` reads how long an answer asks us to wait, for
`RetryLater(retry_after=…)`. `retry` repeats on `RetryLater` only.

Three ways for a request to fail, since they differ in what may be repeated:

- *never sent* (no connection): `RetryLater(maybe_done=False)`, safe to repeat;
- *maybe done* (read timeout, connection dropped after sending, answer cut off):
  `RetryLater(maybe_done=True)`, repeated only where the call is `repeatable`;
- *answered*: the gateway reads the status. A 429 was not taken (`maybe_done=False`); a 5xx to a
  write may have been.

Works with requests 2.25 to 2.34 on urllib3 1.26 and 2.x, and under eventlet's monkey patching.
This module imports requests: import it only where a request follows.
"""

# flake8: noqa: W503

from __future__ import annotations

import errno
import os
import random as _random
import time
from typing import Any, Callable, List, Mapping, NamedTuple, Optional, Tuple, TypeVar, Union

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3_errors

from pagerduty_mattermost.core.config.connections import Http
from pagerduty_mattermost.core.errors import (
    ConfigError,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
)
from pagerduty_mattermost.gateways.http.addresses import reached, speaks_no_tls
from pagerduty_mattermost.gateways.http.answer_deadline import (
    POOL_CLASSES,
    CutOff,
    TooLarge,
    read_whole,
    sending_seconds,
    within,
)

POOL_SIZE = 16
"""Connections kept for each host; more may be open at once, they are closed after use."""

NO_JSON = object()
"""What `decode` gives for an answer that is no JSON."""

Log = Any
"""Anything with logging.Logger's `info`."""

Answer = TypeVar("Answer")
GivesUp = Callable[[RetryLater, int], bool]
"""Whether a failed try is the last: its error, and which try it was, from 1 on."""


class RetryPolicy(NamedTuple):
    """How long and how often to try one call. Times in seconds."""

    attempts: int = 4
    """Tries altogether."""
    budget: float = 60.0
    """A wait that would end later than this after the first try is not begun: `RetryLater` tells
    when to come back."""
    base: float = 0.5
    """Upper end of the first wait; each later one doubles it."""
    cap: float = 10.0
    """Upper end of any wait that the other side did not ask for."""


class Redirected(requests.RequestException):
    """The server answers with a redirect. Not followed: a POST would become a GET, and a token go
    elsewhere."""


class BoundedAdapter(HTTPAdapter):
    """Sends with our timeouts, proxy and TLS settings whatever the session or driver asks for.

    The body is read here, so that a connection lost half-way is an error of the request and counts
    in its time. `answer_deadline` bounds all of it.
    """

    def __init__(
        self,
        http: Http,
        *,
        proxies: Mapping[str, str],
        verify: Union[bool, str],
        side: str,
        log: Optional[Log] = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(pool_connections=4, pool_maxsize=POOL_SIZE, max_retries=0)
        self.poolmanager.pool_classes_by_scheme = POOL_CLASSES
        self._waits = http.timeouts
        self._timeout = (float(http.timeouts.connect), float(http.timeouts.read))
        self._proxies = dict(proxies)
        self._verify = verify
        self._side = side
        self._log = log
        self._monotonic = monotonic

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: Any = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        started = self._monotonic()
        outcome = ""
        seconds = self._waits.for_answer + sending_seconds(request.body)
        try:
            # In real seconds also where a test moves the clock.
            with within(self._waits.connect + seconds, self._waits.read):
                response = super().send(
                    request,
                    stream=True,
                    timeout=self._timeout,
                    verify=self._verify,
                    cert=cert,
                    proxies=self._proxies,
                )
                outcome = str(response.status_code)
                read_whole(response)
        except Exception as error:
            outcome = (outcome + " " + type(error).__name__).strip()
            error.reached = reached(request.url or "", self._proxies)  # type: ignore[attr-defined]
            raise
        finally:
            if self._log is not None:
                self._log.info(
                    "%s %s %s %s %d ms",
                    self._side,
                    request.method,
                    (request.path_url or "").partition("?")[0],
                    outcome,
                    round((self._monotonic() - started) * 1000),
                )
        if response.is_redirect:
            raise Redirected(
                _origin(response.headers.get("Location", "")), request=request, response=response
            )
        return response

    def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **more)
        manager.pool_classes_by_scheme = POOL_CLASSES
        return manager


def _origin(url: str) -> str:
    """Scheme, host and port alone: a redirect's path or query may hold a secret."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}" if host else "another path"


def prepare(
    session: requests.Session,
    http: Http,
    base_url: str,
    *,
    side: str,
    log: Optional[Log] = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Put our adapter on `session` (also a pdpyras or mattermostdriver one).

    netrc is never read, since its entry would replace the token. Where the configuration names no
    proxy or CA file, the usual environment variables (https_proxy, no_proxy, REQUESTS_CA_BUNDLE)
    count, read once for `base_url`. `log`: given when `debug: true`; gets one line a request at
    info (StackStorm's sensor log drops debug): side, method, path without query, status or
    exception, milliseconds.
    """
    if http.proxy:
        proxies = {"http": http.proxy.reveal(), "https": http.proxy.reveal()}
    else:
        proxies = dict(requests.utils.get_environ_proxies(base_url))
    verify = http.verify
    if verify is True:
        verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    if verify is False:
        import urllib3

        urllib3.disable_warnings(urllib3_errors.InsecureRequestWarning)
    adapter = BoundedAdapter(
        http, proxies=proxies, verify=verify, side=side, log=log, monotonic=monotonic
    )
    session.trust_env = False
    session.mount("https://", adapter)
    session.mount("http://", adapter)


def retry(
    call: Callable[[], Answer],
    policy: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
    *,
    repeatable: bool,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    random: Callable[[], float] = _random.random,
    gives_up: Optional[GivesUp] = None,
) -> Answer:
    """Call until it returns, raises something other than `RetryLater`, or the policy ends.

    Between tries: what the other side asked for (`retry_after`) plus a little jitter, or else a
    random part of a doubling interval (full jitter). Raises the last `RetryLater`: at once when it
    was maybe done and is not `repeatable`, or when the wait would not fit into the budget (then
    `retry_after` says how long it would have been). Its `maybe_done` is true when any of the tries
    may have been done. `gives_up` is asked after each failed try whether it is to be the last.
    """
    started = monotonic()
    attempt = 0
    maybe_done = False
    while True:
        attempt += 1
        try:
            return call()
        except RetryLater as error:
            maybe_done = error.maybe_done = error.maybe_done or maybe_done
            if attempt >= policy.attempts or (error.maybe_done and not repeatable):
                raise
            if gives_up is not None and gives_up(error, attempt):
                raise
            if error.retry_after is None:
                wait = random() * min(policy.cap, policy.base * 2.0 ** (attempt - 1))
            else:
                wait = max(0.0, error.retry_after) + random() * policy.base
            if monotonic() - started + wait > policy.budget:
                error.retry_after = wait
                raise
        sleep(wait)


def decode(response: requests.Response) -> Any:
    """The JSON value of an answer; NO_JSON where it holds none, such as a proxy's page."""
    try:
        return response.json()
    except (ValueError, RecursionError):
        return NO_JSON


def network_error(error: BaseException, what: str) -> PackError:
    """Our error for an exception of requests or urllib3 (a driver's wrapping exception may be
    passed: its causes are searched). `what`: side, method and path, such as "PagerDuty GET
    /incidents". The line never quotes the exception, whose text may hold a URL."""
    chain = _chain(error)
    kinds = tuple(type(one) for one in chain)

    def has(*wanted: type) -> bool:
        return any(issubclass(kind, wanted) for kind in kinds)

    place = next((one.reached for one in chain if hasattr(one, "reached")), "")
    at = f"{place}: " if place else ""
    where = f" ({place})" if place else ""
    redirect = next((one for one in chain if isinstance(one, Redirected)), None)
    if redirect is not None:
        return PermanentError(
            f"{what}: the server redirects to {redirect}: configure that address instead"
        )
    if _is_untrusted(chain):
        return PermanentError(
            f"{what}: {at}the server's TLS certificate is not trusted: set the CA file "
            "(tls.ca_file) or check the address"
        )
    if speaks_no_tls(chain):
        return PermanentError(
            f"{what}: {at}this port speaks http, not https: write http:// in the address, or the "
            "port that speaks https"
        )
    if has(requests.exceptions.InvalidHeader):
        return RejectedInput(f"{what}: a value can't be sent in a header (line break?)")
    if has(
        requests.exceptions.InvalidURL,
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidSchema,
        requests.exceptions.InvalidProxyURL,
        urllib3_errors.LocationParseError,
    ):
        return ConfigError(f"{what}: the configured URL or proxy can't be used")
    if _never_sent(chain):
        line = f"{what}: {at}no connection ({_reason(chain)})"
        why = f"does not answer (no connection{' to ' + place if place else ''})"
        return RetryLater(line, maybe_done=False).of_service(what, why)
    if has(TooLarge):
        return PermanentError(f"{what}: the answer is larger than any of this API")
    if has(requests.exceptions.Timeout, urllib3_errors.TimeoutError):
        line, why = f"{what}: {at}no answer in time", f"does not answer in time{where}"
        return RetryLater(line, maybe_done=True).of_service(what, why)
    if has(CutOff, requests.exceptions.ChunkedEncodingError, urllib3_errors.IncompleteRead):
        line = f"{what}: {at}the answer was cut off"
        return RetryLater(line, maybe_done=True).of_service(what, f"broke off its answer{where}")
    line = f"{what}: {at}the connection broke ({_reason(chain)})"
    return RetryLater(line, maybe_done=True).of_service(what, f"broke off the connection{where}")


def _chain(error: BaseException) -> Tuple[BaseException, ...]:
    """The exception with everything it wraps: causes, contexts, arguments, urllib3's `reason` and
    `original_error`."""
    found: List[BaseException] = []
    queue: List[Any] = [error]
    while queue and len(found) < 30:
        one = queue.pop(0)
        if not isinstance(one, BaseException) or any(one is seen for seen in found):
            continue
        found.append(one)
        queue.extend(
            [
                one.__cause__,
                one.__context__,
                getattr(one, "reason", None),
                getattr(one, "original_error", None),
            ]
        )
        queue.extend(one.args)
    return tuple(found)


def _never_sent(chain: Tuple[BaseException, ...]) -> bool:
    kinds = (
        requests.exceptions.ConnectTimeout,
        urllib3_errors.NewConnectionError,
        urllib3_errors.ConnectTimeoutError,
    )
    if any(isinstance(one, kinds) for one in chain):
        return True
    # http.client says this when the proxy refuses CONNECT: the request itself was not sent yet.
    return any(
        "tunnel connection failed" in str(one).lower() for one in chain if isinstance(one, OSError)
    )


def _is_untrusted(chain: Tuple[BaseException, ...]) -> bool:
    import ssl

    return any(
        isinstance(one, (ssl.SSLCertVerificationError, ssl.CertificateError))
        or "CERTIFICATE_VERIFY_FAILED" in str(one)
        for one in chain
        if isinstance(one, (ssl.SSLError, requests.exceptions.SSLError, urllib3_errors.SSLError))
    )


def _reason(chain: Tuple[BaseException, ...]) -> str:
    """The operating system's word for it ("Connection refused"), or the innermost exception's
    class."""
    for one in reversed(chain):
        if isinstance(one, OSError) and one.strerror and isinstance(one.strerror, str):
            # In a sensor eventlet gives the symbol alone, ECONNREFUSED.
            number = one.errno or 0
            return (
                os.strerror(number)
                if one.strerror == errno.errorcode.get(number)
                else one.strerror
            )
    return type(chain[-1]).__name__
