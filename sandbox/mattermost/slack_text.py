"""What the server makes of Slack's way of writing, in texts that integrations send."""

from __future__ import annotations

import re
from typing import Any, Dict, List, Pattern

from .state import MattermostState

_USER = re.compile(r"<@(\w+)>")
_ALL = {"<!channel>": "@channel", "<!here>": "@here", "<!everyone>": "@all", "<!all>": "@all"}


def links(link: Pattern[str], text: str) -> str:
    """`<url|words>` becomes a Markdown link; `link` is the version's pattern."""
    return link.sub(r"[\2](\1)", text)


def processed(state: MattermostState, link: Pattern[str], text: str) -> str:
    """Announcements and users by id become mentions, links Markdown."""
    for word, mention in _ALL.items():
        text = text.replace(word, mention)

    def named(found: Any) -> str:
        user = state.users.get(found.group(1))
        return "@" + user.username if user is not None else str(found.group())

    return links(link, _USER.sub(named, text))


def attachments(state: MattermostState, link: Pattern[str], rows: List[Any]) -> List[Any]:
    """The same in the texts of attachments that people read."""

    def texts(row: Dict[str, Any], *names: str) -> Dict[str, str]:
        own = {name: row[name] for name in names if isinstance(row.get(name), str)}
        return {name: processed(state, link, text) for name, text in own.items()}

    def one(row: Dict[str, Any]) -> Dict[str, Any]:
        made = dict(row, **texts(row, "pretext", "text", "title"))
        if isinstance(row.get("fields"), list):
            made["fields"] = [
                dict(f, **texts(f, "value")) if isinstance(f, dict) else f for f in row["fields"]
            ]
        return made

    return [one(row) if isinstance(row, dict) else row for row in rows]
