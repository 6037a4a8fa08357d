"""Services and their maintenance windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Tuple

from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import Fields, Form, FormReader, one_word, words
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import PAGERDUTY, PEOPLE, Verb
from pagerduty_mattermost.chat.verbs.touched import named_service, services_of_window
from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.quotes import typed_id
from pagerduty_mattermost.core.text import escape
from pagerduty_mattermost.core.typed_times import read_span
from pagerduty_mattermost.gateways.pagerduty.client import fill
from pagerduty_mattermost.gateways.pagerduty.references import resolve

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context


def services(context: Context, command: Command) -> CommandResult:
    query = {"query": command.text} if command.text else {}
    found = context.pagerduty.list_all("/services", "services", query, markdown.MAX_ROWS)
    if not found.items:
        return CommandResult("There is no such service.")
    rows = [
        (
            markdown.cell(row.get("name")),
            markdown.cell(row.get("status"), 40),
            markdown.cell((row.get("escalation_policy") or {}).get("summary")),
        )
        for row in found.items
    ]
    more = "\n… and more: say part of the name." if found.truncated else ""
    return CommandResult(markdown.table(("service", "status", "escalation policy"), rows) + more)


def maintenance(context: Context, command: Command) -> CommandResult:
    """A maintenance window of a service, from now on. Sent once: PagerDuty has no key for it, and
    two windows would be two to end."""
    zone = context.settings.time_zone
    start, end = read_span(command.duration, now=float(int(context.clock())), zone=zone)
    service = resolve(context.pagerduty, "service", command.service)
    email = find_sender(context, command.user, command.from_email)
    window: Dict[str, Any] = {
        "type": "maintenance_window",
        "start_time": times.iso(start),
        "end_time": times.iso(end),
        "description": "From Mattermost",
        "services": [{"id": service.id, "type": "service_reference"}],
    }
    body = {"maintenance_window": window}
    made = context.pagerduty.post("/maintenance_windows", body, from_email=email).get(
        "maintenance_window"
    )
    stamp = times.stamp(times.iso(end), times.zone(zone))
    how = (
        f"`/pd maintenance end {made.get('id')}`"
        if isinstance(made, dict) and made.get("id")
        else "at PagerDuty"
    )
    return CommandResult(
        f"{escape(service.name)} is in maintenance until {stamp}. To end it: {how}", (), email
    )


def maintenance_list(context: Context, command: Command) -> CommandResult:
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
                    f"`{markdown.cell(row.get('id'), 30)}`",
                    state,
                    markdown.cell(names),
                    markdown.cell(times.stamp(str(row.get("start_time") or ""), zone)),
                    markdown.cell(times.stamp(str(row.get("end_time") or ""), zone)),
                    markdown.cell(row.get("description")),
                )
            )
    if not rows:
        return CommandResult("No service is in maintenance, and none will be.")
    shown = rows[: 2 * markdown.MAX_ROWS]
    more = f"\n… and {len(rows) - len(shown)} more." if len(rows) > len(shown) else ""
    return CommandResult(
        markdown.table(("id", "state", "services", "from", "until", "what"), shown) + more
    )


def maintenance_end(context: Context, command: Command) -> CommandResult:
    """PagerDuty ends a present window at once, and deletes a coming one (API: DELETE
    /maintenance_windows/{id})."""
    id = _window(command)
    email = find_sender(context, command.user, command.from_email)
    context.pagerduty.delete(fill("/maintenance_windows/{id}", id=id), from_email=email)
    return CommandResult(f"Maintenance window {escape(id)} is over.", (), email)


def _window(command: Command) -> str:
    id = typed_id(command.text)
    if not (id.isascii() and id.isalnum()):
        raise RejectedInput("which one? `/pd maintenance list` shows the ids")
    return id


def _service_and_duration(line: TypedLine) -> Fields:
    found = line.cut("for", "until", last=True)
    if found is None:
        return None
    return {"service": found[0].said(), "duration": found[1].said()}


VERBS = (
    Verb(
        name="services",
        run=services,
        usage="services [name]",
        example="services checkout",
        help="services and their state",
        forms=(Form(("services", "list services"), words("text", required=False)),),
        group=PEOPLE,
    ),
    Verb(
        name="maintenance_list",
        run=maintenance_list,
        usage="maintenance list",
        example="maintenance list",
        help="maintenance windows, present and coming",
        forms=(
            Form(
                (
                    "maintenance",
                    "maintenance list",
                    "list maintenance",
                    "maintenance windows",
                    "list maintenance windows",
                )
            ),
        ),
        group=PEOPLE,
    ),
    Verb(
        name="maintenance_end",
        run=maintenance_end,
        usage="maintenance end <id>",
        example="maintenance end PW98YIO",
        help="end a maintenance window, or drop a coming one",
        forms=(Form(("maintenance end", "end maintenance"), one_word("text")),),
        group=PEOPLE,
        changes=PAGERDUTY,
        includes=("maintenance",),
        touches=lambda context, command: services_of_window(context, _window(command)),
        says="End the maintenance window {text}",
        button="End maintenance",
    ),
    Verb(
        name="maintenance",
        run=maintenance,
        usage="maintenance <service> for <1h>",
        example="maintenance Checkout API for 1h",
        help="put a service in maintenance: it triggers nothing",
        forms=(
            Form(
                ("maintenance", "maintenance on", "maintenance of"),
                FormReader(("service", "duration"), _service_and_duration),
            ),
        ),
        group=PEOPLE,
        changes=PAGERDUTY,
        touches=named_service,
        longest_days=366,
        says="Put {service} in maintenance {span}: it triggers nothing meanwhile",
    ),
)
