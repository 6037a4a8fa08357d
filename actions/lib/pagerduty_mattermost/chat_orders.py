"""What an order that came through the chat sensor asks for, as a command. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Tuple

from .chat_said import Answer, Said
from .errors import RejectedInput

REPAINTS = frozenset(
    (
        "acknowledge",
        "acknowledge_mine",
        "resolve",
        "unacknowledge",
        "escalate",
        "reassign",
        "priority",
        "merge",
        "reopen",
    )
)
"""Verbs after which the card looks different."""
_PEOPLE = ("reassign", "responders")


def said(order: Mapping[str, Any]) -> Tuple[Said, bool]:
    """And whether it is a dry run. Raises RejectedInput for a command that can't be read, with what to type instead."""
    user, incident, text = (str(order.get(name) or "") for name in ("user_id", "incident", "text"))
    channel = str(order.get("channel_id") or "")
    if order.get("kind") == "command":
        from .commands import parse

        parsed = parse(text)
        if parsed.problem:
            raise RejectedInput(parsed.problem)
        return parsed.said._replace(user=user, channel=channel), parsed.dry_run
    verb = str(order.get("verb") or "")
    if verb.startswith("snooze"):
        return Said("snooze", incidents=incident, duration=verb[len("snooze") :], user=user, channel=channel), False
    words = {"status": "status_update", "resolvenote": "resolve"}
    # Whom somebody chose comes as Mattermost's id of the user.
    chosen = f"@{text}" if verb in _PEOPLE and text else text
    return Said(words.get(verb, verb), incidents=incident, text=chosen, user=user, channel=channel), False


def is_news(what: Said, given: Answer) -> bool:
    """Whether a click's answer is told to the clicker: success is the card, but that somebody was first is not."""
    return "already" in given.message.split("\n", 1)[0] and what.verb in ("acknowledge", "resolve")
