"""The tokens of what `mattermost.setup` made, kept encrypted in the datastore: the chat sensor
takes calls that bear them beside those of the configuration.

    keep(store, "command", id, token); kept(store) -> {("command", id): token}; forget(store)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Dict, Iterable, Tuple

from pagerduty_mattermost.core.config.reader import Secret
from pagerduty_mattermost.gateways.http.accepted_secrets import Keyring
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

NAME = "chat.tokens"
COMMAND, WEBHOOK = "command", "webhook"
RELOAD = 600.0
"""Seconds after which they are read again although all are known: one that was taken back must not
count for ever."""

Tokens = Dict[Tuple[str, str], Secret]


def kept(store: Store) -> Tokens:
    """By kind and id at Mattermost. Raises StoreUnreachable; what does not read counts as
    nothing."""
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
    """All of them. Raises StoreUnreachable: unreachable, or StackStorm has no key to encrypt
    with."""
    rows = [
        {"kind": kind, "id": id, "token": token.reveal()} for (kind, id), token in tokens.items()
    ]
    store.write(NAME, rows, encrypt=True)


def forget(store: Store) -> bool:
    """False when there was nothing."""
    return store.delete(NAME)


def ring(kind: str, configured: Iterable[Secret], store: Store) -> Keyring:
    """The tokens of one kind that a call may bear."""
    return Keyring(
        lambda: [token for (one, _), token in kept(store).items() if one == kind], configured
    )
