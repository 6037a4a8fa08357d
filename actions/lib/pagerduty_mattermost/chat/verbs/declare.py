"""New incidents: `create` makes one, `declare` asks for it in a dialog."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Sequence, Tuple

from pagerduty_mattermost.cards import incident_lists
from pagerduty_mattermost.chat.acting_user import find_sender, resolve_mentions
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, words
from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.chat.named_people import people
from pagerduty_mattermost.chat.verb import INCIDENTS, PAGERDUTY, Verb
from pagerduty_mattermost.chat.verbs.changes import checked_urgency
from pagerduty_mattermost.chat.verbs.named_incidents import incident_of, named
from pagerduty_mattermost.chat.verbs.touched import named_service
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    RejectedInput,
    reworded,
    wrong_field,
)
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.quotes import plain
from pagerduty_mattermost.core.text import clean, cut_at_word, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import incident_updates
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve, row_by_id
from pagerduty_mattermost.playbooks.playbook import NO_PLAYBOOK

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

MAX_TITLE_CHARACTERS = 1024
"""PagerDuty takes no longer title."""
_IN_FRONT_OF_SERVICE = ("on", "for", "in", "at")
_ARTICLES = ("", "a ", "an ", "new ", "a new ")


def create(context: Context, command: Command) -> CommandResult:
    """An incident with the title `text` on `service`; without a service an event to the one of
    `service_key`."""
    whole = one_line(command.text)
    title = cut_at_word(whole, MAX_TITLE_CHARACTERS)
    if not title:
        raise RejectedInput("what is wrong? Say it after the command")
    if not command.service:
        return _send_event(context, command, whole)
    import uuid

    with wrong_field("service"):
        service = resolve(context.pagerduty, "service", command.service)
    email = find_sender(context, command.user, command.from_email)
    given = {
        "type": "incident",
        "title": title,
        "service": {"id": service.id, "type": "service_reference"},
        "incident_key": command.key or uuid.uuid4().hex,
        **_further_fields(context, command),
    }
    given = with_whole_title(given, whole)
    with explained(context, service):
        row = context.pagerduty.create_incident(given, from_email=email)
    incident = incident_of(row)
    people = escape(one_line(", ".join(one.name for one in incident.assignees), 200))
    to = f", assigned to {people}" if people else ""
    text = f"Triggered {named(incident)}{to}, in the name of {copyable(email)}."
    if command.options.get("room") or _playbook(command):
        text += f"\n\n{_with_room(context, command, incident)}"
    return CommandResult(text, (incident.id,), email)


def _with_room(context: Context, command: Command, incident: Incident) -> str:
    """What became of the room, and of the playbook, that are wanted with it: the incident stands
    in any case."""
    from pagerduty_mattermost.chat.verbs.rooms import room
    from pagerduty_mattermost.chat.verbs.start import start

    name = _playbook(command)
    wanted = command._replace(incidents=incident.id, text=name)
    try:
        return (start if name else room)(context, wanted).message
    except PackError as error:
        what = "playbook" if name else "room"
        return f":warning: It has no {what}: {escape(error.in_chat)}"


def _playbook(command: Command) -> str:
    """The playbook that was named; empty where none was, or that none is wanted."""
    name = command.options.get("playbook", "").strip()
    return "" if name == NO_PLAYBOOK else name


def declare(context: Context, command: Command) -> CommandResult:
    """Where no form can be opened (a chat bot, a dry run): what to type instead, of what was
    typed."""
    title, service = _title_and_service(words_of(clean(command.text, 300)))
    say = typed_trigger(title, service, _typed_options(command))
    if not command.typed:
        raise RejectedInput(f"declare opens a form, and none opens here: say {say}")
    lacks = "which service" if command.text else "what, and on which service"
    raise RejectedInput(f"{command.typed}: {lacks}? Say {say}")


def typed_fields(command: Command) -> Dict[str, str]:
    """What was typed of a declaration, by the names of its form's fields: so much of a command
    that lacks something need not be typed once more."""
    line = words_of(clean(command.text))
    title, service = line.said(), ""
    if line.before(1).is_quoted() and (command.typed or line.word(1) in _IN_FRONT_OF_SERVICE):
        title, service = _title_and_service(line)
    options = {name: one_line(value) for name, value in command.options.items() if value}
    return {**options, "title": title, "service": service}


def _title_and_service(line: TypedLine) -> Tuple[str, str]:
    """What stands in quotes, and the service beside it; of what has no quotes all is the title."""
    last = len(line.words) - 1
    title, service = line, line.rest(len(line.words))
    if last > 0 and line.rest(last).is_quoted():
        title, service = line.rest(last), line.before(last)
    elif last > 0 and line.before(1).is_quoted():
        title, service = line.before(1), line.rest(1)
    service = service.without(*_IN_FRONT_OF_SERVICE).without("service")
    return title.said(), service.said().rstrip(": ")


def typed_trigger(title: str, service: str, options: Sequence[str] = ()) -> str:
    """How it is typed, in backticks; what is not known, or can't stand in it, as a place to
    fill."""
    title, service = plain(one_line(clean(title, 300))), one_line(clean(service, 300))
    what = title if title and _repeatable(title) else "<what>"
    on = service if service and _repeatable(service) else "<service>"
    return "`" + " ".join([f'/pd trigger "{what}" on {on}', *options]) + "`"


def _repeatable(words: str) -> bool:
    """Whether it can stand in quotes in a command that is shown."""
    return not any(mark in words for mark in '`"\u201c\u201d\u201e')


def _typed_options(command: Command) -> List[str]:
    """The options as they are typed."""
    words = {name: one_line(value) for name, value in command.options.items()}
    flags = [f"--{name}" for name in _FLAGS if words.pop(name, "")]
    return flags + [
        f'--{name} "{value}"' if " " in value else f"--{name} {value}"
        for name, value in words.items()
        if value and _repeatable(value)
    ]


def _further_fields(context: Context, command: Command) -> Dict[str, Any]:
    """The options urgency, priority, assign and details as fields that PagerDuty takes."""
    changes: Dict[str, Any] = {
        name: command.options[name]
        for name in ("urgency", "priority")
        if command.options.get(name)
    }
    if "urgency" in changes:
        with wrong_field("urgency"):
            changes["urgency"] = checked_urgency(changes["urgency"], "--urgency")
    if command.options.get("assign"):
        with wrong_field("assign"):
            changes["assignees"] = resolve_mentions(
                context, people(command.options["assign"]), command.user
            )
    made = incident_updates.fields(context.pagerduty, changes)
    if command.options.get("details"):
        made["body"] = {"type": "incident_body", "details": clean(command.options["details"])}
    return made


@contextmanager
def explained(context: Context, service: Reference) -> Iterator[None]:
    """Where PagerDuty refuses an incident on the service: why, if the service says so."""
    try:
        yield
    except RejectedInput as error:
        why = _silence(context, service)
        if not why:
            raise
        line = f"nothing is triggered: {service.name} {why}"
        raise reworded(error, line) from None


def _silence(context: Context, service: Reference) -> str:
    """Why it triggers nothing now; empty where that is not known."""
    from pagerduty_mattermost.gateways.pagerduty.maintenance_windows import read_open

    try:
        row = row_by_id(context.pagerduty, "service", service.id) or {}
        if row.get("status") == "disabled":
            return "is disabled at PagerDuty"
        now, zone = context.clock(), times.zone(context.settings.time_zone)
        windows = [one for one in read_open(context.pagerduty, service.id) if one.start <= now]
    except PackError:
        return ""
    if not windows:
        return ""
    until = times.stamp_at(max(one.end for one in windows), zone)
    ids = " and ".join(f"`/pd maintenance end {one.id}`" for one in windows[:3])
    return f"is in maintenance until {until}; {ids} ends that"


def with_whole_title(given: Dict[str, Any], whole: str) -> Dict[str, Any]:
    """The incident with all of a title that had to be cut in its details."""
    if len(whole) <= MAX_TITLE_CHARACTERS:
        return given
    details = (given.get("body") or {}).get("details")
    text = f"{whole}\n\n{details}" if details else whole
    return {**given, "body": {"type": "incident_body", "details": text}}


def _send_event(context: Context, command: Command, whole: str) -> CommandResult:
    """As the Exchange's pack does it: an event to the service of `service_key`, of which PagerDuty
    makes an incident. It takes the event also where it makes none of it, so the incident is looked
    for."""
    from pagerduty_mattermost.gateways.pagerduty.event_outcome import came_of

    config = context.settings.pagerduty
    if not config.service_key:
        raise RejectedInput(
            "on which service? Say: trigger <what is wrong> on service <name>; or set service_key"
        )
    email = ""
    if not context.settings.chat.anonymous_create:
        email = find_sender(context, command.user, command.from_email)
    title = cut_at_word(whole, MAX_TITLE_CHARACTERS)
    event: Dict[str, Any] = {
        "service_key": config.service_key.reveal(),
        "event_type": "trigger",
        "description": title,
        **({"incident_key": command.key} if command.key else {}),
        **({"details": {"description": whole}} if title != whole else {}),
    }
    key = str(context.events.send_v1(event).get("incident_key"))
    found = came_of(context.pagerduty, key, event["service_key"], sleep=context.sleep)
    asked = f", asked for by {escape(email)}" if email else ""
    if found.row is None:
        return CommandResult(
            f":warning: PagerDuty took the event {escape(one_line(title, 200))}{asked}, but no "
            f"incident came of it: {escape(found.why)} (incident key {escape(key)}).",
            person=email,
            problem=f"no incident came of it: {found.why}",
        )
    incident = incident_of(found.row)
    table = incident_lists.incidents([incident], times.zone(context.settings.time_zone))
    text = f"Triggered {escape(one_line(title, 200))} (incident key {escape(key)}){asked}."
    return CommandResult(f"{text}\n\n{table}", (incident.id,), email)


def touched_by_trigger(context: Context, command: Command) -> List[Dict[str, Any]]:
    """The service that the event would reach, with its teams; none where that is not known."""
    from pagerduty_mattermost.gateways.pagerduty.event_outcome import service_of

    if command.service:
        return named_service(context, command)
    key = context.settings.pagerduty.service_key
    if not key:
        return []
    found = service_of(context.pagerduty, key.reveal())
    if found is None:
        raise NotFound("PagerDuty shows no service with the integration of service_key")
    return [found]


def titled_on_service(line: TypedLine) -> Fields:
    """`"<title>" on [service] <service>`, or `on <service>: "<title>"`. Without quotes the last
    "on" is the one in front of the service."""
    if line.word(0) == "on":
        behind = line.rest(1).without("service")
        service, title = behind.before(len(behind.words) - 1), behind.rest(len(behind.words) - 1)
        return _fields(title, service) if service and title.is_quoted() else None
    if line.before(1).is_quoted() and line.word(1) == "on":
        return _fields(line.before(1), line.rest(2))
    found = line.cut("on", last=True)
    return None if found is None else _fields(found[0], found[1])


def _fields(title: TypedLine, service: TypedLine) -> Fields:
    if len(service.words) > 1:
        service = service.without("service")
    name = service.said().rstrip(": ")
    return {"text": title.said(), "service": name} if name else None


_OPTIONS, _FLAGS = ("urgency", "priority", "assign", "details", "playbook"), ("room",)

VERBS = (
    Verb(
        name="create",
        run=create,
        usage='trigger "<title>" on <service>',
        example='trigger "The shop is slow" on Checkout API',
        help="trigger an incident",
        forms=(Form(("trigger",), FormReader(("service", "text"), titled_on_service)),),
        group=INCIDENTS,
        options=_OPTIONS,
        flags=_FLAGS,
        changes=PAGERDUTY,
        reaches_people=True,
        includes=("declare",),
        to_do="trigger incidents",
        includes_if=lambda command: (
            *(("page",) if command.options.get("assign") else ()),
            *(("room",) if command.options.get("room") else ()),
            *(("start", "room") if _playbook(command) else ()),
        ),
        touches=touched_by_trigger,
        says="Trigger “{text}”{on}{options}",
        button="Trigger",
    ),
    Verb(
        name="declare",
        run=declare,
        usage="declare [title | link to a post]",
        example="declare The shop is slow",
        help="trigger an incident in a form; a linked post becomes its details",
        forms=(
            Form(
                tuple(
                    f"{declare}{incident}"
                    for declare in ("declare", "new", "create")
                    for incident in ("", *(f" {one}incident" for one in _ARTICLES))
                ),
                words("text", required=False),
            ),
            Form(("trigger",), words("text", required=False), fixed={"typed": "trigger"}),
        ),
        also_called=("begin", "raise", "report", "open"),
        options=_OPTIONS,
        flags=_FLAGS,
        to_do="declare incidents",
        group=INCIDENTS,
        changes=PAGERDUTY,
        says="Trigger “{text}”{on}{options}",
    ),
)
