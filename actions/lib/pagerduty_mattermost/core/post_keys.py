"""Deterministic keys: the same thing gets the same key, whoever computes it, today or in an hour.

`post_key("card", incident_id, channel_id)`, `post_key("reply", event_id, channel_id)`. A key goes
out as Mattermost's `pending_post_id` and stands in the post's `props.pagerduty.key`, where a later
run looks for it.
"""

from __future__ import annotations

import hashlib
import json

PROPS_KEY = "pagerduty"
"""Under this key of a post's `props` the pack keeps what it has to know: `{"key": ..., ...}`."""


def post_key(kind: str, *parts: str) -> str:
    """32 hex digits for `kind` and its parts; parts are kept apart, so ("a", "bc") differs from
    ("ab", "c")."""
    text = json.dumps([kind, *[str(part) for part in parts]], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def pending_post_id(bot_user_id: str, key: str) -> str:
    """Mattermost remembers this text alone, whoever sends it: so the bot's user id comes first."""
    return f"{bot_user_id}:{key}"
