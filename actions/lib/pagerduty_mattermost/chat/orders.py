"""What an order that came through the chat sensor asks for, as a command. Pure."""

# flake8: noqa: E203

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Dict, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.cards.buttons import (
    ACKNOWLEDGE_ALL,
    CONFIRMED,
    DETAILS,
    LIST_OPEN,
    PAGE,
    SNOOZE_UNTIL,
)
from pagerduty_mattermost.chat import audit, dialogs, run_clicks
from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.dialogs import DECLARE
from pagerduty_mattermost.chat.named_people import is_me
from pagerduty_mattermost.chat.verb import ALL_OF_ASKER, IF_SEVERAL
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.core.config.chat import BULK, OVERRIDE_OTHERS
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import without_invisible
from pagerduty_mattermost.core.typed_times import (
    LONG_SECONDS,
    TypedSpan,
    is_length,
    read_span,
    span_in_words,
)
from pagerduty_mattermost.gateways.mattermost.values import is_id, marked_id
from pagerduty_mattermost.runs import controls

if TYPE_CHECKING:
    from pagerduty_mattermost.chat.parser import Parsed

SNOOZE, SHOW = "snooze", "show"
OVERRIDES = ("override", "override_all")
REPLAYED = "replayed"
"""In an order that a person replays by hand."""
VALID_SECONDS = 60.0
"""Seconds after which an order is no longer carried out: nobody expects it any more."""
_VERB_OF_DIALOG = {"status": "status_update", "resolvenote": "resolve"}
"""What dialogs do, where their verb (`buttons.DIALOGS`) is no command's name."""


def command_of(order: Mapping[str, Any]) -> Tuple[Command, bool]:
    """The command, and whether it is a dry run. Raises RejectedInput for one that can't be read,
    with what to type instead."""
    if order.get("kind") == "command":
        command, dry = _typed(order)
    else:
        command, dry = _clicked(order), False
    user, name, channel = (
        str(order.get(name) or "") for name in ("user_id", "user_name", "channel_id")
    )
    command = command._replace(user=marked_id(user), user_name=name, channel=channel)
    hook = str(order.get("hook") or "")
    return command._replace(
        at=made_at(order), written=run_clicks.is_written(order), hook=hook
    ), dry


def _typed(order: Mapping[str, Any]) -> Tuple[Command, bool]:
    """As the listener read it; an order that was kept by an earlier version is read here."""
    if order.get("command"):
        return _from_text(str(order["command"])), bool(order.get("dry_run"))
    parsed = read_typed(str(order.get("text") or ""))
    if parsed.problem:
        raise RejectedInput(parsed.problem)
    return parsed.command, parsed.dry_run


def read_typed(text: str) -> Parsed:
    """What stands behind `/pd`, where Mattermost says who typed it."""
    from pagerduty_mattermost.chat.parser import parse

    parsed = parse(text)
    if parsed.command.from_email:
        problem = 'here you act in your own name: leave out "from …"; Mattermost says who you are'
        return parsed._replace(problem=problem)
    return parsed


def needs_form(parsed: Parsed) -> bool:
    """Whether what was typed alone opens a form, where one can be opened."""
    said = parsed.command
    wanted = said.verb == DECLARE or (said.verb == controls.UPDATE and not said.text)
    return wanted and not parsed.dry_run


def _clicked(order: Mapping[str, Any]) -> Command:
    """The command of a button, a choice or a submitted dialog."""
    verb, incident, text = (
        without_invisible(str(order.get(name) or "")) for name in ("verb", "incident", "text")
    )
    if verb in (CONFIRMED, PAGE):
        return _from_text(text)
    if verb == DECLARE:
        values = _values(order.get("values"))
        service = values.pop("service", "")
        if values.get("assign"):
            values["assign"] = _people(values["assign"])
        return Command("create", text=text, service=service, options=values)
    if verb == controls.UPDATE and order.get("kind") == "dialog":
        return Command(
            controls.UPDATE, incidents=incident, text=text, options=_values(order.get("values"))
        )
    if verb in dialogs.FORMS:
        return _of_form(verb, _values(order.get("values")))
    if verb == SNOOZE_UNTIL:
        until = str(_values(order.get("values")).get("until") or "")
        return Command(SNOOZE, incidents=incident, duration=_behind("until", until))
    if verb.startswith(SNOOZE):
        return Command(SNOOZE, incidents=incident, duration=verb[len(SNOOZE) :])
    if verb == ACKNOWLEDGE_ALL:
        return Command("acknowledge", service=text, brief=True)
    if verb == LIST_OPEN:
        return Command("list", service=text)
    if verb == DETAILS:
        return Command(SHOW, incidents=incident)
    if order.get("kind") == "row":
        # The list as it is now comes with the answer: what else is open need not be read twice.
        return Command(verb, incidents=incident, brief=bool(order.get("origin")))
    on_playbook = order.get("kind") == "click" and verb in controls.CLICKED
    if on_playbook or order.get("kind") == "reaction":
        return _of_run(verb, incident, text)
    known = TABLE.get(verb)
    chosen = _people(text) if known is not None and known.names_people else text
    return Command(_VERB_OF_DIALOG.get(verb, verb), incidents=incident, text=chosen, brief=True)


def _of_run(verb: str, incident: str, text: str) -> Command:
    """Of a click on a playbook post, as `runs.controls` says what it wants, or of a reaction in a
    room, as `chat.run_hearing` says what it means."""
    given = Command(verb, incidents=incident, brief=True)
    if verb == controls.CHECK:
        task, _, state = text.rpartition(":")
        return given._replace(task=task, text=state)
    if verb in (controls.TASK_RUN, "assign_task"):
        return given._replace(task=text)
    return given._replace(duration=text) if verb == controls.REMIND else given._replace(text=text)


def _of_form(verb: str, values: Mapping[str, Any]) -> Command:
    """The command of a filled-in form, which opens where a command is typed without more."""
    begin, end = (str(values.get(name) or "") for name in ("from", "until"))
    span = _behind("until", end)
    if begin and begin.lower() != "now":
        span = f"from {begin} {span}"
    if verb == dialogs.MAINTENANCE:
        return Command(verb, service=str(values.get("service") or ""), duration=span)
    person = _people(str(values.get("person") or ""))
    return Command(verb, service=str(values.get("schedule") or ""), duration=span, text=person)


def _behind(word: str, when: str) -> str:
    """A moment with "until" in front; a length, which needs no word, with "for"."""
    if when.lower().startswith((f"{word} ", "for ", "to ")):
        return when
    return f"for {when}" if is_length(when) else f"{word} {when}"


def _people(chosen: str) -> str:
    """Whom somebody chose comes as Mattermost's id of the user; what was typed, and PagerDuty's
    own ids, stay."""
    words = [word.strip() for word in chosen.split(",")]
    return ", ".join(f"@{marked_id(word)}" if is_id(word) else word for word in words if word)


def origin_of(order: Mapping[str, Any]) -> Optional[Command]:
    """The command in whose answer somebody clicked, in their name; None where there is none to be
    seen."""
    if not (order.get("hook") and order.get("origin")):
        return None
    user, channel = (str(order.get(name) or "") for name in ("user_id", "channel_id"))
    return _from_text(str(order["origin"]))._replace(user=marked_id(user), channel=channel)


def entry_name(order: Mapping[str, Any]) -> str:
    """Name of the order's entry in the audit, by which the same order is known again; empty where
    a person replays a failed command, which is an act of its own."""
    if order.get(REPLAYED):
        return ""
    return audit.order_entry(str(order.get("id")), made_at(order))


def made_at(order: Mapping[str, Any]) -> float:
    """When it arrived, seconds since the epoch; 0 where that is not said."""
    until = float(order.get("valid_until") or 0)
    return until - VALID_SECONDS if until else 0.0


def is_act(order: Mapping[str, Any]) -> bool:
    """Whether it would change something; what can't be read would not."""
    if order.get("kind") == "note":
        return True
    try:
        command, dry = command_of(order)
    except RejectedInput:
        return False
    return not dry and TABLE.is_act(command.verb)


def given(order: Mapping[str, Any]) -> str:
    """The order in its giver's words, for telling them of it."""
    if order.get("kind") in ("command", "note"):
        return str(order.get("text") or order.get("kind"))
    try:
        command, _ = command_of(order)
    except RejectedInput:
        return str(order.get("verb") or "")
    verb = TABLE.get(command.verb)
    typed = verb.typed if verb is not None else command.verb
    words = (typed, command.service, command.incidents, command.duration, command.text)
    return " ".join(word for word in words if word)


def is_awaited(order: Mapping[str, Any]) -> bool:
    """Whether its dialog stays open until it is known what came of it."""
    return bool(order.get("awaited_until"))


def written(order: Mapping[str, Any]) -> str:
    """The words that somebody wrote in a dialog; not whom or what they chose."""
    verb, text = str(order.get("verb") or ""), str(order.get("text") or "")
    if verb == DECLARE:
        details = str(_values(order.get("values")).get("details") or "")
        return "\n\n".join(part for part in (text, details) if part)
    return text if verb in ("note", "resolvenote", "status", controls.UPDATE) else ""


def needs_confirmation(what: Command, listed: Sequence[str], asker: str = "") -> bool:
    """Whether its giver is asked first. `listed` (chat.confirm): names of verbs, which count for
    whatever does the same in other words, `bulk` for what is done to several incidents at once,
    `override_others`. `asker`: username of the giver."""
    verb = TABLE.get(what.verb)
    if verb is None:
        return False
    if any(name in listed for name in (verb.name, *verb.includes)):
        return True
    if OVERRIDE_OTHERS in listed and verb.name in OVERRIDES and what.text.strip():
        taker = what.text.strip().lower().rstrip(".,:;!?")
        return not (is_me(taker) or taker == f"@{asker}".lower())
    several = verb.incidents == ALL_OF_ASKER or "," in what.incidents
    return BULK in listed and several and verb.confirmed == IF_SEVERAL


def long_span(what: Command, now: float, zone: str) -> Optional[TypedSpan]:
    """From when until when, of what lasts more than a week. Raises RejectedInput for times that do
    not read, and for what lasts too long."""
    verb = TABLE.get(what.verb)
    if verb is None or not verb.longest_days or not what.duration:
        return None
    span = read_span(what.duration, now=float(int(now)), zone=zone)
    if span.end - span.start > verb.longest_days * 86400:
        raise RejectedInput(
            f"`/pd {verb.typed}` is for {verb.longest_days} days at most, not "
            f"{span_in_words(span, zone)}"
        )
    return span if span.end - span.start > LONG_SECONDS else None


def as_text(what: Command) -> str:
    """The command as text, for a confirmation's signature."""
    kept = {
        name: value
        for name, value in what._asdict().items()
        if value and name not in ("user", "channel", "user_name", "at", "written", "hook")
    }
    return json.dumps(kept)


def _from_text(text: str) -> Command:
    return Command("")._replace(**_values(text))


def _values(text: Any) -> Dict[str, Any]:
    try:
        found = json.loads(str(text or "{}"))
    except ValueError:
        found = None
    if not isinstance(found, dict):
        return {}
    return {
        name: without_invisible(value) if isinstance(value, str) else value
        for name, value in found.items()
    }
