"""What the incident sensor says along with a change, so that one execution does all of it: how
many rules post it, and whether a channel is subscribed to such incidents.

    routing.begin()             # a cycle: what was read for the one before counts no more
    routing.along(change)       # Along(routes, subscribed)

Rules and subscriptions are read when the first change of a cycle is dispatched, two calls for all
of them. Where they can't be read nothing is left out: the rule `repaint_cards` fires beside the
others, and whoever shows the change looks for subscriptions itself.
"""

from __future__ import annotations

from typing import Any, List, Optional

from pagerduty_mattermost.cards import subscriptions
from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER, certain_runs
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.rules_api import rules_on
from pagerduty_mattermost.incidents.incident import Change, to_payload
from pagerduty_mattermost.incidents.trigger_payload import Along

DEADLINE_SECONDS = 4.0
"""For the rules, while a change waits to be dispatched."""
ASK_AGAIN_CYCLES = 10
"""So many cycles after rules could not be read they are not asked for."""


class Routing:
    """What the rules would do with a change, as long as they can be read."""

    def __init__(self, service: Any, store: Store, log: Any) -> None:
        """`store`: with a short deadline, since a change waits meanwhile."""
        self._service, self._store, self._log = service, store, log
        self._rules: Optional[List[Any]] = None
        self._subscriptions: Optional[List[subscriptions.Subscription]] = None
        self._is_read = False
        self._skipped = 0
        self._trouble = ""

    def begin(self) -> None:
        self._is_read = False
        self._skipped = max(0, self._skipped - 1)

    def along(self, change: Change) -> Along:
        """Never raises: what is not known is left to the actions."""
        if not self._is_read:
            self._is_read = True
            self._read()
        runs = certain_runs(self._rules, to_payload(change)) if self._rules is not None else 0
        subscribed = self._subscriptions is None or bool(
            subscriptions.fitting(self._subscriptions, change.incident)
        )
        return Along(runs, subscribed)

    def _read(self) -> None:
        self._rules = self._subscriptions = None
        if self._skipped:
            return
        try:
            self._rules = rules_on(self._service, INCIDENT_TRIGGER, DEADLINE_SECONDS)
            self._subscriptions = subscriptions.every(self._store, self._log)
            self._trouble = ""
        except PackError as error:
            self._skipped = ASK_AGAIN_CYCLES
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._log.warning(
                    "Each change takes one execution more (repaint_cards), nothing is lost: %s",
                    error,
                )
