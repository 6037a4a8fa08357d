"""An incident with a room, what happens to it, and what the room is told."""

from __future__ import annotations

from typing import Any, List

import pytest
from rooms_world import NOW, RoomsWorld

from pagerduty_mattermost.cards import posting
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.reader import read_incident_log
from pagerduty_mattermost.rooms import following, tending

NAME = "inc-2026-11-21-database-timeout"
HOUR = 3600.0


BOTH = pytest.mark.parametrize("world", ["5.37", "11.6"], indirect=True)
"""On both of the sandbox's Mattermosts."""


def come(world: RoomsWorld, incident: Any, **rooms: Any) -> None:
    """All that happened to the incident comes through, as the action of repaint_cards does it."""
    context = world.context(**rooms)
    shown = world.change(incident, context)
    entries = read_incident_log(context.pagerduty, incident.id)
    change = missing_events(entries, shown.incident, {}, NOW - HOUR, world.clock())
    outcomes = posting.follow(context, change)
    following.follow(context, change, outcomes)


def feed(world: RoomsWorld, channel: str = NAME) -> List[str]:
    return [text.partition(" · ")[2] or text for text in world.texts(channel)]


def round_(world: RoomsWorld, **rooms: Any) -> tending.TendReport:
    return tending.tend(world.context(**rooms))


def opened(world: RoomsWorld, **rooms: Any) -> Any:
    world.rooms = {**world.rooms, **rooms}
    incident = world.incident()
    world.card(incident)
    world.open(incident)
    world.clock.advance(60)
    return incident
