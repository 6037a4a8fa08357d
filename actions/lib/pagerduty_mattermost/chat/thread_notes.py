"""A reply in a card's thread, or a post in a room, that becomes a note of the incident, once.

The outgoing webhook names the post, not its thread, and comes for every post that begins with its
word, the bot's own posts too. So the post itself is read. What was said is remembered with the
incident before the note is written: it is not said again in the same thread
(`cards.told_replies.said_here`), and a repeat of the order looks whether the note stands. One
post may come twice in a moment: by the webhook and by the room listener, or by two machines'
sensors.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional
from uuid import uuid4

from pagerduty_mattermost.cards import told_replies
from pagerduty_mattermost.cards.incident_memory import SaidNote
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.post_keys import own_props
from pagerduty_mattermost.core.text import without_invisible
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.gateways.pagerduty.notes import has_note
from pagerduty_mattermost.rooms.records import RoomRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

SETTLE_SECONDS = 0.3
"""From writing the intent until it is read again: of two runs that wrote theirs at once one finds
the other's."""
UNDER_WAY_SECONDS, LOOK_SECONDS = 10.0, 1.0
"""For how long another run may be writing the note, and how often it is looked for meanwhile."""


def note_of(context: Context, order: Mapping[str, Any]) -> Optional[Command]:
    """The note as a command, or None when the post is no such reply: not in a card's thread, of
    the bot, empty, or noted already."""
    post = context.mattermost.get_post(str(order.get("post_id")))
    user, root, text = (str(post.get(name) or "") for name in ("user_id", "root_id", "message"))
    word = context.settings.chat.note_word
    if user == context.mattermost.me().id or not text.lower().startswith(word.lower()):
        return None
    own = post.get("props")
    if isinstance(own, dict) and str(own.get("from_webhook")).lower() == "true":
        return None  # an integration wrote it under the user's account
    channel = str(post.get("channel_id") or "")
    words = without_invisible(text[len(word) :]).strip()
    incident = _of_card(context, root) if root else ""
    incident = incident or RoomRecords(context.store, context.log).incident_in(channel)
    if not incident or not words:
        return None
    said = SaidNote(channel, told_replies.said_words(words), context.clock(), uuid4().hex[:12])
    records = IncidentRecords(context.store, incident, context.log)
    others = _of_another_run(context, records, str(post["id"]), said)
    if others is not None and _stands(context, incident, words, others.at):
        return None
    return Command(
        "note", incidents=incident, text=words, user=marked_id(user), channel=channel, brief=True
    )


def _of_card(context: Context, root: str) -> str:
    """The incident of the card that the thread hangs on; empty for another post."""
    card = context.mattermost.get_post(root)
    props = card.get("props") if card.get("user_id") == context.mattermost.me().id else None
    return str(own_props(props).get("incident") or "")


def _of_another_run(
    context: Context, records: IncidentRecords, post_id: str, said: SaidNote
) -> Optional[SaidNote]:
    """The intent of whoever was here before, or at once; None where this run is the one that
    writes the note. The intent is written before the note, so that a repeat looks first."""
    if records.was_said(post_id):
        return records.said(post_id) or said._replace(at=0.0)
    records.save_said(post_id, said)
    context.sleep(SETTLE_SECONDS)
    now = records.said(post_id)
    return None if now is None or now.run == said.run else now


def _stands(context: Context, incident: str, words: str, since: float) -> bool:
    """Whether the note is there, or comes while another run may be writing it."""
    until = since + UNDER_WAY_SECONDS
    while not has_note(context.pagerduty, incident, words):
        if context.clock() >= until:
            return False
        context.sleep(LOOK_SECONDS)
    return True
