"""Pure: when what is not acknowledged is raised again, and who is next.

    number = due(since, now, terms)                    # 1 for the first reminder, 0 for none yet
    text(since, now, following(incident, on_calls, now), zone) -> Markdown

An episode begins when the incident was triggered, reopened, no longer acknowledged, or got its
urgency; reminders count from there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any, Iterable, List, NamedTuple, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.quiet import RemindersConfig
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall, levels_of
from pagerduty_mattermost.incidents.incident import IncidentEvent

MAX_REMINDERS = 10
"""Reminders of one episode, where they are repeated."""
MAX_NAMED = 5
BEGINNINGS = (
    "incident.triggered",
    "incident.reopened",
    "incident.unacknowledged",
    "incident.urgency_updated",
)
NEXT_UNKNOWN = "Who is next is not known."


class PlannedEscalation(NamedTuple):
    """An escalation that PagerDuty has planned."""

    at: float
    """Seconds since the epoch."""
    assigned_at: float
    """When those were assigned who have the incident now."""


def began(events: Iterable[IncidentEvent], otherwise: float) -> float:
    """When the present episode began, in seconds since the epoch; never before `otherwise`."""
    found = [
        times.seconds(event.occurred_at) for event in events if event.event_type in BEGINNINGS
    ]
    return max([otherwise, *(at for at in found if at is not None)])


def due(since: float, now: float, terms: RemindersConfig) -> int:
    """The number of the newest reminder that is due; what was missed before it is not made up
    for."""
    late = now - since - terms.after * 60
    if late < 0:
        return 0
    return min(MAX_REMINDERS, 1 + int(late // (terms.repeat * 60))) if terms.repeat else 1


def next_at(since: float, told: int, terms: RemindersConfig) -> float:
    """When the reminder after the `told`-th is due; 0 when there is none."""
    if told and (not terms.repeat or told >= MAX_REMINDERS):
        return 0.0
    return since + 60 * (terms.after + told * terms.repeat)


def planned(incident: Mapping[str, Any]) -> Optional[PlannedEscalation]:
    """The next escalation of an incident (a row of GET /incidents); None where none is planned, or
    not known."""
    at = [
        times.seconds(str(one.get("at")))
        for one in _maps(incident.get("pending_actions"))
        if _is_escalation(one)
    ]
    known = [moment for moment in at if moment is not None]
    assigned = [times.seconds(str(one.get("at"))) for one in _maps(incident.get("assignments"))]
    since = [moment for moment in assigned if moment is not None]
    return PlannedEscalation(min(known), max(since)) if known and since else None


def following(
    incident: Mapping[str, Any], on_calls: Optional[Sequence[OnCall]], now: float
) -> str:
    """Who is next, as a sentence; never a name that is not sure. `incident`: a row of GET
    /incidents with its escalation policy. `on_calls`: of that policy, from the assignment to the
    planned escalation; None when not known.

    PagerDuty does not say on which level an incident is. It is the one level on which just the
    assignees were on call when they were assigned."""
    pending = incident.get("pending_actions")
    if not isinstance(pending, list):
        return NEXT_UNKNOWN
    if not any(_is_escalation(one) for one in _maps(pending)):
        return "No further escalation is planned."
    step = planned(incident)
    if step is None:
        return NEXT_UNKNOWN
    when = f"in {times.duration(step.at - now)}" if step.at > now else "now"
    policy = incident.get("escalation_policy")
    levels = len(_maps(policy.get("escalation_rules"))) if isinstance(policy, Mapping) else 0
    level = _level(incident, on_calls, step.assigned_at) if on_calls is not None else 0
    if not levels or not 1 <= level <= levels:
        return f"It escalates {when}; to whom is not known."
    level = level + 1 if level < levels else 1  # after the last one the policy begins anew
    names = list(
        dict.fromkeys(one.user.name for one in _at(on_calls or (), step.at) if one.level == level)
    )
    if not names:
        return f"Next: level {level} {when}, where nobody is on call."
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    shown = ", ".join(escape(one_line(clean(name), 60)) for name in names[:MAX_NAMED])
    return f"Next: level {level}, {shown}{more} {when}."


def text(since: float, now: float, next_one: str, zone: tzinfo) -> str:
    """The reply in the card's thread, without a mention."""
    clock = times.clock(times.iso(now), zone, times.iso(now))
    return (
        f"{clock} · :alarm_clock: **Still unacknowledged after "
        f"{times.duration(now - since)}.** {next_one}"
    )


def assignees(incident: Mapping[str, Any]) -> List[str]:
    """PagerDuty's ids of whom the incident is assigned to."""
    found = (one.get("assignee") for one in _maps(incident.get("assignments")))
    return [str(one["id"]) for one in found if isinstance(one, Mapping) and one.get("id")]


def policy_id(incident: Mapping[str, Any]) -> str:
    """PagerDuty's id of the incident's escalation policy; empty where it has none."""
    policy = incident.get("escalation_policy")
    return str(policy.get("id") or "") if isinstance(policy, Mapping) else ""


def _level(incident: Mapping[str, Any], on_calls: Sequence[OnCall], assigned_at: float) -> int:
    """0 where it is not clear: assigned by hand, or the same people on several levels."""
    assigned = set(assignees(incident))
    if incident.get("assigned_via") == "direct_assignment" or not assigned:
        return 0
    found = levels_of(_at(on_calls, assigned_at), assigned).exact
    return found[0] if len(found) == 1 else 0


def _at(on_calls: Iterable[OnCall], moment: float) -> List[OnCall]:
    """Those on call at the moment."""

    def there(one: OnCall) -> bool:
        start, end = times.seconds(one.start), times.seconds(one.end)
        return (start is None or start <= moment) and (end is None or moment < end)

    return [one for one in on_calls if there(one)]


def _is_escalation(action: Mapping[str, Any]) -> bool:
    return action.get("type") == "escalate"


def _maps(value: Any) -> List[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
