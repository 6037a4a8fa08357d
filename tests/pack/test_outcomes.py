"""No decision hangs on the words of a message that people read: results carry a typed outcome.
Words of another program are read where it says nothing else, and each such place is named here."""

# flake8: noqa: W503

from __future__ import annotations

import ast
from typing import Dict, Iterator, List, Tuple

import pytest
from pack_files import ROOT

FOLDERS = ("actions", "sensors", "standalone")
READ = {"startswith", "endswith", "partition", "rpartition", "find", "index", "split", "replace"}
"""Methods of a text by which something is looked for in it."""
MESSAGES = {"message", "reason", "problem"}
"""Names of attributes and fields that hold a line for people."""
ERRORS = {"error", "failed", "failure", "one", "problem", "refused", "why"}
"""Names that errors go by in this code."""
OF_OTHERS: Dict[Tuple[str, str], str] = {
    ("chatops/alias_host.py", "more than 1"): "StackStorm answers 400 to this and to no match",
    ("chatops/inquiry_answers.py", "already been responded"): "StackStorm answers 400 to all",
    ("chatops/inquiry_answers.py", "did not pass schema"): "StackStorm answers 400 to all",
    ("stackstorm/web_api.py", "Could not locate user"): "StackStorm answers 400 to all",
    (
        "http/client.py",
        "CERTIFICATE_VERIFY_FAILED",
    ): "OpenSSL's, in any exception",
    ("standalone/config_file.py", "xpected"): "PyYAML has no kinds of mistakes",
    ("runners/utils.py", "unexpected keyword argument 'action_service'"): "Python's TypeError",
}
"""The file's end and the words that are looked for, and why."""


def is_message(node: ast.AST) -> bool:
    """Whether it is an error's line, or a field of that name."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "str":
        return isinstance(node.args[0], ast.Name) and node.args[0].id in ERRORS
    if isinstance(node, ast.Attribute):
        return node.attr in MESSAGES
    if not isinstance(node, ast.Subscript):
        return False
    # Python 3.8 has another node around the constant.
    index = (one for one in ast.walk(node.slice) if isinstance(one, ast.Constant))
    return any(isinstance(one.value, str) and one.value in MESSAGES for one in index)


def words_of(node: ast.AST) -> str:
    """The words in a text that is written out; of a constant's name the name."""
    if isinstance(node, ast.Name) and node.id.isupper():
        return node.id
    texts = [one.value for one in ast.walk(node) if isinstance(one, ast.Constant)]
    return "".join(text for text in texts if isinstance(text, str))


def decisions(tree: ast.AST) -> Iterator[str]:
    """The words that are looked for in a message."""
    for node in ast.walk(tree):
        wanted: List[ast.AST] = []
        if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
            if is_message(node.comparators[0]):
                wanted = [node.left]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            wanted = list(node.args[:1]) if node.func.attr in READ else []
            wanted = wanted if is_message(node.func.value) else []
            wanted = [one for one in wanted if not isinstance(one, ast.Name)]
        for one in wanted:
            words = words_of(one)
            if len([char for char in words if char.isalpha()]) > 3:
                yield words


def all_decisions() -> List[Tuple[str, str]]:
    return [
        (str(path.relative_to(ROOT)), words)
        for folder in FOLDERS
        for path in sorted((ROOT / folder).rglob("*.py"))
        for words in decisions(ast.parse(path.read_text(encoding="utf-8")))
    ]


def reason(path: str, words: str) -> str:
    fits = [why for (end, text), why in OF_OTHERS.items() if path.endswith(end) and text == words]
    return fits[0] if fits else ""


def test_nothing_is_decided_by_the_words_of_a_message() -> None:
    found = all_decisions()
    unexplained = [one for one in found if not reason(*one)]
    assert not unexplained, "\n".join(map(str, unexplained))
    for end, words in OF_OTHERS:
        assert any(path.endswith(end) and words == text for path, text in found), (end, words)


@pytest.mark.parametrize(
    "code",
    [
        "if 'is not known' in str(error): pass",
        "if NOT_KNOWN in str(error): pass",
        "if 'already' in answer.message: pass",
        "if result['message'].startswith('Nothing to do'): pass",
        "hint = str(one).partition('; did you mean ')[2]",
        "if verdict.reason.startswith(f'{PRIORITY} is empty'): pass",
    ],
)
def test_a_decision_by_words_is_found(code: str) -> None:
    assert list(decisions(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "str(row.get('type')).startswith('schedule_v3')",
        "str(item.name).startswith(key)",
        "if one.why == HELD: pass",
    ],
)
def test_a_name_of_an_api_is_none(code: str) -> None:
    assert not list(decisions(ast.parse(code)))
