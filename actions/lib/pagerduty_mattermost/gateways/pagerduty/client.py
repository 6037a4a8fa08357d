"""The gateway to PagerDuty's REST API v2, on one connection (`connection`).

    pagerduty = PagerDuty(config.pagerduty, log=log if config.debug else None)
    pagerduty.get(fill("/incidents/{id}", id=entity_id))["incident"]
    pagerduty.page("/log_entries", "log_entries", {"since": since, "total": True})
    pagerduty.list_all("/services", "services", {"query": name})

Every method raises the pack's errors only: `RejectedInput` (400, 422, an unusable id),
`Unauthorized` (401, 403), `NotFound` (404), `RetryLater` (429, 5xx, network, an answer that is no
JSON object), `PermanentError` (the rest) and `ConfigError`. Parameters: None is left out, True
becomes `true`, a list goes out as `name[]`. Text from outside reaches a path through `fill` alone.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Set

from pagerduty_mattermost.core.errors import AlreadyExists, NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.gateways.pagerduty.connection import (
    PagerDutyConnection,
    RateLimit,
    quoted,
)
from pagerduty_mattermost.gateways.pagerduty.responses import wrapped

PAGE_SIZE = 100
MAX_RECORDS = 10000
"""offset + limit may not exceed this (API: Pagination)."""
CREATE_MARGIN_SECONDS = 60.0
"""Seconds that our clock and PagerDuty's may differ when an incident just created is looked for.
"""

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


class Page(NamedTuple):
    """One page of a list."""

    items: List[Dict[str, Any]]
    more: bool
    total: Optional[int]
    """Only when asked for with `total: True`."""
    server_time: Optional[float]
    """PagerDuty's clock (header Date), seconds since the epoch."""
    rate: Optional[RateLimit]
    size: int
    """The page size the server applied."""


class Listing(NamedTuple):
    """A whole list. `truncated`: there is more, but the API or `maximum` ends here."""

    items: List[Dict[str, Any]]
    truncated: bool


def segment(value: Any, what: str = "id") -> str:
    """An id fit for a path. Raises RejectedInput for anything else, so that no text can lead to
    another endpoint."""
    text = (
        str(value).strip() if isinstance(value, (str, int)) and not isinstance(value, bool) else ""
    )
    if not _SEGMENT.fullmatch(text):
        raise RejectedInput(
            f"{what} is not a PagerDuty id (letters and digits, such as PT4KHLK): {quoted(value)}"
        )
    return text


def fill(template: str, **ids: Any) -> str:
    """The path with each `{name}` replaced by the id of that name: `fill("/incidents/{id}",
    id="PT4KHLK")`."""
    return re.sub(
        r"\{(\w+)\}", lambda match: segment(ids.get(match.group(1), ""), match.group(1)), template
    )


class PagerDuty(PagerDutyConnection):
    """What is asked of PagerDuty. Not for several threads at once."""

    def get(self, path: str, params: Optional[Mapping[str, Any]] = None) -> Dict[str, Any]:
        """The answer's JSON object, wrapper and all; {} when the answer has no body by contract
        (204)."""
        return self.request("GET", path, params)

    def post(
        self,
        path: str,
        body: Any = None,
        params: Optional[Mapping[str, Any]] = None,
        *,
        from_email: str = "",
        repeatable: bool = False,
        bare_list: bool = False,
    ) -> Dict[str, Any]:
        """A POST is sent once: when its answer is lost, `RetryLater.maybe_done` is true and the
        caller looks before it repeats. `from_email`: the `From` header, else the configured one.
        `bare_list`: the answer is a list, given as `{"list": [...]}` (POST
        /schedules/{id}/overrides is the only one)."""
        return self.request(
            "POST",
            path,
            params,
            body,
            from_email=from_email,
            repeatable=repeatable,
            bare_list=bare_list,
        )

    def put(
        self,
        path: str,
        body: Any = None,
        params: Optional[Mapping[str, Any]] = None,
        *,
        from_email: str = "",
        repeatable: bool = True,
    ) -> Dict[str, Any]:
        """A PUT sets a state, so a lost answer is repeated unless the caller says otherwise
        (merge)."""
        return self.request(
            "PUT", path, params, body, from_email=from_email, repeatable=repeatable
        )

    def delete(
        self, path: str, params: Optional[Mapping[str, Any]] = None, *, from_email: str = ""
    ) -> Dict[str, Any]:
        """Deletes; a 404 to a repeat after a lost answer means done."""
        return self.request("DELETE", path, params, from_email=from_email, repeatable=True)

    def request(
        self,
        method: str,
        path: str,
        params: Optional[Mapping[str, Any]] = None,
        body: Any = None,
        *,
        from_email: str = "",
        repeatable: Optional[bool] = None,
        bare_list: bool = False,
    ) -> Dict[str, Any]:
        """One call with retries. `repeatable` defaults to all methods but POST."""
        maybe_done = False

        def call() -> Dict[str, Any]:
            nonlocal maybe_done
            try:
                return self._once(method, path, params, body, from_email, bare_list)
            except RetryLater as error:
                maybe_done = maybe_done or error.maybe_done
                raise
            except NotFound:
                if method == "DELETE" and maybe_done:
                    return {}
                raise

        return self._retry(call, repeatable=method != "POST" if repeatable is None else repeatable)

    def page(self, path: str, key: str, params: Optional[Mapping[str, Any]] = None) -> Page:
        """One page of the list under `key`. `params` may hold `limit` (default 100), `offset`,
        `total`."""
        asked: Dict[str, Any] = {"limit": PAGE_SIZE, **(params or {})}
        answer = self.get(path, asked)
        rows = answer.get(key)
        if not isinstance(rows, list):
            raise RetryLater(f"PagerDuty GET {path}: the answer holds no list '{key}'")
        total = answer.get("total")
        size = answer.get("limit")
        return Page(
            items=[row for row in rows if isinstance(row, dict)],
            more=answer.get("more") is True,
            total=total if isinstance(total, int) else None,
            server_time=self.last_server_time,
            rate=self.last_rate,
            size=size if isinstance(size, int) and size > 0 else int(asked["limit"]),
        )

    def list_all(
        self,
        path: str,
        key: str,
        params: Optional[Mapping[str, Any]] = None,
        maximum: int = MAX_RECORDS,
    ) -> Listing:
        """All pages, at most `maximum` rows, each id once (rows can repeat when the account
        changes meanwhile)."""
        items: List[Dict[str, Any]] = []
        seen: Set[Any] = set()
        offset = 0
        while True:
            limit = min(PAGE_SIZE, max(1, maximum), MAX_RECORDS - offset)
            page = self.page(path, key, {**(params or {}), "limit": limit, "offset": offset})
            for row in page.items:
                identity = row.get("id")
                if identity is None or identity not in seen:
                    seen.add(identity)
                    items.append(row)
            if len(items) > maximum or (page.more and len(items) == maximum):
                return Listing(items[:maximum], True)
            if not page.more:
                return Listing(items, False)
            offset += max(len(page.items), min(page.size, limit))
            if offset >= MAX_RECORDS or not page.items:
                # An empty page that promises more would be asked for again for ever.
                return Listing(items, True)

    def create_incident(
        self, incident: Mapping[str, Any], *, from_email: str = ""
    ) -> Dict[str, Any]:
        """POST /incidents; returns the incident. With an `incident_key` a lost answer is no
        problem: the incident is looked for by its key before anything is repeated, also when
        PagerDuty says that it already exists."""
        body = {"incident": dict(incident)}
        key = incident.get("incident_key")
        if not key:
            answer = self.post("/incidents", body, from_email=from_email)
            return wrapped(answer, "incident", "POST", "/incidents")
        began = self._clock() - CREATE_MARGIN_SECONDS
        service = (incident.get("service") or {}).get("id")
        lost = False

        def call() -> Dict[str, Any]:
            nonlocal lost
            if lost:
                found = self._by_key(str(key), service, began)
                if found is not None:
                    return found
            try:
                answer = self._once("POST", "/incidents", None, body, from_email)
                return wrapped(answer, "incident", "POST", "/incidents")
            except RetryLater as error:
                lost = lost or error.maybe_done
                raise
            except AlreadyExists:
                found = self._by_key(str(key), service, began)
                if found is None:
                    raise
                return found

        return self._retry(call, repeatable=True)

    def _by_key(self, key: str, service: Optional[str], began: float) -> Optional[Dict[str, Any]]:
        """The incident that bears the key: an open one, or the newest created since `began`."""
        from pagerduty_mattermost.core.times import seconds

        answer = self._once(
            "GET",
            "/incidents",
            {
                "incident_key": key,
                "date_range": "all",
                "limit": PAGE_SIZE,
                "sort_by": "created_at:desc",
            },
        )
        for row in _rows(answer, "incidents"):
            if row.get("incident_key") not in (key, None) or (
                service and (row.get("service") or {}).get("id") != service
            ):
                continue
            created = seconds(str(row.get("created_at"))) or 0.0
            if row.get("status") in ("triggered", "acknowledged") or created >= began:
                return row
        return None


def _rows(answer: Dict[str, Any], key: str) -> List[Dict[str, Any]]:
    rows = answer.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
