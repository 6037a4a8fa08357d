"""Change the state of incidents: acknowledge, resolve, mitigate, take back, open again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional, Sequence, Tuple

from pagerduty_mattermost.cards import incident_lists
from pagerduty_mattermost.cards.incident_memory import MitigatedMark
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.chat.acting_user import find_sender, signer, who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult, HalfDone
from pagerduty_mattermost.chat.forms import (
    Form,
    either,
    incidents_and,
    nothing,
    sender,
    words,
)
from pagerduty_mattermost.chat.verb import (
    ACKNOWLEDGED,
    ACT,
    ALL_OF_ASKER,
    IF_SEVERAL,
    MANY,
    ONE,
    OPEN_STATES,
    PAGERDUTY,
    RESOLVED,
    TRIGGERED,
    Verb,
)
from pagerduty_mattermost.chat.verbs.named_incidents import (
    how_it_is,
    incident_of,
    named,
    sender_and_incident,
    sender_and_row,
)
from pagerduty_mattermost.chat.verbs.run_of import in_run
from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import NotKnown, PackError
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.text import clean, escape
from pagerduty_mattermost.gateways.pagerduty import status_updates
from pagerduty_mattermost.gateways.pagerduty.client import Listing
from pagerduty_mattermost.gateways.pagerduty.find_incident import OPEN_QUERY, IncidentFinder
from pagerduty_mattermost.gateways.pagerduty.incident_updates import (
    BulkOutcome,
    back_to_triggered,
    manage,
)
from pagerduty_mattermost.gateways.pagerduty.notes import has_note, write_note

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.pagerduty.references import Reference

MAX_OPEN_INCIDENTS = 100
"""What is still open is counted up to this many."""
_DONE = {ACKNOWLEDGED: "Acknowledged", RESOLVED: "Resolved"}
_ENDED = ("end", "close", "closed", "done", "finish", "finished")
_FIXED = ("fix", "fixed", "solve", "solved")
"""These and the ones above are words that people use for `resolve`."""
_ACKNOWLEDGE, _RESOLVE = (TRIGGERED,), OPEN_STATES
"""In which states it is done. A resolved incident is never acknowledged: PagerDuty would reopen
it."""


def acknowledge(context: Context, command: Command) -> CommandResult:
    return _set(context, command, ACKNOWLEDGED, _ACKNOWLEDGE)


def acknowledge_mine(context: Context, command: Command) -> CommandResult:
    """All that is triggered and assigned to who asks."""
    person = who_asks(context, command.user).person
    rows = _triggered(context, person)
    if not rows:
        return CommandResult(f"Nothing is triggered and assigned to {escape(person.name)}.")
    return _change(context, command, rows, ACKNOWLEDGED, person.email, [])


def _triggered(context: Context, person: Reference) -> List[Dict[str, Any]]:
    """And assigned to the person."""
    query = {"statuses": list(_ACKNOWLEDGE), "date_range": "all", "user_ids": [person.id]}
    return context.pagerduty.list_all("/incidents", "incidents", query).items


def resolve(context: Context, command: Command, done: str = "") -> CommandResult:
    """With a note in `text`, on each of them, once they are resolved. On what was resolved already
    it is written too, unless it stands there: a try before may have ended in between. `done`: the
    word for it, where it is another one than Resolved."""
    try:
        given = _set(context, command, RESOLVED, _RESOLVE, done)
    except HalfDone as half:
        if not command.text:
            raise
        missing = _notes_missing(context, command, half.result)
        line = " ".join([str(half), *missing])
        raise HalfDone(line, half.result, half) from None
    if not command.text:
        return given
    given = given._replace(
        person=given.person or find_sender(context, command.user, command.from_email)
    )
    missing = _notes_missing(context, command, given)
    first, *rest = given.message.split("\n")
    if not missing:
        noted = "it" if len(given.incidents) == 1 else "each of them"
        first += f" {'A note says so' if done else f'Your note is on {noted}'}."
    lines = [first, *rest, *map(escape, missing)]
    return given._replace(message="\n".join(lines), problem=" ".join(missing))


def _notes_missing(context: Context, command: Command, done: CommandResult) -> List[str]:
    """Write the note on what was resolved; a line for each that it is not on, not escaped."""
    missing = []
    for incident in done.incidents:
        try:
            if not (done.already and has_note(context.pagerduty, incident, command.text)):
                write_note(context.pagerduty, incident, command.text, from_email=done.person)
        except PackError as error:
            missing.append(f"The note is not there: {error.in_chat}")
    return missing


def mitigate(context: Context, command: Command) -> CommandResult:
    """The harm has stopped, the cause is still being looked for. PagerDuty has no such state: so
    it is told in a note and a status update, and the cards are marked until the incident is
    reopened or resolved."""
    email, incident = sender_and_incident(context, command, OPEN_STATES)
    if incident.status == TRIGGERED:
        changed = manage(
            context.pagerduty, [incident.id], {"status": ACKNOWLEDGED}, from_email=email
        ).after
        incident = incident_of(changed[0]) if changed else incident
    words = clean(command.text).strip()
    who = signer(context, command.user, email)
    text = f"Mitigated: {words}" if words else f"Mitigated by {who.name}"
    failed = []
    try:
        write_note(context.pagerduty, incident.id, text, from_email=email)
    except PackError as error:
        failed.append(f"The note is not there: {error.in_chat}")
    at = context.pagerduty.last_server_time or context.clock()
    try:
        IncidentRecords(context.store, incident.id, context.log).save_mark(
            MitigatedMark(email, times.iso(at), who.name, who.id)
        )
        line = f"{named(incident)} is marked as mitigated in the name of {copyable(email)}."
    except PackError as error:
        line = f"{named(incident)} is mitigated in the name of {copyable(email)}."
        failed.append(f"The card is not marked: {error.in_chat}")
    try:
        status_updates.publish(context.pagerduty, incident.id, text, from_email=email)
    except PackError as error:
        there = "T" if failed else "The note is there, t"
        failed.append(f"{there}he status update failed: {error.in_chat}")
    if not failed:
        line += " A note and a status update say so."
    left = in_run(context, command, incident.id, "mitigated", words)
    failed += [left] if left else []
    told = "\n".join([line, *map(escape, failed)])
    return CommandResult(told, (incident.id,), email, problem=" ".join(failed))


def unacknowledge(context: Context, command: Command) -> CommandResult:
    email, row = sender_and_row(context, command, (ACKNOWLEDGED,))
    after = incident_of(back_to_triggered(context.pagerduty, row, ACKNOWLEDGED, from_email=email))
    return CommandResult(f"{named(after)} is triggered again.", (after.id,), email, (after,))


def reopen(context: Context, command: Command) -> CommandResult:
    email, row = sender_and_row(context, command, (RESOLVED,))
    after = incident_of(back_to_triggered(context.pagerduty, row, RESOLVED, from_email=email))
    return CommandResult(f"{named(after)} is open again.", (after.id,), email, (after,))


def _set(
    context: Context, command: Command, status: str, before: Tuple[str, ...], done: str = ""
) -> CommandResult:
    """Give the named incidents that are in a state of `before` the new one; of the others it is
    told how they are, and they are left alone."""
    # Whoever PagerDuty does not know costs nothing more.
    email = find_sender(context, command.user, command.from_email)
    finder = IncidentFinder(context.pagerduty)
    rows = finder.find_all(command.incidents)
    fit = [row for row in rows if row.get("status") in before]
    others = [how_it_is(incident_of(row)) for row in rows if row not in fit]
    if not fit:
        return CommandResult(" ".join(others), tuple(row["id"] for row in rows), already=True)
    return _change(context, command, fit, status, email, others, finder, done)


def _change(
    context: Context,
    command: Command,
    rows: List[Dict[str, Any]],
    status: str,
    email: str,
    others: List[str],
    finder: Optional[IncidentFinder] = None,
    done: str = "",
) -> CommandResult:
    """Give all of them the new state. `others`: lines about those left alone; `finder`: what
    found them, which may have read what is open; `done`: as of `resolve`."""
    ids = tuple(str(row["id"]) for row in rows)
    outcome = manage(context.pagerduty, ids, {"status": status}, from_email=email)
    if outcome.error is not None:
        raise _half_done(outcome, outcome.error, rows, status, email)
    after = tuple(incident_of(row) for row in outcome.after)
    others = [*(how_it_is(one) for one in after if one.id in outcome.already), *others]
    own = [row for row in rows if str(row["id"]) not in outcome.already]
    which = _listed([named(incident_of(row)) for row in own])
    word = done or _DONE[status]
    lines = [f"{word} {which} in the name of {copyable(email)}."] if own else []
    lines += others
    if not command.brief:
        left = None
        if finder is not None and finder.open is not None:
            left = _left_open(finder.open, finder.open_total, ids, outcome.after)
        lines.append(_still_open(context, left))
    return CommandResult("\n".join(lines), ids, email, after)


def _half_done(
    outcome: BulkOutcome, error: PackError, rows: List[Dict[str, Any]], status: str, email: str
) -> HalfDone:
    """The error, with what is done and what is not, in one line."""
    numbers = {str(row["id"]): f"#{row.get('incident_number')}" for row in rows}
    done, rest = (_listed([numbers[id] for id in ids]) for ids in (outcome.done, outcome.not_done))
    not_done = f"{'Perhaps not' if isinstance(error, NotKnown) else 'Not'} {status}"
    after = tuple(incident_of(row) for row in outcome.after)
    # What is done and what is not comes first: the audit keeps the beginning of a long line.
    line = f"{_DONE[status]}: {done}. {not_done}: {rest}. {error.in_chat}"
    return HalfDone(line, CommandResult(line, outcome.done, email, after), error)


def _listed(words: Sequence[str]) -> str:
    """The first of them, and how many more there are."""
    more = len(words) - markdown.MAX_ROWS
    return ", ".join(words[: markdown.MAX_ROWS]) + (f" and {more} more" if more > 0 else "")


def _left_open(
    were_open: Listing, total: int, ids: Sequence[str], after: Sequence[Mapping[str, Any]]
) -> Optional[Listing]:
    """What is open after the change, of what was open right before it: these of `total`. None
    where that does not tell, so that it has to be read. Pure."""
    changed = {str(row["id"]): dict(row) for row in after}
    if not set(ids) <= set(changed):
        return None
    rows = [changed.get(str(row.get("id")), row) for row in were_open.items]
    left = [row for row in rows if row.get("status") in OPEN_STATES][:MAX_OPEN_INCIDENTS]
    closed = sum(row.get("status") not in OPEN_STATES for row in changed.values())
    if were_open.truncated and not left:
        return None
    return Listing(left, total - closed > len(left))


def _still_open(context: Context, known: Optional[Listing]) -> str:
    """What is open after the change; that it can't be told, where PagerDuty does not say."""
    try:
        found = known or context.pagerduty.list_all(
            "/incidents", "incidents", OPEN_QUERY, MAX_OPEN_INCIDENTS
        )
    except PackError as error:
        return f"(What is still open is not known: {escape(error.in_chat)})"
    left = [incident_of(row) for row in found.items]
    return incident_lists.still_open(left, truncated=found.truncated)


VERBS = (
    Verb(
        name="acknowledge_mine",
        run=acknowledge_mine,
        usage="ack mine",
        example="ack mine",
        help="acknowledge all that is triggered and assigned to you",
        forms=(
            Form(
                tuple(
                    f"{ack} {mine}"
                    for ack in ("ack", "acknowledge")
                    for mine in ("mine", "all mine", "all of mine")
                ),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ALL_OF_ASKER,
        states=_ACKNOWLEDGE,
        confirmed=IF_SEVERAL,
        repaints=True,
        includes=("acknowledge",),
        touches=lambda context, command: _triggered(
            context, who_asks(context, command.user).person
        ),
        says="Acknowledge {mine}",
        to_do="acknowledge incidents",
        button="Acknowledge",
    ),
    Verb(
        name="acknowledge",
        run=acknowledge,
        usage="ack [ids]",
        example="ack 1234 1235",
        help="acknowledge incidents",
        forms=(Form(("ack", "acknowledge", "acknowledged"), incidents_and(sender(), most=0)),),
        also_called=("acked", "accept", "claim", "acknowlege"),
        group=ACT,
        changes=PAGERDUTY,
        incidents=MANY,
        states=_ACKNOWLEDGE,
        confirmed=IF_SEVERAL,
        repaints=True,
        says="Acknowledge {incidents}",
        to_do="acknowledge incidents",
    ),
    Verb(
        name="resolve",
        run=resolve,
        usage="resolve [ids] [note]",
        example="resolve 1234 disk replaced",
        help="resolve incidents, with a note",
        forms=(
            Form(
                ("resolve", "resolved"),
                incidents_and(either(sender(), words("text")), most=0, note=True),
            ),
        ),
        also_called=(*_ENDED, *_FIXED),
        group=ACT,
        changes=PAGERDUTY,
        incidents=MANY,
        states=_RESOLVE,
        confirmed=IF_SEVERAL,
        repaints=True,
        includes_with_text=("note",),
        says="Resolve {incidents}{note}",
        to_do="resolve incidents",
    ),
    Verb(
        name="mitigate",
        run=mitigate,
        usage="mitigate [id] [text]",
        example="mitigate 1234 traffic is elsewhere",
        help="acknowledge, add the note and status update “Mitigated …”, mark the card",
        forms=(
            Form(
                ("mitigate", "mitigated"),
                incidents_and(words("text", required=False), note=True),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        includes=("acknowledge", "note", "status_update"),
        to_do="mitigate incidents",
        says="Mark {incidents} as mitigated, with a note and a status update{words}",
    ),
    Verb(
        name="unacknowledge",
        run=unacknowledge,
        usage="unack [id]",
        example="unack 1234",
        help="take the acknowledgement back",
        forms=(Form(("unack", "unacknowledge"), incidents_and(nothing())),),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=(ACKNOWLEDGED,),
        repaints=True,
        says="Take the acknowledgement of {incidents} back",
        to_do="take acknowledgements back",
        button="Take back",
    ),
    Verb(
        name="reopen",
        run=reopen,
        usage="reopen [id]",
        example="reopen 1234",
        help="open a resolved one again",
        forms=(Form(("reopen",), incidents_and(nothing())),),
        also_called=("restart", "reopened", "unresolve", "retrigger"),
        group=ACT,
        changes=PAGERDUTY,
        incidents=ONE,
        states=(RESOLVED,),
        repaints=True,
        says="Open {incidents} again",
        to_do="reopen incidents",
    ),
)
