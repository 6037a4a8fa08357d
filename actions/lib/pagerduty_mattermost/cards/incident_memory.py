"""What is remembered of an incident, as values: its cards, the changes it went through, and what
they say together. Pure; `cards.records` keeps it."""

# flake8: noqa: W503

from __future__ import annotations

import zlib
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.core import times
from pagerduty_mattermost.incidents.incident import (
    Change,
    Incident,
    IncidentEvent,
    Version,
    to_payload,
)

UNSEEN, OPEN, OVER = "unseen", "open", "over"
"""What the expiry of a state follows (`records.LIFE_SECONDS`)."""


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
    """Whether a run has finished the card once: the post with its reactions, its checklist and the
    replies of what was known then. Until it has, the next run adds what is missing."""
    gone: bool = False
    """A person deleted the post, so it is left alone. `posts.reconcile` posts a deleted card of an
    open incident anew, but only once (`reposted`)."""
    reposted: bool = False
    """Reconcile has posted it anew after a deletion. Whoever deletes it again means it."""
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
    seed: str = ""
    """What makes the keys secret under which the card and its replies go out
    (`Mattermost.post_seed`): as it was when the card was intended, also after the token was
    changed."""
    shelved: bool = False
    """Its channel was archived when the card was last to be brought up: it is left alone until the
    channel is back."""
    replied: Tuple[str, ...] = ()
    """`told_replies.mark_of` each reply that its thread was given, in that order: people may have
    deleted it since."""

    @property
    def is_there(self) -> bool:
        """Whether people can see it and it can be replied to."""
        return bool(self.post_id) and not (self.gone or self.shelved)


class SaidNote(NamedTuple):
    """A note that somebody said in the thread of a card, or a status update that was given in a
    room: it does not come back there."""

    channel_id: str
    words: str
    """On one line; the first `told_replies.MAX_SAID_CHARACTERS` of them."""
    at: float
    """When it was said, seconds since the epoch."""
    run: str = ""
    """Of whoever writes the note: any id that no other run has."""


class SeenChange(NamedTuple):
    """One change with the time when it was first seen here."""

    version: Version
    change: Change
    at: float = 0.0
    life: str = ""
    """What its expiry followed when it was written last: a key of `LIFE_SECONDS`, or empty when it
    is not written yet."""
    intends: Tuple[CardRecord, ...] = ()
    """The intent of the card that the change starts, where it was written with the change: it
    counts until the card's own record stands."""


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
    said: Tuple[SaidNote, ...] = ()

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
            merged = SeenChange(known.version, change, state.at, state.life, state.intends)
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

    def is_done(self, known: SeenChange, targets: Sequence[CardRecord]) -> bool:
        """Whether an earlier run has done all of it: the change stands there as it is, and the
        cards show it and all else. Not to be believed of what was not read by the sensor: it has
        no number of a cycle, so two such changes of one second would be taken for one."""
        stored = self.state(known.version)
        if not targets or stored is None:
            return False
        mine = self.knowing(known).state(known.version)
        return mine is not None and same(stored.change, mine.change) and self.is_settled(targets)

    def is_overtaken(self, known: SeenChange, targets: Sequence[CardRecord]) -> bool:
        """Whether a newer change that brought all of this one's events along was shown first."""
        if not targets or not self.states or not known.change.events:
            return False
        newest = self.newest
        told = {event.event_id for event in self.events}
        return (
            newest.version > known.version
            and all(event.event_id in told for event in known.change.events)
            and merge(newest.change.incident, known.change.incident) == newest.change.incident
            and self.is_settled(targets)
        )

    def is_settled(self, targets: Sequence[CardRecord]) -> bool:
        """Whether the cards show all that is known, and nothing is left to tidy."""
        closed = not self.newest.change.incident.is_open
        return all(
            record.gone or record.shelved or (self.is_shown(record) and record.closed == closed)
            for record in targets
        ) and not (closed and (self.mark or any(one.life != OVER for one in self.states)))

    def caught_up(self, change: Change, earlier: Sequence[IncidentEvent]) -> Change:
        """The change with those of the incident's earlier events that nobody has written yet: the
        execution for them comes later than this one, or never."""
        known = {event.event_id for event in (*self.events, *change.events)}
        missing = [event for event in earlier if event.event_id not in known]
        whole = sorted((*missing, *change.events), key=_in_time)
        return change._replace(events=tuple(whole)) if missing else change

    def told_by(self, record: CardRecord) -> List[SeenChange]:
        """The changes that the card has shown, oldest first."""
        return [state for state in self.states if _state_digest(state) in record.told]

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
    """The change as it is remembered by whoever shows it. `now`: seconds since the epoch."""
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
