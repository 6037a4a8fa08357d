"""tests/README.md says which test holds each line of the seed documents about rooms and each hard
case: none is left out, and each test that it names is there."""

from __future__ import annotations

import re
from typing import Dict, Iterator, List, Set, Tuple

import pytest
from pack_files import ROOT

TESTS = ROOT / "tests"
WHOLE = (TESTS / "README.md").read_text(encoding="utf-8")
PARTS: Dict[str, str] = {
    "rooms": WHOLE.partition("## The lines of the seed documents about rooms")[2].partition(
        "Those of playbooks"
    )[0],
    "runs": WHOLE.partition("Those of playbooks")[2],
}
"""By the folder of tests that are named without one."""
LINES = {"R2": 23, "R3": 100, "R4": 17}
"""How many there are of each document."""
CASES = 48
NAMED = re.compile(r"`((?:\w+/)*test_\w+\.py)`")
RANGE = re.compile(r"(R\d)-(\d+)(?: to R\d-(\d+))?")


def rows(part: str) -> Iterator[Tuple[str, str]]:
    """Of its tables: what stands in the first column, and in the second."""
    for line in PARTS[part].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("|") and len(cells) == 2 and cells[0] not in ("line", "case", "---"):
            yield cells[0], cells[1]


def named() -> List[Tuple[str, str]]:
    """Each test that is named, with the folder it is in where none is."""
    return [
        (part, name) for part in PARTS for _, said in rows(part) for name in NAMED.findall(said)
    ]


def path_of(part: str, name: str) -> str:
    return name if "/" in name else f"{part}/{name}"


def test_each_test_that_is_named_is_there() -> None:
    assert len(named()) > 100
    missing = {name for part, name in named() if not (TESTS / path_of(part, name)).is_file()}
    assert missing == set()


@pytest.mark.parametrize("document", LINES)
def test_each_line_of_the_documents_is_marked(document: str) -> None:
    found: Set[int] = set()
    for what, _ in rows("rooms"):
        for of, first, last in RANGE.findall(what):
            if of == document:
                found |= set(range(int(first), int(last or first) + 1))
    assert found == set(range(1, LINES[document] + 1))


def test_each_line_has_a_test_or_says_why_there_is_none() -> None:
    bare = [
        what
        for part in PARTS
        for what, said in rows(part)
        if not (NAMED.search(said) or said.startswith(("none: ", "Mattermost's own")))
    ]
    assert bare == []
    late = [what for part in PARTS for what, said in rows(part) if "not there yet" in said]
    assert late == []


def test_each_hard_case_is_marked() -> None:
    found: Set[int] = set()
    for part in PARTS:
        for what, _ in rows(part):
            digits = re.match(r"\d+(?:, \d+)*(?= )", what)
            found |= set(map(int, digits.group().split(", "))) if digits else set()
    assert found == set(range(1, CASES + 1))
