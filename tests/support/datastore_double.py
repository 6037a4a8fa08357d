"""A datastore service in memory, with trouble on demand, for tests of whatever stands on
`store`."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Callable, Dict, List, NamedTuple, Optional, Set


class Item(NamedTuple):
    name: str
    value: str
    encrypted: bool = False
    expire_timestamp: str = ""


class Service:
    """A datastore service as StackStorm's is: pages of at most 100, raises when down, None on get
    either way."""

    def __init__(self) -> None:
        self.items: Dict[str, str] = {}
        self.ttls: Dict[str, Optional[int]] = {}
        self.trouble: Callable[[], None] = lambda: None
        self.calls: List[str] = []
        self.encrypted: Set[str] = set()
        self.ends: Dict[str, str] = {}
        """When a key expires, ISO 8601; a test says so."""

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> List[Item]:
        self._called("list", local)
        found = [self._item(name) for name in sorted(self.items) if name.startswith(prefix)]
        return found[offset : offset + min(limit, 100)]

    def get_value(self, name: str, local: bool = True, decrypt: bool = False) -> Optional[str]:
        try:
            self._called("get", local)
        except Exception:
            return None  # as StackStorm does
        return self.items.get(name) if decrypt else self._shown(name)

    def set_value(
        self,
        name: str,
        value: str,
        ttl: Optional[int] = None,
        local: bool = True,
        encrypt: bool = False,
    ) -> bool:
        self._called("set", local)
        self.items[name] = value
        self.ttls[name] = ttl
        self.encrypted.discard(name)
        if encrypt:
            self.encrypted.add(name)
        return True

    def _item(self, name: str) -> Item:
        return Item(name, self._shown(name), name in self.encrypted, self.ends.get(name, ""))

    def _shown(self, name: str) -> str:
        return "********" if name in self.encrypted else self.items[name]

    def delete_value(self, name: str, local: bool = True) -> bool:
        self._called("delete", local)
        return self.items.pop(name, None) is not None

    def _called(self, what: str, local: bool) -> None:
        assert not local
        self.calls.append(what)
        self.trouble()


class Mock(Service):
    """As st2tests' mock: limit and offset mean nothing."""

    def list_values(
        self, local: bool = True, prefix: str = "", limit: int = 100, offset: int = 0
    ) -> List[Item]:
        self._called("list", local)
        return [Item(name, value) for name, value in self.items.items() if name.startswith(prefix)]


def raiser(error: Exception, times: int = 10**6) -> Callable[[], None]:
    left = [times]

    def trouble() -> None:
        if left[0]:
            left[0] -= 1
            raise error

    return trouble
