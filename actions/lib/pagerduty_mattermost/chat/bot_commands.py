"""A command that a chat bot or a shell gives: by its verb, or as it is typed after `/pd`.

carried_out(context, {"verb": "show", "incidents": "1"}, key)
carried_out(context, {"verb": "typed", "text": "list mine", "user": "ada"}, key)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.perform import perform

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

AS_TYPED = "typed"
"""Given in place of a verb: the text is what somebody types behind `/pd`."""


def carried_out(context: Context, words: Mapping[str, str], key: str) -> CommandResult:
    """`words`: fields of a command; `key`: of what it makes. Raises a PackError of one line."""
    if words.get("verb") == AS_TYPED:
        return _typed(context, words, key)
    given = {name: word for name, word in words.items() if name != "channel"}
    return perform(context, Command("")._replace(**given, key=key))  # type: ignore[arg-type]


def failure_line(context: Context, error: BaseException, words: Mapping[str, Any]) -> str:
    """What whoever gave the command reads of what went wrong with it."""
    from pagerduty_mattermost.chat import away
    from pagerduty_mattermost.chat.orders import read_typed

    verb, text = (str(words.get(name) or "") for name in ("verb", "text"))
    given = read_typed(text).command.verb if verb == AS_TYPED else verb
    return away.line_of(context, error, given)


def _typed(context: Context, words: Mapping[str, str], key: str) -> CommandResult:
    from pagerduty_mattermost.chat import which_incident
    from pagerduty_mattermost.chat.orders import read_typed
    from pagerduty_mattermost.chat.verbs.registry import TABLE
    from pagerduty_mattermost.core.errors import RejectedInput

    parsed = read_typed(words.get("text", ""))
    if parsed.problem:
        raise RejectedInput(parsed.problem)
    given = _as_person(context, parsed.command, words.get("user", ""))._replace(key=key)
    given = _in_channel(context, given, words.get("channel", ""))
    command, supposed = which_incident.complete(context, given, "")
    if supposed is not None and TABLE.is_act(command.verb):
        # There is no button here to ask with whether that one is meant.
        raise RejectedInput(
            f"which incident? The only one assigned to you is #{supposed.number} "
            f"{supposed.title[:60]}: say it with its number"
        )
    return perform(context, command, dry=parsed.dry_run)


def _in_channel(context: Context, command: Command, channel: str) -> Command:
    """As typed in that channel, where whoever types is a member of it: nobody else could. Raises
    RejectedInput and NotFound."""
    from pagerduty_mattermost.core.errors import RejectedInput
    from pagerduty_mattermost.gateways.mattermost.values import id_in

    if not channel:
        return command
    user = id_in(command.user)
    if not user:
        raise RejectedInput(f"who types it in {channel}? It counts there by who is a member")
    found = context.channels.typed(channel)
    if not context.mattermost.is_member(found.id, user):
        raise RejectedInput(
            f"{command.user_name or 'whoever types'} is no member of {found.label}, so nothing "
            "can be typed there"
        )
    return command._replace(channel=found.id)


def _as_person(context: Context, command: Command, user: str) -> Command:
    """Given by the Mattermost user who is named, as if they had typed it there: nobody else's name
    is taken. While Mattermost does not answer, by the name alone. Raises NotFound where there is
    no such user."""
    from pagerduty_mattermost.chat.acting_user import account
    from pagerduty_mattermost.core.errors import RetryLater
    from pagerduty_mattermost.gateways.mattermost.values import marked_id

    if not user:
        return command
    try:
        found = account(context, user)
    except RetryLater:
        return command._replace(user=user)
    return command._replace(user=marked_id(found.id), user_name=found.username)
