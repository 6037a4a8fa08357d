"""Stand-in: the strict way to dispatch a trigger (see standalone/shims/README.md).

A sensor may replace a dispatcher that broke by a new `TriggerDispatcherService(logger=…)`; the new one must reach the
same process, so the running embedded default says here, with `connect`, where triggers go.
"""

from __future__ import annotations

from typing import Any, Callable, Optional

from st2common.models.api.trace import TraceContext

__all__ = ["TriggerDispatcherService", "connect"]

Transport = Callable[[str, Any, Optional[str]], None]
"""(trigger ref, payload, trace tag): returns when the instance is on disk; ValueError: payload or trigger wrong."""

_transport: Optional[Transport] = None


def connect(transport: Optional[Transport]) -> None:
    """All dispatchers of this process send to `transport` from now on; None: nobody listens."""
    global _transport
    _transport = transport


class TriggerDispatcherService:
    """`dispatch` returns when the trigger instance is safe. Strictly: a wrong payload or trigger raises ValueError."""

    def __init__(self, logger: Any) -> None:
        self._logger = logger

    def dispatch(
        self,
        trigger: str,
        payload: Any = None,
        trace_tag: Optional[str] = None,
        throw_on_validation_error: bool = False,
    ) -> None:
        """As StackStorm: without `throw_on_validation_error` a trigger that does not fit is logged and lost."""
        context = TraceContext(trace_tag=trace_tag) if trace_tag else None
        self.dispatch_with_context(trigger, payload, context, throw_on_validation_error)

    def dispatch_with_context(
        self,
        trigger: str,
        payload: Any = None,
        trace_context: Optional[TraceContext] = None,
        throw_on_validation_error: bool = False,
    ) -> None:
        """Like `dispatch`, with the trace given as an object."""
        if _transport is None:
            raise RuntimeError("no embedded default runs in this process: nobody takes the trigger " + trigger)
        try:
            _transport(trigger, payload, trace_context.trace_tag if trace_context else None)
        except ValueError as error:
            if throw_on_validation_error:
                raise
            self._logger.warning("Trigger %s not dispatched: %s", trigger, error)
