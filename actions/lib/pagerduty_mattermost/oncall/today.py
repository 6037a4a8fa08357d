"""The post On-Call Today (`oncall.today`): for each service, escalation policy and schedule the
primary, the secondary, and whom to escalate to, once a day.

    post(context, "ops", TodayTargets(services=["API"]), mention=False, zone="Europe/Berlin")
    message(day, lines, shown, now, where, zone)    # its text; pure, outside text is escaped here

The escalation levels say who is what: level 1 is the primary, level 2 the secondary, all further
ones are escalated to.
"""

from __future__ import annotations

from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.gateways.mattermost import post_once
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.on_calls import Shift
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve_all
from pagerduty_mattermost.oncall import rotation
from pagerduty_mattermost.oncall.targets import rows_of
from pagerduty_mattermost.people.accounts import Accounts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.post_once import SentPost
    from pagerduty_mattermost.gateways.mattermost.values import ChannelRef
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
AHEAD_SECONDS = 86400.0
"""In which a hand-over is written down."""
MAX_ASKED = 20
MAX_PEOPLE = 10
"""In one cell of the table."""

Named = Callable[[Reference], str]
"""A person as Markdown."""


class TodayTargets(NamedTuple):
    """Of what people want to know who is on call, as ids or names."""

    services: Sequence[str] = ()
    escalation_policies: Sequence[str] = ()
    schedules: Sequence[str] = ()


class TodayLine(NamedTuple):
    """One row of the table."""

    name: str
    """Of the service, policy or schedule."""
    shifts: Sequence[Shift]
    levels: bool = True
    """False: a schedule's; whatever the level of the policies that use it, who is on call is the
    primary."""


def post(
    context: Context, channel: str, asked: TodayTargets, *, mention: bool, zone: str
) -> Dict[str, Any]:
    """The action's result. `zone`: whose day it is, and in whose times it is written. Raises
    RejectedInput for none or too many, and the gateways' and the store's errors."""
    count = sum(len(texts) for texts in asked)
    if not 1 <= count <= MAX_ASKED:
        raise RejectedInput(
            f"Give 1 to {MAX_ASKED} services, escalation policies and schedules; these are {count}"
        )
    where, now = times.zone(zone), context.clock()
    day = rotation.local_day(now, where)
    key = _key(day, asked)

    def send(found: ChannelRef) -> Tuple[ChannelRef, SentPost]:
        sent = post_once.known(context.store, found.id, key)
        if sent is None:
            accounts = Accounts(context.mattermost, context.store, log=context.log)

            def shown(person: Reference) -> str:
                return accounts.name(person, mention=mention)

            lines = read_lines(context.pagerduty, asked, now)
            text = message(day, lines, shown, now, where, zone)
            sent = context.post_once(found.id, text, key=key)
        return found, sent

    posted_in, sent = context.channels.using(channel, send)
    posted = "Posted before" if sent.already else "Posted"
    return {
        "post_id": sent.post_id,
        "channel_id": sent.channel_id,
        "already": sent.already,
        "date": day.isoformat(),
        "link": post_once.link(context.mattermost.settings, sent.post_id),
        "message": f"{posted} in {posted_in.label} for {day.isoformat()}.",
    }


def _key(day: date, asked: TodayTargets) -> str:
    """The same for the same day and the same things, in whatever order they are named."""
    kinds = ("service", "escalation_policy", "schedule")
    whose = sorted((kind, text) for kind, texts in zip(kinds, asked) for text in texts)
    return f"oncall_today:{day.isoformat()}:{whose}"


def read_lines(pagerduty: PagerDuty, asked: TodayTargets, now: float) -> List[TodayLine]:
    """Who is on call for each of them, services first. Raises NotFound, Ambiguous and the
    gateway's errors."""
    services = _resolved(pagerduty, "service", asked.services)
    policies = _resolved(pagerduty, "escalation_policy", asked.escalation_policies)
    schedules = _resolved(pagerduty, "schedule", asked.schedules)
    for service in services:
        if not service.escalation_policy_id:
            raise NotFound(f"the service {service.name!r} has no escalation policy")
    until = now + AHEAD_SECONDS
    by_policy = [(one.name, one.escalation_policy_id) for one in services]
    by_policy += [(one.name, one.id) for one in policies]
    ids = list(dict.fromkeys(id for _, id in by_policy))
    rows = rows_of(pagerduty, "escalation_policy", ids, since=now, until=until)
    lines = [TodayLine(name, on_calls.paired(rows[id], now)) for name, id in by_policy]
    rows = rows_of(pagerduty, "schedule", [one.id for one in schedules], since=now, until=until)
    for one in schedules:
        turns = on_calls.once_each(rows[one.id]) or on_calls.unused_schedule(
            pagerduty, one.id, one.name, since=now, until=until
        )
        lines.append(TodayLine(one.name, on_calls.paired(turns, now), levels=False))
    return lines


def _resolved(pagerduty: PagerDuty, kind: str, texts: Sequence[str]) -> List[Reference]:
    return list(resolve_all(pagerduty, kind, texts)) if texts else []


def message(
    day: date, lines: Sequence[TodayLine], shown: Named, now: float, where: tzinfo, zone: str
) -> str:
    """`shown`: a person who is on call now, as Markdown; who comes next stands there by the name
    at PagerDuty, since nobody is to call them yet."""
    rows: List[List[str]] = []
    for line in lines:
        cells: Dict[int, List[str]] = {}
        for shift in line.shifts:
            level = next(one.level for one in shift if one is not None) if line.levels else 1
            shift_text = _shift_text(shift, shown, now, where)
            if shift_text not in cells.setdefault(level, []):
                cells[level].append(shift_text)
        primary = _cell(cells.get(1, ())) or "nobody"
        further = [_cell(cells[level]) for level in sorted(cells) if level > 2]
        secondary = _cell(cells.get(2, ())) or " "
        rows.append([markdown.cell(line.name), primary, secondary, ", then ".join(further) or " "])
    head = (
        f"#### On-Call Today: {DAYS[day.weekday()]}, {day.day} "
        f"{times.MONTHS[day.month - 1]} {day.year}"
    )
    table = markdown.table(("for", "primary", "secondary", "escalate to"), rows)
    return f"{head}\n\n{table}\n\nTimes in {zone}."


def _shift_text(shift: Shift, shown: Named, now: float, where: tzinfo) -> str:
    """ "@ada (until 17:00, then Grace Hopper)"."""
    present, coming = shift
    begins = times.seconds(coming.start) if coming else None
    soon = begins is not None and begins - now < AHEAD_SECONDS
    if present is None:
        if coming is None or not soon:
            return "nobody"
        return (
            f"nobody (from {_clock(coming.start, now, where)} {markdown.cell(coming.user.name)})"
        )
    ends = times.seconds(present.end)
    if ends is None or ends - now >= AHEAD_SECONDS:
        return shown(present.user)
    until = f"until {_clock(present.end, now, where)}"
    if coming is not None and soon and coming.user.id != present.user.id:
        at = "" if begins == ends else f" from {_clock(coming.start, now, where)}"
        until += f", then{at} {markdown.cell(coming.user.name)}"
    elif coming is not None and begins == ends:
        return shown(present.user)  # the next turn is the same person's
    return f"{shown(present.user)} ({until})"


def _clock(text: str, now: float, where: tzinfo) -> str:
    return times.clock(text, where, times.iso(now))


def _cell(shifts: Sequence[str]) -> str:
    more = f" and {len(shifts) - MAX_PEOPLE} more" if len(shifts) > MAX_PEOPLE else ""
    return ", ".join(shifts[:MAX_PEOPLE]) + more
