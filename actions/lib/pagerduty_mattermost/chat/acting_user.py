"""In whose name a command acts: PagerDuty records the person who typed it, not a bot."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, List, Optional, Sequence

from pagerduty_mattermost.chat.named_people import is_me, one_person
from pagerduty_mattermost.core.errors import (
    Ambiguous,
    ConfigError,
    NotFound,
    PackError,
    RejectedInput,
)
from pagerduty_mattermost.core.typed_actions import run_line
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve
from pagerduty_mattermost.incidents.incident import Person

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.values import User
    from pagerduty_mattermost.people.identity import Identity

SAME_ADDRESS = "give PagerDuty and Mattermost the same e-mail address and say `/pd connect`"
SAY_FROM = 'say whose name it is with "from <e-mail>"'
DEFAULT_SENDER = (
    "ask an admin for chat.default_sender, which acts in one name for all who have no user"
)
ASK_SOMEBODY = "ask somebody who is known there to do it"
"""The third way out: by chat bot, with `/pd`, and where it is done in one's own name alone."""
_NOBODY = (NotFound, Ambiguous, ConfigError)
"""By which `identify` says that PagerDuty has no such person."""


def link_line(username: str) -> str:
    """What an administrator types to say whose account it is, as code."""
    line = run_line("identity.link", user=username, pagerduty_user="<e-mail or id>")
    return f"`{line}`"


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
            found, context.pagerduty, context.store, by_email=by_email, now=context.clock()
        ),
    )
    names_met(context)[linked.person.id] = found.username
    return linked


def identify_since(context: Context, user: str, since: float) -> Identity:
    """The same with a role that PagerDuty said since then (seconds since the epoch): one request
    where what is remembered is older."""
    from pagerduty_mattermost.people import identity
    from pagerduty_mattermost.people.display_names import names_met

    found = identify(context, user)
    if found.role_at >= since:
        return found
    again = context.again(
        f"identity {found.account.id}",
        lambda: identity.looked_up_again(
            found, context.pagerduty, context.store, now=context.clock()
        ),
    )
    names_met(context)[again.person.id] = again.account.username
    return again


def identify_now(context: Context, user: str) -> Identity:
    """The same of somebody who is to be reached: as PagerDuty had them a minute ago at most."""
    from pagerduty_mattermost.people.identity import FRESH_SECONDS

    return identify_since(context, user, context.clock() - FRESH_SECONDS)


def believe_last_known(context: Context, user: str) -> None:
    """From now on the Mattermost user is, for this context, who they were when PagerDuty last said
    so: it is not asked again. Raises NotLinked where that is not known, and what `account` and the
    store raise."""
    from pagerduty_mattermost.people import identity

    found = account(context, user)
    by_email = context.settings.chat.link_by_email
    known = identity.last_known(found, context.store, by_email=by_email, now=context.clock())
    context.again(f"identity {found.id}", lambda: known._replace(role_at=inf))


def who_asks(context: Context, user: str, *, now: bool = False) -> Identity:
    """The same of whoever gave the command, in whose own name alone it can be done (`now`: as
    `identify_now` has it). Raises NotFound with the ways out where PagerDuty does not know
    them."""
    try:
        return (identify_now if now else identify)(context, user)
    except _NOBODY as error:
        raise _unknown(error, ASK_SOMEBODY) from None


def sender_person(context: Context, user: str) -> Reference:
    """The PagerDuty user in whose name the command acts: the asker, else the configured sender
    where the configuration allows that. Raises NotFound with the ways out."""
    email = find_sender(context, user, "")
    try:
        return identify(context, user).person
    except _NOBODY:
        return resolve(context.pagerduty, "user", email)


def signer(context: Context, user: str, email: str) -> Person:
    """Who acts under that address: id and name where it is the person's own, else the address."""
    try:
        person = identify(context, user).person
    except PackError:
        return Person("", email)
    return Person(person.id, person.name) if person.email == email else Person("", email)


def find_person(context: Context, words: str, asker: str) -> Reference:
    """The one PagerDuty user meant, as PagerDuty has them now: of a Mattermost @name its link,
    else by e-mail, name or id; "me" is the `asker`. Raises as `one_person`, `identify` and
    `resolve`."""
    word = one_person(words)
    named = _named(context, word, asker)
    return named.person if named is not None else resolve(context.pagerduty, "user", word)


def resolve_mentions(context: Context, words: Sequence[str], asker: str) -> List[str]:
    """What PagerDuty's users are found by: of a Mattermost @name, and of "me", the id that it is
    linked to now, else the word itself. Raises as `identify`."""
    found = []
    for word in words:
        named = _named(context, word, asker)
        found.append(named.person.id if named is not None else word)
    return found


def _named(context: Context, word: str, asker: str) -> Optional[Identity]:
    """Whom an @name or "me" means; None for another word. Whoever names somebody can't link
    them, so the error says who can."""
    if is_me(word):
        return who_asks(context, asker)
    if not word.startswith("@"):
        return None
    from pagerduty_mattermost.people.identity import NotLinked

    try:
        return identify_now(context, word)
    except NotLinked as error:
        link = link_line(error.username)
        raise NotFound(
            f"{error}: say their name or e-mail address at PagerDuty, or ask an admin to link "
            f"them ({link})"
        ) from None


def find_sender(context: Context, user: str, asked: str, *, now: bool = False) -> str:
    """The e-mail address for PagerDuty's `From`: the one asked for where the configuration allows
    it, else the person's own (`now`: as `identify_now` has it), else the configured one where the
    configuration allows that. Raises RejectedInput and NotFound."""
    chat = context.settings.chat
    if asked:
        if not chat.allow_from:
            raise RejectedInput(
                '"from" is switched off here (chat.allow_from): act in your own name'
            )
        return asked
    try:
        return (identify_now if now else identify)(context, user).person.email
    except _NOBODY as error:
        default = context.settings.pagerduty.from_email
        if chat.default_sender and default:
            context.log.info("Acting as %s: %s", default, error)
            return default
        from pagerduty_mattermost.gateways.mattermost.values import id_in

        # By id where Mattermost itself said who it is: there nobody says another name.
        may_say = chat.allow_from and not id_in(user)
        third = SAY_FROM if may_say else DEFAULT_SENDER
        raise _unknown(error, third) from None


def _unknown(error: PackError, third: str) -> NotFound:
    """The error with the ways out of it."""
    from pagerduty_mattermost.people.identity import Disconnected

    if isinstance(error, Disconnected):
        return NotFound(f"nothing is done in your name: {error}")
    return NotFound(f"PagerDuty would not know who you are: {error}. {ways_out(error, third)}")


def ways_out(error: PackError, third: str) -> str:
    """What somebody can do whom PagerDuty does not know, as a sentence without its end."""
    username = getattr(error, "username", "") or "<you>"
    link = link_line(username)
    return f"Three ways out: {SAME_ADDRESS}; ask an admin to link you ({link}); {third}"
