"""The webhook's secrets: those of the configuration, and what `webhook.setup` keeps encrypted in the datastore.

    keep(store, subscription_id, secret)        # the newest one first; two older ones stay, for calls on their way
    kept(store); forget(store)
    keys = Keys(config.webhook.secrets, store); keys.load(); keys.texts; keys.refresh(now)

PagerDuty tells a secret once, in the answer that makes the subscription.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Iterable, List, NamedTuple, Optional, Tuple

from .config import Secret
from .errors import PackError
from .store import BrokenValue, Store

NAME = "webhook.secret"
KEPT = 3
"""Secrets kept: calls signed with an older one may still be repeated, for two days."""
REFRESH = 2.0
"""Seconds between two looks into the datastore, however many calls fit no secret."""


class Kept(NamedTuple):
    subscription_id: str
    secret: Secret


def kept(store: Store) -> Tuple[Kept, ...]:
    """Newest first. Raises StoreUnreachable or BrokenValue."""
    value = store.read_secret(NAME)
    rows = value if isinstance(value, list) else []
    return tuple(
        Kept(str(row.get("subscription_id") or ""), Secret(str(row["secret"])))
        for row in rows
        if isinstance(row, Mapping) and row.get("secret")
    )


def keep(store: Store, subscription_id: str, secret: str) -> None:
    """Raises StoreUnreachable: unreachable, or StackStorm has no key to encrypt with."""
    try:
        older = [one for one in kept(store) if one.subscription_id != subscription_id]
    except BrokenValue:  # edited by hand: replaced
        older = []
    rows = [Kept(subscription_id, Secret(secret)), *older][:KEPT]
    value = [{"subscription_id": one.subscription_id, "secret": one.secret.reveal()} for one in rows]
    store.write(NAME, value, encrypt=True)


def forget(store: Store) -> bool:
    """False when there was nothing."""
    return store.delete(NAME)


class Keys:
    """The secrets as a listener's threads need them."""

    def __init__(self, configured: Iterable[Secret], store: Store) -> None:
        self._configured = [one.reveal() for one in configured]
        self._store = store
        self._lock = threading.Lock()
        self._stored: List[str] = []
        self._looked_at: Optional[float] = None
        self.problem = ""
        """Why the datastore's could not be read; empty when they could."""

    @property
    def texts(self) -> Tuple[str, ...]:
        return (*self._stored, *self._configured)

    def load(self) -> None:
        """Look into the datastore. When that fails, what was known stays known, and `problem` says why."""
        try:
            self._stored = [one.secret.reveal() for one in kept(self._store)]
            self.problem = ""
        except PackError as error:
            self.problem = str(error)

    def refresh(self, now: float) -> None:
        """The same, at most every REFRESH seconds."""
        with self._lock:
            if self._looked_at is None or now - self._looked_at >= REFRESH:
                self._looked_at = now
                self.load()
