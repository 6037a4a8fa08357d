"""A note that was said in a room, and was edited or deleted there: so it is at PagerDuty, in the
name of whoever said it."""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional

from pagerduty_mattermost.cards import told_replies
from pagerduty_mattermost.cards.incident_memory import SaidNote
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.chat import thread_notes
from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.command_table import CommandTable
from pagerduty_mattermost.chat.verbs.notes import note
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.notes import read_notes
from pagerduty_mattermost.rooms.hearing import DELETED, EDITED

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

NOTE = "note"


def is_change(order: Mapping[str, Any]) -> bool:
    """Whether the order is about a note that was said before, and edited or deleted since."""
    return order.get("kind") == NOTE and order.get("verb") in (EDITED, DELETED)


def change_of(context: Context, order: Mapping[str, Any]) -> Optional[Command]:
    """As a command for `table`; None where nothing was noted of that post, or it says the same."""
    incident, post_id = str(order.get("incident") or ""), str(order.get("post_id") or "")
    said = IncidentRecords(context.store, incident, context.log).said(post_id)
    if said is None:
        # Edited so that it is a note now.
        return thread_notes.note_of(context, order) if order.get("verb") == EDITED else None
    word, text = context.settings.chat.note_word, str(order.get("text") or "")
    if order.get("verb") == EDITED and not text.lower().startswith(word.lower()):
        return None  # what is no note any more is left as it was
    words = "" if order.get("verb") == DELETED else text[len(word) :].strip()
    if words and told_replies.said_words(words) == said.words:
        return None
    user = marked_id(str(order.get("user_id") or ""))
    channel = str(order.get("channel_id") or "")
    return Command(
        NOTE, incidents=incident, text=words, user=user, channel=channel, key=post_id, brief=True
    )


def _changed(context: Context, command: Command) -> CommandResult:
    """Carry out a command of `change_of`; without a text the note is deleted."""
    if not command.key:
        return note(context, command)
    records = IncidentRecords(context.store, command.incidents, context.log)
    said = records.said(command.key)
    row = _note(context, command.incidents, said) if said is not None else None
    if said is None or row is None:
        return CommandResult("That note is not there any more.", (command.incidents,))
    email = find_sender(context, command.user, "")
    path = fill("/incidents/{incident}/notes/{note}", incident=command.incidents, note=row["id"])
    if not command.text:
        context.pagerduty.delete(path, from_email=email)
        return CommandResult("The note is deleted.", (command.incidents,), email)
    context.pagerduty.put(path, {"note": {"content": command.text}}, from_email=email)
    words = told_replies.said_words(command.text)
    records.save_said(command.key, said._replace(words=words))
    return CommandResult("The note is changed.", (command.incidents,), email)


def _note(context: Context, incident: str, said: SaidNote) -> Optional[Dict[str, Any]]:
    """The note at PagerDuty: the newest one of these words."""
    rows = read_notes(context.pagerduty, incident)
    same = [
        row
        for row in rows
        if row.get("id") and told_replies.said_words(str(row.get("content") or "")) == said.words
    ]
    return max(same, key=lambda row: str(row.get("created_at") or ""), default=None)


def table() -> CommandTable:
    """The verb `note` as it changes one: its right, its audit."""
    verb = TABLE.get(NOTE)
    assert verb is not None
    return CommandTable((verb._replace(run=_changed),))
