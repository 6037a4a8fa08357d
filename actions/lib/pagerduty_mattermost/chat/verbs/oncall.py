"""Who is on call: `oncall`."""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Dict, List, Sequence, Tuple

from pagerduty_mattermost.chat.acting_user import find_person, who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, words
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import PEOPLE, Verb
from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import Ambiguous, NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.core.typed_times import is_time
from pagerduty_mattermost.gateways.pagerduty import on_calls
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import (
    KINDS,
    Reference,
    resolve,
    search,
    search_words,
)
from pagerduty_mattermost.oncall import last_known
from pagerduty_mattermost.oncall.last_known import LastKnown
from pagerduty_mattermost.people.display_names import both, usernames

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

LOOK_AHEAD_DAYS = 30
"""In which the next shift is looked for."""
ON_CALL = ("oncall", "on-call", "on call")
WHO_IS = ("", "who's ", "who is ", "whos ")
_KINDS = ("service", "escalation_policy", "schedule", "user")
MAX_LISTED = 10


def on_call(context: Context, command: Command) -> CommandResult:
    """Of a service, an escalation policy, a schedule or a person, by name or a part of it; of
    `me`; bare: of the services of the asker's teams."""
    text = command.text.strip()
    if text.lower() in ("me", "i"):
        return _me(context, command)
    if not text:
        return _teams(context, command)
    if text.startswith("@"):
        person = find_person(context, text, command.user)
        return _person(context, person.id, person.name)
    now = context.pagerduty.now()
    try:
        target = meant(context.pagerduty, text)
        if target.kind == "user":
            return _person(context, target.id, target.name)
        found = _read(context, target, now)
    except RetryLater as error:
        kept = last_known.find(context.store, text, now)
        if kept is None:
            raise
        at = times.stamp_at(kept.at, times.zone(context.settings.time_zone))
        why = escape(one_line(error.in_chat, 200))
        ago = last_known.age(kept.at, now)
        head = f":warning: {why}. As of {at}, {ago} ago:"
        return CommandResult(f"{head}\n\n{_answer(context, kept, now)}")
    last_known.keep(context.store, text, found)
    return CommandResult(_answer(context, found, now))


def meant(pagerduty: PagerDuty, text: str, kinds: Sequence[str] = _KINDS) -> Reference:
    """For who only looks: the first of the kinds that has the name, else the only one whose name
    it is a part of, else the only one whose name has all of its words. Raises Ambiguous, NotFound
    with near spellings, and the gateway's errors."""
    partial: List[Reference] = []
    for kind in kinds:
        found = search(pagerduty, kind, text)
        if found.exact:
            return resolve(pagerduty, kind, text) if found.exact[1:] else found.exact[0]
        partial += found.partial
    near = ""
    if not partial:
        partial, near = search_words(pagerduty, kinds, text)
    if len(partial) == 1:
        return partial[0]
    shown = repr(one_line(clean(text, 100)))
    if partial:
        listed = ", ".join(f"{one.name} ({KINDS[one.kind].word})" for one in partial[:MAX_LISTED])
        more = f" and {len(partial) - MAX_LISTED} more" if partial[MAX_LISTED:] else ""
        raise Ambiguous(
            f"{shown} is a part of {len(partial)} names: say one in full, {listed}{more}"
        )
    if not near and kinds == _KINDS and _ends_in_a_time(text):
        near = (
            ": `/pd oncall <name>` shows who is on call now and next, `/pd oncall week "
            "<schedule>` the days ahead"
        )
    named = [KINDS[kind].word for kind in kinds]
    one_of = " or ".join(part for part in (", ".join(named[:-1]), named[-1]) if part)
    raise NotFound(f"there is no {one_of} {shown}{near}")


def _ends_in_a_time(text: str) -> bool:
    """As "tomorrow", "Checkout tonight" and "next week" do."""
    last = text.split()[-1].lower()
    return is_time(last) or last in ("tonight", "week", "weekend", "morning", "evening", "next")


def _read(context: Context, target: Reference, now: float) -> LastKnown:
    """Who is on call, and who comes next. Raises NotFound and the gateway's errors."""
    kind = target.kind
    until = now + LOOK_AHEAD_DAYS * 86400
    if kind == "schedule":
        rows = on_calls.of_schedule(
            context.pagerduty, target.id, target.name, since=now, until=until
        )
        return LastKnown(now, target.name, False, rows)
    policy = target.escalation_policy_id if kind == "service" else target.id
    if not policy:
        raise NotFound(f"the service {target.name!r} has no escalation policy")
    of = {"escalation_policy_ids": [policy]}
    rows = on_calls.read(context.pagerduty, of, since=now, until=until)
    return LastKnown(now, target.name, True, rows)


def _answer(context: Context, found: LastKnown, now: float) -> str:
    shifts = on_calls.paired(found.rows, now)
    if not shifts:
        return f"Nobody is on call for {escape(found.name)}."
    table = _table(context, shifts, levels=found.levels)
    return f"On call for {escape(found.name)}:\n\n{table}"


def _table(context: Context, shifts: Sequence[on_calls.Shift], *, levels: bool) -> str:
    zone, username = times.zone(context.settings.time_zone), usernames(context)
    rows = []
    for shift in shifts[: markdown.MAX_ROWS]:
        present, coming = shift
        next_one = both(coming.user, username(coming.user)) if coming else ""
        following = f"{next_one} from {times.stamp(coming.start, zone)}" if coming else ""
        until = (
            times.stamp(present.end, zone)
            if present and present.end
            else "always"
            if present
            else ""
        )
        cells = [
            *([str((present or coming).level)] if levels else []),  # type: ignore[union-attr]
            markdown.cell(both(present.user, username(present.user)) if present else "nobody"),
            markdown.cell(until),
            markdown.cell(following),
        ]
        rows.append(cells)
    head = [*(["level"] if levels else []), "on call", "until", "next"]
    more = f"\n… and {len(shifts) - len(rows)} more." if len(shifts) > len(rows) else ""
    return markdown.table(head, rows) + more


def _me(context: Context, command: Command) -> CommandResult:
    return _person(context, who_asks(context, command.user).person.id, "")


def _person(context: Context, id: str, whose: str) -> CommandResult:
    """What somebody is on call for, and from when for what next. `whose`: their name; empty: the
    asker."""
    now, zone = context.pagerduty.now(), times.zone(context.settings.time_zone)
    shifts = on_calls.shifts(context.pagerduty, {"user_ids": [id]}, now=now, days=LOOK_AHEAD_DAYS)
    present = [one for one, _ in shifts if one]
    coming = sorted(
        (one for _, one in shifts if one), key=lambda one: times.seconds(one.start) or 0.0
    )
    name = f"{escape(whose)} is" if whose else "You are"
    if not shifts:
        return CommandResult(
            f"{name} in no rota: on call for nothing, and no shift begins within "
            f"{LOOK_AHEAD_DAYS} days."
        )
    lines = []
    if present:
        rows = [
            (
                markdown.cell(one.policy),
                str(one.level),
                markdown.cell(times.stamp(one.end, zone) or "always"),
            )
            for one in present[: markdown.MAX_ROWS]
        ]
        lines.append(
            f"{name} on call:\n\n" + markdown.table(("escalation policy", "level", "until"), rows)
        )
    else:
        lines.append(f"{name} not on call.")
    if coming:
        first = coming[0]
        lines.append(
            f"Next: {escape(first.policy)}, level {first.level}, from "
            f"{times.stamp(first.start, zone)}"
            f" until {times.stamp(first.end, zone)}."
        )
    return CommandResult("\n\n".join(lines))


def _teams(context: Context, command: Command) -> CommandResult:
    """Three requests, however many services there are (and their pages)."""
    person = who_asks(context, command.user).person
    row = context.pagerduty.get(fill("/users/{user}", user=person.id)).get("user") or {}
    teams = [
        str(team["id"])
        for team in row.get("teams") or ()
        if isinstance(team, dict) and team.get("id")
    ]
    if not teams:
        raise RejectedInput(
            "on call for what? You are in no team at PagerDuty: `/pd oncall <service or schedule>`"
        )
    services = context.pagerduty.list_all("/services", "services", {"team_ids": teams}).items
    policies: Dict[str, List[str]] = {}
    for service in services:
        policy = str((service.get("escalation_policy") or {}).get("id") or "")
        if policy:
            policies.setdefault(policy, []).append(str(service.get("name") or ""))
    if not policies:
        return CommandResult("Your teams have no service with an escalation policy.")
    rows = on_calls.read(context.pagerduty, {"escalation_policy_ids": list(policies)})
    zone, username = times.zone(context.settings.time_zone), usernames(context)
    mine = [
        (", ".join(sorted(policies[one.policy_id])), one)
        for one in rows
        if one.policy_id in policies
    ]
    mine.sort(key=lambda each: (each[0], each[1].level, each[1].user.name))
    shown: List[Tuple[str, ...]] = []
    for names, one in mine[: 2 * markdown.MAX_ROWS]:
        until = times.stamp(one.end, zone) or "always"
        whom = markdown.cell(both(one.user, username(one.user)))
        shown.append((markdown.cell(names), str(one.level), whom, until))
    more = f"\n… and {len(mine) - len(shown)} more." if len(mine) > len(shown) else ""
    return CommandResult(
        "On call for your teams' services:\n\n"
        + markdown.table(("services", "level", "on call", "until"), shown)
        + more
    )


def _of_now(line: TypedLine) -> Fields:
    """A name, also with "now" behind it."""
    named = words("text", required=False, behind=("for",), asked=True)
    for now in (("right", "now"), ("now",), ("currently",)):
        if line.rest(len(line.words) - len(now)).keys(len(now)) == now and line:
            return named.read(line.before(len(line.words) - len(now)))
    return named.read(line)


VERBS = (
    Verb(
        name="oncall",
        run=on_call,
        usage="oncall [name | @user | me]",
        example="oncall Checkout API",
        help="who is on call for a service, escalation policy or schedule, by its name or a part "
        "of it; when a person is, or you are; without a name: for your teams' services",
        forms=(
            Form(
                tuple(f"{who}{call}" for who in WHO_IS for call in ON_CALL),
                FormReader(("text",), _of_now),
            ),
            Form(
                tuple(
                    words
                    for call in ON_CALL
                    for words in (
                        f"am i {call}",
                        f"when am i {call}",
                        f"when am i next {call}",
                        f"am i {call} next",
                        f"when am i {call} next",
                    )
                ),
                fixed={"text": "me"},
            ),
        ),
        also_called=("who", "rota", "duty"),
        to_do="ask who is on call",
        group=PEOPLE,
    ),
)
