"""Deterministic keys: the same thing gets the same key, whoever computes it, today or in an hour.

`post_key("card", incident_id, channel_id)`, `post_key("reply", event_id, channel_id)`. A key
stands in the post's `props.pagerduty.key`, where a later run looks for it.

Mattermost is given another text for it, the `pending_post_id`: whoever sends one that it remembers
gets the post that was made with it, whosever that is. Everybody can work out a key, so what goes
out is made with a seed (`secret_key`), which nobody can who has not the bot's token:

    seed = secret_key(token, key)            # of the first post; later ones beside it share it
    pending_post_id(bot_user_id, secret_key(seed, key))
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any, Mapping

PROPS_KEY = "pagerduty"
"""Under this key of a post's `props` the pack keeps what it has to know: `{"key": ..., ...}`."""


def own_props(props: Any) -> Mapping[str, Any]:
    """What stands there in the `props` of a post; empty where nothing does. Anybody may write
    it."""
    own = props.get(PROPS_KEY) if isinstance(props, dict) else None
    return own if isinstance(own, dict) else {}


def post_key(kind: str, *parts: str) -> str:
    """32 hex digits for `kind` and its parts; parts are kept apart, so ("a", "bc") differs from
    ("ab", "c")."""
    text = json.dumps([kind, *[str(part) for part in parts]], separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def secret_key(secret: str, text: str) -> str:
    """32 hex digits for the text, equal for whoever has the secret, and from which nobody learns
    it."""
    return hmac.new(secret.encode("utf-8"), text.encode("utf-8"), hashlib.sha256).hexdigest()[:32]


def pending_post_id(bot_user_id: str, outgoing: str) -> str:
    """What Mattermost remembers for 30 s, this text alone, whoever sends it: so the bot's user id
    comes first. `outgoing`: a key made secret."""
    return f"{bot_user_id}:{outgoing}"
