"""A sensor's process whose container was killed ends by itself. StackStorm starts each sensor as a
child of its container; where that is killed without systemd, its children would go on, hold the
port and dispatch beside their successors.

    watch(log)      # in a sensor's setup(): only below StackStorm's sensor wrapper
"""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Any, Callable, Sequence

WRAPPER = "sensor_wrapper.py"
LOOK_SECONDS = 5.0


def watch(log: Any) -> None:
    """In a thread of its own; nothing where StackStorm's wrapper does not run this process."""
    if is_wrapped(sys.argv):
        parent = os.getppid()
        args = (log, parent, os.getppid, time.sleep, os._exit)
        threading.Thread(target=stay, args=args, name="pagerduty-parent", daemon=True).start()


def is_wrapped(argv: Sequence[str]) -> bool:
    """Whether a process that was started so is a sensor of a container's."""
    return bool(argv) and os.path.basename(argv[0]) == WRAPPER


def stay(
    log: Any,
    parent: int,
    ask: Callable[[], int],
    sleep: Callable[[float], None],
    leave: Callable[[int], Any],
) -> None:
    """Until the parent is another one. `ask`: the parent's process id now; `leave`: ends the
    process at once, which loses nothing: a sensor commits as it goes."""
    while ask() == parent:
        sleep(LOOK_SECONDS)
    log.warning("The sensor container is gone: this sensor ends, the next one goes on")
    leave(0)
