"""Pure: the words of a card: one line of how the incident is, and below it what its alert said.

Outside text is cut, then made safe; what people copy (values, paths, addresses) is shown without
invisible characters, as code where it would act otherwise. Links are web links only.
"""

from __future__ import annotations

import re
from datetime import timezone, tzinfo
from typing import Iterable, List, Mapping, NamedTuple, Tuple
from urllib.parse import urlsplit

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import code_block, copyable
from pagerduty_mattermost.core.text import (
    cut,
    escape,
    markdown_link,
    one_line,
    web_link,
)
from pagerduty_mattermost.incidents.incident import Incident, Link, Person

MAX_NAME_CHARACTERS = 60
"""Code points of a person's, service's or team's name on a card."""
MAX_LINES = 12
"""Of the latest note."""
SHORT_VALUE_CHARACTERS = 60
"""Code points of a value that shares its line with others."""
SEPARATOR = " · "

_LIKE_AN_ADDRESS = re.compile(r"://|\w\.[a-z]{2,}", re.IGNORECASE)


class CardLimits(NamedTuple):
    """How much of each part is shown: code points, or how many of them."""

    title: int
    summary: int
    note: int
    details: int
    detail: int
    links: int
    people: int
    url: int
    """Longer addresses are left out: cut ones lead nowhere."""


class CardReader(NamedTuple):
    """For whom a card is written: where they are, and whom they know by which name."""

    zone: tzinfo = timezone.utc
    now: str = ""
    """ISO time of the painting; without it the day always stands beside a time."""
    names: Mapping[str, str] = {}
    """Mattermost names by PagerDuty's user ids, as far as they are known."""


def state_line(incident: Incident, state: str, reader: CardReader, limits: CardLimits) -> str:
    """How the incident is, in one line. `state`: its word, as Markdown."""
    if not incident.is_open:
        parts = [
            _ended(incident, state, reader),
            _bold(incident.priority),
            _word(incident.service),
        ]
        return SEPARATOR.join(part for part in parts if part)
    holders = incident.acknowledgers if incident.status == "acknowledged" else ()
    if holders:
        state += f" by {people(holders, limits.people, reader)}"
    assigned = people(incident.assignees, limits.people, reader)
    if {one.id for one in holders} == {one.id for one in incident.assignees}:
        assigned = ""
    since = times.clock(incident.created_at, reader.zone, reader.now)
    until = times.clock(incident.snoozed_until, reader.zone, reader.now)
    parts = [
        state,
        _word(incident.urgency).capitalize(),
        _bold(incident.priority),
        _word(incident.service),
        f"assigned to {assigned}" if assigned else "",
        f"since {since}" if since else "",
        f"{incident.alerts_total} alerts" if incident.alerts_total > 1 else "",
        f"snoozed until {until}" if until and incident.status == "acknowledged" else "",
        f"help asked of {escape(one_line(incident.help_asked, 200))}"
        if incident.help_asked
        else "",
    ]
    return SEPARATOR.join(part for part in parts if part)


def alert_text(incident: Incident, reader: CardReader, limits: CardLimits) -> str:
    """What there is beyond that line: the call, the latest note, what the alert said, its links;
    empty when there is nothing, and when it is over."""
    if not incident.is_open:
        return ""
    parts = [
        _bridge(incident, limits),
        _note(incident, reader, limits),
        said(incident.summary, limits.summary),
        *_details(incident, limits),
        SEPARATOR.join(_links(incident.links, limits)),
    ]
    return "\n".join(part for part in parts if part)


def people(persons: Iterable[Person], limit: int, reader: CardReader) -> str:
    """Names, comma separated, @names where known; "and 3 more" where there are too many."""
    every = [person for person in persons if person.name or person.id]
    named = [person_name(person, reader.names) for person in every[:limit]]
    if len(every) > limit:
        named.append(f"and {len(every) - limit} more")
    return ", ".join(named)


def person_name(person: Person, names: Mapping[str, str]) -> str:
    """The @name where it is known, else PagerDuty's name."""
    known = names.get(person.id, "")
    return (
        f"@{known}" if known else escape(one_line(person.name or person.id, MAX_NAME_CHARACTERS))
    )


def paragraph(text: str, limit: int, lines: int = 0) -> str:
    """Lines of outside text (0: all of them), which can be copied; empty lines fall away."""
    kept = [line.rstrip() for line in cut(text, limit).split("\n") if line.strip()]
    if lines and len(kept) > lines:
        kept = [*kept[: lines - 1], "…"]
    return copyable("\n".join(kept)).strip("\u2002")


def said(text: str, limit: int) -> str:
    """Outside text as it was written: lines, or a block of code where it has indentation or
    columns."""
    short = cut(text, limit).strip("\n")
    if not short.strip():
        return ""
    lines = short.split("\n")
    if len(lines) == 1:
        return copyable(one_line(short))
    laid_out = any(line[:1] in " \t|" and line.strip() for line in lines) or "\t" in short
    return code_block(short) if laid_out else paragraph(short, limit)


def link_markdown(link: Link, limits: CardLimits) -> str:
    """A web link with its text; a text that looks like an address gives way to the true host: no
    disguise."""
    address = web_link(link.href) or web_link(link.image)
    if not address or len(address) > limits.url:
        return ""
    label = one_line(link.text, MAX_NAME_CHARACTERS) or ("Graph" if link.image else "")
    if not label or _LIKE_AN_ADDRESS.search(label):
        label = one_line(urlsplit(address).netloc, MAX_NAME_CHARACTERS)
    return markdown_link(label, address)


def another_incident(incident: Incident) -> str:
    """The incident this one was merged into, by number and title where they are known: a link."""
    site, slash, _ = incident.url.rpartition("/")
    id_ = incident.merged_into
    url = f"{site}/{id_}" if slash and id_.isascii() and id_.isalnum() else ""
    return markdown_link(one_line(incident.merged_title, 120) or "another incident", url)


def _ended(incident: Incident, state: str, reader: CardReader) -> str:
    if incident.status == "merged" and incident.merged_into:
        state += f" into {another_incident(incident)}"
    if incident.resolved_by:
        who = Person(incident.resolved_by_id, incident.resolved_by)
        state += f" by {person_name(who, reader.names)}"
    at = times.clock(incident.resolved_at, reader.zone, reader.now)
    length = times.between(incident.created_at, incident.resolved_at)
    after = f"after {length}" if length and incident.status == "resolved" else ""
    return ", ".join(part for part in (state, at, after) if part)


def _links(links: Iterable[Link], limits: CardLimits) -> List[str]:
    shown = [markdown for markdown in (link_markdown(link, limits) for link in links) if markdown]
    return shown[: limits.links]


def _word(text: str) -> str:
    return escape(one_line(text, MAX_NAME_CHARACTERS))


def _bold(text: str) -> str:
    word = _word(text)
    return f"**{word}**" if word else ""


def _bridge(incident: Incident, limits: CardLimits) -> str:
    address = web_link(incident.conference_url)
    parts = [
        markdown_link("Join the call", address) if address and len(address) <= limits.url else "",
        copyable(one_line(incident.conference_number, MAX_NAME_CHARACTERS)),
    ]
    shown = SEPARATOR.join(part for part in parts if part)
    return f"📞 {shown}" if shown else ""


def _note(incident: Incident, reader: CardReader, limits: CardLimits) -> str:
    lines = paragraph(incident.note, limits.note, MAX_LINES).split("\n")
    if not lines[0]:
        return ""
    near = reader.now or incident.created_at
    at = times.clock(incident.note_at, reader.zone, near)
    signed = ", ".join(part for part in (_word(incident.note_by), at) if part)
    lines[-1] += f" — {signed}" if signed else ""
    return "\n".join(["📝 " + lines[0], *lines[1:]])


def _details(incident: Incident, limits: CardLimits) -> List[str]:
    """Short values share lines, longer ones have a line of their own, several lines are a block of
    code."""
    made: List[str] = []
    row: List[str] = []

    def end_row() -> None:
        if row:
            made.append(SEPARATOR.join(row))
            row.clear()

    pairs: Tuple[Tuple[str, str], ...] = incident.details[: limits.details]
    shown = 0
    for name, value in pairs:
        label, text = _word(name), cut(value, limits.detail)
        if not label or not text.strip():
            continue
        shown += 1
        if "\n" in text.strip():
            end_row()
            made.append(f"**{label}**:\n{code_block(text)}")
        elif len(text) > SHORT_VALUE_CHARACTERS:
            end_row()
            made.append(f"**{label}**: {copyable(one_line(text))}")
        else:
            row.append(f"**{label}**: {copyable(one_line(text))}")
    end_row()
    left = incident.details_left + len(incident.details) - shown
    if left > 0 and incident.details:
        made.append(f"… and {left} more in PagerDuty" if shown else f"{left} details in PagerDuty")
    return made
