"""Stand-in: what StackStorm's Python runner gives to an action class (see
standalone/shims/README.md)."""

# flake8: noqa: W503

from __future__ import annotations

import logging
import sys
from typing import Any, Dict, Optional

__all__ = ["PackConfigDict", "get_action_class_instance", "get_logger_for_python_runner_action"]


class PackConfigDict(Dict[str, Any]):
    """A pack's configuration: a key that is not there raises ValueError when it is read with `[]`,
    as on StackStorm."""

    def __init__(self, pack_name: str, *args: Any) -> None:
        super().__init__(*args)
        self._pack_name = pack_name

    def __missing__(self, key: str) -> Any:
        raise ValueError(f'Config for pack "{self._pack_name}" is missing key "{key}".')


def get_logger_for_python_runner_action(
    action_name: str, log_level: str = "debug"
) -> logging.Logger:
    """One logger an action class, writing to stderr as it is when the action logs.

    Within the embedded default the root logger has a handler already; then records go there and
    nowhere else.
    """
    logger = logging.getLogger("actions.python." + action_name)
    if (
        not logger.handlers
        and not logging.getLogger("actions.python").handlers
        and not logging.getLogger().handlers
    ):
        handler = _StderrHandler()
        handler.setFormatter(logging.Formatter("%(name)-12s: %(levelname)-8s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(getattr(logging, log_level.upper(), logging.DEBUG))
    return logger


class _StderrHandler(logging.StreamHandler):
    """Looks up sys.stderr at each record, so that a test's captured stream is not kept for
    ever."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr


def get_action_class_instance(
    action_cls: Any, config: Optional[Dict[str, Any]] = None, action_service: Any = None
) -> Any:
    """An instance of an action class, also of one whose constructor does not take
    `action_service`."""
    try:
        return action_cls(config=config, action_service=action_service)
    except TypeError as error:
        if "unexpected keyword argument 'action_service'" not in str(error):
            raise
    instance = action_cls(config=config)
    instance.action_service = action_service
    return instance
