"""What looks of the incident sensor cost, counted in PagerDuty's journal: an hour in which nothing
changes, and a storm.
"""

from __future__ import annotations

import logging
from typing import Any, Iterator, List, NamedTuple

from sandbox import Sandbox
from sandbox.pagerduty import API_KEY

HOUR_SECONDS, LOOKS_AN_HOUR = 3600, 360
RECONCILES_AN_HOUR = 2
"""Each reads the log once (tests/operations/test_posts_reconcile.py)."""
STORM_INCIDENTS = 400


class QuietHour(NamedTuple):
    quiet: int
    """Requests of a look that finds nothing."""
    snapshot: int
    """Of one with a snapshot."""
    beside: int
    """Of the hour beside the log, with reconcile's."""


def _cycle(sandbox: Sandbox) -> Any:
    """An incident sensor's, on the sandbox's clock."""
    from pagerduty_mattermost.core.config import settings as pack_config
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from pagerduty_mattermost.incidents.state_store import StateStore
    from pagerduty_mattermost.noise.storm_gate import StormGate
    from pagerduty_mattermost.sensor.cycle import Cycle

    from .sensor import Datastore, Dispatcher

    config = pack_config.load({"api_key": API_KEY, "api_url": sandbox.pagerduty.url})
    pagerduty, log = PagerDuty(config.pagerduty), logging.getLogger("bench")
    store, dispatcher = Store(Datastore()), Dispatcher()
    gate = StormGate(config.noise, store, dispatcher, pagerduty, log)  # type: ignore[arg-type]
    return Cycle(
        config,
        pagerduty,
        StateStore(store),
        dispatcher,  # type: ignore[arg-type]
        log,
        noise=gate,
        monotonic=sandbox.clock,
    )


def quiet_hour(size: int) -> QuietHour:
    """With so many incidents open; a look every 10 s."""
    with Sandbox() as sandbox:
        account = sandbox.pagerduty.account
        account.set_options(rate_limit=None)
        if size:
            account.storm(size)
        sandbox.clock.advance(600)
        cycle = _cycle(sandbox)
        cycle.run()
        counts = []
        for _ in range(LOOKS_AN_HOUR):
            sandbox.clock.advance(HOUR_SECONDS / LOOKS_AN_HOUR)
            counts.append(len(list(_asked(sandbox, cycle))))
        beside = sum(counts) - LOOKS_AN_HOUR + RECONCILES_AN_HOUR
        return QuietHour(min(counts), max(counts), beside)


def storm() -> List[str]:
    """Paths that are asked for of single incidents while a storm is counted on its card: reads
    for cards that are never made."""
    with Sandbox() as sandbox:
        account = sandbox.pagerduty.account
        account.set_options(rate_limit=None)
        cycle = _cycle(sandbox)
        for _ in range(2):
            sandbox.clock.advance(30)
            cycle.run()
        account.storm(STORM_INCIDENTS)
        found: List[str] = []
        for _ in range(3):
            sandbox.clock.advance(30)
            found += _asked(sandbox, cycle)
        return [path for path in found if path.startswith("/incidents/")]


def _asked(sandbox: Sandbox, cycle: Any) -> Iterator[str]:
    """Paths of PagerDuty's that a look asks for."""
    before = len(sandbox.journal.entries)
    cycle.run()
    return (one.path for one in sandbox.journal.entries[before:] if one.server == "pagerduty")
