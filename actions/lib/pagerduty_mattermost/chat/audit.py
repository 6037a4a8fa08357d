"""What was done from chat, by whom, and how it ended: kept for 90 days, one datastore key an act.

    with recorded(store, log, clock, chat_user="ada", verb="resolve", words={...}) as act:
        ...
        act.person, act.incidents = "ada@example.com", ("PT4KHLK",)

The intent is written before the act and its end after it, so one that was killed in between stands
there as `begun`. The keys begin with the time (`audit_list` reads them).

What fails before anything of it was done, by what was typed or by who may not, is kept apart, in
one key a person and day with the newest REFUSALS_KEPT: whoever is refused over and over pushes
out nobody else's acts.

An order's entry has a key of its own, made of the order (`order_entry`): whoever comes to the same
order again finds by it that it was begun, and what was sent before (`begun_orders`).
"""

from __future__ import annotations

import hashlib
import time
import uuid
from contextlib import contextmanager
from typing import Any, Callable, Dict, Iterator, List, Mapping, NamedTuple, Tuple

from pagerduty_mattermost.core.errors import PackError, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import Store

KEPT_SECONDS = 90 * 86400
KEY_PREFIX = "audit."
REFUSED_PREFIX = "refused."
REFUSED_SECONDS = 3 * 3600
"""How long the audit remembers that an order was refused: longer than a second click on the same
confirmation or dialog is still taken for the same order (`begun_orders.KEPT_SECONDS`)."""
REFUSALS_KEPT = 10
"""Of one person and day; the others are counted."""
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
    entry = _begun(now, chat_user, verb, words)

    def keep(act: AuditedAct, result: str, reason: str = "", *, refused: bool = False) -> bool:
        end = {
            "result": result,
            "reason": reason,
            "person": act.person,
            "incidents": list(act.incidents),
            **({"sent": act.sent} if result == BEGUN and act.sent else {}),
            **({"refused": True} if refused else {}),
        }
        try:
            store.write(name, {**entry, **end}, REFUSED_SECONDS if refused else KEPT_SECONDS)
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
        if act.sent or isinstance(error, RetryLater) or error.status is not None:
            keep(act, FAILED, one_line(clean(error, MAX_CHARACTERS)))
            raise
        record_refusal(store, log, entry, str(error))
        # Whoever comes to the same order again finds that it is over.
        keep(act, FAILED, one_line(clean(error, MAX_CHARACTERS)), refused=True)
        raise
    except BaseException as error:
        keep(act, FAILED, type(error).__name__)
        raise
    keep(act, FAILED if act.problem else DONE, one_line(clean(act.problem, MAX_CHARACTERS)))


def record_refusal(store: Store, log: Any, entry: Mapping[str, Any], reason: str) -> None:
    """Nothing of it was done. `entry`: as `recorded` makes it. As with acts, a datastore that is
    down is logged."""
    day, user = str(entry["at"])[:10].replace("-", ""), str(entry["chat_user"])
    who = hashlib.sha256(user.casefold().encode("utf-8", "replace")).hexdigest()[:16]
    name = f"{REFUSED_PREFIX}{day}.{who}"
    told = {**entry, "result": FAILED, "reason": one_line(clean(reason, MAX_CHARACTERS))}
    try:
        before = store.read_prefix(name, on_broken=lambda broken: None).get(name)
        entries = [*refusals_of(before), told][-REFUSALS_KEPT:]
        value = {"count": refusal_count(before) + 1, "entries": entries}
        store.write(name, value, ttl=KEPT_SECONDS)
    except PackError as error:
        log.warning("%s by %s (refused) is not in the audit: %s", entry["verb"], user, error)


def refusals_of(value: Any) -> List[Dict[str, Any]]:
    """The newest refusals that a kept value holds."""
    kept = value.get("entries") if isinstance(value, dict) else None
    return [one for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []


def refusal_count(value: Any) -> int:
    """How many there were."""
    count = value.get("count") if isinstance(value, dict) else 0
    return count if isinstance(count, int) and not isinstance(count, bool) else 0


def _begun(now: float, chat_user: str, verb: str, words: Mapping[str, str]) -> Dict[str, Any]:
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now)),
        "chat_user": one_line(clean(chat_user, 100)),
        "verb": verb,
        "words": {key: clean(value, MAX_CHARACTERS) for key, value in words.items() if value},
    }


def entry_of(value: Mapping[str, Any]) -> AuditEntry:
    """The entry that is kept so in the datastore."""
    words, incidents = value.get("words"), value.get("incidents")
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
        incidents=tuple(str(one) for one in incidents) if isinstance(incidents, list) else (),
    )
