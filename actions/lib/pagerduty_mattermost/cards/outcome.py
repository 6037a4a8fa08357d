"""What a run did with the card of an incident in one channel."""

from __future__ import annotations

from typing import NamedTuple, Optional, Tuple

CREATED, REPAINTED, UNCHANGED = "created", "repainted", "unchanged"
NOT_STARTED, WAITING, GONE, FAILED = "not_started", "waiting", "deleted_by_a_person", "failed"
HELD = "held"


class CardOutcome(NamedTuple):
    """What was done in one channel."""

    channel_id: str
    channel: str = ""
    done: str = UNCHANGED
    """created, repainted, unchanged, not_started, held (by quiet hours), waiting (another run is
    posting it), deleted_by_a_person, failed."""
    post_id: str = ""
    reply_ids: Tuple[str, ...] = ()
    problem: str = ""


def joined(before: Optional[CardOutcome], now: CardOutcome) -> CardOutcome:
    """Two rounds over one card as one outcome."""
    if before is None:
        return now
    done = before.done if before.done == CREATED or now.done == UNCHANGED else now.done
    return now._replace(done=done, reply_ids=(*before.reply_ids, *now.reply_ids))
