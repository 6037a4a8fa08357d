"""The demos end by Ctrl-C, `kill -INT` and SIGTERM, whatever the shell that started them does with
SIGINT, and leave no pack behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import List, Sequence

import pytest
from command_line import until
from pack_files import ROOT


def ignoring() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def children(pid: int) -> List[int]:
    return [
        int(entry.name)
        for entry in Path("/proc").iterdir()
        if entry.name.isdigit() and _parent(entry) == pid
    ]


def _parent(entry: Path) -> int:
    try:
        return int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, ValueError, IndexError):
        return 0


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("words", [("--stay",), ("--major",)])
def test_a_demo_ends(tmp_path: Path, words: Sequence[str], number: signal.Signals) -> None:
    with (tmp_path / "said").open("wb") as said:
        demo = subprocess.Popen(
            [sys.executable, "-m", "sandbox", "demo", *words],
            cwd=ROOT,
            stdout=said,
            stderr=said,
            preexec_fn=ignoring,
        )
    try:
        until(lambda: children(demo.pid))
        packs = children(demo.pid)
        demo.send_signal(number)
        ended = 130 if number == signal.SIGINT else 128 + signal.SIGTERM
        assert demo.wait(120) == ended, (tmp_path / "said").read_text()
        until(lambda: not any(map(is_alive, packs)))
    finally:
        demo.kill()
        demo.wait(30)
