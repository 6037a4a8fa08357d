"""Mattermost users as people name them."""

from __future__ import annotations

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.core.text import ascii_lower, clean, one_line
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.values import User, id_in, is_id


def chat_user(mattermost: Mattermost, name: str, *, or_id: bool = False) -> User:
    """The Mattermost user by @name, e-mail, or id as `marked_id` marks it. `or_id`: also by a bare
    id, where nobody has it for a name (what administrators type; of what people say of themselves
    an id is no name). Raises NotFound (also for a deactivated one) and RejectedInput."""
    try:
        user = _found(mattermost, name)
    except NotFound:
        if not (or_id and is_id(name)):
            raise NotFound(_none(name)) from None
        try:
            user = mattermost.user(name)
        except NotFound:
            raise NotFound(_none(name)) from None
    if not user.active:
        raise NotFound(f"The Mattermost user @{user.username} is deactivated")
    return user


def _found(mattermost: Mattermost, name: str) -> User:
    if id_in(name):
        return mattermost.user(id_in(name))
    if "@" not in name.lstrip("@"):
        return mattermost.user_by_username(name)
    user = mattermost.user_by_email(name)
    # The server folds letters of all scripts: what it finds may be another address.
    same = ascii_lower(user.email) == ascii_lower(name) if user.email else name.isascii()
    if not same:
        raise NotFound(_none(name))
    return user


def _none(name: str) -> str:
    return f"There is no Mattermost user {one_line(clean(id_in(name) or name, 100))!r}"
