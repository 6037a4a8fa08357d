"""Whoever gave a command is asked before it is done: in a dialog, which opens by the command's own
trigger, else in a question with both buttons.

    ask(context, order, asked)      # -> a CommandResult with nothing left to say, or with a line

What is asked about is tried first, without changing anything: what is wrong with it is said
instead, and of what is so already nobody is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.chat import dialogs, orders
from pagerduty_mattermost.chat.answering import tell
from pagerduty_mattermost.chat.command import CommandResult
from pagerduty_mattermost.chat.in_words import in_words
from pagerduty_mattermost.chat.order_replies import Asked, OrderReply
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import PackError, WriteRefused
from pagerduty_mattermost.gateways.reading_context import ReadingContext

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def ask(context: Context, order: Mapping[str, Any], asked: Asked) -> CommandResult:
    """Ask; where nothing would be changed say that instead. Raises the PackError that would keep
    it from being done."""
    reading = ReadingContext.of(context)
    try:
        return TABLE.answer(reading, asked.command)
    except WriteRefused:
        pass
    words = in_words(reading, asked.command, asked.verb)
    text = "\n\n".join(part for part in (words.question, asked.reason) if part)
    answer = {
        "o": orders.as_text(asked.command),
        "u": str(order.get("user_id")),
        "c": str(order.get("channel_id") or ""),
        "h": str(order.get("hook") or ""),
        # By it the first answer is known, whichever way it is asked.
        "n": str(order.get("id")),
    }
    chat = context.settings.chat
    key, now = chat.signing_keys[0].reveal(), context.clock()
    made = dialogs.confirmation(text, asked.verb.act, answer, chat.public_url, key, now)
    if not _opened(context, str(order.get("trigger") or ""), made):
        row = buttons.confirmation(text, asked.verb.act, answer, chat.public_url, key, now)
        tell(context, order, OrderReply("", (row,)))
    return CommandResult("")


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
