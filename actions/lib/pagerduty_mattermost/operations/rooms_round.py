"""The round over all rooms, as a part of reconcile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.rooms.tending import TendReport, tend

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def tended(
    context: Context, remembered: Mapping[str, IncidentMemory], *, full: bool
) -> TendReport:
    """What keeps rooms from being looked after keeps no card back."""
    try:
        return tend(context, remembered, full=full)
    except WriteRefused:
        raise
    except PackError as error:
        return TendReport(0, [], [f"Rooms: {context.line_of(error)}"])
