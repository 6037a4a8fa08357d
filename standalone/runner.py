"""Runs python actions in this process, one instance an execution, with StackStorm's idea of
success and failure."""

# flake8: noqa: W503

from __future__ import annotations

import importlib.util
import inspect
import json
import logging
import queue
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, Mapping, NamedTuple

from standalone.paths import shown

LOG = logging.getLogger("standalone")

DELIMITER = "%%%%%~=~=~=************=~=~=~%%%%"
"""In a result it fails the action on StackStorm, after its effect; so it does here."""
_INT64 = 2**63


class ActionOutcome(NamedTuple):
    """How an execution ended."""

    status: str
    """succeeded, failed or timeout."""
    result: Dict[str, Any]
    """As StackStorm's Python runner: `result`, `exit_code`, `stdout`, `stderr`."""

    @property
    def error(self) -> str:
        """One line for people; empty when it succeeded."""
        if self.status == "succeeded":
            return ""
        text = self.result["stderr"] or self.result["result"]
        return " ".join((text if isinstance(text, str) else json.dumps(text)).split())[:500]


class ClassLoader:
    """Finds the one class of an action's or sensor's file; each file is imported once."""

    def __init__(self, pack: str) -> None:
        self._pack = pack
        self._modules: Dict[Path, ModuleType] = {}
        self._lock = threading.Lock()

    def load(self, file: Path, base: str, class_name: str = "") -> Any:
        """The class of that name, or the one in the file that has a base class called `base`.
        Raises ImportError."""
        module = self._module(file)
        found = [
            cls
            for name, cls in inspect.getmembers(module, inspect.isclass)
            if cls.__module__ == module.__name__
            and (
                name == class_name
                if class_name
                else base in (parent.__name__ for parent in cls.__mro__[1:])
            )
            and not inspect.isabstract(cls)
        ]
        if len(found) != 1:
            what = f"class {class_name}" if class_name else f"one {base} class"
            raise ImportError(f"{shown(file)} must have {what}, it has {len(found) or 'none'}")
        return found[0]

    def _module(self, file: Path) -> ModuleType:
        with self._lock:
            if file not in self._modules:
                name = f"{self._pack}_{file.parent.name}_{file.stem}"
                spec = importlib.util.spec_from_file_location(name, str(file))
                if spec is None or spec.loader is None:
                    raise ImportError(f"{shown(file)} can't be imported")
                module = importlib.util.module_from_spec(spec)
                spec.loader.exec_module(module)
                self._modules[file] = module
            return self._modules[file]


def run_action(
    make: Callable[[], Any], arguments: Mapping[str, Any], timeout: float
) -> ActionOutcome:
    """Makes an action and runs it, for `timeout` seconds at most: then its thread is left alone,
    its result dropped."""
    answers: queue.Queue[ActionOutcome] = queue.Queue()
    thread = threading.Thread(
        target=lambda: answers.put(_run(make, arguments)), name="action", daemon=True
    )
    thread.start()
    try:
        return answers.get(timeout=timeout)
    except queue.Empty:
        return ActionOutcome(
            "timeout",
            _result(
                None, stderr=f"Action failed to complete in {timeout:g} seconds", exit_code=-9
            ),
        )


def _run(make: Callable[[], Any], arguments: Mapping[str, Any]) -> ActionOutcome:
    started = time.monotonic()
    try:
        action = make()
        # StackStorm's own class writes each line to stderr itself, beside the log of this process.
        getattr(getattr(action, "logger", None), "handlers", []).clear()
        output = action.run(**arguments)
    except BaseException as error:
        LOG.debug("The action raised", exc_info=True)
        line = " ".join(str(error).split())
        return ActionOutcome(
            "failed",
            _result(
                None, stderr=f"{type(error).__name__}: {line}" if line else type(error).__name__
            ),
        )
    LOG.debug("ran for %.0f ms", (time.monotonic() - started) * 1000)
    return outcome_of(output)


def outcome_of(output: Any) -> ActionOutcome:
    """What StackStorm makes of what `run` returned."""
    succeeded, data = True, output
    if isinstance(output, tuple) and len(output) == 2:
        succeeded, data = output
        if not isinstance(succeeded, bool):
            message = (
                "a result of two items begins with True or False; return a list, or (True, result)"
            )
            return ActionOutcome("failed", _result(None, stderr=message))
    data = data if _is_plain(data) else str(data)
    if DELIMITER in json.dumps(data):
        return ActionOutcome(
            "failed", _result(None, stderr="the result holds StackStorm's own delimiter")
        )
    return (
        ActionOutcome("succeeded", _result(data, exit_code=0))
        if succeeded
        else ActionOutcome("failed", _result(data))
    )


def _result(data: Any, stderr: str = "", exit_code: int = 1) -> Dict[str, Any]:
    return {"result": data, "exit_code": exit_code, "stdout": "", "stderr": stderr}


def _is_plain(value: Any) -> bool:
    if value is None or isinstance(value, (bool, float)):
        return True
    if isinstance(value, str):
        return value.isascii() or not any("\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, int):
        return -_INT64 <= value < 2 * _INT64
    if isinstance(value, (list, tuple)):
        return all(_is_plain(item) for item in value)
    if isinstance(value, dict):
        return all(isinstance(key, str) and _is_plain(item) for key, item in value.items())
    return False
