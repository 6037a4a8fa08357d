"""PagerDuty's people shown with their Mattermost names; where that is not configured nothing of it
is imported.

    names_met(context)         # {"PUSER1": "ada"}, of people whom this run came across
    usernames(context)         # a look-up for whoever only shows names
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Dict

from pagerduty_mattermost.core.config.settings import mattermost_missing
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.pagerduty.references import Reference

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def names_met(context: Context) -> Dict[str, str]:
    """Mattermost names by PagerDuty's user ids, of people whose account this run has looked up for
    another reason: whoever looks one up adds it. A card names them so without a request."""
    return context.once("names met", dict)


def usernames(context: Context) -> Callable[[Reference], str]:
    """A look-up of Mattermost names for whoever only shows them: "" for who has none, and for
    everybody where Mattermost is not configured or can't tell now."""
    if mattermost_missing(context.settings):
        return lambda person: ""
    from pagerduty_mattermost.people.accounts import Accounts

    accounts, away = Accounts(context.mattermost, context.store, log=context.log), False

    def username(person: Reference) -> str:
        nonlocal away
        if away:
            return ""
        try:
            account = accounts.of(person)
        except PackError as error:
            away = True
            context.log.info("Shown without Mattermost names: %s", error)
            return ""
        return account.username if account is not None else ""

    return username


def both(person: Reference, username: str) -> str:
    """PagerDuty's name and the @name, not escaped."""
    return f"{person.name} (@{username})" if username else person.name
