"""Hand-offs of watched schedules and escalation policies, and shifts that begin soon. Pure.

    look = watch(state, {"PSCHED1": {0: [Spell(...), ...]}}, now)     # spells that touch
    [state.at, now] and later
    look.handoffs                                                      # all since the last look,
    oldest first
    look.state                                                         # to be kept once they were
    told
    begins(watched, now, 1800.0)                                       # whose shift begins within
    half an hour

Who is on call at one level is a set of people that changes at moments. Each such moment between
the last look and this one is one hand-off, however late the look: so an outage loses none, and
rows of the same person that adjoin (layers, several policies, a change of the clocks) are none. A
hand-off's key is made of what is watched, the level, the moment and who came on, so whoever finds
it again finds the same key.

A set that differs already at the last look's own time was changed behind it (an override with a
start in the past, an edited schedule): one hand-off as well. What was never looked at before is
only remembered.
"""

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.pagerduty.references import Reference

SCHEDULE_LEVEL = 0
"""The level of a watched schedule: it has none."""
FAR_BACK = 2 * 86400.0
"""Seconds that are looked back at most: what is older is told as one hand-off, the newest."""
FORGET = 3600.0
"""Seconds for which it is remembered after the start of a shift that it was announced."""


class Spell(NamedTuple):
    """Somebody's uninterrupted time on call. Seconds since the epoch; None: always was, always
    will be."""

    user: Reference
    start: Optional[float]
    end: Optional[float]
    schedule: str = ""
    """Id of the schedule that says so; empty where a policy names the person."""

    def covers(self, at: float) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


Lanes = Mapping[int, Sequence[Spell]]
"""Of a schedule or policy: level to its spells."""


class Held(NamedTuple):
    """Somebody who was on call at the last look."""

    user: Reference
    until: float = 0.0
    """When the override was to end by which they are; 0: it is no override."""


class State(NamedTuple):
    """What is remembered between looks; one value, so that the time is never newer or older than
    the people."""

    at: float = 0.0
    """PagerDuty's time of the last look; 0: there was none."""
    lanes: Mapping[str, Mapping[int, Mapping[str, Held]]] = {}
    """Of each watched id: level to who is on call, by user id."""
    told: Mapping[str, float] = {}
    """Keys of what was announced of coming shifts, and until when that matters."""
    checked_at: float = 0.0
    """When contacts were looked at last."""
    fine: Mapping[str, float] = {}
    """Users who can be reached, and until when that is believed."""
    at_once: int = 0
    """Ids that fit into one request; 0: no limit was met."""
    unused: Tuple[str, ...] = ()
    """Schedules that no escalation policy uses."""


class HandOff(NamedTuple):
    """One change of who is on call."""

    watched: str
    level: int
    at: float
    came: Tuple[Spell, ...]
    left: Tuple[Held, ...]
    present: Tuple[Spell, ...]
    """Everybody on call from then on."""
    newest: bool = True
    """Whether no later one of the same level was found in this look."""
    odd: bool = False
    """It contradicts what the last look saw, or nobody came: so would a row lost between two pages
    look."""

    @property
    def key(self) -> str:
        return post_key(
            "handoff", self.watched, str(self.level), moment(self.at), *_ids(self.came)
        )

    def personal(self, user: str) -> str:
        """Key of what one person is told of it."""
        return post_key("handoff", self.watched, moment(self.at), user)


class Begin(NamedTuple):
    """A shift that begins soon."""

    watched: str
    level: int
    spell: Spell

    @property
    def key(self) -> str:
        return self.about("reminder")

    def about(self, kind: str) -> str:
        return post_key(kind, self.watched, self.spell.user.id, moment(self.spell.start or 0.0))


class Look(NamedTuple):
    handoffs: List[HandOff]
    state: State


def watch(before: State, watched: Mapping[str, Lanes], now: float) -> Look:
    """What happened since the last look. `watched`: what PagerDuty was asked for, each of them,
    whole."""
    found: List[HandOff] = []
    lanes: Dict[str, Dict[int, Dict[str, Held]]] = {}
    for id, given in watched.items():
        known = before.lanes.get(id)
        levels = {*given, *(known or ())} or {SCHEDULE_LEVEL}
        lanes[id] = {}
        for level in levels:
            spells = given.get(level, ())
            held = None if known is None else known.get(level, {})
            if held is not None and now > before.at:
                found += _walk(id, level, held, spells, before.at, now)
            lanes[id][level] = _held(spells, now if now > before.at else before.at, held or {})
    told = {key: until for key, until in before.told.items() if until > now}
    state = before._replace(at=max(now, before.at), lanes=lanes, told=told)
    return Look(sorted(found, key=lambda one: (one.at, one.watched, one.level)), state)


def _walk(
    id: str,
    level: int,
    held: Mapping[str, Held],
    spells: Sequence[Spell],
    since: float,
    now: float,
) -> List[HandOff]:
    begin = max(since, now - FAR_BACK)
    marks = sorted({begin, *(at for at in _bounds(spells) if begin < at <= now)})
    current: Mapping[str, Held] = held
    found: List[HandOff] = []
    for mark in marks:
        present = at_time(spells, mark)
        if present.keys() == current.keys():
            continue
        came = tuple(spell for user, spell in present.items() if user not in current)
        left = tuple(one for user, one in current.items() if user not in present)
        at = mark
        if mark == begin:
            at = max((spell.start or 0.0 for spell in came), default=0.0)
            at = at if since < at <= mark else since
        odd = mark == begin or not came
        found.append(HandOff(id, level, at, came, left, tuple(present.values()), False, odd))
        current = _held(spells, mark, {})
    if found:
        found[-1] = found[-1]._replace(newest=True)
    return found


def at_time(spells: Iterable[Spell], at: float) -> Dict[str, Spell]:
    """Who is on call then, each with the end of their adjoining spells, in the order of user
    ids."""
    spells = list(spells)
    found: Dict[str, Spell] = {}
    for spell in spells:
        if spell.covers(at):
            before = found.get(spell.user.id)
            if before is None or (
                before.end is not None and (spell.end is None or spell.end > before.end)
            ):
                found[spell.user.id] = spell
    return {user: _lengthened(found[user], spells) for user in sorted(found)}


def _lengthened(one: Spell, spells: Sequence[Spell]) -> Spell:
    """With what adjoins its end."""
    for spell in sorted(spells, key=lambda other: other.start or 0.0):
        if spell.user.id != one.user.id or one.end is None or spell.start is None:
            continue
        if spell.start <= one.end and (spell.end is None or spell.end > one.end):
            one = one._replace(end=spell.end)
    return one


def _held(spells: Sequence[Spell], at: float, known: Mapping[str, Held]) -> Dict[str, Held]:
    """Who is on call then; what was known of an override of theirs stays."""
    return {
        user: Held(spell.user, _until(known, user)) for user, spell in at_time(spells, at).items()
    }


def _until(known: Mapping[str, Held], user: str) -> float:
    return known[user].until if user in known else 0.0


def _bounds(spells: Iterable[Spell]) -> Iterable[float]:
    for spell in spells:
        for at in (spell.start, spell.end):
            if at is not None:
                yield at


def begins(watched: Mapping[str, Lanes], now: float, within: float) -> List[Begin]:
    """Whose shift begins within so many seconds, each once for a watched thing and a moment; not
    of those who only go on."""
    found: Dict[Tuple[str, str, float], Begin] = {}
    for id, lanes in watched.items():
        every = [spell for spells in lanes.values() for spell in spells]
        for level in sorted(lanes):
            for spell in lanes[level]:
                start = spell.start
                if start is None or not now < start <= now + within or _goes_on(spell, every):
                    continue
                whole = _lengthened(spell, every)
                found.setdefault((id, spell.user.id, start), Begin(id, level, whole))
    return sorted(
        found.values(), key=lambda one: (one.spell.start or 0.0, one.watched, one.spell.user.id)
    )


def _goes_on(one: Spell, spells: Iterable[Spell]) -> bool:
    start = one.start or 0.0
    return any(
        spell.user.id == one.user.id
        and (spell.start is None or spell.start < start)
        and (spell.end is None or spell.end >= start)
        for spell in spells
    )


def moment(at: float) -> str:
    """A time as part of a key."""
    return f"{at:.3f}"


def _ids(spells: Iterable[Spell]) -> List[str]:
    return sorted(spell.user.id for spell in spells)


# What is kept


def to_data(state: State) -> Dict[str, Any]:
    """As JSON."""
    lanes = {
        id: {
            str(level): {
                user: [one.user.name, one.user.email, *([one.until] if one.until else [])]
                for user, one in people.items()
            }
            for level, people in levels.items()
        }
        for id, levels in state.lanes.items()
    }
    plain = {
        "lanes": lanes,
        "told": dict(state.told),
        "fine": dict(state.fine),
        "unused": list(state.unused),
    }
    return {**state._asdict(), **plain}


def from_data(data: Any) -> Optional[State]:
    """None when it is no state."""
    try:
        lanes = {
            str(id): {
                int(level): {
                    str(user): Held(
                        Reference("user", str(user), str(row[0]), str(row[1])),
                        float(row[2]) if len(row) > 2 else 0.0,
                    )
                    for user, row in people.items()
                }
                for level, people in levels.items()
            }
            for id, levels in data["lanes"].items()
        }
        return State(
            float(data["at"]),
            lanes,
            {str(key): float(until) for key, until in data["told"].items()},
            float(data["checked_at"]),
            {str(user): float(until) for user, until in data["fine"].items()},
            int(data["at_once"]),
            tuple(str(id) for id in data["unused"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None
