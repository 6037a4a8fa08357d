"""The stand-ins behave as StackStorm's own modules where this pack and its tests lean on them."""

from __future__ import annotations

import pytest

pytest.importorskip("st2common")

from st2common.runners.base_action import Action
from st2reactor.sensor.base import PollingSensor
from st2tests.base import BaseActionTestCase, BaseSensorTestCase


class _Echo(Action):
    def run(self, **kwargs):
        return True, kwargs


class _Watcher(PollingSensor):
    def setup(self):
        pass

    def poll(self):
        self.sensor_service.dispatch("toy.seen", {"n": 1}, trace_tag="t1")

    def cleanup(self):
        pass

    def add_trigger(self, trigger):
        pass

    update_trigger = remove_trigger = add_trigger


class ActionCase(BaseActionTestCase):
    action_cls = _Echo
    __test__ = True

    def test_action_gets_config_and_service(self):
        action = self.get_action_instance(config={"a": 1})
        assert action.run(x=1) == (True, {"x": 1})
        assert action.config["a"] == 1
        assert action.config.get("b") is None
        with pytest.raises(ValueError, match="missing key"):
            action.config["b"]

    def test_datastore_keeps_what_it_is_given(self):
        service = self.action_service
        assert service.get_value("x", local=False) is None
        service.set_value("x.1", {"not": "a string"}, ttl=5, local=False)
        service.set_value("x.1", "local")
        assert service.get_value("x.1", local=False) == {"not": "a string"}
        assert [item.name for item in service.list_values(local=False, prefix="x.")] == ["x.1"]
        assert [item.name for item in service.list_values()] == ["tests._Echo:x.1"]
        assert service.delete_value("x.1", local=False) is True
        assert service.delete_value("x.1", local=False) is False


class SensorCase(BaseSensorTestCase):
    sensor_cls = _Watcher
    __test__ = True

    def test_dispatches_are_kept(self):
        sensor = self.get_sensor_instance(config={}, poll_interval=7)
        sensor.poll()
        assert sensor.get_poll_interval() == 7
        self.assertTriggerDispatched("toy.seen", {"n": 1})
        with pytest.raises(AssertionError):
            self.assertTriggerDispatched("toy.other")
        assert self.get_last_dispatched_trigger()["trace_context"].trace_tag == "t1"
        assert not hasattr(self.sensor_service, "_trigger_dispatcher_service")
