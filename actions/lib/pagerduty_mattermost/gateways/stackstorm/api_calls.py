"""A call of StackStorm's API client, which knows no timeouts, given up after a while."""

from __future__ import annotations

import threading
from typing import Any, Callable, List

from pagerduty_mattermost.core.errors import RetryLater

DEADLINE_SECONDS = 20.0


class FailedCall(RetryLater):
    """`cause`: what the client raised; None where it did not answer in time."""

    cause: Any = None


def bounded(call: Callable[[], Any], deadline: float = DEADLINE_SECONDS) -> Any:
    """What the call gives. `deadline` in seconds. Raises FailedCall, whose text is why."""
    found: List[Any] = []
    errors: List[BaseException] = []

    def made() -> None:
        try:
            found.append(call())
        except Exception as error:  # noqa: BLE001 - st2client raises whatever its HTTP library does
            errors.append(error)

    thread = threading.Thread(target=made, name="pagerduty-stackstorm", daemon=True)
    thread.start()
    thread.join(deadline)
    if found:
        return found[0]
    cause = errors[0] if errors else None
    failed = FailedCall(type(cause).__name__ if cause else f"no answer within {deadline:g} s")
    failed.cause = cause
    raise failed from None
