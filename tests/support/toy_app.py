"""The small pack of the tests, and a clock that stands until it is set."""

from __future__ import annotations

import json
from pathlib import Path

TOY = Path(__file__).resolve().parents[1] / "fixtures" / "toy_pack"


class Clock:
    def __init__(self, now=1_700_000_000.0):
        self.now = now

    def __call__(self):
        return self.now


def lines(tmp_path):
    """What its action wrote, one object a run."""
    path = tmp_path / "out.log"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
