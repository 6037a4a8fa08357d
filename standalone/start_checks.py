"""What `serve` says at its start of what would make nothing happen: rules that can't run or never
fire, and a token that Mattermost refuses.

    start_checks.require_token(config, pack)           # raises UserError
    for line in start_checks.rule_faults(pack, lookup): ...
    start_checks.say_unknown_names(config, pack, service)    # asks both sides, in a thread
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Callable, Iterator, Mapping

from standalone import rule_check, rule_names
from standalone.checks import OUR_PACK
from standalone.connections import channels_of_rules, few_tries
from standalone.errors import ConfigurationError
from standalone.pack_model import Pack
from standalone.templates import Lookup

LOG = logging.getLogger("standalone")
TIMEOUT_SECONDS = 3.0
"""Of the one request that the start waits for."""


def rule_faults(pack: Pack, lookup: Lookup) -> Iterator[str]:
    """Without asking anybody: a line for each mistake in an enabled rule."""
    for rule in sorted(pack.rules.values()):
        for line in rule_check.faults(rule, pack, lookup) if rule.enabled else ():
            yield f"The rule {rule.ref} does not do what it says: {line}"


def require_token(raw: Mapping[str, Any], pack: Pack) -> None:
    """Raises UserError where Mattermost refuses the token: then nothing could be posted, and
    nobody be told. Where it does not answer that is waited for later, as ever."""
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import PackError
    from pagerduty_mattermost.gateways.http.client import RetryPolicy
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost

    if pack.ref != OUR_PACK:
        return
    config = settings.load(raw)
    if settings.mattermost_missing(config):
        return
    http = config.mattermost.http
    waits = http.timeouts._replace(connect=TIMEOUT_SECONDS, read=TIMEOUT_SECONDS)
    quick = config.mattermost._replace(http=http._replace(timeouts=waits))
    try:
        Mattermost(quick, policy=RetryPolicy(attempts=1)).me()
    except PackError as error:
        if error.status == 401:
            raise ConfigurationError(str(error)) from None


def say_unknown_names(raw: Mapping[str, Any], pack: Pack, action_service: Any) -> None:
    """Logs a line for each name in an enabled rule that a side does not have, when it is known.
    Nothing of a side that does not answer."""
    if pack.ref != OUR_PACK:
        return

    def say() -> None:
        for ask in (_names, _channels):
            _say(lambda ask=ask: ask(raw, pack, action_service))  # type: ignore[misc]

    threading.Thread(target=say, name="start-checks", daemon=True).start()


def _say(found: Callable[[], Iterator[str]]) -> None:
    from pagerduty_mattermost.core.errors import PackError

    try:
        for line in found():
            LOG.warning("%s", line)
    except PackError as error:
        LOG.debug("What rules name could not be checked: %s", error)


def _names(raw: Mapping[str, Any], pack: Pack, _: Any) -> Iterator[str]:
    """What rules compare with at PagerDuty."""
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

    pagerduty = PagerDuty(settings.load(raw).pagerduty, policy=few_tries())
    for finding in rule_names.unknown(pagerduty, pack):
        yield f"The rule {finding.rule} never fires: {finding.line}"


def _channels(raw: Mapping[str, Any], pack: Pack, action_service: Any) -> Iterator[str]:
    from pagerduty_mattermost.core.config import settings
    from pagerduty_mattermost.core.errors import PackError, RetryLater
    from pagerduty_mattermost.gateways.mattermost.channels import Channels
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store

    config = settings.load(raw)
    if settings.mattermost_missing(config):
        return
    mattermost = Mattermost(config.mattermost, policy=few_tries())
    channels = Channels(mattermost, Store(action_service))
    for where, text in channels_of_rules(pack):
        try:
            channels.look_up(text, ("", "any"))
        except RetryLater:
            raise
        except PackError as error:
            yield f"{where[0].upper()}{where[1:]} can't post in its channel: {error}"
