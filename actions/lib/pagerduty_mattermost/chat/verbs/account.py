"""Who somebody is at PagerDuty, and whether things are done in their name; help, and how all of it
stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.cards import incident_tables as chat_tables
from pagerduty_mattermost.chat.acting_user import who
from pagerduty_mattermost.chat.command import Answer, Said
from pagerduty_mattermost.core.errors import Ambiguous, NotFound, RejectedInput
from pagerduty_mattermost.people import identity

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def who_am_i(context: Context, said: Said) -> Answer:
    found = who(context, said.user)
    why = (
        "an admin linked you"
        if found.how == identity.LINK
        else "your e-mail address is the same on both sides"
    )
    return Answer(f"You are {chat_tables.cell(found.person.name)} at PagerDuty: {why}.")


def connect(context: Context, said: Said) -> Answer:
    """Looks afresh. What a person says of themselves proves nothing, so there is nothing to type:
    an address that is the same on both sides, or an admin."""
    account = identity.connect(context.mattermost, context.store, said.user)
    try:
        return who_am_i(context, said)
    except (NotFound, Ambiguous) as error:
        raise type(error)(
            f"{error}. The way out: give PagerDuty and Mattermost the same address, or ask "
            "an admin to run "
            f"`st2 run pagerduty.identity.link user={account.username} "
            "pagerduty_user=<e-mail or id>`"
        ) from None


def disconnect(context: Context, said: Said) -> Answer:
    identity.disconnect(context.mattermost, context.store, said.user)
    return Answer("Disconnected: nothing is done in your name until you `/pd connect` again.")


def notify(context: Context, said: Said) -> Answer:
    """Whether the person is told of shifts in private; bare: how it stands."""
    from pagerduty_mattermost.gateways.mattermost.users import chat_user
    from pagerduty_mattermost.oncall.shift_messages import set_wants, wants

    account = chat_user(context.mattermost, identity.account_name(said.user))
    asked = said.text.strip().lower()
    if asked not in ("", "on", "off"):
        raise RejectedInput("say notify on, notify off, or notify alone to hear how it stands")
    if asked:
        set_wants(context.store, account.id, asked == "on")
    if wants(context.store, account.id):
        return Answer(
            "You are told in private when your shifts begin and end, and before: `/pd "
            "notify off` ends that."
        )
    return Answer("You are not told of your shifts in private: `/pd notify on` changes that.")


def helped(context: Context, said: Said) -> Answer:
    from pagerduty_mattermost.chat.parser import help_text

    return Answer(help_text(said.text))


def health(context: Context, said: Said) -> Answer:
    from pagerduty_mattermost.operations import health_checks

    return Answer(health_checks.table(health_checks.checks(context)))
