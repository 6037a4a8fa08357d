"""A card's post in its channel: found where an earlier run may have made it, else created."""

from __future__ import annotations

import time
from functools import partial
from typing import Any, Callable, Dict, List, NamedTuple, Optional

from pagerduty_mattermost.cards.card import Card
from pagerduty_mattermost.cards.incident_memory import CardRecord, IncidentMemory
from pagerduty_mattermost.cards.mentions import Mentions
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.mattermost.client import Mattermost, PostDeleted
from pagerduty_mattermost.gateways.mattermost.post_once import CLOCK_MARGIN_SECONDS
from pagerduty_mattermost.gateways.mattermost.settling import LOOK_AGAIN_AFTER_SECONDS, settled
from pagerduty_mattermost.incidents.incident import Change, Incident

FRESH_SECONDS = 120.0
"""How long whoever wrote an intent is left to finish the card by itself."""
OLD_NEWS_SECONDS = LOOK_AGAIN_AFTER_SECONDS
"""News older than this are looked for before they are posted: what the datastore knows is no
proof, since it may have been restored from a time before they were, be a new one, or not be the
only one, where two installations share a bot. What is younger nobody can have posted longer ago,
and of that Mattermost itself makes no second post."""


class CreatedCard(NamedTuple):
    """The card's post, and whether this run made it."""

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
        found_unrecorded: Callable[[str], Any] = lambda label: None,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`found_unrecorded` is told the channel of a card that the datastore knew nothing of."""
        self._mattermost = mattermost
        self._mentions = mentions
        self._found_unrecorded = found_unrecorded
        self._clock = clock
        self._monotonic = monotonic

    def intent(self, record: CardRecord, incident: Incident) -> CardRecord:
        """What is written before the post is made; its time is written with it."""
        key = record.key or post_key("card", incident.id, record.channel_id)
        return record._replace(
            key=key,
            seed=record.seed or self._mattermost.post_seed(key),
            closed=not incident.is_open,
        )

    def is_young(self, incident: Incident) -> bool:
        """Whether nobody can have posted its card so long ago that it has to be looked for."""
        now = self._clock()
        return abs(now - (times.seconds(incident.created_at) or now)) <= OLD_NEWS_SECONDS

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
        """The record with its post: looked for unless it is certain that there is none, else
        created. The record is not written with it yet: until it is, the intent leads whoever comes
        to the post. A record that is `gone`: a person deleted the post a moment ago.

        The intent is written (where the record has no time yet, else it is) when the channel was
        looked through, so its time says from when on whoever comes next has to look. `read_at`:
        monotonic seconds before the memory was read.
        `here`: the run is about this channel; another one leaves a fresh intent to whoever wrote
        it, and finishes an old one.
        """
        now = self._clock()
        if not here and abs(now - record.at) < FRESH_SECONDS:
            return CreatedCard(record)
        intended = record.channel_id in memory.cards
        record = self.intent(record, change.incident)
        created_at = times.seconds(change.incident.created_at) or now
        since = record.at if 0 < record.at <= now else created_at
        looked = read_at
        found = None
        if intended or not self.is_young(change.incident):
            looked = self._monotonic()
            found = self._find(record, since)
        if found is None and not intended and not record.at:
            record = record._replace(at=now)
            records.save_card(record)
        if found is not None:
            if not intended:
                self._found_unrecorded(record.label or record.channel_id)
            return self._with_post(record, found)
        mention = self._mentions.at_birth(record.route, change) if self._mentions else ""
        if self._monotonic() - looked > LOOK_AGAIN_AFTER_SECONDS:
            looked = self._monotonic()
            found = self._find(record, since)
            if found is not None:
                return self._with_post(record, found)
        message = f"{card.message} · {mention}" if mention else card.message
        try:
            made = self._mattermost.create_post(
                record.channel_id,
                message,
                key=record.key,
                props=card.props,
                seed=record.seed,
                priority=record.route.priority,
            )
        except PostDeleted:
            found = self._find(record, since)
            if found is None:
                return CreatedCard(record._replace(gone=True))
            return self._with_post(record, found)
        except RetryLater as error:
            found = self._find(record, since) if error.maybe_done else None
            if found is None:
                raise
            return self._with_post(record, found)._replace(is_new=True, mentioned=bool(mention))
        waited = self._monotonic() - looked
        read = partial(self._posts, record, since)
        stays = settled(self._mattermost, made, read, waited=waited)
        if stays["id"] != made["id"]:
            return self._with_post(record, stays)
        return self._with_post(record, made)._replace(
            created=made, is_new=True, mentioned=bool(mention)
        )

    def _find(self, record: CardRecord, since: float) -> Optional[Dict[str, Any]]:
        return self._mattermost.find_post(
            record.channel_id, record.key, since - CLOCK_MARGIN_SECONDS
        )

    def _posts(self, record: CardRecord, since: float) -> List[Dict[str, Any]]:
        return self._mattermost.posts_since(record.channel_id, since - CLOCK_MARGIN_SECONDS)

    def _with_post(self, record: CardRecord, post: Dict[str, Any]) -> CreatedCard:
        done = record._replace(
            post_id=str(post["id"]),
            at=record.at or self._clock(),
            born=not (record.route.checklist or record.route.reactions),
            bot=str(post.get("user_id") or ""),
        )
        return CreatedCard(done)
