"""Whether somebody may do something from chat: read-only mode, and who may do what.

    chat:
      read_only: false
      allowed:
        merge: ["@ada", "~incidents", "group:oncall", "role:admin", "team:Platform"]

A verb that is not listed may be done by everybody whom PagerDuty itself lets do it
(`pagerduty_roles`). Any of the entries is enough (`entries_of_rights`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Tuple

from pagerduty_mattermost.chat import exercise_guard, pagerduty_roles
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.entries_of_rights import means
from pagerduty_mattermost.chat.verb import NOTHING, PAGERDUTY, Verb
from pagerduty_mattermost.core.errors import RejectedInput

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
        if entries is not None and not any(means(context, command, entry) for entry in entries):
            raise RejectedInput(
                f"you may not {_infinitive(name, verb)} here: it is for "
                f"{', '.join(entries) or 'nobody'} (chat.allowed)"
            )
    if verb.changes == PAGERDUTY:
        pagerduty_roles.require(context, command, verb)
        exercise_guard.require(context, command)


def _infinitive(name: str, verb: Verb) -> str:
    """How the verb of that name is called in a sentence."""
    from pagerduty_mattermost.chat.verbs.registry import TABLE

    named = verb if verb.name == name else TABLE.get(name)
    return named.infinitive if named is not None else name


def rights(command: Command, verb: Verb) -> Tuple[str, ...]:
    """What the command does, by the names that `chat.allowed` may list: what may not be done may
    not be done in other words either."""
    more = verb.includes_with_text if command.text else ()
    return tuple(dict.fromkeys((verb.name, *verb.includes, *more, *verb.includes_if(command))))
