"""Many keys of the datastore deleted at once. StackStorm has no request for it: so several are
under way at a time.

    delete_all(store, ["incident.P1.mark", "sensor.head"])
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Sequence

from pagerduty_mattermost.gateways.stackstorm.datastore import MAX_ABANDONED, Store

KEYS_AT_ONCE = MAX_ABANDONED - 2
"""Requests under way at a time: fewer than may go unanswered before a store calls no more."""


def delete_all(store: Store, names: Sequence[str]) -> None:
    """Each of the (relative) names; which are still there, `Store.rows` tells. Raises as
    `Store.delete`, once those under way have ended."""
    with ThreadPoolExecutor(
        max_workers=KEYS_AT_ONCE, thread_name_prefix="pagerduty-delete"
    ) as pool:
        for done in [pool.submit(store.delete, name) for name in names]:
            done.result()
