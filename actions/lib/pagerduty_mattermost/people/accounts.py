"""Which Mattermost account a PagerDuty user has: an admin's link (identity.link), else the same
e-mail address, unless an admin linked the account of that address to somebody else.

    accounts = Accounts(mattermost, store, log=log)
    accounts.of(person)            # User, or None
    accounts.name(person)          # "@ada", which notifies nobody, else the escaped name
    accounts.mentioned(person, with_email)    # "ada"; empty when there is no account
    accounts.remember_mentioned()             # written down, once all of them are known
"""

# flake8: noqa: W503

from __future__ import annotations

import time
from typing import Any, Callable, Dict, Mapping, Optional, Tuple

from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.gateways.mattermost.values import User, marked_id
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.people import identity, known_accounts
from pagerduty_mattermost.people.known_accounts import KnownAccount

CONFIRMED_SECONDS = 600.0
"""How long it is believed that the account still has its name: people rename theirs, and another
may take the name."""


class Accounts:
    """Each person is asked for once; what the datastore has of all of them is listed once. Raises
    what the store and Mattermost raise, but for people who are not there."""

    def __init__(
        self,
        mattermost: Mattermost,
        store: Store,
        *,
        log: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._mattermost, self._clock = mattermost, clock
        self._store = store
        self._log = log
        self._found: Dict[str, Optional[User]] = {}
        self._unwritten: Dict[str, KnownAccount] = {}
        self._listed: Optional[Mapping[str, Any]] = None
        self._read: Optional[Tuple[Mapping[str, str], Dict[str, KnownAccount]]] = None

    def of(self, person: Reference) -> Optional[User]:
        """The active account, None when there is none."""
        if person.id not in self._found:
            link = self._linked(person.id)
            found = self._account(link)
            if found is None and person.email and not self._is_missed(person.id, link):
                found = self._of_address(person)
                if found is None:
                    self._write({person.id: self._made("", link)})
            self._found[person.id] = found
        return self._found[person.id]

    def name(self, person: Reference, *, mention: bool = False) -> str:
        """As Markdown: the @name, which notifies only with `mention`, else PagerDuty's name."""
        account = self.of(person)
        if account is None:
            return escape(one_line(clean(person.name, 80)))
        return f"@{account.username}" if mention else escape(f"@{account.username}")

    def mentioned(self, person: Reference, with_email: Callable[[Reference], Reference]) -> str:
        """The account's name without the @, empty when there is no account. Remembered, once
        `remember_mentioned` is called, as long as no admin links the person otherwise; and the
        account is asked for its name every ten minutes. `with_email` is asked for a person who is
        neither remembered nor linked; what it raises is raised."""
        link, kept = self._linked(person.id), self._known().get(person.id)
        if (
            kept is not None
            and kept.link == link
            and not self._is_of_another(kept.account, person)
        ):
            name = self._confirmed(person.id, kept)
            if name is not None:
                return name
        account = self._account(link) or self._of_address(with_email(person))
        name, account_id = ("", "") if account is None else (account.username, account.id)
        self._unwritten[person.id] = self._known()[person.id] = self._made(name, link, account_id)
        return name

    def remember_mentioned(self) -> None:
        """Write down what became known of those who were mentioned: an alert does not wait for
        it."""
        if self._unwritten:
            found, self._unwritten = self._unwritten, {}
            self._write(found)

    def _confirmed(self, person_id: str, kept: KnownAccount) -> Optional[str]:
        """The remembered account's name as it is now; None where that account is gone. What
        Mattermost does not answer changes nothing."""
        now = self._clock()
        if not kept.username or 0 <= now - kept.seen < CONFIRMED_SECONDS:
            return kept.username
        try:
            account = self._account(kept.account)
        except PackError as error:
            if self._log is not None:
                self._log.info(
                    "Whether @%s is still called so is not known: %s", kept.username, error
                )
            return kept.username
        if account is None:
            return None
        again = kept._replace(username=account.username, seen=now)
        self._unwritten[person_id] = self._known()[person_id] = again
        return account.username

    def _made(self, name: str, link: str, account_id: str = "") -> KnownAccount:
        now = self._clock()
        return KnownAccount(name, account_id, link, now, now)

    def _write(self, found: Mapping[str, KnownAccount]) -> None:
        known_accounts.remember(self._store, self._known(), found, self._clock())

    def _is_missed(self, person_id: str, link: str) -> bool:
        """Whether it was seen minutes ago that nobody has the person's address."""
        kept = self._known().get(person_id)
        return kept is not None and not kept.username and kept.link == link

    def listed(self) -> Mapping[str, Any]:
        """All that the datastore lists of who is who: `identity.read_all`, once."""
        if self._listed is None:
            self._listed = identity.read_all(self._store, self._log)
        return self._listed

    def _account(self, link: str) -> Optional[User]:
        return self._user(marked_id(link)) if link else None

    def _of_address(self, person: Reference) -> Optional[User]:
        found = self._user(person.email)
        return None if found is None or self._is_of_another(found.id, person) else found

    def _is_of_another(self, account_id: str, person: Reference) -> bool:
        """Whether an admin said that this account is somebody else's."""
        owners = [owner for owner, linked in self._every_link().items() if linked == account_id]
        return bool(owners) and person.id not in owners

    def _user(self, name: str) -> Optional[User]:
        if not name:
            return None
        try:
            return chat_user(self._mattermost, name)
        except (NotFound, RejectedInput):
            return None

    def _linked(self, person_id: str) -> str:
        """Id of the account that an admin linked to the person."""
        return self._every_link().get(person_id, "")

    def _every_link(self) -> Mapping[str, str]:
        """Ids of the linked accounts by those of PagerDuty's users."""
        return self._all()[0]

    def _known(self) -> Dict[str, KnownAccount]:
        """What is remembered, by the ids of PagerDuty's users."""
        return self._all()[1]

    def _all(self) -> Tuple[Mapping[str, str], Dict[str, KnownAccount]]:
        if self._read is None:
            kept = self.listed()
            self._read = identity.links(kept), known_accounts.known_in(kept, self._clock())
        return self._read
