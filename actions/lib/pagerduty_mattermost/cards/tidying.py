"""What becomes of an incident's records once its cards were brought up: older states go, and all
of it expires when the incident is over."""

from __future__ import annotations

from typing import Sequence

from pagerduty_mattermost.cards.creation import FRESH_SECONDS
from pagerduty_mattermost.cards.incident_memory import OVER, IncidentMemory, SeenChange, life_of
from pagerduty_mattermost.cards.outcome import (
    CREATED,
    GONE,
    REPAINTED,
    SHELVED,
    UNCHANGED,
    CardOutcome,
)
from pagerduty_mattermost.cards.records import REPLACED_SECONDS, IncidentRecords


def tidied(
    records: IncidentRecords,
    memory: IncidentMemory,
    outcomes: Sequence[CardOutcome],
    now: float,
) -> IncidentMemory:
    """Delete states that a newer one has replaced for long; what only they knew goes into the
    newest first. What is left."""
    settled = (CREATED, REPAINTED, UNCHANGED, GONE, SHELVED)
    painted = outcomes and all(one.done in settled for one in outcomes)
    old = [
        state
        for state in memory.states[:-1]
        if now - state.at > REPLACED_SECONDS and not _is_needed(memory, state)
    ]
    if not painted or not old:
        return memory
    newest = memory.newest
    if newest.change != memory.states[-1].change:
        newest = newest._replace(life=life_of(newest.change, has_cards=True))
        records.save_state(newest, newest.life)
    for state in old:
        records.forget_state(state.version)
    kept = tuple(state for state in memory.states[:-1] if state not in old)
    return memory._replace(states=(*kept, newest))


def _is_needed(memory: IncidentMemory, state: SeenChange) -> bool:
    """Whether it alone knows of a card that is intended."""
    cards = (memory.cards.get(record.channel_id, record) for record in state.intends)
    return any(not (card.post_id or card.gone) for card in cards)


def let_expire(records: IncidentRecords, memory: IncidentMemory, now: float) -> None:
    """The incident is over, so all that is remembered of it expires: also cards that could not be
    painted and older states; and the mark goes, which counts no more."""
    for record in memory.cards.values():
        posting = not (record.post_id or record.gone) and abs(now - record.at) < FRESH_SECONDS
        if not record.closed and not posting:
            records.save_card(record._replace(closed=True))
    for state in memory.states:
        if state.life != OVER:
            records.save_state(state, OVER)
    if memory.mark is not None:
        records.forget_mark()
