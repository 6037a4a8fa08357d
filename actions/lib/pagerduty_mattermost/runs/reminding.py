"""People are reminded in the room that the next status update is due, and that nobody is
commander; and what was reminded of is struck out when it is done.

A reminder that could not be posted in time comes later, if it is still due then; one that somebody
deleted is no loss. That it was posted is an act (`SENT`) whose id is made of what is due, so
whoever posts it again finds it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, List, Mapping, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, WriteRefused
from pagerduty_mattermost.core.post_keys import PROPS_KEY
from pagerduty_mattermost.gateways.mattermost.values import key_of
from pagerduty_mattermost.runs import controls, people, texts
from pagerduty_mattermost.runs.acts import ROOM, SENT, UPDATE, Act, Who
from pagerduty_mattermost.runs.posting import posted
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.reminders import (
    NO_COMMANDER,
    UPDATE_DUE,
    DueReminder,
    due_reminder,
)
from pagerduty_mattermost.runs.state import RunState
from pagerduty_mattermost.runs.telling import told_key

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

OVER = "🏁"
OVER_WORDS = f"{OVER} Over: no status update is due."
ORDER_SECONDS = 60.0
"""An order is carried out within that time, or never."""
LATER = (("10m", "in 10 minutes"), ("30m", "in 30 minutes"), ("1h", "in an hour"))
"""Choices of a reminder's menu."""


def remind(
    context: Context, records: RunRecords, run: Run, incident: Incident
) -> Tuple[Run, bool]:
    """Of what is due now; the run as it is then, and whether a reminder was posted. Raises the
    gateways' errors."""
    due = due_reminder(run.state, context.clock())
    if due is None:
        return run, False
    called = _called(context, run.state, incident)
    text = reminder_text(due, run.state, called, context.settings.time_zone)
    key = told_key(run, due.sent)
    post_id = posted(
        context,
        run,
        key,
        text,
        {"reminder": due.key},
        since=due.since,
        actions=_actions(context, run, due),
    )
    sent = Act(SENT, due.sent, context.clock(), of=due.about, value=ROOM, post=post_id)
    records.act(run.incident, sent)
    run = run.with_acts(sent)
    again = records.load(run.incident)
    if again is not None and again.plan.id == run.plan.id:
        run = again
        strike_answered(context, run)  # somebody did it meanwhile
    return run, True


def strike_answered(context: Context, run: Run) -> None:
    """What was reminded of last says that it is done, where that is so. What can't be changed now
    stays as it is."""
    state = run.state
    for about, words in (
        (UPDATE_DUE, _answered_update(run)),
        (NO_COMMANDER, led_by(state.commander) if state.commander.id else ""),
    ):
        if words or state.is_over:
            strike_out(context, run, about, words or OVER_WORDS)


def led_by(commander: Who) -> str:
    """What the reminder of a missing commander says once there is one, as Markdown."""
    return f"✅ {texts.name(commander)} leads this incident."


def given_by(author: Who) -> str:
    """What the reminder of an update says once that is given, as Markdown."""
    return f"✅ {texts.name(author)} gave a status update."


def _answered_update(run: Run) -> str:
    """Whose update answers the last reminder; empty: nobody's."""
    newest = next((act for act in reversed(run.acts) if act.kind == UPDATE), None)
    last = _last(run, UPDATE_DUE)
    if newest is None or last is None or last.at > newest.at + ORDER_SECONDS:
        return ""
    return given_by(newest.by)


def reminder_text(due: DueReminder, state: RunState, called: Who, zone: str) -> str:
    """A reminder as Markdown that calls one person. Pure."""
    name = f"@{called.name}: " if called.name else ""
    if due.about == NO_COMMANDER:
        return f"⏰ {name}nobody leads this incident yet. Who is commander?"
    when = times.clock(times.iso(due.since), times.zone(zone), near=times.iso(state.plan.at))
    again = " It is overdue." if due.number > 1 else ""
    return f"⏰ {name}the next status update was due at {when}.{again}"


def ask_for_update(context: Context, run: Run, incident: Incident, by: Who, about: str) -> str:
    """Somebody wants a status update: the commander is asked in the room, once for each `about`;
    the post's id. Raises the gateways' errors."""
    state = run.state
    called = _called(context, state, incident)
    name = f"@{called.name}: " if called.name else ""
    text = f"🙋 {name}{texts.name(by)} asks for a status update."
    opens = f"{controls.OPENS} {controls.UPDATE}"
    shown = []
    if _has_buttons(context):
        shown = [_button(context, run, "update", "Status update…", opens)]
    key = told_key(run, f"asked {about}")
    return posted(context, run, key, text, {"asked": by.id}, since=context.clock(), actions=shown)


def strike_out(context: Context, run: Run, about: str, words: str) -> None:
    """The reminders of that kind say that it is done, without buttons. What can't be changed now
    stays as it is: a click on it does no harm. `words`: Markdown."""
    last = _last(run, about)
    if last is None:
        return
    try:
        post = context.mattermost.get_post(last.post)
        props = post.get("props")
        if isinstance(props, dict) and props.get("attachments"):  # not struck out before
            own = {PROPS_KEY: {"incident": run.incident, "key": key_of(post)}}
            context.mattermost.patch_post(last.post, message=words, props=own)
    except WriteRefused:
        raise
    except PackError as error:
        context.log.info("A reminder of %s stays: %s", run.incident, context.line_of(error))


def _last(run: Run, about: str) -> Optional[Act]:
    """That the last one of it was posted."""
    return next(
        (a for a in reversed(run.acts) if a.kind == SENT and a.of == about and a.post), None
    )


def _called(context: Context, state: RunState, incident: Incident) -> Who:
    """The commander while there is one that can be called, else whoever is on call."""
    commander = state.commander
    if commander.id:
        with suppress(NotFound):  # a deactivated one is no longer there
            return people.by_id(context, commander.id)
    return people.on_call(context, incident) or Who()


def _actions(context: Context, run: Run, due: DueReminder) -> List[Mapping[str, Any]]:
    if not _has_buttons(context):
        return []
    if due.about == NO_COMMANDER:
        return [_button(context, run, "lead", "I lead", f"{controls.COMMANDER} me")]
    opens = f"{controls.OPENS} {controls.UPDATE}"
    options = [{"text": text, "value": f"{controls.REMIND} {value}"} for value, text in LATER]
    return [
        _button(context, run, "update", "Status update…", opens),
        {
            "id": f"later{due.number}",
            "name": "Remind again…",
            "type": "select",
            "options": options,
            "integration": _call(context, run, ""),
        },
        _button(context, run, "stop", "Stop reminding", f"{controls.REMIND} off"),
    ]


def _has_buttons(context: Context) -> bool:
    chat = context.settings.chat
    return chat.has_buttons and not chat.read_only


def _button(context: Context, run: Run, id: str, name: str, said: str) -> Mapping[str, Any]:
    return {**controls.button(id, name), "integration": _call(context, run, said)}


def _call(context: Context, run: Run, said: str) -> Mapping[str, Any]:
    chat = context.settings.chat
    key = chat.signing_keys[0].reveal()
    return controls.call(run.incident, said, chat.public_url, key, context.clock())
