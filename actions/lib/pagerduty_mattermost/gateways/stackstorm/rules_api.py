"""What is asked of StackStorm's own API (or of the embedded default in its place)."""

from __future__ import annotations

import itertools
from typing import Any, Callable, Dict, List

from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.stackstorm.api_calls import (
    DEADLINE_SECONDS,
    FailedCall,
    bounded,
)

PAGE_SIZE = 100


Client = Callable[[], Any]
"""Gives the client of StackStorm's API: `Context.stackstorm`. Called within the deadline, since
some ask StackStorm for a token first."""


def all_rules(client: Client) -> List[Any]:
    """All rules, of any pack. Raises RetryLater when the API does not list them."""

    def pages() -> List[Any]:
        found: Dict[str, Any] = {}
        manager = client().rules
        for page in itertools.count():
            rules = manager.get_all(limit=PAGE_SIZE, offset=page * PAGE_SIZE)
            fresh = [rule for rule in rules if rule.ref not in found]
            found.update((rule.ref, rule) for rule in fresh)
            if len(rules) < PAGE_SIZE or not fresh:
                break
        return list(found.values())

    return _read(pages, DEADLINE_SECONDS)


def rules_on(service: Any, trigger: str, deadline: float) -> List[Any]:
    """The rules on one trigger, of any pack; one request, `deadline` in seconds. Raises RetryLater
    when the API does not list them, or there are more than a page of them."""

    def page() -> List[Any]:
        manager = service.datastore_service.get_api_client().rules
        return list(manager.query(trigger=trigger, limit=PAGE_SIZE))

    found = _read(page, deadline)
    if len(found) >= PAGE_SIZE:
        raise RetryLater(f"More than {PAGE_SIZE - 1} rules on {trigger}: they are not read")
    return found


def _read(call: Callable[[], List[Any]], deadline: float) -> List[Any]:
    try:
        return list(bounded(call, deadline))
    except FailedCall as error:
        raise RetryLater(
            f"StackStorm's API did not list its rules ({error}): is st2api up, and may this "
            "user read rules?"
        ) from None


def rules_source(client: Client) -> str:
    """Where `all_rules` has them from, for people."""
    try:
        manager = client().rules
    except Exception:  # noqa: BLE001 - it is only said, and `all_rules` says what is wrong
        return "StackStorm's"
    return str(getattr(manager, "source", "StackStorm's"))
