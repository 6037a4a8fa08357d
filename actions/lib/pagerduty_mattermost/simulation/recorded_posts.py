"""Mattermost as far as posts are concerned, kept in memory: what would be posted is noted, what is
asked about posts is answered by what was noted. Accounts and channels are asked of Mattermost as
ever; what else would change something is taken and forgotten.

    recorded = RecordedPosts(clock)
    mattermost.answered_by(recorded.answer)
    recorded.posts                       # RecordedPost, in order
"""

# flake8: noqa: E203

from __future__ import annotations

import hashlib
import re
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.errors import NotFound
from pagerduty_mattermost.gateways.mattermost.driver import ASK_THE_SERVER

CARD, REPLY, MESSAGE, DIRECT = "card", "reply", "message", "direct"
_MENTION = re.compile(r"(?<![\w@`])@([a-z0-9][a-z0-9._-]{0,63})")
_PATH = re.compile(r"/(posts|channels)/([a-z0-9]{26})(?:/(thread|posts|patch))?\Z")


class RecordedPost(NamedTuple):
    """One that would have been made."""

    at: float
    """Seconds since the epoch."""
    channel_id: str
    kind: str
    """card; reply in its thread; message of another kind; direct."""
    message: str
    incident: str
    """The id of the incident that it is about; empty: of none, or of several."""
    by: str
    """The rule or job that made it."""
    mentioned: Tuple[str, ...]
    """Names of the accounts it calls, also by being a direct message."""


class RecordedPosts:
    """Stands in Mattermost's place and notes what would be posted."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._rows: Dict[str, Dict[str, Any]] = {}
        """By id, as Mattermost would show them, in order."""
        self._pending: Dict[str, str] = {}
        self._direct: Dict[str, str] = {}
        """Channels of direct messages, and with whom."""
        self.by, self.incident = "", ""
        """What posts now, and for which incident."""
        self.me = ""
        """The bot's user id."""
        self.name_of: Callable[[str], str] = lambda user_id: user_id
        self.posts: List[RecordedPost] = []

    def answer(self, method: str, path: str, body: Any, params: Any) -> Any:
        """What Mattermost would answer; ASK_THE_SERVER for what it is asked itself."""
        found = _PATH.fullmatch(path)
        if method == "POST" and path == "/posts":
            return self._created(body)
        if method == "POST" and path == "/posts/ids":
            return [self._rows[one] for one in body if one in self._rows]
        if method == "POST" and path == "/channels/direct":
            return self._direct_channel([str(one) for one in body])
        if found and found.group(1) == "posts":
            return self._of_post(method, found.group(2), found.group(3), body)
        if found and found.group(3) == "posts":
            return self._listed(found.group(2), params or {})
        return ASK_THE_SERVER if method == "GET" else {"status": "OK"}

    def _created(self, body: Mapping[str, Any]) -> Dict[str, Any]:
        pending = str(body.get("pending_post_id") or "")
        if pending in self._pending:
            return self._rows[self._pending[pending]]
        channel, root = str(body["channel_id"]), str(body.get("root_id") or "")
        id = _id("post", str(len(self._rows)))
        row = {
            **body,
            "id": id,
            "user_id": self.me,
            "create_at": int(self._clock() * 1000),
            "root_id": root,
            "props": body.get("props") or {},
            "delete_at": 0,
            "type": "",
        }
        self._rows[id] = row
        if pending:
            self._pending[pending] = id
        message = str(body.get("message") or "")
        self.posts.append(
            RecordedPost(
                self._clock(),
                channel,
                self._kind(channel, root),
                message,
                self.incident,
                self.by,
                self._mentioned(channel, message),
            )
        )
        return row

    def _kind(self, channel: str, root: str) -> str:
        if channel in self._direct:
            return DIRECT
        if root:
            return REPLY
        return CARD if self.incident else MESSAGE

    def _mentioned(self, channel: str, message: str) -> Tuple[str, ...]:
        found = [one.rstrip(".-_") for one in _MENTION.findall(message)]
        if channel in self._direct:
            found.append(self.name_of(self._direct[channel]))
        return tuple(dict.fromkeys(found))

    def _of_post(self, method: str, id: str, part: Optional[str], body: Any) -> Any:
        row = self._rows.get(id)
        if row is None:
            raise NotFound(f"no post {id}", status=404)
        if part == "thread":
            rows = [row, *(one for one in self._rows.values() if one["root_id"] == id)]
            return _list(rows)
        if method == "PUT":
            row.update({name: value for name, value in body.items() if value is not None})
        return row

    def _listed(self, channel: str, params: Mapping[str, Any]) -> Dict[str, Any]:
        rows = [one for one in self._rows.values() if one["channel_id"] == channel][::-1]
        before = params.get("before")
        if before:
            place = next((n for n, one in enumerate(rows) if one["id"] == before), len(rows))
            rows = rows[place + 1 :]
        return _list(rows[: int(params.get("per_page") or 60)])

    def _direct_channel(self, pair: List[str]) -> Dict[str, Any]:
        id = _id("direct", *sorted(pair))
        self._direct[id] = next((one for one in pair if one != self.me), self.me)
        return {"id": id, "type": "D", "name": "__".join(sorted(pair)), "delete_at": 0}

    def with_whom(self, channel_id: str) -> str:
        """The name of whom a direct message goes to; empty for any other channel."""
        user = self._direct.get(channel_id)
        return self.name_of(user) if user else ""


def _list(rows: List[Dict[str, Any]]) -> Dict[str, Any]:
    return {"order": [one["id"] for one in rows], "posts": {one["id"]: one for one in rows}}


def _id(*parts: str) -> str:
    digits = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return digits[:26]
