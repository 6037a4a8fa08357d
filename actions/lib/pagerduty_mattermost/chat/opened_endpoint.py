"""The endpoint that the chat sensor runs, made of the configuration."""

from __future__ import annotations

from contextlib import closing
from queue import Empty, LifoQueue
from typing import Any, Callable, List, Mapping, Optional

from pagerduty_mattermost.chat.dialog_abilities import DialogAbilities, abilities_of
from pagerduty_mattermost.chat.dialog_lists import (
    ListReads,
    NameList,
    read_names,
    read_people,
)
from pagerduty_mattermost.chat.dialog_refusals import DialogRefusals
from pagerduty_mattermost.chat.dialog_search import Choice, search
from pagerduty_mattermost.chat.endpoint import (
    DISPATCH_SECONDS,
    WRITE_SECONDS,
    ChatEndpoint,
)
from pagerduty_mattermost.chat.passed_on import PassesOn
from pagerduty_mattermost.chat.playbook_choices import PlaybookChoices
from pagerduty_mattermost.core.config.connections import Http
from pagerduty_mattermost.core.config.settings import Config, load, require_mattermost
from pagerduty_mattermost.core.errors import ConfigError
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher


def open_endpoint(
    service: Any,
    raw: Any,
    schemas: Mapping[str, Any],
    log: Any,
    passed_on: Optional[Callable[[Callable[[], Any]], PassesOn]] = None,
) -> Optional[ChatEndpoint]:
    """An endpoint that listens, or tries to; None where it is not configured. `passed_on`: makes,
    with what makes a gateway to Mattermost, what takes calls that are not chat's own. Raises
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

        return Mattermost(settings._replace(http=_quick(settings.http)))

    def names() -> Mapping[str, NameList]:
        with closing(_pagerduty(config)) as pagerduty:
            return read_names(pagerduty, log)

    def people() -> NameList:
        with closing(_pagerduty(config)) as pagerduty:
            return read_people(pagerduty, log)

    def abilities() -> DialogAbilities:
        from pagerduty_mattermost.gateways.mattermost.admin import Admin

        return abilities_of(Admin(mattermost()).client_config(), config.chat.public_url)

    searches = _Searches(config)
    playbooks = PlaybookChoices(lambda: Context(dict(raw), service, log), log)
    lists = ListReads(names, abilities, searches.search, people, playbooks.of)
    refusals = DialogRefusals(lambda: Context(dict(raw), service, log), log)
    dispatcher = Dispatcher(service, schemas, log, deadline=DISPATCH_SECONDS)
    endpoint = ChatEndpoint(
        config,
        dispatcher,
        Store(service, deadline=DISPATCH_SECONDS),
        mattermost,
        lists,
        log,
        soon_store=Store(service, deadline=WRITE_SECONDS),
        passed_on=passed_on(mattermost) if passed_on is not None else None,
        refuses=refusals.of,
    )
    endpoint.listen()
    playbooks.refresh()
    return endpoint


class _Searches:
    """What people look for while they type, by connections that stay open. For several threads."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._free: LifoQueue[Any] = LifoQueue()

    def search(self, kind: str, query: str, incident: str) -> List[Choice]:
        """Raises the PackError of a PagerDuty that does not answer at once."""
        try:
            pagerduty = self._free.get_nowait()
        except Empty:
            pagerduty = _pagerduty(self._config, quick=True)
        try:
            return search(pagerduty, kind, query, incident=incident)
        finally:
            self._free.put(pagerduty)


def _pagerduty(config: Config, *, quick: bool = False) -> Any:
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

    settings = config.pagerduty
    if quick:
        settings = settings._replace(http=_quick(settings.http))
    return PagerDuty(settings)


def _quick(http: Http) -> Http:
    """For what somebody waits for who has clicked or types."""
    return http._replace(timeouts=http.timeouts._replace(connect=1.0, read=2.0, whole=2.0))
