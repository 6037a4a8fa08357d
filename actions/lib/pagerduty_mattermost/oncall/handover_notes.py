"""Notes of somebody on call for whoever comes after them: kept for their next hand-off, told once.

add(store, person.id, "Database is slow, see the runbook", now)
read(store, person.id)      # "Database is slow, see the runbook"; empty when there are none
delete(store, person.id)
"""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "handover."
KEPT_SECONDS = 30 * 86400.0
MAX_CHARACTERS = 2000
"""Of all that one person notes."""


def read(store: Store, user_id: str) -> str:
    """As it was typed, cleaned. `user_id`: PagerDuty's. Raises StoreUnreachable."""
    try:
        kept: Any = store.read(KEY_PREFIX + user_id)
    except BrokenValue as error:
        store.quarantine(error.name, error.raw, error.why)
        return ""
    return clean(kept.get("text"), MAX_CHARACTERS) if isinstance(kept, dict) else ""


def add(store: Store, user_id: str, text: str, now: float) -> str:
    """Behind what is noted already, which is not noted again; all of it. Raises RejectedInput
    where that is too long."""
    before, added = read(store, user_id), clean(text).strip()
    if added in before.split("\n\n"):
        return before
    whole = "\n\n".join(part for part in (before, added) if part)
    if len(whole) > MAX_CHARACTERS:
        raise RejectedInput(
            f"notes have {MAX_CHARACTERS} characters at most, these would have {len(whole)}: "
            "`/pd handover clear` drops what is noted"
        )
    store.write(KEY_PREFIX + user_id, {"text": whole, "at": now}, KEPT_SECONDS)
    return whole


def delete(store: Store, user_id: str) -> None:
    """Nothing is noted any more. Raises as `Store.delete`."""
    store.delete(KEY_PREFIX + user_id)
