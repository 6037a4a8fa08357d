"""What is installed with the pack has a lower and an upper bound: StackStorm installs the newest
that fits, and a new major version must not break what runs."""

from __future__ import annotations

import re
from typing import List

import pytest
from pack_files import ROOT

FILES = ("requirements.txt", "standalone/requirements.txt")


def lines(name: str) -> List[str]:
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith(("#", "-r"))]


@pytest.mark.parametrize("name", FILES)
def test_each_has_both_bounds(name: str) -> None:
    found = lines(name)
    assert found
    for line in found:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+>=[0-9.]+,<[0-9.]+", line), line
