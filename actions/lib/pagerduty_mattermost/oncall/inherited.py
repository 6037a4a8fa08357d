"""What whoever comes on call inherits: what is open, acknowledged or snoozed into the shift,
flapping or storming, and in maintenance, of the services of some escalation policies.

    found = read(context, ["PPOL123"], handed_off_at, groups)
    lines(found, zone, now)         # at most MAX_LINES of Markdown, the rest counted

Three requests for one policy, whatever it has, four for several; one more for each incident of
which `quiet_until` has to ask the log, of those that are named alone. Where PagerDuty can't tell,
there is none: the hand-off is told without.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
)

from pagerduty_mattermost.cards import incident_lists
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PackError, StoreUnreachable
from pagerduty_mattermost.core.text import clean, escape, markdown_link, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, link_of, rows_of
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES, Incident
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.oncall.quiet_until import (
    ACKNOWLEDGED,
    NOT_KNOWN,
    SNOOZED,
    QuietUntil,
    quiet_until,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_LINES = 10
MAX_SERVICES = 100
"""By which incidents are asked for: an address must not grow without end."""
MAX_WORDS_CHARACTERS = 80

_QUIET = {
    SNOOZED: "snoozed until",
    ACKNOWLEDGED: "its acknowledgement ends",
    NOT_KNOWN: "triggered again",
}
"""In front of the time."""

Groups = Callable[[], Sequence[Mapping[str, Any]]]
"""Storms and alerts that flap, as payloads of the trigger pagerduty.storm."""


class Inherited(NamedTuple):
    """What there is at a hand-off."""

    incidents: Tuple[Incident, ...] = ()
    quiet: Mapping[str, QuietUntil] = {}
    """Of an acknowledged or snoozed one, by id."""
    more: int = 0
    """Open incidents that were not read."""
    windows: Tuple[Mapping[str, Any], ...] = ()
    """Maintenance windows, as PagerDuty gives them, with these services alone."""
    groups: Tuple[Mapping[str, Any], ...] = ()


def read(
    context: Context, policies: Sequence[str], at: float, groups: Groups
) -> Optional[Inherited]:
    """None where PagerDuty can't tell. `at`: when the shift began. Raises StoreUnreachable."""
    if not policies:
        return None
    name = f"inherited {' '.join(sorted(policies))}"
    try:
        return context.once(name, lambda: _read(context, sorted(policies), at, groups))
    except StoreUnreachable:
        raise
    except PackError as error:
        context.log.info("What is handed over is not known: %s", error)
        return None


def _read(context: Context, policies: Sequence[str], at: float, groups: Groups) -> Inherited:
    pagerduty = context.pagerduty_spare
    services = _services(pagerduty, policies)
    if not services:
        return Inherited()
    ids = sorted(services) if len(services) <= MAX_SERVICES else []
    asked = {"service_ids": ids} if ids else {}
    page = pagerduty.page(
        "/incidents",
        "incidents",
        {**asked, "statuses": list(OPEN_STATUSES), "date_range": "all", "total": True},
    )
    rows = [row for row in page.items if id_of(row.get("service")) in services]
    found = pagerduty.page(
        "/maintenance_windows", "maintenance_windows", {**asked, "filter": "ongoing"}
    )
    windows = []
    for row in found.items:
        named = [one for one in rows_of(row, "services") if id_of(one) in services]
        if named:
            windows.append({**row, "services": named})
    read_ones = [one for one in map(incident_from_rest, rows) if one is not None]
    found_ones = incident_lists.in_order(read_ones)
    by_id = {id_of(row): row for row in rows}
    timeouts = {id: one.get("acknowledgement_timeout") for id, one in services.items()}
    quiet = {}
    for one in found_ones[:MAX_LINES]:
        row = by_id[one.id]
        until = quiet_until(pagerduty, row, timeouts[id_of(row.get("service"))], at)
        if until is not None:
            quiet[one.id] = until
    return Inherited(
        tuple(found_ones),
        quiet,
        max(0, (page.total or len(page.items)) - len(page.items)) if ids else 0,
        tuple(windows),
        tuple(one for one in groups() if one.get("service_id") in services),
    )


def _services(pagerduty: PagerDuty, policies: Sequence[str]) -> Dict[str, Mapping[str, Any]]:
    """Of these policies, by id. Several are looked for in the first hundred of the list."""
    if len(policies) == 1:
        path = fill("/escalation_policies/{id}", id=policies[0])
        found = pagerduty.get(path, {"include": ["services"]}).get("escalation_policy")
        rows = [found] if isinstance(found, dict) else []
    else:
        asked = {"include": ["services"]}
        rows = pagerduty.page("/escalation_policies", "escalation_policies", asked).items
        rows = [row for row in rows if id_of(row) in policies]
        if len(rows) < len(policies):
            raise NotFound("not all of the escalation policies are in the first page of the list")
    return {id_of(one): one for row in rows for one in rows_of(row, "services")}


def lines(found: Optional[Inherited], zone: tzinfo, now: float) -> List[str]:
    """Each a line of Markdown; none where there is nothing to hand over. Pure."""
    if found is None:
        return []
    every = [
        *(_group(one) for one in found.groups),
        *(_incident(one, found.quiet.get(one.id), zone, now) for one in found.incidents),
        *(_window(one, zone, now) for one in found.windows),
    ]
    if not every:
        return []
    hidden = max(0, len(every) - MAX_LINES) + found.more
    more = [f"- … and {hidden} more: `/pd list all`"] if hidden else []
    return ["Handed over:", *every[:MAX_LINES], *more]


def _incident(one: Incident, quiet: Optional[QuietUntil], zone: tzinfo, now: float) -> str:
    said = ""
    if quiet is not None:
        said = f" · {_QUIET[quiet.why]} {times.clock(quiet.at, zone, times.iso(now))}"
    return f"- {incident_lists.line(one, zone)}{said}"


def _group(one: Mapping[str, Any]) -> str:
    service = escape(one_line(clean(one.get("service")), MAX_WORDS_CHARACTERS))
    total = one.get("total")
    if one.get("kind") == "flapping":
        title = escape(one_line(clean(one.get("title")), MAX_WORDS_CHARACTERS))
        return f"- :arrows_counterclockwise: {title} of {service} flaps, {total} times so far"
    return f"- :ocean: A storm of {total} incidents on {service}"


def _window(one: Mapping[str, Any], zone: tzinfo, now: float) -> str:
    names = ", ".join(
        markdown_link(one_line(clean(each.get("summary")), MAX_WORDS_CHARACTERS), link_of(each))
        for each in rows_of(one, "services")[:3]
    )
    rest = len(rows_of(one, "services")) - 3
    more = f" and {rest} more" if rest > 0 else ""
    until = times.clock(str(one.get("end_time") or ""), zone, times.iso(now))
    return f"- :construction: In maintenance until {until}: {names}{more}"
