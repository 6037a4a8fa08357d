"""Incidents by what people call them: id (`PT4KHLK`) or number (`1234`, `#1234`).

    find_all(pagerduty, "1234, PT4KHLK") -> [{...}, {...}]

PagerDuty can't be asked for a number: what is open is looked through first, then all incidents,
newest number first, are searched as one searches a dictionary. Numbers are handed out one after
the other, so the first guess is mostly right; a key that does not see all teams sees gaps.
"""

from __future__ import annotations

import re
from typing import Any, Dict, List, Mapping, Optional, Sequence

from pagerduty_mattermost.core.errors import NotFound, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import (
    MAX_RECORDS,
    PAGE_SIZE,
    Listing,
    PagerDuty,
    fill,
)
from pagerduty_mattermost.gateways.pagerduty.responses import wrapped

OPEN_QUERY = {"statuses": ["triggered", "acknowledged"], "date_range": "all"}
MAX_NAMED = 100
"""Incidents one command may name."""
MAX_PAGES = 12
"""Of a search: 10,000 records are 100 pages, halved seven times."""
_NUMBER = re.compile(r"#?(\d{1,12})")
_LINK = re.compile(r"https?://\S+/incidents/([A-Za-z0-9]+)/?(?:[?#]\S*)?")


def names(text: str) -> List[str]:
    """The ids and numbers in a text: split on commas and spaces, links reduced to their id, each
    once.

    Raises RejectedInput when there is none, or too many."""
    found = [
        _LINK.sub(r"\1", word) for word in re.split(r"[,\s]+", clean(text).strip("[] ")) if word
    ]
    if not found:
        raise RejectedInput("which incident? Give its id (PT4KHLK) or its number (1234)")
    if len(found) > MAX_NAMED:
        raise RejectedInput(f"{len(found)} incidents at once: at most {MAX_NAMED}")
    return list(dict.fromkeys(found))


def find_all(pagerduty: PagerDuty, text: str) -> List[Dict[str, Any]]:
    """The incidents named, as PagerDuty's REST API gives them. Raises NotFound naming the first
    that is not there."""
    return IncidentFinder(pagerduty).find_all(text)


def find(pagerduty: PagerDuty, name: str) -> Dict[str, Any]:
    """The incident of this id or number."""
    return IncidentFinder(pagerduty).find(name)


class IncidentFinder:
    """Finds one incident after the other; what is open is read once for all numbers."""

    def __init__(self, pagerduty: PagerDuty) -> None:
        self._pagerduty = pagerduty
        self.open: Optional[Listing] = None
        """The open incidents, where a number made them be read."""

    def find_all(self, text: str) -> List[Dict[str, Any]]:
        """As the function of this name."""
        rows: List[Dict[str, Any]] = []
        for name in names(text):
            row = self.find(name)
            if row["id"] not in [one["id"] for one in rows]:
                rows.append(row)
        return rows

    def find(self, name: str) -> Dict[str, Any]:
        """As the function of this name."""
        number = _NUMBER.fullmatch(name)
        if number:
            return self._numbered(int(number.group(1)))
        try:
            return get_incident(self._pagerduty, name.upper())
        except NotFound:
            raise NotFound(
                f"there is no incident {_quoted(name)}, or the key may not see it"
            ) from None

    def _numbered(self, number: int) -> Dict[str, Any]:
        if self.open is None:
            self.open = self._pagerduty.list_all("/incidents", "incidents", OPEN_QUERY)
        for row in self.open.items:
            if row.get("incident_number") == number:
                return row
        return _searched(self._pagerduty, number)


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


def _searched(pagerduty: PagerDuty, number: int) -> Dict[str, Any]:
    page = _page(pagerduty, 0)
    newest = _number(page[0]) if page else 0
    first, last = (
        0,
        min(newest - number, MAX_RECORDS - PAGE_SIZE),
    )  # it stands no further on: there are only gaps
    offset = 0
    for _ in range(MAX_PAGES):
        numbers = [_number(row) for row in page]
        if number in numbers:
            return page[numbers.index(number)]
        if numbers and number < numbers[-1]:
            first, offset = (
                offset + len(page),
                max(offset + len(page), last - PAGE_SIZE + 1) if not offset else 0,
            )
        elif offset and (not numbers or number > numbers[0]):
            last, offset = offset - 1, 0
        else:
            break
        offset = offset or max(first, (first + last - PAGE_SIZE) // 2)
        if first > last:
            break
        page = _page(pagerduty, offset)
    raise NotFound(
        f"there is no incident with the number {number}; try its id, which stands in its address"
    )


def _page(pagerduty: PagerDuty, offset: int) -> List[Dict[str, Any]]:
    asked = {
        "date_range": "all",
        "sort_by": "incident_number:desc",
        "limit": PAGE_SIZE,
        "offset": offset,
    }
    return pagerduty.page("/incidents", "incidents", asked).items


def _number(row: Mapping[str, Any]) -> int:
    value = row.get("incident_number")
    return value if isinstance(value, int) else 0


def _quoted(text: str) -> str:
    return repr(one_line(clean(text, 60)))
