"""Runs an example of each action on the sandbox and writes docs/examples.json; `--check` says
whether it is current.

    python tools/examples.py [--check]

The examples are the rows of the tests' tables (tests/support/rest_rows_*.py,
tests/support/example_rows.py): what the reference shows was run, and goes on being run. Clock and
ids of the sandbox are fixed, so the file changes only when an answer does.
"""

from __future__ import annotations

import argparse
import importlib
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
FILE = ROOT / "docs" / "examples.json"
MAX_KEYS, MAX_TEXT_CHARACTERS = 9, 70
_FIRST = (
    "message",
    "id",
    "type",
    "number",
    "incident_number",
    "name",
    "title",
    "summary",
    "status",
    "urgency",
    "email",
)
_SECRET = re.compile(r"^(integration_key|service_key|routing_key|secret|token)$")
_RANDOM = re.compile(r"[0-9a-f]{32}")
_CHAT_ID = re.compile(r"\b[a-z0-9]{26}\b")
SAMPLE_ID = "kzq1q3z5ibr7bk8q6mh3n1pb4c"
"""Mattermost's ids are random, in the sandbox too."""
_MEASURED = re.compile(r"\b\d+ ms\b")
_LOCAL = re.compile(r"http://127\.0\.0\.1:\d+")


def _path() -> None:
    for folder in ("sensors", "actions/scripts", "actions/lib", "actions", "tests/support", "."):
        sys.path.insert(0, str(ROOT / folder))
    if importlib.util.find_spec("st2common") is None:
        sys.path.append(str(ROOT / "standalone" / "shims"))


def run() -> Dict[str, Any]:
    """Parameters and shortened result of each action, by its name."""
    rows = importlib.import_module("rest_rows").tables()
    others = importlib.import_module("example_rows").EXAMPLES
    case = importlib.import_module("example_case").ExampleCase
    found: Dict[str, Any] = {}
    for name, row in rows.items():
        found[name] = _example(case, name, row.parameters)
    for name, parameters in others.items():
        found[name] = _example(case, name, parameters)
    return dict(sorted(found.items()))


def _example(
    case_type: Any, name: str, parameters: Callable[[Any], Mapping[str, Any]]
) -> Dict[str, Any]:
    case = case_type("run_action")
    case.setUp()
    try:
        given = parameters(case)
        result = case.done(name, **given)
    finally:
        case.doCleanups()
    return {"parameters": _plain(given), "result": shortened(result)}


def _plain(value: Any) -> Any:
    text = json.dumps(value, ensure_ascii=False)
    return json.loads(_steady(text))


def _steady(text: str) -> str:
    """What differs from run to run, by what does not."""
    text = _MEASURED.sub("12 ms", text)
    return _CHAT_ID.sub(SAMPLE_ID, _RANDOM.sub("…", _LOCAL.sub("https://chat.example.com", text)))


def shortened(value: Any, depth: int = 0, key: str = "") -> Any:
    """The result with long lists, deep objects and long texts cut, and without secrets."""
    if isinstance(value, Mapping):
        names: List[str] = [name for name in _FIRST if name in value] + [
            n for n in value if n not in _FIRST
        ]
        kept = [name for name in names if value[name] not in (None, [], {}, "")][
            : MAX_KEYS if depth == 0 else 3
        ]
        made = {name: shortened(value[name], depth + 1, name) for name in kept}
        return {**made, "…": "…"} if len(kept) < len(value) else made
    if isinstance(value, list):
        return [shortened(item, depth + 1, key) for item in value[:1]] + (
            ["…"] if len(value) > 1 else []
        )
    if isinstance(value, str):
        if _SECRET.search(key):
            return "********"
        text = _steady(value)
        return text if len(text) <= MAX_TEXT_CHARACTERS else text[:MAX_TEXT_CHARACTERS] + "…"
    return value


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="write nothing, fail when the file is not current"
    )
    check = parser.parse_args(arguments).check
    _path()
    logging.disable(logging.NOTSET)
    wanted = json.dumps(run(), indent=1, ensure_ascii=False) + "\n"
    if not check:
        FILE.write_text(wanted, encoding="utf-8")
    elif not FILE.is_file() or FILE.read_text(encoding="utf-8") != wanted:
        there = json.loads(FILE.read_text(encoding="utf-8")) if FILE.is_file() else {}
        answers = json.loads(wanted)
        other = ", ".join(
            sorted(name for name in {*there, *answers} if there.get(name) != answers.get(name))[:5]
        )
        print(
            f"docs/examples.json is not what the actions answer ({other}): run make docs "
            "and commit it.",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    import importlib.util

    sys.exit(main(sys.argv[1:]))
