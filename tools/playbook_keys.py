"""Writes the table of a playbook's keys into docs/playbooks.md from its schema; `--check` only
says whether it is current.

    python tools/playbook_keys.py [--check]

Run by `make docs` and, with `--check`, by `make docs-check` and a test.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Dict, Iterator, Mapping, Sequence, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "actions" / "lib"))

from pagerduty_mattermost.playbooks.schema import playbook_schema  # noqa: E402

PAGE = ROOT / "docs" / "playbooks.md"
BEGIN = "<!-- made from playbooks/playbook.schema.json by make docs -->"
END = "<!-- end of what is made -->"
MAX_WORDS = 8
"""Possible values that are listed."""


def render(text: str) -> str:
    """The page with its table made anew. Raises ValueError when the marks are gone."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"docs/playbooks.md must hold {BEGIN} and {END} once each")
    table = ["| key | what stands there | meaning |", "| --- | --- | --- |"]
    table += [f"| {' | '.join(map(_cell, row))} |" for row in _rows(playbook_schema(), "")]
    made = "\n\n".join((BEGIN, "\n".join(table), END))
    return re.sub(f"{re.escape(BEGIN)}.*{re.escape(END)}", lambda _: made, text, flags=re.DOTALL)


def _rows(schema: Mapping[str, Any], prefix: str) -> Iterator[Tuple[str, str, str]]:
    needed = schema.get("required") or ()
    for name, spec in (schema.get("properties") or {}).items():
        marks = [
            "needed" if name in needed else "",
            f"default: {_default(spec['default'])}" if "default" in spec else "",
        ]
        what = ", ".join(part for part in (_what(spec), *marks) if part)
        yield f"`{prefix}{name}`", what, str(spec.get("description", ""))
        yield from _rows(spec, f"{prefix}{name}.")
        yield from _rows(spec.get("items") or {}, f"{prefix}{name}[].")


def _default(value: Any) -> str:
    return {True: "true", False: "false"}.get(value, str(value))


def _what(spec: Mapping[str, Any]) -> str:
    if spec.get("type") == "array":
        return f"a list{_most(spec, 'maxItems', '')}: {_item(spec.get('items') or {})}"
    if "enum" in spec or "$comment" in spec:
        return _item(spec)
    if spec.get("type") == "object":
        return "" if spec.get("properties") else _free_object(spec)
    words: Dict[str, str] = {"boolean": "true or false", "string": "text"}
    return words[spec["type"]] + _most(spec, "maxLength", " characters")


def _item(spec: Mapping[str, Any]) -> str:
    if "enum" in spec:
        words = [str(word) for word in spec["enum"]]
        if len(words) > MAX_WORDS:
            return ", ".join(words[:MAX_WORDS]) + f" … ({len(words)})"
        return ", ".join(words)
    if "$comment" in spec:
        return str(spec["$comment"])
    return "objects" if spec.get("type") == "object" else "texts"


def _free_object(spec: Mapping[str, Any]) -> str:
    inner = spec.get("additionalProperties") or {}
    value = _item(inner) if "enum" in inner else "a list of texts"
    return f"any name: {value}"


def _most(spec: Mapping[str, Any], key: str, unit: str) -> str:
    return f" of at most {spec[key]}{unit}" if key in spec else ""


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "\\<")


def main(arguments: Sequence[str]) -> int:
    from pages import keep_current

    wanted = render(PAGE.read_text(encoding="utf-8"))
    return keep_current(__doc__, PAGE, wanted, "schema", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
