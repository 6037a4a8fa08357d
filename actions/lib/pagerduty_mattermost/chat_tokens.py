"""The tokens of what `mattermost.setup` made, kept encrypted in the datastore: the chat sensor takes calls that bear
them beside those of the configuration.

    keep(store, "command", id, token); kept(store) -> {("command", id): token}; forget(store)
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Dict, Iterable, Optional, Tuple

from .config import Secret
from .errors import PackError
from .store import BrokenValue, Store

NAME = "chat.tokens"
COMMAND, WEBHOOK = "command", "webhook"
REFRESH = 2.0
"""Seconds between two looks into the datastore, however many calls bear an unknown token."""
RELOAD = 600.0
"""Seconds after which they are read again although all are known: one that was taken back must not count for ever."""

Tokens = Dict[Tuple[str, str], Secret]


def kept(store: Store) -> Tokens:
    """By kind and id at Mattermost. Raises StoreUnreachable; what does not read counts as nothing."""
    try:
        value = store.read_secret(NAME)
    except BrokenValue:  # edited by hand: made anew by the next setup
        value = None
    rows = value if isinstance(value, list) else []
    return {
        (str(row.get("kind")), str(row.get("id"))): Secret(str(row["token"]))
        for row in rows
        if isinstance(row, Mapping) and row.get("token")
    }


def keep(store: Store, tokens: Tokens) -> None:
    """All of them. Raises StoreUnreachable: unreachable, or StackStorm has no key to encrypt with."""
    rows = [{"kind": kind, "id": id, "token": token.reveal()} for (kind, id), token in tokens.items()]
    store.write(NAME, rows, encrypt=True)


def forget(store: Store) -> bool:
    """False when there was nothing."""
    return store.delete(NAME)


class Keyring:
    """The configuration's tokens of one kind and the kept ones, as a listener's threads need them."""

    def __init__(self, kind: str, configured: Iterable[Secret], store: Store) -> None:
        self._kind = kind
        self._configured = tuple(one.reveal() for one in configured)
        self._store = store
        self._lock = threading.Lock()
        self._stored: Tuple[str, ...] = ()
        self._looked_at: Optional[float] = None

    @property
    def texts(self) -> Tuple[str, ...]:
        return (*self._stored, *self._configured)

    def refresh(self, now: float, every: float = REFRESH) -> bool:
        """Whether a look into the datastore brought something new; at most once in so many seconds."""
        with self._lock:
            if self._looked_at is not None and now - self._looked_at < every:
                return False
            self._looked_at = now
            try:
                found = kept(self._store)
            except PackError:
                return False
            stored = tuple(token.reveal() for (kind, _), token in found.items() if kind == self._kind)
            changed, self._stored = stored != self._stored, stored
            return changed
