"""Whether somebody may do something from chat: read-only mode, and who may do what.

    chat:
      read_only: false
      allowed:
        merge: ["@ada", "~incidents", "role:admin", "team:Platform"]

A verb that is not listed may be done by everybody whom PagerDuty itself lets do it
(`pagerduty_roles`). Any of the entries is enough: a Mattermost @user, the ~channel (or its id)
where it is typed, a role of PagerDuty's (owner, admin, user, …), or `team:` and one of its teams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from pagerduty_mattermost.chat import pagerduty_roles
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.verb import NOTHING, PAGERDUTY, Verb
from pagerduty_mattermost.core.errors import ConfigError, NotFound, RejectedInput

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


READ_ONLY = "nothing is changed from chat here, and nothing posted (chat.read_only)"


def require(context: Context, command: Command, verb: Verb) -> None:
    """Raises RejectedInput when it is not allowed, saying to whom it is. `verb`: the command's."""
    chat = context.settings.chat
    if chat.read_only and verb.changes != NOTHING:
        raise RejectedInput(READ_ONLY)
    for name in rights(command, verb):
        entries = chat.allowed.get(name)
        if entries is not None and not any(_fits(context, command, entry) for entry in entries):
            raise RejectedInput(
                f"you may not {_infinitive(name, verb)} here: it is for "
                f"{', '.join(entries) or 'nobody'} (chat.allowed)"
            )
    if verb.changes == PAGERDUTY:
        pagerduty_roles.require(context, command, verb)


def _infinitive(name: str, verb: Verb) -> str:
    """Of the verb of that name, in a sentence."""
    from pagerduty_mattermost.chat.verbs.registry import TABLE

    named = verb if verb.name == name else TABLE.get(name)
    return named.infinitive if named is not None else name


def rights(command: Command, verb: Verb) -> Tuple[str, ...]:
    """What the command does, by the names that `chat.allowed` may list: what may not be done may
    not be done in other words either."""
    more = verb.includes_with_text if command.text else ()
    return tuple(dict.fromkeys((verb.name, *verb.includes, *more, *verb.includes_if(command))))


def _fits(context: Context, command: Command, entry: str) -> bool:
    if entry.startswith("role:"):
        return _role(context, command) == entry[len("role:") :].strip().lower()
    if entry.startswith("team:"):
        wanted = entry[len("team:") :].strip().casefold()
        return any(
            wanted in (id.casefold(), name.casefold()) for id, name in _teams(context, command)
        )
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
        context.log.warning("chat.allowed names the channel %s: %s", entry, error)
        return ""


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
