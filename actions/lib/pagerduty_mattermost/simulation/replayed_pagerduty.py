"""PagerDuty as it was: what the log tells is answered from it, by a clock of the past; who was on
call is asked of PagerDuty once a policy; all else that is read is asked as ever. Nothing is
written."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Callable, Dict, List, Mapping, NoReturn, Optional, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.connections import PagerDutyConfig
from pagerduty_mattermost.core.errors import NotFound, WriteRefused
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.reading_context import PAGERDUTY
from pagerduty_mattermost.incidents.incident import OPEN_STATUSES
from pagerduty_mattermost.incidents.raw_values import as_map, as_maps, id_of
from pagerduty_mattermost.simulation.past import Past

Row = Dict[str, Any]


class ReplayedPagerDuty(PagerDuty):
    """`span`: the whole time that is replayed; `clock`: the moment it has come to; `sleep`:
    between tries at PagerDuty itself."""

    def __init__(
        self,
        config: PagerDutyConfig,
        past: Past,
        span: Tuple[float, float],
        clock: Callable[[], float],
        sleep: Callable[[float], None],
    ) -> None:
        super().__init__(config, clock=clock, sleep=sleep)
        self._past, self._span = past, span
        self._kept: Dict[str, Row] = {}
        """Answers of PagerDuty's that hold for the whole time."""
        self.before_write = _refuse

    @property
    def last_server_time(self) -> Optional[float]:
        return self.now()

    def get(self, path: str, params: Optional[Mapping[str, Any]] = None) -> Row:
        given = dict(params or {})
        if path == "/log_entries":
            return self._log(given)
        if path == "/incidents":
            return self._incidents(given)
        if path == "/oncalls" and not given.get("since"):
            return self._on_calls(given)
        if path.startswith("/incidents/"):
            return self._incident(*path.split("/")[2:4])
        return self._once_for_all(path, given)

    def _note(self, headers: Mapping[str, str]) -> None:
        """The rate limit of today is none of the past's."""

    def _once_for_all(self, path: str, params: Mapping[str, Any]) -> Row:
        key = repr((path, sorted((name, repr(value)) for name, value in params.items())))
        if key not in self._kept:
            self._kept[key] = super().get(path, params)
        return self._kept[key]

    def _log(self, given: Mapping[str, Any]) -> Row:
        now = self.now()
        since = times.seconds(str(given.get("since") or "")) or self._span[0]
        until = times.seconds(str(given.get("until") or "")) or now
        rows = self._past.entries(since, min(until, now))
        return _page("log_entries", _of(rows, given, lambda row: as_map(row["incident"])), given)

    def _incidents(self, given: Mapping[str, Any]) -> Row:
        wanted = given.get("statuses") or OPEN_STATUSES
        found = (self._past.incident(id, self.now()) for id in self._past.near(self.now()))
        rows = [row for row in found if row is not None and row["status"] in wanted]
        by, _, turn = str(given.get("sort_by") or "created_at").partition(":")
        rows.sort(key=lambda row: str(row.get(by) or ""), reverse=turn == "desc")
        return _page("incidents", _of(rows, given, lambda row: row), given)

    def _incident(self, id: str, part: str = "") -> Row:
        found = self._past.incident(id, self.now())
        if found is None:
            raise NotFound(f"The log that is replayed has no incident {id}", status=404)
        if not part:
            return {"incident": found}
        if part == "log_entries":
            rows = self._past.entries(self._span[0], self.now(), of=id)
            return _page("log_entries", rows, {"limit": len(rows) or 1})
        return {part: [], "more": False}

    def _on_calls(self, given: Mapping[str, Any]) -> Row:
        """Of the rows of the whole time those of now: PagerDuty is asked once for a policy."""
        asked = {name: value for name, value in given.items() if name not in ("limit", "offset")}
        begin, end = (times.iso(at) for at in self._span)
        key, now = repr(sorted((name, repr(value)) for name, value in asked.items())), self.now()
        if key not in self._kept:
            rows = self.list_all("/oncalls", "oncalls", {**asked, "since": begin, "until": end})
            self._kept[key] = {"oncalls": rows.items}
        return _page(
            "oncalls", [row for row in self._kept[key]["oncalls"] if _is_on(row, now)], {}
        )


def _is_on(row: Mapping[str, Any], now: float) -> bool:
    begin, end = (times.seconds(str(row.get(name) or "")) for name in ("start", "end"))
    return (begin is None or begin <= now) and (end is None or now < end)


def _of(
    rows: List[Row], given: Mapping[str, Any], incident: Callable[[Row], Mapping[str, Any]]
) -> List[Row]:
    """Those of the services and teams that are asked for."""
    services, teams = set(given.get("service_ids") or ()), set(given.get("team_ids") or ())
    if services:
        rows = [r for r in rows if id_of(as_map(incident(r).get("service"))) in services]
    if teams:
        rows = [r for r in rows if teams & {id_of(one) for one in as_maps(incident(r)["teams"])}]
    return rows


def _page(key: str, rows: List[Row], given: Mapping[str, Any]) -> Row:
    offset, limit = int(given.get("offset") or 0), int(given.get("limit") or 100)
    return {
        key: rows[offset : offset + limit],
        "more": len(rows) > offset + limit,
        "total": len(rows),
        "limit": limit,
        "offset": offset,
    }


def _refuse(method: str, path: str, body: Any, from_email: str) -> NoReturn:
    raise WriteRefused(PAGERDUTY, method, path, body, from_email)
