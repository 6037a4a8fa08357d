"""Pure: what of the posts that changed in a room is to be acted on.

heard(posts, since, bot_id, "note:")    # -> [HeardPost("note", post_id, user_id, text)]
"""

from __future__ import annotations

from typing import Any, Iterable, List, Mapping, NamedTuple

NOTE, EDITED, DELETED, CHANGED = "note", "edited", "deleted", "changed"
DUE = "due"
"""In place of what was heard: something is due in the room's run."""
CHANGES = (
    "system_displayname_change",
    "system_header_change",
    "system_channel_deleted",
    "system_channel_restored",
    "system_change_chan_privacy",
    "system_convert_channel",
)
"""Types of what the server says when people change a channel."""


class HeardPost(NamedTuple):
    """One of them. Texts are people's own words, not made safe."""

    kind: str
    post_id: str
    user_id: str
    text: str = ""
    root_id: str = ""


def heard(
    posts: Iterable[Mapping[str, Any]], since: int, bot_id: str, word: str
) -> List[HeardPost]:
    """`posts`: Mattermost's, in the order in which they were made; `since`: milliseconds since the
    epoch. What bots and webhooks write is left out: of each change of the channel by people one
    is enough."""
    found: List[HeardPost] = []
    for post in posts:
        user, kind = str(post.get("user_id") or ""), str(post.get("type") or "")
        made, text = int(post.get("create_at") or 0), str(post.get("message") or "")
        root = str(post.get("root_id") or "")
        if user == bot_id or _by_a_program(post):
            continue
        if kind:
            if kind in CHANGES and made > since:
                found = [one for one in found if one.kind != CHANGED]
                found.append(HeardPost(CHANGED, str(post["id"]), user))
            continue
        if post.get("delete_at"):
            found.append(HeardPost(DELETED, str(post["id"]), user, "", root))
        elif made > since:
            if text.lower().startswith(word.lower()):
                found.append(HeardPost(NOTE, str(post["id"]), user, text, root))
        elif int(post.get("edit_at") or 0) > since:
            found.append(HeardPost(EDITED, str(post["id"]), user, text, root))
    return found


def _by_a_program(post: Mapping[str, Any]) -> bool:
    props = post.get("props")
    marks = (props.get("from_webhook"), props.get("from_bot")) if isinstance(props, dict) else ()
    return any(str(mark).lower() == "true" for mark in marks)


def latest(posts: Iterable[Mapping[str, Any]], since: int) -> int:
    """Up to when all was heard, milliseconds since the epoch."""
    return max([since, *(int(post.get("update_at") or 0) for post in posts)])
