"""Markdown that the pack writes for Mattermost, as text for a terminal: without what formats,
links with their addresses behind them, the emoji's codes as signs. Pure.

    plain("**Done**: [#4 Slow](https://x.example/4)")    # "Done: #4 Slow (https://x.example/4)"
"""

from __future__ import annotations

import re

_LINK = re.compile(r"\[((?:\\[^\[\n]|[^\[\]\\\n]){0,2000})\]\((https?://[^)\s\[]{1,2048})\)")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_STYLES = re.compile("\\*\\*|~~|[\u200b\u2068\u2069]")
_CODE_CELL = re.compile(r"(?<![\\`])`{1,2}([^`]{0,2000})`")
_BRACKET = "\ue000"
"""An escaped bracket, while links are read: it begins none."""
_EMOJI = re.compile(r":(\w{3,40}):")
SIGNS = {
    "warning": "⚠️",
    "white_check_mark": "✅",
    "rotating_light": "🚨",
    "hourglass": "⏳",
    "hourglass_flowing_sand": "⏳",
    "grey_question": "❔",
    "phone": "☎️",
    "no_entry_sign": "🚫",
    "no_entry": "⛔",
    "arrows_counterclockwise": "🔄",
    "alarm_clock": "⏰",
    "page_facing_up": "📄",
    "ocean": "🌊",
    "construction": "🚧",
    "ballot_box_with_check": "☑️",
}
"""Of Mattermost's codes those that the pack writes; any other one stays as it is."""


def plain(text: str, *, in_table: bool = False) -> str:
    """`in_table`: for a cell, which shows a link's text alone, and code without its marks."""
    text = text.replace(r"\[", _BRACKET)
    text = _LINK.sub(r"\1" if in_table else r"\1 (\2)", text).replace(_BRACKET, "[")
    text = _EMOJI.sub(lambda found: SIGNS.get(found.group(1), found.group()), text)
    if in_table:
        text = _CODE_CELL.sub(lambda found: found.group(1).strip(), text)
    return _ESCAPED.sub(r"\1", _STYLES.sub("", text))
