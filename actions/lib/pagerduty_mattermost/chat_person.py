"""In whose name a command acts: PagerDuty records the person who typed it, not a bot.

A Mattermost user is the PagerDuty user of the same e-mail address. Who typed is what the chat bot claims
(facts/stackstorm.md, Aliases), so the address comes from Mattermost's own account of that name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import Ambiguous, ConfigError, NotFound, RejectedInput
from .lookup import Reference, resolve
from .text import clean, one_line

if TYPE_CHECKING:
    from .action_base import PackAction

_WAY_OUT = 'say whose name it is with "from <e-mail>"'


def linked(action: PackAction, user: str) -> Reference:
    """The PagerDuty user who is this Mattermost user. Raises NotFound (also for a deactivated account, or where the
    server hides addresses), Ambiguous, ConfigError (Mattermost is not configured) and the gateways' errors."""
    from .people import chat_user

    name = one_line(clean(user, 100))
    if not name:
        raise NotFound("the chat did not say who you are")
    account = chat_user(action.mattermost, name)
    if not account.email:
        raise NotFound(f"Mattermost does not show the e-mail address of @{account.username} to the bot")
    try:
        return resolve(action.pagerduty, "user", account.email)
    except NotFound:
        raise NotFound(f"no PagerDuty user has the e-mail address of @{account.username}") from None


def sender(action: PackAction, user: str, asked: str) -> str:
    """The e-mail address for PagerDuty's `From`: the one asked for where the configuration allows it, else the
    person's own, else the configured one where the configuration allows that. Raises RejectedInput and NotFound."""
    chat = action.settings.chat
    if asked:
        if not chat.allow_from:
            raise RejectedInput('"from" is switched off here (chat.allow_from): act in your own name')
        return asked
    try:
        return linked(action, user).email
    except (NotFound, Ambiguous, ConfigError) as error:
        default = action.settings.pagerduty.from_email
        if chat.default_sender and default:
            action.log.info("Acting as %s: %s", default, error)
            return default
        way_out = f"; {_WAY_OUT}" if chat.allow_from else ""
        raise NotFound(f"PagerDuty would not know who you are: {error}{way_out}") from None
