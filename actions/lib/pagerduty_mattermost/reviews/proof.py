"""The proof that a timeline is as it was: each entry has a digest, the digests make a chain, and
the chain's end stands in a note at PagerDuty. Pure.

    seal = seal_of("PT4KHLK", entries, at)
    note_line(seal)                            # what stands at PagerDuty
    changes_of(document, seal)                 # [] or a line for each entry that is not as it was
    changed_since(seal, entries_read_now)      # the same of the sources

A document is checked to the letter. Of the sources it is told what is gone, what came afterwards
with an earlier time, and what people wrote that reads otherwise; a person or a service with a new
name changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Sequence, Set, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import one_line
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews.timeline import TimelineEntry

DIGEST_DIGITS = 32
NOTE_BEGINS = "Timeline of this incident up to "
MAX_NAMED_CHARACTERS = 80
VERSION = 1


class SealedEntry(NamedTuple):
    """An entry of a timeline as it was sealed."""

    source: str
    at_ms: int
    digest: str
    """Of all of the entry but its link."""
    said: str = ""
    """Digest of what somebody wrote; empty where nobody did."""


class Seal(NamedTuple):
    """What is kept of a timeline, so that it can be compared later."""

    incident: str
    at: float
    """When it was made, seconds since the epoch."""
    entries: Tuple[SealedEntry, ...]

    @property
    def head(self) -> str:
        """The end of the chain: 64 hex digits."""
        return head_of(self.incident, (entry.digest for entry in self.entries))


def seal_of(incident: str, entries: Sequence[TimelineEntry], at: float) -> Seal:
    """The digests of a timeline as it is now. `at`: seconds since the epoch."""
    return Seal(incident, at, tuple(map(_sealed, entries)))


def head_of(incident: str, digests: Iterable[str]) -> str:
    """The one digest that stands for all entries, each in its place."""
    head = _hash(f"timeline {VERSION} {incident}")
    for digest in digests:
        head = _hash(head + digest)
    return head


def note_line(seal: Seal) -> str:
    """The first line of the note at PagerDuty."""
    count = len(seal.entries)
    what = f"{count} {'entry' if count == 1 else 'entries'}"
    return f"{NOTE_BEGINS}{times.iso(seal.at)}: {what}, SHA-256 {seal.head}"


def is_proof(text: str) -> bool:
    """Whether a note is one that a seal left."""
    return text.startswith(NOTE_BEGINS)


def document_of(
    incident: Incident, entries: Sequence[TimelineEntry], sealed_at: float = 0.0
) -> Dict[str, Any]:
    """The timeline as JSON values. `sealed_at`: seconds since the epoch, 0 where it is not."""
    seal = seal_of(incident.id, entries, sealed_at)
    rows = [
        {
            "at": iso_ms(sealed.at_ms),
            "kind": entry.kind,
            "text": entry.text,
            "quote": entry.quote,
            "source": entry.source,
            "link": entry.link,
            "digest": sealed.digest,
        }
        for entry, sealed in zip(entries, seal.entries)
    ]
    about = {"id": incident.id, "number": incident.number, "title": incident.title}
    return {
        "incident": {**about, "url": incident.url},
        "sealed_at": times.iso(sealed_at) if sealed_at else "",
        "entries": rows,
        "head": seal.head,
    }


def entries_of(document: Any) -> Tuple[TimelineEntry, ...]:
    """The entries of a document, as they stand there. Raises RejectedInput for what is none."""
    rows = document.get("entries") if isinstance(document, Mapping) else None
    if not isinstance(rows, list):
        raise RejectedInput("it is no timeline: a JSON object with 'entries' is expected")
    found = []
    for number, row in enumerate(rows, 1):
        at = times.seconds(str(row.get("at"))) if isinstance(row, Mapping) else None
        if at is None:
            raise RejectedInput(f"entry {number} of the timeline has no time ('at') that reads")
        texts = (str(row.get(key) or "") for key in ("kind", "text", "source", "quote", "link"))
        found.append(TimelineEntry(at, *texts))
    return tuple(found)


def changes_of(document: Mapping[str, Any], seal: Seal) -> List[str]:
    """What of an exported timeline is not as it was sealed, a line each. Raises RejectedInput for
    what is no timeline."""
    entries = entries_of(document)
    digests = [_sealed(entry).digest for entry in entries]
    told = [*_of_its_head(document, seal), *_against(entries, digests, seal)]
    for number, (entry, row) in enumerate(zip(entries, document["entries"]), 1):
        if row.get("digest") != digests[number - 1]:
            told.append(f"{_named(number, entry)} does not fit its own digest")
    return told


def changed_since(
    seal: Seal, entries: Sequence[TimelineEntry], unread: Tuple[str, ...] = ()
) -> List[str]:
    """What the sources tell otherwise than when the timeline was sealed. `unread`: what sources
    begin with that could not be read now, so nothing is said of them."""
    now = {entry.source: entry for entry in entries}
    known = {entry.source for entry in seal.entries}
    told = []
    for number, old in enumerate(seal.entries, 1):
        entry = now.get(old.source)
        if entry is None and old.source.startswith(unread):
            continue
        if entry is None:
            told.append(f"entry {number} ({iso_ms(old.at_ms)}, {old.source}) is gone")
        elif _said(entry) != old.said:
            told.append(f"{_named(number, entry)}: what somebody wrote reads otherwise")
        elif _ms(entry.at) != old.at_ms:
            told.append(f"{_named(number, entry)} has another time than {iso_ms(old.at_ms)}")
    until = int(seal.at * 1000)
    for entry in entries:
        if entry.source not in known and _ms(entry.at) < until:
            told.append(f"{_named(0, entry)} was not there when the timeline was sealed")
    return told


def to_value(seal: Seal) -> Dict[str, Any]:
    """The seal as the datastore keeps it."""
    rows = [list(entry) for entry in seal.entries]
    return {"v": VERSION, "incident": seal.incident, "at": seal.at, "entries": rows}


def seal_from(value: Any) -> Seal:
    """Inverse of `to_value`. Raises ValueError for what is none."""
    try:
        if value["v"] != VERSION:
            raise ValueError(f"a timeline of version {value['v']!r}")
        rows = tuple(
            SealedEntry(str(s), int(at), str(d), str(q)) for s, at, d, q in value["entries"]
        )
        return Seal(str(value["incident"]), float(value["at"]), rows)
    except (KeyError, TypeError) as error:
        raise ValueError(f"no sealed timeline ({error})") from None


def iso_ms(at_ms: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    return f"{times.iso(at_ms // 1000)[:-1]}.{at_ms % 1000:03d}Z"


def _of_its_head(document: Mapping[str, Any], seal: Seal) -> List[str]:
    about = document.get("incident")
    named = about.get("id") if isinstance(about, Mapping) else None
    told = []
    if named != seal.incident:
        told.append(f"it is about another incident than {seal.incident}")
    if document.get("head") != seal.head:
        told.append("its head is not the one that was sealed")
    if document.get("sealed_at") != times.iso(seal.at):
        told.append(f"the time of its sealing is not {times.iso(seal.at)}")
    return told


def _against(entries: Sequence[TimelineEntry], digests: Sequence[str], seal: Seal) -> List[str]:
    places = {entry.source: n for n, entry in enumerate(seal.entries)}
    seen: Set[str] = set()
    told, furthest = [], -1
    for number, entry in enumerate(entries, 1):
        place = places.get(entry.source)
        if place is None:
            told.append(f"{_named(number, entry)} is not in the sealed timeline")
            continue
        if entry.source in seen:
            told.append(f"{_named(number, entry)} stands there twice")
            continue
        seen.add(entry.source)
        if digests[number - 1] != seal.entries[place].digest:
            told.append(f"{_named(number, entry)} was changed")
        if place < furthest:
            told.append(f"{_named(number, entry)} stands in another place")
        furthest = max(furthest, place)
    for number, old in enumerate(seal.entries, 1):
        if old.source not in seen:
            told.append(f"entry {number} ({iso_ms(old.at_ms)}, {old.source}) is missing")
    return told


def _named(number: int, entry: TimelineEntry) -> str:
    which = f"entry {number}" if number else "an entry"
    text = one_line(entry.text, MAX_NAMED_CHARACTERS)
    return f"{which} ({iso_ms(_ms(entry.at))}, {text})"


def _sealed(entry: TimelineEntry) -> SealedEntry:
    parts = [_ms(entry.at), entry.kind, entry.text, entry.quote, entry.source]
    whole = json.dumps(parts, ensure_ascii=True, separators=(",", ":"))
    return SealedEntry(entry.source, _ms(entry.at), _hash(whole)[:DIGEST_DIGITS], _said(entry))


def _said(entry: TimelineEntry) -> str:
    return _hash(entry.quote)[:DIGEST_DIGITS] if entry.quote else ""


def _ms(at: float) -> int:
    return round(at * 1000)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
