"""Stand-in: the strict way to dispatch a trigger (see standalone/shims/README.md).

A sensor may replace a dispatcher that broke by a new `TriggerDispatcherService(logger=…)`; the new one must reach the
same process, so the running embedded default says here, with `connect`, where triggers go.
"""

from __future__ import annotations

from typing import Any, Optional

from standalone.dispatching import Transport, TriggerDispatcher

__all__ = ["TriggerDispatcherService", "connect"]

_transport: Optional[Transport] = None


def connect(transport: Optional[Transport]) -> None:
    """New dispatchers of this process send to `transport` from now on; None: nobody listens."""
    global _transport
    _transport = transport


class TriggerDispatcherService(TriggerDispatcher):
    """`dispatch(trigger, payload=None, trace_tag=None, throw_on_validation_error=False)`."""

    def __init__(self, logger: Any) -> None:
        super().__init__(logger, _transport or _nobody)


def _nobody(trigger: str, payload: Any, trace_tag: Optional[str]) -> None:
    raise RuntimeError("no embedded default runs in this process: nobody takes the trigger " + trigger)
