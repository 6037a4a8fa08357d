"""What the operations channel is told of a channel that the bot can't post in: which rule names
it, which incident is not there, and what to correct. Pure; outside text is escaped here."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

from pagerduty_mattermost.core.text import clean, escape, markdown_link, one_line
from pagerduty_mattermost.gateways.mattermost.channels import ChannelUnavailable

MAX_TITLE_CHARACTERS = 120


def notice(error: ChannelUnavailable, rule: str, params: Mapping[str, Any]) -> Tuple[str, str]:
    """(what it is about, the text). `rule`: reference of the one that runs the action, empty where
    none does; `params`: what the action was given."""
    incident = _incident(params)
    what = f"{incident} can't be posted" if incident else ""
    whose = f"the rule `{rule.replace('`', '')}`" if rule else ""
    begin = f"{what} as {whose} says: " if what and whose else ""
    if not begin and (what or whose):
        begin = f"{what or whose[0].upper() + whose[1:] + ' can post nothing'}: "
    where = f"`{error.setting}`" if error.setting else f"its channel in {whose}" if whose else ""
    then = f" Or correct {where}: what waits is posted then by itself." if where else ""
    return f"channel:{error.channel}", f"{begin}{error}.{then}"


def _incident(params: Mapping[str, Any]) -> str:
    """As a link; empty where the action is of none."""
    change = params.get("change")
    found = change.get("incident") if isinstance(change, Mapping) else None
    if not isinstance(found, Mapping) or not found.get("id"):
        return ""
    number = f"#{found['number']} " if found.get("number") else ""
    title = one_line(clean(found.get("title")), MAX_TITLE_CHARACTERS)
    url = str(found.get("url") or "")
    text = f"{number}{title}".strip() or str(found["id"])
    return markdown_link(text, url) if url else escape(text)
