"""Puts a pack on Python's path as StackStorm does, and the stand-ins where StackStorm is
missing."""

# flake8: noqa: E203

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHIMS = HERE / "shims"
LIBRARY = HERE.parent / "actions" / "lib"
"""Holds `gateways.stackstorm.rule_criteria`, which decides about rules, whatever pack is run."""


def prepare(pack: Path) -> None:
    """`actions/lib`, `actions` and the folder of the entry points come first, as for an action;
    `sensors` and the stand-ins last."""
    for folder in ("actions/scripts", "actions", "actions/lib"):
        _add(pack / folder, first=True)
    _add(pack / "sensors", first=False)
    _add(LIBRARY, first=False)
    if importlib.util.find_spec("st2common") is None:
        _add(SHIMS, first=False)
    else:
        # Here, in the main thread: a thread that is the first to import eventlet, which comes with
        # it, can't be joined.
        importlib.import_module("st2reactor.sensor.base")


def shown(path: Path) -> str:
    """A path as every line for people has it: from the working directory where it is below that,
    else whole."""
    whole, here = os.path.abspath(path), os.path.join(os.getcwd(), "")
    return whole[len(here) :] if whole.startswith(here) else whole


def _add(folder: Path, first: bool) -> None:
    path = str(folder)
    if path in sys.path:
        return
    if first:
        sys.path.insert(0, path)
    else:
        sys.path.append(path)
