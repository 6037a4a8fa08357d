"""A card's post in its channel: found where an earlier run may have made it, else created."""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, NamedTuple, Optional

from pagerduty_mattermost.cards.card import Card
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.records import CardRecord, IncidentMemory, IncidentRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.post_once import (
    CLOCK_MARGIN_SECONDS,
    LOOK_AGAIN_AFTER_SECONDS,
)
from pagerduty_mattermost.incidents.incident import Change

FRESH_SECONDS = 120.0
"""How long whoever wrote an intent is left to finish the card by itself."""
OLD_NEWS_SECONDS = 600.0
"""News older than this are looked for before they are posted: the datastore may have been restored
from a time before they were, and know nothing of them."""


class CreatedCard(NamedTuple):
    record: CardRecord
    """With the post's id, unless another run is posting it at this moment."""
    created: Optional[Dict[str, Any]] = None
    """The post, when this run made it: nobody has replied to it before."""
    is_new: bool = False
    """The card was not there when this run began."""
    mentioned: bool = False
    """The card went out with mentions."""


class CardCreator:
    """Finds or creates the post of a card. Any number of runs make one."""

    def __init__(
        self,
        mattermost: Mattermost,
        mentions: Optional[Mentions],
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mattermost = mattermost
        self._mentions = mentions
        self._clock = clock
        self._monotonic = monotonic

    def find_or_create(
        self,
        records: IncidentRecords,
        change: Change,
        record: CardRecord,
        memory: IncidentMemory,
        card: Card,
        read_at: float,
        *,
        here: bool,
    ) -> CreatedCard:
        """The record with its post: looked for where an intent stands, else created. The record is
        not written with it yet: until it is, the intent leads whoever comes to the post.

        `read_at`: monotonic seconds before the memory was read. `here`: the run is about this
        channel; another one leaves a fresh intent to whoever wrote it, and finishes an old one.
        """
        now = self._clock()
        key = record.key or post_key("card", change.incident.id, record.channel_id)
        if not here and abs(now - record.at) < FRESH_SECONDS:
            return CreatedCard(record)
        intended = record.channel_id in memory.cards
        created_at = times.seconds(change.incident.created_at) or now
        since = (record.at if 0 < record.at <= now else created_at) - CLOCK_MARGIN_SECONDS
        closed = not change.incident.is_open
        if not intended:
            record = record._replace(key=key, at=now, closed=closed)
            records.save_card(record)
        found = None
        waited = self._monotonic() - read_at > LOOK_AGAIN_AFTER_SECONDS
        if intended or now - created_at > OLD_NEWS_SECONDS or waited:
            found = self._mattermost.find_post(record.channel_id, key, since)
        made, mention = found is None, ""
        created = None
        if found is None:
            mention = self._mentions.at_birth(record.route, change) if self._mentions else ""
            message = f"{card.message} · {mention}" if mention else card.message
            try:
                found = created = self._mattermost.create_post(
                    record.channel_id, message, key=key, props=card.props
                )
            except RetryLater as error:
                if not error.maybe_done:
                    raise
                found = self._mattermost.find_post(record.channel_id, key, since)
                if found is None:
                    raise
        record = record._replace(
            key=key,
            post_id=str(found["id"]),
            at=record.at or now,
            born=not (record.route.checklist or record.route.reactions),
            closed=closed,
            bot=str(found.get("user_id") or ""),
        )
        return CreatedCard(record, created, made, bool(mention))
