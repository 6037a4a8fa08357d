"""What of a post's Markdown acts."""

from __future__ import annotations

import re

_BLOCK = re.compile(r"^(> ?)?```\n.*?^(> ?)?```$", re.DOTALL | re.MULTILINE)
_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)")


def without_code(text: str) -> str:
    """The text without its blocks and spans of code, in which nothing acts (Mattermost looks for
    mentions and links in text alone)."""
    return _SPAN.sub("", _BLOCK.sub("", text))
