"""The connection to PagerDuty's REST API: a session of pdpyras with its retrying switched off,
one try of a request with the errors it can raise, PagerDuty's clock and rate limit."""

from __future__ import annotations

import random as _random
import re
import time
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    Mapping,
    NamedTuple,
    Optional,
    TypeVar,
)

from pagerduty_mattermost.core.config.connections import PagerDutyConfig
from pagerduty_mattermost.core.config.reader import EMPTY
from pagerduty_mattermost.core.errors import ConfigError, RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.http.narrowed_tries import NarrowedTries
from pagerduty_mattermost.gateways.pagerduty.responses import read

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.http.client import Log, RetryPolicy

Answer = TypeVar("Answer")
_PATH = re.compile(r"(?:/[A-Za-z0-9_-]+)+")


class RateLimit(NamedTuple):
    """The rate limit as the last answer told it: requests a minute, those left, seconds until it
    starts anew."""

    limit: int
    remaining: int
    reset: float


class PagerDutyConnection(NarrowedTries):
    """One session. Not for several threads at once. `clock`, `monotonic`, `sleep` and `random` are
    for tests."""

    def __init__(
        self,
        config: PagerDutyConfig,
        *,
        log: Optional[Log] = None,
        policy: Optional[RetryPolicy] = None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        random: Callable[[], float] = _random.random,
    ) -> None:
        """Raises ConfigError without an API key. `log` (given when `debug: true`) gets a line for
        each request."""
        from pagerduty_mattermost.gateways.http.client import RetryPolicy, prepare

        if not config.api_key:
            raise ConfigError("The configuration of the pack pagerduty: api_key " + EMPTY)
        self._config = config
        self._policy = policy or RetryPolicy()
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._random = random
        self._session = _session(config)
        prepare(
            self._session,
            config.http,
            config.api_url,
            side="PagerDuty",
            log=log,
            monotonic=monotonic,
        )
        self.shift_based: Dict[str, bool] = {}
        """Of schedules by id, as far as answers told: whether they are shift-based."""
        self.shift_based_before: Dict[str, bool] = {}
        """The same as an earlier run was told it: by it is chosen what is asked first, no more,
        since a schedule may have been upgraded meanwhile."""
        self.last_rate: Optional[RateLimit] = None
        """The rate limit as the newest answer that told it did."""
        self._date = ""
        self.before_write: Optional[Callable[[str, str, Any, str], None]] = None
        """Called with method, path, body and `From` before anything that is no GET is sent; may
        raise instead."""
        self.before_read: Optional[Callable[[], None]] = None
        """Called before each GET; may raise instead."""

    @property
    def last_server_time(self) -> Optional[float]:
        """PagerDuty's clock in the newest answer, seconds since the epoch; read when asked for."""
        from pagerduty_mattermost.gateways.http.answer_headers import http_date

        return http_date(self._date) if self._date else None

    def now(self) -> float:
        """Our clock, seconds since the epoch."""
        return self._clock()

    def monotonic(self) -> float:
        """Seconds of a clock that never jumps."""
        return self._monotonic()

    def close(self) -> None:
        """Close the pooled connections."""
        self._session.close()

    def _retry(self, call: Callable[[], Answer], *, repeatable: bool) -> Answer:
        from pagerduty_mattermost.gateways.http.client import retry

        return retry(
            call,
            self._policy,
            repeatable=repeatable,
            sleep=self._sleep,
            monotonic=self._monotonic,
            random=self._random,
        )

    def _once(
        self,
        method: str,
        path: str,
        params: Optional[Mapping[str, Any]] = None,
        body: Any = None,
        from_email: str = "",
        bare_list: bool = False,
    ) -> Dict[str, Any]:
        """One try."""
        if not _PATH.fullmatch(path):
            raise RejectedInput(f"not a path of PagerDuty's API: {quoted(path)}")
        what = f"PagerDuty {method} {path}"
        headers = {}
        sender = (from_email or self._config.from_email) if method != "GET" else ""
        if sender:
            headers["From"] = _sender(sender)
        if method != "GET" and self.before_write is not None:
            self.before_write(method, path, body, sender)
        if method == "GET" and self.before_read is not None:
            self.before_read()
        options: Dict[str, Any] = {"headers": headers, "params": query(params)}
        if body is not None:
            options["json"] = body
        try:
            response = self._session.request(method, path, **options)
        except Exception as error:
            response = getattr(error, "response", None)
            if response is None:
                if not _is_network(error):
                    raise
                from pagerduty_mattermost.gateways.http.client import network_error

                raise network_error(error, what) from None
        self._note(response.headers)
        return read(response, method, what, self._clock, bare_list)

    def _note(self, headers: Mapping[str, str]) -> None:
        """Remember PagerDuty's clock and the rate limit."""
        self._date = headers.get("Date") or self._date
        try:
            self.last_rate = RateLimit(
                int(headers["ratelimit-limit"]),
                int(headers["ratelimit-remaining"]),
                float(headers["ratelimit-reset"]),
            )
        except (KeyError, ValueError):
            return  # sometimes absent


def _session(config: PagerDutyConfig) -> Any:
    """A pdpyras session that does nothing on its own: no retry, no sleep, no log, no
    statistics."""
    import logging
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # pdpyras warns at import that it is superseded; our successor needs Python 3.10
        import pdpyras
    session = pdpyras.APISession(
        config.api_key.reveal(), auth_type="oauth2" if config.auth_type == "oauth" else "token"
    )
    session.url = config.api_url
    session.retry = {429: 1}
    session.max_http_attempts = -1
    session.max_network_attempts = 0
    session.log = logging.getLogger("pagerduty_mattermost.pdpyras")
    session.log.disabled = True
    # It would keep a count for each URL, query and all: a leak in a sensor.
    session.postprocess = lambda response, suffix=None: None
    return session


def _is_network(error: BaseException) -> bool:
    import pdpyras
    import requests
    from urllib3.exceptions import HTTPError

    return isinstance(
        error, (pdpyras.PDClientError, requests.RequestException, HTTPError, OSError)
    )


def _sender(email: str) -> str:
    text = str(email).strip()
    if not re.fullmatch(r"[!-?A-~]+@[!-~]+", text):
        raise RejectedInput(
            f"From must be the e-mail address of a PagerDuty user: {quoted(email)}"
        )
    return text


def query(params: Optional[Mapping[str, Any]]) -> Dict[str, Any]:
    """Query parameters as PagerDuty wants them: None is left out, True becomes `true`, a list goes
    out as `name[]`."""
    found: Dict[str, Any] = {}
    for name, value in (params or {}).items():
        if isinstance(value, (list, tuple, set, frozenset)):
            items = [_word(item) for item in value if item is not None]
            found[name if name.endswith("[]") else name + "[]"] = (
                sorted(items) if isinstance(value, (set, frozenset)) else items
            )
        elif value is not None:
            found[name] = _word(value)
    return found


def _word(value: Any) -> str:
    return ("true" if value else "false") if isinstance(value, bool) else str(value)


def quoted(value: Any) -> str:
    """The text as it stands in a line for people."""
    return repr(one_line(clean(value, 60)))
