"""`PackAction`: what every python action of the pack is built on.

An entry point defines one class and `act`:

    class GetChannel(PackAction):
        def act(self, channel: str) -> dict:
            return {"channel_id": ...}

`run` is StackStorm's; it calls `act` and turns what went wrong into `(False, one line)`: a `PackError` with its own
line, anything else with its type and place (the stack goes to the log at debug level). What `act` returns is made fit
for StackStorm (`fit`), the configuration's secrets never leave in a message. `self.settings`, `self.store`,
`self.pagerduty`, `self.mattermost` are built when first asked for, so an action pays only for what it uses.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Tuple

from st2common.runners.base_action import Action

from .errors import PackError

if TYPE_CHECKING:
    from .config import Config
    from .mattermost import Mattermost
    from .pagerduty import PagerDuty
    from .store import Store

MAGIC_STRINGS = ("%%%%%~=~=~=************=~=~=~%%%%", "%*****__%NONE%__*****%")
"""In a result the first fails the action after its effect, the second becomes None (facts/stackstorm.md)."""
MAX_DEPTH = 40

_SURROGATES = re.compile("[\ud800-\udfff]")
_SECRET_WORDS = re.compile(r"key|token|secret|password", re.IGNORECASE)
_INT64 = 2**63


class PackAction(Action):
    """Base of the pack's python actions. `clock`, `monotonic` and `sleep` are overridden by tests."""

    clock: Callable[[], float] = staticmethod(time.time)
    monotonic: Callable[[], float] = staticmethod(time.monotonic)
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def __init__(self, config: Any = None, action_service: Any = None) -> None:
        super().__init__(config=config, action_service=action_service)
        self._settings: Optional[Config] = None
        self._store: Optional[Store] = None
        self._pagerduty: Optional[PagerDuty] = None
        self._mattermost: Optional[Mattermost] = None

    def act(self, *args: Any, **params: Any) -> Any:
        """What the action does; returns its result or raises a PackError."""
        raise NotImplementedError(f"{type(self).__name__} has no act()")

    def run(self, **params: Any) -> Tuple[bool, Any]:
        """(True, result) or (False, one line for people)."""
        try:
            return True, fit(self.act(**params))
        except PackError as error:
            return False, self._one_line(str(error))
        except Exception as error:  # noqa: BLE001 - nobody above us would turn it into one line
            self._log_stack()
            return False, self._one_line(f"Unexpected {type(error).__name__} in {_place(error)}: {error}")

    @property
    def log(self) -> Any:
        return self.logger

    @property
    def settings(self) -> Config:
        """The pack's configuration; raises ConfigError."""
        if self._settings is None:
            from . import config

            self._settings = config.load(dict(self.config))
        return self._settings

    @property
    def store(self) -> Store:
        if self._store is None:
            from .store import Store

            self._store = Store(self.action_service)
        return self._store

    @property
    def pagerduty(self) -> PagerDuty:
        if self._pagerduty is None:
            from .pagerduty import PagerDuty

            self._pagerduty = PagerDuty(self.settings.pagerduty)
        return self._pagerduty

    @property
    def mattermost(self) -> Mattermost:
        """The gateway to Mattermost; raises ConfigError naming what is missing for it."""
        if self._mattermost is None:
            from .config import require_mattermost
            from .mattermost import Mattermost

            self._mattermost = Mattermost(require_mattermost(self.settings))
        return self._mattermost

    def _one_line(self, text: str) -> str:
        line = " ".join(_clean(text).split())
        for secret in _secrets(dict(self.config)):
            line = line.replace(secret, "***")
        return line[:2000]

    def _log_stack(self) -> None:
        import traceback

        stack = traceback.format_exc()
        for secret in _secrets(dict(self.config)):
            stack = stack.replace(secret, "***")
        self.log.debug("%s", stack)


def fit(value: Any, depth: int = 0) -> Any:
    """`value` as StackStorm can store it: string keys, lists for tuples, a dict for a NamedTuple, integers within 64
    bits (else text), no NaN, no lone surrogates, NUL or magic strings (facts/stackstorm.md, Actions)."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if -_INT64 <= value < _INT64 else str(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, str):
        return _clean(value)
    if depth >= MAX_DEPTH:
        return "..."
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {_clean(str(key)): fit(item, depth + 1) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [fit(item, depth + 1) for item in value]
    return _clean(str(value))


def _clean(text: str) -> str:
    text = _SURROGATES.sub("\ufffd", text.replace("\0", ""))
    while any(magic in text for magic in MAGIC_STRINGS):
        for magic in MAGIC_STRINGS:
            text = text.replace(magic, "")
    return text


def _secrets(config: Dict[str, Any]) -> List[str]:
    """The texts in the raw configuration that must not leave, longest first."""
    found = set()
    todo: List[Tuple[str, Any]] = [("", config)]
    while todo:
        name, value = todo.pop()
        if isinstance(value, Mapping):
            todo.extend((str(key), item) for key, item in value.items())
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
