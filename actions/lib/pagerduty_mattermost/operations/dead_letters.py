"""Posts and acts that failed, kept with their reason: `pagerduty.deadletter.<id>`, for 30 days.

    keep(store, "post_incident", params, kind_of(error), reason, now, log)    # by the action that
    fails (`PackAction`)
    letters(store, log)                # all of them
    Round(letters, now)                # which one is next, and what waits for what
    (`letter_round`)

Four kinds (`kind_of`): what the other side could not take for now is tried again by
`mattermost.catch_up` until it is back (retryable), as is what somebody must put right first: a
channel, a token, a setting (blocked); what was refused for good (permanent) and what somebody
asked for in chat (act) are replayed by hand alone, with `deadletter.replay`.

The id is a digest of action and parameters: what fails again is the same letter, and no two
writers share a key by chance. Every post is idempotent by its keys, so what a retry has posted
meanwhile is posted no second time.
"""

from __future__ import annotations

import json
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PackError,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

PREFIX = "deadletter."
DAY = 86400.0
KEPT = 30 * DAY
TRIED = 7 * DAY
"""After this long only by hand: what is told a week late is told by a person."""
LIMIT, ALARM = 10_000, 8_000
ROOM = 100
"""Dropped at once when there are too many, so that not every failure looks through all of them."""

RETRYABLE, BLOCKED, PERMANENT, ACT = "retryable", "blocked", "permanent", "act"
KINDS = (RETRYABLE, BLOCKED, PERMANENT, ACT)

ACTIONS: Mapping[str, Tuple[str, str, str]] = {
    "post_incident": ("post_incident", "PostIncident", "mattermost.post_incident"),
    "repaint_incident": ("repaint_incident", "RepaintIncident", "mattermost.repaint_incident"),
    "post_once": ("mattermost_post_once", "PostOnce", "mattermost.post_once"),
    "post_storm": ("mattermost_post_storm", "PostStorm", "mattermost.post_storm"),
    "tell_incident": ("mattermost_tell_incident", "TellIncident", "mattermost.tell_incident"),
    "oncall_tell": ("oncall_tell", "OnCallTell", "oncall.tell"),
    "chat_handle": ("chat_handle", "ChatHandle", "chat.handle"),
    "chat_run": ("chat_run", "ChatRun", "chat.run"),
}
"""What may be kept: module and class of its entry point, and its name."""


class Letter(NamedTuple):
    id: str
    action: str
    """A key of ACTIONS."""
    params: Dict[str, Any]
    kind: str
    reason: str
    first_at: float
    """Seconds since the epoch, as the times below."""
    last_at: float
    attempts: int
    """Failures so far."""
    next_at: float
    """When it may be tried again without a hand."""
    incident: str = ""
    sequence: str = ""
    """Orders those of one incident: the version of the change it tells of."""
    over: bool = False
    """The change it tells of is the end of the incident."""

    @property
    def order(self) -> Tuple[str, float, str]:
        return (self.sequence, self.first_at, self.id)


def kind_of(error: Optional[PackError]) -> str:
    """None: an exception that nobody foresaw."""
    if isinstance(error, RetryLater):
        return RETRYABLE
    if isinstance(error, (NotFound, Unauthorized, ConfigError)):
        return BLOCKED
    return PERMANENT


def is_from_a_rule(action: str, params: Mapping[str, Any]) -> bool:
    """Of posts only what a rule asked for is kept; a person sees the failure and decides."""
    return bool(params.get("change")) or action == "post_once"


def letter(action: str, params: Mapping[str, Any], kind: str, reason: str, now: float) -> Letter:
    """What failed for the first time. Pure."""
    given = {key: value for key, value in params.items() if value is not None}
    id = post_key("letter", action, json.dumps(given, sort_keys=True, default=str))[:16]
    made = Letter(id, action, given, kind, _line(reason), now, now, 1, now)
    change = given.get("change")
    if isinstance(change, Mapping):
        from pagerduty_mattermost.incidents.incident import from_payload

        try:
            found = from_payload(change)
        except (KeyError, TypeError, ValueError, AttributeError):  # refused for that very reason
            return made
        version = found.version
        sequence = f"{version.updated_at}_{version.entry_at}_{version.cycle:010d}"
        return made._replace(
            incident=found.incident.id, sequence=sequence, over=not found.incident.is_open
        )
    order = given.get("order")
    about = order.get("incident") if isinstance(order, Mapping) else given.get("incidents")
    return made._replace(incident=one_line(clean(about or ""), 100))


def keep(
    store: Store,
    action: str,
    params: Mapping[str, Any],
    kind: str,
    reason: str,
    now: float,
    log: Any,
) -> Letter:
    """Keep it; what is kept already has failed once more. Raises the store's errors."""
    made = letter(action, params, kind, reason, now)
    try:
        before = letter_of(made.id, store.read(PREFIX + made.id))
    except BrokenValue as error:
        from pagerduty_mattermost.gateways.stackstorm.quarantine import keep_aside

        keep_aside(store, error.name, error.raw, error.why)
        before = None
    if before is not None:
        made = before._replace(
            kind=kind, reason=made.reason, last_at=now, attempts=before.attempts + 1
        )
    elif store.holds(PREFIX, LIMIT):
        make_room(store, letters(store, log), LIMIT - ROOM, log)
    save(store, made, now)
    return made


def save(store: Store, one: Letter, now: float) -> None:
    value = one._asdict()
    del value["id"]
    value["reason"] = _line(one.reason)
    store.write(PREFIX + one.id, value, max(1.0, one.first_at + KEPT - now))


def drop(store: Store, one: Letter) -> None:
    store.delete(PREFIX + one.id)


def letters(store: Store, log: Any) -> List[Letter]:
    """All that is kept, oldest first; what does not read is logged and stays where it is. Raises
    StoreUnreachable."""
    broken: List[str] = []
    found = []
    for name, value in store.read_prefix(
        PREFIX, on_broken=lambda error: broken.append(error.name)
    ).items():
        one = letter_of(name[len(PREFIX) :], value)
        if one is None:
            broken.append(name)
        else:
            found.append(one)
    if broken and log is not None:
        log.warning(
            "Dead letters that do not read: %s; `st2 key get` shows them",
            ", ".join(sorted(broken)[:5]),
        )
    return sorted(found, key=lambda one: (one.first_at, one.id))


def make_room(store: Store, kept: Sequence[Letter], limit: int, log: Any) -> List[Letter]:
    """Drop what is too much, each with a line in the log; the letters that are left."""
    gone: Set[str] = set()
    for one in surplus(kept, limit):
        log.warning("Too many dead letters: dropped %s", told(one))
        drop(store, one)
        gone.add(one.id)
    return [one for one in kept if one.id not in gone]


def surplus(kept: Sequence[Letter], limit: int) -> List[Letter]:
    """What goes when there are more than `limit`: the oldest of incidents that are resolved; then
    acts, which are void; then what will never be taken; and only then the oldest of all. Pure.
    """
    newest: Dict[str, Letter] = {}
    for one in kept:
        if (
            one.incident
            and one.sequence
            and one.order > newest.get(one.incident, one._replace(sequence="")).order
        ):
            newest[one.incident] = one

    def rank(one: Letter) -> int:
        if one.incident in newest and newest[one.incident].over:
            return 0
        return {ACT: 1, PERMANENT: 2}.get(one.kind, 3)

    oldest = sorted(kept, key=lambda one: (rank(one), one.first_at, one.id))
    return oldest[: max(0, len(kept) - limit)]


def told(one: Letter) -> str:
    """A letter in one line for a log."""
    about = f" of {one.incident}" if one.incident else ""
    return f"{one.id} ({ACTIONS[one.action][2]}{about}, failed {one.attempts} times): {one.reason}"


def letter_of(id: str, value: Any) -> Optional[Letter]:
    """None when it is no letter."""
    try:
        made = Letter(
            id,
            str(value["action"]),
            dict(value["params"]),
            str(value["kind"]),
            str(value["reason"]),
            float(value["first_at"]),
            float(value["last_at"]),
            int(value["attempts"]),
            float(value["next_at"]),
            str(value["incident"]),
            str(value["sequence"]),
            bool(value["over"]),
        )
    except (KeyError, TypeError, ValueError):
        return None
    return made if made.action in ACTIONS and made.kind in KINDS else None


def _line(reason: str) -> str:
    return one_line(clean(reason, 300))
