"""`oncall.check`: who is on call, now or soon, and could not be woken; and what the next fourteen
days of the rota have in them that people should look at.

    check(context, hours=24)    # {"unreachable": [...], "advice": [...], ...}

A name in the configuration that means nothing is no all-clear: the check fails and says which.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.oncall import OnCallConfig
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import inert
from pagerduty_mattermost.gateways.pagerduty import contact_methods, schedules
from pagerduty_mattermost.gateways.pagerduty.contact_methods import UserContacts
from pagerduty_mattermost.oncall import rendered_schedule, rota_advice
from pagerduty_mattermost.oncall.handoffs import SCHEDULE_LEVEL, ComingShift
from pagerduty_mattermost.oncall.rota_advice import AHEAD_SECONDS, Advice
from pagerduty_mattermost.oncall.shift_contacts import (
    UnreachableShift,
    could_be_missed,
    reached_by_mail_alone,
    shifts,
)
from pagerduty_mattermost.oncall.watched import WatchedOnCalls, read_watched

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_ADVICE = 100
"""Of a result; how many more there are is said."""


def check(context: Context, hours: Optional[int]) -> Dict[str, Any]:
    """The action's result. `hours`: how far ahead shifts are looked at for contacts; None: what
    the configuration says. Raises RejectedInput where nothing is watched, NotFound where a name
    means nothing, and the gateway's and the store's errors."""
    settings = context.settings.oncall
    if not settings.channels:
        raise RejectedInput(
            "Nothing to check: oncall.channels names no schedule or escalation policy"
        )
    # Who asks wants it checked although the configuration switches the check off (0).
    usual = settings.contact_check_before or OnCallConfig().contact_check_before
    within = 3600.0 * (usual if hours is None else hours)
    now = context.clock()
    until = now + max(within, AHEAD_SECONDS)
    seen = _with_unused(context, read_watched(context, now, until), now, until)
    among = shifts(seen, within)
    known = contact_methods.read_contacts(context.pagerduty, [one.span.user.id for one in among])
    unreachable = reached_by_mail_alone(among, known)
    where = times.zone(context.settings.time_zone)
    ahead = rota_advice.advice(seen.spans, seen.things, now, now + AHEAD_SECONDS)
    advice = _weak(among, known) + rota_advice.grouped(ahead, where)
    people = len({one.span.user.id for one in among})
    message = _message(unreachable, advice, people, within, where)
    if seen.problems:
        raise NotFound(f"oncall.channels: {'; '.join(seen.problems)}. Of the others: {message}")
    return {
        "unreachable": [_row(one, seen) for one in unreachable],
        "advice": [
            {
                "kind": one.kind,
                "user": _person(one.user),
                "on_call_for": list(one.places),
                "start": times.iso(one.start),
                "end": times.iso(one.end),
                "count": one.turns,
                "text": rota_advice.sentence(one, where),
            }
            for one in advice[:MAX_ADVICE]
        ],
        "more_advice": max(0, len(advice) - MAX_ADVICE),
        "checked": people,
        "unknown": [],
        "message": message,
    }


def _with_unused(
    context: Context, seen: WatchedOnCalls, since: float, until: float
) -> WatchedOnCalls:
    """The rows with the schedules that no policy uses: PagerDuty's on-calls leave them out."""
    empty = [
        id
        for id, thing in seen.things.items()
        if thing.kind == "schedule" and not seen.spans.get(id)
    ]
    if not empty:
        return seen
    spans = dict(seen.spans)
    for id, found in schedules.read_many(context.pagerduty, empty, since, until).items():
        final = rendered_schedule.spans(found)
        spans[id] = {SCHEDULE_LEVEL: final} if final else {}
    return seen._replace(spans=spans)


def _weak(among: List[ComingShift], known: Mapping[str, UserContacts]) -> List[Advice]:
    """People who could be missed, each once."""
    return [
        Advice(of.weakness, one.span.start or 0.0, one.span.end or 0.0, (), of.user, of.text)
        for one, of in could_be_missed(among, known)
    ]


def _message(
    unreachable: List[UnreachableShift],
    advice: List[Advice],
    people: int,
    within: float,
    where: tzinfo,
) -> str:
    names = ", ".join(sorted({inert(one.user.name) for one in unreachable}))
    message = f"{people} people are on call now or within {within / 3600:g} h. "
    message += (
        f"Without a phone, SMS or push contact: {names}."
        if names
        else "All of them can be reached."
    )
    if advice:
        first = inert(rota_advice.sentence(advice[0], where))
        count = "1 thing" if len(advice) == 1 else f"{len(advice)} things"
        message += f" {count} to check{', first' if len(advice) > 1 else ''}: {first}."
    return message


def _row(one: UnreachableShift, seen: WatchedOnCalls) -> Dict[str, Any]:
    span = one.shift.span
    return {
        "user": _person(one.user),
        "on_call_for": seen.things[one.shift.watched].name,
        "level": one.shift.level,
        "start": times.iso(span.start) if span.start is not None else "",
        "end": times.iso(span.end) if span.end is not None else "",
        "now": span.covers(seen.at),
    }


def _person(user: Any) -> Dict[str, str]:
    return {"id": user.id, "name": user.name, "email": user.email}
