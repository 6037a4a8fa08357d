"""Pure: the latest turns of an incident as they were told, so that an entry that comes into sight
late finds its place among them.

    turns = read_turns(known.turns)
    turns.is_closed(at)        # the state a late entry found the incident in; None: not known
    turns.after(at)            # what was told of the time after it
    turns = turns.with_turn(Turn(at, RESOLVED))
    str(turns)                 # as it is remembered

An entry may come into sight after younger ones (`OVERLAP_SECONDS`). Then a reopening can have been
told as the hand-over it looked like, or a hand-over as the reopening that was to be expected; with
what is kept here the next entry of the incident puts that right, in words.
"""

# flake8: noqa: E203

from __future__ import annotations

import re
from typing import List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.incidents.event_types import (
    EVENT_TYPES,
    REOPENED,
    STATUS_AFTER,
    TRIGGERED,
)
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES

KEPT_SECONDS = 300
"""Seconds before the newest turn that others are kept, and the last one before these: more than
twice the overlap."""
MAX_TURNS = 12

# What a turn was told as.
BEGAN = "b"
"""Triggered."""
OPEN = "a"
"""Acknowledged, or no longer: the incident was open."""
CLOSED = "r"
"""Resolved or merged."""
REOPENING = "o"
"""Reopened."""
GUESSED = "g"
"""Reopened, by an entry that tells so only because the incident was closed before."""
HAND_OVER = "h"
"""Something that reopens an incident where it is closed; but it was known as open."""

_TURN = re.compile(r"([baroghBAROGH])(\d+)", re.ASCII)


class Turn(NamedTuple):
    """A turn of an incident as it was told."""

    at: int
    """When, seconds since the epoch."""
    told_as: str
    """The constants above."""
    by_assignment: bool = False
    """An assignment alone told it: the entry that it belongs to may still come."""

    def __str__(self) -> str:
        return f"{self.told_as.upper() if self.by_assignment else self.told_as}{self.at}"


class Turns(NamedTuple):
    """In the order of their times; those of one second in the order in which they were told."""

    turns: Tuple[Turn, ...] = ()

    def __str__(self) -> str:
        return "".join(map(str, self.turns))

    def before(self, at: float) -> Optional[Turn]:
        """The last one up to that second."""
        return next((one for one in reversed(self.turns) if one.at <= at), None)

    def after(self, at: float, but_for: str = "") -> Optional[Turn]:
        """The first one after that second, those that were told as `but_for` left out."""
        return next((one for one in self.turns if one.at > at and one.told_as != but_for), None)

    def is_closed(self, at: float) -> Optional[bool]:
        """Whether the incident was closed then; None where nothing is known of the time before."""
        last = self.before(at)
        return None if last is None else last.told_as == CLOSED

    def closed_in(self, at: float) -> bool:
        """Whether the incident was closed in that second, before or after something else in it."""
        return any(one.told_as == CLOSED and one.at == int(at) for one in self.turns)

    def lacks_reopening(self, at: float) -> bool:
        """Whether it was closed in that second, and had been closed before: what reopened it in
        between was not told."""
        return any(
            one.told_as == CLOSED == after.told_as and one.at <= int(at) == after.at
            for one, after in zip(self.turns, self.turns[1:])
        )

    def hand_over_in(self, at: float) -> Optional[Turn]:
        """The newest one, where it was told as a hand-over of that second."""
        newest = self.turns[-1:]
        return next((o for o in newest if o.at == int(at) and o.told_as == HAND_OVER), None)

    def near(self, at: float, seconds: float) -> List[Turn]:
        """Those that so many seconds at most lie between."""
        return [one for one in self.turns if abs(one.at - at) <= seconds]

    def with_turn(self, turn: Turn) -> Turns:
        place = sum(one.at <= turn.at for one in self.turns)
        if turn.told_as == GUESSED and self.lacks_reopening(turn.at):
            place -= 1
        kept = [*self.turns[:place], turn, *self.turns[place:]]
        old = sum(one.at < kept[-1].at - KEPT_SECONDS for one in kept)
        return Turns(tuple(kept[max(0, old - 1) :][-MAX_TURNS:]))

    def instead(self, old: Turn, new: Turn) -> Turns:
        """These turns with `new` in place of `old`."""
        return Turns(tuple(new if one is old else one for one in self.turns))


def read_turns(text: str) -> Turns:
    """What `str` of one wrote; what does not read is left out."""
    return Turns(
        tuple(
            Turn(int(at), letter.lower(), letter.isupper()) for letter, at in _TURN.findall(text)
        )
    )


def turn_of(event_type: str, kind: str, at: float) -> Optional[Turn]:
    """The turn that an entry of that kind is when it is told as that event; None: it is none."""
    by_assignment = kind == "assign"
    if event_type == REOPENED:
        certain = EVENT_TYPES.get(kind) == REOPENED
        return Turn(int(at), REOPENING if certain else GUESSED, by_assignment)
    if event_type == TRIGGERED:
        return Turn(int(at), BEGAN)
    status = STATUS_AFTER.get(event_type)
    if status is not None:
        return Turn(int(at), OPEN if status in OPEN_STATUSES else CLOSED)
    if by_assignment or kind == "trigger" or kind not in EVENT_TYPES:
        return Turn(int(at), HAND_OVER, by_assignment)
    return None
