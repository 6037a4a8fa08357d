"""All that the pack remembers as one JSON document, and back. Pure.

    document(rows, now)         # {"format": "pagerduty.state", "version": 1, "keys": {...},
    "left_out": {...}, ...}
    plan(given, present, now)   # what an import would write; raises RejectedInput when anything is
    wrong

Secrets are left out, as is what does not read; both are named in `left_out`. Each key keeps its
version and its end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm import migrations
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Row, opened, sealed
from pagerduty_mattermost.operations.state_kinds import kind_of, problem

FORMAT, VERSION = "pagerduty.state", 1
TOLD = 5
"""Problems of one document that are told."""


class Write(NamedTuple):
    name: str
    data: Any
    ttl: Optional[float]


class Plan(NamedTuple):
    writes: Tuple[Write, ...]
    """In their order: what others point at comes first, the sensor's head last."""
    same: Tuple[str, ...]
    """Stand there already."""
    kept: Tuple[str, ...]
    """Stand there otherwise, and are left as they are."""
    expired: Tuple[str, ...]


def document(rows: Iterable[Row], now: float, kinds: Sequence[str] = ()) -> Dict[str, Any]:
    """`kinds`: only these; none: all."""
    keys: Dict[str, Any] = {}
    left_out: Dict[str, str] = {}
    for row in rows:
        kind = kind_of(row.name)
        if kinds and kind.name not in kinds:
            continue
        if row.secret or kind.secret:
            left_out[row.name] = "a secret"
            continue
        try:
            data = opened(row.name, row.raw)
        except BrokenValue as error:
            left_out[row.name] = f"does not read: {error.why}"
            continue
        keys[row.name] = {
            "v": migrations.version(row.name),
            "data": data,
            "expires_at": row.expires_at,
        }
    return {
        "format": FORMAT,
        "version": VERSION,
        "exported_at": times.iso(now),
        "keys": keys,
        "left_out": left_out,
    }


def plan(given: Any, present: Iterable[Row], now: float, *, replace: bool = False) -> Plan:
    """What an import writes. `replace`: also over what stands there otherwise. Raises
    RejectedInput, in one line, for another format or version, and for each key (the first five)
    whose data is not what such a key holds."""
    keys = _keys(given)
    standing = {row.name: row.raw for row in present}
    writes: List[Write] = []
    same: List[str] = []
    kept: List[str] = []
    expired: List[str] = []
    wrong: List[str] = []
    for name, entry in keys.items():
        try:
            data, ttl = _entry(name, entry, now)
        except RejectedInput as error:
            wrong.append(f"{one_line(clean(name, 100))}: {error}")
            continue
        if ttl is not None and ttl <= 0:
            expired.append(name)
        elif name not in standing:
            writes.append(Write(name, data, ttl))
        elif _holds(name, standing[name], data):
            same.append(name)
        elif replace:
            writes.append(Write(name, data, ttl))
        else:
            kept.append(name)
    if wrong:
        more = f" (and {len(wrong) - TOLD} more)" if len(wrong) > TOLD else ""
        raise RejectedInput(f"Nothing is imported: {'; '.join(wrong[:TOLD])}{more}")
    writes.sort(key=lambda write: (write.name == "sensor.head", write.name))
    return Plan(tuple(writes), tuple(same), tuple(kept), tuple(expired))


def token(names: Iterable[str]) -> str:
    """Confirms that exactly these keys are meant."""
    return hashlib.sha256("\n".join(sorted(names)).encode("utf-8")).hexdigest()[:8]


def _keys(given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping) or given.get("format") != FORMAT:
        raise RejectedInput(f"This is no document of state.export: its format is not {FORMAT}")
    if given.get("version") != VERSION or isinstance(given["version"], bool):
        raise RejectedInput(
            f"The document has version {given.get('version')!r:.20}, this version of the "
            f"pack reads {VERSION}: import "
            "it with the version that exported it"
        )
    keys = given.get("keys")
    if not isinstance(keys, Mapping):
        raise RejectedInput("The document has no keys")
    return keys


def _entry(name: str, entry: Any, now: float) -> Tuple[Any, Optional[float]]:
    """Data as today's version has it, and how long it lives from now on."""
    if not isinstance(entry, Mapping):
        raise RejectedInput("no entry with v and data")
    try:
        data = opened(name, json.dumps({key: entry[key] for key in ("v", "data") if key in entry}))
    except BrokenValue as error:
        raise RejectedInput(error.why) from None
    wrong = problem(name, data)
    if wrong:
        raise RejectedInput(wrong)
    try:
        sealed(name, data)
    except ValueError:
        raise RejectedInput("a number that JSON does not have") from None
    end = entry.get("expires_at")
    if not end:
        return data, kind_of(name).ttl
    at = times.seconds(str(end))
    if at is None:
        raise RejectedInput("expires_at is no ISO 8601 time")
    return data, at - now


def _holds(name: str, raw: str, data: Any) -> bool:
    try:
        return bool(opened(name, raw) == data)
    except BrokenValue:
        return False
