"""The sensor that takes slash commands, clicks and dialogs from Mattermost: a thin shell around
`chat.endpoint.ChatEndpoint`."""

from __future__ import annotations

import os
import sys
import threading
from typing import Any, Dict, Optional

# A sensor gets only its own folder on its path.
_LIBRARY = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "actions", "lib"
)
if _LIBRARY not in sys.path:
    sys.path.append(_LIBRARY)

from st2reactor.sensor.base import Sensor  # noqa: E402

from pagerduty_mattermost.chat.endpoint import ChatEndpoint, open_endpoint  # noqa: E402
from pagerduty_mattermost.core.errors import PackError  # noqa: E402
from pagerduty_mattermost.sensor.health import fault  # noqa: E402


class ChatSensor(Sensor):
    """Dispatches `pagerduty.chat_command`. Without `chat.port` it does nothing."""

    def __init__(self, sensor_service: Any, config: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(sensor_service=sensor_service, config=config)
        self._log = sensor_service.get_logger(name="ChatSensor")
        self._stopped = threading.Event()
        self.endpoint: Optional[ChatEndpoint] = None

    def setup(self) -> None:
        """Never raises: StackStorm abandons a sensor that fails here. What is wrong is logged."""
        try:
            self.endpoint = open_endpoint(self.sensor_service, self.config, _schemas(), self._log)
        except PackError as error:
            self._log.error("The chat sensor does nothing: %s", error)
        except Exception as error:  # noqa: BLE001 - a sensor that fails in setup() is gone for good
            self._log.error("The chat sensor does nothing: %s", fault(self._log, error))

    def run(self) -> None:
        """The listener has threads of its own; this one only stays, also where there is nothing to
        do: StackStorm would start a sensor that ended anew, and give it up after the second time.
        """
        self._stopped.wait()

    def cleanup(self) -> None:
        self._stopped.set()
        if self.endpoint is not None:
            self.endpoint.close()

    def add_trigger(self, trigger: Dict[str, Any]) -> None:
        """Rules come and go without the sensor."""

    def update_trigger(self, trigger: Dict[str, Any]) -> None:
        """Rules come and go without the sensor."""

    def remove_trigger(self, trigger: Dict[str, Any]) -> None:
        """Rules come and go without the sensor."""


def _schemas() -> Dict[str, Any]:
    """Payload schemas by trigger reference, from the sensor's own metadata."""
    import yaml

    path = os.path.splitext(os.path.abspath(__file__))[0] + ".yaml"
    with open(path, encoding="utf-8") as file:
        metadata = yaml.safe_load(file)
    return {"pagerduty." + one["name"]: one["payload_schema"] for one in metadata["trigger_types"]}
