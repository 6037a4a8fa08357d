"""Pure: the name and the title of an incident's room.

    base = base_name("inc-{date}-{title}", incident, zone)   # inc-2026-01-28-database-timeout
    names(base, incident)    # that one, then with the incident's number, its id, its id and 2 …

The names are the same whoever makes them, so whoever comes second finds the first one's channel.
Mattermost takes a-z, 0-9, - and _, from 2 to 64 of them, letters or digits at both ends.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import tzinfo
from typing import Dict, Iterator

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import clean, inert, one_line
from pagerduty_mattermost.incidents.incident import Incident

MAX_NAME_CHARACTERS, MAX_TITLE_CHARACTERS = 64, 64
"""Characters; of a title code points."""
MAX_LAST = 9
"""How often an incident's id is tried with a number behind it."""
MAX_SEQUENCE = 1000
"""How many numbers of a sequence are tried."""
_LETTERS: Dict[int, str] = {
    ord(letter): plain
    for letters, plain in (
        ("äÄæÆ", "ae"),
        ("öÖœŒ", "oe"),
        ("üÜ", "ue"),
        ("ß", "ss"),
        ("øØ", "o"),
        ("đĐ", "d"),
        ("łŁ", "l"),
        ("þÞ", "th"),
    )
    for letter in letters
}
_WORDS = re.compile(r"[^a-z0-9]+")
_UNFIT = re.compile(r"[^a-z0-9_-]+")
_GAP = re.compile(r"[-_]{2,}")
_EDGE = "-_"


def slug(text: str) -> str:
    """The text as words of a name, joined by hyphens; empty where no letter of it is latin."""
    decomposed = unicodedata.normalize("NFKD", clean(text, 500).translate(_LETTERS))
    return _WORDS.sub("-", decomposed.encode("ascii", "ignore").decode("ascii").lower()).strip("-")


def base_name(template: str, incident: Incident, zone: tzinfo) -> str:
    """The template with the incident's words, `{seq}` left as it is. Where it gives no name, or
    its title has none, the incident's number stands for it."""
    words = _words(incident, zone)
    title = slug(incident.title) or str(incident.number or incident.id).lower()
    values = {**{name: slug(word) for name, word in words.items()}, "title": title}
    pieces = re.split(r"(\{[a-z]+\})", template.lower())
    made = "".join(_piece(piece, values) for piece in pieces)
    return _fitted(made) or _fitted(f"incident-{incident.id.lower()}")


def names(base: str, incident: Incident, first: int = 1) -> Iterator[str]:
    """The names to try, in their order. `first`: the number with which a sequence begins."""
    if "{seq}" in base:
        for number in range(first, first + MAX_SEQUENCE):
            yield _fitted(base.replace("{seq}", str(number)))
        return
    yield base
    suffixes = [str(incident.number)] if incident.number else []
    id_ = slug(incident.id)
    suffixes += [id_, *(f"{id_}-{number}" for number in range(2, MAX_LAST + 1))]
    for suffix in suffixes:
        yield f"{base[: MAX_NAME_CHARACTERS - len(suffix) - 1].rstrip(_EDGE)}-{suffix}"


def title(template: str, incident: Incident, zone: tzinfo) -> str:
    """What people see: nothing in it acts, since each change is told in the channel."""
    words = {**_words(incident, zone), "title": one_line(incident.title, 255)}
    pieces = re.split(r"(\{[a-z]+\})", template)
    made = one_line("".join(_piece(piece, words) for piece in pieces))
    shown = inert(one_line(made, MAX_TITLE_CHARACTERS - 8))
    for limit in range(MAX_TITLE_CHARACTERS - 8, 0, -4):
        if len(shown) <= MAX_TITLE_CHARACTERS:
            break
        shown = inert(one_line(made, limit))
    return shown or f"Incident {incident.id}"


def _words(incident: Incident, zone: tzinfo) -> Dict[str, str]:
    at = times.seconds(incident.created_at) or 0.0
    return {
        "date": times.moment_in(at, zone).strftime("%Y-%m-%d"),
        "title": incident.title,
        "number": str(incident.number or ""),
        "id": incident.id,
        "service": one_line(incident.service, 60),
        "priority": incident.priority,
    }


def _piece(piece: str, values: Dict[str, str]) -> str:
    """Text as it stands; of a placeholder its value. Replaced once: what stands in a value is no
    placeholder."""
    if piece.startswith("{") and piece.endswith("}"):
        return values.get(piece[1:-1], piece if piece == "{seq}" else "")
    return piece


def _fitted(text: str) -> str:
    """As Mattermost takes it, cut to its length; `{seq}` stays. Empty where nothing remains."""
    room = MAX_NAME_CHARACTERS + (len("{seq}") - 4 if "{seq}" in text else 0)
    kept = "{seq}".join(_UNFIT.sub("-", part) for part in text.split("{seq}"))
    made = _GAP.sub("-", kept).strip(_EDGE)
    if "{seq}" in made and len(made) > room:
        before, _, behind = made.partition("{seq}")
        cut = room - len(behind) - len("{seq}")
        return f"{before[:cut]}{{seq}}{behind}" if cut > 0 else "incident-{seq}"
    made = made[:MAX_NAME_CHARACTERS].strip(_EDGE)
    return made if len(made) > 1 else ""
