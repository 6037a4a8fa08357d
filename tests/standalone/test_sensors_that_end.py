"""A sensor that has a `run` of its own ends when it is told to, whatever it is at."""

from __future__ import annotations

import logging
import threading

import pytest
from st2reactor.sensor.base import Sensor

from sandbox.waiting import until
from standalone.sensors import SensorThread


class Listening(Sensor):
    """Stays in `at` until it is let go, then runs until its cleanup."""

    def __init__(self, at):
        self.at, self.reached, self.go = at, threading.Event(), threading.Event()
        self.told = threading.Event()
        self.ran = False

    def setup(self):
        self._stay("setup")

    def run(self):
        self.ran = True
        self._stay("run")
        self.told.wait()

    def cleanup(self):
        self.told.set()

    def _stay(self, where):
        if self.at == where:
            self.reached.set()
            self.go.wait(60)

    def add_trigger(self, trigger):
        """None of its own."""

    def update_trigger(self, trigger):
        """None of its own."""

    def remove_trigger(self, trigger):
        """None of its own."""


@pytest.mark.parametrize("at", ["setup", "run"])
def test_told_at_any_moment_it_ends_and_nothing_is_said(at, caplog):
    sensor = Listening(at)
    thread = SensorThread("Listening", lambda: sensor)
    with caplog.at_level(logging.WARNING):
        thread.start()
        until(sensor.reached.is_set)
        thread.stop()
        sensor.go.set()
        assert thread.join(60), "it waits for what came already"
    assert sensor.told.is_set()
    assert sensor.ran == (at == "run")
    assert not caplog.records


def test_one_that_began_anew_ends_as_well(caplog, monkeypatch):
    monkeypatch.setattr("standalone.sensors.FIRST_PAUSE_SECONDS", 0.01)
    made = []

    def make():
        made.append(Listening("setup" if made else ""))
        return made[-1]

    thread = SensorThread("Listening", make)
    thread.start()
    until(lambda: made and made[0].ran)
    made[0].told.set()
    until(lambda: len(made) == 2 and made[1].reached.is_set())
    thread.stop()
    made[1].go.set()
    assert thread.join(60), "it waits for what came already"
    assert made[1].told.is_set()
    assert not made[1].ran
