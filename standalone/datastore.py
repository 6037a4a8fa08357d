"""StackStorm's datastore (system scope) on SQLite, shared by all processes that use the same data
folder.

Values are text (`str()` of what is given), expire after their ttl, and are listed by prefix, 100
at most a page. "Encrypted" values are kept as they are in a file only its owner may read, and
shown only on request: a key file beside the database would keep nobody out who can read the
database.
"""

from __future__ import annotations

import time
from typing import Any, Callable, List, NamedTuple, Optional

from standalone.database import Database

MASK = "********"
MAX_LIST_VALUES = 100
"""Values in one list, as StackStorm's `api.max_page_size`."""
_AFTER_ANY_NAME = "\U0010ffff"
"""Sorts behind whatever a name goes on with: names are Latin-1."""
SYSTEM_SCOPES = ("st2kv.system", "system")


class KeyValuePair(NamedTuple):
    """One value, under the names StackStorm's client has."""

    name: str
    value: str
    secret: bool = False
    expires_at: Optional[float] = None
    """Seconds since the epoch."""

    @property
    def id(self) -> str:
        return self.name

    @property
    def expire_timestamp(self) -> str:
        """`expires_at` as StackStorm's API tells it: ISO 8601, to the second; empty when it never
        does."""
        return (
            time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self.expires_at))
            if self.expires_at
            else ""
        )


class KeyValueStore:
    """The values themselves. `clock() -> seconds since the epoch` decides what has expired."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._clock = clock

    def get(self, name: str) -> Optional[KeyValuePair]:
        """The pair, secrets in the clear, or None."""
        rows = self._database.read(
            "SELECT name, value, secret, expires_at FROM datastore "
            "WHERE name = ? AND (expires_at IS NULL OR expires_at > ?)",
            (name, self._clock()),
        )
        return _pair(rows[0]) if rows else None

    def list(
        self, prefix: Optional[str] = None, limit: Optional[int] = None, offset: int = 0
    ) -> List[KeyValuePair]:
        """Pairs whose name begins with `prefix`, in the order of their names."""
        start = prefix or ""
        rows = self._database.read(
            "SELECT name, value, secret, expires_at FROM datastore WHERE name >= ? AND name < ? "
            "AND (expires_at IS NULL OR expires_at > ?) ORDER BY name LIMIT ? OFFSET ?",
            (
                start,
                start + _AFTER_ANY_NAME,
                self._clock(),
                min(limit or MAX_LIST_VALUES, MAX_LIST_VALUES),
                offset or 0,
            ),
        )
        return [_pair(row) for row in rows]

    def set(
        self, name: str, value: Any, ttl: Optional[float] = None, secret: bool = False
    ) -> None:
        """Stores `str(value)`, for `ttl` seconds when given. Raises ValueError for a name
        StackStorm would refuse."""
        if not name or "/" in name or not _is_latin_1(name):
            raise ValueError(
                f"'{name}' can't be a datastore key: use letters, digits, '.', '_', ':' and '-'"
            )
        now = self._clock()
        with self._database.write() as connection:
            connection.execute("DELETE FROM datastore WHERE expires_at <= ?", (now,))
            connection.execute(
                "INSERT OR REPLACE INTO datastore (name, value, secret, expires_at) VALUES "
                "(?, ?, ?, ?)",
                (name, str(value), int(secret), now + ttl if ttl else None),
            )

    def delete(self, name: str) -> bool:
        """False when there was none."""
        with self._database.write() as connection:
            found = connection.execute(
                "DELETE FROM datastore WHERE name = ? AND (expires_at IS NULL OR expires_at > ?)",
                (name, self._clock()),
            )
            return found.rowcount > 0


class DatastoreService:
    """The datastore as an action or a sensor sees it: `local` names are
    `<pack>.<class>:<name>`."""

    def __init__(
        self,
        store: KeyValueStore,
        pack: str,
        class_name: str,
        user: str,
        client: Callable[[], Any],
    ) -> None:
        self._store = store
        self._prefix = f"{pack}.{class_name}:"
        self._user = user
        self._client = client

    def get_user_info(self) -> Any:
        """Who the values belong to; there are no accounts, so everybody is an administrator."""
        return {
            "username": self._user,
            "rbac": {"is_admin": True, "enabled": False, "roles": []},
            "authentication": {"method": "none", "location": "none"},
        }

    def list_values(
        self,
        local: bool = True,
        prefix: Optional[str] = None,
        limit: Optional[int] = None,
        offset: Optional[int] = 0,
    ) -> List[KeyValuePair]:
        """Pairs by prefix, secrets masked."""
        start = (self._prefix if local else "") + (prefix or "")
        return [_masked(pair) for pair in self._store.list(start, limit, offset or 0)]

    def get_value(
        self, name: str, local: bool = True, scope: str = "st2kv.system", decrypt: bool = False
    ) -> Optional[str]:
        """The text, or None; a secret only with `decrypt`."""
        _check_scope(scope)
        pair = self._store.get(self._name(name, local))
        if pair is None:
            return None
        return pair.value if decrypt else _masked(pair).value

    def set_value(
        self,
        name: str,
        value: Any,
        ttl: Optional[float] = None,
        local: bool = True,
        scope: str = "st2kv.system",
        encrypt: bool = False,
    ) -> bool:
        """Stores `str(value)`."""
        _check_scope(scope)
        self._store.set(self._name(name, local), value, ttl, encrypt)
        return True

    def delete_value(self, name: str, local: bool = True, scope: str = "st2kv.system") -> bool:
        """False when there was none."""
        _check_scope(scope)
        return self._store.delete(self._name(name, local))

    def get_api_client(self) -> Any:
        """StackStorm's API as far as the pack uses it: `.rules.get_all()`."""
        return self._client()

    def _name(self, name: str, local: bool) -> str:
        return self._prefix + name if local else name


def _pair(row: Any) -> KeyValuePair:
    return KeyValuePair(row[0], row[1], bool(row[2]), row[3])


def _masked(pair: KeyValuePair) -> KeyValuePair:
    return pair._replace(value=MASK) if pair.secret else pair


def _check_scope(scope: str) -> None:
    if scope not in SYSTEM_SCOPES:
        raise ValueError(f"Scope {scope} is unsupported.")


def _is_latin_1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
