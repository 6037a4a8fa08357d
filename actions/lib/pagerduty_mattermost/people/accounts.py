"""Which Mattermost account a PagerDuty user has: an admin's link (identity.link), else the same
e-mail address.

accounts = Accounts(mattermost, store, log=log)
accounts.of(person)          # User, or None
accounts.name(person)        # "@ada", which notifies nobody, else the escaped name
"""

from __future__ import annotations

from typing import Any, Dict, Optional

from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.mattermost.users import chat_user
from pagerduty_mattermost.gateways.mattermost.values import User, is_id
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.people.identity import LINK

PREFIX = "identity."


class Accounts:
    """Each person is asked for once. Raises what the store and Mattermost raise, but for people
    who are not there."""

    def __init__(self, mattermost: Mattermost, store: Store, *, log: Any = None) -> None:
        self._mattermost = mattermost
        self._store = store
        self._log = log
        self._links: Optional[Dict[str, str]] = None
        self._found: Dict[str, Optional[User]] = {}

    def of(self, person: Reference) -> Optional[User]:
        """The active account, None when there is none."""
        if person.id not in self._found:
            self._found[person.id] = self._look(person)
        return self._found[person.id]

    def name(self, person: Reference, *, mention: bool = False) -> str:
        """As Markdown: the @name, which notifies only with `mention`, else PagerDuty's name."""
        account = self.of(person)
        if account is None:
            return escape(one_line(clean(person.name, 80)))
        return f"@{account.username}" if mention else escape(f"@{account.username}")

    def _look(self, person: Reference) -> Optional[User]:
        for name in (self._linked(person.id), person.email):
            if not name:
                continue
            try:
                return chat_user(self._mattermost, name)
            except (NotFound, RejectedInput):
                continue
        return None

    def _linked(self, person_id: str) -> str:
        """Id of the account that an admin linked to the person."""
        if self._links is None:
            self._links = {}
            for key, kept in self._store.read_prefix(PREFIX, on_broken=self._note).items():
                account = key[len(PREFIX) :]
                link = kept.get("link") if isinstance(kept, dict) and "link" in kept else kept
                if isinstance(link, dict) and link.get("how") == LINK and is_id(account):
                    self._links[str(link.get("id"))] = account
        return self._links.get(person_id, "")

    def _note(self, error: Any) -> None:
        if self._log is not None:
            self._log.warning("%s", error)
