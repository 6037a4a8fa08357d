"""What docstrings show can be done: the examples at a module's head call what is there, with
arguments that it takes."""

# flake8: noqa: W503

from __future__ import annotations

import ast
import builtins
import importlib
import inspect
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterator, List, Set

import pytest
from pack_files import ROOT
from test_architecture import MODULES, names_of, unknown

from pagerduty_mattermost.chat.verbs.registry import TABLE

IN_EXAMPLES_ALONE = {"Person", "GetChannel"}
"""Classes that an example makes up."""
OF_OTHER_MODULES = {"clock", "get_incident", "payload", "post_key", "read", "require_mattermost"}
"""Functions that examples use and that their own module has not."""
DATA = {"incident", "route", "requests", "sensor"}
"""Words that begin names of events, fields, keys and other libraries, as well as a module's."""


@lru_cache(maxsize=None)
def defined() -> Set[str]:
    """What the library's modules define at their tops."""
    return {name for path in MODULES.values() for name in names_of(path)}


def examples(docstring: str) -> str:
    """The indented lines, as Python: without results, and without lines that are none."""
    kept: List[str] = []
    for line in docstring.splitlines():
        if not line.startswith("    "):
            continue
        code = re.sub(r"\s*->.*", "", line[4:]).replace("…", "...")
        try:
            ast.parse("\n".join([*kept, code]))
        except SyntaxError:
            continue
        kept.append(code)
    return "\n".join(kept)


def elided(call: ast.Call) -> bool:
    """Whether the example leaves arguments out: `...` alone, or something unpacked."""
    return any(
        isinstance(one, ast.Starred) or (isinstance(one, ast.Constant) and one.value is ...)
        for one in call.args
    ) or any(one.arg is None for one in call.keywords)


def wrong_calls(module: str, code: str) -> Iterator[str]:
    """Calls of names that nothing defines, and calls of the module's own with arguments that it
    does not take."""
    there = importlib.import_module(f"pagerduty_mattermost.{module}")
    tree = ast.parse(code)
    made: Dict[str, Any] = {}
    assigned = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name)} - {
        one.id
        for one in ast.walk(tree)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call)
            and isinstance(node.value.func, ast.Name)
        ):
            made[node.targets[0].id] = getattr(there, node.value.func.id, None)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        called: Any = None
        bound: List[object] = []
        if isinstance(node.func, ast.Name):
            name = node.func.id
            classes = {one for one in defined() if one[:1].isupper()}
            known = classes | IN_EXAMPLES_ALONE | OF_OTHER_MODULES | assigned
            if not (name in known or hasattr(there, name) or hasattr(builtins, name)):
                yield f"{name}: nothing defines it"
            called = vars(there).get(name)
        elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            owner = made.get(node.func.value.id)
            if not inspect.isclass(owner):
                continue
            called = getattr(owner, node.func.attr, None)
            bound = [owner]
            if called is None:
                yield f"{node.func.value.id}.{node.func.attr}: {owner.__name__} has none"
        if called is None or elided(node) or not callable(called):
            continue
        try:
            inspect.signature(called).bind(
                *bound, *node.args, **{str(one.arg): one for one in node.keywords}
            )
        except (TypeError, ValueError) as error:
            yield f"line {node.lineno} of the example: {error}"


def docstrings(module: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(MODULES[module].read_text(encoding="utf-8"))):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)):
            yield ast.get_docstring(node) or ""


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_example_of_a_module_can_be_done(module: str) -> None:
    head = ast.get_docstring(ast.parse(MODULES[module].read_text(encoding="utf-8"))) or ""
    assert list(wrong_calls(module, examples(head))) == []
    shown = "\n".join(line for line in head.splitlines() if line.startswith("    "))
    results = set(re.findall(r"\b([A-Z][a-z]\w*)\(", re.sub(r'"[^"]*"', "", shown)))
    assert results - defined() - IN_EXAMPLES_ALONE == set()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_docstring_names_what_is_there(module: str) -> None:
    text = "\n".join(docstrings(module))
    assert [one for one in unknown(text) if one.partition(".")[0] not in DATA] == []
    constants = set(re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", text))
    assert constants - defined() == set()


@pytest.mark.parametrize(
    "docstring",
    [
        "    card(incident, CardView()) -> Card(message, props)",
        "    drawn = draw_card(incident)",
        "    draw_card(incident, look=view)",
        "    view = CardView(key='x'); view.paint()",
    ],
)
def test_an_example_that_is_wrong_is_found(docstring: str) -> None:
    assert list(wrong_calls("cards.card", examples(docstring)))


def test_an_example_that_is_right_is_not() -> None:
    code = "    draw_card(incident, CardView(zone, key=...)) -> Card(message, props)"
    assert list(wrong_calls("cards.card", examples(code))) == []
    assert list(wrong_calls("cards.publisher", examples("    posts = CardPublisher(...)"))) == []


# What is explained


def test_a_function_that_others_use_says_what_it_gives() -> None:
    """But for those that carry out a command: the record beside them says it (`Verb.help`)."""
    of_verbs = {verb.run for verb in TABLE.verbs}
    silent = [
        (module, node.name)
        for module, path in MODULES.items()
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        if not ast.get_docstring(node)
    ]
    for module, name in silent:
        there = importlib.import_module(f"pagerduty_mattermost.{module}")
        assert getattr(there, name) in of_verbs, f"{module}.{name} has no docstring"
    assert silent


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_class_says_what_it_is(module: str) -> None:
    for node in ast.parse(MODULES[module].read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), f"{module}.{node.name} has no docstring"


# What is referred to


CODE = ("actions", "sensors", "standalone", "sandbox", "tests", "tools", "benchmarks")
NAMED = re.compile(r"(?<![\w/])[\w.][\w./-]*\.md\b")
"""A document that a docstring or a comment leads to."""
ELSEWHERE = re.compile(r"(?i)\bissue \d+\b|\bshared/(?:cases|facts|house)\b")
"""What only those can read who wrote it."""


def lost(text: str, folder: Path) -> List[str]:
    """References that lead nowhere for who has the repository alone."""
    places = (ROOT, ROOT / "docs", folder)
    named = [
        name
        for name in NAMED.findall(text)
        if not any((place / name).exists() for place in places)
    ]
    return named + ELSEWHERE.findall(text)


def test_what_code_refers_to_can_be_read_here() -> None:
    files = [path for folder in CODE for path in sorted((ROOT / folder).rglob("*.py"))]
    assert len(files) > 500
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in files
        if path != Path(__file__).resolve()
        and (found := lost(path.read_text(encoding="utf-8"), path.parent))
    }
    assert wrong == {}


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("as facts/pagerduty.md says", ["facts/pagerduty.md"]),
        ("Issue 14, section 3", ["Issue 14"]),
        ("docs/quiet.md, quiet.md and README.md", []),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(text: str, wrong: List[str]) -> None:
    assert lost(text, ROOT / "tests") == wrong
