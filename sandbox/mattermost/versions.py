"""What differs between the two versions of Mattermost that were measured, 5.37 and 11.6."""

from __future__ import annotations

import re
from typing import Dict, Mapping, NamedTuple, Optional, Pattern

_NAME, _SHORT_NAME = "[a-z0-9][a-z0-9_-]*[a-z0-9]", "[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?"
_LINK, _GREEDY_LINK = r"<([^<|>\n]+)\|([^|>\n]+)>", r"<([^<|]+)\|([^>]+)>"


class ServerVersion(NamedTuple):
    full: str
    """As `X-Version-Id` begins."""
    body_limit: Optional[int]
    """Bytes of a request's body."""
    props_limit: int
    trigger_seconds: float
    channel_name: Pattern[str]
    slack_link: Pattern[str]
    """What is taken for Slack's link in the answers of integrations."""
    error_ids: Mapping[str, str]
    """Ids of errors that 5.37 names otherwise, by its names."""
    is_new: bool
    """Slash calls carry `root_id`; an empty answer to a click is taken; posts have priorities and
    are read by ids; members are added by list, deactivated ones not at all; groups can be made;
    who is no member reads and clicks in public channels; unknown emojis are refused; JSON that is
    of another type is."""


VERSIONS: Dict[str, ServerVersion] = {
    "5.37": ServerVersion(
        full="5.37.0",
        body_limit=None,
        props_limit=8000,
        trigger_seconds=3.0,
        channel_name=re.compile(_NAME),
        slack_link=re.compile(_LINK),
        error_ids={},
        is_new=False,
    ),
    "11.6": ServerVersion(
        full="11.6.0",
        body_limit=300_000,
        props_limit=800_000,
        trigger_seconds=30.0,
        channel_name=re.compile(_SHORT_NAME),
        slack_link=re.compile(_GREEDY_LINK),
        error_ids={
            "api.ldap_groups.license_error": "api.license_error",
            "app.command_webhook.try_use.invalid": "web.command_webhook.general.app_error",
            "app.team.save.existing.app_error": "store.sql_team.save_team.existing.app_error",
            "model.channel.is_valid.2_or_more.app_error": (
                "model.channel.is_valid.1_or_more.app_error"
            ),
            "model.post.is_valid.msg.app_error": "model.post.is_valid.message_length.app_error",
        },
        is_new=True,
    ),
}
DEFAULT_VERSION = "5.37"
