"""A schedule's days ahead, as a table or as a picture in a channel; for the actions and for
chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, NamedTuple, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, resolve_all
from pagerduty_mattermost.oncall import rotation
from pagerduty_mattermost.oncall import week as oncall_week
from pagerduty_mattermost.oncall.rotation import Stretch

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.post_once import Sent


class Week(NamedTuple):
    text: str
    """The table."""
    schedules: List[Tuple[Reference, List[Stretch]]]
    """Each with its pieces, nobody's too."""


def week(context: Context, names: Sequence[str], days: int) -> Week:
    """A request for each schedule, and those that resolve the names. Raises RejectedInput,
    NotFound, Ambiguous and the gateway's errors."""
    if not 1 <= len(names) <= oncall_week.MAX_SCHEDULES:
        raise RejectedInput(
            f"Give 1 to {oncall_week.MAX_SCHEDULES} schedules; these are {len(names)}"
        )
    if not 1 <= days <= oncall_week.MAX_DAYS:
        raise RejectedInput(f"days must be 1 to {oncall_week.MAX_DAYS}")
    where, now = times.zone(context.settings.time_zone), context.clock()
    until = rotation.midnight(rotation.days(rotation.local_day(now, where), days + 1)[-1], where)
    found = resolve_all(context.pagerduty, "schedule", names)
    read = [
        (one, rotation.pieces(rotation.read(context.pagerduty, one.id, now, until), now, until))
        for one in found
    ]
    columns = [(one.name, rows) for one, rows in read]
    return Week(oncall_week.message(columns, now, days, where, context.settings.time_zone), read)


def picture(
    context: Context, schedule: str, channel: str, days: int, *, key: str = "", root_id: str = ""
) -> Tuple[Any, Sent]:
    """Draw and post it; the channel and the post. With a key the same one is posted once, and
    drawn once."""
    from pagerduty_mattermost.gateways.mattermost import post_once as messages
    from pagerduty_mattermost.oncall import picture as rotation_picture

    if not 1 <= days <= rotation_picture.MAX_DAYS:
        raise RejectedInput(f"days must be 1 to {rotation_picture.MAX_DAYS}")

    def send(found: Any) -> Tuple[Any, Sent]:
        sent = messages.known(context.store, found.id, key) if key else None
        if sent is None:
            where, now = times.zone(context.settings.time_zone), context.clock()
            one = resolve(context.pagerduty, "schedule", schedule)
            begin = rotation.local_day(now, where)
            until = rotation.midnight(rotation.days(begin, days + 1)[-1], where)
            rows = rotation.read(context.pagerduty, one.id, rotation.midnight(begin, where), until)
            content = rotation_picture.png(
                one.name, rows, now, days, where, context.settings.time_zone
            )
            file_id = context.mattermost.upload_file(
                found.id, f"on-call-{begin.isoformat()}.png", content
            )
            text = f"On call for {escape(one.name)}, {days} days"
            sent = context.post_once(found.id, text, key=key, root_id=root_id, file_ids=[file_id])
        return found, sent

    return context.channels.using(channel, send)
