"""docs/playbooks.md: its table is made from the schema, its examples are playbooks, its messages
are the pack's."""

from __future__ import annotations

import importlib.util
import re
from typing import Any, List

import pytest
from pack_files import ROOT

from pagerduty_mattermost.playbooks.reading import read_playbook

PAGE = (ROOT / "docs" / "playbooks.md").read_text(encoding="utf-8")


def keys() -> Any:
    path = ROOT / "tools" / "playbook_keys.py"
    spec = importlib.util.spec_from_file_location("playbook_keys", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def examples() -> List[str]:
    return re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_the_table_of_keys_is_made_from_the_schema() -> None:
    assert keys().render(PAGE) == PAGE, "run `make docs` and commit docs/playbooks.md"
    assert "| `stages[].tasks[].when[].custom_fields` |" in PAGE
    with pytest.raises(ValueError, match="must hold"):
        keys().render("nothing")


def test_the_examples_are_playbooks() -> None:
    assert examples()
    for text in examples():
        if text.startswith("name:"):
            assert read_playbook(text).problems == ()


def test_the_message_in_it_is_what_is_said() -> None:
    text = examples()[0].replace("due: 5m", "due: soon")
    (problem,) = read_playbook(text).problems
    assert str(problem) in PAGE
