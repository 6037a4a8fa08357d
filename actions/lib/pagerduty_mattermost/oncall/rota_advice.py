"""What a look at the days ahead finds in who is on call: times that nobody has, people who are on
call twice at once, and short rests. Pure.

    advice(spans, things, now, now + 14 * 86400)    # [Advice(kind="gap", …), …], soonest first
"""

# flake8: noqa: E203

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Dict, List, Mapping, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.spans import Span, gaps
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.oncall.handoffs import SCHEDULE_LEVEL, OnCallSpan, SpansByLevel

AHEAD_SECONDS = 14 * 86400.0
"""How far ahead is looked."""
REST_SECONDS = 11 * 3600.0
"""Between two shifts of one person: what the European Working Time Directive asks for a day."""
GAP, DOUBLE, REST = "gap", "double_duty", "short_rest"


class Advice(NamedTuple):
    """Something to look at in a rota."""

    kind: str
    """GAP, DOUBLE or REST; of how people are notified: the kinds of `contact_methods`."""
    start: float
    """Seconds since the epoch."""
    end: float
    places: Tuple[str, ...]
    """Names of schedules and escalation policies, with the level of a policy."""
    user: Reference = Reference("user", "", "")
    """Empty of a gap."""
    text: str = ""
    """For people."""
    turns: int = 1
    """How often, where it comes at the same hours again; then `last` is the end of the last."""
    last: float = 0.0


class _Duty(NamedTuple):
    """Somebody's time on call at one place."""

    place: str
    watched: str
    level: int
    span: OnCallSpan


def advice(
    spans: Mapping[str, SpansByLevel], things: Mapping[str, Reference], since: float, until: float
) -> List[Advice]:
    """Advice on all that is watched, within `since` and `until` (seconds since the epoch)."""
    duties: List[_Duty] = []
    found: List[Advice] = []
    for id, levels in spans.items():
        for level in sorted(levels) or [SCHEDULE_LEVEL]:
            place = _place(things[id].name, level)
            own = levels.get(level, ())
            duties += [_Duty(place, id, level, span) for span in own]
            found += [Advice(GAP, *gap, (place,)) for gap in gaps(map(_bounds, own), since, until)]
    found += _doubles(duties, since, until)
    found += _rests(duties, since, until)
    return sorted(found, key=lambda one: (one.start, one.kind, one.places, one.user.id))


def grouped(found: Sequence[Advice], where: tzinfo) -> List[Advice]:
    """Gaps and short rests that come again at the same hours of the day as the first of them.
    Pure. `where`: the zone of the hours."""
    made: Dict[Tuple[str, ...], Advice] = {}
    for one in found:
        hours = [f"{times.wall_clock(at, where):%H:%M}" for at in (one.start, one.end)]
        if one.kind not in (GAP, REST):
            hours = [str(one.start), str(one.end), one.text]
        key = (one.kind, one.user.id, *one.places, *hours)
        first = made.get(key)
        if first is None:
            made[key] = one._replace(last=one.end)
        else:
            made[key] = first._replace(turns=first.turns + 1, last=one.end)
    return list(made.values())


def _place(name: str, level: int) -> str:
    return f"{name}, level {level}" if level != SCHEDULE_LEVEL else name


def _bounds(span: OnCallSpan) -> Span:
    start = float("-inf") if span.start is None else span.start
    return start, float("inf") if span.end is None else span.end


def _doubles(duties: Sequence[_Duty], since: float, until: float) -> List[Advice]:
    """The first time of each person at each two places."""
    by_user: Dict[str, List[_Duty]] = {}
    for one in duties:
        by_user.setdefault(one.span.user.id, []).append(one)
    found: Dict[Tuple[str, str, str], Advice] = {}
    for user, own in by_user.items():
        own.sort(key=lambda duty: _bounds(duty.span))
        for place, one in enumerate(own):
            for other in own[place + 1 :]:
                if _bounds(other.span)[0] >= _bounds(one.span)[1]:
                    break
                if _same_duty(one, other):
                    continue
                start = max(since, *(_bounds(each.span)[0] for each in (one, other)))
                end = min(until, *(_bounds(each.span)[1] for each in (one, other)))
                places = tuple(sorted((one.place, other.place)))
                key = (user, places[0], places[1])
                if start < end and (key not in found or start < found[key].start):
                    found[key] = Advice(DOUBLE, start, end, places, one.span.user)
    return list(found.values())


def _same_duty(one: _Duty, other: _Duty) -> bool:
    """Whether it is one duty seen twice: a watched schedule, and a watched policy that uses it."""
    if one.watched == other.watched:
        return one.level == other.level
    return bool(one.span.schedule) and one.span.schedule == other.span.schedule


def _rests(duties: Sequence[_Duty], since: float, until: float) -> List[Advice]:
    """Between the end of one shift and the beginning of the same person's next, whatever it is
    for. Who is always on call has none."""
    by_user: Dict[str, List[_Duty]] = {}
    for one in duties:
        if one.span.start is not None and one.span.end is not None:
            by_user.setdefault(one.span.user.id, []).append(one)
    found: List[Advice] = []
    for own in by_user.values():
        own.sort(key=lambda duty: _bounds(duty.span))
        over, place = _bounds(own[0].span)[1], own[0].place
        for one in own[1:]:
            start, end = _bounds(one.span)
            if 0 < start - over < REST_SECONDS and since <= start < until:
                places = tuple(sorted({place, one.place}))
                found.append(Advice(REST, over, start, places, one.span.user))
            if end > over:
                over, place = end, one.place
    return found


def sentence(one: Advice, where: Any, name: str = "") -> str:
    """One line for people, without Markdown. `name`: of its person; `where`: the zone of times."""
    start, end = (times.stamp_at(at, where) for at in (one.start, one.end))
    places = " and ".join(one.places)
    again = ""
    if one.turns > 1:
        last = times.stamp_at(one.last, where)
        times_more = "once more" if one.turns == 2 else f"{one.turns - 1} times more"
        again = f", and {times_more} at the same hours until {last}"
    if one.kind == GAP:
        return f"nobody is on call for {places} from {start} until {end}{again}"
    who = name or one.user.name
    if one.kind == DOUBLE:
        return f"{who} is on call for {places} at once from {start} until {end}"
    if one.kind == REST:
        hours = (one.end - one.start) / 3600
        return f"{who} has {hours:.1f} h of rest between shifts ({places}), until {end}{again}"
    return f"{who}: {one.text}"
