"""The card of an incident among a channel's posts, known from outside: by `props.pagerduty`
alone."""

from __future__ import annotations

from typing import Any, Optional

from .mattermost import MattermostService, Post


def card_of(mattermost: MattermostService, channel: str, incident_id: str) -> Optional[Post]:
    for post in mattermost.posts(channel):
        mark: Any = post.props.get("pagerduty") or {}
        if mark.get("incident") == incident_id and not mark.get("event"):
            return post
    return None
