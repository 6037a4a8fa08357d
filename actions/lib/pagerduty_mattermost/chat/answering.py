"""What an order came to, told where it was given: by the command's own answer, which for a click
on such an answer comes right below it; in the thread of a post that was clicked; else in a direct
message.

    tell(context, order, OrderReply("Done."))
    tell_failure(context, order, error)
    tell_result(context, order, command, result)
    close_dialog(context, order, result)

Failing is logged: the act itself went as it went.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping, Optional

from pagerduty_mattermost.chat import away, begun_orders, dialogs, order_replies, orders
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.dialog_outcomes import DialogOutcome, report
from pagerduty_mattermost.chat.order_replies import OrderReply
from pagerduty_mattermost.chat.verbs.named_incidents import incident_of, named
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import cut
from pagerduty_mattermost.gateways.mattermost.values import MAX_MESSAGE_CHARACTERS
from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.client import Mattermost


def tell(context: Context, order: Mapping[str, Any], reply: OrderReply) -> None:
    """Answer whoever gave the order."""
    try:
        say(
            context.mattermost,
            str(order.get("user_id")),
            str(order.get("hook") or ""),
            reply,
            context.log,
        )
    except PackError as error:
        context.log.warning("%s could not be answered: %s", order.get("user_name"), error)


def say(mattermost: Mattermost, user_id: str, hook: str, reply: OrderReply, log: Any) -> None:
    """By the command's own answer, which Mattermost takes five of for half an hour; else in a
    direct message. Raises the PackError of the latter."""
    if hook:
        try:
            mattermost.answer_command(hook, reply.text, reply.attachments, public=reply.public)
            return
        except PackError as error:
            log.info("Answered in a direct message: %s", error)
    channel = mattermost.direct_channel(user_id)
    rows = list(reply.attachments) if not reply.plain else []
    props = {"attachments": rows} if rows else None
    mattermost.create_post(channel.id, reply.plain or reply.text, props=props)


def tell_failure(context: Context, order: Mapping[str, Any], error: PackError) -> bool:
    """In the dialog that waits for it; else of a click or a dialog it is said what was clicked,
    on which incident, and what was written. Whether that dialog stays open."""
    line = context.one_line(away.explained(context, error, acts=orders.is_act(order)))
    outcome = order_replies.in_dialog(order, error, line)
    if outcome is not None and orders.is_awaited(order):
        begun_orders.let_again(context, str(order.get("once") or ""))
        if report(context.store, order, context.clock, outcome):
            return True
    close_dialog(context, order)
    reply = order_replies.failure(order, line, _incident(context, order))
    tell(context, order, order_replies.with_typed(order, reply))
    return False


def close_dialog(
    context: Context, order: Mapping[str, Any], result: Optional[CommandResult] = None
) -> bool:
    """The dialog that waits for it: closed, since it came to an end; True where it says instead
    that somebody was first."""
    if not orders.is_awaited(order):
        return False
    if result is None or not result.already:
        report(context.store, order, context.clock, DialogOutcome())
        return False
    return report(context.store, order, context.clock, DialogOutcome(result.message))


def tell_result(
    context: Context, order: Mapping[str, Any], command: Command, result: CommandResult
) -> None:
    """With the list as it is now, where a row of it was clicked; nothing where nothing is to be
    said."""
    if not result.message:
        return
    chat, zone = context.settings.chat, times.zone(context.settings.time_zone)
    reply = order_replies.reply_to(order, command, result, chat, zone, context.clock())
    origin = orders.origin_of(order)
    listing = _listing(context, origin, result) if origin is not None else None
    if origin is not None and listing is not None:
        drawn = order_replies.reply_to(order, origin, listing, chat, zone, context.clock())
        reply = order_replies.with_list(reply, drawn)
    if not (order_replies.is_in_thread(order) and _said_in_thread(context, order, reply)):
        tell(context, order, reply)


def _said_in_thread(context: Context, order: Mapping[str, Any], reply: OrderReply) -> bool:
    """In the thread of the post that was clicked; False where that can't be, as where somebody has
    deleted the post."""
    text = cut(reply.plain or reply.text, MAX_MESSAGE_CHARACTERS)
    channel, root = (str(order.get(name) or "") for name in ("channel_id", "post_id"))
    try:
        context.mattermost.create_post(channel, text, root_id=root)
    except PackError as error:
        context.log.info("Posted as a direct message, not in a thread: %s", error)
        return False
    return True


def show_details(
    context: Context, order: Mapping[str, Any], result: CommandResult, title: str
) -> None:
    """What somebody asked for by a click on a card, in a dialog that only reads; in a direct
    message where none opens."""
    chat, user = context.settings.chat, str(order.get("user_id"))
    key = chat.signing_keys[0].reveal()
    said = dialogs.details(title, result.message, user, chat.public_url, key, context.clock())
    try:
        context.mattermost.open_dialog(str(order.get("trigger") or ""), said)
    except PackError as error:
        context.log.info("Details go in a message: %s", error)
        tell(context, order, OrderReply(cut(result.message, MAX_MESSAGE_CHARACTERS)))


def _listing(context: Context, origin: Command, act: CommandResult) -> Optional[CommandResult]:
    """None where it can't be read: what was done is told all the same."""
    try:
        return order_replies.as_answered(TABLE.answer(context, origin), act)
    except PackError as error:
        context.log.info("The list below an answer could not be read: %s", error)
        return None


def _incident(context: Context, order: Mapping[str, Any]) -> str:
    """The incident that was clicked on, as a link; its id where PagerDuty does not tell more."""
    id = str(order.get("incident") or "")
    if not id:
        return ""
    try:
        return named(incident_of(get_incident(context.pagerduty, id)))
    except PackError:
        return f"`{id}`"
