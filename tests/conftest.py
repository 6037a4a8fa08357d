"""Puts the pack on the path as StackStorm does, and the stand-ins for st2 where the real modules
are missing."""

from __future__ import annotations

import gc
import importlib.util
import os
import pickle
import selectors
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, Dict, Iterator, List
from unittest.mock import patch

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent

for folder in (
    "sensors",
    "actions/scripts",
    "actions/lib",
    "actions",
    "tests/support",
    "tests",
    ".",
):
    path = str(ROOT / folder)
    if path not in sys.path:
        sys.path.insert(0, path)

if importlib.util.find_spec("st2common") is None:
    sys.path.append(str(ROOT / "standalone" / "shims"))
else:
    # StackStorm's real test classes make the process cooperative (eventlet): before anything else,
    # or not at all.
    importlib.import_module("st2tests.base")
    # `subprocess` was imported before, with a selector that would block the sandbox of this very
    # process.
    subprocess._PopenSelector = selectors.DefaultSelector  # type: ignore[attr-defined]

# The same examples in each run, so that a run says something about the code and not about its
# luck. `make test ARGS=--hypothesis-profile=search` looks for new ones.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile("steady")


@pytest.fixture(autouse=True, scope="session")
def _pack_read_once() -> Iterator[None]:
    """The pack's own metadata stay as they are while tests run, which load them some four hundred
    times: each process reads and checks them once, where they are sound."""
    from standalone.metadata import _Loader

    known: Dict[Any, bytes] = {}

    def once(name: str) -> Any:
        made = getattr(_Loader, name)

        def kept(self: Any, *given: Any) -> Any:
            where = given[0] if given else self._path
            if where != ROOT and ROOT not in where.parents:
                return made(self, *given)
            key = (name, self._path, where)
            if key not in known:
                told = (self._problems, self._refused, self._broken_rules)
                before = [len(lines) for lines in told]
                found = made(self, *given)
                if [len(lines) for lines in told] != before:
                    return found
                known[key] = pickle.dumps(found)
            return pickle.loads(known[key])

        return patch.object(_Loader, name, kept)

    with once("_files"), once("_read"), once("_rule"), once("_config_schema"):
        yield


@pytest.fixture(autouse=True)
def _named_as_on_stackstorm() -> Iterator[None]:
    """A command line that a test runs in this process says of itself how it was called: no test
    after it hears of that."""
    yield
    os.environ.pop("PAGERDUTY_MATTERMOST_RUN", None)
    if "standalone.own_line" in sys.modules:
        sys.modules["standalone.own_line"]._given.clear()


@pytest.fixture(autouse=True)
def _loggers_forget_the_test() -> Iterator[None]:
    """StackStorm's loggers of actions write for ever to the stderr of the test that first ran the
    action."""
    yield
    kept: Any = getattr(sys.modules.get("st2common.runners.utils"), "LOGGERS", {})
    for logger in kept.values():
        logger.handlers.clear()
    kept.clear()


def pytest_configure(config: Any) -> None:
    """Plain `pytest` and `st2-run-pack-tests` leave out what takes long, and what needs
    servers or a browser; `-m` says otherwise."""
    if not config.option.markexpr:
        config.option.markexpr = "not soak and not live and not browser"
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: List[pytest.Item]) -> None:
    """What waits longest, for processes and pages, begins first: what is quick fills the workers'
    last minute. (xdist would begin with the files of many quick tests.)"""
    items.sort(key=lambda item: item.path.parent.name not in ("e2e", "standalone"))


@pytest.hookimpl(hookwrapper=True)
def pytest_collection() -> Iterator[None]:
    """Collecting makes millions of objects, all of which stay. What tests leave behind is looked
    for among what they made, not among all tests and libraries, which took each worker half a
    second each time."""
    gc.disable()
    yield
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """What was not tested here, and why: a line for each reason."""
    skipped = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]).replace("Skipped: ", "", 1) for report in skipped)
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{count} skipped: {reason}")
