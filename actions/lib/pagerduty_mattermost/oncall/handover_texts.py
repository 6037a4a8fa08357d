"""What a hand-off's messages carry besides who is on call: what is inherited, and the notes of who
goes, each told once in a channel and once to a person.

    carried = HandOverTexts(context, groups)        # of one run of the watch
    carried.of(hand_off, thing, rendered, now)      # Markdown to stand below the message
    carried.notes(hand_off, "channel:incidents", name)
    carried.forget_notes()                          # once all is told, before it is remembered
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Dict, Optional, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.pagerduty.schedules import Schedule
from pagerduty_mattermost.oncall import handover_notes, inherited
from pagerduty_mattermost.oncall.handoffs import HandOff
from pagerduty_mattermost.oncall.inherited import Groups

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_READ = 20
"""Schedules and policies of which is read what they hand over, in one run: where more change at
once the others are told without."""


class HandOverTexts:
    """The texts of one run, each read once."""

    def __init__(self, context: Context, groups: Groups) -> None:
        self._context, self._groups = context, groups
        self._zone = times.zone(context.settings.time_zone)
        self._notes: Dict[str, str] = {}
        """By user id, as they were read."""
        self._read: Set[str] = set()
        self._told: Set[Tuple[str, str]] = set()
        """User id and place of the notes that were told."""

    def of(self, one: HandOff, thing: Reference, rendered: Optional[Schedule], now: float) -> str:
        """What is inherited, with a line break in front; empty for a hand-off that is followed by
        another one, and where nothing is. Raises StoreUnreachable."""
        if not one.newest:
            return ""
        self._read.add(thing.id)
        if len(self._read) > MAX_READ:
            return ""
        is_policy = thing.kind == "escalation_policy"
        policies = (thing.id,) if is_policy else rendered.policies if rendered else ()
        found = inherited.read(self._context, policies, one.at, self._groups)
        return "".join(f"\n{line}" for line in inherited.lines(found, self._zone, now))

    def notes(self, one: HandOff, place: str, shown: Callable[[Reference], str]) -> str:
        """Those of who goes, where they were not told yet. `place`: where they are told now.
        Raises StoreUnreachable."""
        made = ""
        for held in one.left:
            id = held.user.id
            if id not in self._notes:
                self._notes[id] = handover_notes.read(self._context.store, id)
            if not self._notes[id] or (id, place) in self._told:
                continue
            self._told.add((id, place))
            quoted = "\n".join(f"> {line}" for line in escape(self._notes[id]).split("\n"))
            made += f"\n\nNotes of {shown(held.user)}:\n{quoted}"
        return made

    def forget_notes(self) -> None:
        """Delete the notes that were told. Raises StoreUnreachable."""
        for id in sorted({user for user, _ in self._told}):
            handover_notes.delete(self._context.store, id)
