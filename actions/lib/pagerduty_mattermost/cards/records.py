"""What actions remember of an incident: its cards, and its newest states with what only older ones
knew.

Four kinds of keys below `pagerduty.incident.<id>.`, read in one request:

- `card.<channel id>`: intent and result of one card, with its route (`CardRecord`). One key for
  each card, because the datastore has no compare-and-set and every action is a process of its own.
- `said.<post id>`: that a note was said in the thread of a card (`SaidNote`), written before the
  note is.
- `mark`: that somebody said it is mitigated (`MitigatedMark`).
- `state.<version>`: a change as it came (`SeenChange`), extras of older ones merged in; and the
  intent of the card that it starts, where one run alone starts one. Never one
  "newest" key: two writers would overwrite each other. Kept for `REPLACED_SECONDS` after a newer
  one came, because a card that is being created at that moment must still show its events, and
  because it says that somebody has replied them; then deleted by whoever painted a newer one.
"""

# flake8: noqa: E203

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.cards.incident_memory import (
    OPEN,
    OVER,
    UNSEEN,
    CardRecord,
    IncidentMemory,
    MitigatedMark,
    SaidNote,
    SeenChange,
)
from pagerduty_mattermost.core.json_values import (
    MisshapenValue,
    from_json,
    record_or_none,
    to_json,
)
from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out
from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX, BrokenValue, Store
from pagerduty_mattermost.incidents.incident import (
    Version,
    from_payload,
    to_payload,
)

KEY_PREFIX = "incident."
DAY_SECONDS = 86400.0
OPEN_SECONDS, CLOSED_SECONDS = 180 * DAY_SECONDS, 30 * DAY_SECONDS
UNSEEN_SECONDS = DAY_SECONDS
"""A state of an incident that has no card (yet): StackStorm keeps no order, the one that starts it
may come later."""
SAID_SECONDS = 7 * DAY_SECONDS
REPLACED_SECONDS = 3600.0
"""How long a state is kept after a newer one came (above)."""
LIFE_SECONDS: Mapping[str, float] = {
    UNSEEN: UNSEEN_SECONDS,
    OPEN: OPEN_SECONDS,
    OVER: CLOSED_SECONDS,
}


class RecordKey(NamedTuple):
    """What a datastore key below `incident.` is of."""

    incident_id: str
    kind: str
    """card, state, said or mark."""
    rest: str
    """The channel id of a card, the version of a state, the post of what was said."""


def record_key(name: str) -> Optional[RecordKey]:
    """What a relative name is the key of; None where it is the key of something else."""
    if not name.startswith(KEY_PREFIX):
        return None
    incident_id, _, rest = name[len(KEY_PREFIX) :].partition(".")
    kind, _, word = rest.partition(".")
    return RecordKey(incident_id, kind, word)


def load_all(store: Store, log: Any = None) -> Dict[str, IncidentMemory]:
    """Of every incident, by its id: one read of the datastore, a page of 100 keys at a time."""
    found, unread = _load(store, KEY_PREFIX)
    for error in unread:
        left_out(log)(error)
    return found


def _load(store: Store, prefix: str) -> Tuple[Dict[str, IncidentMemory], List[BrokenValue]]:
    found: Dict[str, IncidentMemory] = {}
    unread: List[BrokenValue] = []

    def take(name: str, value: Any) -> None:
        key = record_key(name)
        if key is None:
            return
        incident_id, kind, word = key
        before = found.get(incident_id, IncidentMemory({}, ()))
        if kind == "card":
            found[incident_id] = before._replace(
                cards={**before.cards, word: _record(word, value)}
            )
        elif kind == "state" and value is not None:
            found[incident_id] = before._replace(states=(*before.states, *seen_from_json(value)))
        elif kind == "mark":
            found[incident_id] = before._replace(mark=record_or_none(MitigatedMark, value))
        elif kind == "said":
            found[incident_id] = before._replace(said=(*before.said, *_said(value)))

    def broken(error: BrokenValue) -> None:
        unread.append(error)
        take(error.name, None)
        key = record_key(error.name)
        if key is not None:
            before = found.get(key.incident_id, IncidentMemory({}, ()))
            found[key.incident_id] = before._replace(unread=True)

    for name, value in store.read_prefix(prefix, broken).items():
        take(name, value)
    return {incident_id: _whole(one) for incident_id, one in found.items()}, unread


def _whole(memory: IncidentMemory) -> IncidentMemory:
    """States in order; and cards that are intended and not known otherwise."""
    intended = {record.channel_id: record for state in memory.states for record in state.intends}
    return memory._replace(
        cards={**intended, **memory.cards},
        states=tuple(sorted(memory.states, key=lambda state: state.version)),
    )


class IncidentRecords:
    """The records of one incident. Raises the store's errors; values that don't read are passed
    over, logged and quarantined before anything is written in their place."""

    def __init__(self, store: Store, incident_id: str, log: Any = None) -> None:
        self._store = store
        self._prefix = f"{KEY_PREFIX}{incident_id}."
        self._log = log
        self._quarantined: Set[str] = set()

    def load(self) -> IncidentMemory:
        incident_id = self._prefix[len(KEY_PREFIX) : -1]
        found, unread = _load(self._store, self._prefix)
        for error in unread:
            self._quarantine(error)
        return found.get(incident_id, IncidentMemory({}, ()))

    def _quarantine(self, error: BrokenValue) -> None:
        if error.name in self._quarantined:
            return
        kept = self._store.quarantine(error.name, error.raw, error.why)
        self._quarantined.add(error.name)
        if self._log is not None:
            self._log.warning("%s; it is not used, and kept as %s%s", error, PREFIX, kept)

    def save_mark(self, mark: MitigatedMark) -> None:
        self._store.write(self._prefix + "mark", to_json(mark), OPEN_SECONDS)

    def forget_mark(self) -> None:
        self._store.delete(self._prefix + "mark")

    def was_said(self, post_id: str) -> bool:
        """Whether a note was begun of what that post says."""
        try:
            return self._store.read(f"{self._prefix}said.{post_id}") is not None
        except BrokenValue:
            return True

    def said(self, post_id: str) -> Optional[SaidNote]:
        """The note that was begun of what that post says; None where there is none that reads."""
        try:
            return next(iter(_said(self._store.read(f"{self._prefix}said.{post_id}"))), None)
        except BrokenValue:
            return None

    def save_said(self, post_id: str, note: SaidNote) -> None:
        self._store.write(f"{self._prefix}said.{post_id}", to_json(note), SAID_SECONDS)

    def save_card(self, record: CardRecord) -> None:
        ttl = CLOSED_SECONDS if record.closed else OPEN_SECONDS
        self._store.write(f"{self._prefix}card.{record.channel_id}", to_json(record), ttl)

    def save_state(self, known: SeenChange, life: str) -> None:
        value = {
            "version": list(known.version),
            "at": known.at,
            "change": to_payload(known.change),
            "life": life,
        }
        if known.intends:
            value["intends"] = [to_json(record) for record in known.intends]
        self._store.write(self._state(known.version), value, LIFE_SECONDS[life])

    def forget_state(self, version: Version) -> None:
        self._store.delete(self._state(version))

    def forget_all(self) -> None:
        """Delete all keys of the incident. Raises as `Store.delete`."""
        names: List[str] = []
        names += self._store.read_prefix(self._prefix, lambda error: names.append(error.name))
        for name in names:
            self._store.delete(name)

    def _state(self, version: Version) -> str:
        word = f"{version.updated_at or '0'}_{version.entry_at or '0'}_{version.cycle}"
        return f"{self._prefix}state." + re.sub(r"[^A-Za-z0-9._:+=@-]", "-", word)[:120]


def _record(channel_id: str, value: Any) -> CardRecord:
    """One that does not read is an intent of unknown time: the post is looked for by its key."""
    unknown = CardRecord(channel_id, "", 0.0)
    try:
        return from_json(CardRecord, {**to_json(unknown), **value})._replace(channel_id=channel_id)
    except (MisshapenValue, TypeError):
        return unknown


def _said(value: Any) -> Sequence[SaidNote]:
    try:
        return [from_json(SaidNote, value)]
    except MisshapenValue:
        return []


def seen_from_json(value: Any) -> Sequence[SeenChange]:
    """The state in a value; none when it is no state."""
    try:
        updated_at, entry_at, cycle = value["version"]
        version = Version(str(updated_at), str(entry_at), int(cycle))
        return [
            SeenChange(
                version,
                from_payload(value["change"]),
                float(value.get("at") or 0.0),
                str(value.get("life") or ""),
                tuple(_record(str(one["channel_id"]), one) for one in value.get("intends") or ()),
            )
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
