"""`Context`: what library code needs of the outside, handed down as one value.

    context = Context(raw_config, datastore_service, log)
    context.pagerduty.get("/incidents/PT4KHLK")

The configuration, the datastore, PagerDuty, Mattermost, its channels, the log and the clocks. Each
is made when it is first asked for, so that an action pays for what it uses, and then stays the
same one. `PackAction` makes one for StackStorm's actions; no other code knows StackStorm's
`Action`.
"""

from __future__ import annotations

import re
import time
from functools import cached_property
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    Optional,
    Tuple,
    TypeVar,
    cast,
)

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.core.config.connections import Http
    from pagerduty_mattermost.core.config.settings import Config
    from pagerduty_mattermost.gateways.http.client import GivesUp
    from pagerduty_mattermost.gateways.mattermost.channels import Channels, ChannelUnavailable
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost
    from pagerduty_mattermost.gateways.mattermost.post_once import SentPost
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.pagerduty.events_api import Events
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase

SOON_SECONDS = 5.0
"""How long `pagerduty_soon` waits for what a message can do without."""

ERROR_CHARACTERS = 2000
"""Characters of an error that people are shown."""

Read = TypeVar("Read")

KeepFailed = Callable[[str, Mapping[str, Any], Optional[PackError], str], Any]
"""Keeps an action that failed, so that it can be carried out again: its name, its parameters, the
error (None: one that nobody foresaw), and the line people read."""

OfChannel = Callable[["ChannelUnavailable"], Optional[Tuple[str, str]]]
"""What the operations channel is told of a channel that the bot can't use: what it is about, and
the text; None where it is not told."""

_HIDDEN = r"key|token|secret|password"
_URL_CREDENTIALS = r"[a-z0-9+.-]+://([^/@]+)@"
"""Compiled where an error is shown, not in each action."""


class Context:
    """Frozen: nothing of it is replaced after it was made.

    `config`: the pack's configuration as StackStorm passes it. `datastore_service`: what has
    StackStorm's `get_value` and its siblings. `clock`: seconds since the epoch; `monotonic`:
    seconds of a clock that never jumps; `sleep`: takes seconds.
    """

    _config: Mapping[str, Any]
    _datastore_service: Any
    _keep_failed: Optional[KeepFailed]
    _gives_up: Optional[GivesUp]
    _of_channel: Optional[OfChannel]
    _read: Dict[str, Any]
    log: Any
    clock: Callable[[], float]
    monotonic: Callable[[], float]
    sleep: Callable[[float], None]

    def __init__(
        self,
        config: Mapping[str, Any],
        datastore_service: Any,
        log: Any,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        keep_failed: Optional[KeepFailed] = None,
        gives_up: Optional[GivesUp] = None,
        of_channel: Optional[OfChannel] = None,
    ) -> None:
        """`gives_up`: asked after each failed try at Mattermost whether it is to be the last.
        `of_channel`: what is said of a channel that the bot can't use."""
        self.__dict__.update(
            _config=config,
            _datastore_service=datastore_service,
            _keep_failed=keep_failed,
            _gives_up=gives_up,
            _of_channel=of_channel,
            _read={},
            log=log,
            clock=clock,
            monotonic=monotonic,
            sleep=sleep,
        )

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"a Context is frozen: {name} can't be set")

    @cached_property
    def settings(self) -> Config:
        """The pack's configuration; raises ConfigError."""
        from pagerduty_mattermost.core.config import settings

        return settings.load(dict(self._config))

    @cached_property
    def store(self) -> Store:
        """The datastore."""
        from pagerduty_mattermost.gateways.stackstorm.datastore import Store

        return Store(self._datastore_service, monotonic=self.monotonic, sleep=self.sleep)

    def without_role(self) -> Optional[List[str]]:
        """The users of StackStorm's sensors and rules that may keep nothing (RBAC); None where
        this user may not ask. What StackStorm's client raises is raised."""
        from pagerduty_mattermost.gateways.stackstorm import key_rights

        return key_rights.lacking(self.stackstorm())

    def stackstorm(self) -> Any:
        """The client of StackStorm's API, as this run's user; the embedded default has a small
        one, and None is where there is none."""
        service = self._datastore_service
        try:
            return getattr(service, "datastore_service", service).get_api_client()
        except (AttributeError, NotImplementedError):
            return None

    def start_action(self, ref: str, given: Mapping[str, str]) -> str:
        """Starts an action of StackStorm with those of the parameters that it takes; the id of its
        execution. Raises what `executions_api` raises."""
        from pagerduty_mattermost.gateways.stackstorm import executions_api

        client = self.stackstorm()
        taken = executions_api.parameters_of(client, ref)
        return executions_api.start(
            client, ref, {name: value for name, value in given.items() if name in taken}
        )

    def run_phrase(self, kept: KeptPhrase, refusal: Callable[[str], str]) -> str:
        """As `executions_api.run_kept`; the chat sensor posts what came of it."""
        from pagerduty_mattermost.gateways.stackstorm import executions_api, kept_phrases

        records = kept_phrases.PhraseRecords(self.store, self.log)
        kept = kept._replace(seed=self.mattermost.post_seed(kept.key))
        return executions_api.run_kept(self.stackstorm(), kept, refusal, records, self.log)

    @cached_property
    def store_soon(self) -> Store:
        """The same, giving up after SOON_SECONDS: where acting goes before keeping."""
        from pagerduty_mattermost.gateways.stackstorm.datastore import Store

        return Store(
            self._datastore_service,
            deadline=SOON_SECONDS,
            monotonic=self.monotonic,
            sleep=self.sleep,
        )

    @cached_property
    def pagerduty(self) -> PagerDuty:
        """PagerDuty's REST API; raises ConfigError naming what is missing for it."""
        return self._make_pagerduty(soon=False)

    @cached_property
    def pagerduty_soon(self) -> PagerDuty:
        """The same, giving up after SOON_SECONDS: for what a card does not wait for."""
        return self._make_pagerduty(soon=True)

    @cached_property
    def pagerduty_spare(self) -> PagerDuty:
        """The same, whose reads also give way while PagerDuty's rate limit runs out."""
        from pagerduty_mattermost.gateways.pagerduty.rate_brake import RateBrake

        made = self._make_pagerduty(soon=True)
        made.before_read = RateBrake(made, self.store, self.clock)
        return made

    @cached_property
    def events(self) -> Events:
        """PagerDuty's Events API; each event brings its own key."""
        return self._make_events(soon=False)

    @cached_property
    def events_soon(self) -> Events:
        """The same, giving up after SOON_SECONDS: for who comes again soon."""
        return self._make_events(soon=True)

    @cached_property
    def mattermost(self) -> Mattermost:
        """Mattermost's API; raises ConfigError naming what is missing for it."""
        return self._make_mattermost(soon=False)

    @cached_property
    def mattermost_soon(self) -> Mattermost:
        """The same, giving up after SOON_SECONDS: for who comes again soon."""
        return self._make_mattermost(soon=True)

    @cached_property
    def channels(self) -> Channels:
        """Mattermost's channels; one that the bot can't use is told in the operations channel."""
        from pagerduty_mattermost.gateways.mattermost.channels import Channels

        return Channels(self.mattermost, self.store, notify=self._notify_of_channel)

    def once(self, name: str, read: Callable[[], Read]) -> Read:
        """What `read` gives, read when `name` is first asked for and then kept as long as this
        context: for what several parts of one run need. What raises is not kept."""
        if name not in self._read:
            self._read[name] = read()
        return cast("Read", self._read[name])

    def again(self, name: str, read: Callable[[], Read]) -> Read:
        """The same, read anew for all that need it from now on. What raises leaves nothing."""
        self._read.pop(name, None)
        return self.once(name, read)

    def post_once(self, channel_id: str, message: str, **terms: Any) -> SentPost:
        """`post_once.post_once` with this context's gateway, datastore and clocks."""
        from pagerduty_mattermost.gateways.mattermost.post_once import post_once

        return post_once(
            self.mattermost,
            lambda: self.store,
            channel_id,
            message,
            clock=self.clock,
            monotonic=self.monotonic,
            **terms,
        )

    def notify_operators(self, about: str, text: str, ttl: float = 86400.0) -> bool:
        """Say it in the operations channel, once within `ttl` seconds for the same `about`. `text`
        is Markdown whose outside parts are escaped. True when it was posted now."""
        from pagerduty_mattermost.gateways.mattermost.operations_notices import notify_operators

        return notify_operators(
            self.mattermost, self.store, about, text, log=self.log, ttl=ttl, clock=self.clock
        )

    def tell_stumble(self, about: str, error: BaseException) -> str:
        """Of what stumbled in a way that nobody foresaw while all else went on: a line in the log,
        and in the operations channel, there once a day for each place. `about`: whose it is, in
        the pack's own words."""
        from pagerduty_mattermost.core.text import escape

        line = f"{about}: {self.line_of(error)}"
        self.log.warning("Set aside, the others go on: %s", line)
        place = f"stumbled:{type(error).__name__}:{_place(error)}"
        self.notify_operators(
            place, f"Set aside, the others go on: {escape(line)}. Please report it."
        )
        return line

    def keep_failed(
        self, action: str, params: Mapping[str, Any], error: Optional[PackError], line: str
    ) -> None:
        """Keep an action that failed, so that it can be carried out again (`KeepFailed`)."""
        if self._keep_failed is not None:
            self._keep_failed(action, params, error, line)

    def line_of(self, error: BaseException) -> str:
        """An error in one line for people, without the configuration's secrets. Of one that nobody
        foresaw: its type and place; its stack goes to the log at debug level."""
        if isinstance(error, PackError):
            return self.one_line(str(error))
        import traceback

        stack = "".join(traceback.format_exception(type(error), error, error.__traceback__))
        self.log.debug("%s", self._without_secrets(stack))
        return self.one_line(f"Unexpected {type(error).__name__} in {_place(error)}: {error}")

    def line_in_chat(self, error: BaseException) -> str:
        """The same for people in chat, who know nothing of requests and their addresses."""
        if isinstance(error, PackError):
            return self.one_line(error.in_chat)
        return self.line_of(error)

    def one_line(self, text: str) -> str:
        """`text` cleaned, cut to one line, and without the configuration's secrets."""
        return one_line(self._without_secrets(clean(text)), ERROR_CHARACTERS)

    def _make_pagerduty(self, *, soon: bool) -> PagerDuty:
        """Every client of PagerDuty's REST API that this context gives is made here."""
        from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

        settings = self.settings.pagerduty
        http = _http(settings.http, soon=soon)
        return PagerDuty(settings._replace(http=http), clock=self.clock, **self._terms(soon=soon))

    def _make_events(self, *, soon: bool) -> Events:
        """Every client of the Events API that this context gives is made here."""
        from pagerduty_mattermost.gateways.pagerduty.events_api import Events

        settings = self.settings.pagerduty
        http = _http(settings.http, soon=soon)
        return Events(settings._replace(http=http), clock=self.clock, **self._terms(soon=soon))

    def _make_mattermost(self, *, soon: bool) -> Mattermost:
        """Every client of Mattermost that this context gives is made here."""
        from pagerduty_mattermost.core.config.settings import require_mattermost
        from pagerduty_mattermost.gateways.mattermost.client import Mattermost

        settings = require_mattermost(self.settings)
        http = _http(settings.http, soon=soon)
        terms = self._terms(soon=soon)
        return Mattermost(settings._replace(http=http), gives_up=self._gives_up, **terms)

    def _terms(self, *, soon: bool) -> Dict[str, Any]:
        """What all clients are made with; `soon`: one that gives up after SOON_SECONDS."""
        terms = {"log": self._request_log, "monotonic": self.monotonic, "sleep": self.sleep}
        if soon:
            from pagerduty_mattermost.gateways.http.client import RetryPolicy

            terms["policy"] = RetryPolicy(attempts=2, budget=SOON_SECONDS)
        return terms

    @property
    def _request_log(self) -> Any:
        """Gets a line for each request when `debug` is on."""
        return self.log if self.settings.debug else None

    def _notify_of_channel(self, error: ChannelUnavailable) -> None:
        if getattr(self._datastore_service, "by_hand", False):
            return  # who mistyped a channel in a shell reads it there
        notice: Optional[Tuple[str, str]] = f"channel:{error.channel}", str(error)
        if self._of_channel is not None:
            notice = self._of_channel(error)
        if notice is not None:
            self.notify_operators(*notice)

    def _without_secrets(self, text: str) -> str:
        for secret in _secrets(dict(self._config)):
            text = text.replace(secret, "***")
        return text


def _http(http: Http, *, soon: bool) -> Http:
    """As it is configured, or with timeouts of SOON_SECONDS at most."""
    if not soon:
        return http
    waits = http.timeouts
    return http._replace(
        timeouts=waits._replace(
            connect=min(waits.connect, SOON_SECONDS),
            read=min(waits.read, SOON_SECONDS),
            whole=min(waits.whole, SOON_SECONDS),
        )
    )


def _secrets(config: Dict[str, Any]) -> List[str]:
    """The texts in the raw configuration that must not leave, longest first."""
    found = set()
    todo: List[Tuple[str, Any]] = [("", config)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, Mapping):
            todo.extend((f"{name}.{key}", item) for key, item in value.items())
        elif isinstance(value, (list, tuple)):
            todo.extend((name, item) for item in value)
        elif isinstance(value, str) and len(value) >= 6:
            if re.search(_HIDDEN, name, re.IGNORECASE):
                found.add(value)
            credentials = re.match(_URL_CREDENTIALS, value, re.IGNORECASE)
            if credentials:
                found.update(part for part in credentials.group(1).split(":", 1) if len(part) >= 4)
    return sorted(found, key=len, reverse=True)


def _place(error: BaseException) -> str:
    """file:line (function) of the innermost frame."""
    frame = error.__traceback__
    if frame is None:
        return "?"
    while frame.tb_next is not None:
        frame = frame.tb_next
    code = frame.tb_frame.f_code
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno} ({code.co_name})"
