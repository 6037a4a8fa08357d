"""`PackAction`: what every python action of the pack is built on.

An entry point defines one class and `act`:

    class GetChannel(PackAction):
        def act(self, channel: str) -> dict:
            return {"channel_id": ...}

`run` is StackStorm's; it calls `act` and turns what went wrong into `(False, one line)`: a
`PackError` with its own line, anything else with its type and place (the stack goes to the log at
debug level). What `act` returns is made fit for StackStorm (`fit`), the configuration's secrets
never leave in a message. `self.settings`, `self.store`, `self.pagerduty`, `self.mattermost`,
`self.channels` are built when first asked for: an action pays for what it uses.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional, Set, Tuple

from st2common.runners.base_action import Action

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.core.config.settings import Config
    from pagerduty_mattermost.gateways.mattermost.channels import Channels, ChannelUnavailable
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost
    from pagerduty_mattermost.gateways.mattermost.post_once import Sent
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store

MAX_DEPTH = 40

_SECRET_WORDS = re.compile(r"key|token|secret|password", re.IGNORECASE)
_INT64 = 2**63


class PackAction(Action):
    """Base of the pack's python actions. `clock`, `monotonic` and `sleep` are overridden by
    tests."""

    clock: Callable[[], float] = staticmethod(time.time)
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], None] = staticmethod(time.sleep)
    kept_as = ""
    """Its name in `deadletters.ACTIONS`, when what fails is kept there with its reason."""

    def __init__(self, config: Any = None, action_service: Any = None) -> None:
        super().__init__(config=config, action_service=action_service)
        self._settings: Optional[Config] = None
        self._store: Optional[Store] = None
        self._pagerduty: Optional[PagerDuty] = None
        self._mattermost: Optional[Mattermost] = None
        self._channels: Optional[Channels] = None

    def act(self, *args: Any, **params: Any) -> Any:
        """What the action does; returns its result or raises a PackError."""
        raise NotImplementedError(f"{type(self).__name__} has no act()")

    def run(self, **params: Any) -> Tuple[bool, Any]:
        """(True, result) or (False, one line for people)."""
        try:
            result = fit(self.act(**params))
        except PackError as error:
            line = self._one_line(str(error))
            self._keep(params, line, error)
            return False, line
        except Exception as error:  # noqa: BLE001 - nobody above us would turn it into one line
            line = self.unexpected(error)
            self._keep(params, line, None)
            return False, line
        left = self.unfinished(result)
        if left is not None:
            self._keep(params, self._one_line(str(left)), left)
        return True, result

    def unexpected(self, error: Exception) -> str:
        """What nobody foresaw, in one line; the stack goes to the log."""
        self._log_stack()
        return self._one_line(f"Unexpected {type(error).__name__} in {_place(error)}: {error}")

    def unfinished(self, result: Any) -> Optional[PackError]:
        """Why a part of it is not done although the action succeeded; None when all is."""
        return None

    def to_keep(
        self, params: Dict[str, Any], error: Optional[PackError]
    ) -> Optional[Dict[str, Any]]:
        """The parameters it is carried out with again, None when this failure is not kept. `error`
        None: an exception that nobody foresaw."""
        from pagerduty_mattermost.operations.dead_letters import is_from_a_rule

        return params if is_from_a_rule(self.kept_as, params) else None

    def entry(self, name: str) -> PackAction:
        """Another action, by its name in `deadletters.ACTIONS`, on the gateways and the clocks of
        this one."""
        from pagerduty_mattermost.action_bases.replay import entry_point

        other: PackAction = entry_point(name)(dict(self.config), self.action_service)
        other._settings, other._store = self._settings, self.store
        other._pagerduty, other._mattermost, other._channels = (
            self._pagerduty,
            self._mattermost,
            self._channels,
        )
        other.clock, other.monotonic, other.sleep = self.clock, self.monotonic, self.sleep
        other.logger = self.logger
        return other

    def take_back(self, other: PackAction) -> None:
        """The gateways that it has built meanwhile, for the next one."""
        self._pagerduty, self._mattermost, self._channels = (
            other._pagerduty,
            other._mattermost,
            other._channels,
        )

    def _keep(self, params: Dict[str, Any], line: str, error: Optional[PackError]) -> None:
        if not self.kept_as:
            return
        from pagerduty_mattermost.operations import dead_letters as deadletters

        given = self.to_keep(params, error)
        if given is None:
            return
        kind = deadletters.ACT if self.kept_as.startswith("chat_") else deadletters.kind_of(error)
        try:
            deadletters.keep(self.store, self.kept_as, given, kind, line, self.clock(), self.log)
        except PackError as failed:
            self.log.warning("Not kept as a dead letter: %s", self._one_line(str(failed)))

    @property
    def log(self) -> Any:
        return self.logger

    @property
    def settings(self) -> Config:
        """The pack's configuration; raises ConfigError."""
        if self._settings is None:
            from pagerduty_mattermost.core.config import settings as config

            self._settings = config.load(dict(self.config))
        return self._settings

    @property
    def store(self) -> Store:
        if self._store is None:
            from pagerduty_mattermost.gateways.stackstorm.datastore import Store

            self._store = Store(self.action_service, monotonic=self.monotonic, sleep=self.sleep)
        return self._store

    @property
    def pagerduty(self) -> PagerDuty:
        if self._pagerduty is None:
            from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

            self._pagerduty = PagerDuty(
                self.settings.pagerduty,
                log=self._request_log,
                clock=self.clock,
                monotonic=self.monotonic,
                sleep=self.sleep,
            )
        return self._pagerduty

    @property
    def mattermost(self) -> Mattermost:
        """The gateway to Mattermost; raises ConfigError naming what is missing for it."""
        if self._mattermost is None:
            from pagerduty_mattermost.core.config.settings import require_mattermost
            from pagerduty_mattermost.gateways.mattermost.client import Mattermost

            self._mattermost = Mattermost(
                require_mattermost(self.settings),
                log=self._request_log,
                monotonic=self.monotonic,
                sleep=self.sleep,
            )
        return self._mattermost

    @property
    def channels(self) -> Channels:
        """Mattermost's channels; one that the bot can't use is told in the operations channel."""
        if self._channels is None:
            from pagerduty_mattermost.gateways.mattermost.channels import Channels

            self._channels = Channels(
                self.mattermost, self.store, complain=self._complain_of_channel
            )
        return self._channels

    def not_configured(self) -> Optional[Dict[str, Any]]:
        """The result of a rule's action while Mattermost is not configured at all, else None: a
        pack upgraded from the Exchange's goes on as before, and no execution fails (and is
        retried) for each incident."""
        from pagerduty_mattermost.core.config.settings import is_mattermost_absent

        if not is_mattermost_absent(self.settings):
            return None
        return {
            "done": "not_configured",
            "message": "Nothing posted: the configuration says nothing of Mattermost.",
        }

    def post_once(self, channel_id: str, message: str, **terms: Any) -> Sent:
        """`messages.post_once` with this action's gateway, store and clocks."""
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

    def complain(self, about: str, text: str, ttl: float = 86400.0) -> bool:
        """Tell people in the operations channel, once within `ttl` seconds for the same `about`;
        `text` is safe Markdown."""
        from pagerduty_mattermost.gateways.mattermost.operations_notices import complain

        return complain(
            self.mattermost, self.store, about, text, log=self.log, ttl=ttl, clock=self.clock
        )

    def _complain_of_channel(self, error: ChannelUnavailable) -> None:
        self.complain(f"channel:{error.channel}", str(error))

    @property
    def _request_log(self) -> Any:
        """Gets a line for each request when `debug` is on."""
        return self.log if self.settings.debug else None

    def _one_line(self, text: str) -> str:
        return one_line(self._without_secrets(clean(text)), 2000)

    def _log_stack(self) -> None:
        import traceback

        self.log.debug("%s", self._without_secrets(traceback.format_exc()))

    def _without_secrets(self, text: str) -> str:
        for secret in _secrets(dict(self.config)):
            text = text.replace(secret, "***")
        return text


def fit(value: Any) -> Any:
    """`value` as StackStorm can store it: string keys, lists for tuples, a dict for a NamedTuple,
    integers within 64 bits (else text), no NaN, no lone surrogates, NUL or magic strings
    (facts/stackstorm.md, Actions)."""
    return value if _is_fit(value) else _fitted(value, 0)


def _is_fit(value: Any) -> bool:
    """Whether nothing has to be done to it, as to nearly every answer: a thousand incidents are
    looked through, level by level, in a fifth of the time that making them anew takes."""
    texts: Set[Any] = set()  # most of them come again and again: types, names, addresses
    level = [value]
    for _ in range(MAX_DEPTH):
        below: List[Any] = []
        for node in level:
            kind = type(node)
            if kind is str:
                texts.add(node)
            elif kind is dict:
                texts.update(node)
                below += node.values()
            elif kind is list:
                below += node
            elif kind is int:
                if not -_INT64 <= node < _INT64:
                    return False
            elif kind is float:
                if node - node != 0:
                    return False
            elif node is not None and kind is not bool:
                return False
        if not below:
            break
        level = below
    else:
        return False
    try:
        text = "\n".join(texts)
    except TypeError:  # a key that is no text
        return False
    return text.replace("\n", "").isprintable() and not (
        "~=" in text or "%***" in text or "__*" in text
    )


def _fitted(value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, str):
        return clean(value)
    if depth >= MAX_DEPTH:
        return "..."
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {clean(str(key)): _fitted(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_fitted(item, depth + 1) for item in value]
    return clean(str(value))


def listed(value: Any) -> List[str]:
    """The texts of an array parameter, however it was typed: a list, `a,b`, or `[a,b]`, which
    StackStorm splits on its commas into "[a" and "b]" (facts/stackstorm.md, Actions). Quotes
    around a text and empty texts go."""
    if value is None:
        return []
    items = (
        [str(item) for item in value if item is not None]
        if isinstance(value, (list, tuple))
        else [str(value)]
    )
    texts = [part.strip() for item in items for part in item.split(",")]
    if texts and texts[0].startswith("[") and texts[-1].endswith("]"):
        texts[0], texts[-1] = texts[0][1:], texts[-1][:-1] if len(texts) > 1 else texts[0][1:-1]
    return [text for text in (part.strip().strip("\"'").strip() for part in texts) if text]


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
            if _SECRET_WORDS.search(name):
                found.add(value)
            credentials = re.match(r"[a-z0-9+.-]+://([^/@]+)@", value, re.IGNORECASE)
            if credentials:
                found.update(part for part in credentials.group(1).split(":", 1) if len(part) >= 4)
    return sorted(found, key=len, reverse=True)


def _place(error: BaseException) -> str:
    """file:line in function, of the innermost frame."""
    frame = error.__traceback__
    if frame is None:
        return "?"
    while frame.tb_next is not None:
        frame = frame.tb_next
    code = frame.tb_frame.f_code
    return f"{code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno} ({code.co_name})"
