"""Of what a run reminds people, and when: that the next status update is due, and that nobody is
commander. Pure.

    due_reminder(state, now)     # -> DueReminder, or None

A reminder is known by what it reminds of and by its number, so that of any number of runs that
find it due one posts it. Of several that came due while nobody could post only the last is posted.
"""

from __future__ import annotations

from typing import Container, NamedTuple, Optional

from pagerduty_mattermost.runs.acts import ROOM, sent_id
from pagerduty_mattermost.runs.state import RunState

UPDATE_DUE, NO_COMMANDER = "update due", "no commander"
TIMES = 3
"""So often, then it stays silent until somebody does something."""
COMMANDER_AFTER_SECONDS = 300.0
"""After the beginning, and from one reminder of it to the next."""
AGAIN_SECONDS = 900.0
"""From one to the next of an update that was asked for once, without an interval."""


class DueReminder(NamedTuple):
    """Something that somebody has to be reminded of."""

    about: str
    """UPDATE_DUE or NO_COMMANDER."""
    since: float
    """From when on it has been due, seconds since the epoch."""
    number: int
    """Counted from 1."""

    @property
    def key(self) -> str:
        return f"{self.about} {int(self.since)} {self.number}"

    @property
    def sent(self) -> str:
        """Id of the act that says that it was posted, or that the time for it has passed."""
        return sent_id(self.key, ROOM)


def due_reminder(state: RunState, now: float) -> Optional[DueReminder]:
    """That of the update goes first: who gives it takes the lead."""
    return _update(state, now) or _commander(state, now)


def next_at(state: RunState, now: float) -> float:
    """When the next one comes due, or that one is, seconds since the epoch; 0: at no such
    time."""
    if due_reminder(state, now) is not None:
        return now
    found = []
    for since, every in (
        (state.remind_at, state.remind_seconds or AGAIN_SECONDS),
        (_leaderless_since(state), COMMANDER_AFTER_SECONDS),
    ):
        if since:
            moments = [since + number * every for number in range(TIMES)]
            found += [moment for moment in moments if moment > now][:1]
    return min(found, default=0.0)


def _update(state: RunState, now: float) -> Optional[DueReminder]:
    every = state.remind_seconds or AGAIN_SECONDS
    return _due(UPDATE_DUE, state, state.remind_at, every, now)


def _commander(state: RunState, now: float) -> Optional[DueReminder]:
    since = _leaderless_since(state)
    return _due(NO_COMMANDER, state, since, COMMANDER_AFTER_SECONDS, now)


def _leaderless_since(state: RunState) -> float:
    """From when on it is reminded that nobody is commander; 0: somebody is, or it is over."""
    if state.commander.id or state.is_over:
        return 0.0
    role = state.roles.get("commander")
    began = max(role.at if role else 0.0, state.plan.at, state.restarted_at)
    return began + COMMANDER_AFTER_SECONDS


def _due(
    about: str, state: RunState, since: float, every: float, now: float
) -> Optional[DueReminder]:
    if since <= state.plan.made_at:  # none, or of before somebody started the run
        return None
    return newest_due(about, since, every, now, state.sent, TIMES)


def newest_due(
    about: str, since: float, every: float, now: float, sent: Container[str], times: int = 0
) -> Optional[DueReminder]:
    """The reminder that is due now of what is due since that time and was reminded of each `every`
    seconds, `times` in all (0: for ever); None where there is none, or it was posted. `sent`: ids
    of acts that say so. The last one comes however late, where nobody could post before."""
    if now < since:
        return None
    number = int((now - since) // every) + 1 if every > 0 else 1
    found = DueReminder(about, since, min(number, times) if times else number)
    return None if found.sent in sent else found
