"""Dead letters: posts and acts that failed, kept with their reason for 30 days under
`pagerduty.deadletter.<id>`.

    keep(store, "post_incident", params, kind_of(error), reason, now, log)  # PackAction does so
    load_all(store, log)                                                    # all that is kept

Four kinds (`kind_of`): what the other side could not take for now (retryable) and what somebody
must put right first, such as a channel, a token or a setting (blocked), `mattermost.catch_up`
tries again by itself; what was refused for good (permanent) and what somebody asked for in chat
(act) are replayed by hand alone, with `deadletter.replay`. replay_order.py says which is next.

The id is a digest of action and parameters: what fails again is the same dead letter, and no two
writers share a key by chance. Every post is idempotent by its keys, so what a retry has posted
meanwhile is posted no second time.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.core.errors import (
    ConfigError,
    NotFound,
    PackError,
    RetryLater,
    Unauthorized,
)
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.core.post_keys import post_key
from pagerduty_mattermost.core.text import clean, counted, one_line
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, Store

KEY_PREFIX = "deadletter."
KEPT_SECONDS = 30 * 86400.0
TRIED_SECONDS = 7 * 86400.0
"""After this long only by hand: what is posted a week late is posted by a person."""
MAX_LETTERS = 10_000
ALARM_LETTERS = 8_000
"""From this number on the operations channel is told of them."""
DROPPED_AT_ONCE = 100
"""How many go when there are too many, so that not every failure looks through all of them."""

RETRYABLE, BLOCKED, PERMANENT, ACT = "retryable", "blocked", "permanent", "act"
KINDS = (RETRYABLE, BLOCKED, PERMANENT, ACT)

ACTIONS: Mapping[str, Tuple[str, str, str]] = {
    "post_incident": ("post_incident", "PostIncident", "mattermost.post_incident"),
    "repaint_incident": ("repaint_incident", "RepaintIncident", "mattermost.repaint_incident"),
    "post_once": ("mattermost_post_once", "PostOnce", "mattermost.post_once"),
    "post_storm": ("mattermost_post_storm", "PostStorm", "mattermost.post_storm"),
    "tell_incident": ("mattermost_tell_incident", "TellIncident", "mattermost.tell_incident"),
    "room_open": ("room_open", "RoomOpen", "room.open"),
    "oncall_tell": ("oncall_tell", "OnCallTell", "oncall.tell"),
    "chat_handle": ("chat_handle", "ChatHandle", "chat.handle"),
    "chat_run": ("chat_run", "ChatRun", "chat.run"),
}
"""What may be kept: module and class of its entry point, and its name."""
COMMANDS = ("chat_handle", "chat_run")
"""Those of ACTIONS that carry out a command, which somebody gave and hears of."""


class DeadLetter(NamedTuple):
    """One post or act that failed."""

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
    """Its id, or what somebody named in chat; empty: it is of none."""
    sequence: str = ""
    """Orders those of one incident: the version of the change that failed to be shown."""
    over: bool = False
    """Whether that change is the end of the incident."""
    rule: str = ""
    """Reference of the rule that ran the action; empty where that is not known."""
    place: str = ""
    """Digest of what the configuration said of where it goes (`place.place_of`)."""

    @property
    def order(self) -> Tuple[str, float, str]:
        return (self.sequence, self.first_at, self.id)


def kind_of(error: Optional[PackError]) -> str:
    """The kind of a failure. `error` None: an exception that nobody foresaw."""
    if isinstance(error, RetryLater):
        return RETRYABLE
    if isinstance(error, (NotFound, Unauthorized, ConfigError)):
        return BLOCKED
    return PERMANENT


def is_from_a_rule(action: str, params: Mapping[str, Any]) -> bool:
    """Of posts only what a rule asked for is kept; a person sees the failure and decides."""
    return bool(params.get("change")) or action == "post_once"


def first_failure(
    action: str, params: Mapping[str, Any], kind: str, reason: str, now: float
) -> DeadLetter:
    """The dead letter of what failed for the first time. Pure."""
    given = {key: value for key, value in params.items() if value is not None}
    id = post_key("letter", action, json.dumps(given, sort_keys=True, default=str))[:16]
    made = DeadLetter(id, action, given, kind, _line(reason), now, now, 1, now)
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
    *,
    rule: str = "",
    place: str = "",
) -> DeadLetter:
    """Keep it; what is kept already has failed once more. `rule`, `place`: as the dead letter has
    them. Raises the store's errors."""
    made = first_failure(action, params, kind, reason, now)._replace(rule=rule, place=place)
    try:
        before = dead_letter_from(made.id, store.read(KEY_PREFIX + made.id))
    except BrokenValue as error:
        store.quarantine(error.name, error.raw, error.why)
        before = None
    if before is not None:
        made = before._replace(
            kind=kind,
            reason=made.reason,
            last_at=now,
            attempts=before.attempts + 1,
            rule=rule or before.rule,
            place=place or before.place,
        )
    elif store.holds(KEY_PREFIX, MAX_LETTERS):
        make_room(store, load_all(store, log), MAX_LETTERS - DROPPED_AT_ONCE, log)
    save(store, made, now)
    return made


def save(store: Store, one: DeadLetter, now: float) -> None:
    """Write it, for the rest of its 30 days. Raises the store's errors."""
    value = to_json(one._replace(reason=_line(one.reason)))
    del value["id"]
    store.write(KEY_PREFIX + one.id, value, max(1.0, one.first_at + KEPT_SECONDS - now))


def drop(store: Store, one: DeadLetter) -> None:
    """Forget it. Raises StoreUnreachable."""
    store.delete(KEY_PREFIX + one.id)


def load_all(store: Store, log: Any) -> List[DeadLetter]:
    """All that is kept, oldest first; what does not read is logged and stays where it is. Raises
    StoreUnreachable."""
    broken: List[str] = []
    found = []
    for name, value in store.read_prefix(
        KEY_PREFIX, on_broken=lambda error: broken.append(error.name)
    ).items():
        one = dead_letter_from(name[len(KEY_PREFIX) :], value)
        if one is None:
            broken.append(name)
        else:
            found.append(one)
    if broken and log is not None:
        log.warning(
            "Failed posts that do not read: %s; `st2 key get` shows them",
            ", ".join(sorted(broken)[:5]),
        )
    return sorted(found, key=lambda one: (one.first_at, one.id))


def make_room(store: Store, kept: Sequence[DeadLetter], limit: int, log: Any) -> List[DeadLetter]:
    """Drop what is more than `limit`, each with a line in the log; those that are left."""
    gone: Set[str] = set()
    for one in surplus(kept, limit):
        log.warning("Too many failed posts: dropped %s", log_line(one))
        drop(store, one)
        gone.add(one.id)
    return [one for one in kept if one.id not in gone]


def surplus(kept: Sequence[DeadLetter], limit: int) -> List[DeadLetter]:
    """What goes when there are more than `limit`: the oldest of incidents that are resolved; then
    acts, which are void, of whoever has most of them first, so that nobody pushes out those of
    others; then what will never be taken; and only then the oldest of all. Pure.
    """
    newest: Dict[str, DeadLetter] = {}
    for one in kept:
        if (
            one.incident
            and one.sequence
            and one.order > newest.get(one.incident, one._replace(sequence="")).order
        ):
            newest[one.incident] = one

    of_giver: Counter[str] = Counter()
    place: Dict[str, int] = {}
    for one in sorted(kept, key=lambda one: (one.first_at, one.id), reverse=True):
        if one.kind == ACT:
            of_giver[_giver(one)] += 1
            place[one.id] = -of_giver[_giver(one)]

    def rank(one: DeadLetter) -> int:
        if one.incident in newest and newest[one.incident].over:
            return 0
        return {ACT: 1, PERMANENT: 2}.get(one.kind, 3)

    def order(one: DeadLetter) -> Tuple[int, int, float, str]:
        found = rank(one)
        return found, place[one.id] if found == 1 else 0, one.first_at, one.id

    oldest = sorted(kept, key=order)
    return oldest[: max(0, len(kept) - limit)]


def _giver(one: DeadLetter) -> str:
    """Who asked for it in chat."""
    order = one.params.get("order")
    given = order.get("user_id") if isinstance(order, Mapping) else one.params.get("user")
    return str(given or "")


def log_line(one: DeadLetter) -> str:
    """The failed post in one line for a log."""
    about = f" of {one.incident}" if one.incident else ""
    times = counted(one.attempts, "time")
    return f"{one.id} ({ACTIONS[one.action][2]}{about}, failed {times}): {one.reason}"


def dead_letter_from(id: str, value: Any) -> Optional[DeadLetter]:
    """Of what is kept under that id; None when it is no dead letter."""
    try:
        made = from_json(DeadLetter, {**value, "id": id})
    except (MisshapenValue, TypeError):
        return None
    return made if made.action in ACTIONS and made.kind in KINDS else None


def _line(reason: str) -> str:
    return one_line(clean(reason, 300))
