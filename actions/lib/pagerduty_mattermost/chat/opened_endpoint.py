"""The endpoint that the chat sensor runs, made of the configuration."""

from __future__ import annotations

from typing import Any, List, Mapping, Optional

from pagerduty_mattermost.chat.dialog_names import read_names
from pagerduty_mattermost.chat.endpoint import DISPATCH_SECONDS, WRITE_SECONDS, ChatEndpoint
from pagerduty_mattermost.chat.playbook_choices import PlaybookChoices
from pagerduty_mattermost.core.config.settings import load, require_mattermost
from pagerduty_mattermost.core.errors import ConfigError
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher


def open_endpoint(
    service: Any, raw: Any, schemas: Mapping[str, Any], log: Any
) -> Optional[ChatEndpoint]:
    """An endpoint that listens, or tries to; None where it is not configured. Raises
    ConfigError."""
    config = load(raw)
    if not config.chat.port:
        log.info("The chat sensor does nothing: chat.port is not set")
        return None
    settings = require_mattermost(config)
    missing = [
        name
        for name, value in (
            ("chat.public_url", config.chat.public_url),
            ("chat.signing_keys", config.chat.signing_keys),
        )
        if not value
    ]
    if missing:
        raise ConfigError(
            f"The configuration of the pack pagerduty: {', '.join(missing)} must be set "
            "with chat.port"
        )

    def mattermost() -> Any:
        from pagerduty_mattermost.gateways.mattermost.client import Mattermost

        quick = settings.http._replace(
            timeouts=settings.http.timeouts._replace(connect=1.0, read=2.0, whole=2.0)
        )
        return Mattermost(settings._replace(http=quick))

    def choices() -> Mapping[str, List[str]]:
        from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

        pagerduty = PagerDuty(config.pagerduty)
        try:
            return read_names(pagerduty, log)
        finally:
            pagerduty.close()

    dispatcher = Dispatcher(service, schemas, log, deadline=DISPATCH_SECONDS)
    endpoint = ChatEndpoint(
        config,
        dispatcher,
        Store(service, deadline=DISPATCH_SECONDS),
        mattermost,
        choices,
        log,
        soon_store=Store(service, deadline=WRITE_SECONDS),
        playbooks=PlaybookChoices(lambda: Context(dict(raw), service, log), log).of,
    )
    endpoint.listen()
    return endpoint
