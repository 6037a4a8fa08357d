"""Reads PagerDuty for the incident sensor: the log since a time, and snapshots. I/O through the
gateway alone.

    read = read_log(pagerduty, since, teams, state.is_fresh)
    found = read_snapshot(pagerduty, services, teams, unchanged, still_open)

Costs: a quiet log is 1 request; a snapshot is ceil(N/100) + 1 (the page of incidents resolved
lately), and one for each known incident that is in neither. Raises the gateway's errors; what was
read before one is dropped, and read again.
"""

from __future__ import annotations

from typing import (
    Any,
    Callable,
    Dict,
    FrozenSet,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from pagerduty_mattermost.core import set_aside, times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, Unreadable
from pagerduty_mattermost.gateways.pagerduty.client import MAX_RECORDS, Page, PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.find_incident import get_incident
from pagerduty_mattermost.gateways.pagerduty.rows import rows_of
from pagerduty_mattermost.gateways.pagerduty.time_slices import TimeSlices
from pagerduty_mattermost.incidents import merges
from pagerduty_mattermost.incidents.custom_fields import marks
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.log_entries import (
    LogEntry,
    epoch,
    incident_from_rest,
    parse_entry,
)
from pagerduty_mattermost.incidents.snapshot import SnapshotFindings

PAGE_ROWS = 100
MAX_WINDOW_ENTRIES = 2000
"""Log entries taken in one go. A longer log (after an outage) is read in windows, each committed
by itself."""
MAX_SERVICES = 50
"""More watched services than this don't fit into a request's address: then all are listed and
filtered here."""
WINDOW_SECONDS = 30 * 86400.0
"""Of `created_at`, in one slice of a snapshot of over 10,000 open incidents (the API: at
most 6 months)."""
MAX_LOOKED_UP = 25
"""Incidents looked up one by one in a snapshot; the others follow with the next."""

_LOG_INCLUDES = ["incidents", "channels"]
_INCIDENT_INCLUDES = ["conference_bridge", "custom_fields", "first_trigger_log_entries"]


class LogRead(NamedTuple):
    """What one read of the log found."""

    entries: Tuple[LogEntry, ...]
    """Fresh ones only, newest first."""
    upto: Optional[float]
    """None: the log is read to its end. Else only to this server time, less a second (whether
    `until` includes its own second is published nowhere): read on from there."""
    server_time: Optional[float]
    """Of the first answer (header Date)."""
    newest: Optional[float]
    """Creation of the newest entry there is."""
    truncated: bool
    """More entries within two seconds than can be read: only the newest came."""


class SnapshotRead(NamedTuple):
    """What one snapshot found."""

    found: SnapshotFindings
    listed: FrozenSet[str]
    """Ids of all open incidents."""
    resolved: Tuple[Incident, ...]
    """Those resolved lately."""
    server_time: Optional[float]
    requests: int
    vanished: Tuple[str, ...]
    """Known as open, but neither listed nor looked up yet."""


def read_log(
    pagerduty: PagerDuty,
    since: float,
    teams: Optional[FrozenSet[str]],
    is_fresh: Callable[[str], bool],
) -> LogRead:
    """The log entries since a server time. When there are more than SLICE, only the oldest window
    of them is read."""
    params: Dict[str, Any] = {
        "since": times.iso(since),
        "include": _LOG_INCLUDES,
        "total": True,
        "team_ids": sorted(teams) if teams is not None else None,
    }
    page = _log_page(pagerduty, params, 0)
    server_time = page.server_time
    newest = max(_times(page), default=None)
    end = max(newest or 0.0, since + 2) + 1
    until: Optional[float] = None
    while True:
        too_long = page.more and page.total is not None and page.total > MAX_WINDOW_ENTRIES
        fresh, cut = ({}, True) if too_long else _rest_of_log(pagerduty, params, page, is_fresh)
        window = (end if until is None else until) - since
        if not cut or window <= 2:
            break
        until = since + max(2, window // 2)
        params["until"] = times.iso(until)
        page = _log_page(pagerduty, params, 0)
    if too_long:
        fresh, cut = _rest_of_log(pagerduty, params, page, is_fresh)
    whole = merges.with_titles(_with_incidents(pagerduty, list(fresh.values())))
    return LogRead(tuple(whole), None if until is None else until - 1, server_time, newest, cut)


def _rest_of_log(
    pagerduty: PagerDuty, params: Mapping[str, Any], page: Page, is_fresh: Callable[[str], bool]
) -> Tuple[Dict[str, LogEntry], bool]:
    """All fresh entries of a window by id, given its first page; and whether the API cut it
    off."""
    fresh: Dict[str, LogEntry] = {}
    offset = 0
    while True:
        for row in page.items:
            entry = parse_entry(row) if is_fresh(str(row.get("id"))) else None
            if entry is not None:
                fresh.setdefault(entry.id, entry)
        if not page.more or not page.items:
            return fresh, False
        offset += len(page.items)
        if offset + PAGE_ROWS > MAX_RECORDS:
            return fresh, True
        page = _log_page(pagerduty, params, offset)


def _log_page(pagerduty: PagerDuty, params: Mapping[str, Any], offset: int) -> Page:
    return pagerduty.page(
        "/log_entries", "log_entries", {**params, "limit": PAGE_ROWS, "offset": offset}
    )


def _with_incidents(pagerduty: PagerDuty, entries: List[LogEntry]) -> List[LogEntry]:
    """Entries whose incident came as a mere reference, with the incident itself; left out when it
    is no more."""
    looked_up: Dict[str, Optional[Incident]] = {}
    whole: List[LogEntry] = []
    for entry in entries:
        if entry.whole:
            whole.append(entry)
            continue
        ident = entry.incident.id
        if ident not in looked_up:
            looked_up[ident] = read_readable(pagerduty, ident)
        found = looked_up[ident]
        if found is not None:
            whole.append(entry._replace(incident=found, whole=True))
    return whole


def read_incident(pagerduty: PagerDuty, incident_id: str) -> Optional[Incident]:
    """One incident with its first alert and conference bridge; None when there is none (any
    more)."""
    found = read_with_fields(pagerduty, incident_id)
    return found[0] if found is not None else None


def read_with_fields(pagerduty: PagerDuty, incident_id: str) -> Optional[Tuple[Incident, str]]:
    """The same, with the mark of its custom fields (`custom_fields.marks`)."""
    try:
        row = get_incident(pagerduty, incident_id, _INCIDENT_INCLUDES)
    except (NotFound, RejectedInput):
        return None
    found = incident_from_rest(row)
    if found is None:  # it is there: None would say that it is gone
        raise Unreadable(f"PagerDuty's answer on the incident {incident_id} does not read")
    return found, marks(rows_of(row, "custom_fields"))


def read_readable(pagerduty: PagerDuty, incident_id: str) -> Optional[Incident]:
    """The same; None also for one that does not read: it is set aside."""
    try:
        return read_incident(pagerduty, incident_id)
    except Unreadable as error:
        set_aside.note(f"the incident {incident_id}", error)
        return None


def read_open(pagerduty: PagerDuty) -> Tuple[Dict[str, Incident], Optional[float]]:
    """All open incidents of the account by id, and PagerDuty's clock: a request a page of 100, one
    at least."""
    reading = SnapshotReading(pagerduty, lambda row: False)
    page = reading.open_page({"date_range": "all"}, 0)
    if page.more and (page.total or 0) > MAX_RECORDS:
        reading.sliced({}, page, page.server_time)
    else:
        reading.rest({"date_range": "all"}, page)
    return {one.id: one for one in reading.changed}, page.server_time


def read_incident_log(pagerduty: PagerDuty, incident_id: str) -> Tuple[LogEntry, ...]:
    """The log of one incident, newest first."""
    rows = log_rows(pagerduty, incident_id, {"include": ["channels"]})
    return tuple(entry for entry in map(parse_entry, rows) if entry is not None)


def log_rows(
    pagerduty: PagerDuty, incident_id: str, params: Optional[Mapping[str, Any]] = None
) -> List[Dict[str, Any]]:
    """The same as PagerDuty sends it. Raises the gateway's errors."""
    path = fill("/incidents/{id}/log_entries", id=incident_id)
    return list(pagerduty.list_all(path, "log_entries", params).items)


def read_snapshot(
    pagerduty: PagerDuty,
    services: Optional[FrozenSet[str]],
    teams: Optional[FrozenSet[str]],
    unchanged: Callable[[Mapping[str, Any]], bool],
    known_open: Iterable[str],
) -> SnapshotRead:
    """The open incidents and those resolved lately. Rows that are `unchanged` are only counted.
    `known_open`: ids that should be listed, those to look up first in front; what is not listed is
    looked up, a few at a time."""
    scope = scope_of(services, teams)
    reading = SnapshotReading(pagerduty, unchanged)
    page = reading.open_page({**scope, "date_range": "all"}, 0)
    if page.more and (page.total or 0) > MAX_RECORDS:
        reading.sliced(scope, page, page.server_time)
    else:
        reading.rest({**scope, "date_range": "all"}, page)
    resolved = reading.resolved(scope)
    vanished = [i for i in known_open if i not in reading.listed and i not in reading.closed]
    return reading.looked_up(vanished, (), resolved, page.server_time)


def scope_of(
    services: Optional[FrozenSet[str]], teams: Optional[FrozenSet[str]]
) -> Dict[str, Any]:
    """The parameters that keep a list of incidents to what is watched, as far as they can."""
    return {
        "service_ids": sorted(services)
        if services is not None and len(services) <= MAX_SERVICES
        else None,
        "team_ids": sorted(teams) if teams is not None else None,
    }


class SnapshotReading:
    """One snapshot, or a part of one, being read."""

    def __init__(
        self, pagerduty: PagerDuty, unchanged: Callable[[Mapping[str, Any]], bool]
    ) -> None:
        self._pagerduty = pagerduty
        self._unchanged = unchanged
        self.listed: Set[str] = set()
        self.closed: Set[str] = set()
        self.changed: List[Incident] = []
        self.requests = 0

    def open_page(self, params: Mapping[str, Any], offset: int) -> Page:
        self.requests += 1
        page = self._pagerduty.page(
            "/incidents",
            "incidents",
            {
                "sort_by": "created_at:asc",
                **params,
                "statuses": ["triggered", "acknowledged"],
                "include": ["conference_bridge"],
                "total": True,
                "limit": PAGE_ROWS,
                "offset": offset,
            },
        )
        for row in page.items:
            ident = str(row.get("id"))
            if ident in self.listed:
                continue
            self.listed.add(ident)
            incident = None if self._unchanged(row) else incident_from_rest(row)
            if incident is not None:
                self.changed.append(incident)
        return page

    def rest(self, params: Mapping[str, Any], page: Page) -> None:
        """The pages after the first one."""
        offset = 0
        while page.more and page.items:
            offset += len(page.items)
            if offset + PAGE_ROWS > MAX_RECORDS:
                return
            page = self.open_page(params, offset)

    def sliced(self, scope: Mapping[str, Any], first: Page, server_time: Optional[float]) -> None:
        """More than the API lists at once: by windows of the creation time, from the oldest on."""
        start = epoch(first.items[0].get("created_at"))
        end = (server_time if server_time is not None else max(_times(first), default=0.0)) + 86400
        if start is None:
            self.rest({**scope, "date_range": "all"}, first)
            return
        slices = TimeSlices(start, end, WINDOW_SECONDS)
        for since, until in slices:
            # A row at either end may come twice; rows are taken once.
            params = {**scope, "since": times.iso(since), "until": times.iso(until + 1)}
            page = self.open_page(params, 0)
            too_many = page.more and (page.total or 0) > MAX_RECORDS
            if too_many and slices.halve(since, until):
                continue
            self.rest(params, page)

    def resolved(self, scope: Mapping[str, Any]) -> Tuple[Incident, ...]:
        """The newest page of resolved incidents."""
        self.requests += 1
        page = self._pagerduty.page(
            "/incidents",
            "incidents",
            {
                **scope,
                "date_range": "all",
                "statuses": ["resolved"],
                "sort_by": "resolved_at:desc",
                "limit": PAGE_ROWS,
            },
        )
        found = []
        for row in page.items:
            self.closed.add(str(row.get("id")))
            incident = None if self._unchanged(row) else incident_from_rest(row)
            if incident is not None:
                found.append(incident)
        return tuple(found)

    def looked_up(
        self,
        vanished: Sequence[str],
        unexplained: Sequence[str],
        resolved: Tuple[Incident, ...],
        server_time: Optional[float],
    ) -> SnapshotRead:
        """What was read, with some incidents read one by one: a few of those that should have been
        listed, and those of which something is not explained."""
        gone: List[str] = []
        for incident_id in dict.fromkeys((*vanished[:MAX_LOOKED_UP], *unexplained)):
            self.requests += 1
            try:
                incident = read_incident(self._pagerduty, incident_id)
            except Unreadable as error:  # neither gone nor news
                set_aside.note(f"the incident {incident_id}", error)
                continue
            if incident is None:
                gone.append(incident_id)
            else:
                self.changed.append(incident)
        return SnapshotRead(
            SnapshotFindings((*self.changed, *resolved), tuple(gone)),
            frozenset(self.listed),
            resolved,
            server_time,
            self.requests,
            tuple(vanished[MAX_LOOKED_UP:]),
        )


def _times(page: Page) -> List[float]:
    return [t for t in (epoch(row.get("created_at")) for row in page.items) if t is not None]
