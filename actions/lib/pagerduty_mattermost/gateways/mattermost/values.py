"""What Mattermost's API gives and takes: accounts, channels, posts; ids and names checked before
they reach a path, texts cleaned before they leave. Pure."""

# flake8: noqa: E203

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple

from pagerduty_mattermost.core.errors import RejectedInput, RetryLater
from pagerduty_mattermost.core.post_keys import PROPS_KEY, own_props
from pagerduty_mattermost.core.text import clean, one_line

MAX_MESSAGE_CHARACTERS = 16383
"""What a server takes, in code points."""
_ID = re.compile(r"[a-z0-9]{26}\Z")
_ID_MARK = "id:"
_NAMES = {
    "channel": re.compile(r"[a-z0-9][a-z0-9._-]{0,127}\Z"),
    "team": re.compile(r"[a-z0-9][a-z0-9-]{0,63}\Z"),
    "user": re.compile(r"[a-z0-9._-]{1,64}\Z"),
    "emoji": re.compile(r"[a-z0-9_+-]{1,64}\Z"),
}


PRIVATE_TYPE = "P"
"""Of a private channel."""


class User(NamedTuple):
    """A Mattermost account."""

    id: str
    username: str = ""
    email: str = ""
    """Empty when the server does not show addresses."""
    active: bool = True
    is_admin: bool = False
    """Of the whole server (`system_admin`)."""


class Channel(NamedTuple):
    """A Mattermost channel."""

    id: str
    name: str = ""
    display_name: str = ""
    team_id: str = ""
    type: str = "O"
    """O public, P private, D direct, G group."""
    archived: bool = False
    header: str = ""
    purpose: str = ""
    creator_id: str = ""
    created_at: int = 0
    """Milliseconds since the epoch, as `last_post_at`."""
    last_post_at: int = 0


class ChannelRef(NamedTuple):
    """A channel the bot can post to."""

    id: str
    name: str = ""
    display_name: str = ""
    team: str = ""
    """Name of the team where it was found; empty when it was given by id."""
    type: str = "O"
    """O public, P private, D direct, G group."""

    @property
    def label(self) -> str:
        """`~name`, or the id of a channel that people know by no name."""
        return f"~{self.name}" if self.type in "OP" and self.name else self.id


def marked_id(id: str) -> str:
    """A user's id where names are taken as well: no username holds a colon, and one may be 26
    letters and digits long, as an id is."""
    return f"{_ID_MARK}{id}"


def id_in(text: str) -> str:
    """The id in a text that `marked_id` made; empty for any other."""
    id = text[len(_ID_MARK) :] if text.startswith(_ID_MARK) else ""
    return id if is_id(id) else ""


def is_id(text: str) -> bool:
    """Whether the text has the form of a Mattermost id (a channel's name may have it too)."""
    return bool(_ID.match(text))


def checked_id(value: str, what: str) -> str:
    """The id itself; raises RejectedInput when it has not the form of one. `what`: "channel id"
    …"""
    if not isinstance(value, str) or not _ID.match(value):
        raise RejectedInput(
            f"'{one_line(clean(value, 60))}' is no Mattermost {what}: 26 lower-case letters "
            "and digits"
        )
    return value


def checked_name(value: str, what: str) -> str:
    """The name of a channel, team, user or emoji in lower case; raises RejectedInput when it can't
    be one."""
    name = str(value).strip().lower()
    if not _NAMES[what].match(name) or name in (".", ".."):
        raise RejectedInput(
            f"'{one_line(clean(value, 80))}' is no name of a Mattermost {what}{_meant(name, what)}"
        )
    return name


def _meant(name: str, what: str) -> str:
    """What may have been meant: a channel as other chats write it, or by the name it is shown
    under."""
    likely = "-".join(re.findall(r"[a-z0-9._-]+", name))
    if name.startswith("@"):
        return "; a person has none: write the name of a channel"
    if what not in ("channel", "team") or not _NAMES[what].match(likely):
        return ""
    return f"; write it as in its address, such as {likely}"


def key_of(post: Mapping[str, Any]) -> str:
    """The key a post bears in its props, empty when none."""
    return str(own_props(post.get("props")).get("key") or "")


def with_key(props: Mapping[str, Any], key: str) -> Dict[str, Any]:
    """A post's props with the key by which it is found again."""
    made: Dict[str, Any] = cleaned(props)
    made[PROPS_KEY] = {**own_props(made), "key": key}
    return made


def cleaned(value: Any) -> Any:
    """Every text in a JSON value cleaned (`core.text.clean`), at any depth."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(key): cleaned(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [cleaned(item) for item in value]
    return value


def checked_message(message: str) -> str:
    """The message cleaned. Raises RejectedInput for one that is too long."""
    text = clean(message)
    if len(text) > MAX_MESSAGE_CHARACTERS:
        raise RejectedInput(
            f"The message has {len(text)} characters, Mattermost takes {MAX_MESSAGE_CHARACTERS}"
        )
    return text


def object_of(answer: Any) -> Dict[str, Any]:
    """The answer, if it is a JSON object. Raises RetryLater."""
    if not isinstance(answer, dict):
        raise RetryLater(
            "Mattermost's answer is not what its API promises (no object)", maybe_done=True
        )
    return answer


def post_of(answer: Any) -> Dict[str, Any]:
    """The post in an answer. Raises RetryLater where there is none."""
    post = object_of(answer)
    if not is_id(str(post.get("id"))) or not isinstance(post.get("create_at"), int):
        raise RetryLater(
            "Mattermost's answer is not what its API promises (no post)", maybe_done=True
        )
    return post


def posts_of(answer: Mapping[str, Any]) -> List[Dict[str, Any]]:
    """The posts of a list in its order, without deleted ones. Not a list: no proof that there are
    none."""
    order, posts = answer.get("order", answer), answer.get("posts") or {}
    if not isinstance(order, (list, type(None))) or not isinstance(posts, dict):
        raise RetryLater("Mattermost's answer is not what its API promises (no list of posts)")
    listed = [post_of(posts[post_id]) for post_id in order or () if post_id in posts]
    return [post for post in listed if not post.get("delete_at")]


def user_of(answer: Any) -> User:
    """The user in an answer. Raises RetryLater where there is none."""
    data = _identified(answer, "user")
    return User(
        str(data["id"]),
        str(data.get("username") or ""),
        str(data.get("email") or ""),
        not data.get("delete_at"),
        "system_admin" in str(data.get("roles") or "").split(),
    )


def channel_of(answer: Any) -> Channel:
    """The channel in an answer. Raises RetryLater where there is none."""
    data = _identified(answer, "channel")
    return Channel(
        str(data["id"]),
        str(data.get("name") or ""),
        str(data.get("display_name") or ""),
        str(data.get("team_id") or ""),
        str(data.get("type") or ""),
        bool(data.get("delete_at")),
        str(data.get("header") or ""),
        str(data.get("purpose") or ""),
        str(data.get("creator_id") or ""),
        _milliseconds(data.get("create_at")),
        _milliseconds(data.get("last_post_at")),
    )


def _milliseconds(value: Any) -> int:
    return value if isinstance(value, int) else 0


def _identified(answer: Any, what: str) -> Dict[str, Any]:
    data = object_of(answer)
    if not is_id(str(data.get("id"))):
        raise RetryLater(f"Mattermost's answer is not what its API promises (no {what})")
    return data
