"""What a replay comes to, for people and machines: posts a channel and day, who is called at
night, and of which incidents nobody would have heard. Pure.

    outcome = outcome_of(done, past_incidents, span, zone)
    as_text(outcome, tried, span_in_words, ...)      # `tried`: the same with other settings
"""

from __future__ import annotations

from collections import Counter
from datetime import tzinfo
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import cell, table
from pagerduty_mattermost.core.text import counted, escape, one_line
from pagerduty_mattermost.reviews.report import NIGHT_HOURS
from pagerduty_mattermost.simulation.recorded_posts import CARD, REPLY, RecordedPost
from pagerduty_mattermost.simulation.replay import ReplayDone

STORM, QUIET = "on a storm's card", "in a digest of quiet hours"
NO_RULE, FILTERED = "no enabled rule and no subscription", "left out by watch"
NOWHERE = (NO_RULE, FILTERED)
"""Why an incident has no post of its own: in the first two cases it stands on another one."""
MAX_CHANNELS, MAX_MISSED, MAX_PROBLEMS, MAX_PEOPLE = 20, 10, 5, 10


class PastIncident(NamedTuple):
    """One that began in the time that is replayed."""

    id: str
    number: int
    title: str
    service: str
    urgency: str
    created_at: float


class MissedIncident(NamedTuple):
    """An incident that would have been shown nowhere."""

    incident: PastIncident
    why: str
    """STORM, QUIET, NO_RULE or FILTERED."""


class SimulatedOutcome(NamedTuple):
    """What would have been posted."""

    incidents: int
    posts: int
    cards: int
    replies: int
    by_channel: Mapping[str, Mapping[str, int]]
    """Posts by channel and by day (2026-11-30); the channel with the most first."""
    at_night: Mapping[str, int]
    """Mentions and direct messages between 22:00 and 7:00, by the name they call."""
    missed: Tuple[MissedIncident, ...]
    """Incidents without a card or a message of their own, those of high urgency first."""
    left_out: Mapping[str, str]
    problems: Mapping[str, int]
    every: Tuple[Mapping[str, Any], ...]
    """All posts, in order."""


def outcome_of(
    done: ReplayDone, incidents: Sequence[PastIncident], span: Tuple[float, float], zone: tzinfo
) -> SimulatedOutcome:
    """`span`: what is before it was replayed for what was open then, and is not counted."""
    posts = [one for one in done.posts if span[0] <= one.at <= span[1]]
    named = {one.incident for one in done.posts if one.incident and one.at <= span[1]}
    channels: Dict[str, Counter[str]] = {}
    night: Counter[str] = Counter()
    for one in posts:
        clock = times.wall_clock(one.at, zone)
        channel = done.channels[one.channel_id]
        channels.setdefault(channel, Counter())[str(clock.date())] += 1
        if clock.hour in NIGHT_HOURS:
            night.update(one.mentioned)
    missed = [
        MissedIncident(one, _why(one.id, done))
        for one in incidents
        if one.id not in named and span[0] <= one.created_at <= span[1]
    ]
    missed.sort(key=lambda one: (one.incident.urgency != "high", one.incident.created_at))
    return SimulatedOutcome(
        sum(span[0] <= one.created_at <= span[1] for one in incidents),
        len(posts),
        sum(one.kind == CARD for one in posts),
        sum(one.kind == REPLY for one in posts),
        {
            name: dict(sorted(days.items()))
            for name, days in sorted(channels.items(), key=lambda one: -sum(one[1].values()))
        },
        dict(night.most_common()),
        tuple(missed),
        done.left_out,
        done.problems,
        tuple(_shown(one, done.channels) for one in posts),
    )


def _why(id: str, done: ReplayDone) -> str:
    if id in done.in_quiet_hours:
        return QUIET
    if id in done.dispatched:
        return NO_RULE
    if id in done.in_storms:
        return STORM
    return FILTERED


def _shown(one: RecordedPost, channels: Mapping[str, str]) -> Mapping[str, Any]:
    return {
        "at": times.iso(one.at),
        "channel": channels[one.channel_id],
        "kind": one.kind,
        "incident": one.incident,
        "by": one.by,
        "mentioned": list(one.mentioned),
        "message": one.message,
    }


def as_value(outcome: SimulatedOutcome, *, with_posts: bool = False) -> Dict[str, Any]:
    """What would have been posted, as the action gives it."""
    value: Dict[str, Any] = {
        "incidents": outcome.incidents,
        "posts": outcome.posts,
        "cards": outcome.cards,
        "replies": outcome.replies,
        "by_channel": {name: dict(days) for name, days in outcome.by_channel.items()},
        "mentions_at_night": dict(outcome.at_night),
        "missed": [
            {
                **one.incident._asdict(),
                "created_at": times.iso(one.incident.created_at),
                "why": one.why,
            }
            for one in outcome.missed
        ],
        "rules_left_out": dict(outcome.left_out),
        "problems": dict(outcome.problems),
    }
    if with_posts:
        value["every_post"] = [dict(one) for one in outcome.every]
    return value


def as_text(
    now: SimulatedOutcome,
    tried: Optional[SimulatedOutcome],
    changed: Sequence[str],
    span: str,
    assumed: int,
) -> str:
    """Markdown. `changed`: what `tried` was tried with; `span`: of which time; `assumed`: of so
    many incidents a priority or title is taken as it is today."""
    both = [now] if tried is None else [now, tried]
    heads = ["as it is"] if tried is None else ["as it is", "changed"]
    lines = [f"**Replayed:** {escape(span)}, {_incidents(now.incidents)}. Nothing was posted."]
    if changed:
        lines.append(f"**Changed:** {'; '.join(escape(one) for one in changed)}")
    rows = [
        ("posts", [one.posts for one in both]),
        ("of these cards", [one.cards for one in both]),
        ("of these replies", [one.replies for one in both]),
        ("called at night", [sum(one.at_night.values()) for one in both]),
    ]
    rows += [
        (f"incidents {why}" if why in (STORM, QUIET) else f"incidents nowhere: {why}", counts)
        for why in (STORM, QUIET, *NOWHERE)
        for counts in [[sum(m.why == why for m in one.missed) for one in both]]
        if any(counts)
    ]
    lines += ["", table(["", *heads], [[name, *map(str, n)] for name, n in rows])]
    lines += ["", *_channels(both, heads)]
    lines += _night(both)
    unheard = _nowhere(now)
    lines += _missed(unheard, "**Nobody would have heard of**")
    if tried is not None:
        before = {one.incident.id for one in unheard}
        more = [one for one in _nowhere(tried) if one.incident.id not in before]
        lines += _missed(more, "**With the change also not of**")
    last = both[-1]
    for rule, why in sorted({**now.left_out, **last.left_out}.items()):
        lines.append(f"- Rule {escape(rule)} is not in it: {escape(why)}")
    for line, count in list(last.problems.items())[:MAX_PROBLEMS]:
        lines.append(f"- Failed {count} ×: {escape(line)}")
    if assumed:
        lines.append(
            f"- Of {_incidents(assumed)} the priority or title is taken as it is today: "
            "the log does not say what it was"
        )
    return "\n".join(lines)


def _incidents(count: int) -> str:
    return counted(count, "incident")


def _nowhere(outcome: SimulatedOutcome) -> List[MissedIncident]:
    return [one for one in outcome.missed if one.why in NOWHERE]


def _channels(both: Sequence[SimulatedOutcome], heads: Sequence[str]) -> List[str]:
    """A row a channel: its posts, and its worst day."""
    names = list(dict.fromkeys(name for one in both for name in one.by_channel))
    if not names:
        return ["There would be no post."]
    rows = []
    for name in names[:MAX_CHANNELS]:
        row = [cell(name)]
        for one in both:
            days = one.by_channel.get(name, {})
            worst = max(days.items(), key=lambda day: day[1], default=None)
            row.append(f"{sum(days.values())}" + (f", {worst[1]} on {worst[0]}" if worst else ""))
        rows.append(row)
    shown = table(["posts in", *(f"{head}, most on one day" for head in heads)], rows)
    left = len(names) - MAX_CHANNELS
    return [shown, *([f"… and {left} channels more"] if left > 0 else [])]


def _night(both: Sequence[SimulatedOutcome]) -> List[str]:
    people = list(dict.fromkeys(name for one in both for name in one.at_night))
    if not people:
        return []
    lines = ["", "**Called at night (22:00 to 7:00)**"]
    for name in people[:MAX_PEOPLE]:
        counts = [f"{one.at_night.get(name, 0)} ×" for one in both]
        lines.append(f"- {escape(name)}: {', changed: '.join(counts)}")
    return lines


def _missed(missed: Sequence[MissedIncident], head: str) -> List[str]:
    if not missed:
        return []
    lines = ["", head]
    for incident, why in missed[:MAX_MISSED]:
        words = escape(one_line(incident.title, 70))
        urgency = f", {incident.urgency} urgency" if incident.urgency else ""
        lines.append(f"- #{incident.number} {words}{escape(urgency)}: {why}")
    left = len(missed) - MAX_MISSED
    return [*lines, *([f"- … and {left} more"] if left > 0 else [])]
