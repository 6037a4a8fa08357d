"""Tables and code in Mattermost's Markdown. Outside text is made safe here. Pure.

    copyable("root@db-1: disk is full")        # "`root@db-1:` disk is full"
    code_block("Traceback …\\n  File …")       # between two fences

A word whose escape would need an invisible character (`text.escape`) can't be copied as it is
shown: it is shown as code, in which nothing acts.
"""

from __future__ import annotations

import re
from typing import Any, Sequence

from pagerduty_mattermost.core.text import (
    FIRST_STRONG_ISOLATE,
    POP_ISOLATE,
    ZERO_WIDTH_SPACE,
    clean,
    escape,
    one_line,
    web_link,
    without_direction_marks,
)
from pagerduty_mattermost.core.typed_actions import is_run_line

_SPACE = re.compile(r"(\s+)")
_STYLES = re.compile(
    r"\\(?P<kept>[!-/:-@\[-`{-~])"
    rf"|\*\*|~~|[{ZERO_WIDTH_SPACE}{FIRST_STRONG_ISOLATE}{POP_ISOLATE}]"
)

_LINK = re.compile(r"\[((?:\\[^\[\n]|[^\[\]\\\n]){0,2000})\]\((https?://[^)\s\[]{1,2048})\)")
_SIGN = re.compile(r":[a-z_]{3,40}: ")
_TYPED = ("/pd ", "/invite ", "/st2 ", "st2 ", "mmctl ", "--")
"""How begins what is meant to be typed: a command, or an option of one."""
MAX_ROWS = 20
"""Of a table; a post holds 16,383 characters, and nobody reads more."""
MAX_CELL_CHARACTERS = 80


def cell(value: Any, limit: int = MAX_CELL_CHARACTERS) -> str:
    """Outside text for one cell, at most `limit` characters of it."""
    return escape(one_line(clean(value), limit)) or " "


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are safe already."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def copyable(text: str) -> str:
    """Outside text that can be copied as it is shown: escaped, and each word that would act
    without an invisible character as code. Lines stay lines."""
    return "\n".join(_copyable_line(line) for line in text.split("\n"))


def copyable_link(text: str, url: str) -> str:
    """`[text](url)` of which the text can be copied; only that when the address is none of http or
    https."""
    address = web_link(url)
    label = copyable(one_line(text))
    return f"[{label}]({address})" if address and label else label


def _copyable_line(line: str) -> str:
    escaped = escape(line)
    if ZERO_WIDTH_SPACE not in escaped:
        return escaped
    words, shown = _SPACE.split(line), _SPACE.split(escaped)
    if len(words) != len(shown):
        return escaped
    return "".join(
        _edges(safe, code_span(word)) if ZERO_WIDTH_SPACE in safe else safe
        for word, safe in zip(words, shown)
    )


def _edges(safe: str, code: str) -> str:
    """The code between the marks of direction that the escaped word had at its ends."""
    first = FIRST_STRONG_ISOLATE if safe.startswith(FIRST_STRONG_ISOLATE) else ""
    last = POP_ISOLATE if safe.endswith(POP_ISOLATE) else ""
    return f"{first}{code}{last}"


def code_span(text: str) -> str:
    """One line of outside text as code; empty for nothing."""
    line = one_line(without_direction_marks(text)).replace(ZERO_WIDTH_SPACE, "")
    if not line:
        return ""
    fence = "`" * (max((len(run) for run in re.findall("`+", line)), default=0) + 1)
    edge = " " if line[0] == "`" or line[-1] == "`" else ""
    return f"{fence}{edge}{line}{edge}{fence}"


def with_commands(text: str) -> str:
    """Outside text, escaped, in which commands and options between back-ticks are code as they
    were meant: they can be copied, and nothing in code acts."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return escape(text)
    made = []
    for number, part in enumerate(parts):
        is_command = number % 2 == 1 and (part.startswith(_TYPED) or is_run_line(part))
        quoted = f"`{part}`" if number % 2 else part
        bare = quoted.lstrip(" ") if number else quoted  # a space is an indentation in front alone
        space = " " if bare != quoted else ""
        made.append(code_span(part) if is_command else space + escape(bare))
    return "".join(made)


def code_block(text: str, language: str = "") -> str:
    """Lines of outside text as a block of code: its indentation stays, nothing in it acts. The
    fences are longer than any run of back-ticks in it. `language`: of its colours."""
    lines = without_direction_marks(text).replace(ZERO_WIDTH_SPACE, "").replace("\u2424", " ")
    longest = max((len(run) for run in re.findall("`+", lines)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n" + lines.strip("\n") + f"\n{fence}"


def unstyled(text: str) -> str:
    """The words of Markdown that the pack wrote itself: without what formats, and as they were
    before `escape`."""
    return _STYLES.sub(lambda found: found.group("kept") or "", text)


def shown_in_dialog(text: str) -> str:
    """Markdown that the pack wrote itself, for an error in a dialog, which is shown as it stands:
    its words, links as their texts, commands in quotation marks."""
    parts = _LINK.sub(r"\1", _SIGN.sub("", text)).replace("\\`", "'").split("`")
    if len(parts) % 2 == 0:
        return unstyled("'".join(parts))
    return unstyled(
        "".join(f"“{part}”" if number % 2 else part for number, part in enumerate(parts))
    )
