"""What `check` says of services whose incidents reach no channel."""

from __future__ import annotations

import time
from typing import Any, Iterator

from standalone.checks import CheckFinding
from standalone.pack_model import Pack


def check(pagerduty: Any, config: Any, pack: Pack, action_service: Any) -> Iterator[CheckFinding]:
    """An advice, or nothing; a few requests. `config`: the settings that read."""
    from pagerduty_mattermost.cards import subscriptions
    from pagerduty_mattermost.core.config.settings import mattermost_missing
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from pagerduty_mattermost.operations import coverage

    if mattermost_missing(config) or not config.watch.report_unrouted:
        return
    rules = list(pack.rules.values())
    try:
        asked = subscriptions.every(Store(action_service))
        found = coverage.unshown(pagerduty, config, rules, asked, time.time())
    except PackError as error:
        yield CheckFinding(False, f"the services that rules post: {error}")
        return
    line = coverage.sentence(found, has_rules=coverage.shows_any(rules, asked))
    if line:
        yield CheckFinding(True, line, advised=True)
