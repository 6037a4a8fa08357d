"""PagerDuty's return: pages that wait for it (`kept_page.send`), and posts that failed for want of
it, follow when it answers again.

    back = PagerDutyReturn(settings, store, dispatcher, log)
    back.seen(outages)     # what another look found: no own ones while nothing is wrong
    back.failing()         # the sensor could not read PagerDuty

It has two servers, REST and events: asked are those for which a page waits.
"""

from __future__ import annotations

from typing import Any, Tuple

from pagerduty_mattermost.core.config.connections import PagerDutyConfig
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.gateways.stackstorm.outage import PAGES, Outage, Outages
from pagerduty_mattermost.sensor.service_return import ServiceReturn, asked_shortly

BACK_TRIGGER = "pagerduty.pagerduty_back"
REST, EVENTS = PAGES.parts


class PagerDutyReturn(ServiceReturn):
    """Watches for PagerDuty's return."""

    NAME, TRIGGER, WAITS = "PagerDuty", BACK_TRIGGER, "pages wait"
    QUIET_SECONDS = 3600.0

    def __init__(
        self,
        settings: PagerDutyConfig,
        store: Store,
        dispatcher: Dispatcher,
        log: Any,
        **clocks: Any,
    ) -> None:
        """`clocks`: as `ServiceReturn` has them."""
        super().__init__(store, dispatcher, log, **clocks)
        self._settings = settings._replace(http=asked_shortly(settings.http))
        self._servers: Any = None
        self._parts: Tuple[str, ...] = ()
        self._has_failed = False

    def seen(self, found: Outages) -> None:
        """Note what somebody else has read of both outages."""
        if found.pages.waiting is not None:
            self.expect()

    def failing(self) -> None:
        """What is posted may fail for want of PagerDuty: when it is back that is tried again, too,
        whatever it waits for."""
        self._has_failed = True
        self.expect()

    def ask(self) -> None:
        """Any of them that answers is enough: what the others do not take waits on."""
        errors = []
        for part in self._parts or (REST,):
            try:
                return self._ask(part)
            except RetryLater as error:
                errors.append(error)
        raise errors[0]

    def _ask(self, part: str) -> None:
        rest, events = self._clients()
        if part == EVENTS:
            events.ping()
            return
        try:
            rest.get("/abilities")
        except RetryLater:
            raise
        except PackError as error:
            self._log.debug("PagerDuty answers: %s", error)

    def part(self, found: Outages) -> Outage:
        self._parts = found.pages.parts
        if self._has_failed and found.pages.waiting is None:
            return found.pages._replace(waiting=found.posts.waiting)
        return found.pages

    def _tell(self) -> bool:
        done = super()._tell()
        self._has_failed = self._has_failed and not done
        return done

    def _clients(self) -> Tuple[Any, Any]:
        """Made when they are first needed."""
        if self._servers is None:
            from pagerduty_mattermost.gateways.http.client import RetryPolicy
            from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
            from pagerduty_mattermost.gateways.pagerduty.events_api import Events

            terms: Any = {"policy": RetryPolicy(attempts=1), "monotonic": self._monotonic}
            self._servers = PagerDuty(self._settings, **terms), Events(self._settings, **terms)
        return self._servers
