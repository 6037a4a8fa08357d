"""docs/architecture.md says what is there: packages, modules, datastore keys; and the library
keeps the bounds that it names."""

# flake8: noqa: E501

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Dict, Iterator, List, Set, Tuple

import pytest
from pack_files import ROOT

from pagerduty_mattermost.core.yaml_text import loaded
from pagerduty_mattermost.operations.state_kinds import KINDS

LIBRARY = ROOT / "actions" / "lib" / "pagerduty_mattermost"
SCRIPTS = ROOT / "actions" / "scripts"
DOCUMENT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
MAX_MODULE_LINES, MAX_ENTRY_POINT_LINES = 400, 40
SOURCES = ("actions/lib", "actions/scripts", "sensors", "standalone", "sandbox", "tools")

MODULES = {
    ".".join(path.relative_to(LIBRARY).with_suffix("").parts): path
    for path in sorted(LIBRARY.rglob("*.py"))
    if path.name != "__init__.py"
}
"""Every module of the library by its dotted name, such as `cards.route`."""
PACKAGES = {
    "/".join(path.parent.relative_to(LIBRARY).parts): path
    for path in sorted(LIBRARY.rglob("__init__.py"))
    if path.parent != LIBRARY
}
"""Every package by its folder, such as `chat/verbs`."""


@lru_cache(maxsize=None)
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def lines(path: Path) -> int:
    """Of the file, without the one for flake8 (tools/exchange_lint.py) and its blank."""
    text = re.sub(r"(?m)^# flake8: noqa: .*\n\n", "", path.read_text(encoding="utf-8"))
    return len(text.splitlines())


def section(title: str) -> str:
    """The text below a heading, up to the next one of its rank."""
    found = re.search(
        rf"^## {re.escape(title)}.*?\n(.*?)(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL
    )
    assert found, f"docs/architecture.md has no section {title}"
    return found.group(1)


def rows(text: str) -> List[List[str]]:
    """The cells of a section's table, without its head."""
    found = [line.strip("|").split("|") for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in found[2:]]


def words(text: str) -> List[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`\n]+)`", text)


# Packages


def test_every_package_is_in_the_documents_table() -> None:
    table = rows(section("Library modules"))
    named = {word for row in table for word in words(row[1])}
    holds = {row[1].strip("`"): row[2] for row in table}
    for package in PACKAGES:
        parent, _, name = package.rpartition("/")
        if package in named:
            continue
        assert parent in named, f"{package} is not in the table of packages"
        described = words(holds[parent])
        assert name in described or package in described, f"{parent}'s row does not name {name}"


def test_the_documents_table_names_only_packages() -> None:
    named = {word for row in rows(section("Library modules")) for word in words(row[1])}
    assert named <= set(PACKAGES)


def test_the_floors_of_the_document_are_those_that_are_checked() -> None:
    """`make lint` proves the layers of pyproject.toml."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r"^layers = \[\n(.*?)^\]", text, re.MULTILINE | re.DOTALL)
    assert found
    layers = [set(line.split(" | ")) for line in re.findall(r'"(.+)"', found.group(1))]
    floors: Dict[int, Set[str]] = {}
    for floor, package, _ in rows(section("Library modules")):
        if "/" not in package:
            floors.setdefault(int(floor), set()).add(package.strip("`"))
    assert [floors[number] for number in sorted(floors, reverse=True)] == layers


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_a_package_says_what_it_holds_and_what_it_may_use(package: str) -> None:
    tree = parsed(PACKAGES[package])
    assert len(tree.body) == 1, "nothing but a docstring belongs into an __init__.py"
    text = " ".join((ast.get_docstring(tree) or "").split())
    assert len(text) > 40
    assert re.search(r"\b(may use|imports?|uses?)\b", text), f"{package}: what may it use?"


@pytest.mark.parametrize("package", sorted(one for one in PACKAGES if "/" not in one))
def test_a_package_uses_what_its_docstring_says(package: str) -> None:
    """But for those whose docstring says only from which floor downwards: the layers prove it."""
    text = " ".join((ast.get_docstring(parsed(PACKAGES[package])) or "").split())
    said = re.search(r"may use ([^.:]*?)(?:, nothing of .*|, and posts nothing)?[.:]", text)
    if said is None or "below" in said.group(1):
        return
    used = {
        name.split(".")[1]
        for module, path in MODULES.items()
        if module.startswith(f"{package}.")
        for node in ast.walk(parsed(path))
        for name in imported(node)
        if name.startswith("pagerduty_mattermost.")
    }
    assert used - {package} <= set(re.findall(r"\w+", said.group(1)))


def test_the_library_itself_hands_nothing_on() -> None:
    tree = parsed(LIBRARY / "__init__.py")
    assert len(tree.body) == 1
    assert ast.get_docstring(tree)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_modules_first_line_says_what_it_does(module: str) -> None:
    assert ast.get_docstring(parsed(MODULES[module]))


# Datastore keys


def plain(key: str) -> str:
    """A key without the names of what differs from one to the other."""
    return re.sub(r"<[^>]+>|\bNN\b", "<>", key)


def test_the_datastores_keys_are_those_of_the_document() -> None:
    known = {plain(f"pagerduty.{key}") for kind in KINDS for key in kind.keys}
    table = rows(section("Datastore keys"))
    told = {plain(word) for row in table for word in words(row[0])}
    assert told - known == set(), "in the document, and in no kind of operations.state_kinds"
    assert known - told == set(), "kinds of operations.state_kinds, and not in the document"


# Modules


@lru_cache(maxsize=None)
def names_of(path: Path) -> Set[str]:
    """What a module defines at its top."""
    found: Set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                found |= {one.id for one in ast.walk(target) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


@lru_cache(maxsize=None)
def names_of_the_pack() -> Set[str]:
    """Actions, triggers and rules, with and without the pack's name; they look like modules."""
    found = set()
    for kind in ("actions", "rules"):
        for path in (ROOT / kind).glob("*.yaml"):
            found.add(str(loaded(path.read_text(encoding="utf-8"))["name"]))
    for path in (ROOT / "sensors").glob("*.yaml"):
        for trigger in loaded(path.read_text(encoding="utf-8")).get("trigger_types", ()):
            found.add(str(trigger["name"]))
    return found | {f"pagerduty.{name}" for name in found}


@lru_cache(maxsize=None)
def settings() -> Set[str]:
    """The configuration's settings by their dotted names, and its sections."""
    schema = loaded((ROOT / "config.schema.yaml").read_text(encoding="utf-8"))

    def of(part: Dict[str, Dict[str, object]], before: str = "") -> Iterator[str]:
        for name, spec in part.items():
            yield before + name
            yield from of(spec.get("properties") or {}, f"{before}{name}.")  # type: ignore[arg-type]

    return set(of(schema))


def unknown(text: str) -> List[str]:
    """Words between backticks that look like a module of the library, and are none."""
    by_stem: Dict[str, List[str]] = {}
    for module in MODULES:
        by_stem.setdefault(module.rpartition(".")[2], []).append(module)
    packages = {package.replace("/", ".") for package in PACKAGES}
    other = names_of_the_pack() | settings()
    wrong = []
    for word in words(text):
        path = re.fullmatch(r"(?:actions/lib/)?(?:pagerduty_mattermost/)?([a-z_/]+)\.py", word)
        if path and "/" in path.group(1) and path.group(1).partition("/")[0] in PACKAGES:
            if path.group(1).replace("/", ".") not in MODULES:
                wrong.append(word)
            continue
        dotted = re.match(r"(?:pagerduty_mattermost\.)?([a-z_]+(?:\.\w+)+)", word)
        if not dotted or word in other or word.startswith("pagerduty."):
            continue
        if not _is_known(dotted.group(1), by_stem, packages):
            wrong.append(word)
    return wrong


def _is_known(name: str, by_stem: Dict[str, List[str]], packages: Set[str]) -> bool:
    """Whether it is a package, a module, or something that a module defines. What begins with no
    word of the library is something else."""
    if name in packages or name in MODULES:
        return True
    before, _, last = name.rpartition(".")
    if before in MODULES:
        return last in names_of(MODULES[before])
    if before in by_stem:
        return any(last in names_of(MODULES[module]) for module in by_stem[before])
    first = name.partition(".")[0]
    return first not in packages and first not in by_stem


def test_modules_that_the_document_names_are_there() -> None:
    assert unknown(DOCUMENT) == []


@pytest.mark.parametrize(
    ("word", "is_known"),
    [
        ("cards.route", True),
        ("cards/route.py", True),
        ("cards.route.make_route", True),
        ("gateways.mattermost.channels", True),
        ("state_kinds.KINDS", True),
        ("text.clean", True),
        ("mattermost.post_incident", True),
        ("pyproject.toml", True),
        ("cards.routing", False),
        ("cards/routing.py", False),
        ("cards.route.begins", False),
        ("state_kinds.ALL", False),
    ],
)
def test_what_a_guide_may_name(word: str, is_known: bool) -> None:
    assert (unknown(f"see `{word}`") == []) is is_known


NAMED_CONSTANT = re.compile(r"`([a-z_]+(?:\.[a-z_]+)+)` \((`_?[A-Z][A-Z_]+`(?:,? ?`_?[A-Z_]+`)*)")
"""`noise.flapping` (`OPENING_EVENTS`, `CLOSING_EVENTS`)"""


def test_constants_that_a_docstring_names_are_in_their_module() -> None:
    found = 0
    for module, path in MODULES.items():
        text = " ".join((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split())
        for name, constants in NAMED_CONSTANT.findall(text):
            assert name in MODULES, f"{module} names {name}"
            for constant in re.findall(r"\w+", constants):
                assert constant in names_of(MODULES[name]), f"{module} names {name}.{constant}"
                found += 1
    assert found > 8


# StackStorm


def test_stackstorms_modules_are_known_to_its_gateway_and_the_actions_base_alone() -> None:
    """Its `Action` to the base of all actions; library code is given a `Context`."""
    knowing = {
        (module, name.partition(".")[0] if "base_action" not in name else name)
        for module, path in MODULES.items()
        for node in ast.walk(parsed(path))
        for name in imported(node)
        if name.startswith("st2")
    }
    above = {(m, name) for m, name in knowing if not m.startswith("gateways.stackstorm.")}
    assert above == {("action_bases.pack_action", "st2common.runners.base_action")}


def imported(node: ast.AST) -> Iterator[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        yield from (one.name for one in node.names)
    elif isinstance(node, ast.ImportFrom):
        yield node.module or ""


# Bounds


@pytest.mark.parametrize("folder", [*SOURCES, "tests", "benchmarks"])
def test_no_module_is_too_long(folder: str) -> None:
    found = {path: lines(path) for path in (ROOT / folder).rglob("*.py")}
    assert {str(path): n for path, n in found.items() if n > MAX_MODULE_LINES} == {}


def test_no_entry_point_is_more_than_a_call() -> None:
    found = {path.stem: lines(path) for path in sorted(SCRIPTS.glob("*.py"))}
    assert {name: n for name, n in found.items() if n > MAX_ENTRY_POINT_LINES} == {}


def classes() -> Iterator[Tuple[str, str]]:
    """Each class of the library and of the entry points, with its module."""
    places = {**MODULES, **{f"scripts.{path.stem}": path for path in SCRIPTS.glob("*.py")}}
    for module, path in places.items():
        for node in parsed(path).body:
            if isinstance(node, ast.ClassDef):
                yield node.name, module


def test_a_class_name_means_one_thing() -> None:
    count = Counter(name for name, _ in classes())
    assert sorted((name, module) for name, module in classes() if count[name] > 1) == []


def test_no_two_test_files_have_one_name() -> None:
    """pytest imports them by it: with two of a name it collects nothing when all run at once."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []


def test_tests_name_what_they_stand_on_without_a_package() -> None:
    """StackStorm's modules bring a package `tests` of their own."""
    found = {
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in (ROOT / "tests").rglob("*.py")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "tests"
    }
    assert found == set()


NEWER_GENERICS = {"list", "dict", "set", "frozenset", "tuple", "type"}


def newer_generics(tree: ast.Module) -> Iterator[int]:
    """Lines where something like `list[int]`, or a class of collections.abc with such brackets, is
    made when the module is imported: Python 3.8 can't. In annotations nothing is made."""
    names = set(NEWER_GENERICS)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "collections.abc":
            names |= {one.asname or one.name for one in node.names}
    todo: List[ast.AST] = [tree]
    while todo:
        node = todo.pop()
        of = getattr(node, "value", None) if isinstance(node, ast.Subscript) else None
        if isinstance(of, ast.Name) and of.id in names:
            yield of.lineno
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns"):
                rows = value if isinstance(value, list) else [value]
                todo += [row for row in rows if isinstance(row, ast.AST)]


@pytest.mark.parametrize("folder", [*SOURCES, "tests", "benchmarks"])
def test_what_python_3_8_can_not_do_is_made_nowhere(folder: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / folder).rglob("*.py")
        for line in newer_generics(parsed(path))
    }
    assert found == set()


def test_a_generic_of_python_3_9_is_found() -> None:
    text = "from collections.abc import Mapping\nShown = Mapping[str, int]\nx: list[int] = []\n"
    assert list(newer_generics(ast.parse(text))) == [2]


def test_the_embedded_default_starts_before_the_library_is_on_the_path() -> None:
    """`standalone.paths.prepare` puts it there, so no module of it that is loaded first may need
    the library."""
    done = subprocess.run(
        [sys.executable, "-c", "import standalone.cli, standalone.app"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
