"""Stand-in: the base class of Python actions (see standalone/shims/README.md)."""

from __future__ import annotations

import abc
from typing import Any, Dict, Optional

from st2common.runners.utils import PackConfigDict, get_logger_for_python_runner_action

__all__ = ["Action"]


class Action(abc.ABC):
    """Has `config`, `action_service` and `logger`; `run` takes the action's parameters by name."""

    description: Optional[str] = None

    def __init__(
        self, config: Optional[Dict[str, Any]] = None, action_service: Any = None
    ) -> None:
        wrapper = getattr(action_service, "_action_wrapper", None) if action_service else None
        self.config = PackConfigDict(getattr(wrapper, "_pack", "unknown"), config or {})
        self.action_service = action_service
        self.logger = get_logger_for_python_runner_action(
            action_name=type(self).__name__, log_level=getattr(wrapper, "_log_level", "debug")
        )

    @abc.abstractmethod
    def run(self, **kwargs: Any) -> Any:
        """Do it; the result is data, or `(succeeded, data)`."""
