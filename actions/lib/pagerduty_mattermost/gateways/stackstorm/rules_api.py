"""What is asked of StackStorm's own API (or of the embedded default in its place)."""

from __future__ import annotations

import itertools
import threading
from typing import Any, Callable, Dict, List

from pagerduty_mattermost.core.errors import RetryLater

DEADLINE_SECONDS = 20.0
"""Seconds: the API client knows no timeouts."""
PAGE_SIZE = 100


def all_rules(action_service: Any) -> List[Any]:
    """All rules, of any pack. Raises RetryLater when the API does not list them."""

    def pages() -> List[Any]:
        found: Dict[str, Any] = {}
        manager = action_service.datastore_service.get_api_client().rules
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
    found: List[List[Any]] = []
    errors: List[str] = []

    def read() -> None:
        try:
            found.append(call())
        except Exception as error:  # noqa: BLE001 - st2client raises whatever its HTTP library does
            errors.append(type(error).__name__)

    thread = threading.Thread(target=read, name="pagerduty-rules", daemon=True)
    thread.start()
    thread.join(deadline)
    if not found:
        why = errors[0] if errors else f"no answer within {deadline:g} s"
        raise RetryLater(
            f"StackStorm's API did not list its rules ({why}): is st2api up, and may this "
            "user read rules?"
        )
    return found[0]


def rules_source(action_service: Any) -> str:
    """Where `all_rules` has them from, for people."""
    try:
        manager = action_service.datastore_service.get_api_client().rules
    except Exception:  # noqa: BLE001 - it is only said, and `all_rules` says what is wrong
        return "StackStorm's"
    return str(getattr(manager, "source", "StackStorm's"))
