"""The pack's metadata files, for the tests that go through all of them."""

from __future__ import annotations

import importlib.util
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, Dict, Iterator, List, Tuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PACK = "pagerduty"
REAL_ST2 = importlib.util.find_spec("st2common.util.shell") is not None
"""Whether StackStorm's own modules are there, and not the stand-ins of the embedded default."""
KINDS = ("actions", "sensors", "rules", "policies", "aliases")


@lru_cache(maxsize=None)
def load(path: Path) -> Dict[str, Any]:
    """The file's content: read once, not to be changed."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast
    data: Dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
    return data


def files(kind: str) -> List[Path]:
    return sorted((ROOT / kind).glob("*.yaml"))


def each(*kinds: str) -> Any:
    """Runs a test with `path` once for each file of these kinds."""
    paths = [path for kind in kinds for path in files(kind)]
    return pytest.mark.parametrize(
        "path", paths, ids=[f"{path.parent.name}/{path.name}" for path in paths]
    )


def documented_scopes() -> List[str]:
    """Scopes that docs/getting-started.md tells to grant to an OAuth app, of all uses."""
    text = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    table = text.split("| for | scopes |", 1)[1].split("\n\n", 1)[0]
    cells = [line.strip().strip("|").split("|")[-1] for line in table.splitlines()]
    return [name for cell in cells for name in re.findall(r"`([a-z_:]+\.(?:read|write))`", cell)]


def actions() -> Dict[str, Dict[str, Any]]:
    return {f"{PACK}.{a['name']}": a for a in map(load, files("actions"))}


def trigger_types() -> Dict[str, Dict[str, Any]]:
    return {
        f"{PACK}.{t['name']}": t for s in map(load, files("sensors")) for t in s["trigger_types"]
    }


def walk(schema: Dict[str, Any], at: str = "") -> Iterator[Tuple[str, Dict[str, Any]]]:
    """The schema and every schema in it, each with its place."""
    yield at, schema
    for name, inner in (schema.get("properties") or {}).items():
        yield from walk(inner, f"{at}.{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            yield from walk(schema[key], f"{at}[]")
