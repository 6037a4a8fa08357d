"""What people say in chat, done: each verb of `chat.run`, its answer in Markdown.

answer(action, Said("acknowledge", incidents="1234", user="ada")) -> Answer("…", ["PT4KHLK"])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Mapping, Tuple

from pagerduty_mattermost.cards import incident_tables as chat_tables
from pagerduty_mattermost.chat.acting_user import sender, who
from pagerduty_mattermost.chat.command import Answer, Said, incident_of, named
from pagerduty_mattermost.chat.verbs import account as chat_you
from pagerduty_mattermost.chat.verbs import dead_letters
from pagerduty_mattermost.chat.verbs import mitigate as chat_mitigate
from pagerduty_mattermost.chat.verbs import oncall as chat_oncall
from pagerduty_mattermost.chat.verbs import overrides as chat_overrides
from pagerduty_mattermost.chat.verbs import page as chat_page
from pagerduty_mattermost.chat.verbs import responders as chat_more
from pagerduty_mattermost.chat.verbs import rotation as chat_rotation
from pagerduty_mattermost.chat.verbs import subscriptions as chat_routes
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.text import clean, cut, escape, one_line
from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, fill
from pagerduty_mattermost.gateways.pagerduty.find_incident import OPEN, find, find_all, names
from pagerduty_mattermost.gateways.pagerduty.notes import read_notes, write_note
from pagerduty_mattermost.gateways.pagerduty.references import resolve
from pagerduty_mattermost.incidents.incident import Incident

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

BULK = 250
"""Incidents of one PUT (API: PUT /incidents)."""
WEEK = 604800
PAGE = 10
"""Incidents of a page: each may come with buttons."""
_DONE = {"acknowledged": "Acknowledged", "resolved": "Resolved"}


def answer(context: Context, said: Said) -> Answer:
    """Do it. Raises our own errors, each one line."""
    known = VERBS.get(said.verb)
    if known is None:
        raise RejectedInput(f"there is no command {said.verb!r}; there are {', '.join(VERBS)}")
    return known(context, said)


def _list(context: Context, said: Said) -> Answer:
    """Open incidents; `text` may narrow or widen the states."""
    asked = [word.strip().lower() for word in said.text.strip("[] ").split(",") if word.strip()]
    wrong = [word for word in asked if word not in ("triggered", "acknowledged", "resolved")]
    if wrong:
        raise RejectedInput(
            f"states are triggered, acknowledged and resolved; not {', '.join(map(repr, wrong))}"
        )
    query: Dict[str, Any] = {**OPEN, "sort_by": "created_at:desc"}
    if asked:
        query["statuses"] = asked
    if "resolved" in asked:
        query.pop(
            "date_range"
        )  # of the last month, as PagerDuty has it; all of them would be a history
    where = ""
    if said.service:
        service = resolve(context.pagerduty, "service", said.service)
        query["service_ids"] = [service.id]
        where = f" on {escape(service.name)}"
    return _shown(context, query, where, said)


def _mine(context: Context, said: Said) -> Answer:
    person = who(context, said.user).person
    return _shown(
        context, {**OPEN, "user_ids": [person.id]}, f" assigned to {escape(person.name)}", said
    )


def _show(context: Context, said: Said) -> Answer:
    row = find(context.pagerduty, names(said.incidents)[0])
    incident = incident_of(row)
    zone = times.zone(context.settings.time_zone)
    people = ", ".join(person.name for person in incident.assignees)
    acknowledged = ", ".join(person.name for person in incident.acknowledgers)
    facts = [
        ("service", incident.service),
        ("urgency", incident.urgency),
        ("priority", incident.priority),
        ("assigned to", people),
        ("acknowledged by", acknowledged),
        ("escalation policy", incident.escalation_policy),
        ("since", times.stamp(incident.created_at, zone)),
        ("resolved", times.stamp(incident.resolved_at, zone)),
        ("alerts", str(incident.alerts_total or "")),
    ]
    lines = [f"| {name} | {chat_tables.cell(value, 200)} |" for name, value in facts if value]
    head = chat_tables.incidents([incident], zone)
    return Answer("\n".join([head, "", "| | |", "| --- | --- |", *lines]), (incident.id,))


def _acknowledge(context: Context, said: Said) -> Answer:
    return _set(context, said, "acknowledged", ("triggered",))


def _resolve(context: Context, said: Said) -> Answer:
    """With a note in `text`, on each of them, once they are resolved."""
    given = _set(context, said, "resolved", ("triggered", "acknowledged"))
    if said.text and given.person:
        for incident in given.incidents:
            write_note(context.pagerduty, incident, said.text, from_email=given.person)
    return given


def _acknowledge_mine(context: Context, said: Said) -> Answer:
    """All that is triggered and assigned to whoever asks."""
    person = who(context, said.user).person
    query = {"statuses": ["triggered"], "date_range": "all", "user_ids": [person.id]}
    rows = context.pagerduty.list_all("/incidents", "incidents", query).items
    if not rows:
        return Answer(f"Nothing is triggered and assigned to {escape(person.name)}.")
    return _put(context, said, rows, "acknowledged", person.email, [])


def _create(context: Context, said: Said) -> Answer:
    title = one_line(said.text, 1024)
    if not title:
        raise RejectedInput("what is wrong? Say it after the command")
    if not said.service:
        return _sent(context, title)
    import uuid

    service = resolve(context.pagerduty, "service", said.service)
    email = sender(context, said.user, said.from_email)
    given = {
        "type": "incident",
        "title": title,
        "service": {"id": service.id, "type": "service_reference"},
        "incident_key": said.key or uuid.uuid4().hex,
        **chat_more.options_of(context, said),
    }
    row = context.pagerduty.create_incident(given, from_email=email)
    incident = incident_of(row)
    zone = times.zone(context.settings.time_zone)
    text = (
        f"Triggered in the name of {escape(email)}.\n\n{chat_tables.incidents([incident], zone)}"
    )
    return Answer(text, (incident.id,), email, public=True)


def _declare(context: Context, said: Said) -> Answer:
    """Where no dialog can be opened (a chat bot): what to type instead."""
    raise RejectedInput("a dialog opens from /pd alone; here say: trigger <title> on <service>")


def _note(context: Context, said: Said) -> Answer:
    text = clean(said.text).strip()
    if not text:
        raise RejectedInput("a note needs words")
    email = sender(context, said.user, said.from_email)
    incident = incident_of(find(context.pagerduty, names(said.incidents)[0]))
    write_note(context.pagerduty, incident.id, text, from_email=email)
    return Answer(f"Noted on {named(incident)}.", (incident.id,), email)


def _notes(context: Context, said: Said) -> Answer:
    incident = incident_of(find(context.pagerduty, names(said.incidents)[0]))
    rows = read_notes(context.pagerduty, incident.id)
    if not rows:
        return Answer(f"{named(incident)} has no notes.", (incident.id,))
    text = chat_tables.notes(rows, times.zone(context.settings.time_zone))
    return Answer(f"Notes of {named(incident)}:\n\n{text}", (incident.id,))


def _snooze(context: Context, said: Said) -> Answer:
    from pagerduty_mattermost.core.typed_times import iso_time

    now = float(int(context.clock()))  # times are read to the second
    until = times.seconds(iso_time(said.duration, now=now, zone=context.settings.time_zone) or "")
    length = round(until - now) if until is not None else 0
    if not 1 <= length <= WEEK:
        raise RejectedInput(
            f"for how long? 2h, 30m, tomorrow 9:00, at most a week; not {said.duration[:60]!r}"
        )
    email = sender(context, said.user, said.from_email)
    incident = incident_of(find(context.pagerduty, names(said.incidents)[0]))
    path = fill("/incidents/{incident}/snooze", incident=incident.id)
    context.pagerduty.post(path, {"duration": length}, from_email=email, repeatable=True)
    return Answer(f"{named(incident)} rests for {times.duration(length)}.", (incident.id,), email)


VERBS: Mapping[str, Callable[[Any, Said], Answer]] = {
    "list": _list,
    "mine": _mine,
    "show": _show,
    "acknowledge": _acknowledge,
    "acknowledge_mine": _acknowledge_mine,
    "resolve": _resolve,
    "create": _create,
    "note": _note,
    "notes": _notes,
    "snooze": _snooze,
    "unacknowledge": chat_more.unacknowledge,
    "reopen": chat_more.reopen,
    "escalate": chat_more.escalate,
    "reassign": chat_more.reassign,
    "priority": chat_more.priority,
    "urgency": chat_more.urgency,
    "merge": chat_more.merge,
    "status_update": chat_more.status_update,
    "responders": chat_more.responders,
    "workflow": chat_more.workflow,
    "mitigate": chat_mitigate.mitigate,
    "declare": _declare,
    "oncall": chat_oncall.on_call,
    "oncall_week": chat_rotation.week,
    "oncall_picture": chat_rotation.picture,
    "page": chat_page.page,
    "override": chat_overrides.override,
    "override_cancel": chat_overrides.cancel,
    "overrides": chat_overrides.listed,
    "take": chat_overrides.take,
    "services": chat_oncall.services,
    "maintenance": chat_oncall.maintenance,
    "maintenance_list": chat_oncall.maintenance_list,
    "maintenance_end": chat_oncall.maintenance_end,
    "subscribe": chat_routes.subscribe,
    "subscriptions": chat_routes.listed,
    "unsubscribe": chat_routes.unsubscribe,
    "deadletters": dead_letters.listing,
    "whoami": chat_you.who_am_i,
    "connect": chat_you.connect,
    "disconnect": chat_you.disconnect,
    "notify": chat_you.notify,
    "health": chat_you.health,
    "help": chat_you.helped,
}


READS = frozenset(
    (
        "list",
        "mine",
        "show",
        "notes",
        "oncall",
        "oncall_week",
        "oncall_picture",
        "overrides",
        "services",
        "maintenance_list",
        "subscriptions",
        "deadletters",
        "whoami",
        "connect",
        "disconnect",
        "notify",
        "health",
        "help",
    )
)
"""Also what somebody says of themselves alone."""
ACTS = frozenset(VERBS) - READS
"""The verbs that change something; the audit keeps them."""


def _set(context: Context, said: Said, status: str, before: Tuple[str, ...]) -> Answer:
    """The incidents named, in one request; those that are there already are told and left alone. A
    resolved one is never acknowledged: PagerDuty would reopen it."""
    rows = find_all(context.pagerduty, said.incidents)
    fit = [row for row in rows if row.get("status") in before]
    told = [_already(incident_of(row)) for row in rows if row not in fit]
    if not fit:
        return Answer(" ".join(told), tuple(row["id"] for row in rows), already=True)
    return _put(context, said, fit, status, sender(context, said.user, said.from_email), told)


def _already(incident: Incident) -> str:
    """Also who was first."""
    who_was = (
        incident.resolved_by
        if incident.status == "resolved"
        else ", ".join(p.name for p in incident.acknowledgers)
    )
    by = f" by {escape(one_line(who_was, 100))}" if who_was else ""
    return f"{named(incident)} is {escape(incident.status)} already{by}."


def _put(
    context: Context,
    said: Said,
    rows: List[Dict[str, Any]],
    status: str,
    email: str,
    told: List[str],
) -> Answer:
    after: List[Incident] = []
    for begin in range(0, len(rows), BULK):
        body = [
            {"id": row["id"], "type": "incident_reference", "status": status}
            for row in rows[begin : begin + BULK]
        ]
        answer = context.pagerduty.put("/incidents", {"incidents": body}, from_email=email)
        after += [
            incident_of(row)
            for row in answer.get("incidents") or ()
            if isinstance(row, dict) and row.get("id")
        ]
    which = ", ".join(named(incident_of(row)) for row in rows[: chat_tables.ROWS])
    if len(rows) > chat_tables.ROWS:
        which += f" and {len(rows) - chat_tables.ROWS} more"
    lines = [f"{_DONE[status]} {which} in the name of {escape(email)}.", *told]
    if said.brief:
        return Answer("\n".join(lines), tuple(row["id"] for row in rows), email, tuple(after))
    try:
        found = context.pagerduty.list_all("/incidents", "incidents", OPEN, 100)
    except PackError as error:
        lines.append(f"(What is still open can't be told: {escape(str(error))})")
    else:
        left = [incident_of(row) for row in found.items]
        zone = times.zone(context.settings.time_zone)
        lines.append(chat_tables.still_open(left, zone, truncated=found.truncated))
    return Answer("\n".join(lines), tuple(row["id"] for row in rows), email, tuple(after))


def _shown(context: Context, query: Mapping[str, Any], where: str, said: Said) -> Answer:
    """One page of what was found."""
    found = context.pagerduty.list_all("/incidents", "incidents", query, MAX_RECORDS)
    rows = [incident_of(row) for row in found.items]
    if not rows:
        return Answer(f"No incident{where}.")
    pages = -(-len(rows) // PAGE)
    number = int(said.page) if said.page.isdecimal() else 1
    if not 1 <= number <= pages:
        raise RejectedInput(f"there {'is one page' if pages == 1 else f'are {pages} pages'}")
    page = rows[(number - 1) * PAGE : number * PAGE]
    zone = times.zone(context.settings.time_zone)
    more = " or more" if found.truncated else ""
    count = f"{len(rows)}{more} incident{'s' if len(rows) != 1 else ''}{where}"
    head = (
        count
        if pages == 1
        else f"{count}, page {number} of {pages}" + (" (add: page 2)" if number == 1 else "")
    )
    text = f"{head}:\n\n{chat_tables.incidents(page, zone)}"
    return Answer(text, tuple(one.id for one in page), head=head + ":", shown=tuple(page))


def _sent(context: Context, title: str) -> Answer:
    """As the Exchange's pack: an event to the service of `service_key`, of which PagerDuty makes
    an incident."""

    config = context.settings.pagerduty
    if not config.service_key:
        raise RejectedInput(
            "on which service? Say: trigger <what is wrong> on service <name>; or set service_key"
        )
    sent = context.events.send_v1(
        {
            "service_key": config.service_key.reveal(),
            "event_type": "trigger",
            "description": cut(title, 1024),
        }
    )
    return Answer(
        f"Triggered {escape(title)} (incident key {escape(str(sent.get('incident_key')))})."
    )
