"""Whom an entry of a right means: a Mattermost @user, a user group (`group:oncall`), the ~channel
(or its id) where it is typed, a role of PagerDuty's (`role:owner`, `role:admin`, …), or `team:`
and one of its teams."""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PermanentError,
    RejectedInput,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def means(context: Context, command: Command, entry: str) -> bool:
    """Whether the entry means whoever gave the command. Raises as `identify` for a role or a team,
    which somebody whom PagerDuty does not know has not."""
    if entry.startswith("role:"):
        return _role(context, command) == entry[len("role:") :].strip().lower()
    if entry.startswith("team:"):
        wanted = entry[len("team:") :].strip().casefold()
        return any(
            wanted in (id.casefold(), name.casefold()) for id, name in _teams(context, command)
        )
    if entry.startswith("group:"):
        return _is_in_group(context, command, entry[len("group:") :].strip())
    if entry.startswith("@"):
        return _username(context, command) == entry[1:].lower()
    return bool(command.channel) and _channel_id(context, entry) == command.channel


def _channel_id(context: Context, entry: str) -> str:
    """By its id, since other teams may have a channel of the same name; empty where it can't be
    found, so that the entry fits nobody."""
    try:
        return context.once(
            f"right in {entry}", lambda: context.channels.id_of(entry.strip().lstrip("~"))
        )
    except (NotFound, RejectedInput, ConfigError) as error:
        context.log.warning("A right is for the channel %s: %s", entry, error)
        return ""


def _is_in_group(context: Context, command: Command, name: str) -> bool:
    """A group that is not there, or a server without groups, fits nobody."""
    from pagerduty_mattermost.chat.acting_user import account
    from pagerduty_mattermost.gateways.mattermost import user_groups

    def members() -> Any:
        return user_groups.members(context.mattermost, user_groups.find(context.mattermost, name))

    try:
        return account(context, command.user).id in context.once(f"group {name}", members)
    except (NotFound, RejectedInput, PermanentError) as error:
        context.log.warning("A right is for the group %s: %s", name, error)
        return False


def _username(context: Context, command: Command) -> str:
    from pagerduty_mattermost.chat.acting_user import account

    try:
        return account(context, command.user).username.lower() if command.user else ""
    except NotFound:
        return ""


def _role(context: Context, command: Command) -> str:
    return str(_person(context, command).get("role") or "").lower()


def _teams(context: Context, command: Command) -> List[Tuple[str, str]]:
    rows = _person(context, command).get("teams") or ()
    return [
        (str(row.get("id")), str(row.get("name") or row.get("summary")))
        for row in rows
        if isinstance(row, dict)
    ]


def _person(context: Context, command: Command) -> Dict[str, Any]:
    """PagerDuty's user. Raises as `identify`: whom nobody knows has no role."""
    from pagerduty_mattermost.chat.acting_user import identify
    from pagerduty_mattermost.gateways.pagerduty.client import fill

    path = fill("/users/{user}", user=identify(context, command.user).person.id)
    row = context.once(path, lambda: context.pagerduty.get(path, {"include": ["teams"]})).get(
        "user"
    )
    return row if isinstance(row, dict) else {}
