"""Texts that are longer than PagerDuty takes: cut at a word, the whole kept in the details. A page
that is refused for its length reaches nobody. Pure.

    fit(schema["properties"], {"summary": "Disk full on …"})

Two annotations of the schemas: `"whole_in": "custom_details"` (of a text: where the whole goes,
beside it), and `"shorten": true` (of a key: a longer one becomes a shorter one, always the same).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Dict

from pagerduty_mattermost.core.text import cut_at_word

DIGEST_CHARACTERS = 16


def fit(properties: Mapping[str, Any], made: Dict[str, Any]) -> None:
    """Cut what is too long in an object that was made ready, in place."""
    for name, spec in properties.items():
        text, limit = made.get(name), spec.get("maxLength")
        if not limit or not isinstance(text, str) or len(text) <= limit:
            continue
        if spec.get("shorten"):
            made[name] = short_key(text, limit)
        elif "whole_in" in spec and _keep_whole(properties, made, spec["whole_in"], name):
            made[name] = cut_at_word(text, limit)


def short_key(key: str, limit: int) -> str:
    """A key of at most `limit` characters, the same for the same key."""
    if len(key) <= limit:
        return key
    digest = hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()[:DIGEST_CHARACTERS]
    return f"{key[: limit - DIGEST_CHARACTERS - 1]}~{digest}"


def _keep_whole(
    properties: Mapping[str, Any], made: Dict[str, Any], where: str, name: str
) -> bool:
    """Put the whole text beside what is there already; False where no details fit."""
    text, outer, _, inner = made[name], *where.partition(".")
    given = made.get(outer)
    if inner:
        body = given if isinstance(given, Mapping) else {"type": "incident_body"}
        before = body.get(inner)
        made[outer] = {**body, inner: f"{text}\n\n{before}" if before else text}
    elif properties[outer].get("type") == "string":
        made[outer] = f"{text}\n\n{given}" if given else text
    elif given is None or isinstance(given, Mapping):
        details = given or {}
        made[outer] = {(f"{name} (whole)" if name in details else name): text, **details}
    else:
        return False
    return True
