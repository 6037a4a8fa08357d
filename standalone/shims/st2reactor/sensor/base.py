"""Stand-in: the base classes of sensors (see standalone/shims/README.md)."""

from __future__ import annotations

import abc
import time
from typing import Any, Dict, Optional

__all__ = ["PollingSensor", "Sensor"]


class BaseSensor(abc.ABC):
    """What both kinds of sensors have."""

    def __init__(self, sensor_service: Any, config: Optional[Dict[str, Any]] = None) -> None:
        self._sensor_service = sensor_service
        self.sensor_service = sensor_service
        self._config = config or {}
        self.config = self._config

    @abc.abstractmethod
    def setup(self) -> None:
        """Called once before `run`."""

    @abc.abstractmethod
    def run(self) -> None:
        """The sensor's life."""

    @abc.abstractmethod
    def cleanup(self) -> None:
        """Called at the end, if at all."""

    @abc.abstractmethod
    def add_trigger(self, trigger: Dict[str, Any]) -> None:
        """A trigger of the sensor's types was created."""

    @abc.abstractmethod
    def update_trigger(self, trigger: Dict[str, Any]) -> None:
        """A trigger of the sensor's types was changed."""

    @abc.abstractmethod
    def remove_trigger(self, trigger: Dict[str, Any]) -> None:
        """A trigger of the sensor's types was deleted."""


class Sensor(BaseSensor):
    """A sensor that waits for the world to call: `run` blocks for as long as the sensor lives."""


class PollingSensor(BaseSensor):
    """A sensor that looks at the world every `poll_interval` seconds."""

    def __init__(
        self,
        sensor_service: Any,
        config: Optional[Dict[str, Any]] = None,
        poll_interval: float = 5,
    ) -> None:
        super().__init__(sensor_service=sensor_service, config=config)
        self._poll_interval = poll_interval

    @abc.abstractmethod
    def poll(self) -> None:
        """Look once."""

    def run(self) -> None:
        while True:
            self.poll()
            time.sleep(self._poll_interval)

    def get_poll_interval(self) -> float:
        """Seconds between the end of one look and the start of the next."""
        return self._poll_interval

    def set_poll_interval(self, poll_interval: float) -> None:
        """Takes effect with the next wait."""
        self._poll_interval = poll_interval
