"""Whom to add to a channel or user group, and whom to take out again. Pure.

Only whom the pack itself put in is ever taken out; so each one is remembered from before it is
added (`ADDING`) until after it was removed. Who was put in and is gone while still on call was
taken out by a person, or left: that is respected (`LEFT`) until the turn is over.
"""

from __future__ import annotations

from typing import AbstractSet, Dict, List, Mapping, NamedTuple

ADDING, ADDED, LEFT = "adding", "added", "left"
STATES = (ADDING, ADDED, LEFT)


class MembershipPlan(NamedTuple):
    """What to do with the members of one channel or group."""

    add: List[str]
    remove: List[str]
    before: Dict[str, str]
    """What to remember before it is done: user id → state."""
    after: Dict[str, str]
    """And once all of it is done."""


def plan(
    present: AbstractSet[str], wanted: AbstractSet[str], known: Mapping[str, str]
) -> MembershipPlan:
    """`present`: who is in it; `wanted`: who is on call; `known`: what is remembered."""
    add: List[str] = []
    remove: List[str] = []
    before: Dict[str, str] = {}
    after: Dict[str, str] = {}
    for user in sorted(wanted):
        state = known.get(user)
        if user in present:
            if state is not None:  # else a person put them there
                before[user] = after[user] = ADDED
        elif state in (ADDED, LEFT):
            before[user] = after[user] = LEFT
        else:
            add.append(user)
            before[user], after[user] = ADDING, ADDED
    for user in sorted(set(known) - wanted):
        if user in present and known[user] != LEFT:
            remove.append(user)
            before[user] = known[user]
    return MembershipPlan(add, remove, before, after)


def state_of(value: object) -> str:
    """Of what the datastore holds for one user; empty when it is no state."""
    state = value.get("state") if isinstance(value, dict) else None
    return state if state in STATES else ""
