"""The webhook's secrets: those of the configuration, and what `webhook.setup` keeps encrypted in
the datastore.

    keep(store, subscription_id, secret)        # the newest one first; two older ones stay, for
    calls on their way
    kept(store); forget(store)
    ring(config.webhook.secrets, store).texts   # what a call may be signed with (keyring)

PagerDuty tells a secret once, in the answer that makes the subscription.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Iterable, NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.http.accepted_secrets import Keyring
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

NAME = "webhook.secret"
KEPT = 3
"""Secrets kept: calls signed with an older one may still be repeated, for two days."""


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
    value = [
        {"subscription_id": one.subscription_id, "secret": one.secret.reveal()} for one in rows
    ]
    store.write(NAME, value, encrypt=True)


def forget(store: Store) -> bool:
    """False when there was nothing."""
    return store.delete(NAME)


def ring(configured: Iterable[Secret], store: Store) -> Keyring:
    """What the listener knows PagerDuty by."""
    return Keyring(lambda: [one.secret for one in kept(store)], configured)
