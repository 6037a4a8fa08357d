"""StackStorm's datastore in memory, which forgets by the clock of a model."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Optional, Tuple


class Item(NamedTuple):
    name: str
    value: str


class Datastore:
    """Shared by all: StackStorm's, with expiry by the sandbox's clock."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.items: Dict[str, Tuple[str, Optional[float]]] = {}

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> List[Item]:
        now = self._clock()
        live = [
            (name, kept)
            for name, kept in sorted(self.items.items())
            if kept[1] is None or kept[1] > now
        ]
        found = [Item(name, value) for name, (value, _) in live if name.startswith(prefix)]
        return found[offset : offset + min(limit, 100)]

    def set_value(
        self,
        name: str,
        value: str,
        ttl: Optional[float] = None,
        local: bool = True,
        encrypt: bool = False,
    ) -> bool:
        self.items[name] = (value, self._clock() + ttl if ttl else None)
        return True

    def delete_value(self, name: str, local: bool = True) -> bool:
        return self.items.pop(name, None) is not None
