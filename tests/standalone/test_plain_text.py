"""Markdown as a terminal shows it."""

from __future__ import annotations

import pytest

from standalone.plain_text import plain


@pytest.mark.parametrize(
    ("markdown", "line", "cell"),
    [
        ("[4 \\[FIRING\\]](https://x/4)", "4 [FIRING] (https://x/4)", "4 [FIRING]"),
        ("`63e643b98cf01ab2`", "`63e643b98cf01ab2`", "63e643b98cf01ab2"),
        ("**Now** \\*not\\*", "Now *not*", "Now *not*"),
    ],
)  # fmt: skip
def test_links_code_and_escapes(markdown: str, line: str, cell: str) -> None:
    assert plain(markdown) == line
    assert plain(markdown, in_table=True) == cell
