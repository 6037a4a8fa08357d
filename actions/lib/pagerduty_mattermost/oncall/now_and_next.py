"""Who is on call now, or who comes next, for an escalation policy, a schedule, a service or a user
(`oncall.who`, `oncall.next`)."""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.core.text import inert
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.on_calls import OnCall
from pagerduty_mattermost.oncall import last_known
from pagerduty_mattermost.oncall.last_known import LastKnown
from pagerduty_mattermost.people.display_names import both, usernames

if TYPE_CHECKING:
    from datetime import tzinfo

    from pagerduty_mattermost.gateways.context import Context


def read(
    context: Context,
    *,
    escalation_policy: str,
    schedule: str,
    service: str,
    user: str,
    days: int,
) -> Dict[str, Any]:
    """The action's result. Exactly one of the four, as id, name or e-mail; `days`: who comes next
    within so many, 0: who is on call now. While PagerDuty does not answer, who was on call when
    it last did, at most a day ago: `as_of` says when. Raises as `on_calls.who` does."""
    of = {
        "escalation_policy": escalation_policy,
        "schedule": schedule,
        "service": service,
        "user": user,
    }
    asked, now, as_of = " ".join(filter(None, of.values())), context.clock(), ""
    try:
        if days:
            rows, name = on_calls.upcoming(context.pagerduty, now=now, days=days, **of)
        else:
            rows, name = on_calls.who(context.pagerduty, **of)
            known = LastKnown(now, name, not schedule, rows)
            if not user:
                last_known.keep(context.store, asked, known)
    except RetryLater:
        kept = None if days or user else last_known.find(context.store, asked, now)
        if kept is None:
            raise
        rows, name, as_of = last_known.present(kept.rows, now), kept.name, times.iso(kept.at)
    username = usernames(context)
    chat_names = {row.user.id: username(row.user) for row in rows}
    where = times.zone(context.settings.time_zone)
    return {
        "oncalls": [_row(row, chat_names[row.user.id]) for row in rows],
        "message": _old(as_of, now)
        + sentence(rows, name, chat_names, where, of_user=bool(user), coming=bool(days)),
        **({"as_of": as_of} if as_of else {}),
    }


def _old(as_of: str, now: float) -> str:
    if not as_of:
        return ""
    ago = last_known.age(times.seconds(as_of) or now, now)
    return f"PagerDuty does not answer; as it said {ago} ago: "


def sentence(
    rows: Sequence[OnCall],
    name: str,
    chat_names: Mapping[str, str],
    where: tzinfo,
    *,
    of_user: bool,
    coming: bool,
) -> str:
    """In one line. `name`: of what was asked for; `chat_names`: Mattermost names by user id."""
    parts = []
    for row in rows:
        at = times.stamp(row.start if coming else row.end, where)
        whom = inert(row.policy if of_user else both(row.user, chat_names[row.user.id]))
        when = f" ({'from' if coming else 'until'} {at})" if at else ""
        parts.append(f"level {row.level} {whom}{when}")
    if of_user:
        head = "Next turns of" if coming else "On call as"
    else:
        head = "Next on call for" if coming else "On call for"
    nothing = "nothing" if of_user else "nobody"
    return f"{head} {inert(name)}: {'; '.join(parts) or nothing}"


def _row(row: OnCall, chat_name: str) -> Dict[str, Any]:
    return {
        "level": row.level,
        "user": {
            "id": row.user.id,
            "name": row.user.name,
            "email": row.user.email,
            "mattermost": chat_name,
        },
        "schedule": row.schedule,
        "policy": row.policy,
        "start": row.start,
        "end": row.end,
    }
