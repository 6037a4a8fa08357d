"""What a replay has in place of StackStorm: keys in memory that end by its clock, the rules it was
given, and a list of what was dispatched."""

# flake8: noqa: E203

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.cards.post_rules import trigger_of
from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX, Store


class MemoryKey(NamedTuple):
    """As StackStorm's datastore lists it."""

    name: str
    value: str


class MemoryService:
    """A sensor's or an action's service, as far as the library uses it."""

    def __init__(self, clock: Callable[[], float], rules: Sequence[Any]) -> None:
        self._clock = clock
        self._keys: Dict[str, Tuple[str, Optional[float]]] = {}
        self._writes: Dict[str, int] = {}
        self.dispatched: List[Tuple[str, Any]] = []
        """Triggers with their payloads that no rule has seen yet."""
        manager = SimpleNamespace(
            get_all=lambda limit, offset: rules[offset : offset + limit],
            query=lambda trigger, limit: [one for one in rules if trigger_of(one) == trigger],
        )
        client = SimpleNamespace(rules=manager)
        self.datastore_service = SimpleNamespace(get_api_client=lambda: client)

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> List[MemoryKey]:
        now = self._clock()
        names = sorted(name for name in self._keys if name.startswith(prefix))
        living = [one for one in names if (self._keys[one][1] or now + 1) > now]
        return [MemoryKey(one, self._keys[one][0]) for one in living[offset : offset + limit]]

    def set_value(
        self,
        name: str,
        value: str,
        ttl: Optional[float] = None,
        local: bool = True,
        encrypt: bool = False,
    ) -> bool:
        kind = name[len(PREFIX) :].partition(".")[0]
        self._writes[kind] = self._writes.get(kind, 0) + 1
        self._keys[name] = (value, self._clock() + ttl if ttl else None)
        return True

    def delete_value(self, name: str, local: bool = True) -> bool:
        return self._keys.pop(name, None) is not None

    def writes(self, kind: str) -> int:
        """How often a value was written whose relative name begins with that word."""
        return self._writes.get(kind, 0)

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> None:
        self.dispatched.append((trigger, payload))


class MemoryStore(Store):
    """The datastore's values of that service, whose calls always return: no thread is needed that
    would wait for them."""

    def _in_thread(
        self, doing: str, call: Callable[[], Any], left: float, writes: str
    ) -> Tuple[bool, Any]:
        return True, call()
