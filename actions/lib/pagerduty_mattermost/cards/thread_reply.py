"""A message as a reply in the thread of a post, or of all cards of an incident.

reply(context, "PT4KHLK", "Looking", key="", channel="") -> {"replies": [...], "message": ...}
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Dict, List, NamedTuple, Tuple

from pagerduty_mattermost.cards.incident_memory import IncidentMemory
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput
from pagerduty_mattermost.gateways.mattermost.post_once import link
from pagerduty_mattermost.gateways.mattermost.values import is_id

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

_INCIDENT_ID = re.compile(r"[A-Z0-9]{6,40}\Z")


class ThreadRef(NamedTuple):
    """A thread to reply in."""

    channel_id: str
    root_id: str
    label: str = ""
    """The channel in people's words; empty where they are not known."""


def reply(
    context: Context, post: str, message: str, *, key: str = "", channel: str = ""
) -> Dict[str, Any]:
    """Reply in each thread; the action's result. `post`: a post's or an incident's id; `channel`:
    the one of the incident's cards that is meant, empty for all. What fails in one thread is
    raised when the others have their reply; with a key, a repeated run replies in that one only.
    """
    replies: List[Dict[str, Any]] = []
    failed: List[Tuple[str, PackError]] = []
    for thread in _threads(context, post, channel):
        try:
            sent = context.post_once(thread.channel_id, message, key=key, root_id=thread.root_id)
        except PackError as error:
            failed.append((thread.label or thread.channel_id, error))
            continue
        replies.append(
            {
                "post_id": sent.post_id,
                "root_id": thread.root_id,
                "channel_id": thread.channel_id,
                "already": sent.already,
                "link": link(context.mattermost.settings, sent.post_id),
            }
        )
    done = f"Replied in {len(replies)} {'thread' if len(replies) == 1 else 'threads'}"
    if failed:
        first = failed[0][1]
        if replies or len(failed) > 1:
            first.args = (f"{done}, not in {', '.join(name for name, _ in failed)}: {first}",)
        raise first
    return {"replies": replies, "message": done + "."}


def threads_of(memory: IncidentMemory, channel_id: str = "") -> List[ThreadRef]:
    """Of the cards that stand in Mattermost, in the order of their channels' ids; of one channel,
    if it is given. Pure."""
    return [
        ThreadRef(record.channel_id, record.post_id, record.label)
        for _, record in sorted(memory.cards.items())
        if record.is_there and channel_id in ("", record.channel_id)
    ]


def _threads(context: Context, post: str, channel: str) -> List[ThreadRef]:
    if is_id(post):
        found = context.mattermost.get_post(post)
        return [ThreadRef(str(found.get("channel_id")), str(found.get("root_id") or found["id"]))]
    if not _INCIDENT_ID.match(post):
        raise RejectedInput(
            f"{post[:60]!r} is neither a post's id (26 lower-case letters and digits) nor an "
            "incident's (PT4KHLK)"
        )
    wanted = context.channels.resolve(channel).id if channel else ""
    threads = threads_of(IncidentRecords(context.store, post, context.log).load(), wanted)
    if not threads:
        where = "in that channel" if wanted else "in any channel"
        raise NotFound(f"The incident {post} has no card {where}")
    return threads
