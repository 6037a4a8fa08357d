"""Section chatops: StackStorm's own aliases, of every pack, in Mattermost
(docs/chatops.md)."""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.config.reader import Reader, Secret

EVERYTHING = "*"
"""In place of a pack: any; in place of an entry: anybody, anywhere."""
USERNAME, ID = "username", "id"
NICKNAMES = (USERNAME, ID)
_TRIGGER = re.compile(r"[a-z][a-z0-9_-]{0,31}")


class ChatopsConfig(NamedTuple):
    """Which aliases may be run from Mattermost, by whom, and as whom at StackStorm."""

    trigger: str = "st2"
    """The slash command's word."""
    allow: Mapping[str, Tuple[str, ...]] = {}
    """A pack, `pack.alias` or `*` → entries, as of `chat.allowed`. Without any, nobody may run
    anything as one account, and people run what StackStorm's RBAC lets them."""
    deny: Mapping[str, Tuple[str, ...]] = {}
    """The same for what is refused all the same."""
    private_in: Tuple[str, ...] = ()
    """Channels in which only whoever asked sees what came of it; `*`: all."""
    service_user: str = ""
    """A service account of StackStorm's that may impersonate people."""
    service_password: Secret = Secret()
    nickname: str = USERNAME
    """What StackStorm keeps as somebody's nickname for Mattermost: one of `NICKNAMES`."""
    api_key: Secret = Secret()
    """Of the one account that runs everything where nobody is impersonated; empty: the sensor's
    own."""
    api_url: str = ""
    """StackStorm's API, down to its version; empty: as StackStorm itself says."""
    auth_url: str = ""
    """StackStorm's auth service; empty: beside the API."""
    inquiries: bool = True
    """Whether inquiries whose route names Mattermost are asked there."""

    @property
    def is_personal(self) -> bool:
        """Whether what somebody types runs in their own name at StackStorm."""
        return bool(self.service_user and self.service_password)


def read_chatops(whole: Reader) -> ChatopsConfig:
    """The section `chatops`; what is wrong in it is noted by the reader."""
    read = whole.section("chatops", ChatopsConfig())
    config = ChatopsConfig(
        trigger=read.text("trigger"),
        allow=read.lists("allow"),
        deny=read.lists("deny"),
        private_in=read.texts("private_in"),
        service_user=read.text("service_user"),
        service_password=read.secret("service_password"),
        nickname=read.choice("nickname", NICKNAMES),
        api_key=read.secret("api_key"),
        api_url=read.url("api_url"),
        auth_url=read.url("auth_url"),
        inquiries=read.boolean("inquiries"),
    )
    if not _TRIGGER.fullmatch(config.trigger):
        read.wrong("trigger", "must be a word of lower-case letters, digits, - and _")
    if config.service_user and not config.service_password:
        read.wrong("service_password", "is needed with service_user")
    return config
