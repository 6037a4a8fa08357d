"""How an order from chat is answered: whether its giver is asked first, what is said and by which
way, and which cards are painted anew. Pure.

    asked_first(order, command, settings, now)        # -> Asked: which command, and why
    is_told(order, command, result)                   # -> False: the card alone is the answer
    reply_to(order, command, result, settings, zone, now)      # -> OrderReply
    with_list(reply, listing)                         # -> OrderReply with the list below
    repainted(order, command, result)                 # -> ids of incidents whose cards change
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.cards import buttons
from pagerduty_mattermost.cards.buttons import ACKNOWLEDGE_ALL
from pagerduty_mattermost.cards.incident_lists import line
from pagerduty_mattermost.chat import dialogs, orders
from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.dialog_outcomes import DialogOutcome
from pagerduty_mattermost.chat.dialogs import DECLARE
from pagerduty_mattermost.chat.verb import Verb
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.chat import ChatConfig
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.errors import CutShort, PackError, RejectedInput
from pagerduty_mattermost.core.markdown import code_block, with_commands
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.runs import controls

ASKING_FORMS = (dialogs.OVERRIDE, dialogs.MAINTENANCE)
SUPPOSED = "You named no incident; it is the only one that is open and assigned to you."
_ACTS = {**buttons.DIALOGS, **dict(buttons.MENU_ACTS)}
"""What is chosen in a card's menu, in its words."""


class OrderReply(NamedTuple):
    """What is said to whoever gave an order, as Markdown."""

    text: str
    attachments: Sequence[Mapping[str, Any]] = ()
    plain: str = ""
    """All of it as text, for a direct message, which takes fewer attachments than an answer."""
    public: bool = False
    """Whether the channel may see it."""


class Asked(NamedTuple):
    """What its giver is asked about before it is done."""

    command: Command
    """With its times in full, where it lasts long."""
    verb: Verb
    reason: str = ""
    """Why, where that is not plain from the act: a sentence, as Markdown."""


def is_asked_about(order: Mapping[str, Any]) -> bool:
    """Whether there may be something to ask before it: a click is its own confirmation, and so is
    a dialog, but for the form of a command."""
    of_form = order.get("kind") == "dialog" and order.get("verb") in ASKING_FORMS
    return order.get("kind") == "command" or of_form or order.get("verb") == ACKNOWLEDGE_ALL


def asked_first(
    order: Mapping[str, Any],
    command: Command,
    settings: Config,
    now: float,
    supposed: Optional[Incident] = None,
) -> Optional[Asked]:
    """What has to be asked first; None where nothing is: a click is its own confirmation.
    `supposed`: its incident, where it was neither said nor is the thread's. Raises RejectedInput
    for a time that does not read, and where there is something to ask and no button to do it
    with."""
    verb = TABLE.get(command.verb)
    if not is_asked_about(order) or verb is None:
        return None
    span = orders.long_span(command, now, settings.time_zone)
    if supposed is not None and verb.is_act:
        asked = Asked(command, verb, SUPPOSED)
    elif span is not None:
        exact = f"from {times.iso(span.start)} until {times.iso(span.end)}"
        asked = Asked(command._replace(duration=exact), verb)
    else:
        asker = str(order.get("user_name") or "")
        asked_about = orders.needs_confirmation(command, settings.chat.confirm, asker)
        if not (asked_about and settings.chat.has_buttons):
            return None
        asked = Asked(command, verb)
    if not settings.chat.has_buttons:
        raise RejectedInput(
            f"{verb.infinitive}? Say which: `/pd {verb.typed} 1234`; nothing can be asked here, "
            "since chat.public_url or chat.signing_keys is not set"
        )
    return asked


def clicked_post(order: Mapping[str, Any]) -> Mapping[str, str]:
    """Which post was clicked, and the incident that it is about, as a question brings them back;
    empty for what was no click on a post."""
    post, incident = (str(order.get(name) or "") for name in ("post_id", "incident"))
    if order.get("kind") != "click" or order.get("verb") == buttons.CONFIRMED or not post:
        return {}
    return {"p": post, **({"i": incident} if incident else {})}


def is_in_thread(order: Mapping[str, Any]) -> bool:
    """Whether what came of it is told in the thread of the post that was clicked: what somebody
    has confirmed there, and that the post does not show by itself."""
    confirmed = order.get("verb") == buttons.CONFIRMED and not order.get("hook")
    return confirmed and bool(order.get("post_id"))


def is_told(order: Mapping[str, Any], command: Command, result: CommandResult) -> bool:
    """Whether it is told how it went. Of a click on a card or a playbook post, or of a dialog
    opened there, that post is the answer, except where somebody else was first; a note is seen in
    its thread."""
    if not result.message or order.get("kind") in ("note", "reaction"):
        return False
    if is_in_thread(order) and command.verb in controls.CLICKED:
        return result.already
    beside_a_card = order.get("kind") not in ("command", "row") and order.get("verb") not in (
        buttons.CONFIRMED,
        ACKNOWLEDGE_ALL,
        *dialogs.FORMS,
    )
    return result.already or not beside_a_card or bool(order.get("hook"))


def reply_to(
    order: Mapping[str, Any],
    command: Command,
    result: CommandResult,
    chat: ChatConfig,
    zone: tzinfo,
    now: float,
) -> OrderReply:
    """A list has buttons where it goes back by the command's own way: the attachments of a post
    are limited, those of such an answer are not. What comes of a click on one goes that way,
    too."""
    if not (result.shown or result.card) or not order.get("hook"):
        return OrderReply(result.message, public=result.public)
    if not chat.has_buttons or chat.read_only:
        return OrderReply("" if result.card else result.message, result.card)
    key = chat.signing_keys[0].reveal()
    origin = buttons.Origin(str(order["hook"]), orders.as_text(command._replace(key="")))
    if result.about is not None:
        acts = buttons.actions(result.about, chat.public_url, key, now, origin=origin)
        first, *rest = result.card
        shown = [{**first, **({"actions": list(acts)} if acts else {})}, *rest]
        return OrderReply("", shown, plain=result.message)
    words = [line(incident, zone, times.iso(now)) for incident in result.shown]
    rows = [
        buttons.row(incident, words[number], number, chat.public_url, key, now, origin)
        for number, incident in enumerate(result.shown)
    ]
    if result.next_page is not None:
        hook, wanted = str(order["hook"]), orders.as_text(result.next_page)
        rows.append(buttons.next_page(hook, wanted, chat.public_url, key, now))
    return OrderReply(result.head, rows, plain=result.message)


def with_list(reply: OrderReply, listing: OrderReply) -> OrderReply:
    """What came of a click on a row, and the list as it is now below it."""
    text = f"{reply.text}\n\n{listing.text}".strip()
    return OrderReply(text, listing.attachments, plain=reply.plain or reply.text)


def as_answered(listing: CommandResult, act: CommandResult) -> CommandResult:
    """The list with what the act changed as PagerDuty answered it: a list may lag behind."""
    after = {one.id: one for one in act.after}
    if listing.about is not None:
        return listing._replace(about=after.get(listing.about.id, listing.about))
    return listing._replace(shown=tuple(after.get(one.id, one) for one in listing.shown))


def failure(order: Mapping[str, Any], line: str, about: str) -> OrderReply:
    """What went wrong, with the act and what it was about where these are not before the reader's
    eyes. `line`: the error; `about`: the incident of a click, as Markdown."""
    verb = str(order.get("verb") or "")
    if verb == buttons.CONFIRMED:
        return OrderReply(f":warning: {escape(orders.given(order))}: {with_commands(line)}")
    if not about:
        return OrderReply(f":warning: {with_commands(line)}")
    known = TABLE.get(verb)
    act = _ACTS.get(verb) or (known.act if known is not None else verb.capitalize())
    return OrderReply(f":warning: **{act}** of {about}: {with_commands(line)}")


def in_dialog(order: Mapping[str, Any], error: PackError, line: str) -> Optional[DialogOutcome]:
    """What the dialog that is still open says of a failure, at the field that was wrong where one
    was. None where something may be done in spite of it: the same dialog must not be sent
    again."""
    if isinstance(error, (HalfDone, CutShort)) or getattr(error, "maybe_done", False):
        return None
    told = f":warning: {with_commands(line)}"
    element = dialogs.element_of(str(order.get("verb")), error.field)
    return DialogOutcome(errors={element: told}) if element else DialogOutcome(told)


def with_typed(order: Mapping[str, Any], reply: OrderReply) -> OrderReply:
    """With what was written in a dialog that is closed by now, so that it is not lost."""
    given = orders.written(order) if order.get("kind") == "dialog" else ""
    if not given:
        return reply
    return reply._replace(text=f"{reply.text}\n\nYou had written:\n{code_block(given)}")


def repainted(
    order: Mapping[str, Any], command: Command, result: CommandResult
) -> Tuple[str, ...]:
    """Ids of the incidents whose cards look different now, or whose menu somebody has chosen
    from: the choice would stay written there."""
    verb = TABLE.get(command.verb)
    changed = result.incidents if verb is not None and verb.repaints else ()
    return tuple(dict.fromkeys((*changed, *menu_incident(order))))


def menu_incident(order: Mapping[str, Any]) -> Tuple[str, ...]:
    """Id of the incident from whose card's menu somebody has chosen; none for another order."""
    id = str(order.get("incident") or "")
    return (id,) if id and menu_channel(order) else ()


def menu_channel(order: Mapping[str, Any]) -> str:
    """Id of the channel whose card's menu somebody has chosen from; empty where it was no menu."""
    acts = (verb for verb, _ in buttons.MENU_ACTS)
    chosen = (*dialogs.FROM_MENU, dialogs.CANCELLED, buttons.DETAILS, *acts)
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
