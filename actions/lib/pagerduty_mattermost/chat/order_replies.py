"""How an order from chat is answered: whether its giver is asked first, what is said and by which
way, and which cards are painted anew. Pure.

    asks_first(order, command, settings)              # -> True: a confirmation is asked for
    question(order, command, settings, now)           # -> OrderReply with the button "Do it"
    is_told(order, result)                            # -> False: the card alone is the answer
    reply_to(order, result, settings, zone, now)      # -> OrderReply
    repainted(command, result)                        # -> ids of incidents whose cards change
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.cards.incident_lists import line
from pagerduty_mattermost.chat import dialogs, orders
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.dialogs import DECLARE
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.chat import ChatConfig
from pagerduty_mattermost.core.text import escape, one_line
from pagerduty_mattermost.incidents.incident import Change

QUESTION_CHARACTERS = 200


class OrderReply(NamedTuple):
    """What is said to whoever gave an order, as Markdown."""

    text: str
    attachments: Sequence[Mapping[str, Any]] = ()
    plain: str = ""
    """All of it as text, for a direct message, which takes fewer attachments than an answer."""
    public: bool = False
    """Whether the channel may see it."""


def asks_first(order: Mapping[str, Any], command: Command, chat: ChatConfig) -> bool:
    """Whether its giver must confirm it. A click is its own confirmation."""
    return (
        order.get("kind") == "command"
        and chat.has_buttons
        and orders.needs_confirmation(command, chat.confirm, str(order.get("user_name") or ""))
    )


def question(
    order: Mapping[str, Any], command: Command, chat: ChatConfig, now: float
) -> OrderReply:
    """The question with its button, which bears the command."""
    what = " ".join(word for word in (command.service, command.incidents, command.text) if word)
    verb = command.verb.replace("_", " ")
    asked = buttons.confirmation(
        f"Really {verb} {escape(one_line(what, QUESTION_CHARACTERS))}?",
        orders.as_text(command),
        str(order.get("user_id")),
        chat.public_url,
        chat.signing_keys[0].reveal(),
        now,
    )
    return OrderReply("", (asked,))


def is_told(order: Mapping[str, Any], result: CommandResult) -> bool:
    """Whether the giver is told how it went. Of a click on a card, or of a dialog opened there,
    the card is the answer, except where somebody else was first; a note is seen in its thread."""
    if not result.message or order.get("kind") == "note":
        return False
    beside_a_card = order.get("kind") not in ("command", "row") and order.get("verb") not in (
        buttons.CONFIRMED,
        DECLARE,
    )
    return result.already or not beside_a_card


def reply_to(
    order: Mapping[str, Any], result: CommandResult, chat: ChatConfig, zone: tzinfo, now: float
) -> OrderReply:
    """A list has buttons where it goes back by the command's own way: the attachments of a post
    are limited, those of such an answer are not."""
    if not result.shown or not order.get("hook") or not chat.has_buttons or chat.read_only:
        return OrderReply(result.message, public=result.public)
    key = chat.signing_keys[0].reveal()
    rows = [
        buttons.row(incident, line(incident, zone), number, chat.public_url, key, now)
        for number, incident in enumerate(result.shown)
    ]
    return OrderReply(result.head, rows, plain=result.message)


def repainted(command: Command, result: CommandResult) -> Tuple[str, ...]:
    """Ids of the incidents whose cards look different now."""
    verb = TABLE.get(command.verb)
    return result.incidents if verb is not None and verb.repaints else ()


def menu_channel(order: Mapping[str, Any]) -> str:
    """Id of the channel whose card's menu somebody has chosen from; empty where it was no menu."""
    chosen = (*dialogs.FROM_MENU, dialogs.CANCELLED, *(verb for verb, _ in buttons.MENU_ACTS))
    from_card = order.get("kind") in ("dialog", "click")
    return str(order.get("channel_id") or "") if from_card and order.get("verb") in chosen else ""


def change_from(result: CommandResult, incident_id: str, at: Optional[float]) -> Optional[Change]:
    """The incident as PagerDuty answered the act at this time; None where it did not, so that it
    has to be asked for."""
    known = next((one for one in result.after if one.id == incident_id), None)
    return Change(known, read_at=times.iso(at)) if known and at else None


def post_declared(order: Mapping[str, Any]) -> str:
    """Id of the post that was declared as an incident, whose thread is told so; else empty."""
    return str(order.get("post_id") or "") if order.get("verb") == DECLARE else ""
