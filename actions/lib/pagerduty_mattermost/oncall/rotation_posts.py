"""A schedule's days ahead, as a table or as a picture in a channel; for the actions and for
chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, resolve_all
from pagerduty_mattermost.oncall import rotation
from pagerduty_mattermost.oncall.rotation import ScheduleEntry
from pagerduty_mattermost.oncall.week import MAX_DAYS, MAX_SCHEDULES, message

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.post_once import SentPost


class RotationWeek(NamedTuple):
    """The days ahead of some schedules."""

    text: str
    """The table."""
    schedules: List[Tuple[Reference, List[ScheduleEntry]]]
    """Each with its pieces, nobody's too."""


def read_week(context: Context, names: Sequence[str], days: int) -> RotationWeek:
    """A request for each schedule, and those that resolve the names. Raises RejectedInput,
    NotFound, Ambiguous and the gateway's errors."""
    if not 1 <= len(names) <= MAX_SCHEDULES:
        raise RejectedInput(f"Give 1 to {MAX_SCHEDULES} schedules; these are {len(names)}")
    if not 1 <= days <= MAX_DAYS:
        raise RejectedInput(f"days must be 1 to {MAX_DAYS}")
    where, now = times.zone(context.settings.time_zone), context.clock()
    until = rotation.midnight(rotation.days(rotation.local_day(now, where), days + 1)[-1], where)
    found = resolve_all(context.pagerduty, "schedule", names)
    read = [
        (one, rotation.pieces(rotation.read(context.pagerduty, one.id, now, until), now, until))
        for one in found
    ]
    columns = [(one.name, rows) for one, rows in read]
    return RotationWeek(message(columns, now, days, where, context.settings.time_zone), read)


def as_result(week: RotationWeek) -> Dict[str, Any]:
    """What `oncall.week` returns of it."""
    schedules = [
        {
            "id": schedule.id,
            "name": schedule.name,
            "oncalls": [
                {
                    "user": {"id": one.user.id, "name": one.user.name if one.user.id else ""},
                    "start": times.iso(one.start),
                    "end": times.iso(one.end),
                }
                for one in pieces
            ],
        }
        for schedule, pieces in week.schedules
    ]
    return {"schedules": schedules, "message": week.text}


def post_picture(
    context: Context, schedule: str, channel: str, days: int, *, key: str = "", root_id: str = ""
) -> Tuple[Any, SentPost]:
    """Draw and post it; the channel and the post. With a key the same one is posted once, and
    drawn once."""
    from pagerduty_mattermost.gateways.mattermost import post_once
    from pagerduty_mattermost.oncall.picture import MAX_PICTURE_DAYS, png

    if not 1 <= days <= MAX_PICTURE_DAYS:
        raise RejectedInput(f"days must be 1 to {MAX_PICTURE_DAYS}")

    def send(found: Any) -> Tuple[Any, SentPost]:
        sent = post_once.known(context.store, found.id, key) if key else None
        if sent is None:
            where, now = times.zone(context.settings.time_zone), context.clock()
            one = resolve(context.pagerduty, "schedule", schedule)
            begin = rotation.local_day(now, where)
            until = rotation.midnight(rotation.days(begin, days + 1)[-1], where)
            rows = rotation.read(context.pagerduty, one.id, rotation.midnight(begin, where), until)
            content = png(one.name, rows, now, days, where, context.settings.time_zone)
            file_id = context.mattermost.upload_file(
                found.id, f"on-call-{begin.isoformat()}.png", content
            )
            text = f"On call for {escape(one.name)}, {days} days"
            sent = context.post_once(found.id, text, key=key, root_id=root_id, file_ids=[file_id])
        return found, sent

    return context.channels.using(channel, send)
