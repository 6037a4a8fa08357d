"""What is remembered of which Mattermost account a PagerDuty user has: a name for a day, that
there is none for ten minutes.

    known = known_in(kept, now)             # of `identity.read_all`: {person's id: KnownAccount}
    remember(store, known, {"PADA": KnownAccount("ada", account, "", now, now)}, now)

It stands in a few keys beside the links of `people.identity`: one listing tells both, and has
hardly more pages than the links alone, however many people there are. Nothing depends on it: where
two write a key at the same moment, what one of them found is looked up once more.
"""

from __future__ import annotations

import math
import zlib
from typing import Any, Dict, Mapping, NamedTuple

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEY_PREFIX = "identity.accounts."
OLD_PREFIX = "mention."
"""Of keys that an earlier version wrote, one for each person, for a day; nothing reads them."""
KEYS = 16
MOST = 100
"""People in one key: the newest."""
REMEMBERED_SECONDS = 86400.0
"""How long it is believed which account a person has."""
MISSED_SECONDS = 600.0
"""How long it is believed that a person has no account."""


class KnownAccount(NamedTuple):
    """The Mattermost account of a PagerDuty user, as it was found."""

    username: str
    """Empty: the person has no account."""
    account: str
    """Its id."""
    link: str
    """Id of the account that an admin had linked to the person by then."""
    found: float
    """When it was found, in seconds since the epoch."""
    seen: float
    """When the account was seen last to have that name."""


def known_in(kept: Mapping[str, Any], now: float) -> Dict[str, KnownAccount]:
    """What is still believed. `kept`: values by the names of their keys, among them others than
    these. What does not read is not remembered."""
    found: Dict[str, KnownAccount] = {}
    for key, values in kept.items():
        if not key.startswith(KEY_PREFIX) or not isinstance(values, dict):
            continue
        for person_id, value in values.items():
            try:
                one = from_json(KnownAccount, value)
            except MisshapenValue:
                continue
            if left(one, now) > 0:
                found[person_id] = one
    return found


def left(one: KnownAccount, now: float) -> float:
    """Seconds for which it is still believed; 0 also for what is of a time to come, by a clock
    that was set back."""
    seconds = REMEMBERED_SECONDS if one.username else MISSED_SECONDS
    if not now - seconds < one.found <= one.seen <= now:
        return 0.0
    return one.found + seconds - now


def remember(
    store: Store, known: Dict[str, KnownAccount], found: Mapping[str, KnownAccount], now: float
) -> None:
    """Written down, each key once; also in `known`, which is what was read. Raises as
    `Store.remember`."""
    known.update(found)
    for key in sorted({key_of(id) for id in found}):
        beside = {id: other for id, other in known.items() if key_of(id) == key}
        newest = sorted(beside, key=lambda id: beside[id].found, reverse=True)[:MOST]
        kept = {id: beside[id] for id in newest if left(beside[id], now) > 0}
        if kept:
            seconds = max(left(other, now) for other in kept.values())
            store.remember(key, to_json(kept), math.ceil(seconds))


def key_of(person_id: str) -> str:
    """The relative key in which the person's account stands, beside those of others."""
    return f"{KEY_PREFIX}{zlib.crc32(person_id.encode('utf-8', 'replace')) % KEYS:02d}"
