"""Who is on call, services and maintenance windows, as people ask in chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Sequence, Tuple

from pagerduty_mattermost.cards import incident_tables as chat_tables
from pagerduty_mattermost.chat.acting_user import sender, who
from pagerduty_mattermost.chat.command import Answer, Said
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.gateways.pagerduty import on_calls as oncall
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.references import resolve
from pagerduty_mattermost.people.display_names import both, usernames

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

LOOK_AHEAD = 30
"""Days in which the next shift is looked for."""
_KINDS = ("service", "escalation_policy", "schedule")


def on_call(context: Context, said: Said) -> Answer:
    """Of a service, an escalation policy or a schedule: the first of them that has the name; of
    `me`; bare: of the services of the asker's teams."""
    text = said.text.strip()
    if text.lower() in ("me", "i"):
        return _me(context, said)
    if not text:
        return _teams(context, said)
    if text.startswith("@"):
        return _person(context, who(context, text).person.id)
    for kind in _KINDS:
        try:
            target = resolve(context.pagerduty, kind, text)
        except NotFound:
            continue
        return _of(context, kind, target.id, target.name, target.escalation_policy_id)
    raise NotFound(
        f"there is no service, escalation policy or schedule {one_line(clean(text, 100))!r}"
    )


def _of(context: Context, kind: str, id: str, name: str, policy: str) -> Answer:
    if kind == "service" and not policy:
        raise NotFound(f"the service {name!r} has no escalation policy")
    asked = ("escalation_policy", policy) if kind == "service" else (kind, id)
    now = context.pagerduty.now()
    shifts = oncall.shifts(
        context.pagerduty, {asked[0] + "_ids": [asked[1]]}, now=now, days=LOOK_AHEAD
    )
    if not shifts:
        return Answer(f"Nobody is on call for {escape(name)}.")
    return Answer(
        f"On call for {escape(name)}:\n\n" + _table(context, shifts, levels=kind != "schedule")
    )


def _table(context: Context, shifts: Sequence[oncall.Shift], *, levels: bool) -> str:
    zone, username = times.zone(context.settings.time_zone), usernames(context)
    rows = []
    for shift in shifts[: chat_tables.ROWS]:
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
            chat_tables.cell(both(present.user, username(present.user)) if present else "nobody"),
            chat_tables.cell(until),
            chat_tables.cell(following),
        ]
        rows.append(cells)
    head = [*(["level"] if levels else []), "on call", "until", "next"]
    more = f"\n… and {len(shifts) - len(rows)} more." if len(shifts) > len(rows) else ""
    return chat_tables.table(head, rows) + more


def _me(context: Context, said: Said) -> Answer:
    return _person(context, who(context, said.user).person.id, you=said)


def _person(context: Context, id: str, you: Said | None = None) -> Answer:
    """What somebody is on call for, and from when for what next."""
    now, zone = context.pagerduty.now(), times.zone(context.settings.time_zone)
    shifts = oncall.shifts(context.pagerduty, {"user_ids": [id]}, now=now, days=LOOK_AHEAD)
    present = [one for one, _ in shifts if one]
    coming = sorted(
        (one for _, one in shifts if one), key=lambda one: times.seconds(one.start) or 0.0
    )
    name = (
        "You are"
        if you
        else f"{escape((present or coming)[0].user.name)} is"
        if shifts
        else "Nobody of that name is"
    )
    lines = []
    if present:
        rows = [
            (
                chat_tables.cell(one.policy),
                str(one.level),
                chat_tables.cell(times.stamp(one.end, zone) or "always"),
            )
            for one in present[: chat_tables.ROWS]
        ]
        lines.append(
            f"{name} on call:\n\n"
            + chat_tables.table(("escalation policy", "level", "until"), rows)
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
    elif not present:
        lines.append(f"No shift begins within {LOOK_AHEAD} days.")
    return Answer("\n\n".join(lines))


def _teams(context: Context, said: Said) -> Answer:
    """Three requests, however many services there are (and their pages)."""
    person = who(context, said.user).person
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
        return Answer("Your teams have no service with an escalation policy.")
    rows = oncall.read(context.pagerduty, {"escalation_policy_ids": list(policies)})
    zone, username = times.zone(context.settings.time_zone), usernames(context)
    mine = [
        (", ".join(sorted(policies[one.policy_id])), one)
        for one in rows
        if one.policy_id in policies
    ]
    mine.sort(key=lambda each: (each[0], each[1].level, each[1].user.name))
    shown: List[Tuple[str, ...]] = []
    for names, one in mine[: 2 * chat_tables.ROWS]:
        until = times.stamp(one.end, zone) or "always"
        whom = chat_tables.cell(both(one.user, username(one.user)))
        shown.append((chat_tables.cell(names), str(one.level), whom, until))
    more = f"\n… and {len(mine) - len(shown)} more." if len(mine) > len(shown) else ""
    return Answer(
        "On call for your teams' services:\n\n"
        + chat_tables.table(("services", "level", "on call", "until"), shown)
        + more
    )


def services(context: Context, said: Said) -> Answer:
    query = {"query": said.text} if said.text else {}
    found = context.pagerduty.list_all("/services", "services", query, chat_tables.ROWS)
    if not found.items:
        return Answer("There is no such service.")
    rows = [
        (
            chat_tables.cell(row.get("name")),
            chat_tables.cell(row.get("status"), 40),
            chat_tables.cell((row.get("escalation_policy") or {}).get("summary")),
        )
        for row in found.items
    ]
    more = "\n… and more: say part of the name." if found.truncated else ""
    return Answer(chat_tables.table(("service", "status", "escalation policy"), rows) + more)


def maintenance(context: Context, said: Said) -> Answer:
    """From now on. Sent once: PagerDuty has no key for it, two windows would be no harm and two to
    end."""
    from pagerduty_mattermost.core.typed_times import iso_time
    from pagerduty_mattermost.gateways.pagerduty.create_once import create

    now = float(int(context.clock()))
    until = times.seconds(iso_time(said.duration, now=now, zone=context.settings.time_zone) or "")
    if until is None or until <= now:
        raise RejectedInput(
            f"for how long? 1h, 30m, until tomorrow 9:00; not {said.duration[:60]!r}"
        )
    service = resolve(context.pagerduty, "service", said.service)
    email = sender(context, said.user, said.from_email)
    window: Dict[str, Any] = {
        "type": "maintenance_window",
        "start_time": times.iso(now),
        "end_time": times.iso(until),
        "description": "From Mattermost",
        "services": [{"id": service.id, "type": "service_reference"}],
    }
    body = {"maintenance_window": window}
    made = create(
        context.pagerduty,
        "/maintenance_windows",
        body,
        {},
        email,
        "maintenance_window",
        "maintenance_windows",
    ).get("maintenance_window")
    stamp = times.stamp(times.iso(until), times.zone(context.settings.time_zone))
    end = (
        f"`/pd maintenance end {made.get('id')}`"
        if isinstance(made, dict) and made.get("id")
        else "at PagerDuty"
    )
    return Answer(
        f"{escape(service.name)} is in maintenance until {stamp}. To end it: {end}", (), email
    )


def maintenance_list(context: Context, said: Said) -> Answer:
    zone = times.zone(context.settings.time_zone)
    rows: List[Tuple[str, ...]] = []
    for state in ("ongoing", "future"):
        found = context.pagerduty.list_all(
            "/maintenance_windows", "maintenance_windows", {"filter": state}
        )
        for row in found.items:
            names = ", ".join(
                str(one.get("summary") or "")
                for one in row.get("services") or ()
                if isinstance(one, dict)
            )
            rows.append(
                (
                    f"`{chat_tables.cell(row.get('id'), 30)}`",
                    state,
                    chat_tables.cell(names),
                    chat_tables.cell(times.stamp(str(row.get("start_time") or ""), zone)),
                    chat_tables.cell(times.stamp(str(row.get("end_time") or ""), zone)),
                    chat_tables.cell(row.get("description")),
                )
            )
    if not rows:
        return Answer("No service is in maintenance, and none will be.")
    shown = rows[: 2 * chat_tables.ROWS]
    more = f"\n… and {len(rows) - len(shown)} more." if len(rows) > len(shown) else ""
    return Answer(
        chat_tables.table(("id", "state", "services", "from", "until", "what"), shown) + more
    )


def maintenance_end(context: Context, said: Said) -> Answer:
    """PagerDuty ends a present window at once, and deletes a coming one (API: DELETE
    /maintenance_windows/{id})."""
    id = one_line(clean(said.text, 40)).strip("`")
    if not id.isalnum():
        raise RejectedInput("which one? `/pd maintenance list` shows the ids")
    email = sender(context, said.user, said.from_email)
    context.pagerduty.delete(fill("/maintenance_windows/{id}", id=id), from_email=email)
    return Answer(f"Maintenance window {escape(id)} is over.", (), email)
