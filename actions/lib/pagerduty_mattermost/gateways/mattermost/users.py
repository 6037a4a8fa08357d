"""Mattermost users as people name them."""

from __future__ import annotations

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import User, is_id


def chat_user(mattermost: Mattermost, name: str) -> User:
    """The Mattermost user by @name, e-mail or id. Raises NotFound (also for a deactivated one) and
    RejectedInput."""
    try:
        if is_id(name):
            user = mattermost.user(name)
        elif "@" in name.lstrip("@"):
            user = mattermost.user_by_email(name)
        else:
            user = mattermost.user_by_username(name)
    except NotFound:
        raise NotFound(f"There is no Mattermost user {one_line(clean(name, 100))!r}") from None
    if not user.active:
        raise NotFound(f"The Mattermost user @{user.username} is deactivated")
    return user
