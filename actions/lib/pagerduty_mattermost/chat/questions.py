"""Whoever gave a command is asked before it is done: in a dialog, which opens by the command's own
trigger or follows the one in which it was given, else in a question with both buttons.

    asked = on_top(context, order, command, asked)  # what there is already in that time
    ask(context, order, asked)      # -> a CommandResult with nothing left to say, or with a line

What is asked about is tried first, without changing anything: what is wrong with it is said
instead, and of what is so already nobody is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import dialogs, order_replies, orders
from pagerduty_mattermost.chat.answering import close_dialog, tell
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.dialog_outcomes import DialogOutcome, report
from pagerduty_mattermost.chat.in_words import in_words
from pagerduty_mattermost.chat.order_replies import Asked, OrderReply, is_asked_about
from pagerduty_mattermost.chat.verb import ALL_STATES, MANY
from pagerduty_mattermost.chat.verbs.named_incidents import incident_of
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.gateways.pagerduty.find_incident import find_all
from pagerduty_mattermost.gateways.reading_context import ReadingContext

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def on_top(
    context: Context, order: Mapping[str, Any], command: Command, asked: Optional[Asked]
) -> Optional[Asked]:
    """What is asked, with what of the same kind there is already in that time: that alone is a
    reason to ask, too. Raises as `Verb.on_top_of`."""
    verb = TABLE.get(command.verb)
    if verb is None or verb.on_top_of is None or not is_asked_about(order):
        return asked
    if not context.settings.chat.has_buttons:
        return asked
    reason = verb.on_top_of(context, command)
    if not reason:
        return asked
    asked = asked or Asked(command, verb)
    return asked._replace(reason="\n\n".join(filter(None, (asked.reason, reason))))


def ask(context: Context, order: Mapping[str, Any], asked: Asked) -> Optional[CommandResult]:
    """Ask; where nothing would be changed say that instead; None where nothing is left to ask
    about, since of several incidents only one is in the state for it. Raises the PackError that
    would keep it from being done."""
    reading = ReadingContext.of(context)
    try:
        result = TABLE.answer(reading, asked.command)
    except WriteRefused:
        pass
    else:
        close_dialog(context, order)
        return result
    narrowed = _narrowed(reading, asked)
    chat, now = context.settings.chat, context.clock()
    if narrowed != asked.command and not asked.reason:
        asker = str(order.get("user_name") or "")
        if not orders.needs_confirmation(narrowed, chat.confirm, asker):
            return None
    words = in_words(reading, asked.command, asked.verb)
    text = "\n\n".join(part for part in (words.question, asked.reason) if part)
    answer = {
        "o": orders.as_text(narrowed),
        "u": str(order.get("user_id")),
        "c": str(order.get("channel_id") or ""),
        "h": str(order.get("hook") or ""),
        # By it the first answer is known, whichever way it is asked.
        "n": str(order.get("id")),
        **order_replies.clicked_post(order),
    }
    key = chat.signing_keys[0].reveal()
    made = dialogs.confirmation(text, asked.verb.act, answer, chat.public_url, key, now)
    if _follows(context, order, made):
        return CommandResult("")
    if not _opened(context, str(order.get("trigger") or ""), made):
        row = buttons.confirmation(text, asked.verb.act, answer, chat.public_url, key, now)
        tell(context, order, OrderReply("", (row,)))
        close_dialog(context, order)
    return CommandResult("")


def _narrowed(context: Context, asked: Asked) -> Command:
    """The command without those of several incidents that are in another state: what was left out
    of the question is not done after it either, whatever it is by then."""
    command, verb = asked.command, asked.verb
    if verb.incidents != MANY or verb.states == ALL_STATES or "," not in command.incidents:
        return command
    found = [incident_of(row) for row in find_all(context.pagerduty, command.incidents)]
    fit = [one.id for one in found if one.status in verb.states]
    if len(fit) == len(command.incidents.split(",")):
        return command
    return command._replace(incidents=",".join(fit))


def _follows(context: Context, order: Mapping[str, Any], dialog: Mapping[str, Any]) -> bool:
    """Whether it is asked in the dialog that is still open, in place of what stood there."""
    if not order.get("steps"):
        return False
    outcome = DialogOutcome(form=dict(dialog["dialog"]))
    return report(context.store, order, context.clock, outcome)


def _opened(context: Context, trigger: str, dialog: Mapping[str, Any]) -> bool:
    """False where the trigger is too old: it lives 3 s, 30 s on newer servers."""
    if not trigger:
        return False
    try:
        context.mattermost.open_dialog(trigger, dialog)
    except PackError as error:
        context.log.info("Asked without a dialog: %s", error)
        return False
    return True
