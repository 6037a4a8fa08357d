"""A command that a chat bot or a shell gives: by its verb, or as it is typed after `/pd`.

carried_out(context, {"verb": "show", "incidents": "1"}, key)
carried_out(context, {"verb": "typed", "text": "list mine", "user": "ada"}, key)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Mapping

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.perform import perform

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

TYPED = "typed"
"""In place of a verb: the text is what somebody types."""


def carried_out(context: Context, words: Mapping[str, str], key: str) -> CommandResult:
    """`words`: fields of a command; `key`: of what it makes. Raises a PackError of one line."""
    if words.get("verb") == TYPED:
        return _typed(context, words, key)
    return perform(context, Command("")._replace(**words, key=key))  # type: ignore[arg-type]


def _typed(context: Context, words: Mapping[str, str], key: str) -> CommandResult:
    from pagerduty_mattermost.chat import which_incident
    from pagerduty_mattermost.chat.parser import parse
    from pagerduty_mattermost.chat.verbs.registry import TABLE
    from pagerduty_mattermost.core.errors import RejectedInput

    parsed = parse(words.get("text", ""))
    if parsed.problem:
        raise RejectedInput(parsed.problem)
    given = parsed.command._replace(user=words.get("user", ""), key=key)
    command, supposed = which_incident.complete(context, given, "")
    if supposed is not None and TABLE.is_act(command.verb):
        # There is no button here to ask with whether that one is meant.
        raise RejectedInput(
            f"which incident? The only one assigned to you is #{supposed.number} "
            f"{supposed.title[:60]}: say it with its number"
        )
    return perform(context, command, dry=parsed.dry_run)
