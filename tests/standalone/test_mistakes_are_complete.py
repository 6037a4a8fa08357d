"""Each of the collected mistakes has a test: those of the settings, rules and commands are rows of
tables, the others bear their numbers in their names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Set

HERE = Path(__file__).resolve().parent
ALL = set(range(1, 55))
"""Mistakes that people made who tried the pack for the first time."""
ELSEWHERE = {52: ("chat/test_chat_attacks.py", "is done already")}
"""By number: the file whose test answers it, and what is answered."""


def numbers() -> Set[int]:
    found: Set[int] = set()
    for path in HERE.glob("test_mistakes_*.py"):
        text = path.read_text(encoding="utf-8")
        for number in re.findall(r"(?:Setting|RuleRow|CommandRow)\(\s*\"(\d+)[a-z]?\"", text):
            found.add(int(number))
        for begin, _, end in re.findall(r"^def test_(\d+)[a-z]?_((?:and|to)_(\d+)_)?", text, re.M):
            found.update(range(int(begin), int(end or begin) + 1))
    return found


def test_each_mistake_has_a_test() -> None:
    assert ALL - numbers() == set(ELSEWHERE)
    for path, answered in ELSEWHERE.values():
        assert answered in (HERE.parent / path).read_text(encoding="utf-8")
