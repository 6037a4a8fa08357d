"""What the guides say that people read is what the code says; and commands within sentences are
ones that can be typed."""

# flake8: noqa: E203

from __future__ import annotations

import ast
import re
import shlex
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator, List, Tuple

import pytest
from pack_files import actions

from standalone import cli

ROOT = Path(__file__).resolve().parents[2]
CODE = ("actions", "sensors", "standalone")
GUIDES = sorted(
    [ROOT / "README.md", ROOT / "standalone" / "README.md", *(ROOT / "docs").glob("*.md")]
)
MADE = {"reference.md", "architecture.md"}
"""Made from the metadata, or for who changes the code."""
FREE = ("-j", "-d", "env", "timeout", "async", "--tail")
"""What `st2 run` itself takes."""


@lru_cache(maxsize=1)
def texts() -> str:
    """Every text in the code, one a line, what is filled in as NUL."""
    found: List[str] = []
    for folder in CODE:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                found += _of(node)
    return "\n".join(found)


def _of(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value.replace("\n", " ")
    elif isinstance(node, ast.JoinedStr):
        parts = [one.value if isinstance(one, ast.Constant) else "\0" for one in node.values]
        yield "".join(map(str, parts)).replace("\n", " ")


def said() -> Iterator[str]:
    """What the first column of the troubleshooting table quotes."""
    text = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
    for row in re.findall(r"^\| (.+?) \| ", text, flags=re.MULTILINE):
        for quoted in re.findall(r'"([^"]+)"', row):
            yield from (part.strip(" .") for part in re.split("…", quoted) if len(part) > 7)


@pytest.mark.parametrize("quoted", sorted(set(said())))
def test_what_people_see_is_what_is_said(quoted: str) -> None:
    plain = quoted.replace("`", "")
    known = plain.replace("@pagerduty", "@\0") in texts().replace("`", "")
    assert known, f"no text in the code says: {quoted}"


def spans(guide: Path) -> Iterator[str]:
    """Code within sentences."""
    text = re.sub(r"```.*?```", "", guide.read_text(encoding="utf-8"), flags=re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", text)


def shell_commands() -> Iterator[Tuple[str, str]]:
    for guide in GUIDES:
        if guide.name in MADE:
            continue
        for span in spans(guide):
            _, begins, typed = span.partition("python -m standalone ")
            words = re.sub("<[^>]*>", "x", typed).replace("…", "").split()
            if begins and len(words) > 1 and words[0].isalpha():
                yield guide.name, typed


@pytest.mark.parametrize(("guide", "typed"), sorted(set(shell_commands())))
def test_a_command_within_a_sentence_can_be_typed(guide: str, typed: str) -> None:
    words = shlex.split(re.sub("<[^>]*>", "x", typed))
    assert cli._options(words).command is not None, guide


def runs() -> Iterator[Tuple[str, str]]:
    for guide in GUIDES:
        if guide.name in MADE:
            continue
        for span in spans(guide):
            if re.match(r"(st2 run|run) pagerduty\.", span):
                yield guide.name, span


@pytest.mark.parametrize(("guide", "span"), sorted(set(runs())))
def test_an_action_within_a_sentence_takes_what_it_is_given(guide: str, span: str) -> None:
    words: List[str] = span[span.index("pagerduty.") :].split()
    known: Any = actions().get(words[0])
    assert known is not None, f"{guide}: {words[0]}"
    given = [word.partition("=")[0] for word in words[1:] if re.match(r"\w+=", word)]
    assert [one for one in given if one not in known["parameters"] and one not in FREE] == []
