"""The incident sensor's memory in the datastore: loaded at its start, committed after each cycle
that changed something.

    store = StateStore(Store(service))
    loaded = store.load(); ...; store.commit(state)
    peek(store); last_heartbeat(store)        # for whoever only reads

One writer, the sensor, and four kinds of keys:

- `sensor.head`: cursor, origin, entry ids seen within the overlap, what was dispatched in the last
  minutes (`sent_events`), and the journal: the incidents whose known state changed since the last
  compaction, with their state now, or null when forgotten. One write of it commits a cycle.
- `sensor.shard.00` … `31`: known states by crc32 of the incident's id. When the journal grows past
  `MAX_JOURNAL_BYTES`, the shards it touches are written and then the head with an empty journal.
  What the journal says is absolute, so a crash in between changes nothing: applying it again gives
  the same.
- `sensor.summary`: the summary of the first start with what happened to the incidents it lists,
  written when that changes, before the head.
- `sensor.heartbeat`: every five minutes; its cursor spares a restarted sensor the quiet hours
  before.

A value that does not read is kept as it was under another key (`quarantine`) before anything is
written in its place.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.known_states import (
    AWAY,
    SHARDS,
    KnownIncident,
    SensorState,
    shard_of,
)
from pagerduty_mattermost.incidents.sent_events import SentEvents

KEY_PREFIX = "sensor."
HEAD_KEY, HEARTBEAT_KEY = KEY_PREFIX + "head", KEY_PREFIX + "heartbeat"
SUMMARY_KEY = KEY_PREFIX + "summary"
SHARD_KEY_PREFIX = KEY_PREFIX + "shard."
MAX_JOURNAL_BYTES = 64 * 1024
HEARTBEAT_SECONDS = 300.0
"""The sensor writes its heartbeat at most this often."""


class LoadedState(NamedTuple):
    """The sensor's memory as it was found."""

    state: Optional[SensorState]
    """None: nothing there, the first start."""
    rebuild: bool
    """The head was lost: take the state of the day from a snapshot, silently."""
    broken: Tuple[str, ...]
    """Keys that did not read, now kept under another key."""
    heartbeat: Dict[str, Any]
    summary: Dict[str, Any] = {}
    """The summary of the first start and what happened to its incidents since."""


class StateStore:
    """Loads and commits `SensorState`. Raises StoreUnreachable when the datastore is down: that is
    not the same as an empty one."""

    def __init__(self, store: Store, journal_bytes: int = MAX_JOURNAL_BYTES) -> None:
        self._store = store
        self._journal_bytes = journal_bytes

    def load(self) -> LoadedState:
        broken: Dict[str, str] = {}
        values = self._store.read_prefix(
            KEY_PREFIX, on_broken=lambda e: broken.update({e.name: e.raw})
        )
        found = loaded(values, broken)
        for name in found.broken:
            self._store.quarantine(name, broken[name], "did not read")
        return found

    def commit(self, state: SensorState) -> None:
        """Write what changed: the head, and when the journal is long also the shards it
        touches."""
        state.forget_closed()
        journal = _rows(state.journal.items())
        self._write(HEAD_KEY, _head(state, journal))
        state.dirty = False
        if (
            sum(len(i) + 8 + sum(len(str(c)) + 3 for c in row or ()) for i, row in journal.items())
            > self._journal_bytes
        ):
            self.compact(state, {shard_of(incident_id) for incident_id in state.journal})

    def compact(self, state: SensorState, shards: Iterable[int] = range(SHARDS)) -> None:
        """Write these shards whole, then the head with an empty journal."""
        wanted = set(shards)
        by_shard: Dict[int, Dict[str, KnownIncident]] = {number: {} for number in wanted}
        for incident_id, known in state.known.items():
            number = shard_of(incident_id)
            if number in wanted:
                by_shard[number][incident_id] = known
        for number, content in by_shard.items():
            self._write(_shard_key(number), _rows(content.items()))
        self._write(HEAD_KEY, _head(state, {}))
        state.journal.clear()
        state.doubtful -= wanted
        state.dirty = False

    def save_summary(self, content: Dict[str, Any]) -> None:
        self._write(SUMMARY_KEY, content)

    def heartbeat(self, content: Dict[str, Any]) -> None:
        self._write(HEARTBEAT_KEY, content)

    def _write(self, name: str, value: Any) -> None:
        self._store.write(name, value)


def loaded(values: Mapping[str, Any], broken: Dict[str, str]) -> LoadedState:
    """What the sensor's keys say. Pure. `broken`: those that did not read, raw; what makes no
    sense is added to it."""
    heartbeat = values.get(HEARTBEAT_KEY)
    heartbeat = heartbeat if isinstance(heartbeat, dict) else {}
    state: Optional[SensorState] = None
    head = values.get(HEAD_KEY)
    if head is not None:
        try:
            state = _state_of(head)
        except (TypeError, ValueError, KeyError, AttributeError):
            broken[HEAD_KEY] = json.dumps(head)
    lost_head = state is None and HEAD_KEY in broken
    if lost_head:
        cursor, origin = _time(heartbeat.get("cursor")), _time(heartbeat.get("origin"))
        state = SensorState(origin or 0.0, cursor or 0.0)
        state.cycle = int(_time(heartbeat.get("cycle")) or 0)
    if state is not None:
        _load_shards(state, values, broken, journal_lost=lost_head)
        state.cursor = max(state.cursor, _time(heartbeat.get("cursor")) or 0.0)
    kept = values.get(SUMMARY_KEY)
    summary = kept if isinstance(kept, dict) else {}
    return LoadedState(state, lost_head, tuple(sorted(broken)), heartbeat, summary)


def is_head(name: str) -> bool:
    """Whether the key of that relative name makes the others count: written last, it commits
    them."""
    return name == HEAD_KEY


def fits(name: str, data: Any) -> bool:
    """Whether the data is what a key of that relative name holds."""
    broken: Dict[str, str] = {}
    loaded({HEAD_KEY: _head(SensorState(1.0, 1.0), {}), name: data}, broken)
    return not broken and isinstance(data, dict)


def _shard_key(number: int) -> str:
    return f"{SHARD_KEY_PREFIX}{number:02d}"


def _load_shards(
    state: SensorState, values: Mapping[str, Any], broken: Dict[str, str], journal_lost: bool
) -> None:
    for number in range(SHARDS):
        name = _shard_key(number)
        try:
            found = {str(i): _known_of(row) for i, row in values[name].items()}
        except KeyError:
            state.doubtful.add(number)
            continue
        except (TypeError, ValueError, AttributeError):
            broken[name] = json.dumps(values[name])
            state.doubtful.add(number)
            continue
        for incident_id, known in found.items():
            if incident_id not in state.journal:
                state.known[incident_id] = known
    for incident_id, journaled in state.journal.items():
        if journaled is not None:
            state.known[incident_id] = journaled
    if journal_lost:
        state.doubtful = set(range(SHARDS))
    state.away = {i for i, known in state.known.items() if known.has(AWAY) and known.is_open}


def peek(store: Store) -> Dict[str, KnownIncident]:
    """The incidents as the sensor committed them, for whoever only reads: nothing is written, and
    what does not read is left out. One request. Raises StoreUnreachable."""
    state = loaded(store.read_prefix(KEY_PREFIX, on_broken=lambda error: None), {}).state
    return state.known if state is not None else {}


def last_heartbeat(store: Store) -> Optional[Mapping[str, Any]]:
    """What the sensor last wrote of itself (`sensor.heartbeat.heartbeat_record`); None when it
    never did. Raises StoreUnreachable or BrokenValue."""
    value = store.read(HEARTBEAT_KEY)
    return value if isinstance(value, dict) else None


def _rows(items: Iterable[Tuple[str, Optional[KnownIncident]]]) -> Dict[str, Optional[List[Any]]]:
    return {incident_id: None if known is None else list(known) for incident_id, known in items}


def _head(state: SensorState, journal: Dict[str, Optional[List[Any]]]) -> Dict[str, Any]:
    return {
        "cursor": state.cursor,
        "origin": state.origin,
        "cycle": state.cycle,
        "scope": state.scope,
        "summary_due": state.summary_due,
        "seen": state.seen,
        "journal": journal,
        "sent": state.sent.to_json(),
    }


def _state_of(head: Dict[str, Any]) -> SensorState:
    """Raises TypeError, ValueError, KeyError or AttributeError when it is no head."""
    cursor, origin = _time(head["cursor"]), _time(head["origin"])
    if cursor is None or origin is None:
        raise ValueError("no cursor")
    state = SensorState(origin, cursor)
    state.cycle = int(head["cycle"])
    state.scope = str(head["scope"])
    state.summary_due = bool(head["summary_due"])
    state.seen = {str(entry_id): int(at) for entry_id, at in head["seen"].items()}
    state.journal = {
        str(i): None if row is None else _known_of(row) for i, row in head["journal"].items()
    }
    state.sent = SentEvents.from_json(head["sent"])
    return state


def _known_of(row: Any) -> KnownIncident:
    if not isinstance(row, list) or len(row) != len(KnownIncident._fields):
        raise ValueError("no known state")
    known = KnownIncident(*row)
    texts = (known.status, *known[2:9], *known[11:])
    numbers = (known.status_at, known.flags, known.touched)
    if not all(isinstance(text, str) for text in texts) or not all(
        isinstance(number, int) for number in numbers
    ):
        raise ValueError("no known state")
    return known


def _time(value: Any) -> Optional[float]:
    return (
        float(value)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and value > 0
        else None
    )
