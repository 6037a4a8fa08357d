"""Swaps as actions' results: `oncall.swap` and those beside it.

ask(context, {"schedule": "Platform", "user": "ada@example.com", "start": "2026-12-01T..."})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.gateways.pagerduty.references import resolve
from pagerduty_mattermost.oncall import bulk_overrides, swap_taking, swaps
from pagerduty_mattermost.oncall.swaps import AskedSwap

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def ask(context: Context, given: Mapping[str, Any]) -> Dict[str, Any]:
    """Raises NotFound where the person has no such shift, RejectedInput for a channel or time that
    is none, and the gateways' errors."""
    pagerduty, now = context.pagerduty, float(int(context.clock()))
    schedule = resolve(pagerduty, "schedule", given["schedule"])
    asker = resolve(pagerduty, "user", given["user"])
    at = times.seconds(given["start"])
    if at is None:
        raise RejectedInput("start: expected a time")
    shift = swaps.find_shift(context, schedule, asker.id, max(now, at))
    if shift is None:
        since = times.stamp_at(at, times.zone(context.settings.time_zone))
        raise NotFound(
            f"{asker.name} has no shift of {schedule.name} that begins, or goes on, within a day "
            f"from {since}"
        )
    channel = swaps.channel_of(context, schedule, given.get("channel", ""))
    asked = swaps.ask(context, shift, asker, channel)
    where = bulk_overrides.place(shift, times.zone(context.settings.time_zone))
    if asked is None:
        return {"done": "already", "message": f"It is asked already who takes {where}."}
    return {
        "done": "asked",
        **_row(asked),
        "post_id": asked.post_id,
        "channel_id": asked.channel_id,
        "message": f"Asked who takes {where}.",
    }


def take(context: Context, given: Mapping[str, Any]) -> Dict[str, Any]:
    """Raises as `swap_taking.take`."""
    person = resolve(context.pagerduty, "user", given["user"])
    found = swap_taking.take(context, given["swap"], person)
    where = bulk_overrides.place(found.swap.shift, times.zone(context.settings.time_zone))
    taken = f"{found.taker} takes {where}" if found.taker else f"{where}: it was withdrawn"
    ids = [id.partition(":")[2] for id in found.undo.split(", ")] if found.undo else []
    return {
        "done": "already" if found.already else "taken",
        **_row(found.swap),
        "taker": found.taker,
        "override_ids": ids,
        "message": f"{taken}{' already' if found.already and found.taker else ''}.",
    }


def cancel(context: Context, given: Mapping[str, Any]) -> Dict[str, Any]:
    """Raises the gateways' errors."""
    person = resolve(context.pagerduty, "user", given["user"])
    found = swaps.withdraw(context, person.id)
    withdrawn = [_row(one.swap) for one in found if not one.taker]
    late = [{**_row(one.swap), "taker": one.taker} for one in found if one.taker]
    more = f" Taken meanwhile: {len(late)}." if late else ""
    return {
        "done": "withdrawn" if withdrawn else "unchanged",
        "withdrawn": withdrawn,
        "taken": late,
        "message": f"{len(withdrawn)} withdrawn.{more}",
    }


def listed(context: Context, given: Mapping[str, Any]) -> Dict[str, Any]:
    """The shifts that nobody has taken yet, as the action's result. Raises StoreUnreachable."""
    found = [one for one in swaps.unfinished(context.store, context.clock()) if one.post_id]
    zone = times.zone(context.settings.time_zone)
    lines = [f"{one.asker}: {bulk_overrides.place(one.shift, zone)}" for one in found]
    message = "; ".join(lines) or "Nobody asks for a swap."
    return {"swaps": [_row(one) for one in found], "message": message}


def _row(one: AskedSwap) -> Dict[str, Any]:
    return {
        "swap": one.key,
        "schedule_id": one.schedule_id,
        "schedule": one.schedule,
        "asker": one.asker,
        "start": times.iso(one.start),
        "end": times.iso(one.end),
    }
