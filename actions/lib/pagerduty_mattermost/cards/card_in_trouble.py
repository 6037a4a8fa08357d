"""One card brought up to what is known, whose trouble stays with it: what is wrong in its channel
is posted in the operations channel, and the incident's other cards go on.

    card = CardInTrouble(painter, channels, log)
    card.bring_up(records, change, record, memory, read_at, here=True, trust_memory=False)
    card.failed(change, record, error)    # the outcome of whatever else went wrong
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from pagerduty_mattermost.cards.incident_memory import CardRecord, IncidentMemory
from pagerduty_mattermost.cards.outcome import FAILED, CardOutcome, untouched
from pagerduty_mattermost.cards.painter import CardPainter
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.mattermost.channels import (
    Channels,
    ChannelUnavailable,
)
from pagerduty_mattermost.gateways.mattermost.values import ChannelRef
from pagerduty_mattermost.incidents.incident import Change

MAX_PROBLEM_CHARACTERS = 500


class CardInTrouble:
    """One card whose trouble stays with it."""

    def __init__(self, painter: CardPainter, channels: Channels, log: Any) -> None:
        self._painter, self._channels, self._log = painter, channels, log

    def bring_up(
        self,
        records: IncidentRecords,
        change: Change,
        record: CardRecord,
        memory: IncidentMemory,
        read_at: float,
        *,
        here: bool,
        trust_memory: bool,
    ) -> CardOutcome:
        """As the painter's. `here`: the run is about this card's channel, so what is wrong with it
        is raised."""

        def brought(ref: Optional[ChannelRef] = None) -> CardOutcome:
            return self._painter.bring_up(
                records,
                change,
                record,
                memory,
                read_at,
                here=here,
                trust_memory=trust_memory,
            )

        try:
            return brought()
        except (Unauthorized, RejectedInput) as refused:
            if refused.status == 401:
                raise
            goes_on = record.post_id or record.shelved or not here
            if goes_on and self._channels.is_archived(record.channel_id, refused):
                return self._shelved(records, record)
            if here:
                raise
            return self._rejoined(change, record, brought, refused)
        except NotFound as error:
            if here:
                raise
            raise RetryLater(
                f"The card of {change.incident.id} in {record.label or record.channel_id}: {error}"
            ) from None

    def _shelved(self, records: IncidentRecords, record: CardRecord) -> CardOutcome:
        """People archived the channel: nobody is told, and the card goes on when it is back."""
        shelved = record._replace(shelved=True)
        if not record.shelved:
            records.save_card(shelved)
        return untouched(shelved)

    def failed(self, change: Change, record: CardRecord, error: Exception) -> CardOutcome:
        """What is wrong with one card stays with that one."""
        problem = str(error) if isinstance(error, PackError) else repr(error)
        line = one_line(f"The card of {change.incident.id}: {problem}", MAX_PROBLEM_CHARACTERS)
        if self._log is not None:
            self._log.warning("%s: %s", record.channel_id, line)
        return untouched(record)._replace(done=FAILED, problem=line)

    def _rejoined(
        self,
        change: Change,
        record: CardRecord,
        again: Callable[[Optional[ChannelRef]], CardOutcome],
        refused: PackError,
    ) -> CardOutcome:
        """Refused: the bot goes back into the channel and tries once more, or the operations
        channel says who must do what."""
        try:
            return self._channels.using(record.channel_id, again, known_as=record.label)
        except ChannelUnavailable as error:
            problem = str(error)
        except (Unauthorized, RejectedInput, NotFound):
            return self.failed(change, record, refused)
        return untouched(record)._replace(done=FAILED, problem=problem)
