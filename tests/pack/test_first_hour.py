"""What a newcomer meets first: the questions of `st2 pack config`, and an example configuration
that names nothing of somebody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest

from pagerduty_mattermost.core.yaml_text import loaded

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = loaded((ROOT / "config.schema.yaml").read_text(encoding="utf-8"))
EXAMPLE = (ROOT / "pagerduty.yaml.example").read_text(encoding="utf-8")
LAST_QUESTION = "time_zone"
MAX_QUESTIONS = 12


def questions(schema: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """In the order in which `st2 pack config` asks them: objects are asked for each property,
    those of free names not at all."""
    for name, spec in schema.items():
        if spec.get("type") == "object":
            yield from questions(spec.get("properties") or {}, f"{prefix}{name}.")
        else:
            yield prefix + name


def test_pack_config_asks_first_what_everybody_answers() -> None:
    asked = list(questions(SCHEMA))
    first = asked[: asked.index(LAST_QUESTION) + 1]
    assert len(first) <= MAX_QUESTIONS
    needed = {"api_key", "from_email", "region", "mattermost.url", "mattermost.token"}
    needed |= {"mattermost.team", "mattermost.default_channel", "mattermost.operations_channel"}
    assert needed <= set(first)


def test_the_guide_says_which_questions_to_answer() -> None:
    guide = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
    asked = list(questions(SCHEMA))
    number = asked.index(LAST_QUESTION) + 1
    assert f"first {number} questions" in guide
    assert "Ctrl-C" in guide


def test_the_example_begins_with_what_most_need() -> None:
    keys = list(loaded(EXAMPLE))
    assert keys[:4] == ["api_key", "region", "mattermost", "time_zone"]
    assert EXAMPLE.index("What follows is optional") < 3000


@pytest.mark.parametrize("name", ["Europe/", "Berlin", "Payments", "Checkout", "Platform"])
def test_the_example_is_neutral(name: str) -> None:
    assert name not in EXAMPLE
