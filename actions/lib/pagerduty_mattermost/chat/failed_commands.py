"""Which failed command is kept as a dead letter.

Kept is what changes something and failed at the other side. Not kept is a mistake in what was
typed, or what is not allowed: whoever typed it was told, and it is in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, Optional

from pagerduty_mattermost.chat.command import HalfDone
from pagerduty_mattermost.core.errors import CutShort, PackError, RejectedInput, RetryLater

_NOT_KEPT = ("hook", "valid_until", "once", "awaited_until", "trigger", "origin")
"""Of an order: the address for its answer, which anybody who knows it can use, its end, by what
the same call would be known again, its dialog, and by what another could be opened: a replay by
hand is another one, and redraws no list."""


def is_mistake(error: Optional[PackError]) -> bool:
    """Whether it failed by what was typed, be it that PagerDuty said so, not by trouble at the
    other side."""
    kept = (RetryLater, CutShort, HalfDone)
    mistaken = error is not None and (error.status is None or bool(error.said))
    return mistaken and not isinstance(error, kept)


def params_of_order(order: Any) -> Optional[Dict[str, Any]]:
    """The parameters of `chat.handle`, None for what changes nothing."""
    if not isinstance(order, Mapping) or not order.get("id"):
        return None
    if order.get("kind") != "note":
        from pagerduty_mattermost.chat import orders

        try:
            command, dry = orders.command_of(order)
        except RejectedInput:
            return None
        if dry or not _acts(command.verb):
            return None
    return {"order": {name: value for name, value in order.items() if name not in _NOT_KEPT}}


def params_of_command(params: Dict[str, Any]) -> Optional[Dict[str, Any]]:
    """The parameters of `chat.run`, None for what changes nothing; of what is typed in a terminal
    as of the same verb given by its name."""
    from pagerduty_mattermost.chat.bot_commands import AS_TYPED

    verb = str(params.get("verb") or "")
    if verb == AS_TYPED:
        from pagerduty_mattermost.chat.orders import read_typed

        parsed = read_typed(str(params.get("text") or ""))
        verb = "" if parsed.problem or parsed.dry_run else parsed.command.verb
    return params if _acts(verb) else None


def _acts(verb: str) -> bool:
    from pagerduty_mattermost.chat.verbs.registry import TABLE

    return TABLE.is_act(verb)
