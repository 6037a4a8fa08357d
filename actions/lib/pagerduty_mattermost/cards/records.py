"""What actions remember of an incident: its cards, and its newest states with what only older ones
knew.

Three kinds of keys below `pagerduty.incident.<id>.`, read in one request:

- `card.<channel id>`: intent and result of one card, with its route (`CardRecord`). One key for
  each card, because the datastore has no compare-and-set and every action is a process of its own.
- `mark`: that somebody said it is mitigated (`MitigatedMark`).
- `state.<version>`: a change as it came (`SeenChange`), extras of older ones merged in. Never one
  "newest" key: two writers would overwrite each other. Kept for `REPLACED_SECONDS` after a newer
  one came, because a card that is being created at that moment must still show its events, and
  because it says that somebody has replied them; then deleted by whoever painted a newer one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.json_values import MisshapenValue, from_json, to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import PREFIX, BrokenValue, Store
from pagerduty_mattermost.incidents.incident import (
    Change,
    Incident,
    IncidentEvent,
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
REPLACED_SECONDS = 3600.0
"""How long a state is kept after a newer one came (above)."""
UNSEEN, OPEN, OVER = "unseen", "open", "over"
LIFE_SECONDS: Mapping[str, float] = {
    UNSEEN: UNSEEN_SECONDS,
    OPEN: OPEN_SECONDS,
    OVER: CLOSED_SECONDS,
}


class CardRecord(NamedTuple):
    """One card. Without a post id it is an intent: somebody is about to post it, or was killed.
    One that does not read is an intent of unknown time."""

    channel_id: str
    key: str
    at: float
    """When the intent was written, seconds since the epoch."""
    route: Route = Route()
    label: str = ""
    """The channel in people's words."""
    post_id: str = ""
    born: bool = False
    """Whether its reactions and its checklist are there."""
    gone: bool = False
    """A person deleted the post: it is not posted again, but once by reconcile."""
    reposted: bool = False
    """It was: a second deletion is meant."""
    closed: bool = False
    """Whether it was last written for an incident that is over: the expiry follows it."""
    told: Tuple[int, ...] = ()
    """`IncidentMemory.state_digests` that the card was painted with and whose replies its thread
    has."""
    bot: str = ""
    """User id of the bot whose post it is; empty when it was not remembered yet."""
    asked: str = ""
    """The words by which a rule named the channel (`Channels.asked`); empty when none did."""
    chosen: int = 0
    """How often something was chosen from its menu: the menu is drawn afresh after each."""
    names: Tuple[Tuple[str, str], ...] = ()
    """Mattermost names of its people, by PagerDuty's ids, as far as they became known."""


class SeenChange(NamedTuple):
    """One change with the time when it was first seen here."""

    version: Version
    change: Change
    at: float = 0.0
    life: str = ""
    """What its expiry followed when it was written last: a key of `LIFE_SECONDS`, or empty when it
    is not written yet."""


class MitigatedMark(NamedTuple):
    """The harm has stopped, as somebody said in chat (`mitigate`)."""

    by: str
    """Their e-mail address at PagerDuty."""
    at: str
    """ISO 8601, by PagerDuty's clock."""
    name: str = ""
    by_id: str = ""
    """PagerDuty's id of the person, where known."""


ENDS_MITIGATION = ("incident.resolved", "incident.reopened")
"""Event types after which `MitigatedMark` counts no longer."""


class IncidentMemory(NamedTuple):
    """All that is remembered of an incident, plus what the caller knows."""

    cards: Dict[str, CardRecord]
    states: Tuple[SeenChange, ...]
    mark: Optional[MitigatedMark] = None
    unread: bool = False
    """Something of it did not read: what is not there may have been."""

    @property
    def mitigated(self) -> Optional[MitigatedMark]:
        """The mark while it counts: until the incident is reopened or resolved."""
        mark = self.mark
        if mark is None or not self.states or not self.newest.change.incident.is_open:
            return None
        at = times.seconds(mark.at) or 0.0
        ended = [event for event in self.events if event.event_type in ENDS_MITIGATION]
        return (
            None
            if any((times.seconds(event.occurred_at) or 0.0) > at for event in ended)
            else mark
        )

    def knowing(self, known: SeenChange) -> IncidentMemory:
        """With a change that need not be written yet; one of the same version gives way to it,
        extras and events kept: what was read by hand or by reconcile within one second has one
        version, and the events of the first must not be forgotten for the second."""
        same = [state for state in self.states if state.version == known.version]
        merged = known
        for state in same:
            change = merged.change
            incident = merge(change.incident, state.change.incident)
            new = {event.event_id for event in change.events}
            events = [event for event in state.change.events if event.event_id not in new]
            events = sorted([*events, *change.events], key=_in_time)
            change = change._replace(incident=incident, events=tuple(events))
            merged = SeenChange(known.version, change, state.at, state.life)
        others = [state for state in self.states if state.version != known.version]
        return self._replace(
            states=tuple(sorted([*others, merged], key=lambda state: state.version))
        )

    @property
    def newest(self) -> SeenChange:
        """The highest version, with what only older ones knew merged in."""
        top = self.states[-1]
        incident = top.change.incident
        for state in reversed(self.states[:-1]):
            incident = merge(incident, state.change.incident)
        return top._replace(change=top.change._replace(incident=incident))

    def state(self, version: Version) -> Optional[SeenChange]:
        return next((state for state in self.states if state.version == version), None)

    def may_paint(self, change: Change) -> bool:
        """Whether the change is as new as all that is known. An older one adds its replies and
        paints nothing; one asked for by hand has no entry to compare."""
        newest = self.newest.version
        if not change.events:
            return change.incident.updated_at >= newest.updated_at
        return change.version >= newest

    def is_first_of(self, change: Change) -> bool:
        """Whether nothing that is known has any of the change's events."""
        known = {event.event_id for event in self.events}
        return (
            bool(change.events)
            and not self.unread
            and self.state(change.version) is None
            and known.isdisjoint(event.event_id for event in change.events)
        )

    def is_shown(self, record: CardRecord) -> bool:
        """Whether the card is there, painted with all that is known, and all replies are."""
        return record.born and bool(record.post_id) and set(self.state_digests) <= set(record.told)

    def knows_all_shown(self, record: CardRecord) -> bool:
        """Whether the card has shown nothing but what is known: not so where a change that it
        showed was forgotten or written over since."""
        return set(record.told) <= set(self.state_digests)

    @property
    def events(self) -> List[IncidentEvent]:
        """Every known event once, oldest first."""
        found: Dict[str, IncidentEvent] = {}
        for state in self.states:
            for event in state.change.events:
                found.setdefault(event.event_id, event)
        return sorted(found.values(), key=_in_time)

    @property
    def state_digests(self) -> Tuple[int, ...]:
        """A checksum for each state, of its version and its events, since two changes of one
        second may have the same version."""
        return tuple(sorted(_state_digest(state) for state in self.states))

    @property
    def versions(self) -> List[Version]:
        return [state.version for state in self.states]


def _state_digest(state: SeenChange) -> int:
    events = (event.event_id for event in state.change.events)
    return zlib.crc32("/".join([*map(str, state.version), *events]).encode("utf-8"))


def _in_time(event: IncidentEvent) -> Tuple[str, bool]:
    """Sorts events as they happened; within one second the incident's first comes first."""
    return event.occurred_at, event.event_type != "incident.triggered"


def as_seen(change: Change, now: float) -> SeenChange:
    return SeenChange(change.version, change, now)


def same(one: Change, other: Change) -> bool:
    """Whether both say the same; in JSON, which knows no order of names."""
    return to_payload(one) == to_payload(other)


def life_of(change: Change, *, has_cards: bool) -> str:
    """What the expiry of a state has to follow."""
    if not has_cards:
        return UNSEEN
    return OPEN if change.incident.is_open else OVER


STICKY = (
    "details",
    "details_left",
    "links",
    "summary",
    "conference_url",
    "conference_number",
    "merged_title",
    "help_asked",
)
"""Fields that PagerDuty does not repeat with each change."""


def merge(newer: Incident, older: Incident) -> Incident:
    """The newer state, with what the older one knew and PagerDuty does not repeat: the first
    alert's details, the conference bridge, the latest note; and who worked on it, which a resolved
    incident no longer names."""
    changes: Dict[str, Any] = {
        field: getattr(older, field)
        for field in STICKY
        if getattr(older, field) and not getattr(newer, field)
    }
    if newer.details:
        changes.pop("details_left", None)
    if not newer.snoozed_until and newer.is_open and newer.acknowledgers == older.acknowledgers:
        # Whoever acknowledges anew, or takes it back, ends a snooze.
        changes["snoozed_until"] = older.snoozed_until
    if older.note and (not newer.note or older.note_at > newer.note_at):
        changes.update(note=older.note, note_by=older.note_by, note_at=older.note_at)
    if not newer.is_open:
        changes.update(
            (field, getattr(older, field))
            for field in ("assignees", "acknowledgers")
            if getattr(older, field) and not getattr(newer, field)
        )
    return newer._replace(**changes) if changes else newer


class RecordKey(NamedTuple):
    """What a datastore key below `incident.` is of."""

    incident_id: str
    kind: str
    """card, state or mark."""
    rest: str
    """The channel id of a card, the version of a state."""


def record_key(name: str) -> Optional[RecordKey]:
    """Of a relative name; None for a key of something else."""
    if not name.startswith(KEY_PREFIX):
        return None
    incident_id, _, rest = name[len(KEY_PREFIX) :].partition(".")
    kind, _, word = rest.partition(".")
    return RecordKey(incident_id, kind, word)


def load_all(store: Store, log: Any = None) -> Dict[str, IncidentMemory]:
    """Of every incident, by its id: one read of the datastore, a page of 100 keys at a time."""
    found, unread = _load(store, KEY_PREFIX)
    for error in unread:
        if log is not None:
            log.warning("%s; it is not used", error)
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
        elif kind == "mark" and isinstance(value, Mapping):
            mark = MitigatedMark(*(str(value.get(name) or "") for name in MitigatedMark._fields))
            found[incident_id] = before._replace(mark=mark)

    def broken(error: BrokenValue) -> None:
        unread.append(error)
        take(error.name, None)
        key = record_key(error.name)
        if key is not None:
            before = found.get(key.incident_id, IncidentMemory({}, ()))
            found[key.incident_id] = before._replace(unread=True)

    for name, value in store.read_prefix(prefix, broken).items():
        take(name, value)
    whole = {
        incident_id: one._replace(
            states=tuple(sorted(one.states, key=lambda state: state.version))
        )
        for incident_id, one in found.items()
    }
    return whole, unread


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
        self._store.write(self._prefix + "mark", mark._asdict(), OPEN_SECONDS)

    def forget_mark(self) -> None:
        self._store.delete(self._prefix + "mark")

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
        self._store.write(self._state(known.version), value, LIFE_SECONDS[life])

    def forget_state(self, version: Version) -> None:
        self._store.delete(self._state(version))

    def forget_all(self) -> None:
        """Nothing is remembered of the incident any more."""
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
            )
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        return []
