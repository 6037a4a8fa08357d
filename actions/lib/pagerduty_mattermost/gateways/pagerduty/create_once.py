"""A POST that makes something: sent once. When its answer is lost, PagerDuty is asked whether it
was done.

An incident is made under a key of its own, by which it can be found. Any other thing is looked for
in its list: one that is as what was sent is the answer. Where there is none, nothing is repeated:
it may still appear, and two would be worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Dict, List

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.gateways.pagerduty.client import CREATE_MARGIN_SECONDS, PagerDuty


def create(
    pagerduty: PagerDuty,
    path: str,
    body: Any,
    query: Mapping[str, Any],
    from_email: str,
    wrapper: str,
    lookup: str,
) -> Dict[str, Any]:
    """PagerDuty's answer. `lookup`: key of the list at the same path; "" where there is none to
    look in.

    Raises what the gateway raises; a `RetryLater` that may have been carried out says so."""
    if path == "/incidents":
        import uuid

        incident = dict(body["incident"])
        incident.setdefault("incident_key", uuid.uuid4().hex)
        return {"incident": pagerduty.create_incident(incident, from_email=from_email)}
    began = pagerduty.now() - CREATE_MARGIN_SECONDS
    try:
        return pagerduty.post(path, body, query, from_email=from_email)
    except RetryLater as error:
        if not error.maybe_done:
            raise
        sent = body.get(wrapper) if isinstance(body, Mapping) else None
        found = (
            _look(pagerduty, path, lookup, sent, began)
            if lookup and isinstance(sent, Mapping)
            else None
        )
        if found is not None:
            return {wrapper: found}
        raise uncertain(error) from None


def uncertain(error: RetryLater) -> RetryLater:
    """The error of a call that is not repeated, with what to do about it."""
    return RetryLater(
        f"{error}; it may have been carried out: look before you repeat it",
        status=error.status,
        error_id=error.error_id,
        retry_after=error.retry_after,
        maybe_done=True,
    )


def _look(
    pagerduty: PagerDuty, path: str, lookup: str, sent: Mapping[str, Any], began: float
) -> Any:
    """The thing that is as what was sent, and not older than `began`; None when there is none, or
    several."""
    try:
        if path.count("/") > 1:  # what belongs to one incident or user is not paged
            rows = pagerduty.get(path).get(lookup) or []
        else:
            rows = pagerduty.list_all(
                path, lookup, {"query": sent["name"]} if "name" in sent else {}
            ).items
    except PackError:
        return None
    found = [
        row
        for row in rows
        if _fits(row, sent) and (times.seconds(str(row.get("created_at"))) or began) >= began
    ]
    return found[0] if len(found) == 1 else None


def _fits(row: Any, sent: Any) -> bool:
    """Whether all that was sent stands in the row. Times are compared as such, lists by their
    ids."""
    if isinstance(sent, Mapping):
        return isinstance(row, Mapping) and all(
            key == "type" or (key in row and _fits(row[key], value)) for key, value in sent.items()
        )
    if isinstance(sent, list):
        return isinstance(row, list) and _ids(row) == _ids(sent)
    if isinstance(sent, str) and isinstance(row, str) and times.seconds(sent) is not None:
        return times.seconds(sent) == times.seconds(row)
    return bool(row == sent)


def _ids(rows: List[Any]) -> List[str]:
    return sorted(str(row.get("id")) if isinstance(row, Mapping) else str(row) for row in rows)
