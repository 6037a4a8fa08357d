"""Stand-in: the dispatcher a sensor makes when the one it was given failed (see
standalone/shims/README.md).

The embedded default's own dispatcher holds no connection that could break, so its sensor service
keeps it whatever a sensor puts in its place; this one leads nowhere and says so.
"""

from __future__ import annotations

from typing import Any, Optional

from standalone.dispatching import TriggerDispatcher

__all__ = ["TriggerDispatcherService"]


class TriggerDispatcherService(TriggerDispatcher):
    """`dispatch(trigger, payload=None, trace_tag=None, throw_on_validation_error=False)`."""

    def __init__(self, logger: Any) -> None:
        super().__init__(logger, _nowhere)


def _nowhere(trigger: str, payload: Any, trace_tag: Optional[str]) -> None:
    raise RuntimeError(f"nobody takes the trigger {trigger}: dispatch through the sensor service")
