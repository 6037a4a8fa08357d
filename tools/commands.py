"""Writes the table of commands into docs/chat.md from the verbs; `--check` only says whether it is
current.

    python tools/commands.py [--check]

Each verb is one record in chat/verbs; the page's part between its two marks is made from them.
Run by `make docs` and, with `--check`, by `make docs-check` and a test.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Sequence

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "actions" / "lib"))

from pagerduty_mattermost.chat.verb import GROUPS  # noqa: E402
from pagerduty_mattermost.chat.verbs.registry import TABLE  # noqa: E402

PAGE = ROOT / "docs" / "chat.md"
BEGIN, END = "<!-- made from the grammar by make docs -->", "<!-- end of what is made -->"


def render(text: str) -> str:
    """The page with its table made anew. Raises ValueError when the marks are gone."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"docs/chat.md must hold {BEGIN} and {END} once each")
    parts = [BEGIN]
    for group in GROUPS:
        rows = [
            f"| `/pd {_cell(verb.hint)}` | {_cell(verb.help)} | `{verb.name}` |"
            for verb in TABLE.verbs
            if verb.group == group
        ]
        parts.append(
            "\n".join(
                [
                    f"**{group}**",
                    "",
                    "| command | what it does | verb |",
                    "| --- | --- | --- |",
                    *rows,
                ]
            )
        )
    parts.append(END)
    return re.sub(
        f"{re.escape(BEGIN)}.*{re.escape(END)}",
        lambda _: "\n\n".join(parts),
        text,
        flags=re.DOTALL,
    )


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def main(arguments: Sequence[str]) -> int:
    from pages import keep_current

    wanted = render(PAGE.read_text(encoding="utf-8"))
    return keep_current(__doc__, PAGE, wanted, "grammar", arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
