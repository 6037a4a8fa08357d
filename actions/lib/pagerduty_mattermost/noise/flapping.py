"""Pure: rounds of triggered and resolved of what is the same alert: a service's incidents of one
title or alert key.

    rounds = FlappingRounds(3, 1800.0, data)       # data: as `to_data()` gave it
    rounds.observe(change)                 # in the order of what happened
    rounds.flaps(about)                    # since when one of abouts_of(incident) flaps, or None

A round begins when the first such incident is triggered and is over when none of them is open:
hosts that fail together under one title are one round, not many.
"""

# flake8: noqa: E203

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.incidents.incident import Change, Incident

OPENING_EVENTS = ("incident.triggered", "incident.reopened")
CLOSING_EVENTS = ("incident.resolved", "incident.merged")


def abouts_of(incident: Incident) -> Tuple[str, ...]:
    """Incidents that have one of these in common are the same alert. A title may hold a value that
    differs each time, a key may be one that PagerDuty made up for each."""
    words = [
        one_line(incident.title).casefold(),
        *([incident.incident_key] if incident.incident_key else ()),
    ]
    marks = (f"{zlib.crc32(word.encode('utf-8', 'replace')):08x}" for word in words)
    return tuple(f"{incident.service_id}/{kind}{mark}" for kind, mark in zip("tk", marks))


class _AlertHistory(NamedTuple):
    began: float
    """Of the newest round."""
    open: Dict[str, float]
    """What is open in it, and since when."""
    rounds: List[List[float]]
    """Beginning and end of each one, in order."""
    at: float
    """The newest of all that is counted."""


class FlappingRounds:
    """How often each alert was triggered and resolved lately."""

    def __init__(self, many: int, window: float, data: Any = None) -> None:
        """`many` rounds within `window` seconds are flapping. Raises TypeError, ValueError or
        AttributeError for data that is none."""
        self._many, self._window = many, window
        self._stories: Dict[str, _AlertHistory] = {}
        if isinstance(data, Mapping):
            for about, (began, ids, rounds, at) in data.items():
                past = [[float(one), float(two)] for one, two in rounds]
                open_ones = {str(id): float(since) for id, since in ids.items()}
                self._stories[str(about)] = _AlertHistory(float(began), open_ones, past, float(at))

    def to_data(self) -> Dict[str, Any]:
        return {about: list(story) for about, story in self._stories.items()}

    def observe(self, change: Change) -> bool:
        """Count what happened; True when something was. What is judged once more counts once."""
        counted = [self._observe(about, change) for about in abouts_of(change.incident)]
        return any(counted)

    def _observe(self, about: str, change: Change) -> bool:
        before = self._stories.get(about)
        story = before or _AlertHistory(0.0, {}, [], 0.0)
        for event in change.events:
            at = times.seconds(event.occurred_at)
            if at is not None and at >= story.at:
                story = self._after(story, change.incident.id, event.event_type, at)
        if not story.at or story == before:
            return False
        self._stories[about] = story
        return True

    def _after(self, story: _AlertHistory, id: str, event_type: str, at: float) -> _AlertHistory:
        if event_type in OPENING_EVENTS and id not in story.open:
            # In the very second in which a round ended, one that is judged once more would begin
            # it anew.
            if story.rounds and at <= story.rounds[-1][1]:
                return story
            # What stays open for longer is no part of what flaps beside it.
            lately = {
                one: since for one, since in story.open.items() if at - since <= self._window
            }
            began = story.began if lately else at
            return story._replace(began=began, open={**lately, id: at}, at=at)
        if event_type in CLOSING_EVENTS and id in story.open:
            left = {one: since for one, since in story.open.items() if one != id}
            rounds = story.rounds if left else [*story.rounds, [story.began, at]][-self._many :]
            return story._replace(open=left, rounds=rounds, at=at)
        return story

    def flaps(self, about: str) -> Optional[float]:
        """When the first of so many rounds within the window began; None when it does not flap."""
        story = self._stories.get(about)
        if story is None or len(story.rounds) < self._many:
            return None
        first, last = story.rounds[-self._many], story.rounds[-1]
        return first[0] if last[1] - first[0] <= self._window else None

    def forget(self, about: str) -> int:
        """Begin anew with what flaps now; how many rounds there were."""
        story = self._stories.pop(about, None)
        return len(story.rounds) if story else 0

    def prune(self, now: float) -> None:
        """What is too old to be of any window."""
        self._stories = {
            about: one for about, one in self._stories.items() if now - one.at <= self._window
        }
