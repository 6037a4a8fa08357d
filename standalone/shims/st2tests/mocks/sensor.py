"""Stand-in: the mock sensor service (see standalone/shims/README.md)."""

from __future__ import annotations

from typing import Any, Dict, List, Optional

from st2common.models.api.trace import TraceContext

from st2tests.mocks.services import MockService, Wrapper

__all__ = ["MockSensorService", "MockSensorWrapper"]


class MockSensorWrapper(Wrapper):
    """Names the pack and the sensor class."""


class MockSensorService(MockService):
    """Handed to sensors in tests; keeps what was dispatched, checks nothing. No strict dispatcher,
    as on StackStorm."""

    def __init__(self, sensor_wrapper: MockSensorWrapper) -> None:
        super().__init__(sensor_wrapper)
        self._sensor_wrapper = sensor_wrapper
        self.dispatched_triggers: List[Dict[str, Any]] = []

    def get_logger(self, name: str) -> Any:
        """The one mock logger, whatever the name."""
        return self._logger

    def dispatch(
        self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None
    ) -> Dict[str, Any]:
        context = TraceContext(trace_tag=trace_tag) if trace_tag else None
        return self.dispatch_with_context(trigger=trigger, payload=payload, trace_context=context)

    def dispatch_with_context(
        self, trigger: str, payload: Any = None, trace_context: Optional[TraceContext] = None
    ) -> Dict[str, Any]:
        item = {"trigger": trigger, "payload": payload, "trace_context": trace_context}
        self.dispatched_triggers.append(item)
        return item
