"""Reads what a report is made of: the incidents of a time, their log, and who was on call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.typed_times import is_length, read_time
from pagerduty_mattermost.gateways.mattermost.post_once import known
from pagerduty_mattermost.gateways.pagerduty.references import resolve
from pagerduty_mattermost.gateways.pagerduty.time_slices import TimeSlices
from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.incidents.raw_values import as_map, as_text, id_of, label_of
from pagerduty_mattermost.incidents.reader import log_rows
from pagerduty_mattermost.reviews import on_call_hours
from pagerduty_mattermost.reviews.report import (
    ACKNOWLEDGED,
    NOTIFIED,
    RESOLVED,
    Report,
    ReportedAct,
    ReportedIncident,
    as_markdown,
    report_of,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.gateways.mattermost.post_once import SentPost
    from pagerduty_mattermost.gateways.mattermost.values import ChannelRef
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.incidents.incident import Incident

DAY_SECONDS = 86400.0
MAX_DAYS = 180
SLICE_SECONDS = 7 * DAY_SECONDS
DEFAULT_SPAN = "7d"
_KINDS = (ACKNOWLEDGED, RESOLVED, NOTIFIED)
_ENDING = "_log_entry"


class ReportSpan(NamedTuple):
    """Seconds since the epoch."""

    begin: float
    end: float

    def words(self, zone: str) -> str:
        where = times.zone(zone)
        return f"{times.stamp_at(self.begin, where)} to " + times.stamp_at(self.end, where)


class MadeReport(NamedTuple):
    """A report, and of what it was made."""

    report: Report
    span: ReportSpan
    cut: bool = False
    """PagerDuty gave not all rows of a second: the figures are too low."""
    query: Mapping[str, Any] = {}
    """The ids that it is limited to: `service_ids`, `team_ids`."""


def span_of(since: str, until: str, *, now: float, zone: str) -> ReportSpan:
    """`since`: a time, or how long before `until` (`7d`); `until`: a time, empty: now. Raises
    RejectedInput."""
    end = read_time(until, now=now, zone=zone, past=True) if until.strip() else now
    said = since.strip() or DEFAULT_SPAN
    if is_length(said):
        begin = end - (read_time(said, now=now, zone=zone) - now)
    else:
        begin = read_time(said, now=now, zone=zone, past=True)
    if end > now + 1:
        raise RejectedInput("until: a report is of the past")
    if not 0 < end - begin <= MAX_DAYS * DAY_SECONDS:
        raise RejectedInput(f"since: a report is of {MAX_DAYS} days at most, and of one second")
    return ReportSpan(begin, end)


def make(
    context: Context,
    span: ReportSpan,
    *,
    services: Sequence[str] = (),
    teams: Sequence[str] = (),
) -> MadeReport:
    """`services`, `teams`: ids or names; none: all. Raises the gateways' errors."""
    zone = times.zone(context.settings.time_zone)
    of_services = [resolve(context.pagerduty, "service", one) for one in services]
    query: Dict[str, Any] = {
        "service_ids": [one.id for one in of_services],
        "team_ids": [resolve(context.pagerduty, "team", one).id for one in teams],
    }
    rows, cut = _rows(context, "/incidents", "incidents", query, span)
    incidents = [one for one in map(_incident, rows) if one is not None]
    # What a person did to the last of them may come after the time.
    later = span._replace(end=min(context.clock(), span.end + DAY_SECONDS))
    log_query = {"team_ids": query["team_ids"]}
    entries, cut_log = _rows(context, "/log_entries", "log_entries", log_query, later)
    acts = [act for act in map(_act, entries) if act is not None]
    within = [one for one in incidents if span.begin <= one.created_at < span.end]
    policies = [one.escalation_policy_id for one in of_services if one.escalation_policy_id]
    hours = on_call_hours.read(context, *span, policies if services else None, query["team_ids"])
    return MadeReport(report_of(within, acts, zone, hours), span, cut or cut_log, query)


def send(
    context: Context, made: MadeReport, channel: str, about: str, *, picture: bool = False
) -> SentPost:
    """Into the channel; a report of the same days and of the same things once. `about`: which
    services and teams it is limited to, in words; `picture`: with one, where there was any
    incident. Raises ConfigError where it can't be drawn."""
    zone = times.zone(context.settings.time_zone)
    days = [str(times.wall_clock(at, zone).date()) for at in (made.span.begin, made.span.end)]
    text = text_of(context, made, about)

    def post(found: ChannelRef) -> SentPost:
        key = post_key("report", found.id, *days, about)
        files: List[str] = []
        if picture and made.report.total.incidents and known(context.store, found.id, key) is None:
            files = [context.mattermost.upload_file(found.id, *picture_of(context, made))]
        return context.post_once(found.id, text, key=key, file_ids=files)

    return context.channels.using(channel, post)


def picture_of(context: Context, made: MadeReport) -> Tuple[str, bytes]:
    """The name of its file, and what is in it."""
    from pagerduty_mattermost.reviews import pictures

    zone = times.zone(context.settings.time_zone)
    name = f"report-{times.wall_clock(made.span.begin, zone).date()}.png"
    return name, pictures.report_png(made.report, made.span.words(context.settings.time_zone))


def text_of(context: Context, made: MadeReport, about: str = "") -> str:
    """The report as Markdown."""
    span = made.span.words(context.settings.time_zone)
    text = as_markdown(made.report, f"{about}, {span}" if about else span)
    if made.cut:
        text += "\n:warning: PagerDuty gave not all of them: the figures are too low."
    return text


def _rows(
    context: Context, path: str, key: str, query: Mapping[str, Any], span: ReportSpan
) -> Tuple[List[Mapping[str, Any]], bool]:
    """All rows of the time, each once, and whether some are missing."""
    slices = TimeSlices(span.begin, span.end, SLICE_SECONDS)
    found: Dict[str, Mapping[str, Any]] = {}
    cut = False
    asked = {name: value for name, value in query.items() if value}
    for begin, end in slices:
        params = {**asked, "since": times.iso(begin), "until": times.iso(end + 1)}
        page = context.pagerduty.list_all(path, key, params)
        if page.truncated and slices.halve(begin, end):
            continue
        cut = cut or page.truncated
        found.update((str(row.get("id")), row) for row in page.items)
    return list(found.values()), cut


def _incident(row: Mapping[str, Any]) -> Optional[ReportedIncident]:
    found = incident_from_rest(row)
    return incident_reported(found) if found is not None else None


def acts_of_incident(pagerduty: PagerDuty, incident_id: str) -> List[ReportedAct]:
    """What counts of the log of one incident. Raises the gateway's errors."""
    acts = map(_act, log_rows(pagerduty, incident_id))
    return [act for act in acts if act is not None]


def incident_reported(found: Incident) -> Optional[ReportedIncident]:
    """None for one of which PagerDuty does not say when it began."""
    created = times.seconds(found.created_at)
    if created is None:
        return None
    teams = tuple(one.name for one in found.teams if one.name)
    resolved = None if found.is_open else times.seconds(found.resolved_at)
    return ReportedIncident(
        found.id, found.title, found.service, teams, found.urgency, created, resolved
    )


def _act(row: Mapping[str, Any]) -> Optional[ReportedAct]:
    kind = as_text(row.get("type"), 80)
    kind = kind[: -len(_ENDING)] if kind.endswith(_ENDING) else kind
    at = times.seconds(as_text(row.get("created_at"), 40))
    if kind not in _KINDS or at is None:
        return None
    who = as_map(row.get("user") if kind == NOTIFIED else row.get("agent"))
    is_person = as_text(who.get("type"), 40).startswith("user")
    person = label_of(who) if is_person else ""
    person_id = id_of(who) if is_person else ""
    return ReportedAct(kind, id_of(as_map(row.get("incident"))), at, person, person_id)
