"""The sensor that takes slash commands, clicks and dialogs from Mattermost: a thin shell around
`chat.endpoint.ChatEndpoint`."""

# flake8: noqa: E501

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any, Dict, Optional

# A sensor gets only its own folder on its path.
_LIBRARY = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "actions", "lib"
)
if _LIBRARY not in sys.path:
    sys.path.append(_LIBRARY)

from st2reactor.sensor.base import Sensor  # noqa: E402

from pagerduty_mattermost.chat.endpoint import ChatEndpoint  # noqa: E402
from pagerduty_mattermost.chat.opened_endpoint import open_endpoint  # noqa: E402
from pagerduty_mattermost.chat.room_listener import LOOK_SECONDS, RoomListener, open_room_listener  # noqa: E402
from pagerduty_mattermost.chatops.bridge import ChatopsBridge, open_bridge  # noqa: E402
from pagerduty_mattermost.core.errors import PackError  # noqa: E402
from pagerduty_mattermost.gateways.http.listener import LISTEN_AGAIN_SECONDS  # noqa: E402
from pagerduty_mattermost.gateways.stackstorm.datastore import Store  # noqa: E402
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher  # noqa: E402
from pagerduty_mattermost.gateways.stackstorm.payload_schema import payload_schemas  # noqa: E402
from pagerduty_mattermost.sensor import orphan_watch  # noqa: E402
from pagerduty_mattermost.sensor.health import SensorHealth, fault  # noqa: E402
from pagerduty_mattermost.sensor.kept_health import CHAT_KEY, KeptHealth  # noqa: E402


class ChatSensor(Sensor):
    """Dispatches `pagerduty.chat_command` and `pagerduty.room`. Without `chat.port` nobody can
    call it, and it only hears what is said in rooms."""

    def __init__(self, sensor_service: Any, config: Optional[Dict[str, Any]] = None) -> None:
        super().__init__(sensor_service=sensor_service, config=config)
        self._log = sensor_service.get_logger(name="ChatSensor")
        self._stopped = threading.Event()
        self.endpoint: Optional[ChatEndpoint] = None
        self.room_listener: Optional[RoomListener] = None
        self.bridge: Optional[ChatopsBridge] = None
        self._refused = SensorHealth()
        self._kept = KeptHealth(self._refused, Store(sensor_service), CHAT_KEY, self._log)

    def setup(self) -> None:
        """Never raises: StackStorm abandons a sensor that fails here. What is wrong is logged and
        told in the operations channel."""
        orphan_watch.watch(self._log)
        try:
            self.endpoint = open_endpoint(
                self.sensor_service, self.config, _schemas(), self._log, self._bridge
            )
            self.room_listener = open_room_listener(
                self.config, self.sensor_service, _schemas(), self._log
            )
        except PackError as error:
            self._refuse(str(error))
        except Exception as error:  # noqa: BLE001 - a sensor that fails in setup() is gone for good
            self._refuse(fault(self._log, error))
        if self.room_listener is not None:
            threading.Thread(
                target=self._listen, name="pagerduty-room-listener", daemon=True
            ).start()

    def _bridge(self, mattermost: Any) -> ChatopsBridge:
        self.bridge = open_bridge(self.sensor_service, self.config, mattermost, self._log)
        return self.bridge

    def _listen(self) -> None:
        """What is said in rooms, and what their tasks have begun, for as long as the sensor
        runs."""
        while not self._stopped.wait(LOOK_SECONDS):
            if self.room_listener is not None:
                self.room_listener.listen()
            if self.bridge is not None:
                self.bridge.pick_up()

    def run(self) -> None:
        """The listener has threads of its own; this one looks after it each minute, and stays also
        where there is nothing to do: StackStorm would start a sensor that ended anew, and give it
        up after the second time."""
        while True:
            self.look()
            if self._stopped.wait(LISTEN_AGAIN_SECONDS):
                return

    def look(self) -> None:
        """What is done each minute. Raises nothing."""
        try:
            if self.endpoint is not None:
                self.endpoint.tend()
            elif self._refused.reason:
                self._kept.load()
                self._kept.report(Dispatcher(self.sensor_service, _schemas(), self._log))
        except Exception as error:  # noqa: BLE001 - it would end the process
            self._log.error("The chat sensor failed: %s", fault(self._log, error))

    def _refuse(self, reason: str) -> None:
        self._log.error("The chat sensor does nothing: %s", reason)
        self._refused.stands("chat", {"settings": reason}, 0.0)

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
    """Of its own triggers, and of the incident sensor's, whose trigger tells how sensors do."""
    own = Path(__file__).with_suffix(".yaml")
    return payload_schemas(own, own.with_name("incident_sensor.yaml"))
