"""Anchors are found where Python's own, private, parser of regular expressions finds them."""

from __future__ import annotations

import re
import warnings
from typing import Any, Iterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pack_files import files, load

from standalone.regex_anchors import BEGINNING, END, anchors

try:
    from re import _parser as parser
except ImportError:
    parser = pytest.importorskip("sre_parse")

BEGINNINGS, ENDS = ("AT_BEGINNING", "AT_BEGINNING_STRING"), ("AT_END", "AT_END_STRING")
PIECES = [
    r"a",
    r"b",
    r" ",
    r"\n",
    r"^",
    r"$",
    r"\A",
    r"\Z",
    r"\b",
    r"\^",
    r"\$",
    r"(",
    r"(?:",
    r"(?i:",
    r"(?x:",
    r"(?-i:",
    r"(?=",
    r"(?!",
    r"(?<=",
    r"(?#c$)",
    r")",
    r"*",
    r"+?",
    r"?",
    r"{2}",
    r"{1,}",
    r"{,3}",
    r"{",
    r"}",
    r"[^$]",
    r"[]^]",
    r"[a\]$]",
    r"#x$",
    r".",
] + ["|", "\n"]


def has(tokens: Any, wanted: Sequence[str]) -> bool:
    """As StackStorm's `search_regex_tokens`."""
    for kind, value in tokens:
        name = str(kind)
        if name == "SUBPATTERN":
            if has(value[3], wanted):
                return True
        elif name == "BRANCH":
            if has(value[1][1], wanted):
                return True
        elif name == "AT" and str(value) in wanted:
            return True
    return False


def assert_found_alike(pattern: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tokens = parser.parse(pattern, flags=re.DOTALL)
    except re.error:
        return
    found = anchors(pattern)
    assert (BEGINNING in found, END in found) == (has(tokens, BEGINNINGS), has(tokens, ENDS))


@given(st.lists(st.sampled_from(PIECES), max_size=9).map("".join))
def test_any_pattern(pattern: str) -> None:
    assert_found_alike(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "(?x) a # not here: $",
        "(?x)a (?-x: #$)",
        "^a|b",
        "a|^b$",
        "a|b|^c$",
        "(^)?a",
        "(?P<n>^)a(?P=n)$",
        "(a)?(?(1)^b|c$)",
        r"\\^\\$",
        r"\N{DOLLAR SIGN}",
        "a(?#c)*$",
        "(?:(?:^a)) (b$)",
        "[]$]",
        "{",
        "a{,}$",
    ],
)
def test_what_is_easily_taken_for_something_else(pattern: str) -> None:
    assert_found_alike(pattern)


def representations() -> Iterator[str]:
    for path in files("aliases"):
        for one in load(path)["formats"]:
            yield from [one] if isinstance(one, str) else one["representation"]


def test_each_alias_of_the_pack() -> None:
    """Braces stand for parameters, which hold no anchor."""
    seen = 0
    for one in representations():
        assert_found_alike(re.sub(r"{{.*?}}", "(?P<p>.+?)", one, count=1))
        seen += 1
    assert seen > 30


def test_what_is_no_pattern_is_left_to_the_compiler() -> None:
    for broken in ("(", ")", "a)(^", "[", "(?P<", "\\", "(?", "a||("):
        anchors(broken)
