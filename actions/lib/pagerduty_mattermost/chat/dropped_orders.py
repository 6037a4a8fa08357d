"""Orders that were taken back: StackStorm did not confirm one in time, so its giver was told that
it was not taken. It may still arrive; the action then leaves it alone."""

from __future__ import annotations

from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY_PREFIX = "dropped."
KEPT_SECONDS = 600
"""Longer than an order is valid (`requests.VALID_SECONDS`)."""


def drop(store: Store, order_id: str) -> None:
    """Take the order back. Raises StoreUnreachable."""
    store.write(KEY_PREFIX + order_id, True, ttl=KEPT_SECONDS)


def was_dropped(store: Store, order_id: str) -> bool:
    """Whether it was taken back. Raises StoreUnreachable."""
    return store.read(KEY_PREFIX + order_id) is not None
