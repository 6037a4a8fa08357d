"""Every regular expression of the repository: where it stands and what it is used for.

Of each call of `re` in the code the pattern is worked out in its module; a pattern that only the
run knows is listed by the test that reads this. Beside them those of metadata: aliases, JSON
schemas, the configuration's schema, the rules' criteria.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import ast
import importlib
import json
import re
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, Iterator, List, NamedTuple, Tuple

from pagerduty_mattermost.core.yaml_text import loaded

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ("actions", "sensors", "standalone", "tools", "sandbox", "benchmarks")
USES = ("match", "fullmatch", "search", "sub", "subn", "split", "findall", "finditer")
COMPILED = "compile"
GIVEN = ""
"""In place of a pattern that only the run knows."""


class FoundPattern(NamedTuple):
    """One of them."""

    place: str
    """File and line, or what of the metadata."""
    pattern: str
    flags: int
    uses: Tuple[str, ...]
    source: str
    """The expression in the code that gives it."""


def of_code() -> List[FoundPattern]:
    found: List[FoundPattern] = []
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            if re.search(r"^\s*(import re|from re)\b", text, re.MULTILINE):
                found += _of_module(path, text)
    return found


def _of_module(path: Path, text: str) -> Iterator[FoundPattern]:
    place, tree = path.relative_to(ROOT).as_posix(), ast.parse(text)
    module = _loaded(path)
    named = _names_of_compiled(tree)
    helpers = _helpers(tree)
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        use = _use(node, helpers)
        if not use:
            continue
        source = ast.get_source_segment(text, node.args[0]) or ""
        try:
            pattern = _value(node.args[0], module)
            flags = _flags(node, use, module)
        except NameError:
            pattern, flags = GIVEN, 0
        name = named.get(id(node), "")
        uses = (use,) if use != COMPILED else _uses_of(tree, name)
        yield FoundPattern(f"{place}:{node.lineno}", str(pattern), flags, uses, source)


def _use(node: ast.Call, helpers: Dict[str, str]) -> str:
    called = node.func
    of_re = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)
    if of_re and called.value.id == "re" and called.attr in (*USES, COMPILED):  # type: ignore
        return str(called.attr)  # type: ignore[attr-defined]
    return helpers.get(called.id, "") if isinstance(called, ast.Name) else ""


def _helpers(tree: ast.Module) -> Dict[str, str]:
    """Functions of the module that take a pattern, and what they do with it."""
    known = {"_compiled": COMPILED, "_replaced": "search"}
    return {
        node.name: known[node.name]
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name in known and "Pattern" in ast.dump(tree)
    }


def _names_of_compiled(tree: ast.Module) -> Dict[int, str]:
    """What a compiled pattern is assigned to, by the call."""
    return {
        id(node.value): node.targets[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    }


def _uses_of(tree: ast.Module, name: str) -> Tuple[str, ...]:
    """How a compiled pattern is used in its module; as all there are where that is not seen."""
    found = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == name
        and node.attr in USES
    }
    return tuple(sorted(found)) or ("fullmatch", "search")


def _flags(node: ast.Call, use: str, module: ModuleType) -> int:
    place = {COMPILED: 1, "sub": 4, "subn": 4, "split": 3}.get(use, 2)
    given = [word.value for word in node.keywords if word.arg == "flags"]
    given += node.args[place : place + 1]
    if not given or isinstance(node.func, ast.Name):
        return 0
    return int(_value(given[0], module))


def _value(node: ast.expr, module: ModuleType) -> Any:
    code = compile(ast.Expression(node), "census", "eval")
    return eval(code, dict(vars(module)))


def _loaded(path: Path) -> ModuleType:
    """The module, under the name by which the repository imports it."""
    library = ROOT / "actions" / "lib"
    inside = library in path.parents
    parts = path.relative_to(library if inside else ROOT).with_suffix("").parts
    if parts[0] in ("actions", "sensors"):  # StackStorm puts their folders on the path
        parts = parts[-1:]
    if parts[-1] == "__init__":
        parts = parts[:-1]
    return importlib.import_module(".".join(parts))


def of_metadata() -> List[FoundPattern]:
    found: List[FoundPattern] = []
    for path in sorted((ROOT / "actions" / "lib").rglob("*.json")):
        found += _patterns(path, json.loads(path.read_text("utf-8")))
    found += _patterns(ROOT / "config.schema.yaml", loaded(_text("config.schema.yaml")))
    for path in sorted((ROOT / "rules").glob("*.yaml")):
        rule = loaded(path.read_text("utf-8"))
        for criterion in (rule.get("criteria") or {}).values():
            kind, pattern = criterion.get("type", ""), criterion.get("pattern")
            if kind in ("matchregex", "regex", "iregex") and isinstance(pattern, str):
                use = "match" if kind == "matchregex" else "search"
                found.append(FoundPattern(f"{path.name}", pattern, re.DOTALL, (use,), pattern))
    return found


def _patterns(path: Path, node: Any) -> Iterator[FoundPattern]:
    if isinstance(node, list):
        for one in node:
            yield from _patterns(path, one)
    elif isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            name = path.relative_to(ROOT).as_posix()
            yield FoundPattern(name, node["pattern"], 0, ("search",), node["pattern"])
        for one in node.values():
            yield from _patterns(path, one)


def of_aliases() -> Dict[str, str]:
    """Each format of an alias as StackStorm makes a pattern of it, by the alias."""
    from standalone.alias_format import compiled

    found: Dict[str, str] = {}
    for path in sorted((ROOT / "aliases").glob("*.yaml")):
        alias = loaded(path.read_text("utf-8"))
        for entry in alias["formats"]:
            for text in entry["representation"]:
                found[f"{alias['name']}: {text}"] = compiled(text).pattern
    return found


def _text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")
