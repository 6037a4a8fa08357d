"""Who is mentioned: PagerDuty users as Mattermost's @names, found by e-mail. Best effort: no wrong
person, no delay.

    Mentions(mattermost, lambda: pagerduty, store).of_users(["PUSER1"]) -> "@ann"
    Mentions(...).on_call(policy_id, acted={"PUSER2"}) -> "@bob"

Where PagerDuty or Mattermost can't tell, nobody is mentioned: an alert that waits for a name is
worse than one without. Names are kept in the datastore for a day (`pagerduty.mention.<PagerDuty
user id>`).
"""

from __future__ import annotations

from typing import Any, Callable, Collection, Iterable, Optional

from pagerduty_mattermost.cards import route as routing
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, IncidentEvent

KEEP = 86400.0
MAX_MENTIONS = 10


class Mentions:
    """`pagerduty` builds the gateway when first needed (one that gives up soon); `log` gets what
    was not found."""

    def __init__(
        self,
        mattermost: Mattermost,
        pagerduty: Callable[[], PagerDuty],
        store: Store,
        *,
        log: Any = None,
    ) -> None:
        self._mattermost = mattermost
        self._pagerduty = pagerduty
        self._store = store
        self._log = log

    def of_users(self, user_ids: Iterable[str]) -> str:
        """`@ann @bob` for PagerDuty users, in their order; those not found are left out."""
        names = [self._name(ident, "") for ident in list(dict.fromkeys(user_ids))[:MAX_MENTIONS]]
        return " ".join(f"@{name}" for name in dict.fromkeys(names) if name)

    def on_call(self, policy_id: str, acted: Collection[str] = ()) -> str:
        """The first level of an escalation policy, without those who acted."""
        from pagerduty_mattermost.gateways.pagerduty.first_on_call import first_on_call

        if not policy_id:
            return ""
        try:
            people = first_on_call(self._pagerduty(), self._store, policy_id)
        except PackError as error:
            self._note(f"nobody mentioned: who is on call is unknown ({error})")
            return ""
        users = [user for user in people if user.id not in acted]
        names = [self._name(user.id, user.email) for user in users[:MAX_MENTIONS]]
        return " ".join(f"@{name}" for name in dict.fromkeys(names) if name)

    def at_birth(self, route: Route, change: Change) -> str:
        """Whom a new card mentions, as its route says."""
        if route.mention == "oncall" and change.incident.is_open:
            acted = {event.agent.id for event in change.events}
            return self.on_call(change.incident.escalation_policy_id, acted)
        ids = routing.mentioned_at_birth(route, change)
        return self.of_users(ids) if ids else ""

    def in_reply(self, route: Route, event: IncidentEvent, change: Change) -> str:
        """Whom the reply to an event mentions, as its card's route says."""
        if (
            route.mention == "oncall"
            and event.event_type in routing.HAND_OVERS
            and change.incident.is_open
        ):
            return self.on_call(change.incident.escalation_policy_id, {event.agent.id})
        ids = routing.mentioned_in_reply(route, event, change)
        return self.of_users(ids) if ids else ""

    def _name(self, user_id: str, email: str) -> str:
        key = f"mention.{user_id}"
        try:
            kept = self._store.read(key)
            if isinstance(kept, dict):
                return str(kept.get("username") or "")
            address = email or self._email(user_id)
            name = self._username(address)
            self._store.write(key, {"username": name}, KEEP)
        except PackError as error:
            self._note(f"PagerDuty user {user_id} not mentioned: {error}")
            return ""
        if not name:
            self._note(
                f"PagerDuty user {user_id} not mentioned: no active Mattermost user has "
                "that e-mail address"
            )
        return name

    def _email(self, user_id: str) -> str:
        from pagerduty_mattermost.gateways.pagerduty.client import fill

        answer = self._pagerduty().get(fill("/users/{id}", id=user_id)).get("user")
        return str(answer.get("email") or "") if isinstance(answer, dict) else ""

    def _username(self, email: str) -> str:
        """Empty when nobody has the address: kept as well, so that it is not asked for with each
        change."""
        if not email:
            return ""
        try:
            user: Optional[Any] = self._mattermost.user_by_email(email)
        except (NotFound, RejectedInput):
            user = None
        return str(user.username) if user is not None and user.active else ""

    def _note(self, line: str) -> None:
        if self._log is not None:
            self._log.info("%s", line)
