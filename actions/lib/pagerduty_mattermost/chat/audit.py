"""What was done from chat, by whom, and how it ended: kept for 90 days, one datastore key an act.

    with recorded(store, log, clock, chat_user="ada", verb="resolve", words={...}) as act:
        ...
        act.person, act.incidents = "ada@example.com", ("PT4KHLK",)

The intent is written before the act and its end after it, so one that was killed in between stands
there as `begun`. The keys begin with the time, so a span of days is read by its prefix.

An order's entry has a key of its own, made of the order (`order_entry`): whoever comes to the same
order again finds by it that it was begun, and what was sent before (`begun_orders`).
"""

from __future__ import annotations

import hashlib
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

    def __init__(
        self, keep: Callable[[AuditedAct, str], bool], clock: Callable[[], float]
    ) -> None:
        """`keep`: writes the entry with this result; False where it could not be written."""
        self.person = ""
        """The PagerDuty user's e-mail address it was done under."""
        self.incidents: Tuple[str, ...] = ()
        self.problem = ""
        """What of it is not done although the rest is, in one line."""
        self.sent: List[Dict[str, Any]] = []
        """What was sent to PagerDuty: method, path, body, person and time of each request."""
        self._keep, self._clock, self._fails = keep, clock, False

    def before_write(self, method: str, path: str, body: Any, from_email: str) -> None:
        """Write down a request that changes something before it is sent: as the gateways'
        `before_write`. Another try of the same request is the same."""
        one = {"method": method, "path": path, "body": body, "person": from_email}
        known = [{**sent, "at": None} for sent in self.sent]
        if {**one, "at": None} in known:
            return
        self.sent.append({**one, "at": self._clock()})
        self.begin()

    def begin(self) -> None:
        """Write that it is begun. A datastore that refused once is not asked again: in an outage
        acting goes first."""
        if not self._fails:
            self._fails = not self._keep(self, BEGUN)


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


def order_entry(order_id: str, made_at: float) -> str:
    """Name of the datastore key under which the act of an order stands. `made_at`: seconds since
    the epoch; a failed command that is replayed by hand is of another time, and another act."""
    return _entry_name(made_at, hashlib.sha256(order_id.encode("utf-8", "replace")).hexdigest())


def _entry_name(at: float, id: str) -> str:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(at)) + f".{int(at * 1000) % 1000:03d}"
    return f"{KEY_PREFIX}{stamp}.{id[:12]}"


@contextmanager
def recorded(
    store: Store,
    log: Any,
    clock: Callable[[], float],
    *,
    chat_user: str,
    verb: str,
    words: Mapping[str, str],
    entry_name: str = "",
) -> Iterator[AuditedAct]:
    """Records the act in it. A datastore that is down is logged and stops nobody: in an outage
    acting goes first. `entry_name`: of an order (`order_entry`), whose intent is written together
    with the first request that it sends."""
    now = clock()
    name = entry_name or _entry_name(now, uuid.uuid4().hex)
    entry: Dict[str, Any] = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "chat_user": one_line(clean(chat_user, 100)),
        "verb": verb,
        "words": {key: clean(value, MAX_CHARACTERS) for key, value in words.items() if value},
    }

    def keep(act: AuditedAct, result: str, reason: str = "") -> bool:
        end = {
            "result": result,
            "reason": reason,
            "person": act.person,
            "incidents": list(act.incidents),
            **({"sent": act.sent} if result == BEGUN and act.sent else {}),
        }
        try:
            store.write(name, {**entry, **end}, ttl=KEPT_SECONDS)
            return True
        except PackError as error:
            log.warning(
                "%s by %s (%s) is not in the audit: %s",
                verb,
                entry["chat_user"] or "nobody",
                result,
                error,
            )
            return False

    act = AuditedAct(keep, clock)
    if not entry_name:
        act.begin()
    try:
        yield act
    except PackError as error:
        keep(act, FAILED, one_line(clean(error, MAX_CHARACTERS)))
        raise
    except BaseException as error:
        keep(act, FAILED, type(error).__name__)
        raise
    keep(act, FAILED if act.problem else DONE, one_line(clean(act.problem, MAX_CHARACTERS)))


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
    found = [entry_of(value) for _, value in sorted(kept.items()) if isinstance(value, dict)]
    return [one for one in found if since <= one.at <= until]


def entry_of(value: Mapping[str, Any]) -> AuditEntry:
    """Of what is kept in the datastore."""
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
