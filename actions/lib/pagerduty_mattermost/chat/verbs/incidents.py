"""Look at incidents: `list`, `mine`, `show`."""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping

from pagerduty_mattermost.cards import incident_lists, whole_card
from pagerduty_mattermost.cards.card_text import CardReader
from pagerduty_mattermost.cards.incident_memory import merge
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.chat.acting_user import who_asks
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import (
    Fields,
    Form,
    FormReader,
    incidents_and,
    nothing,
    words,
)
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import (
    ALL_STATES,
    INCIDENTS,
    ONE,
    RESOLVED,
    Verb,
)
from pagerduty_mattermost.chat.verbs.named_incidents import incident_of
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.core.markdown import code_span
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, fill
from pagerduty_mattermost.gateways.pagerduty.find_incident import OPEN_QUERY, find, names
from pagerduty_mattermost.gateways.pagerduty.notes import read_notes
from pagerduty_mattermost.gateways.pagerduty.references import resolve
from pagerduty_mattermost.incidents import alert_details

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.incidents.incident import Incident

PAGE_ROWS = 10
"""Incidents of a page: each may come with buttons."""
_MAX_PAGE_DIGITS = 4


def listed(context: Context, command: Command) -> CommandResult:
    """Open incidents, of one service where `service` is given; `text` may narrow or widen the
    states."""
    asked = [word.strip().lower() for word in command.text.strip("[] ").split(",") if word.strip()]
    wrong = [word for word in asked if word not in ALL_STATES]
    if wrong:
        raise RejectedInput(
            f"states are triggered, acknowledged and resolved; not {', '.join(map(repr, wrong))}"
        )
    query: Dict[str, Any] = {**OPEN_QUERY, "sort_by": "created_at:desc"}
    if asked:
        query["statuses"] = asked
    if RESOLVED in asked:
        # Those of the last month, as PagerDuty has it: all of them would be a history.
        query.pop("date_range")
    where = ""
    if command.service:
        service = resolve(context.pagerduty, "service", command.service)
        query["service_ids"] = [service.id]
        where = f" on {escape(service.name)}"
    return _page(context, query, where, command)


def mine(context: Context, command: Command) -> CommandResult:
    """What is open and assigned to who asks."""
    person = who_asks(context, command.user).person
    query = {**OPEN_QUERY, "user_ids": [person.id]}
    return _page(context, query, f" assigned to {escape(person.name)}", command)


def show(context: Context, command: Command) -> CommandResult:
    """One incident with all that its alert said, its facts and its notes."""
    id = str(find(context.pagerduty, names(command.incidents)[0])["id"])
    incident = alert_details.fetch(context.pagerduty, id).incident
    memory = IncidentRecords(context.store, id, context.log).load()
    if memory.states:  # what PagerDuty does not repeat
        incident = merge(incident, memory.newest.change.incident)
    zone, now = times.zone(context.settings.time_zone), times.iso(context.clock())
    notes = read_notes(context.pagerduty, id)
    alerts = _alerts(context, incident)
    whole = whole_card.draw(incident, notes, CardReader(zone, now), alerts)
    return CommandResult(whole.text, (id,), card=whole.attachments, about=incident)


def _alerts(context: Context, incident: Incident) -> List[Dict[str, Any]]:
    """The first of a group's alerts, oldest first; none of one that is alone, and where PagerDuty
    does not list them: then they are counted."""
    if incident.alerts_total < 2:
        return []
    path, query = fill("/incidents/{id}/alerts", id=incident.id), {"sort_by": "created_at:asc"}
    try:
        return context.pagerduty.list_all(path, "alerts", query, whole_card.MAX_ALERTS + 1).items
    except PackError as error:
        line = context.line_of(error)
        context.log.info("Incident %s is shown without its other alerts: %s", incident.id, line)
        return []


def _page(
    context: Context, query: Mapping[str, Any], where: str, command: Command
) -> CommandResult:
    """One page of what is found."""
    found = context.pagerduty.list_all("/incidents", "incidents", query, MAX_RECORDS)
    rows = incident_lists.in_order(incident_of(row) for row in found.items)
    if not rows:
        return CommandResult(f"No incident{where}.")
    pages = -(-len(rows) // PAGE_ROWS)
    number = int(command.page) if command.page.isdecimal() else 1
    if not 1 <= number <= pages:
        raise RejectedInput(f"there {'is one page' if pages == 1 else f'are {pages} pages'}")
    page = rows[(number - 1) * PAGE_ROWS : number * PAGE_ROWS]
    zone, now = times.zone(context.settings.time_zone), times.iso(context.clock())
    more = " or more" if found.truncated else ""
    count = f"{len(rows)}{more} incident{'s' if len(rows) != 1 else ''}{where}"
    head = count if pages == 1 else f"{count}, page {number} of {pages}"
    next_page = None
    if number < pages:
        next_page = command._replace(page=str(number + 1), key="")
        on = f" on {page[0].service}" if command.service else ""
        head += f" (next: {code_span(f'/pd {command.verb}{on} page {number + 1}')})"
    text = f"{head}:\n\n{incident_lists.incidents(page, zone, now=now)}"
    return CommandResult(
        text,
        tuple(one.id for one in page),
        head=head + ":",
        shown=tuple(page),
        next_page=next_page,
    )


def _listing(line: TypedLine) -> Fields:
    """`[on <service>] [page <2>]`."""
    if line.word(0) not in ("on", "of", "service"):
        return _paged({}, line)
    behind = line.rest(1)
    count = len(behind.words)
    page = _paged({}, behind.rest(count - 2)) if count > 2 else None
    if page is not None:
        return {"service": behind.before(count - 2).said(), **page}
    return {"service": behind.said()} if behind else None


def _paged(fields: Dict[str, str], line: TypedLine) -> Fields:
    if not line:
        return fields
    page = line.word(1)
    good = page.isascii() and page.isdecimal() and len(page) <= _MAX_PAGE_DIGITS
    return {**fields, "page": page} if good and line.keys(3) == ("page", page) else None


VERBS = (
    Verb(
        name="list",
        run=listed,
        usage="list [all | on <service>] [page 2]",
        example="list on Checkout API",
        help="what is open, with buttons",
        to_do="list incidents",
        forms=(
            Form(
                (
                    "list",
                    "incidents",
                    *(f"list{which}" for which in (" incidents", " all", " all incidents")),
                    *("list open", "list open incidents", "open incidents"),
                ),
                FormReader(("service", "page"), _listing),
            ),
            Form(("get open incidents",), words("text", required=False)),
        ),
        also_called=("ls", "all", "active", "search", "find"),
        group=INCIDENTS,
    ),
    Verb(
        name="mine",
        run=mine,
        usage="list mine [page 2]",
        example="list mine",
        help="what is open and assigned to you",
        to_do="list your incidents",
        forms=(
            Form(
                ("mine", "list mine", "list my", "my incidents", "list my incidents"),
                FormReader(("page",), lambda line: _paged({}, line)),
            ),
        ),
        group=INCIDENTS,
    ),
    Verb(
        name="show",
        run=show,
        usage="show [id]",
        to_do="show incidents",
        example="show 1234",
        help="an incident with all its details and notes, and its buttons",
        forms=(Form(("show", "get", "details"), incidents_and(nothing())),),
        also_called=("view", "describe", "detail", "inspect"),
        group=INCIDENTS,
        incidents=ONE,
    ),
)
