"""Incidents by what people call them: id (`PT4KHLK`) or number (`1234`, `#1234`).

    find_all(pagerduty, "1234, PT4KHLK") -> [{...}, {...}]

PagerDuty can't be asked for a number. Numbers are handed out one after the other, so in the list
of all incidents, newest number first, one stands where its distance to the newest says, if not
for gaps (a key may not see all teams): one request for the newest that are open, which small
accounts find everything in, and one for the page where it should be. After that it is searched as
one searches a dictionary; what lies beyond the 10,000 rows the API lists, among what is open.
"""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, Optional, Sequence

from pagerduty_mattermost.core import typed_incidents
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import (
    MAX_RECORDS,
    PAGE_SIZE,
    Listing,
    Page,
    PagerDuty,
    fill,
)
from pagerduty_mattermost.gateways.pagerduty.incident_checks import OPEN_STATUSES
from pagerduty_mattermost.gateways.pagerduty.responses import wrapped

OPEN_QUERY = {"statuses": list(OPEN_STATUSES), "date_range": "all"}
MAX_NAMED = 100
"""Incidents one command may name."""
MAX_SINGLE = 5
"""Of several named at once that are looked up one by one, since they are not open: each can cost
MAX_PAGES requests of a quota that cards need too."""
MAX_OPEN_PAGES = 10
"""Of the list of what is open in which several are looked for."""
MAX_PAGES = 12
"""Of a search: 10,000 records are 100 pages, halved seven times, and two guesses."""


def names(text: str) -> List[str]:
    """The ids and numbers in a text that holds nothing else (core.typed_incidents), each once.

    Raises RejectedInput when there is none, or too many, and for a word that is no incident."""
    found = typed_incidents.read(clean(text))
    wrong = found.wrong or found.rest
    if wrong:
        raise RejectedInput(
            f"{_quoted(wrong)} is no incident: give a number (1234), an id (PT4KHLK) or a link"
        )
    if not found.ids:
        raise RejectedInput("which incident? Give its id (PT4KHLK) or its number (1234)")
    if len(found.ids) > MAX_NAMED:
        raise RejectedInput(f"{len(found.ids)} incidents at once: at most {MAX_NAMED}")
    return list(found.ids)


def find_all(pagerduty: PagerDuty, text: str) -> List[Dict[str, Any]]:
    """The incidents named, as PagerDuty's REST API gives them. Raises NotFound naming the first
    that is not there."""
    return IncidentFinder(pagerduty).find_all(text)


def find(pagerduty: PagerDuty, name: str) -> Dict[str, Any]:
    """The incident of this id or number."""
    return IncidentFinder(pagerduty).find(name)


class IncidentFinder:
    """Finds one incident after the other; what is open is asked for once for all numbers."""

    def __init__(self, pagerduty: PagerDuty) -> None:
        self._pagerduty = pagerduty
        self.open: Optional[Listing] = None
        """The open incidents of the highest numbers, one page, where a number made them be
        read."""
        self.open_total = 0
        """How many are open altogether."""
        self._newest = 0
        """The highest number among them."""

    def find_all(self, text: str) -> List[Dict[str, Any]]:
        """As the function of this name. Several are looked for in one list of what is open,
        however many they are; what is not in it is asked for one by one, MAX_SINGLE of them."""
        wanted = names(text)
        among = self._among_open(wanted) if len(wanted) > 1 else {}
        others = [name for name in wanted if name not in among]
        if len(others) > MAX_SINGLE:
            shown = ", ".join(_quoted(name) for name in others[:MAX_SINGLE])
            raise NotFound(
                f"{len(others)} of these {len(wanted)} incidents are not open ({shown}, …): name "
                f"at most {MAX_SINGLE} such at once"
            )
        rows = {row["id"]: row for row in (among.get(one) or self.find(one) for one in wanted)}
        return list(rows.values())

    def _among_open(self, wanted: Sequence[str]) -> Dict[str, Dict[str, Any]]:
        """Those of the incidents that are open, by what they were called."""
        if self.open is None:
            self.open = self._read_open()
        rows, more, found = list(self.open.items), self.open.truncated, {}
        for page in range(1, MAX_OPEN_PAGES + 1):
            known = {key: row for row in rows for key in (str(row.get("id")), str(_number(row)))}
            keys = {name: name.lstrip("#").upper() for name in wanted}
            found = {name: known[key] for name, key in keys.items() if key in known}
            if len(found) == len(keys) or not more:
                break
            read = self._page(OPEN_QUERY, page * PAGE_SIZE)
            rows, more = rows + list(read.items), read.more
        return found

    def find(self, name: str) -> Dict[str, Any]:
        """As the function of this name, with one list of open incidents for all calls."""
        number = name.lstrip("#")
        if number.isdecimal() and len(number) <= typed_incidents.MAX_NUMBER_DIGITS:
            return self._numbered(int(number))
        try:
            return get_incident(self._pagerduty, name.upper())
        except NotFound:
            raise NotFound(
                f"there is no incident {_quoted(name)}, or the key may not see it"
            ) from None

    def _numbered(self, number: int) -> Dict[str, Any]:
        if self.open is None:
            self.open = self._read_open()
        for row in self.open.items:
            if row.get("incident_number") == number:
                return row
        found = self._searched({"date_range": "all"}, number, self._newest - number)
        if found is None and self.open.truncated:
            found = self._searched(OPEN_QUERY, number, PAGE_SIZE)
        if found is None:
            raise NotFound(
                f"there is no incident with the number {number}; try its id, which stands in its "
                "address"
            )
        return found

    def _read_open(self) -> Listing:
        page = self._page({**OPEN_QUERY, "total": True}, 0)
        rows = sorted(page.items, key=_number)
        self._newest = _number(rows[-1]) if rows else 0
        self.open_total = len(rows) if page.total is None else page.total
        return Listing(rows, page.more)

    def _searched(
        self, query: Mapping[str, Any], number: int, guess: int
    ) -> Optional[Dict[str, Any]]:
        """The row of that number in a list that is sorted by them, newest first. `guess`: how far
        down it may stand."""
        first, last = 0, MAX_RECORDS - 1
        for attempt in range(MAX_PAGES):
            if attempt == 0:
                offset = guess - PAGE_SIZE // 2
            elif attempt > 1:
                offset = (first + last - PAGE_SIZE) // 2
            offset = min(max(first, offset), max(first, last - PAGE_SIZE + 1))
            page = self._page(query, offset).items
            numbers = [_number(row) for row in page]
            if number in numbers:
                return page[numbers.index(number)]
            if not numbers:
                last = offset - 1
            elif number > numbers[0]:
                first, last = max(first, offset - (number - numbers[0])), offset - 1
                offset = first
            elif number < numbers[-1]:
                first = offset + len(page)
                last = min(last, first + numbers[-1] - number - 1)
                offset = last - PAGE_SIZE + 1
            else:
                break
            if first > last:
                break
        return None

    def _page(self, query: Mapping[str, Any], offset: int) -> Page:
        limit = min(PAGE_SIZE, MAX_RECORDS - offset)
        asked = {"sort_by": "incident_number:desc", "limit": limit, "offset": offset}
        return self._pagerduty.page("/incidents", "incidents", {**query, **asked})


def get_incident(
    pagerduty: PagerDuty, incident_id: str, include: Sequence[str] = ()
) -> Dict[str, Any]:
    """The incident of this id as PagerDuty's REST API gives it; `include`: what it should bring
    along. Raises the gateway's errors: NotFound where there is none, RetryLater for an answer
    that holds none."""
    path = fill("/incidents/{id}", id=incident_id)
    answer = pagerduty.get(path, {"include": list(include)} if include else None)
    row = wrapped(answer, "incident", "GET", path)
    if not row.get("id"):
        raise RetryLater(f"PagerDuty GET {path}: the answer holds no incident with an id")
    return row


def _number(row: Mapping[str, Any]) -> int:
    value = row.get("incident_number")
    return value if isinstance(value, int) else 0


def _quoted(text: str) -> str:
    return repr(one_line(clean(text, 60)))
