"""Who may not do what a dialog is for hears so before it opens, not when they have filled it in.

A dialog must be opened within 3 s, so it is asked for less than a second: what is not known by
then is refused when the dialog is sent, as ever.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable, List

from pagerduty_mattermost.chat import orders, permissions
from pagerduty_mattermost.chat.calls import DialogWanted
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import PackError, RejectedInput

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.command import Command
    from pagerduty_mattermost.gateways.context import Context

ASK_SECONDS = 0.8


class DialogRefusals:
    """For use by several threads."""

    def __init__(self, context: Callable[[], Context], log: Any) -> None:
        """`context`: makes one, for one thread."""
        self._context, self._log = context, log

    def of(self, wanted: DialogWanted) -> str:
        """Why what the dialog is for would be refused to whom it opens for, in one line; empty
        where it would not, and where that is not known in time."""
        found: List[str] = []
        asking = threading.Thread(
            target=self._ask, args=(wanted, found), name="pagerduty-refusals", daemon=True
        )
        asking.start()
        asking.join(ASK_SECONDS)
        return found[0] if found else ""

    def _ask(self, wanted: DialogWanted, found: List[str]) -> None:
        try:
            command = _empty(wanted)
            verb = TABLE.get(command.verb)
            if verb is None:
                return
            context = self._context()
            try:
                permissions.require(context, command, verb)
            except RejectedInput as refused:
                found.append(context.one_line(refused.in_chat))
        except PackError as error:
            self._log.info("Whether a dialog's act is allowed is seen when it is sent: %s", error)


def _empty(wanted: DialogWanted) -> Command:
    """The command of the dialog, with nothing filled in."""
    order = {
        "kind": "dialog",
        "verb": wanted.kind,
        "incident": wanted.incident,
        "user_id": wanted.user_id,
        "channel_id": wanted.channel_id,
    }
    return orders.command_of(order)[0]
