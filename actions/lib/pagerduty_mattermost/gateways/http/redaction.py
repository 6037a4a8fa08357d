"""The other side's own words without the secrets that the request bore: a gateway in between may
tell all of it.

    redacted(response, told, 600)     # one line of at most 600 characters

It is cut only after the secrets are gone: a piece of one is still a secret.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, List

from pagerduty_mattermost.core.text import clean, one_line

_TOKEN = re.compile(r"(?:token=|Bearer )(\S+)\Z")
_KEYS = ("routing_key", "service_key")


def redacted(response: Any, told: Any, length: int) -> str:
    """`told` in one line of at most `length` characters."""
    text = clean(told, 10 * length)
    for secret in _sent(response.request):
        text = text.replace(secret, "***")
    return one_line(clean(text, length))


def _sent(request: Any) -> List[str]:
    """The secrets of a prepared request: the token in its header, the key in an event's body."""
    header = request.headers.get("Authorization") or ""
    header = header.decode("latin-1") if isinstance(header, bytes) else header
    found = [match.group(1) for match in [_TOKEN.search(header)] if match]
    try:
        body = json.loads(request.body or "{}")
    except (TypeError, ValueError, RecursionError):
        body = None
    if isinstance(body, Mapping):
        found += [str(body[key]) for key in _KEYS if body.get(key)]
    return found
