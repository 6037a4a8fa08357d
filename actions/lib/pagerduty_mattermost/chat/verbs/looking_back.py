"""What happened to an incident, for who looks at it later or joins late: `timeline` in chat and as
a file, sealed and verified; `catchup`; `similar` and `changes`, which PagerDuty itself knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.chat.acting_user import account
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, incidents_and, nothing
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import CHAT, INCIDENTS, ONE, PAGERDUTY, Verb
from pagerduty_mattermost.chat.verbs.named_incidents import named, read_one, sender_and_incident
from pagerduty_mattermost.chat.verbs.rooms import ONLY_MEMBERS, asker, may_see
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import escape, one_line

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.reviews.gathering import GatheredFacts

FILE_FORMS = ("md", "html", "csv", "json")
"""As which a timeline comes: held to `reviews.showing.FORMS` by a test."""
PICTURE = "png"
"""Of the time between tasks."""
MAX_CHANGES_NAMED = 20


def timeline(context: Context, command: Command) -> CommandResult:
    """What happened, a line each."""
    from pagerduty_mattermost.reviews import showing

    found = _gathered(context, command)
    zone = times.zone(context.settings.time_zone)
    incident = found.incident
    which = incident.number or incident.id
    more = f"`/pd timeline {which} md` sends all of it to you as a file; also html, csv, json."
    lines = [
        f"Timeline of {named(incident)}:",
        "",
        showing.as_lines(incident, found.entries, zone),
        "",
        *found.warnings,
        more,
    ]
    return CommandResult("\n".join(lines), (incident.id,))


def timeline_file(context: Context, command: Command) -> CommandResult:
    """All of it as a file, or a picture of the time between tasks, in a direct message."""
    from pagerduty_mattermost.reviews import pictures, sealing, showing

    found = _gathered(context, command)
    incident, zone = found.incident, times.zone(context.settings.time_zone)
    if command.text == PICTURE:
        content = pictures.gaps_png(incident, found.entries, zone)
    else:
        seal = sealing.of_entries(context, incident.id, found.entries)
        at = seal.at if seal else 0.0
        text = showing.as_file(command.text, incident, found.entries, zone, at)
        content = text.encode("utf-8")
    name = f"timeline-{incident.number or incident.id}.{command.text}"
    said = "\n".join([f"Timeline of {named(incident)}", *found.warnings])
    return CommandResult(sent(context, command, name, content, said), (incident.id,))


def sent(context: Context, command: Command, name: str, content: bytes, said: str) -> str:
    """A file in a direct message, once for the command; what is said of it."""
    channel = context.mattermost.direct_channel(account(context, command.user).id)
    file_id = context.mattermost.upload_file(channel.id, name, content)
    context.post_once(channel.id, said, key=command.key, file_ids=[file_id])
    return f"`{name}` was sent to you in a direct message."


def timeline_seal(context: Context, command: Command) -> CommandResult:
    """Its digests are kept, and the end of their chain is noted at PagerDuty."""
    from pagerduty_mattermost.reviews import sealing

    email, incident = sender_and_incident(context, command)
    require_seen(context, command, incident.id)
    made = sealing.seal(context, incident.id, from_email=email)
    count = len(made.seal.entries)
    if made.already:
        text = f"Nothing is new: the timeline of {named(incident)} is sealed with {count} entries."
        return CommandResult(text, (incident.id,), already=True)
    text = (
        f"The timeline of {named(incident)} is sealed with {count} entries; PagerDuty has a note "
        "with its SHA-256. `/pd timeline verify` shows what is changed from now on."
    )
    return CommandResult(text, (incident.id,), email)


def timeline_verify(context: Context, command: Command) -> CommandResult:
    """What is not as it was when it was sealed last."""
    from pagerduty_mattermost.reviews import sealing

    incident = read_one(context, command)
    require_seen(context, command, incident.id)
    found = sealing.verify(context, incident.id)
    at = times.stamp_at(found.sealed_at, times.zone(context.settings.time_zone))
    if not found.changes:
        text = f"✅ All {found.entries} entries are as they were sealed at {at}."
        return CommandResult(text, (incident.id,))
    lines = [f"- {escape(one_line(one))}" for one in found.changes[:MAX_CHANGES_NAMED]]
    if len(found.changes) > MAX_CHANGES_NAMED:
        lines.append(f"- … and {len(found.changes) - MAX_CHANGES_NAMED} more")
    head = f":warning: Not as it was sealed at {at}:"
    return CommandResult("\n".join([head, *lines]), (incident.id,))


def catchup(context: Context, command: Command) -> CommandResult:
    """State, who does what, last update, tasks, marked messages, and what is new since one looked
    last."""
    from pagerduty_mattermost.reviews.last_looks import catch_up

    incident = read_one(context, command)
    user = asker(context, command)
    found = catch_up(context, incident.id, user, lambda room: may_see(context, command, room))
    return CommandResult(found.text, (incident.id,))


def similar(context: Context, command: Command) -> CommandResult:
    """Earlier incidents like it, and others of now that may belong to it."""
    from pagerduty_mattermost.incidents import alike

    incident = read_one(context, command)
    past, related = (
        alike.numbered(context.pagerduty, alike.read(context.pagerduty, incident.id, what))
        for what in (alike.PAST, alike.RELATED)
    )
    zone = times.zone(context.settings.time_zone)
    lines = [
        *alike.as_lines(alike.HEADS[alike.PAST], past, zone),
        *alike.as_lines(alike.HEADS[alike.RELATED], related, zone),
    ]
    if past is None and related is None:
        lines = [
            f"PagerDuty does not say what is like {named(incident)}: its plan does not have it."
        ]
    elif not lines:
        lines = [f"PagerDuty knows nothing that is like {named(incident)}."]
    return CommandResult("\n".join(lines), (incident.id,))


def changes(context: Context, command: Command) -> CommandResult:
    """What was changed shortly before, as PagerDuty was told."""
    from pagerduty_mattermost.incidents import alike

    incident = read_one(context, command)
    found = alike.read(context.pagerduty, incident.id, alike.CHANGES)
    if found is None:
        text = (
            f"PagerDuty's plan does not have changes: nothing is known before {named(incident)}."
        )
        return CommandResult(text, (incident.id,))
    zone = times.zone(context.settings.time_zone)
    lines = alike.as_lines(f"{alike.HEADS[alike.CHANGES]} {named(incident)}", found, zone)
    text = "\n".join(lines) or f"PagerDuty knows of no change before {named(incident)}."
    return CommandResult(text, (incident.id,))


def _gathered(context: Context, command: Command) -> GatheredFacts:
    from pagerduty_mattermost.reviews.gathering import gather

    incident = read_one(context, command)
    return gather(context, incident.id, lambda room: may_see(context, command, room))


def require_seen(context: Context, command: Command, incident_id: str) -> None:
    """What was said and done in a private room is its members' alone, and so is the proof of it.
    Raises RejectedInput."""
    from pagerduty_mattermost.reviews.gathering import room_of

    room = room_of(context, incident_id)
    if room is not None and not may_see(context, command, room):
        raise RejectedInput(ONLY_MEMBERS)


def file_form(*more: str) -> FormReader:
    """Incidents and behind them, or before them, as which file; `more`: besides FILE_FORMS."""
    forms = (*FILE_FORMS, *more)
    incidents = incidents_and(nothing())

    def read(line: TypedLine) -> Fields:
        count = len(line.words)
        if not count:
            return None
        for word, rest in ((0, line.rest(1)), (count - 1, line.before(count - 1))):
            form = line.word(word).lstrip(".")
            if form in forms:
                fields = incidents.read(_no_as(rest))
                return None if fields is None else {**fields, "text": form}
        return None

    return FormReader(("incidents", "text"), read)


def _no_as(line: TypedLine) -> TypedLine:
    count = len(line.words)
    return line.before(count - 1) if count and line.word(count - 1) == "as" else line


VERBS = (
    Verb(
        name="timeline_file",
        run=timeline_file,
        usage="timeline [id] md|html|csv|json|png",
        example="timeline 1234 md",
        help="the timeline as a file, or a picture of the time between tasks, in a direct message",
        to_do="export timelines",
        forms=(
            Form(
                ("timeline", "timeline as", "timeline export", "export timeline"),
                file_form(PICTURE),
            ),
            Form(
                ("timeline picture", "timeline picture of", "picture of the timeline"),
                incidents_and(nothing()),
                {"text": PICTURE},
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        changes=CHAT,
        for_everybody=True,
        is_detail=True,
        dry_run="It would send you a file.",
    ),
    Verb(
        name="timeline",
        run=timeline,
        usage="timeline [id]",
        example="timeline 1234",
        help="what happened, in order, with links",
        to_do="see timelines",
        forms=(Form(("timeline", "show timeline", "timeline of"), incidents_and(nothing())),),
        group=INCIDENTS,
        incidents=ONE,
        also_called=("history", "log"),
    ),
    Verb(
        name="timeline_seal",
        run=timeline_seal,
        usage="timeline seal [id]",
        example="timeline seal 1234",
        help="keep a proof of the timeline as it is, noted at PagerDuty",
        to_do="seal timelines",
        forms=(
            Form(
                ("timeline seal", "seal timeline", "seal the timeline"), incidents_and(nothing())
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        changes=PAGERDUTY,
        is_detail=True,
        says="Seal the timeline of {incidents}",
        button="Seal timeline",
    ),
    Verb(
        name="timeline_verify",
        run=timeline_verify,
        usage="timeline verify [id]",
        example="timeline verify 1234",
        help="what was changed since the timeline was sealed",
        to_do="verify timelines",
        forms=(
            Form(
                ("timeline verify", "verify timeline", "verify the timeline", "timeline check"),
                incidents_and(nothing()),
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        is_detail=True,
    ),
    Verb(
        name="catchup",
        run=catchup,
        usage="catchup [id]",
        example="catchup 1234",
        help="what you have to know when you join, and what is new since you last asked",
        to_do="catch up",
        forms=(
            Form(("catchup", "catch up", "catch me up", "catch-up"), incidents_and(nothing())),
        ),
        group=INCIDENTS,
        incidents=ONE,
        also_called=("summary", "tldr", "brief"),
    ),
    Verb(
        name="similar",
        run=similar,
        usage="similar [id]",
        example="similar 1234",
        help="earlier incidents like it, and others that may belong to it",
        to_do="see similar incidents",
        forms=(
            Form(
                (
                    "similar",
                    "similar incidents",
                    "similar to",
                    "incidents similar to",
                    "past incidents",
                ),
                incidents_and(nothing()),
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        is_detail=True,
    ),
    Verb(
        name="changes",
        run=changes,
        usage="changes [id]",
        example="changes 1234",
        help="what was changed shortly before it",
        to_do="see changes",
        forms=(
            Form(
                ("changes", "changes before", "recent changes", "change events"),
                incidents_and(nothing()),
            ),
        ),
        group=INCIDENTS,
        incidents=ONE,
        is_detail=True,
    ),
)
