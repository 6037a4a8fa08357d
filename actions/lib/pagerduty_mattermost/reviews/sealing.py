"""A timeline is sealed: its digests are kept, and the end of their chain is written into a note at
PagerDuty; later it is told whether anything was changed.

The seal is kept before the note is written, under a key of its own content, so a run that was
killed between leaves nothing that counts: the note says which seal is in force.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core.errors import NotFound, RetryLater
from pagerduty_mattermost.gateways.pagerduty.notes import read_notes, write_note
from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out
from pagerduty_mattermost.reviews import proof
from pagerduty_mattermost.reviews.gathering import GatheredFacts, gather
from pagerduty_mattermost.reviews.proof import Seal
from pagerduty_mattermost.reviews.timeline import POST, TimelineEntry

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

KEY_PREFIX = "timeline."
KEPT_SECONDS = 400 * 86400.0
KEY_DIGITS = 16
HOW = "StackStorm keeps its digests: timeline.verify shows what was changed since."
"""Stands in the note below its first line."""


class SealedTimeline(NamedTuple):
    """A timeline that was sealed."""

    seal: Seal
    facts: GatheredFacts
    note_id: str
    """Of the note at PagerDuty."""
    already: bool
    """Nothing was new since it was sealed last: that seal stands."""


class Verified(NamedTuple):
    """What differs from what was sealed."""

    sealed_at: float
    head: str
    changes: Tuple[str, ...]
    """What is not as it was, a line each; empty: nothing."""
    entries: int


class _Proofs(NamedTuple):
    """What there is of an incident's seals."""

    notes: Mapping[str, str]
    """By first line of a note at PagerDuty that is a proof, its id."""
    seals: Tuple[Seal, ...]
    """That are kept."""

    @property
    def in_force(self) -> Optional[Seal]:
        """The newest one whose head stands in a note; None: it was never sealed."""
        found = [one for one in self.seals if proof.note_line(one) in self.notes]
        return max(found, key=lambda one: one.at, default=None)


def seal(context: Context, incident_id: str, *, from_email: str) -> SealedTimeline:
    """Raises the gateways' errors, and RetryLater where not all of the timeline can be read."""
    facts = gather(context, incident_id)
    if facts.left_out:
        raise RetryLater(f"Nothing is sealed, since it would not be whole: {facts.left_out[0]}")
    proofs = _proofs(context, incident_id)
    before = proofs.in_force
    # Of two in one second the later one is to be in force.
    now = max(float(int(context.clock())), before.at + 1 if before is not None else 0.0)
    made = proof.seal_of(incident_id, facts.entries, now)
    if before is not None and before.entries == made.entries:
        return SealedTimeline(before, facts, proofs.notes[proof.note_line(before)], True)
    context.store.write(_name(made), proof.to_value(made), KEPT_SECONDS)
    text = f"{proof.note_line(made)}\n{HOW}"
    note = write_note(context.pagerduty, incident_id, text, from_email=from_email)
    return SealedTimeline(made, facts, note.id, False)


def of_entries(
    context: Context, incident_id: str, entries: Sequence[TimelineEntry]
) -> Optional[Seal]:
    """The seal in force where it is of just these entries."""
    found = _proofs(context, incident_id).in_force
    if found is None or found.entries != proof.seal_of(incident_id, entries, 0.0).entries:
        return None
    return found


def verify(
    context: Context, incident_id: str, document: Optional[Mapping[str, Any]] = None
) -> Verified:
    """Whether the sources, and an exported timeline where one is given, are as they were when it
    was sealed last. Raises NotFound where it was never sealed, or its note or what is kept of it
    was changed or deleted; RejectedInput for what is no timeline."""
    proofs = _proofs(context, incident_id)
    found = proofs.in_force
    if found is None:
        raise NotFound(_why_not(proofs, incident_id))
    changes: List[str] = []
    if document is not None:
        changes += [f"the file: {line}" for line in proof.changes_of(document, found)]
    facts = gather(context, incident_id)
    unread = (POST,) if facts.left_out else ()
    changes += proof.changed_since(found, facts.entries, unread)
    changes += [f"not compared: {line}" for line in facts.left_out]
    return Verified(found.at, found.head, tuple(changes), len(found.entries))


def _why_not(proofs: _Proofs, incident_id: str) -> str:
    has_note, has_seal = bool(proofs.notes), bool(proofs.seals)
    if has_note and has_seal:
        return (
            f"The note at PagerDuty and what is kept of the timeline of {incident_id} do not fit: "
            "one of them was changed"
        )
    if has_note:
        return f"What was kept of the timeline of {incident_id} is gone: it is kept for 400 days"
    if has_seal:
        return f"The note at PagerDuty that proves the timeline of {incident_id} is gone"
    return f"The timeline of {incident_id} was never sealed: timeline.seal seals it"


def _proofs(context: Context, incident_id: str) -> _Proofs:
    notes = {
        str(row.get("content") or "").split("\n", 1)[0].strip(): str(row.get("id") or "")
        for row in read_notes(context.pagerduty, incident_id)
        if proof.is_proof(str(row.get("content") or ""))
    }
    prefix = f"{KEY_PREFIX}{incident_id}."
    values = context.store.read_prefix(prefix, left_out(context.log))
    found = []
    for value in values.values():
        try:
            found.append(proof.seal_from(value))
        except ValueError as error:
            context.log.warning("A sealed timeline of %s does not read: %s", incident_id, error)
    return _Proofs(notes, tuple(found))


def _name(made: Seal) -> str:
    return f"{KEY_PREFIX}{made.incident}.{made.head[:KEY_DIGITS]}"


def fits(name: str, data: Any) -> bool:
    """Whether the data is what a key of that name holds."""
    try:
        proof.seal_from(data)
    except ValueError:
        return False
    return True
