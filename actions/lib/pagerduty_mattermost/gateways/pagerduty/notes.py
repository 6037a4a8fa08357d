"""An incident's notes: read, and written so that none stands twice (API: /incidents/{id}/notes).

    write_note(pagerduty, "PT4KHLK", "The disk was full", from_email="ada@example.com").id
    ensure_note(pagerduty, "PT4KHLK", "Closed by StackStorm.", "It was planned.", from_email=...)

PagerDuty gives a note no key of its own. A note is sent once; when the answer is lost, the
incident's notes are read, and a new one of the same words and author is it. All raise the
gateway's errors; `NotKnown` means that nobody knows whether it was written.
"""

from __future__ import annotations

from typing import Any, Dict, List, NamedTuple

from pagerduty_mattermost.core.text import cut
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill

MAX_NOTE_CHARACTERS = 20_000
"""`ensure_note` cuts what is longer."""


class WrittenNote(NamedTuple):
    """A note that stands at an incident."""

    id: str
    is_new: bool
    """False when it stood there before this call."""


def read_notes(pagerduty: PagerDuty, incident_id: str) -> List[Dict[str, Any]]:
    """The incident's notes as PagerDuty's REST API gives them."""
    rows = pagerduty.get(_path(incident_id)).get("notes")
    return [row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict)]


def has_note(pagerduty: PagerDuty, incident_id: str, text: str) -> bool:
    """Whether a note of just this text stands there."""
    return any(row.get("content") == text for row in read_notes(pagerduty, incident_id))


def write_note(
    pagerduty: PagerDuty, incident_id: str, text: str, *, from_email: str
) -> WrittenNote:
    """A new note, also where an equal one stands from earlier."""
    body = {"note": {"content": text}}
    answer = pagerduty.post(_path(incident_id), body, from_email=from_email)
    note = answer.get("note")
    return WrittenNote(str(note.get("id") or "") if isinstance(note, dict) else "", True)


def ensure_note(
    pagerduty: PagerDuty, incident_id: str, first_line: str, content: str, *, from_email: str
) -> WrittenNote:
    """The note that begins with `first_line`: the one that stands, or a new one with `content`
    below that line."""
    for row in read_notes(pagerduty, incident_id):
        if str(row.get("content") or "").split("\n", 1)[0].strip() == first_line:
            return WrittenNote(str(row.get("id") or ""), False)
    text = cut(f"{first_line}\n{content}", MAX_NOTE_CHARACTERS)
    return write_note(pagerduty, incident_id, text, from_email=from_email)


def _path(incident_id: str) -> str:
    return fill("/incidents/{incident}/notes", incident=incident_id)
