"""Which PagerDuty user a Mattermost user is: an admin's link, else the PagerDuty user with the
same e-mail address.

    linked(mattermost, pagerduty, store, "ada", now=clock())
    # -> Identity(account=User(...), person=Reference(...), how="email")

A link stands in the datastore as `pagerduty.identity.<Mattermost user id>` until it is taken away;
whom PagerDuty has for a link or an address is remembered for an hour, with their role and when it
was read (`looked_up_again`), beside it or in its place; that it has nobody, for a minute. It is
kept for a day, for what can be done while PagerDuty does not answer (`last_known`).
Ids and not names: names change hands. Mattermost tells no bot whether an address was verified, so
how far to trust it is the owner's decision (chat.link_by_email; `mattermost.setup` says what the
server's settings allow).
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Callable, Dict, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import Ambiguous, NotFound
from pagerduty_mattermost.core.text import ascii_lower, clean, one_line
from pagerduty_mattermost.core.times import iso
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.gateways.mattermost.values import User, is_id
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, resolve_user
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

REMEMBERED_SECONDS = 3600.0
"""How long PagerDuty's answer about a link or an e-mail address is believed."""
FRESH_SECONDS = 60.0
"""The same where somebody is to be reached by it: paged, put on call, asked for help."""
KEPT_SECONDS = 86400.0
"""How long it is kept, for `last_known`."""
KEY_PREFIX = "identity."
MISSED_SECONDS = FRESH_SECONDS
"""How long it is believed that PagerDuty has nobody of an address; `/pd connect` looks at once."""
LINK, EMAIL, OFF, NOBODY = "link", "email", "off", "nobody"


class NotLinked(NotFound):
    """PagerDuty has nobody for an account. `username`: the account's name in Mattermost."""

    def __init__(self, message: str, username: str = "") -> None:
        super().__init__(message)
        self.username = username


class Disconnected(NotLinked):
    """The account's owner wants nothing done in their name."""


class Identity(NamedTuple):
    """A Mattermost user and who they are at PagerDuty."""

    account: User
    person: Reference
    how: str
    """`link`: an admin said so; `email`: the addresses are the same."""
    role: str = ""
    """The person's role at PagerDuty; empty where it does not tell."""
    role_at: float = 0.0
    """When PagerDuty said so, in seconds since the epoch; 0: not known."""


def linked(
    mattermost: Mattermost,
    pagerduty: PagerDuty,
    store: Store,
    user: str,
    *,
    by_email: bool = True,
    now: float,
) -> Identity:
    """Raises NotFound (no such account, a deactivated one) and as `linked_account`."""
    account = chat_user(mattermost, account_name(user), or_id=True)
    return linked_account(account, pagerduty, store, by_email=by_email, now=now)


def linked_account(
    account: User, pagerduty: PagerDuty, store: Store, *, by_email: bool = True, now: float
) -> Identity:
    """The same for an account that was read already. `by_email`: whether the same address is
    enough (chat.link_by_email); `now`: seconds since the epoch. Raises NotLinked (an address
    hidden from the bot, nobody at PagerDuty), Ambiguous, StoreUnreachable (a link could stand
    there) and the gateways' errors."""
    username = account.username
    kept, remembered = _kept(store, account)
    if remembered is not None and _is_old(remembered.role_at, now, REMEMBERED_SECONDS):
        remembered = None
    address = ascii_lower(account.email)
    if isinstance(kept, dict) and kept.get("how") == OFF:
        raise Disconnected(f"@{username} is disconnected: `/pd connect` undoes it", username)
    if isinstance(kept, dict) and kept.get("how") == LINK:
        id = str(kept.get("id"))
        if remembered is not None and remembered.person.id == id:
            return remembered
        return _with_link(pagerduty, store, account, id, now)
    if not by_email:
        raise NotLinked(
            f"no admin linked @{username} (identity.link), and chat.link_by_email is off",
            username,
        )
    if not account.email:
        raise NotLinked(
            f"Mattermost does not show the e-mail address of @{username} to the "
            "bot, and no admin linked it",
            username,
        )
    nobody = NotLinked(f"no PagerDuty user has the e-mail address of @{username}", username)
    if isinstance(kept, dict) and kept.get("email") == address:
        if kept.get("how") == NOBODY:
            raise nobody
        if not _is_old(_moment(kept), now, REMEMBERED_SECONDS):
            return _by_address(account, kept)
    try:
        person, role = resolve_user(pagerduty, account.email)
        if ascii_lower(person.email) != address:  # a name of that form
            raise nobody
    except NotFound:
        store.remember(_key(account), {"how": NOBODY, "email": address}, ttl=MISSED_SECONDS)
        raise nobody from None
    return _remembered(store, Identity(account, person, EMAIL, role, now))


def last_known(account: User, store: Store, *, by_email: bool = True, now: float) -> Identity:
    """Who it was when PagerDuty last said so, at most a day ago: for the time in which it does not
    answer. Raises NotLinked where that is not known, and the store's errors."""
    kept, remembered = _kept(store, account)
    found: Optional[Identity] = None
    if isinstance(kept, dict) and kept.get("how") == LINK:
        same = remembered is not None and remembered.person.id == str(kept.get("id"))
        found = remembered if same else None
    elif isinstance(kept, dict) and kept.get("how") == EMAIL and by_email:
        same = kept.get("email") == ascii_lower(account.email)
        found = _by_address(account, kept) if same else None
    if found is None or _is_old(found.role_at, now, KEPT_SECONDS):
        who = account.username
        raise NotLinked(f"it is not known who @{who} was at PagerDuty", who)
    return found


def as_of(
    found: Identity, pagerduty: PagerDuty, store: Store, *, since: float, now: float
) -> Identity:
    """The same as PagerDuty said since then: asked again where what is remembered is older. Raises
    as `linked_account`."""
    if found.role_at >= since:
        return found
    return looked_up_again(found, pagerduty, store, now=now)


def looked_up_again(
    found: Identity, pagerduty: PagerDuty, store: Store, *, now: float
) -> Identity:
    """The same account's person and role as PagerDuty has them now: one request, two where
    somebody else has the address by now. Raises as `linked_account`."""
    account = found.account
    if found.how == LINK:
        return _with_link(pagerduty, store, account, found.person.id, now)
    try:
        person, role = resolve_user(pagerduty, found.person.id)
    except (NotFound, Ambiguous):
        person, role = found.person._replace(email=""), ""
    if ascii_lower(person.email) == ascii_lower(account.email):
        return _remembered(store, found._replace(person=person, role=role, role_at=now))
    store.forget(_key(account))
    return linked_account(account, pagerduty, store, now=now)


def _with_link(pagerduty: PagerDuty, store: Store, account: User, id: str, now: float) -> Identity:
    person, role = _still_there(pagerduty, account, id)
    return _remembered(store, Identity(account, person, LINK, role, now))


def _remembered(store: Store, found: Identity) -> Identity:
    """Written down."""
    account, person = found.account, found.person
    kept = {"id": person.id, "name": person.name, "role": found.role, "role_at": found.role_at}
    if found.how == LINK:
        key, value = _person_key(account), {**kept, "email": person.email}
    else:
        key, value = _key(account), {**kept, "how": EMAIL, "email": ascii_lower(account.email)}
    store.remember(key, value, ttl=KEPT_SECONDS)
    return found


def _by_address(account: User, kept: Dict[str, Any]) -> Identity:
    """Whom the account's address led to."""
    id, name, role = (str(kept.get(field) or "") for field in ("id", "name", "role"))
    return Identity(
        account, Reference("user", id, name, account.email), EMAIL, role, _moment(kept)
    )


def _is_old(at: float, now: float, seconds: float) -> bool:
    """Also what is of a time to come, by a clock that was set back."""
    return not 0 <= now - at < seconds


def _moment(kept: Dict[str, Any]) -> float:
    """When the role was read; 0 where an earlier version did not write it down."""
    at = kept.get("role_at")
    return float(at) if isinstance(at, (int, float)) and not isinstance(at, bool) else 0.0


def link(
    mattermost: Mattermost,
    pagerduty: PagerDuty,
    store: Store,
    user: str,
    person: str,
    clock: Callable[[], float],
) -> Identity:
    """An admin's word that they are the same; it stays until `unlink`. `person`: id, e-mail or
    name."""
    account = chat_user(mattermost, account_name(user), or_id=True)
    found = resolve(pagerduty, "user", person)
    kept: Dict[str, Any] = {
        "how": LINK,
        "id": found.id,
        "username": account.username,
        "at": iso(clock()),
    }
    store.write(_key(account), kept, ttl=None)
    return Identity(account, found, LINK)


def unlink(mattermost: Mattermost, store: Store, user: str) -> User:
    """Take the link away; the e-mail address counts again. Raises NotFound when there is none.
    Also of an account that is deactivated by now, if given as an id."""
    try:
        account = chat_user(mattermost, account_name(user), or_id=True)
    except NotFound:
        if not is_id(account_name(user)):
            raise
        account = mattermost.user(account_name(user))
    kept = store.read(_key(account))
    if not isinstance(kept, dict) or kept.get("how") != LINK:
        raise NotFound(f"@{account.username} is not linked by an admin")
    store.delete(_key(account))
    return account


def disconnect(mattermost: Mattermost, store: Store, user: str) -> User:
    """Nothing is done in the person's name until `connect`; an admin's link is kept for then."""
    account = chat_user(mattermost, account_name(user))
    kept = store.read(_key(account))
    if not (isinstance(kept, dict) and kept.get("how") == OFF):
        link = kept if isinstance(kept, dict) and kept.get("how") == LINK else None
        store.write(_key(account), {"how": OFF, "link": link}, ttl=None)
    return account


def connect(mattermost: Mattermost, store: Store, user: str) -> User:
    """Undo `disconnect`, and forget whom PagerDuty had: it is looked up afresh."""
    account = chat_user(mattermost, account_name(user))
    store.forget(_person_key(account))
    kept = store.read(_key(account))
    if isinstance(kept, dict) and kept.get("how") == OFF and isinstance(kept.get("link"), dict):
        store.write(_key(account), kept["link"], ttl=None)
    elif isinstance(kept, dict) and kept.get("how") != LINK:
        store.delete(_key(account))
    return account


def read_all(store: Store, log: Any = None) -> Dict[str, Any]:
    """All that is remembered of who is who, by the names of the keys, `people.known_accounts`
    among them: one request for each hundred keys. What does not read is logged and left out."""

    def on_broken(error: BrokenValue) -> None:
        if log is not None:
            log.warning("%s", error)

    return store.read_prefix(KEY_PREFIX, on_broken)


def links(kept: Mapping[str, Any]) -> Dict[str, str]:
    """Mattermost ids of the accounts that admins linked, by the ids of PagerDuty's users; also of
    those who are disconnected for now. `kept`: of `read_all`."""
    found: Dict[str, str] = {}
    for key, value in kept.items():
        account = key[len(KEY_PREFIX) :]
        one = value.get("link") if isinstance(value, dict) and "link" in value else value
        if isinstance(one, dict) and one.get("how") == LINK and is_id(account):
            found[str(one.get("id"))] = account
    return found


def _still_there(pagerduty: PagerDuty, account: User, id: str) -> Tuple[Reference, str]:
    try:
        return resolve_user(pagerduty, id)
    except (NotFound, Ambiguous):
        raise NotLinked(
            f"@{account.username} is linked to a PagerDuty user ({id}) who is gone: "
            "identity.link again",
            account.username,
        ) from None


def _key(account: User) -> str:
    return KEY_PREFIX + account.id


def _person_key(account: User) -> str:
    """The key of the person that a link names, as PagerDuty has them."""
    return f"{_key(account)}.person"


def _kept(store: Store, account: User) -> Tuple[Any, Optional[Identity]]:
    """Link or remembered address, and whom it leads to where that is remembered: one datastore
    call. Raises BrokenValue for a link that does not read."""

    def on_broken(error: BrokenValue) -> None:
        if error.name == _key(account):
            raise error

    found = store.read_prefix(_key(account), on_broken)
    person = found.get(_person_key(account))
    if not isinstance(person, dict) or not person.get("email") or "role" not in person:
        return found.get(_key(account)), None
    remembered = Reference(
        "user",
        str(person.get("id")),
        str(person.get("name")),
        str(person.get("email")),
    )
    role = str(person.get("role"))
    return found.get(_key(account)), Identity(account, remembered, LINK, role, _moment(person))


def account_name(user: str) -> str:
    """Mattermost's names are lower case. Raises NotFound for an empty one."""
    name = one_line(clean(user, 100)).lstrip("@").rstrip(":,;!?")
    if not name:
        raise NotFound("the chat did not say who you are")
    return name if "@" in name else name.lower()
