"""Secrets that a `.setup` action got from PagerDuty or Mattermost, kept encrypted in the
datastore, so that a sensor knows calls that bear them beside those of the configuration.

    add(store, WEBHOOK_SECRETS, KeptSecret(subscription_id, secret), MAX_WEBHOOK_SECRETS)
    read(store, WEBHOOK_SECRETS)                 # (KeptSecret, ...), the newest first
    accepted(store, CHAT_TOKENS, config.chat.command_tokens, SLASH_COMMAND).texts
    forget(store, CHAT_TOKENS)

All raise StoreUnreachable: also a write where StackStorm has no key to encrypt with.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Iterable, NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.http.accepted_secrets import AcceptedSecrets
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store


class Purpose(NamedTuple):
    """What secrets are for: the datastore's key, and the names that its rows use."""

    key: str
    id: str
    secret: str


CHAT_TOKENS = Purpose("chat.tokens", "id", "token")
"""Tokens of the slash commands and outgoing webhooks that `mattermost.setup` made, by their ids at
Mattermost."""
SLASH_COMMAND, OUTGOING_WEBHOOK = "command", "webhook"
"""Kinds of chat tokens."""
WEBHOOK_SECRETS = Purpose("webhook.secret", "subscription_id", "secret")
"""Of PagerDuty's webhook subscriptions, the newest first. PagerDuty tells a secret once, in the
answer that makes the subscription."""
MAX_WEBHOOK_SECRETS = 3
"""Calls signed with an older one may still be repeated, for two days."""


class KeptSecret(NamedTuple):
    """One secret, by the id of what it belongs to."""

    id: str
    secret: Secret
    kind: str = ""


def read(store: Store, purpose: Purpose) -> Tuple[KeptSecret, ...]:
    """The secrets in the order in which they were kept. Raises BrokenValue too."""
    value = store.read_secret(purpose.key)
    return tuple(
        KeptSecret(
            str(row.get(purpose.id) or ""),
            Secret(str(row[purpose.secret])),
            str(row.get("kind") or ""),
        )
        for row in (value if isinstance(value, list) else ())
        if isinstance(row, Mapping) and row.get(purpose.secret)
    )


def read_or_none(store: Store, purpose: Purpose) -> Tuple[KeptSecret, ...]:
    """The same; () for a value that does not read, for a setup that makes it anew."""
    try:
        return read(store, purpose)
    except BrokenValue:
        return ()


def write(store: Store, purpose: Purpose, secrets: Iterable[KeptSecret]) -> None:
    """Keep these in place of all that were kept."""
    rows = [
        {
            purpose.id: one.id,
            purpose.secret: one.secret.reveal(),
            **({"kind": one.kind} if one.kind else {}),
        }
        for one in secrets
    ]
    store.write(purpose.key, rows, encrypt=True)


def add(store: Store, purpose: Purpose, new: KeptSecret, at_most: int) -> None:
    """In front of the others, in place of one of the same id; the oldest beyond `at_most` go."""
    older = [one for one in read_or_none(store, purpose) if one.id != new.id]
    write(store, purpose, [new, *older][:at_most])


def forget(store: Store, purpose: Purpose) -> bool:
    """False when there were none."""
    return store.delete(purpose.key)


def accepted(
    store: Store, purpose: Purpose, configured: Iterable[Secret], kind: str = ""
) -> AcceptedSecrets:
    """What a call may bear: the configured ones and those kept, of one kind."""
    return AcceptedSecrets(
        lambda: [one.secret for one in read(store, purpose) if one.kind == kind], configured
    )
