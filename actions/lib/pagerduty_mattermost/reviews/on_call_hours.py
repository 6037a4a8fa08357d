"""How many hours each person was on call in a time, by PagerDuty's on-calls (API: GET /oncalls).

    found = read(context, begin, end)
    found.by_person["Ada"]                      # 84.5
    found.missing                               # what PagerDuty does not tell, in one line

Who is on call on two levels, by two schedules or for two policies counts once. PagerDuty answers
for both kinds of schedules; whom a policy names without a schedule is on call all the time.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.gateways.pagerduty.time_slices import TimeSlices
from pagerduty_mattermost.oncall import entries

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

HOUR_SECONDS, DAY_SECONDS = 3600.0, 86400.0
SLICE_SECONDS = 30 * DAY_SECONDS
QUIET_SECONDS = 7 * DAY_SECONDS
"""So long from the time's begin nobody need be on call by a schedule before that is said."""


class OnCallHours(NamedTuple):
    """How long people were on call."""

    by_person: Mapping[str, float]
    """By name; who was not on call is not in it."""
    missing: str = ""
    """What PagerDuty does not tell of it: one line of plain words; empty: nothing."""


def read(
    context: Context,
    begin: float,
    end: float,
    policies: Optional[Sequence[str]] = None,
    teams: Sequence[str] = (),
) -> OnCallHours:
    """`begin`, `end`: seconds since the epoch. Of these escalation policies; None: of those of the
    teams, or of all. All by id. One request a page of 100 on-calls, for each 30 days, and one for
    the policies of teams. Raises RetryLater, and Unauthorized where PagerDuty takes the key for
    nothing at all."""
    try:
        if policies is None and teams:
            policies = _of_teams(context, teams)
        if policies is not None and not policies:
            return OnCallHours({})
        rows = _rows(context, begin, end, policies)
    except RetryLater:
        raise
    except PackError as error:
        if error.status == 401:
            raise
        return OnCallHours({}, refused(error.status))
    return OnCallHours(hours_of(rows, begin, end), _unknown(context, rows, begin))


def refused(status: Optional[int]) -> str:
    """What is said where PagerDuty refuses. Pure."""
    if status == 403:
        return "The key may not read who was on call, so there are no hours of it."
    if status == 402:
        return "PagerDuty's plan does not show who was on call, so there are no hours of it."
    return f"PagerDuty does not say who was on call then ({status or 'too many on-calls'})."


def hours_of(rows: Iterable[OnCall], begin: float, end: float) -> Dict[str, float]:
    """Each moment of a person once, within the time. Pure."""
    spans: Dict[str, List[List[float]]] = {}
    names: Dict[str, str] = {}
    for row in rows:
        starts, ends = times.seconds(row.start), times.seconds(row.end)
        low = max(begin, starts) if starts is not None else begin
        high = min(end, ends) if ends is not None else end
        if low < high:
            names[row.user.id] = row.user.name or row.user.id
            spans.setdefault(row.user.id, []).append([low, high])
    found: Dict[str, float] = {}
    for id, own in spans.items():
        found[names[id]] = found.get(names[id], 0.0) + _length(own) / HOUR_SECONDS
    return found


def _length(spans: List[List[float]]) -> float:
    """Of what any of them covers."""
    total, until = 0.0, float("-inf")
    for low, high in sorted(spans):
        total += max(0.0, high - max(low, until))
        until = max(until, high)
    return total


def _of_teams(context: Context, teams: Sequence[str]) -> List[str]:
    """Ids of their escalation policies."""
    path, key = "/escalation_policies", "escalation_policies"
    rows = context.pagerduty.list_all(path, key, {"team_ids": list(teams)}).items
    return [str(row["id"]) for row in rows if row.get("id")]


def _rows(
    context: Context, begin: float, end: float, policies: Optional[Sequence[str]]
) -> List[OnCall]:
    found: List[OnCall] = []
    for part in [None] if policies is None else _parts(policies):
        asked = {} if part is None else {"escalation_policy_ids": list(part)}
        slices = TimeSlices(begin, end, SLICE_SECONDS)
        for since, until in slices:
            try:
                rows = entries.read_rows(context.pagerduty, asked, since, until + 1, MAX_RECORDS)
            except entries.TooManyRows:
                if slices.halve(since, until):
                    continue
                raise
            found += [one for one in map(on_calls.on_call, rows) if one.user.id]
    return found


def _parts(policies: Sequence[str]) -> List[Sequence[str]]:
    return [policies[at : at + entries.MAX_IDS] for at in range(0, len(policies), entries.MAX_IDS)]


def _unknown(context: Context, rows: Sequence[OnCall], begin: float) -> str:
    if not rows:
        return "PagerDuty names nobody who was on call in this time, so there are no hours of it."
    starts = [times.seconds(row.start) for row in rows]
    first = min((one for one in starts if one is not None), default=None)
    if first is None or first - begin <= QUIET_SECONDS:
        return ""
    stamp = times.stamp_at(first, times.zone(context.settings.time_zone))
    return (
        f"PagerDuty names nobody on call by a schedule before {stamp}: hours on call are too low."
    )
