"""What was done from chat, by whom, and how it ended: kept for 90 days, one datastore key an act.

    with recorded(store, log, clock, chat_user="ada", verb="resolve", words={...}) as act:
        ...
        act.person, act.incidents = "ada@example.com", ("PT4KHLK",)

The intent is written before the act and its end after it, so one that was killed in between stands
there as `begun`. The keys begin with the time, so a span of days is read by its prefix.
"""

from __future__ import annotations

import time
import uuid
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEPT = 90 * 86400
"""Seconds."""
PREFIX = "audit."
BEGUN, DONE, FAILED = "begun", "done", "failed"
TEXT = 500


class Act:
    """Filled in while it goes on."""

    def __init__(self) -> None:
        self.person = ""
        """The PagerDuty user's e-mail address it was done under."""
        self.incidents: Tuple[str, ...] = ()


class Entry(NamedTuple):
    """One act, as it is listed. `at`: ISO 8601 in UTC."""

    at: str
    chat_user: str
    person: str
    verb: str
    words: Mapping[str, str]
    result: str
    """begun, done or failed."""
    reason: str
    incidents: Tuple[str, ...]


@contextmanager
def recorded(
    store: Store,
    log: Any,
    clock: Callable[[], float],
    *,
    chat_user: str,
    verb: str,
    words: Mapping[str, str],
) -> Iterator[Act]:
    """Records the act in it. A datastore that is down is logged and stops nobody: in an outage
    acting goes first."""
    now = clock()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}"
    name = f"{PREFIX}{stamp}.{uuid.uuid4().hex[:12]}"
    act = Act()
    entry: Dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "chat_user": one_line(clean(chat_user, 100)),
        "verb": verb,
        "words": {key: clean(value, TEXT) for key, value in words.items() if value},
    }

    def keep(result: str, reason: str = "") -> None:
        end = {
            "result": result,
            "reason": reason,
            "person": act.person,
            "incidents": list(act.incidents),
        }
        try:
            store.write(name, {**entry, **end}, ttl=KEPT)
        except PackError as error:
            log.warning(
                "%s by %s (%s) is not in the audit: %s",
                verb,
                entry["chat_user"] or "nobody",
                result,
                error,
            )

    keep(BEGUN)
    try:
        yield act
    except PackError as error:
        keep(FAILED, one_line(clean(error, TEXT)))
        raise
    except BaseException as error:
        keep(FAILED, type(error).__name__)
        raise
    keep(DONE)


def entries(store: Store, log: Any, since: str, until: str) -> List[Entry]:
    """The acts from `since` to `until` (ISO 8601 in UTC), oldest first. Raises StoreUnreachable;
    what does not read is logged and left out."""
    kept = store.read_prefix(
        PREFIX + _common(since, until), on_broken=lambda broken: log.warning("%s", broken)
    )
    found = [_entry(value) for _, value in sorted(kept.items()) if isinstance(value, dict)]
    return [one for one in found if since <= one.at <= until]


def _entry(value: Mapping[str, Any]) -> Entry:
    words = value.get("words")
    return Entry(
        at=str(value.get("at") or ""),
        chat_user=str(value.get("chat_user") or ""),
        person=str(value.get("person") or ""),
        verb=str(value.get("verb") or ""),
        words={str(key): str(word) for key, word in words.items()}
        if isinstance(words, dict)
        else {},
        result=str(value.get("result") or ""),
        reason=str(value.get("reason") or ""),
        incidents=tuple(str(one) for one in value.get("incidents") or ()),
    )


def _common(since: str, until: str) -> str:
    """The beginning that the keys of both times share."""
    first, last = (text.replace("-", "").replace(":", "") for text in (since, until))
    shared = 0
    while shared < min(len(first), len(last), 8) and first[shared] == last[shared]:
        shared += 1
    return first[:shared]


def as_csv(found: List[Entry]) -> str:
    """For a spreadsheet. A cell that a spreadsheet would take for a formula gets an apostrophe in
    front."""
    import csv
    import io

    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Entry._fields)
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
