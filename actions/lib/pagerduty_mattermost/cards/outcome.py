"""What a run did with the card of an incident in one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional, Tuple

if TYPE_CHECKING:
    from pagerduty_mattermost.cards.incident_memory import CardRecord

CREATED, REPAINTED, UNCHANGED = "created", "repainted", "unchanged"
NOT_STARTED, WAITING, GONE, FAILED = "not_started", "waiting", "deleted_by_a_person", "failed"
HELD, SHELVED = "held", "shelved"


class CardOutcome(NamedTuple):
    """What was done in one channel."""

    channel_id: str
    channel: str = ""
    done: str = UNCHANGED
    """What became of the card, a value that people see in an action's result; not all of them mean
    that something was done:

    - created, repainted: this run did so; unchanged: it was right already, or got replies alone;
    - not_started: the route starts no card on this change;
    - held: quiet hours hold it back, the digest lists it;
    - shelved: its channel is archived; it goes on when the channel is back;
    - waiting: another run is posting it at this moment;
    - deleted_by_a_person: it is left alone;
    - failed: `problem` says why.
    """
    post_id: str = ""
    reply_ids: Tuple[str, ...] = ()
    problem: str = ""
    in_room: bool = False
    """Whether it is the card in the incident's own room."""


def joined(before: Optional[CardOutcome], now: CardOutcome) -> CardOutcome:
    """Two rounds over one card as one outcome."""
    if before is None:
        return now
    done = before.done if before.done == CREATED or now.done == UNCHANGED else now.done
    return now._replace(done=done, reply_ids=(*before.reply_ids, *now.reply_ids))


def untouched(record: CardRecord) -> CardOutcome:
    """The outcome of a card for which there was nothing to do."""
    done = GONE if record.gone else SHELVED if record.shelved else UNCHANGED
    in_room = bool(record.route.room)
    return CardOutcome(
        record.channel_id, record.label, done, post_id=record.post_id, in_room=in_room
    )
