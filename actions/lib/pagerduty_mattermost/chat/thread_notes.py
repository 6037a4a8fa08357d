"""A reply in a card's thread that becomes a note of the incident, once.

The outgoing webhook names the post, not its thread, and comes for every post that begins with its
word, the bot's own posts too. So the post itself is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.gateways.pagerduty.notes import has_note

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY_PREFIX = "noted."
"""Of a datastore key for each post of which a note was begun."""
KEPT_SECONDS = 7 * 86400


def note_of(context: Context, order: Mapping[str, Any]) -> Optional[Command]:
    """The note as a command, or None when the post is no such reply: not in a card's thread, of
    the bot, empty, or noted already."""
    post = context.mattermost.get_post(str(order.get("post_id")))
    user, root, text = (str(post.get(name) or "") for name in ("user_id", "root_id", "message"))
    word = context.settings.chat.note_word
    if not root or user == context.mattermost.me().id or not text.lower().startswith(word.lower()):
        return None
    own = post.get("props")
    if isinstance(own, dict) and str(own.get("from_webhook")).lower() == "true":
        return None  # an integration wrote it under the user's account
    card = context.mattermost.get_post(root)
    props = card.get("props")
    mark = props.get(PROPS_KEY) if isinstance(props, dict) else None
    incident = str(mark.get("incident") or "") if isinstance(mark, dict) else ""
    words = text[len(word) :].strip()
    if not incident or not words or card.get("user_id") != context.mattermost.me().id:
        return None
    if _was_begun(context, str(post["id"])) and has_note(context.pagerduty, incident, words):
        return None
    return Command(
        "note",
        incidents=incident,
        text=words,
        user=marked_id(user),
        channel=str(post.get("channel_id") or ""),
        brief=True,
    )


def _was_begun(context: Context, post_id: str) -> bool:
    """The intent is written before the note, so that a repeat looks first."""
    name = KEY_PREFIX + post_id
    if context.store.read(name) is not None:
        return True
    context.store.write(name, True, ttl=KEPT_SECONDS)
    return False
