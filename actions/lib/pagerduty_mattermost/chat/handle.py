"""An order from chat, from its arrival at the action to its answer.

    handle(context, order) -> {"done": "done", "incidents": [...], "message": "Acknowledged #1 …"}

The way: the command that was given and by whom (`orders`, `thread_notes`), which incident it means
(`which_incident`), whether that is allowed (`perform.allow`), whether it has to be confirmed
first, the act with its intent in the audit before it (`perform.run`), the cards that it changes,
the answer (`answering`). What is decided on the way is in `order_replies`, without I/O; who acts
is looked up once (`acting_user`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards.buttons import CONFIRMED, DETAILS, LIST_OPEN
from pagerduty_mattermost.chat import (
    audit,
    begun_orders,
    declared_post,
    dialogs,
    dropped_orders,
    kept_triggers,
    order_replies,
    orders,
    questions,
    room_notes,
    run_clicks,
    run_menus,
    task_commands,
    thread_notes,
    which_incident,
)
from pagerduty_mattermost.chat.answering import (
    close_dialog,
    show_details,
    tell,
    tell_failure,
    tell_result,
)
from pagerduty_mattermost.chat.begun_orders import BegunEntry
from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.order_replies import Asked, OrderReply
from pagerduty_mattermost.chat.perform import allow, rehearse, run
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.errors import CutShort, PackError, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.reading_context import ReadingContext
from pagerduty_mattermost.runs.controls import TASK_RUN

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Change, Incident

MAX_SAID_CHARACTERS = 200
"""Of an answer in the log."""
NOTED = "white_check_mark"
"""The bot's reaction to a post that became a note."""
DONE, TOO_LATE, DROPPED = "done", "too_late", "dropped"
_VOID = {
    TOO_LATE: "Not done: it waited for more than a minute. It is kept as a failed command.",
    DROPPED: "Dropped: whoever asked got the answer that it was not taken.",
}


def handle(context: Context, order: Any) -> Dict[str, Any]:
    """Carry the order out and answer it. Raises RejectedInput for what is no order, and the
    PackError that kept it from being done, which its giver was told."""
    if not isinstance(order, Mapping) or not order.get("id"):
        raise RejectedInput(
            "order must be the payload of the trigger pagerduty.chat_command: '{{ trigger }}'"
        )
    try:
        if context.clock() > float(order.get("valid_until") or 0):
            return _too_late(context, order)
        written = run_clicks.is_written(order)
        if not written and dropped_orders.was_dropped(context.store, str(order["id"])):
            return {"done": DROPPED, "message": _VOID[DROPPED]}
        if order.get("verb") == dialogs.CANCELLED:
            if not run_menus.redraw(context, order):
                _repaint_one(context, order, str(order.get("incident")))
            return {"done": DONE, "incidents": [], "message": "The menu is drawn afresh."}
        result = _carried_out(context, order)
        run_menus.redraw(context, order, already=result.already)
    except _Told as told:
        raise told.error from None
    except PackError as error:
        if not tell_failure(context, order, error) and not run_menus.redraw(context, order):
            for incident_id in order_replies.menu_incident(order):
                _repaint_one(context, order, incident_id)
        raise
    return _done(result)


def _done(result: CommandResult) -> Dict[str, Any]:
    """With the answer's first line for the log, its links as their texts, or what the result has
    for the log; nothing of what was only asked about."""
    lines = (line.strip() for line in result.message.splitlines())
    first = next((line for line in lines if line and not line.startswith("|")), "")
    first = first or ("Answered with a table." if result.message.strip() else "")
    first = "Answered with a list." if first.startswith("- ") else first
    first = escape(result.logged) or first
    plain = _without_addresses(clean(first, 1000)).replace("\u200b", "")
    said = one_line(plain, MAX_SAID_CHARACTERS).rstrip(":")
    return {"done": DONE, "incidents": list(result.incidents), "message": said}


def _without_addresses(text: str) -> str:
    """Links as their texts alone."""
    begin, *parts = text.split("](")
    return begin.replace("[", "") + "".join(
        part.partition(")")[2].replace("[", "") for part in parts
    )


class _Told(Exception):
    """An error of which the giver was told already."""

    def __init__(self, error: PackError) -> None:
        super().__init__(str(error))
        self.error = error


def _too_late(context: Context, order: Mapping[str, Any]) -> Dict[str, Any]:
    """Nobody expects it any more; but what was begun in time may be done. Of what changes nothing
    nobody is told: whoever asked has long asked again."""
    entry_name = orders.entry_name(order)
    begun = begun_orders.find(context.store, entry_name) if entry_name else None
    if begun is not None:
        kept = _kept(context, order)
        return _done(kept if kept is not None else _not_again(context, order, begun))
    if orders.is_act(order):
        tell(context, order, OrderReply(f":warning: {orders.given(order)}: {_VOID[TOO_LATE]}"))
    return {"done": TOO_LATE, "message": _VOID[TOO_LATE]}


def _kept(context: Context, order: Mapping[str, Any]) -> Optional[CommandResult]:
    """What its giver was told of a trigger that is kept, or was: it is sent by itself, whatever
    became of the process that began it. None for any other order."""
    if order.get("kind") == "note":
        return None
    command, _ = _command(context, order)
    said = kept_triggers.said_of(context, command) if command is not None else ""
    if not said:
        return None
    close_dialog(context, order)
    tell(context, order, OrderReply(said))
    return CommandResult(said)


def _begun(context: Context, order: Mapping[str, Any], entry_name: str) -> Optional[BegunEntry]:
    """What stands of this order, or of the first one by the same confirmation or dialog; None
    where it is new. Raises RejectedInput while that first one is under way."""
    begun = begun_orders.find(context.store, entry_name)
    if begun is not None:
        return begun
    first = begun_orders.first_entry(context, str(order.get("once") or ""), entry_name)
    if not first:
        return None
    begun = begun_orders.find(context.store, first)
    if begun is None:
        raise RejectedInput("it is under way already: the first click counts")
    return begun


def _not_again(context: Context, order: Mapping[str, Any], begun: BegunEntry) -> CommandResult:
    """It was begun before, and whoever did so was killed: its giver is told what is known. Raises
    _Told with CutShort for what came to no good end, so that it is kept as a failed command."""
    line = begun_orders.report(context, orders.given(order), begun)
    close_dialog(context, order)
    if begun.result != audit.DONE:
        tell(context, order, OrderReply(f":warning: {line}"))
        raise _Told(CutShort(line))
    tell(context, order, OrderReply(line))
    return CommandResult(line, begun.incidents)


def _carried_out(context: Context, order: Mapping[str, Any]) -> CommandResult:
    command, dry = _command(context, order)
    if command is None:
        return CommandResult("")
    root_id, in_dialog = str(order.get("root_id") or ""), False
    if dry:
        reading = ReadingContext.of(context)
        result = rehearse(reading, which_incident.complete(reading, command, root_id).command)
    else:
        entry_name = orders.entry_name(order)
        # What the sensor has written is found under the order's id, however often it comes.
        if entry_name and TABLE.is_act(command.verb) and not command.written:
            begun = _begun(context, order, entry_name)
            if begun is not None and not kept_triggers.is_kept(context, command):
                kept = _kept(context, order)
                result = kept if kept is not None else _not_again(context, order, begun)
                _repaint(context, order, command, result)
                return result
        command, supposed = which_incident.complete(context, command, root_id)
        task = None
        if command.verb == TASK_RUN:
            allow(context, command, entry_name=entry_name)
            task = task_commands.task_command(context, command)
        if task is not None:
            command, supposed = which_incident.complete(context, task.command, root_id)
        try:
            result, is_asked = _acted(context, order, command, supposed, entry_name)
            if task is not None and not is_asked:
                task.ran(context)
        except HalfDone as half:
            _repaint(context, order, command, half.result)
            raise
        if is_asked:
            tell_result(context, order, command, result)
            return result
        in_dialog = close_dialog(context, order, result)
        if order.get("kind") == "note":
            _tick(context, str(order.get("post_id")))
        if order.get("verb") != DETAILS:
            _repaint(context, order, command, result)
    if order.get("verb") == LIST_OPEN:
        show_details(context, order, result, "Open incidents")
    elif order.get("verb") == DETAILS:
        show_details(context, order, result, "Details")
        _repaint(context, order, command, result)
    elif order_replies.is_told(order, command, result) and not in_dialog:
        tell_result(context, order, command, result)
    declared = order_replies.post_declared(order)
    if declared and not dry:
        declared_post.link_back(context, declared, result.message, result.incidents)
    return result


def _tick(context: Context, post_id: str) -> None:
    """What somebody wrote in Mattermost is a note now."""
    try:
        context.mattermost.add_reaction(post_id, NOTED)
    except PackError as error:
        context.log.info("A note has no tick: %s", error)


def _asked_by_how_it_is(
    context: Context, order: Mapping[str, Any], command: Command
) -> Optional[Asked]:
    """What has to be asked because of how things are; not so where that was confirmed, or where
    there is no button to do it with."""
    verb = TABLE.get(command.verb)
    if verb is None or verb.asks is None or order.get("verb") == CONFIRMED:
        return None
    asked = verb.asks(context, command) if context.settings.chat.has_buttons else None
    return Asked(asked[0], verb, asked[1]) if asked is not None else None


class _Acted(NamedTuple):
    """What came of an order: its result, or a question that was asked about it."""

    result: CommandResult
    is_asked: bool = False


def _acted(
    context: Context,
    order: Mapping[str, Any],
    command: Command,
    supposed: Optional[Incident],
    entry_name: str,
) -> _Acted:
    """Allowed and run, or asked about first. What PagerDuty does not take of a trigger that nobody
    has to confirm is kept."""
    table = room_notes.table() if room_notes.is_change(order) else TABLE

    def asked_first() -> Optional[Asked]:
        settings, now = context.settings, context.clock()
        return order_replies.asked_first(order, command, settings, now, supposed)

    def run_it() -> CommandResult:
        return run(context, command, table, entry_name=entry_name)

    def allowed_and_run() -> CommandResult:
        allow(context, command, entry_name=entry_name)
        return run_it()

    if command.verb == kept_triggers.VERB and asked_first() is None:
        return _Acted(kept_triggers.carried_out(context, command, allowed_and_run))
    allow(context, command, entry_name=entry_name)
    asked = asked_first() or _asked_by_how_it_is(context, order, command)
    asked = questions.on_top(context, order, command, asked)
    answer = questions.ask(context, order, asked) if asked is not None else None
    return _Acted(answer, True) if answer is not None else _Acted(run_it())


def _command(context: Context, order: Mapping[str, Any]) -> Tuple[Optional[Command], bool]:
    """What was asked for, and whether only to be tried; None for a note that is none, or that
    stands already."""
    if room_notes.is_change(order):
        return room_notes.change_of(context, order), False
    if order.get("kind") == "note":
        return thread_notes.note_of(context, order), False
    command, dry = orders.command_of(order)
    return command._replace(key=str(order["id"])), dry


def _repaint(
    context: Context, order: Mapping[str, Any], command: Command, result: CommandResult
) -> None:
    """The cards of what was changed, at once: the sensor would see it in its next cycle. What
    PagerDuty answered is not asked for again."""
    for incident_id in order_replies.repainted(order, command, result):
        known = order_replies.change_from(result, incident_id, context.pagerduty.last_server_time)
        _repaint_one(context, order, incident_id, known)


def _repaint_one(
    context: Context, order: Mapping[str, Any], incident_id: str, known: Optional[Change] = None
) -> None:
    from pagerduty_mattermost.cards import posting
    from pagerduty_mattermost.exercises.drills import follow as follow_room

    try:
        change = known or posting.change_of(context, None, incident_id)
        chosen_in = order_replies.menu_channel(order)
        outcomes = posting.make_publisher(context).repaint(change, chosen_in=chosen_in)
        follow_room(context, change, outcomes)
    except PackError as error:
        context.log.warning("The card of %s will follow: %s", incident_id, error)
