"""Who is on call first for an escalation policy, remembered for a few seconds: in a burst of
incidents PagerDuty is asked once.

    first_on_call(pagerduty, store, incident.escalation_policy_id)   # [Reference, ...]
"""

from __future__ import annotations

from contextlib import suppress
from typing import List, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.on_calls import first_level, read
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY_PREFIX = "present."
REMEMBERED_SECONDS = 15.0
"""Somebody may take over at any time."""
_KEY_SECONDS = 60.0


def first_on_call(pagerduty: PagerDuty, store: Store, policy_id: str) -> List[Reference]:
    """Those on call now at the policy's first level that has anybody; [] where nobody is.
    Remembered in the datastore, never past the end of anybody's shift; a datastore that is down
    costs only the memory. Raises the gateway's errors: who can't be known is never guessed."""
    name, now = KEY_PREFIX + policy_id, pagerduty.now()
    kept = _remembered(store, name, now)
    if kept is not None:
        return kept
    found = read(pagerduty, {"escalation_policy_ids": [policy_id]})
    rows = [row for row in found if row.policy_id == policy_id]
    people = [row.user for row in first_level(rows)]
    ends = [end for end in (times.seconds(row.end) for row in rows) if end is not None]
    until = min([now + REMEMBERED_SECONDS, *ends])
    if people and until > now:
        shown = [[one.id, one.name, one.email] for one in people]
        with suppress(PackError):
            store.remember(name, {"at": now, "until": until, "people": shown}, _KEY_SECONDS)
    return people


def _remembered(store: Store, name: str, now: float) -> Optional[List[Reference]]:
    try:
        kept = store.read(name)
        if kept is not None and float(kept["at"]) <= now < float(kept["until"]):
            return [
                Reference("user", str(id), str(name), str(email))
                for id, name, email in kept["people"]
            ]
    except (PackError, KeyError, TypeError, ValueError):
        return None
    return None
