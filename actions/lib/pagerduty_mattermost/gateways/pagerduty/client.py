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
from typing import TYPE_CHECKING, Any, Dict, List, Mapping, NamedTuple, Optional, Set

from pagerduty_mattermost.core.errors import RejectedInput, RetryLater
from pagerduty_mattermost.core.text import without_invisible
from pagerduty_mattermost.gateways.pagerduty.connection import (
    PagerDutyConnection,
    RateLimit,
    quoted,
)
from pagerduty_mattermost.gateways.pagerduty.responses import wrapped

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.pagerduty.write_outcome import Written

PAGE_SIZE = 100
MAX_RECORDS = 10000
"""offset + limit may not exceed this (API: Pagination)."""

_NOTE_PATH = re.compile(r"/incidents/[^/]{1,64}/notes(?:/[^/]{1,64})?")
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


def _plain_note(path: str, body: Any) -> Any:
    """The body; of a note without what nobody sees: it is shown as it stands, and copied."""
    note = body.get("note") if isinstance(body, dict) else None
    if not _NOTE_PATH.fullmatch(path) or not isinstance(note, dict):
        return body
    content = note.get("content")
    if not isinstance(content, str):
        return body
    return {**body, "note": {**note, "content": without_invisible(content)}}


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
        bare_list: bool = False,
    ) -> Dict[str, Any]:
        """`from_email`: the `From` header, else the configured one. `bare_list`: the answer is a
        list, given as `{"list": [...]}` (POST /schedules/{id}/overrides is the only one)."""
        write = self.write("POST", path, body, params, from_email=from_email, bare_list=bare_list)
        return write.answer

    def put(
        self,
        path: str,
        body: Any = None,
        params: Optional[Mapping[str, Any]] = None,
        *,
        from_email: str = "",
        before: str = "",
    ) -> Dict[str, Any]:
        """As `write`, and gives the answer alone."""
        write = self.write("PUT", path, body, params, from_email=from_email, before=before)
        return write.answer

    def delete(
        self, path: str, params: Optional[Mapping[str, Any]] = None, *, from_email: str = ""
    ) -> Dict[str, Any]:
        """Deletes; a 404 after a lost answer means done."""
        return self.write("DELETE", path, None, params, from_email=from_email).answer

    def request(
        self,
        method: str,
        path: str,
        params: Optional[Mapping[str, Any]] = None,
        body: Any = None,
    ) -> Dict[str, Any]:
        """A call that changes nothing, with retries: a GET, or a POST that only asks."""
        return self._retry(lambda: self._once(method, path, params, body), repeatable=True)

    def write(
        self,
        method: str,
        path: str,
        body: Any = None,
        params: Optional[Mapping[str, Any]] = None,
        *,
        from_email: str = "",
        before: str = "",
        bare_list: bool = False,
    ) -> Written:
        """A call that changes something, carried out once (`write_once`): when its answer is lost,
        it is read what is so, and only what is not done is sent again. Raises `NotKnown` where
        nobody can tell whether it was carried out. `before`: the state that an incident was in,
        which tells an opening again from one that must not happen."""
        from pagerduty_mattermost.gateways.pagerduty.write_once import WriteOnce
        from pagerduty_mattermost.gateways.pagerduty.write_outcome import Write

        body = _plain_note(path, body)

        def send(body: Any) -> Dict[str, Any]:
            return self._once(method, path, params, body, from_email, bare_list)

        sender = from_email or self._config.from_email
        once = WriteOnce(self, Write(method, path, body, sender, before), send)
        try:
            return self._retry(once.attempt, repeatable=True)
        except RetryLater as error:
            return once.end(error)

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
        page_size: int = PAGE_SIZE,
    ) -> Listing:
        """All pages, at most `maximum` rows, each id once (rows can repeat when the account
        changes meanwhile). `page_size`: where the list allows more than a hundred."""
        items: List[Dict[str, Any]] = []
        seen: Set[Any] = set()
        offset = 0
        while True:
            limit = min(page_size, max(1, maximum), MAX_RECORDS - offset)
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
        """POST /incidents; returns the incident. It goes out with an `incident_key`, one of its
        own where none is given, by which it is found when the answer is lost, also when PagerDuty
        says that it already exists."""
        import uuid

        body = {"incident": {**incident}}
        if not incident.get("incident_key"):
            body["incident"]["incident_key"] = uuid.uuid4().hex
        answer = self.post("/incidents", body, from_email=from_email)
        return wrapped(answer, "incident", "POST", "/incidents")
