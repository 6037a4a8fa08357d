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

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEPT_SECONDS = 90 * 86400
KEY_PREFIX = "audit."
BEGUN, DONE, FAILED = "begun", "done", "failed"
MAX_CHARACTERS = 500
"""Of a word or a reason that is kept."""


class AuditedAct:
    """What is known only once the act is done; filled in by whoever does it."""

    def __init__(self) -> None:
        self.person = ""
        """The PagerDuty user's e-mail address it was done under."""
        self.incidents: Tuple[str, ...] = ()


class AuditEntry(NamedTuple):
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
) -> Iterator[AuditedAct]:
    """Records the act in it. A datastore that is down is logged and stops nobody: in an outage
    acting goes first."""
    now = clock()
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}"
    name = f"{KEY_PREFIX}{stamp}.{uuid.uuid4().hex[:12]}"
    act = AuditedAct()
    entry: Dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "chat_user": one_line(clean(chat_user, 100)),
        "verb": verb,
        "words": {key: clean(value, MAX_CHARACTERS) for key, value in words.items() if value},
    }

    def keep(result: str, reason: str = "") -> None:
        end = {
            "result": result,
            "reason": reason,
            "person": act.person,
            "incidents": list(act.incidents),
        }
        try:
            store.write(name, {**entry, **end}, ttl=KEPT_SECONDS)
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
        keep(FAILED, one_line(clean(error, MAX_CHARACTERS)))
        raise
    except BaseException as error:
        keep(FAILED, type(error).__name__)
        raise
    keep(DONE)


def listed(store: Store, log: Any, asked: Mapping[str, Any]) -> Dict[str, Any]:
    """The result of `audit.list`: the newest acts between two times, of one Mattermost user where
    that is asked. `asked`: since and until in ISO 8601, user, maximum, csv. Raises
    StoreUnreachable."""
    since, until = (times.iso(times.seconds(asked[name]) or 0) for name in ("since", "until"))
    user = str(asked.get("user") or "").lstrip("@").casefold()
    acts = entries(store, log, since, until)
    found = [one for one in acts if not user or one.chat_user.casefold() == user]
    kept = found[-asked["maximum"] :]
    more = f", the newest of {len(found)}" if len(kept) < len(found) else ""
    return {
        "entries": [{**one._asdict(), "words": dict(one.words)} for one in kept],
        "truncated": len(kept) < len(found),
        **({"csv": as_csv(kept)} if asked["csv"] else {}),
        "message": f"{len(kept)} acts from chat{more}, from {since} to {until}.",
    }


def entries(store: Store, log: Any, since: str, until: str) -> List[AuditEntry]:
    """The acts from `since` to `until` (ISO 8601 in UTC), oldest first. Raises StoreUnreachable;
    what does not read is logged and left out."""
    kept = store.read_prefix(
        KEY_PREFIX + _common(since, until), on_broken=lambda broken: log.warning("%s", broken)
    )
    found = [_entry(value) for _, value in sorted(kept.items()) if isinstance(value, dict)]
    return [one for one in found if since <= one.at <= until]


def _entry(value: Mapping[str, Any]) -> AuditEntry:
    words = value.get("words")
    return AuditEntry(
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
