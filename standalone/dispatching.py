"""How sensors hand over triggers; the same calls as StackStorm's `TriggerDispatcherService`."""

from __future__ import annotations

from typing import Any, Callable, Optional

Transport = Callable[[str, Any, Optional[str]], None]
"""(trigger ref, payload, trace tag): returns when the instance is on disk; ValueError: payload or
trigger wrong."""


class TriggerDispatcher:
    """`dispatch` returns when the trigger instance is safe. Strictly: a wrong payload or trigger
    raises ValueError."""

    def __init__(self, logger: Any, transport: Transport) -> None:
        self._logger = logger
        self._transport = transport

    def dispatch(
        self,
        trigger: str,
        payload: Any = None,
        trace_tag: Optional[str] = None,
        throw_on_validation_error: bool = False,
    ) -> None:
        """As StackStorm: without `throw_on_validation_error` a trigger that does not fit is logged
        and lost."""
        try:
            self._transport(trigger, payload, trace_tag)
        except ValueError as error:
            if throw_on_validation_error:
                raise
            self._logger.warning("Trigger %s not dispatched: %s", trigger, error)

    def dispatch_with_context(
        self,
        trigger: str,
        payload: Any = None,
        trace_context: Any = None,
        throw_on_validation_error: bool = False,
    ) -> None:
        """Like `dispatch`, with the trace given as an object."""
        tag = trace_context.trace_tag if trace_context else None
        self.dispatch(trigger, payload, tag, throw_on_validation_error)
