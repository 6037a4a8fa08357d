"""The chat sensor's port, keys and settings: which calls are refused, and what the sensor says of
itself."""

# flake8: noqa: E203,W503

from __future__ import annotations

import socket
import time
from typing import Any, List
from unittest import mock

import requests
from chat_sensor_case import ADA, KEY, TOKEN, ChatSensorCase

from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class SensorHealthTestCase(ChatSensorCase):
    __test__ = True

    def test_two_keys_are_taken_while_they_are_changed(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        old = self.token(one, "acknowledge")
        self.config["chat"]["signing_keys"] = ["n" * 32, KEY]
        self.start()
        assert self.click(old).status_code == 200
        self.config["chat"]["signing_keys"] = ["n" * 32]
        self.start()
        assert self.click(old).status_code == 401

    def told(self) -> List[Any]:
        """What the sensors said of themselves."""
        return [
            (one["payload"]["state"], one["payload"]["kind"])
            for one in self.get_dispatched_triggers()
            if one["trigger"] == "pagerduty.sensor_health"
        ]

    def test_a_taken_port_is_told_tried_again_and_had_once_it_is_free(self) -> None:
        other = self.get_sensor_instance(config=self.config)
        self.addCleanup(other.cleanup)
        other.setup()
        for _ in range(3):
            other.look()
        assert self.told() == [("failing", "chat.port")]
        (told,) = [
            one["payload"]
            for one in self.get_dispatched_triggers()
            if one["trigger"] == "pagerduty.sensor_health"
        ]
        port = self.config["chat"]["port"]
        assert f"chat.bind and chat.port: 127.0.0.1:{port} can't be listened on" in told["text"]
        assert other.sensor_service._logger.error.call_count == 1
        self.sensor.cleanup()
        other.look()
        assert self.told()[1:] == [("recovered", "chat.port")]
        one = self.account.trigger("Checkout API", "Slow")
        assert self.click(self.token(one, "acknowledge")).status_code == 200

    def test_what_was_told_is_not_told_again_by_the_next_process(self) -> None:
        for _ in range(3):  # StackStorm starts the sensor anew
            other = self.get_sensor_instance(config=self.config)
            self.addCleanup(other.cleanup)
            other.setup()
            other.look()
        assert self.told() == [("failing", "chat.port")]
        self.sensor.cleanup()
        last = self.get_sensor_instance(config=self.config)
        self.addCleanup(last.cleanup)
        last.setup()
        last.look()
        assert self.told()[1:] == [("recovered", "chat.port")]
        last.cleanup()
        self.start()
        self.sensor.look()
        assert len(self.told()) == 2

    def test_what_was_told_is_learnt_later_where_the_datastore_was_away(self) -> None:
        other = self.get_sensor_instance(config=self.config)
        self.addCleanup(other.cleanup)
        other.setup()
        other.look()
        self.sensor.cleanup()
        last = self.get_sensor_instance(config=self.config)
        self.addCleanup(last.cleanup)
        with mock.patch.object(Store, "read", side_effect=StoreUnreachable("away")):
            last.setup()
            last.look()
        assert self.told() == [("failing", "chat.port")]
        last.look()
        assert self.told()[1:] == [("recovered", "chat.port")]

    def test_a_setting_that_is_missing_is_told_once_by_many_processes(self) -> None:
        chat = {**self.config["chat"], "signing_keys": None}
        for _ in range(3):
            sensor = self.get_sensor_instance(config={**self.config, "chat": chat})
            sensor.setup()
            sensor.look()
        assert self.told() == [("failing", "chat.settings")]
        self.start()
        self.sensor.look()
        assert self.told()[1:] == [("recovered", "chat.settings")]

    def test_a_setting_that_is_missing_with_the_port_is_told(self) -> None:
        chat = {**self.config["chat"], "signing_keys": None}
        sensor = self.get_sensor_instance(config={**self.config, "chat": chat})
        sensor.setup()
        for _ in range(2):
            sensor.look()
        assert self.told() == [("failing", "chat.settings")]

    def test_a_missing_setting_harms_nothing(self) -> None:
        for change in ({"public_url": None}, {"signing_keys": None}, {"port": 0}):
            sensor = self.get_sensor_instance(
                config={**self.config, "chat": {**self.config["chat"], **change}}
            )
            sensor.setup()
            assert sensor.endpoint is None
            sensor.cleanup()
            sensor.run()


class RefusedCallsTestCase(ChatSensorCase):
    __test__ = True

    def test_forged_expired_and_malformed_calls_are_refused_and_nothing_is_dispatched(
        self,
    ) -> None:
        from pagerduty_mattermost.gateways.http.signed_tokens import sign

        good = {"v": "acknowledge", "i": "PT4KHLK"}
        later = int(time.time()) + 60
        for token in (
            "",
            "x",
            None,
            5,
            sign("x" * 32, "button", good, later),
            sign(KEY, "dialog", good, later),
        ):
            assert self.click(token).status_code == 401, token  # type: ignore[arg-type]
        assert self.click(sign(KEY, "button", good, 5)).status_code == 401
        fine = sign(KEY, "button", good, later)
        assert self.post("/click", json={"context": {"token": fine}}).status_code == 400
        assert (
            self.post("/click", json={"user_id": "../x", "context": {"token": fine}}).status_code
            == 400
        )
        assert self.post("/click", json=[1]).status_code == 400
        assert self.post("/click", data=b"\xff\x00").status_code == 400
        assert self.post("/nothing", json={}).status_code == 404
        assert requests.get(self.url + "/click", timeout=60).status_code == 405
        more = sign(KEY, "button", {"v": "more", "i": "PT4KHLK"}, later)
        odd = {"user_id": ADA, "context": {"token": more, "selected_option": "delete"}}
        assert self.post("/click", json=odd).status_code == 400
        for headers, form in (
            ({}, {"token": TOKEN}),
            ({"Authorization": "Token x"}, {"token": TOKEN}),
            ({"Authorization": "Token " + TOKEN}, {"token": "x"}),
            ({"Authorization": "Bearer " + TOKEN}, {"token": TOKEN}),
        ):
            told = {"command": "/pd", "text": "list", "user_id": ADA, **form}
            assert self.post("/command", data=told, headers=headers).status_code == 401
        assert self.orders() == []

    def test_large_and_slow_calls_are_cut_and_the_others_go_on(self) -> None:
        from pagerduty_mattermost.gateways.http import listener as chat_listener

        assert (
            self.post("/click", data=b"x" * (chat_listener.MAX_BODY_BYTES + 1)).status_code == 413
        )
        with mock.patch.object(chat_listener, "CALL_SECONDS", 0.3):
            host, port = self.sensor.endpoint.address[len("http://") :].split(":")
            slow = socket.create_connection((host, int(port)), timeout=5)
            slow.sendall(
                b"POST /pagerduty/click HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"
            )
            assert self.post("/click", json={}).status_code == 401
            slow.settimeout(5)
            assert b" 408 " in slow.recv(1000)
            slow.close()
        assert self.orders() == []
