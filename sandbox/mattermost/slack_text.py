"""What the server makes of Slack's way of writing, in texts that integrations send."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Sequence

from .state import MattermostState

_LINK = re.compile(r"<([^<|>\n]+)\|([^|>\n]+)>")
_USER = re.compile(r"<@(\w+)>")
_ALL = {"<!channel>": "@channel", "<!here>": "@here", "<!everyone>": "@all", "<!all>": "@all"}


def links(text: str) -> str:
    """`<url|words>` becomes a Markdown link."""
    return _LINK.sub(r"[\2](\1)", text)


def processed(state: MattermostState, text: str) -> str:
    """Announcements and users by id become mentions, links Markdown."""
    for word, mention in _ALL.items():
        text = text.replace(word, mention)

    def named(found: Any) -> str:
        user = state.users.get(found.group(1))
        return "@" + user.username if user is not None else str(found.group())

    return links(_USER.sub(named, text))


def attachments(state: MattermostState, rows: List[Any]) -> List[Any]:
    """The same in the texts of attachments that people read."""
    return [_attachment(state, row) if isinstance(row, dict) else row for row in rows]


def _attachment(state: MattermostState, row: Dict[str, Any]) -> Dict[str, Any]:
    made = dict(row, **_texts(state, row, ("pretext", "text", "title")))
    if isinstance(row.get("fields"), list):
        made["fields"] = [
            dict(f, **_texts(state, f, ("value",))) if isinstance(f, dict) else f
            for f in row["fields"]
        ]
    return made


def _texts(state: MattermostState, row: Dict[str, Any], names: Sequence[str]) -> Dict[str, str]:
    return {name: processed(state, row[name]) for name in names if isinstance(row.get(name), str)}
