"""No text makes the reader of playbooks fail, or cost much."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from test_playbook_yaml import SMALL

from pagerduty_mattermost.playbooks import yaml_lines
from pagerduty_mattermost.playbooks.reading import PlaybookProblem, read_playbook
from pagerduty_mattermost.playbooks.schema import playbook_schema

WORDS = st.sampled_from(
    [
        *playbook_schema()["properties"],
        *["id", "text", "due", "assign", "run", "when", "tasks", "name", "priorities"],
        *("a", "5m", "9:30", "role:x", "@ada", "true", "[", "{", "}", "]", ",", ": ", "- ", "'"),
        *('"', "\\", "|", ">", "&a", "*a", "!!x", "---", "...", "#", "\n", "\n  ", "\n    ", "%"),
        *("\t", "\x00", "\ud800", "\u2028", "é", "💥", "~", "null", "? ", "<<", "@", "`", "\r"),
    ]
)


@given(st.one_of(st.text(max_size=200), st.lists(WORDS, max_size=60).map("".join)))
@example('a: "\\x00"')
@example("%YAML 1.1\n---\na: b")
@example("%YAML 99999999999999999999.1\n---\na: b")
@example("%TAG ! x\n--- !a b")
@example("a: \ud800")
@example("\ufeffname: a")
@settings(max_examples=400)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    for problem in read_playbook(text).problems:
        assert isinstance(problem, PlaybookProblem)
        assert "\n" not in str(problem)
        assert 1 <= problem.line <= len(re.split("\r\n|[\n\r\x85\u2028\u2029]", text)) + 1


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | WORDS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=4), inner)
    ),
    max_leaves=20,
)


@given(VALUES, st.sampled_from([*playbook_schema()["properties"]]))
@settings(max_examples=300)
def test_no_value_makes_the_reader_fail(value: Any, key: str) -> None:
    whole = {**yaml.safe_load(SMALL), key: value}
    read = read_playbook(json.dumps(whole))
    assert (read.playbook is None) is bool(read.problems)


@pytest.mark.parametrize(
    "text", ["[" * 99_999, "{a: " * 24_999, "- " * 49_999, "a:\n " * 20_000, "'" * 99_999]
)
def test_a_text_that_is_made_to_cost_costs_little(text: str) -> None:
    began = time.process_time()
    assert read_playbook(text).problems
    assert time.process_time() - began < 5.0


def test_many_entries_are_refused_before_they_are_kept() -> None:
    text = "a: [" + "b, " * 20_000 + "c]"
    with pytest.raises(yaml_lines.UnreadableYaml, match="more than a playbook holds"):
        yaml_lines.read_tree(text)
