"""Who works on an incident: `escalate`, `reassign`, `responders`."""

# flake8: noqa: E203,W503

from __future__ import annotations

from typing import TYPE_CHECKING, Optional, Sequence

from pagerduty_mattermost.chat.acting_user import resolve_mentions, who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import (
    Fields,
    Form,
    FormReader,
    incidents_and,
    nothing,
    words,
)
from pagerduty_mattermost.chat.line import TypedLine, words_of
from pagerduty_mattermost.chat.named_people import people
from pagerduty_mattermost.chat.verb import ACT, ONE, OPEN_STATES, PAGERDUTY, Verb
from pagerduty_mattermost.chat.verbs.named_incidents import (
    incident_of,
    named,
    sender_and_incident,
    sender_and_row,
)
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, reworded, wrong_field
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import incident_updates
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.references import (
    Reference,
    resolve,
    resolve_all,
    suggestions,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident


def escalate(context: Context, command: Command) -> CommandResult:
    """To the level in `text`, by default the next one; or to another escalation policy, by
    name."""
    words = one_line(clean(command.text, 300))
    level = _level(words)
    policy = None if level is not None or not words else _policy(context, words)
    if level == 0 or (words and level is None and policy is None):
        with wrong_field("text"):
            raise NotFound(
                f"there is no level and no escalation policy {words[:60]!r}: say level 2, or the "
                "name of a policy; `/pd reassign` gives it to people"
            )
    email, row = sender_and_row(context, command, OPEN_STATES)
    if policy:
        return _to_policy(context, incident_of(row), policy, email, "Escalated")
    try:
        changed = incident_updates.escalate(context.pagerduty, row, level, from_email=email)
    except incident_updates.AtLastLevel as error:
        with wrong_field("text"):
            raise reworded(error, _at_last_level(incident_of(row), error.levels)) from None
    except incident_updates.LevelNotKnown as error:
        # Which parameter an action lacks says nothing to people who type.
        say = f"say `/pd escalate {row.get('incident_number')} to level 2`"
        with wrong_field("text"):
            raise reworded(error, f"{error.why}; {say}") from None
    except RejectedInput as error:
        with wrong_field("text"):
            raise reworded(error, str(error)) from None
    before, after = incident_of(row), incident_of(changed)
    reached = ", ".join(person.name for person in after.assignees) or "nobody"
    line = f"Escalated {named(after)} to {escape(one_line(reached, 200))}."
    stays = _same_people(before, after)
    if stays:
        whose, go_on = "the next level", f"`/pd reassign {after.number} @user` gives it to others"
        if level is not None:
            whose, go_on = (
                f"level {level}",
                f"`/pd escalate {after.number}` goes to the next level",
            )
        line = (
            f"{named(after)} stays with {escape(one_line(reached, 200))}, who {_are(after)} on "
            f"{whose}: nobody new is paged. {go_on}."
        )
    return CommandResult(line, (after.id,), email, (after,), already=stays)


def _at_last_level(incident: Incident, levels: int) -> str:
    """Where there is no next level: who is paged now, and what else can be done."""
    people = one_line(", ".join(person.name for person in incident.assignees), 200)
    number = incident.number
    others = f"`/pd reassign {number} @user`"
    return (
        f"#{number} is at the last level ({levels} of {levels}) already"
        f"{f', with {people}' if people else ''}: "
        + (f"`/pd escalate {number} to level 1`, or {others}" if levels > 1 else others)
    )


def reassign(context: Context, command: Command) -> CommandResult:
    """To people by @name, e-mail, name or id, several with commas; or to an escalation policy by
    name."""
    words = people(command.text)
    if not words:
        raise RejectedInput(
            "to whom? @name, e-mail or name, several with commas; or an escalation policy"
        )
    email, incident = sender_and_incident(context, command, OPEN_STATES)
    try:
        with wrong_field("text"):
            changes = {"assignees": resolve_mentions(context, words, command.user)}
        after = incident_of(
            incident_updates.update(context.pagerduty, incident.id, changes, from_email=email)
        )
    except NotFound:
        text = command.text.strip()
        policy = None if "@" in text else _policy(context, text)
        if policy is None and len(words) == 1 and "@" not in text:
            with wrong_field("text"):
                near = suggestions(context.pagerduty, ("user", "escalation_policy"), text)
                line = f"there is no user or escalation policy {text[:60]!r}{near}"
                raise NotFound(line) from None
        if policy is None:
            _refuse_policies(context, words)
            raise
        return _to_policy(context, incident, policy, email, "Reassigned")
    return CommandResult(
        f"{named(after)} {_handed(incident, after)}.", (after.id,), email, (after,)
    )


def _handed(before: Incident, after: Incident) -> str:
    """Who has it now, and who had it."""
    now, then = _assigned(after), _assigned(before)
    if not then:
        return f"is assigned to {now}"
    if _same_people(before, after):
        return f"stays assigned to {now}"
    return f"is reassigned to {now} (it was assigned to {then})"


def _assigned(incident: Incident) -> str:
    return escape(one_line(", ".join(person.name for person in incident.assignees), 200))


def _refuse_policies(context: Context, words: Sequence[str]) -> None:
    """Raises RejectedInput where escalation policies stand among people."""
    if len(words) < 2:
        return
    if [one for one in words if "@" not in one and _policy(context, one) is not None]:
        with wrong_field("text"):
            raise RejectedInput("either people or one escalation policy, not several and not both")


def responders(context: Context, command: Command) -> CommandResult:
    """Asks people to help. PagerDuty wants to know which of its users asks, so who gives the
    command must be one."""
    words = people(command.text)
    if not words:
        raise RejectedInput("whom? @name, e-mail or name, several with commas")
    requester = who_asks(context, command.user).person
    _, incident = sender_and_incident(context, command)
    with wrong_field("text"):
        named_people = resolve_mentions(context, words, command.user)
        found = resolve_all(context.pagerduty, "user", named_people)
    body = {
        "requester_id": requester.id,
        "message": f"Please help with {incident.title}",
        "responder_request_targets": [
            {"responder_request_target": {"id": one.id, "type": "user_reference"}} for one in found
        ],
    }
    path = fill("/incidents/{incident}/responder_requests", incident=incident.id)
    context.pagerduty.post(path, body, from_email=requester.email)
    asked = escape(one_line(", ".join(one.name for one in found), 200))
    return CommandResult(
        f"Asked {asked} to help with {named(incident)}.", (incident.id,), requester.email
    )


def _same_people(before: Incident, after: Incident) -> bool:
    """Whether whoever has the incident now had it before."""
    had, has = ({person.id for person in one.assignees} for one in (before, after))
    return bool(has) and had == has


def _are(incident: Incident) -> str:
    return "is" if len(incident.assignees) == 1 else "are"


def _level(words: str) -> Optional[int]:
    """2 of "2", "level 2" and "level2"; None for other words."""
    number = words.lower()[len("level") :] if words.lower().startswith("level") else words
    number = number.strip()
    return int(number) if number.isascii() and number.isdecimal() and len(number) < 4 else None


def _policy(context: Context, words: str) -> Optional[Reference]:
    """The escalation policy of that name, None when there is none."""
    line = words_of(words)
    prefix = next(
        (p for p in (("escalation", "policy"), ("policy",)) if line.keys(len(p)) == p), ()
    )
    name = (line.rest(len(prefix)) if len(line.words) > len(prefix) else line).said()
    try:
        return resolve(context.pagerduty, "escalation_policy", name)
    except NotFound:
        return None


def _to_policy(
    context: Context, incident: Incident, policy: Reference, email: str, done: str
) -> CommandResult:
    changes = {"escalation_policy": policy.id}
    after = incident_of(
        incident_updates.update(context.pagerduty, incident.id, changes, from_email=email)
    )
    reached = escape(
        one_line(", ".join(person.name for person in after.assignees) or "nobody", 200)
    )
    text = f"{done} {named(after)} to {escape(policy.name)}: {reached}."
    if _same_people(incident, after):
        text = (
            f"{named(after)} is under {escape(policy.name)} now and stays with {reached}: nobody "
            "new is paged."
        )
    return CommandResult(text, (after.id,), email, (after,))


def _ask_to_help(line: TypedLine) -> Fields:
    """`<people> to help with incident <id>`."""
    found = line.cut("to")
    if found is None or found[1].keys(2) != ("help", "with"):
        return None
    incident = incidents_and(nothing(), required=True).read(found[1].rest(2))
    return None if incident is None else {**incident, "text": found[0].said()}


VERBS = (
    Verb(
        name="escalate",
        run=escalate,
        usage="escalate [id] [level | policy]",
        example="escalate 1234 to level 2",
        help="page the next level, level 2, or another escalation policy",
        forms=(
            Form(
                ("escalate",),
                incidents_and(words("text", required=False, behind=("to",)), numbers=True),
            ),
        ),
        group=ACT,
        changes=PAGERDUTY,
        reaches_people=True,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        includes_if=lambda command: (
            ("reassign",) if command.text.strip() and _level(command.text.strip()) is None else ()
        ),
        says="Escalate {incidents} to {to}",
        to_do="escalate incidents",
    ),
    Verb(
        name="reassign",
        run=reassign,
        usage="reassign [id] <@user or policy>",
        example="reassign 1234 @grace",
        help="to people (several with commas) or an escalation policy",
        forms=(Form(("reassign", "assign"), incidents_and(words("text", behind=("to",)))),),
        also_called=("transfer", "handover", "delegate"),
        group=ACT,
        changes=PAGERDUTY,
        reaches_people=True,
        incidents=ONE,
        states=OPEN_STATES,
        repaints=True,
        names_people=True,
        says="Assign {incidents} to {text}",
        to_do="reassign incidents",
    ),
    Verb(
        name="responders",
        run=responders,
        usage="add-responder [id] <@user>",
        example="add-responder 1234 @grace",
        help="ask people for help",
        forms=(
            Form(
                tuple(
                    f"{add}{who}"
                    for add in ("add-", "add ", "add")
                    for who in ("responder", "responders")
                ),
                incidents_and(words("text")),
            ),
            Form(("ask",), FormReader(("incidents", "text"), _ask_to_help)),
        ),
        group=ACT,
        changes=PAGERDUTY,
        reaches_people=True,
        incidents=ONE,
        names_people=True,
        says="Ask {text} to help with {incidents}",
        to_do="ask people for help",
        button="Ask for help",
    ),
)
