"""A sensor ends when its container was killed: its port and its work are the successor's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, List
from unittest import mock

import pytest
from pack_files import ROOT

from pagerduty_mattermost.sensor import orphan_watch


def test_it_stays_while_the_parent_is_the_same_and_leaves_then() -> None:
    parents, slept, left = [7, 7, 7, 1], [], []
    log = mock.Mock()
    orphan_watch.stay(log, 7, lambda: parents.pop(0), slept.append, left.append)
    assert (slept, left) == ([orphan_watch.LOOK_SECONDS] * 3, [0])
    assert "container is gone" in log.warning.call_args[0][0]


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["/opt/st2/lib/st2reactor/container/sensor_wrapper.py", "--pack=pagerduty"], True),
        (["-m", "standalone"], False),
        ([], False),
    ],
)
def test_only_below_stackstorms_wrapper(argv: List[str], expected: bool) -> None:
    assert orphan_watch.is_wrapped(argv) is expected


def test_a_killed_container_leaves_no_child(tmp_path: Path) -> None:
    """With real processes: a parent that is killed, a child as the wrapper starts it."""
    child = tmp_path / orphan_watch.WRAPPER
    library = ROOT / "actions" / "lib"
    child.write_text(
        f"import sys, time, logging\nsys.path.insert(0, {str(library)!r})\n"
        "from pagerduty_mattermost.sensor import orphan_watch\n"
        "orphan_watch.LOOK_SECONDS = 0.1\norphan_watch.watch(logging.getLogger())\n"
        "print('up', flush=True)\ntime.sleep(60)\n"
    )
    started = f"import subprocess, sys\np = subprocess.Popen([sys.executable, {str(child)!r}])\n"
    parent: Any = subprocess.Popen(
        [sys.executable, "-c", started + "print(p.pid, flush=True)\np.wait()"],
        stdout=subprocess.PIPE,
        text=True,
    )
    lines = sorted(parent.stdout.readline().strip() for _ in range(2))
    pid = int(lines[0])
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait(60)
    end = time.monotonic() + 20
    while _runs(pid):
        assert time.monotonic() < end, "the child goes on"
        time.sleep(0.05)
    parent.stdout.close()


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
