"""Stand-in: a datastore in memory (see standalone/shims/README.md).

Like StackStorm's own mock it keeps values as they are (no `str()`), expires and encrypts nothing
and ignores `limit`.
"""

from __future__ import annotations

from typing import Any, Dict, List, Optional

__all__ = ["KeyValuePair", "MockDatastoreService"]


class KeyValuePair:
    """One item; `id` is its name."""

    def __init__(self, name: str, value: Any) -> None:
        self.name = name
        self.value = value

    @property
    def id(self) -> str:
        return self.name


class MockDatastoreService:
    """`get_value`, `set_value`, `list_values`, `delete_value`; local names are
    `<pack>.<class>:<name>`."""

    def __init__(
        self, logger: Any, pack_name: str, class_name: str, api_username: Optional[str] = None
    ) -> None:
        self._logger = logger
        self._pack_name = pack_name
        self._class_name = class_name
        self._username = api_username or "admin"
        self._datastore_items: Dict[str, KeyValuePair] = {}

    def get_user_info(self) -> Dict[str, Any]:
        """Who uses the datastore: a pretended administrator."""
        return {
            "username": self._username,
            "rbac": {"is_admin": True, "enabled": True, "roles": ["admin"]},
            "authentication": {"method": "authentication token", "location": "header"},
        }

    def list_values(
        self,
        local: bool = True,
        limit: Optional[int] = None,
        prefix: Optional[str] = None,
        offset: Optional[int] = 0,
    ) -> List[KeyValuePair]:
        """All items whose name begins so."""
        start = (self._full_name("", local) if local else "") + (prefix or "")
        return [item for name, item in self._datastore_items.items() if name.startswith(start)]

    def get_value(
        self, name: str, local: bool = True, scope: str = "st2kv.system", decrypt: bool = False
    ) -> Any:
        """The value, or None."""
        item = self._datastore_items.get(self._full_name(name, local))
        return None if item is None else item.value

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: Optional[int] = None,
        local: bool = True,
        scope: str = "st2kv.system",
        encrypt: bool = False,
    ) -> bool:
        """Keeps the value; a ttl is only remembered."""
        full_name = self._full_name(name, local)
        item = KeyValuePair(full_name, value)
        if ttl:
            self._logger.warning("MockDatastoreService is not able to expire keys based on ttl.")
            item.ttl = ttl  # type: ignore[attr-defined]
        self._datastore_items[full_name] = item
        return True

    def delete_value(self, name: str, local: bool = True, scope: str = "st2kv.system") -> bool:
        """False when there was none."""
        return self._datastore_items.pop(self._full_name(name, local), None) is not None

    def get_api_client(self) -> Any:
        """The mocks have no API, here as on StackStorm."""
        raise NotImplementedError("get_api_client() not implemented")

    def _full_name(self, name: str, local: bool) -> str:
        return f"{self._pack_name}.{self._class_name}:{name}" if local else name
