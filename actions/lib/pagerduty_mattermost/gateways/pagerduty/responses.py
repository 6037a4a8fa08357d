"""What PagerDuty answers, read: the JSON object of a good answer, or the error that a bad one
means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Dict, Tuple

from pagerduty_mattermost.core.errors import (
    NotFound,
    PackError,
    PermanentError,
    RejectedInput,
    RetryLater,
    Unauthorized,
)

if TYPE_CHECKING:
    from requests import Response

LIST = "list"
"""Key of an answer that is a bare list."""
LABEL = "Invalid Input Provided"
"""In front of PagerDuty's words, whatever was wrong."""
UNKNOWN_SENDER = "Requester User Not Found"
"""Among PagerDuty's words when nobody has the address in the header `From`."""
ERROR_CHARACTERS = 600
"""PagerDuty's own words are cut to this many characters."""

_INCIDENT = re.compile(r"^PagerDuty [A-Z]{3,7} /incidents/([A-Z0-9]{1,40})(?:/[a-z_]{1,40})?$")
"""A request for an incident, or for what belongs to it."""


def read(
    response: Response, method: str, what: str, clock: Callable[[], float], bare_list: bool = False
) -> Dict[str, Any]:
    """The JSON object of a good answer, or raise the error that the answer means. `bare_list`: a
    list comes, under `LIST`."""
    status = response.status_code
    if status >= 300:
        raise _refusal(response, method, what, clock)
    if not response.content.strip():
        if status in (202, 204) or method == "DELETE":
            return {}
        raise RetryLater(
            f"{what}: the answer is empty", status=status, maybe_done=method != "GET"
        ).of_service(what, "answers with nothing")
    from pagerduty_mattermost.gateways.http.client import decode

    answer = decode(response)
    if bare_list and isinstance(answer, list):
        return {LIST: answer}
    if not isinstance(answer, dict):
        raise RetryLater(
            f"{what}: the answer is no JSON object (a proxy in between?)",
            status=status,
            maybe_done=method != "GET",
        ).of_service(what, "answers with what is none of its answers (a proxy in between?)")
    return answer


def wrapped(answer: Mapping[str, Any], key: str, method: str, path: str) -> Dict[str, Any]:
    """The object under `key` of a good answer. Raises RetryLater where the answer holds none."""
    value = answer.get(key)
    if not isinstance(value, dict):
        raise RetryLater(
            f"PagerDuty {method} {path}: the answer holds no '{key}'", maybe_done=method != "GET"
        )
    return value


def _refusal(response: Response, method: str, what: str, clock: Callable[[], float]) -> PackError:
    status = response.status_code
    error = _error_of(response)
    said, code = _said(response, error)
    if status == 429 or status == 408 or (status >= 500 and status != 501):
        from pagerduty_mattermost.gateways.http.answer_headers import asked_wait

        wait = asked_wait(response.headers, limited=status == 429, now=clock)
        why = "too many requests" if status == 429 else "PagerDuty has trouble"
        limited = "takes no more requests for the moment (429)"
        return RetryLater(
            f"{what}: {why} ({status})",
            status=status,
            error_id=code,
            retry_after=wait,
            maybe_done=status != 429 and method != "GET",
        ).of_service(what, limited if status == 429 else f"has trouble ({status})")
    if status == 401:
        return Unauthorized(
            f"{what}: PagerDuty does not accept the key (401): check api_key, auth_type and "
            "region",
            status=status,
            error_id=code,
        )
    if status == 403:
        line = (
            f"{what}: the key may not do this (403){said}: it may be read-only, or lack "
            "a right or scope"
        )
        return Unauthorized(line, status=status, error_id=code)
    if status == 404:
        incident = _INCIDENT.search(what)
        if incident is not None:
            said = f"there is no incident {incident.group(1)}, or the key may not see it (404)"
            return NotFound(said, status=status, error_id=code)
        return NotFound(
            f"{what}: no such thing, or the key may not see it (404){said}",
            status=status,
            error_id=code,
        )
    if status in (400, 422) and UNKNOWN_SENDER in said:
        line = (
            f"{what}: PagerDuty has no user with this sender's e-mail address: give as from_email "
            "(or from <e-mail>) that of a user of the account"
        )
        return RejectedInput(line, status=status, error_id=code)
    if status in (400, 422):
        line = f"{what}: PagerDuty refuses ({status}){said}"
        refused = RejectedInput(line, status=status, error_id=code)
        refused.said = _without_label(said)
        return refused
    return PermanentError(
        f"{what}: PagerDuty answers {status}{said}", status=status, error_id=code
    )


def _without_label(said: str) -> str:
    """PagerDuty's words without what stands in front of each of them, and once."""
    words = list(dict.fromkeys(part for part in said.split(": ") if part))
    return ": ".join(words[1:] if words[:1] == [LABEL] and words[1:] else words)


def _error_of(response: Response) -> Any:
    """What stands under `error` in the answer."""
    from pagerduty_mattermost.gateways.http.client import decode

    answer = decode(response)
    return answer.get("error") if isinstance(answer, Mapping) else None


def _said(response: Response, error: Any) -> Tuple[str, str]:
    """PagerDuty's own words as ": message: error; error", and its error code; both "" when it gave
    none."""
    from pagerduty_mattermost.gateways.http.redaction import redacted

    if not isinstance(error, dict):
        return (
            ": " + redacted(response, error, ERROR_CHARACTERS) if isinstance(error, str) else ""
        ), ""
    details = error.get("errors")
    words = [str(error.get("message") or "")]
    if isinstance(details, list):
        words.append("; ".join(str(one) for one in details))
    elif details:
        words.append(str(details))
    said = redacted(response, ": ".join(word for word in words if word), ERROR_CHARACTERS)
    return (": " + said if said else ""), str(error.get("code") or "")
