"""Mattermost's return: posts that wait for it (`mattermost.catch_up`) are posted when it answers
again."""

from __future__ import annotations

from typing import Any

from pagerduty_mattermost.core.config.connections import MattermostConfig
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.gateways.stackstorm.outage import Outage, Outages
from pagerduty_mattermost.sensor.service_return import ServiceReturn, asked_shortly

BACK_TRIGGER = "pagerduty.mattermost_back"


class MattermostReturn(ServiceReturn):
    """Watches for Mattermost's return."""

    NAME, TRIGGER, WAITS = "Mattermost", BACK_TRIGGER, "posts wait"

    def __init__(
        self,
        settings: MattermostConfig,
        store: Store,
        dispatcher: Dispatcher,
        log: Any,
        **clocks: Any,
    ) -> None:
        """`clocks`: as `ServiceReturn` has them."""
        super().__init__(store, dispatcher, log, **clocks)
        self._settings = settings._replace(http=asked_shortly(settings.http))
        self._mattermost: Any = None

    def ask(self) -> None:
        try:
            self._client().ping()
        except PackError as error:
            if error.status != 429:  # it answers
                raise

    def part(self, found: Outages) -> Outage:
        return found.posts

    def _client(self) -> Any:
        """Made when it is first needed: quiet sensors do not import it."""
        if self._mattermost is None:
            from pagerduty_mattermost.gateways.http.client import RetryPolicy
            from pagerduty_mattermost.gateways.mattermost.directory import MattermostDirectory

            self._mattermost = MattermostDirectory(
                self._settings, policy=RetryPolicy(attempts=1), monotonic=self._monotonic
            )
        return self._mattermost
