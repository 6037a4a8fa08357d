"""In whose name a command acts: PagerDuty records the person who typed it, not a bot."""

from __future__ import annotations

from typing import TYPE_CHECKING, List, Sequence

from pagerduty_mattermost.core.errors import (
    Ambiguous,
    ConfigError,
    NotFound,
    PackError,
    RejectedInput,
)
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve
from pagerduty_mattermost.incidents.incident import Person

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.values import User
    from pagerduty_mattermost.people.identity import Identity

WAYS_OUT = (
    "Three ways out: give PagerDuty and Mattermost the same e-mail address and say `/pd connect`; "
    "ask an admin to link you (`st2 run pagerduty.identity.link user=<you> "
    "pagerduty_user=<e-mail or id>`)"
)
SAY_FROM = 'say whose name it is with "from <e-mail>"'
DEFAULT_SENDER = (
    "ask an admin for chat.default_sender, which acts in one name for all who have no user"
)
"""The third one, by chat bot and with `/pd`."""


def account(context: Context, user: str) -> User:
    """The Mattermost user, read once for each context. Raises as `chat_user`."""
    from pagerduty_mattermost.gateways.mattermost.users import chat_user
    from pagerduty_mattermost.people.identity import account_name

    name = account_name(user)
    return context.once(f"account {name}", lambda: chat_user(context.mattermost, name))


def identify(context: Context, user: str) -> Identity:
    """The Mattermost user and the PagerDuty user of whoever typed, looked up once for each
    context. Raises as `identity.linked`."""
    from pagerduty_mattermost.people import identity
    from pagerduty_mattermost.people.display_names import names_met

    found = account(context, user)
    by_email = context.settings.chat.link_by_email
    linked = context.once(
        f"identity {found.id}",
        lambda: identity.linked_account(
            found, context.pagerduty, context.store, by_email=by_email
        ),
    )
    names_met(context)[linked.person.id] = found.username
    return linked


def signer(context: Context, user: str, email: str) -> Person:
    """Who acts under that address: id and name where it is the person's own, else the address."""
    try:
        person = identify(context, user).person
    except PackError:
        return Person("", email)
    return Person(person.id, person.name) if person.email == email else Person("", email)


def find_person(context: Context, words: str) -> Reference:
    """The PagerDuty user meant: of a Mattermost @name its link, else by e-mail, name or id. Raises
    as `identify` and `resolve`."""
    return (
        identify(context, words).person
        if words.startswith("@")
        else resolve(context.pagerduty, "user", words)
    )


def resolve_mentions(context: Context, words: Sequence[str]) -> List[str]:
    """What PagerDuty's users are found by: of a Mattermost @name the id that it is linked to, else
    the word itself. Raises as `identify`."""
    return [identify(context, word).person.id if word.startswith("@") else word for word in words]


def find_sender(context: Context, user: str, asked: str) -> str:
    """The e-mail address for PagerDuty's `From`: the one asked for where the configuration allows
    it, else the person's own, else the configured one where the configuration allows that. Raises
    RejectedInput and NotFound."""
    chat = context.settings.chat
    if asked:
        if not chat.allow_from:
            raise RejectedInput(
                '"from" is switched off here (chat.allow_from): act in your own name'
            )
        return asked
    try:
        return identify(context, user).person.email
    except (NotFound, Ambiguous, ConfigError) as error:
        default = context.settings.pagerduty.from_email
        if chat.default_sender and default:
            context.log.info("Acting as %s: %s", default, error)
            return default
        from pagerduty_mattermost.gateways.mattermost.values import id_in

        # By id where Mattermost itself said who it is: there nobody says another name.
        may_say = chat.allow_from and not id_in(user)
        last = SAY_FROM if may_say else DEFAULT_SENDER
        raise NotFound(
            f"PagerDuty would not know who you are: {error}. {WAYS_OUT}; {last}"
        ) from None
