"""The audit as people read it: the newest acts and refusals of a span of time, read by the
beginnings of their keys from the newest on, however many there are."""

from __future__ import annotations

import heapq
import itertools
from typing import Any, Dict, Iterator, List, Mapping

from pagerduty_mattermost.chat.audit import (
    KEY_PREFIX,
    REFUSED_PREFIX,
    AuditEntry,
    entry_of,
    refusal_count,
    refusals_of,
)
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEYS_AT_ONCE = 300
"""Keys of one span of time; of more than that its parts are read, the newest first."""


def listed(store: Store, log: Any, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The result of `audit.list`: the newest acts between two times, of one Mattermost user where
    that is asked. `asked`: since and until in ISO 8601, user, maximum, csv. Raises
    StoreUnreachable."""
    since, until = (times.iso(times.seconds(asked[name]) or 0) for name in ("since", "until"))
    user = str(asked.get("user") or "").lstrip("@").casefold()
    acts = newest_first(store, log, since, until)
    found = (one for one in acts if not user or one.chat_user.casefold() == user)
    newest = list(itertools.islice(found, asked["maximum"] + 1))
    kept = newest[: asked["maximum"]][::-1]
    truncated = len(newest) > len(kept)
    more = ", the newest; there are older ones" if truncated else ""
    return {
        "entries": [{**one._asdict(), "words": dict(one.words)} for one in kept],
        "truncated": truncated,
        **({"csv": as_csv(kept)} if asked["csv"] else {}),
        "message": f"{len(kept)} acts from chat{more}, from {since} to {until}.",
    }


def newest_first(store: Store, log: Any, since: str, until: str) -> Iterator[AuditEntry]:
    """The acts and refusals from `since` to `until` (ISO 8601 in UTC), read as they are asked for.
    Raises StoreUnreachable; what does not read is logged and left out."""
    shared = _common(since, until)
    acts = _acts(store, log, shared, _compact(since), _compact(until))
    refused = [one for one in _refusals(store, log, shared) if since <= one.at <= until]
    yield from heapq.merge(
        sorted(refused, key=_at, reverse=True),
        (one for one in acts if since <= one.at <= until),
        key=_at,
        reverse=True,
    )


def _at(one: AuditEntry) -> str:
    return one.at


def _acts(store: Store, log: Any, stamp: str, since: str, until: str) -> Iterator[AuditEntry]:
    """Those whose time begins with `stamp`, the newest first."""
    if not since[: len(stamp)] <= stamp <= until[: len(stamp)]:
        return
    if len(stamp) < len(since) and store.holds(KEY_PREFIX + stamp, KEYS_AT_ONCE):
        for digit in "T9876543210":
            yield from _acts(store, log, stamp + digit, since, until)
        return
    for _, value in sorted(_kept(store, log, KEY_PREFIX + stamp).items(), reverse=True):
        if isinstance(value, dict) and not value.get("refused"):
            yield entry_of(value)


def _refusals(store: Store, log: Any, shared: str) -> Iterator[AuditEntry]:
    for value in _kept(store, log, REFUSED_PREFIX + shared[:8]).values():
        entries = refusals_of(value)
        more = refusal_count(value) - len(entries)
        for position, one in enumerate(entries):
            found = entry_of(one)
            if more > 0 and position == 0:
                why = f"{found.reason} (and {more} refusals more on that day)"
                found = found._replace(reason=why)
            yield found


def _kept(store: Store, log: Any, prefix: str) -> Dict[str, Any]:
    return store.read_prefix(prefix, on_broken=lambda broken: log.warning("%s", broken))


def _compact(at: str) -> str:
    """As keys begin with it: 20270115T080000."""
    return at.replace("-", "").replace(":", "")[:15]


def _common(since: str, until: str) -> str:
    """The beginning that the keys of both times share."""
    first, last = _compact(since), _compact(until)
    shared = 0
    while shared < min(len(first), len(last), 8) and first[shared] == last[shared]:
        shared += 1
    return first[:shared]


def as_csv(found: List[AuditEntry]) -> str:
    """For a spreadsheet. A cell that a spreadsheet would take for a formula gets an apostrophe in
    front."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(AuditEntry._fields)
    for one in found:
        words = " ".join(f"{key}={value}" for key, value in one.words.items())
        cells = [
            one.at,
            one.chat_user,
            one.person,
            one.verb,
            words,
            one.result,
            one.reason,
            " ".join(one.incidents),
        ]
        writer.writerow([_cell(text) for text in cells])
    return out.getvalue()


def _cell(text: str) -> str:
    line = one_line(text)
    return "'" + line if line[:1] in ("=", "+", "-", "@", "\t") else line
