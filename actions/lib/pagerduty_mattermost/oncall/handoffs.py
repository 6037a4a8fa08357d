"""Hand-offs of watched schedules and escalation policies, and shifts that begin soon. Pure.

    # Spans that touch [state.at, now], and later ones.
    found = find_changes(state, {"PSCHED1": {0: [OnCallSpan(...), ...]}}, now)
    found.handoffs                      # all since the last run, oldest first
    found.state                         # to be kept once the messages are sent
    coming_shifts(watched, now, 1800.0) # whose shift begins within half an hour

Who is on call at one level is a set of people that changes at moments. Each such moment between
the last run and this one is one hand-off, however late the run: so an outage loses none, and
rows of the same person that adjoin (layers, several policies, a change of the clocks) are none. A
hand-off's key is made of what is watched, the level, the moment and who came on, so whoever finds
it again finds the same key.

A set that differs already at the last run's own time was changed behind it (an override with a
start in the past, an edited schedule): one hand-off as well. What was never read before is only
remembered.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.pagerduty.references import Reference

SCHEDULE_LEVEL = 0
"""The level of a watched schedule: it has none."""
LOOK_BACK_SECONDS = 2 * 86400.0
"""At most: what is older becomes one hand-off, the newest."""
ANNOUNCED_KEPT_SECONDS = 3600.0
"""How long after the start of a shift it is remembered that it was announced."""


class OnCallSpan(NamedTuple):
    """Somebody's uninterrupted time on call. Seconds since the epoch; None: always was, always
    will be."""

    user: Reference
    start: Optional[float]
    end: Optional[float]
    schedule: str = ""
    """Id of the schedule that says so; empty where a policy names the person."""

    def covers(self, at: float) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)


SpansByLevel = Mapping[int, Sequence[OnCallSpan]]
"""Of a schedule or policy: the spans of each level."""


class LastOnCall(NamedTuple):
    """Somebody who was on call at the last run."""

    user: Reference
    until: float = 0.0
    """When the override was to end by which they are; 0: it is no override."""


class WatchState(NamedTuple):
    """What is remembered between runs; one value, so that the time is never newer or older than
    the people."""

    at: float = 0.0
    """PagerDuty's time of the last run; 0: there was none."""
    levels: Mapping[str, Mapping[int, Mapping[str, LastOnCall]]] = {}
    """Of each watched id: level to who is on call, by user id."""
    told: Mapping[str, float] = {}
    """Keys of the messages about coming shifts and missing contacts that were sent, and until when
    that matters."""
    checked_at: float = 0.0
    """When contacts were read last."""
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
    came: Tuple[OnCallSpan, ...]
    left: Tuple[LastOnCall, ...]
    present: Tuple[OnCallSpan, ...]
    """Everybody on call from then on."""
    newest: bool = True
    """Whether no later one of the same level was found in this run."""
    odd: bool = False
    """It contradicts what the last run saw, or nobody came: as if a row was lost between two
    pages."""

    @property
    def key(self) -> str:
        return post_key(
            "handoff", self.watched, str(self.level), moment(self.at), *_ids(self.came)
        )

    def personal(self, user: str) -> str:
        """Key of the message to one person."""
        return post_key("handoff", self.watched, moment(self.at), user)


class ComingShift(NamedTuple):
    """A shift that begins soon."""

    watched: str
    level: int
    span: OnCallSpan

    @property
    def key(self) -> str:
        return self.about("reminder")

    def about(self, kind: str) -> str:
        return post_key(kind, self.watched, self.span.user.id, moment(self.span.start or 0.0))


class WatchedChanges(NamedTuple):
    """What one run found."""

    handoffs: List[HandOff]
    state: WatchState


def find_changes(
    before: WatchState, watched: Mapping[str, SpansByLevel], now: float
) -> WatchedChanges:
    """What happened since the last run. `watched`: what PagerDuty was asked for, each of them,
    whole."""
    found: List[HandOff] = []
    levels_of: Dict[str, Dict[int, Dict[str, LastOnCall]]] = {}
    for id, given in watched.items():
        known = before.levels.get(id)
        levels = {*given, *(known or ())} or {SCHEDULE_LEVEL}
        levels_of[id] = {}
        for level in levels:
            spans = given.get(level, ())
            held = None if known is None else known.get(level, {})
            if held is not None and now > before.at:
                found += _walk(id, level, held, spans, before.at, now)
            levels_of[id][level] = _held(spans, now if now > before.at else before.at, held or {})
    sent = {key: until for key, until in before.told.items() if until > now}
    state = before._replace(at=max(now, before.at), levels=levels_of, told=sent)
    return WatchedChanges(sorted(found, key=lambda one: (one.at, one.watched, one.level)), state)


def _walk(
    id: str,
    level: int,
    held: Mapping[str, LastOnCall],
    spans: Sequence[OnCallSpan],
    since: float,
    now: float,
) -> List[HandOff]:
    begin = max(since, now - LOOK_BACK_SECONDS)
    marks = sorted({begin, *(at for at in _bounds(spans) if begin < at <= now)})
    current: Mapping[str, LastOnCall] = held
    found: List[HandOff] = []
    for mark in marks:
        present = at_time(spans, mark)
        if present.keys() == current.keys():
            continue
        came = tuple(span for user, span in present.items() if user not in current)
        left = tuple(one for user, one in current.items() if user not in present)
        at = mark
        if mark == begin:
            at = max((span.start or 0.0 for span in came), default=0.0)
            at = at if since < at <= mark else since
        odd = mark == begin or not came
        found.append(HandOff(id, level, at, came, left, tuple(present.values()), False, odd))
        current = _held(spans, mark, {})
    if found:
        found[-1] = found[-1]._replace(newest=True)
    return found


def at_time(spans: Iterable[OnCallSpan], at: float) -> Dict[str, OnCallSpan]:
    """Who is on call then, each with the end of their adjoining spans, in the order of user
    ids."""
    spans = list(spans)
    found: Dict[str, OnCallSpan] = {}
    for span in spans:
        if span.covers(at):
            before = found.get(span.user.id)
            if before is None or (
                before.end is not None and (span.end is None or span.end > before.end)
            ):
                found[span.user.id] = span
    return {user: _lengthened(found[user], spans) for user in sorted(found)}


def _lengthened(one: OnCallSpan, spans: Sequence[OnCallSpan]) -> OnCallSpan:
    """The shift with what adjoins its end."""
    for span in sorted(spans, key=lambda other: other.start or 0.0):
        if span.user.id != one.user.id or one.end is None or span.start is None:
            continue
        if span.start <= one.end and (span.end is None or span.end > one.end):
            one = one._replace(end=span.end)
    return one


def _held(
    spans: Sequence[OnCallSpan], at: float, known: Mapping[str, LastOnCall]
) -> Dict[str, LastOnCall]:
    """Who is on call then; what was known of an override of theirs stays."""
    return {
        user: LastOnCall(span.user, _until(known, user))
        for user, span in at_time(spans, at).items()
    }


def _until(known: Mapping[str, LastOnCall], user: str) -> float:
    return known[user].until if user in known else 0.0


def _bounds(spans: Iterable[OnCallSpan]) -> Iterable[float]:
    for span in spans:
        for at in (span.start, span.end):
            if at is not None:
                yield at


def coming_shifts(
    watched: Mapping[str, SpansByLevel], now: float, within: float
) -> List[ComingShift]:
    """Whose shift begins within so many seconds, each once for a watched thing and a moment; not
    of those who only go on."""
    found: Dict[Tuple[str, str, float], ComingShift] = {}
    for id, by_level in watched.items():
        every = [span for spans in by_level.values() for span in spans]
        for level in sorted(by_level):
            for span in by_level[level]:
                start = span.start
                if start is None or not now < start <= now + within or _goes_on(span, every):
                    continue
                whole = _lengthened(span, every)
                found.setdefault((id, span.user.id, start), ComingShift(id, level, whole))
    return sorted(
        found.values(), key=lambda one: (one.span.start or 0.0, one.watched, one.span.user.id)
    )


def _goes_on(one: OnCallSpan, spans: Iterable[OnCallSpan]) -> bool:
    start = one.start or 0.0
    return any(
        span.user.id == one.user.id
        and (span.start is None or span.start < start)
        and (span.end is None or span.end >= start)
        for span in spans
    )


def moment(at: float) -> str:
    """A time as part of a key."""
    return f"{at:.3f}"


def _ids(spans: Iterable[OnCallSpan]) -> List[str]:
    return sorted(span.user.id for span in spans)


# What is kept


def to_data(state: WatchState) -> Dict[str, Any]:
    """As JSON: of each person only [name, email], and the end of their override where there is
    one."""
    data: Dict[str, Any] = to_json(state)
    del data["levels"]
    data["lanes"] = {
        id: {
            str(level): {
                user: [one.user.name, one.user.email, *([one.until] if one.until else [])]
                for user, one in people.items()
            }
            for level, people in levels.items()
        }
        for id, levels in state.levels.items()
    }
    return data


def from_data(data: Any) -> Optional[WatchState]:
    """The watch's memory in a value; None where it holds none."""
    try:
        levels_of = {
            str(id): {
                int(level): {str(user): _last_on_call(user, row) for user, row in people.items()}
                for level, people in levels.items()
            }
            for id, levels in data["lanes"].items()
        }
        return from_json(WatchState, data)._replace(levels=levels_of)
    except (MisshapenValue, KeyError, TypeError, ValueError, AttributeError, IndexError):
        return None


def _last_on_call(user: str, row: Sequence[Any]) -> LastOnCall:
    until = float(row[2]) if len(row) > 2 else 0.0
    return LastOnCall(Reference("user", user, str(row[0]), str(row[1])), until)
