"""What is asked of StackStorm's own API (or of the embedded default in its place)."""

from __future__ import annotations

import itertools
import threading
from typing import Any, Dict, List

from pagerduty_mattermost.core.errors import RetryLater

DEADLINE_SECONDS = 20.0
"""Seconds: the API client knows no timeouts."""
PAGE_SIZE = 100


def all_rules(action_service: Any) -> List[Any]:
    """All rules, of any pack. Raises RetryLater when the API does not list them."""
    found: Dict[str, Any] = {}
    errors: List[str] = []

    def read() -> None:
        try:
            manager = action_service.datastore_service.get_api_client().rules
            for page in itertools.count():
                rules = manager.get_all(limit=PAGE_SIZE, offset=page * PAGE_SIZE)
                fresh = [rule for rule in rules if rule.ref not in found]
                found.update((rule.ref, rule) for rule in fresh)
                if len(rules) < PAGE_SIZE or not fresh:
                    return
        except Exception as error:  # noqa: BLE001 - st2client raises whatever its HTTP library does
            errors.append(type(error).__name__)

    thread = threading.Thread(target=read, name="pagerduty-rules", daemon=True)
    thread.start()
    thread.join(DEADLINE_SECONDS)
    if thread.is_alive() or errors:
        why = errors[0] if errors else f"no answer within {DEADLINE_SECONDS:g} s"
        raise RetryLater(
            f"StackStorm's API did not list its rules ({why}): is st2api up, and may this "
            "user read rules?"
        )
    return list(found.values())


def rules_source(action_service: Any) -> str:
    """Where `all_rules` has them from, for people."""
    try:
        manager = action_service.datastore_service.get_api_client().rules
    except Exception:  # noqa: BLE001 - it is only said, and `all_rules` says what is wrong
        return "StackStorm's"
    return str(getattr(manager, "source", "StackStorm's"))
