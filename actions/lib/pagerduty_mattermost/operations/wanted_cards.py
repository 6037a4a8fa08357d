"""Which cards the rules and subscriptions start on changes of an incident, for `posts.reconcile`;
and which open incidents they give none, remembered until these change or the rules do.

    wanted = WantedCards(context, rules)
    wanted.births(changes)               # [(channel, route), ...]
    wanted.is_unwanted(incident_id, updated_at)
    wanted.keep_unwanted({incident_id: updated_at})

How an incident without a card was is remembered for a day (`cards.records`). After that only
PagerDuty could say that it is still unwanted, and asking for each with every run is spared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.cards import post_rules, subscriptions
from pagerduty_mattermost.cards.route import Route, starts_card
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue
from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.operations import rooms_round, route_verdicts

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY = "reconcile.unwanted"
KEPT_SECONDS = 7 * 86400.0
RULE_PARTS = ("ref", "enabled", "trigger", "criteria", "action")
"""Of a rule, what decides whether it starts a card."""


class WantedCards:
    """Raises StoreUnreachable, and what `rules` raises."""

    def __init__(self, context: Context, rules: Callable[[], Sequence[Any]]) -> None:
        """`rules`: all of StackStorm's, asked for when a card may be missing."""
        self._store, self._log, self._ask = context.store, context.log, rules
        self._is_trial = context.settings.is_trial
        self._rules: Optional[Sequence[Any]] = None
        self._subscriptions: Optional[Sequence[subscriptions.Subscription]] = None
        self._unwanted: Optional[Dict[str, str]] = None

    def births(self, changes: Sequence[Change]) -> List[Tuple[str, Route]]:
        """Channel and route of each card that rules and subscriptions start on one of these
        changes; none for the canary's, whose card shows whether it comes by itself, and none for
        tests and drills, whose card is in their room."""
        incident = changes[-1].incident
        if self._is_trial(incident.service_id, incident.service):
            return []
        found = []
        for verdict in route_verdicts.verdicts(self._every_rule(), changes):
            if verdict.outcome != route_verdicts.POSTS or "{" in verdict.channel:
                continue
            try:
                found.append((verdict.channel, post_rules.route_of(verdict.given)))
            except (RejectedInput, TypeError, ValueError, AttributeError) as error:
                self._log.warning("The rule %s starts no card: %s", verdict.rule, error)
        for channel, several in subscriptions.fitting(
            self._every_subscription(), incident
        ).items():
            route = subscriptions.joined(several)
            if any(starts_card(route, one) for one in changes):
                found.append((channel, route))
        return found

    def opens_room(self, changes: Sequence[Change]) -> bool:
        """Whether a rule opens a room on one of these changes."""
        return any(
            rooms_round.opens_room(rule, one) for rule in self._every_rule() for one in changes
        )

    def is_unwanted(self, incident_id: str, updated_at: str) -> bool:
        """Whether it was judged to have no card, as it and the rules are now."""
        return self._judged().get(incident_id) == updated_at

    def keep_unwanted(self, unwanted: Mapping[str, str]) -> None:
        """Remember these, each with when it was updated, in place of those before."""
        if (unwanted or self._unwanted) and unwanted != self._judged():
            kept = {"terms": self._terms(), "incidents": dict(unwanted)}
            self._store.write(KEY, kept, KEPT_SECONDS)

    def _judged(self) -> Dict[str, str]:
        """What was kept; nothing under other rules, and when it does not read."""
        if self._unwanted is None:
            try:
                kept = self._store.read(KEY)
            except BrokenValue:
                kept = None
            same = isinstance(kept, dict) and kept.get("terms") == self._terms()
            found = kept.get("incidents") if isinstance(kept, dict) and same else None
            self._unwanted = dict(found) if isinstance(found, dict) else {}
        return self._unwanted

    def _terms(self) -> str:
        """What decides whether an incident gets a card: another mark when that changes."""
        rules = (
            repr([getattr(one, part, None) for part in RULE_PARTS]) for one in self._every_rule()
        )
        return post_key("terms", *sorted(rules), *sorted(map(repr, self._every_subscription())))

    def _every_rule(self) -> Sequence[Any]:
        if self._rules is None:
            self._rules = self._ask()
        return self._rules

    def _every_subscription(self) -> Sequence[subscriptions.Subscription]:
        if self._subscriptions is None:
            self._subscriptions = subscriptions.every(self._store, self._log)
        return self._subscriptions
