"""Who is mentioned: PagerDuty users as Mattermost's @names, by an admin's link or their e-mail
address (`people.accounts`). Best effort: no wrong person, no delay.

    Mentions(mattermost, lambda: pagerduty, store).of_users(["PUSER1"]) -> "@ann"
    Mentions(...).on_call(policy_id, paged=["PUSER1"], acted={"PUSER2"}) -> "@bob"

Where PagerDuty or Mattermost can't tell, nobody is mentioned: an alert that waits for a name is
worse than one without.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Collection,
    Dict,
    Iterable,
    Iterator,
    Mapping,
    Optional,
    Sequence,
)

from pagerduty_mattermost.cards.route import (
    ON_CALL,
    Route,
    handed_to,
    is_handed_over,
    may_mention_at_birth,
    mentioned_at_birth,
    mentioned_in_reply,
    mentions_assignees,
)
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import Reference
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, Incident, IncidentEvent

if TYPE_CHECKING:
    from pagerduty_mattermost.people.accounts import Accounts

MAX_MENTIONS = 10


class Mentions:
    """`pagerduty` builds the gateway when first needed (one that gives up soon); `names` gets the
    names that were found, by PagerDuty's ids; `log` what was not."""

    def __init__(
        self,
        mattermost: Mattermost,
        pagerduty: Callable[[], PagerDuty],
        store: Store,
        *,
        names: Optional[Dict[str, str]] = None,
        log: Any = None,
    ) -> None:
        self._names_met = {} if names is None else names
        self._mattermost = mattermost
        self._pagerduty = pagerduty
        self._store = store
        self._log = log
        self._accounts: Optional[Accounts] = None
        self._later = False

    def of_users(self, user_ids: Iterable[str]) -> str:
        """`@ann @bob` for PagerDuty users, in their order; those not found are left out."""
        return self._names(Reference("user", ident, "") for ident in dict.fromkeys(user_ids))

    def on_call(
        self, policy_id: str, paged: Collection[str] = (), acted: Collection[str] = ()
    ) -> str:
        """Who is paged now: the first level of an escalation policy, or, where the incident is
        none of theirs (any more) or they can't be known, who it is assigned to (`paged`); without
        those who acted."""
        from pagerduty_mattermost.gateways.pagerduty.first_on_call import first_on_call

        if not policy_id:
            return ""
        people: Sequence[Reference] = ()
        try:
            people = first_on_call(self._pagerduty(), self._store, policy_id)
        except PackError as error:
            self._note(f"who is on call is unknown ({error}): who it is assigned to is mentioned")
        if paged and not any(person.id in paged for person in people):
            return self.of_users(one for one in paged if one not in acted)
        return self._names(person for person in people if person.id not in acted)

    def of_incident(self, mention: str, incident: Incident) -> str:
        """Whom an open incident mentions as it is. `mention`: one of `route.MENTIONS`."""
        assignees = [person.id for person in incident.assignees if person.id]
        if mention == ON_CALL:
            return self.on_call(incident.escalation_policy_id, assignees)
        return self.of_users(assignees) if mentions_assignees(mention, incident) else ""

    def listed(self) -> Optional[Mapping[str, Any]]:
        """All that the datastore lists of who is who (`Accounts.listed`), for which it is asked
        once, whoever is mentioned then; None where it does not answer."""
        try:
            return self._names_of_accounts().listed()
        except PackError as error:
            self._note(f"who is who is not known: {error}")
            return None

    def at_birth(self, route: Route, change: Change) -> str:
        """Whom a new card mentions, as its route says."""
        incident = change.incident
        if not may_mention_at_birth(route, change):
            return ""
        if route.mention == ON_CALL:
            acted = {event.agent.id for event in change.events}
            paged = [person.id for person in incident.assignees]
            return self.on_call(incident.escalation_policy_id, paged, acted)
        return self.of_users(mentioned_at_birth(route, change))

    def in_reply(self, route: Route, event: IncidentEvent, change: Change) -> str:
        """Whom the reply to an event mentions, as its card's route says."""
        incident = change.incident
        if route.mention == ON_CALL and is_handed_over(route, event, incident):
            paged = handed_to(event)
            if paged:
                return self.of_users(one for one in paged if one != event.agent.id)
            assigned = [person.id for person in incident.assignees]
            return self.on_call(incident.escalation_policy_id, assigned, {event.agent.id})
        ids = mentioned_in_reply(route, event, change)
        return self.of_users(ids) if ids else ""

    def _names(self, people: Iterable[Reference]) -> str:
        names = [self._name(person) for person in list(people)[:MAX_MENTIONS]]
        if not self._later:
            self._remember()
        return " ".join(f"@{name}" for name in dict.fromkeys(names) if name)

    @contextmanager
    def remembered_later(self) -> Iterator[None]:
        """Within this nothing is written down of who is who, but at its end: what is posted does
        not wait for it."""
        self._later = True
        try:
            yield
        finally:
            self._later = False
            self._remember()

    def _remember(self) -> None:
        if self._accounts is None:
            return
        try:
            self._accounts.remember_mentioned()
        except PackError as error:
            self._note(f"who is who is not remembered: {error}")

    def _name(self, person: Reference) -> str:
        from pagerduty_mattermost.people.recipients import with_email

        accounts = self._names_of_accounts()
        try:
            name = accounts.mentioned(person, lambda one: with_email(self._pagerduty(), one))
        except PackError as error:
            self._note(f"PagerDuty user {person.id} not mentioned: {error}")
            return ""
        if name:
            self._names_met[person.id] = name
        else:
            self._note(
                f"PagerDuty user {person.id} not mentioned: no active Mattermost user has that "
                "e-mail address, and no admin linked one (identity.link)"
            )
        return name

    def _names_of_accounts(self) -> Accounts:
        from pagerduty_mattermost.people.accounts import Accounts

        if self._accounts is None:
            self._accounts = Accounts(self._mattermost, self._store, log=self._log)
        return self._accounts

    def _note(self, line: str) -> None:
        if self._log is not None:
            self._log.info("%s", line)
