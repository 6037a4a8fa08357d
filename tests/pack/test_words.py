"""What people read is in PagerDuty's and Mattermost's words, not in the project's own: metadata,
schemas, the configuration's schema and example, guides, help, and the texts in the code."""

# flake8: noqa: E203

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

from pagerduty_mattermost.core.yaml_text import loaded

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "actions" / "lib" / "pagerduty_mattermost"
INSTEAD = {
    "tell": "notify, say, show or post",
    "tells": "notifies, says, shows or posts",
    "told": "notified, said, shown or posted",
    "telling": "notifying, saying, showing or posting",
    "look": "poll, check or read",
    "looks": "polls, checks or reads",
    "looked": "polled, checked or read",
    "rests": "is snoozed",
    "letter": "failed post",
    "letters": "failed posts",
    "doorbell": "webhook",
    "bell": "webhook",
    "held": "silenced",
}
"""Words of the project's own, and those that people search for."""
WORDS = re.compile(rf"(?i)\b({'|'.join(INSTEAD)})\b")
GUIDES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "standalone" / "README.md"]
)
INTERNAL = {"architecture.md", "CONTRIBUTING.md", "reference.md"}
"""Guides for who changes the code; the reference is made from the metadata, which is checked."""
JUSTIFIED = (
    r"letters (?:and|or) digits",
    r"(?:two |lower-case )letters",
    r"letters, digits",
    r"username of 26 letters",
    r"pagerduty\.held\.",  # a key of the datastore
    r"`letters`|letters: JSON|message: a table; letters",  # a field of a result
    r"all other letters as|knows letters that look",
    r"names in letters that matplotlib",
    r"dead.?letters?",  # the actions' and the command's name, and its former phrase
    r"oncall\.tell|tell_incident|tell_oncall|incident\.tell",
    r"looked up|look(?:s)? (?:like|alike)",
    r"Doorbell of StackStorm's pack",  # by it the subscription of an older version is found
)
"""Where one of them is the field's own word, or the name of something that must keep it."""


def found(text: str) -> Iterator[str]:
    spared = re.sub("|".join(JUSTIFIED), " ", text, flags=re.IGNORECASE)
    for match in WORDS.finditer(spared):
        around = " ".join(spared[max(0, match.start() - 50) : match.end() + 40].split())
        yield f"…{around}… ({match.group()}: write {INSTEAD[match.group().lower()]})"


def descriptions(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("description", "display") and isinstance(value, str):
                yield value
            else:
                yield from descriptions(value)
    elif isinstance(node, list):
        for item in node:
            yield from descriptions(item)


METADATA = sorted(
    path
    for folder in ("actions", "sensors", "rules", "aliases", "policies")
    for path in (ROOT / folder).glob("*.yaml")
)


def test_metadata() -> None:
    wrong: Dict[str, Any] = {}
    for path in [*METADATA, ROOT / "config.schema.yaml", ROOT / "pack.yaml"]:
        texts = descriptions(loaded(path.read_text(encoding="utf-8")))
        lines = [line for text in texts for line in found(text)]
        if lines:
            wrong[path.name] = lines
    assert wrong == {}


def test_schemas_of_parameters() -> None:
    wrong: Dict[str, Any] = {}
    for path in sorted((LIBRARY / "schemas").rglob("*.json")):
        texts = descriptions(json.loads(path.read_text(encoding="utf-8")))
        lines = [line for text in texts for line in found(text)]
        if lines:
            wrong[path.name] = lines
    assert wrong == {}


@pytest.mark.parametrize(
    "path", [path for path in GUIDES if path.name not in INTERNAL], ids=lambda path: path.name
)
def test_guides(path: Path) -> None:
    assert list(found(path.read_text(encoding="utf-8"))) == []


def test_the_example_configuration() -> None:
    text = (ROOT / "pagerduty.yaml.example").read_text(encoding="utf-8")
    assert list(found(text.replace("\n#", "\n"))) == []


def sentences(path: Path) -> Iterator[Tuple[int, str]]:
    """Texts with a space in them that are no docstring: what may come before people."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        text = node.value if isinstance(node, ast.Constant) else None
        if isinstance(text, str) and id(node) not in bare and " " in text:
            yield node.lineno, text


def test_texts_in_the_code() -> None:
    folders = (LIBRARY, ROOT / "actions" / "scripts", ROOT / "sensors", ROOT / "standalone")
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {problem}"
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
        for line, text in sentences(path)
        for problem in found(text)
    ]
    assert wrong == []


def test_each_exception_is_needed() -> None:
    everything = "\n".join(
        path.read_text(encoding="utf-8")
        for path in [*METADATA, *GUIDES, *LIBRARY.rglob("*.py"), ROOT / "config.schema.yaml"]
    )
    for pattern in JUSTIFIED:
        assert re.search(pattern, everything, flags=re.IGNORECASE), pattern
