"""Cards whose channel was archived and is back."""

from __future__ import annotations

from contextlib import suppress
from typing import AbstractSet, Dict, List, Mapping, Sequence

from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.operations.reconcile_plan import BACK, ReconcileJob


def back(
    mattermost: Mattermost,
    remembered: Mapping[str, IncidentMemory],
    planned: AbstractSet[str],
    rooms_back: Sequence[str] = (),
) -> List[ReconcileJob]:
    """The incidents that have such a card and are not `planned`: one request for each channel with
    a card that waits, but for rooms, of which a list tells (`rooms_back`: incidents whose room is
    back)."""
    waiting: Dict[str, List[str]] = {}
    for incident_id, memory in remembered.items():
        for record in memory.cards.values():
            waits = record.shelved and not (record.gone or record.route.room)
            if waits and incident_id not in planned:
                waiting.setdefault(record.channel_id, []).append(incident_id)
    found: List[str] = [one for one in rooms_back if one not in planned]
    for channel_id, incident_ids in waiting.items():
        with suppress(PackError):  # not to be seen now: the next run looks again
            if not mattermost.channel(channel_id).archived:
                found += incident_ids
    return [ReconcileJob(incident_id, frozenset({BACK})) for incident_id in dict.fromkeys(found)]
