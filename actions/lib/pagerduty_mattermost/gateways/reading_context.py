"""A `Context` made for reading only, for dry runs: nothing that is done with it changes anything.

    reading = ReadingContext.of(context)
    reading.pagerduty.get("/incidents/PT4KHLK")       # as ever
    reading.pagerduty.put("/incidents", {...})        # raises WriteRefused, nothing is sent

Each gateway refuses whatever is not a read, and so does the datastore: `WriteRefused` tells what
would have been written, and where. What is only remembered to save a request (`Store.remember`),
told to operators, or kept because it failed, is left out without a word.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Callable, Mapping, Optional

from pagerduty_mattermost.core.errors import WriteRefused
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.pagerduty.events_api import Events
    from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase

DATASTORE, PAGERDUTY, EVENTS, MATTERMOST, STACKSTORM = (
    "the datastore",
    "PagerDuty",
    "PagerDuty's events",
    "Mattermost",
    "StackStorm",
)
STACKSTORM_READS = ("get_", "query", "list", "match", "search")
"""With what the names of the client's methods begin that only read."""


class ReadingStore(Store):
    """Reads as ever, refuses to write."""

    def write(
        self, name: str, value: Any, ttl: Optional[float] = None, *, encrypt: bool = False
    ) -> None:
        """Raises WriteRefused."""
        raise WriteRefused(DATASTORE, "write", name)

    def delete(self, name: str) -> bool:
        """Raises WriteRefused."""
        raise WriteRefused(DATASTORE, "delete", name)

    def remember(self, name: str, value: Any, ttl: float) -> None:
        """Nothing: it will be found out anew."""

    def forget(self, name: str) -> None:
        """Nothing: it ends by itself."""


class ReadingClient:
    """StackStorm's API client, or a part of it, of which only what reads can be called."""

    def __init__(self, client: Any, path: str = "") -> None:
        self._client, self._path = client, path

    def __getattr__(self, name: str) -> Any:
        """Raises AttributeError as the client does; what is no read raises WriteRefused when it is
        called."""
        found, path = getattr(self._client, name), f"{self._path}/{name}"
        if isinstance(found, dict):
            return {key: ReadingClient(part, f"{path}/{key}") for key, part in found.items()}
        if not callable(found):
            is_part = hasattr(found, "__dict__")
            return ReadingClient(found, path) if is_part else found
        if name.startswith(STACKSTORM_READS):
            return found

        def refuse(*given: Any, **named: Any) -> Any:
            raise WriteRefused(STACKSTORM, name, self._path)

        return refuse


class ReadingContext(Context):
    """See the module's docstring."""

    @classmethod
    def of(cls, context: Context) -> ReadingContext:
        """One with the same configuration, datastore, log and clocks. What fails is not kept."""
        return cls(
            context._config,
            context._datastore_service,
            context.log,
            clock=context.clock,
            monotonic=context.monotonic,
            sleep=context.sleep,
        )

    @cached_property
    def store(self) -> Store:
        return ReadingStore(self._datastore_service, monotonic=self.monotonic, sleep=self.sleep)

    @cached_property
    def store_soon(self) -> Store:
        return self.store

    def _make_pagerduty(self, *, soon: bool) -> PagerDuty:
        made = super()._make_pagerduty(soon=soon)
        made.before_write = _refusal(PAGERDUTY)
        return made

    def _make_events(self, *, soon: bool) -> Events:
        made = super()._make_events(soon=soon)
        made.before_write = _refusal(EVENTS)
        return made

    def _make_mattermost(self, *, soon: bool) -> Mattermost:
        made = super()._make_mattermost(soon=soon)
        made.refuse_writes(_refusal(MATTERMOST))
        return made

    def stackstorm(self) -> Any:
        """As ever, for reading."""
        client = super().stackstorm()
        return None if client is None else ReadingClient(client)

    def start_action(self, ref: str, given: Mapping[str, str]) -> str:
        """Raises WriteRefused."""
        raise WriteRefused(STACKSTORM, "run", ref, dict(given))

    def run_phrase(self, kept: KeptPhrase, refusal: Callable[[str], str]) -> str:
        """Raises WriteRefused."""
        raise WriteRefused(STACKSTORM, "run", kept.phrase, {"user": kept.user_name})

    def notify_operators(self, about: str, text: str, ttl: float = 86400.0) -> bool:
        """Nothing is posted."""
        return False


def _refusal(side: str) -> Callable[[str, str, Any, str], None]:
    def refuse(method: str, path: str, body: Any, from_email: str) -> None:
        raise WriteRefused(side, method, path, body, from_email)

    return refuse
