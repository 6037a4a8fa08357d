"""Services and their maintenance windows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List

from pagerduty_mattermost.chat.acting_user import find_sender
from pagerduty_mattermost.chat.command import Command, CommandResult
from pagerduty_mattermost.chat.forms import ENDS, Fields, Form, FormReader, to_end, words
from pagerduty_mattermost.chat.line import TypedLine
from pagerduty_mattermost.chat.verb import PAGERDUTY, PEOPLE, Verb
from pagerduty_mattermost.chat.verbs.override_forms import span_behind
from pagerduty_mattermost.chat.verbs.touched import named_service, of_id
from pagerduty_mattermost.core import markdown, times
from pagerduty_mattermost.core.errors import Ambiguous, NotFound
from pagerduty_mattermost.core.quotes import plain, typed_id
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.core.typed_times import TypedSpan, read_span
from pagerduty_mattermost.gateways.pagerduty.maintenance_windows import (
    MaintenanceWindow,
    end_now,
    read_one,
    read_open,
)
from pagerduty_mattermost.gateways.pagerduty.references import (
    is_id_like,
    resolve,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_WINDOWS = 5
"""Named in an error, or in a question."""


def services(context: Context, command: Command) -> CommandResult:
    query = {"query": command.text} if command.text else {}
    found = context.pagerduty.list_all("/services", "services", query, markdown.MAX_ROWS)
    if not found.items and not command.text:
        return CommandResult("There is no service.")
    if not found.items:
        resolve(context.pagerduty, "service", command.text)  # raises, with what there is
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
    """A maintenance window of a service. Sent once: PagerDuty has no key for it, and two windows
    would be two to end."""
    zone = context.settings.time_zone
    span = _span(context, command)
    service = resolve(context.pagerduty, "service", command.service)
    email = find_sender(context, command.user, command.from_email)
    present = _on_top_of(context, command)
    window: Dict[str, Any] = {
        "type": "maintenance_window",
        "start_time": times.iso(span.start),
        "end_time": times.iso(span.end),
        "description": "From Mattermost",
        "services": [{"id": service.id, "type": "service_reference"}],
    }
    body = {"maintenance_window": window}
    made = context.pagerduty.post("/maintenance_windows", body, from_email=email).get(
        "maintenance_window"
    )
    how = (
        f"`/pd maintenance end {made.get('id')}`"
        if isinstance(made, dict) and made.get("id")
        else "at PagerDuty"
    )
    when = f"until {_stamp(span.end, zone)}"
    if span.start > context.clock():
        when = f"from {_stamp(span.start, zone)} {when}"
    text = f"{escape(service.name)} is in maintenance {when}. To end it: {how}"
    return CommandResult("\n".join(filter(None, (text, present))), (), email)


def _span(context: Context, command: Command) -> TypedSpan:
    now = float(int(context.clock()))
    return read_span(command.duration, now=now, zone=context.settings.time_zone)


def _now(context: Context) -> float:
    """By PagerDuty's clock, as it said when it was last read: it decides what goes on."""
    return context.pagerduty.last_server_time or context.clock()


def _stamp(moment: float, zone: str) -> str:
    return times.stamp_at(moment, times.zone(zone))


def _on_top_of(context: Context, command: Command) -> str:
    """The windows of the service that the new one would overlap, as Markdown."""
    span, zone = _span(context, command), context.settings.time_zone
    service = resolve(context.pagerduty, "service", command.service)
    found = context.once(
        f"windows of {service.id}", lambda: read_open(context.pagerduty, service.id)
    )
    present = [one for one in found if one.start < span.end and one.end > span.start]
    if not present:
        return ""
    name, each = escape(service.name), "\n".join(_row(one, zone) for one in present[:MAX_WINDOWS])
    return (
        f"{name} has a maintenance window in that time already. A second one does not prolong it: "
        f"each ends for itself.\n{each}"
    )


def _row(window: MaintenanceWindow, zone: str) -> str:
    span = f"from {_stamp(window.start, zone)} until {_stamp(window.end, zone)}"
    return f"- `{window.id}` {escape(one_line(window.names, 120))}, {span}"


def maintenance_list(context: Context, command: Command) -> CommandResult:
    zone = context.settings.time_zone
    found = read_open(context.pagerduty)
    now = _now(context)
    rows = [
        (
            f"`{markdown.cell(one.id, 30)}`",
            "coming" if one.start > now else "ongoing",
            markdown.cell(one.names),
            markdown.cell(_stamp(one.start, zone)),
            markdown.cell(_stamp(one.end, zone)),
            markdown.cell(one.description),
        )
        for one in found
    ]
    if not rows:
        return CommandResult("No service is in maintenance, and none will be.")
    shown = rows[: 2 * markdown.MAX_ROWS]
    more = f"\n… and {len(rows) - len(shown)} more." if len(rows) > len(shown) else ""
    return CommandResult(
        markdown.table(("id", "state", "services", "from", "until", "what"), shown) + more
    )


def maintenance_end(context: Context, command: Command) -> CommandResult:
    """PagerDuty ends a present window at once, and deletes a coming one (API: DELETE
    /maintenance_windows/{id}). That it is over is no failure."""
    window = _window(context, command)
    email = find_sender(context, command.user, command.from_email)
    name = escape(one_line(window.names, 200)) or f"window {window.id}"
    over = f"The maintenance of {name} is over already."
    if window.end <= _now(context):
        return CommandResult(over, (), email)
    try:
        end_now(context.pagerduty, window.id, from_email=email)
    except NotFound:
        return CommandResult(over, (), email)
    until = _stamp(window.end, context.settings.time_zone)
    done = "is over" if window.start <= _now(context) else "will not take place"
    return CommandResult(
        f"The maintenance of {name} {done}; it was to last until {until} (window {window.id}).",
        (),
        email,
    )


def _window(context: Context, command: Command) -> MaintenanceWindow:
    """By its id, or by the name of its service where that has only one that goes on or is to
    come. Raises NotFound and Ambiguous, naming those that there are."""
    text = plain(one_line(clean(command.text, 200)))
    return context.once(f"window {text}", lambda: _find_window(context, text))


def _find_window(context: Context, text: str) -> MaintenanceWindow:
    id, zone = typed_id(text), context.settings.time_zone
    if is_id_like(id):
        found = read_one(context.pagerduty, id)
        if found is not None:
            return found
    windows = read_open(context.pagerduty)
    wanted = text.casefold()
    named = [
        one
        for one in windows
        if wanted in (one.id.casefold(), *(service.name.casefold() for service in one.services))
    ]
    if len(named) == 1:
        return named[0]
    listed = "; ".join(
        f"{one.id} {one_line(one.names, 80)} until {_stamp(one.end, zone)}"
        for one in (named or windows)[:MAX_WINDOWS]
    )
    if named:
        raise Ambiguous(
            f"{text!r} has {len(named)} maintenance windows: {listed}. Say the id of one"
        )
    there = f"there are {listed}" if listed else "no service is in maintenance, and none will be"
    raise NotFound(
        f"there is no maintenance window {text[:60]!r}, and no service of that name has one; one "
        f"is ended at a time: {there}"
    )


def _says_end(context: Context, command: Command) -> str:
    window = _window(context, command)
    name = escape(one_line(window.names, 200)) or f"window {window.id}"
    until = _stamp(window.end, context.settings.time_zone)
    return f"End the maintenance of {name} (window {escape(window.id)}, until {until})"


def _touched_by_end(context: Context, command: Command) -> List[Dict[str, Any]]:
    return [of_id(context, "service", one.id) for one in _window(context, command).services]


def _service_and_duration(line: TypedLine) -> Fields:
    """`<service> [from <time>] for <length>`."""
    found = span_behind(line)
    return None if found is None else {"service": found[0].said(), "duration": found[1]}


def _ended(line: TypedLine) -> Fields:
    """An id or a service; not "End User API for 1h", which is put in maintenance."""
    return None if span_behind(line) else words("text", behind=("on", "of", "for")).read(line)


VERBS = (
    Verb(
        name="services",
        run=services,
        usage="services [name]",
        to_do="list services",
        example="services checkout",
        help="services and their state",
        forms=(Form(("services", "list services"), words("text", required=False)),),
        group=PEOPLE,
    ),
    Verb(
        name="maintenance_list",
        run=maintenance_list,
        usage="maintenance list",
        to_do="list maintenance windows",
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
        usage="maintenance end <id or service>",
        example="maintenance end PW98YIO",
        help="end a maintenance window, or drop a coming one",
        to_do="end maintenance",
        forms=(
            Form(
                to_end("maintenance", "maintenance window", ends=(*ENDS, "off")),
                FormReader(("text",), _ended),
            ),
        ),
        group=PEOPLE,
        changes=PAGERDUTY,
        includes=("maintenance",),
        touches=_touched_by_end,
        says=_says_end,
        button="End maintenance",
    ),
    Verb(
        name="maintenance",
        run=maintenance,
        usage="maintenance <service> [from <22:00>] for <1h>",
        example="maintenance Checkout API for 1h",
        help="put a service in maintenance: it triggers nothing",
        forms=(
            Form(
                ("maintenance", "maintenance on", "maintenance of", "maintenance for"),
                FormReader(("service", "duration"), _service_and_duration),
            ),
        ),
        group=PEOPLE,
        changes=PAGERDUTY,
        touches=named_service,
        on_top_of=_on_top_of,
        longest_days=366,
        to_do="put services in maintenance",
        says="Put {service} in maintenance {span}: it triggers nothing meanwhile",
        button="Start maintenance",
    ),
)
