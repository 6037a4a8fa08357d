"""What is said in the terminal of things that are otherwise without StackStorm."""

from __future__ import annotations

import logging


def test_what_stays_is_what_there_is_without_stackstorm(shell):
    code, lines = shell("run", "uninstall")
    said = "\n".join(lines)
    assert code == 0, lines
    for word in ("/opt/stackstorm", "st2 pack", "disable both sensors", "garbage collector"):
        assert word not in said, lines
    for word in ("End `serve` first", "--config", "data folder"):
        assert word in said, lines


def test_a_simulation_tells_of_no_start(shell, caplog):
    caplog.set_level("INFO")
    code, lines = shell("run", "route.simulate", "since=1h")
    assert code == 0, lines
    # StackStorm's own loggers keep lines of DEBUG, too.
    shown = [one.getMessage() for one in caplog.records if one.levelno >= logging.INFO]
    assert "First start" not in "\n".join([*lines, *shown])
