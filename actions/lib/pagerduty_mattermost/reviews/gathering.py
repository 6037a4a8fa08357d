"""All that is known of an incident, read for its timeline: PagerDuty's log, playbook, room.

    found = gather(context, "PT4KHLK")
    found.entries, found.left_out

What can't be read of the room is left out and said; what PagerDuty or the datastore does not tell
raises, since a timeline without it would be wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, Unauthorized
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.incidents.history import missing_events
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent
from pagerduty_mattermost.incidents.reader import read_incident, read_incident_log
from pagerduty_mattermost.reviews.proof import is_proof
from pagerduty_mattermost.reviews.timeline import (
    RoomMessage,
    TimelineEntry,
    event_entries,
    in_order,
    marked_posts,
    message_entries,
    people_entries,
    run_entries,
)
from pagerduty_mattermost.rooms.records import RoomRecord, RoomRecords
from pagerduty_mattermost.runs.records import Run, RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

EARLIER_SECONDS = 3600.0
"""Of what was said in the room, how long before the incident it still counts: an adopted channel
is older."""
MAX_MESSAGES = 200


class GatheredFacts(NamedTuple):
    """All that is known of an incident's course."""

    incident: Incident
    entries: Tuple[TimelineEntry, ...]
    """In their order."""
    run: Optional[Run] = None
    room: Optional[RoomRecord] = None
    left_out: Tuple[str, ...] = ()
    """What of the room could not be read, a line each."""

    @property
    def warnings(self) -> List[str]:
        """The same as lines of Markdown."""
        return [f":warning: Not in it: {escape(one_line(line))}" for line in self.left_out]


def gather(
    context: Context, incident_id: str, sees: Callable[[RoomRecord], bool] = lambda room: True
) -> GatheredFacts:
    """`sees`: whether whoever asks may see the room; if not its playbook is left out as well.
    Raises NotFound where there is no such incident, and the gateways' errors."""
    incident = read_incident(context.pagerduty, incident_id)
    if incident is None:
        raise NotFound(f"There is no incident {incident_id} in PagerDuty")
    zone = times.zone(context.settings.time_zone)
    entries = event_entries(_events(context, incident), incident, zone)
    run, room = run_of(context, incident_id), room_of(context, incident_id)
    if room is not None and not sees(room):
        return GatheredFacts(incident, in_order(entries))
    entries += run_entries(run, lambda id: _link(context, id))
    left_out: List[str] = []
    if room is not None:
        try:
            entries += _of_room(context, incident, room, run)
        except PackError as error:
            if isinstance(error, Unauthorized) and error.status == 401:
                raise
            left_out.append(f"what was said in the room: {context.line_in_chat(error)}")
    return GatheredFacts(incident, in_order(entries), run, room, tuple(left_out))


def run_of(context: Context, incident_id: str) -> Optional[Run]:
    """The incident's run, also one that is closed."""
    records = RunRecords(context.store, context.log)
    run = records.load(incident_id)
    if run is not None:
        return run
    closed = records.closed(incident_id)
    return Run(closed.plan, closed.acts, closed.post) if closed is not None else None


def room_of(context: Context, incident_id: str) -> Optional[RoomRecord]:
    """The incident's room, also one that was put away."""
    records = RoomRecords(context.store, context.log)
    found = [*records.of(incident_id), *records.old_of(incident_id)]
    return next((one for one in found if one.is_open), found[-1] if found else None)


def _events(context: Context, incident: Incident) -> Tuple[IncidentEvent, ...]:
    log = read_incident_log(context.pagerduty, incident.id)
    story = missing_events(log, incident, {}, 0.0, context.clock()).events
    return tuple(event for event in story if not is_proof(event.change("note")))


def _of_room(
    context: Context, incident: Incident, room: RoomRecord, run: Optional[Run]
) -> List[TimelineEntry]:
    began = times.seconds(incident.created_at) or room.at
    since = began - EARLIER_SECONDS
    posts = [
        post
        for post in context.mattermost.posts_since(room.channel_id, since)
        if int(post.get("create_at") or 0) >= since * 1000
    ]
    bot = context.mattermost.me()
    people = people_entries(posts, lambda id: _link(context, id), bot.username)
    return [*people, *message_entries(_messages(context, posts, run, bot.id))]


def _messages(
    context: Context, posts: List[Dict[str, Any]], run: Optional[Run], bot_id: str
) -> List[RoomMessage]:
    """What people pinned in the room or marked for the timeline; what was deleted is none."""
    by_id = {str(post["id"]): post for post in posts}
    pinned = [
        str(post["id"])
        for post in posts
        if post.get("is_pinned") and not post.get("type") and post.get("user_id") != bot_id
    ]
    wanted = list(dict.fromkeys([*marked_posts(run), *reversed(pinned)]))[:MAX_MESSAGES]
    names: Dict[str, str] = {}
    found = []
    for id in wanted:
        post = by_id.get(id) or _post(context, id)
        if post is None:
            continue
        user = str(post.get("user_id") or "")
        if user not in names:
            names[user] = _username(context, user)
        at, text = int(post.get("create_at") or 0) / 1000, str(post.get("message") or "")
        found.append(RoomMessage(id, at, names[user], text, _link(context, id)))
    return found


def _post(context: Context, post_id: str) -> Optional[Dict[str, Any]]:
    try:
        post = context.mattermost.get_post(post_id)
    except (NotFound, Unauthorized) as error:
        if error.status == 401:
            raise
        return None
    return None if post.get("delete_at") else post


def _username(context: Context, user_id: str) -> str:
    try:
        return context.mattermost.user(user_id).username
    except NotFound:
        return ""


def _link(context: Context, post_id: str) -> str:
    return link(context.mattermost.settings, post_id)
