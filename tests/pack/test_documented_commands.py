"""The documents' commands for StackStorm's shell: none is left out by the test that carries them
out on a real one (tests/live/test_stackstorm_documents.py)."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "live"))

from documented_commands import ELSEWHERE, ORDER, commands, of_text  # noqa: E402


def test_no_document_with_commands_is_left_out() -> None:
    documents = [*ROOT.glob("*.example"), ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    with_commands = {
        str(path.relative_to(ROOT)) for path in documents if of_text(path.read_text("utf-8"))
    }
    assert with_commands - set(ELSEWHERE) == set(ORDER)


def test_blocks_lines_that_go_on_and_sentences_are_read() -> None:
    text = """
Say `st2 rule list` or `make test`.

```sh
st2 run a.b c=d      # what it does
st2 key list |
  xargs st2 key delete
cp x y
sudo cp x y
```
"""
    assert of_text(text) == [
        "st2 run a.b c=d",
        "st2 key list | xargs st2 key delete",
        "sudo cp x y",
        "st2 rule list",
    ]


def test_placeholders_are_filled_in_the_longest_first() -> None:
    lines = [
        one.ready({"/tmp/": "/x/", "file=/tmp/outage.json name": "/tmp/n"}) for one in commands()
    ]
    assert "st2 run pagerduty.playbook.import /tmp/n=outage save=true" in lines
    assert "st2 run pagerduty.playbook.import file=/x/outage.json" in lines
