"""What the datastore keeps of channels that were resolved, for an hour. Nothing depends on it:
what can't be read or does not read is resolved again.

    kept = KeptChannels(store)
    kept.read(place)                # ChannelRef, or None
    kept.brought(place, listed)     # what a listing has of it: `read` asks no more

A channel that was given by a name stands beside what is remembered of people (`people.identity`),
so that whoever lists these, to mention some of them, need not read the channel as well. One that
was given by its id stands elsewhere, since of rooms there may be hundreds.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict, Mapping, Optional

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.gateways.mattermost.values import ChannelRef, is_id
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

NAMED_PREFIX = "identity.channels."
ID_PREFIX = "channel."
KEPT_SECONDS = 3600.0


class KeptChannels:
    """Channels as the datastore remembers them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listed: Dict[str, Any] = {}

    def brought(self, place: str, listed: Mapping[str, Any]) -> None:
        """`listed`: all values, by name, of keys that begin as `NAMED_PREFIX` does, or more."""
        if place.startswith(NAMED_PREFIX):
            self._listed[place] = listed.get(place)

    def read(self, place: str) -> Optional[ChannelRef]:
        value = None
        if place in self._listed:
            value = self._listed.pop(place)
        else:
            with suppress(PackError):
                value = self._store.read(place)
        found = record_or_none(ChannelRef, value)
        return found if found is not None and is_id(found.id) else None

    def write(self, place: str, channel: ChannelRef) -> None:
        with suppress(PackError):  # resolved again next time
            self._store.remember(place, to_json(channel), KEPT_SECONDS)

    def forget(self, place: str) -> None:
        with suppress(PackError):  # it expires within the hour
            self._store.forget(place)
