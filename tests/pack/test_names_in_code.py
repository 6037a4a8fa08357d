"""Names say one thing: a class has one meaning in all of the pack, and a constant bears its
unit."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path
from typing import Dict, Iterator, List, Tuple

import pytest
from pack_files import ROOT

FOLDERS = ("actions", "sensors", "standalone", "tools")
STAND_INS = ROOT / "standalone" / "shims"
"""They are called as StackStorm's modules call theirs."""
UNITS = re.compile(r"(^NOW|SECONDS|DAYS|HOURS|SHARE|FACTOR|RATIO|INCHES|ROWS|A_SECOND|A_MINUTE)$")
"""With what the name of a number ends that is no count. NOW is a moment."""
OF_TEXTS = {"one_line", "clean", "cell", "as_text"}
"""Functions of the library that cut a text: their second argument counts characters."""


def sources(*folders: str) -> Iterator[Tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if STAND_INS not in path.parents:
                yield str(path.relative_to(ROOT)), parsed(path)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def test_a_class_name_means_one_thing_in_all_of_the_pack() -> None:
    """But for the sandbox, whose classes are PagerDuty's and Mattermost's own things."""
    places: Dict[str, List[str]] = defaultdict(list)
    for name, tree in sources(*FOLDERS):
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def numbers_without_unit(tree: ast.Module) -> Iterator[str]:
    """Constants of a module that are a float, or several: no count, so that a unit is missing."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else []
        for target in targets:
            pairs: List[Tuple[ast.AST, ast.AST]] = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts))
            for name, value in pairs:
                if isinstance(name, ast.Name) and is_float(value) and not UNITS.search(name.id):
                    yield name.id


def is_float(node: ast.AST) -> bool:
    """Whether it is a float, a product of some, or a tuple that holds one."""
    return any(
        isinstance(one, ast.Constant) and isinstance(one.value, float)
        for one in [node, *ast.iter_child_nodes(node)]
        if isinstance(node, (ast.Constant, ast.BinOp, ast.Tuple))
    )


def limits_without_unit(tree: ast.Module) -> Iterator[str]:
    """Constants by which a text is cut, and whose name does not say that they count
    characters."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        for given in node.args[1:2] if node.func.id in OF_TEXTS else ():
            is_constant = isinstance(given, ast.Name) and given.id.isupper()
            if is_constant and not given.id.endswith("CHARACTERS"):
                yield given.id


def test_a_constant_bears_its_unit() -> None:
    found = {
        name: [*numbers_without_unit(tree), *limits_without_unit(tree)]
        for name, tree in sources(*FOLDERS, "sandbox", "benchmarks")
        if not name.endswith("__main__.py")
    }
    assert {name: wrong for name, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize(
    "code",
    [
        "GRACE = 30.0",
        "KEPT = 7 * 86400.0",
        "PAUSES = (0.1, 0.4)",
        "MINUTE, COUNT = 60.0, 3",
        "x = one_line(text, MAX_TITLE)",
    ],
)
def test_a_missing_unit_is_found(code: str) -> None:
    tree = ast.parse(code)
    assert [*numbers_without_unit(tree), *limits_without_unit(tree)]


@pytest.mark.parametrize(
    "code",
    ["GRACE_SECONDS = 30.0", "MAX_NAMED = 5", "x = one_line(text, MAX_TITLE_CHARACTERS)"],
)
def test_a_count_and_a_unit_are_none(code: str) -> None:
    tree = ast.parse(code)
    assert not [*numbers_without_unit(tree), *limits_without_unit(tree)]
