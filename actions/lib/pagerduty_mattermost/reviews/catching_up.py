"""What somebody who joins late has to know, in sentences that each name their source. Pure.

    sentences = sentences_of(incident, entries, state, zone, now, since)

A sentence stands only as long as its source does: what was deleted is not told.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import List, NamedTuple, Optional, Sequence

from pagerduty_mattermost.cards.card import state_of
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import copyable
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews.showing import quoted
from pagerduty_mattermost.reviews.timeline import MESSAGE, TimelineEntry
from pagerduty_mattermost.reviews.timeline import UPDATE as GIVEN
from pagerduty_mattermost.runs.state import RunState, TaskState
from pagerduty_mattermost.runs.texts import name, owner_words, styled

INCIDENT_SOURCE = "incident"
MAX_QUOTE_CHARACTERS = 300
MAX_TASKS, MAX_MESSAGES, MAX_NEWS = 6, 6, 12
STATE, LEADS, UPDATE, TASKS, MESSAGES, NEWS = HEADINGS = (
    "Now",
    "Who does what",
    "Last status update",
    "Open tasks",
    "Marked messages",
    "Since you last asked",
)


class Sentence(NamedTuple):
    """Something to know, and where it comes from."""

    heading: str
    """One of HEADINGS."""
    text: str
    """Markdown in which nobody is called."""
    source: str
    """A timeline entry's, `incident`, or of the playbook `role:<name>` or `task:<id>`."""
    link: str = ""


def sentences_of(
    incident: Incident,
    entries: Sequence[TimelineEntry],
    state: Optional[RunState],
    zone: tzinfo,
    now: float,
    since: float = 0.0,
) -> List[Sentence]:
    """`entries`: its timeline; `state`: of its run; `now`, `since`: seconds since the epoch,
    `since` when whoever asks looked last, 0: never."""
    found = [_how_it_is(incident, now), *_people(incident)]
    found += _leads(state) if state is not None else []
    found += _update(entries, state, zone, now)
    found += _tasks(state, zone, now) if state is not None else []
    found += [
        _of_entry(MESSAGES, entry, zone, now)
        for entry in [one for one in entries if one.kind == MESSAGE][-MAX_MESSAGES:]
    ]
    if since:
        news = [one for one in entries if one.at > since]
        found += [_of_entry(NEWS, entry, zone, now) for entry in news[-MAX_NEWS:]]
    return found


def as_text(sentences: Sequence[Sentence], news_since: str = "") -> str:
    """Below their headings, each with a link to its source. `news_since`: when whoever asks looked
    last, in words."""
    lines: List[str] = []
    for heading in HEADINGS:
        of_it = [one for one in sentences if one.heading == heading]
        if not of_it and not (heading == NEWS and news_since):
            continue
        at = f" ({escape(news_since)})" if heading == NEWS and news_since else ""
        lines.append(f"**{heading}**{at}")
        lines += [_line(one) for one in of_it] or ["- nothing"]
    return "\n".join(lines)


def _line(one: Sentence) -> str:
    return f"- {one.text} {markdown_link('↗', one.link)}" if one.link else f"- {one.text}"


def _how_it_is(incident: Incident, now: float) -> Sentence:
    known = state_of(incident)
    since = times.between(incident.created_at, incident.resolved_at or times.iso(now))
    parts = [
        f"{known.emoji} #{incident.number} {escape(one_line(incident.title, 200))}:"
        f" {known.word.lower()}",
        escape(one_line(incident.priority, 40)),
        f"{escape(one_line(incident.urgency, 20))} urgency" if incident.urgency else "",
        f"on {escape(one_line(incident.service, 80))}" if incident.service else "",
        (f"lasted {since}" if incident.resolved_at else f"began {since} ago") if since else "",
    ]
    text = ", ".join(part for part in parts if part)
    return Sentence(STATE, text, INCIDENT_SOURCE, incident.url)


def _people(incident: Incident) -> List[Sentence]:
    found = []
    for what, people in (
        ("Acknowledged by", incident.acknowledgers),
        ("Assigned to", incident.assignees),
    ):
        names = ", ".join(escape(one_line(one.name, 80)) for one in people[:6] if one.name)
        if names:
            found.append(Sentence(LEADS, f"{what} {names}.", INCIDENT_SOURCE, incident.url))
    return found


def _leads(state: RunState) -> List[Sentence]:
    found = []
    for role in state.roles.values():
        known = state.plan.playbook.role(role.name)
        title = escape(one_line(known.title)) if known else role.name.capitalize()
        if role.who.id:
            found.append(Sentence(LEADS, f"{title}: {name(role.who)}.", f"role:{role.name}"))
    return found


def _update(
    entries: Sequence[TimelineEntry], state: Optional[RunState], zone: tzinfo, now: float
) -> List[Sentence]:
    """The newest one, given in the room or at PagerDuty; and when the next one is due."""
    given = [one for one in entries if one.kind == GIVEN]
    if not given:
        return []
    entry, due = given[-1], ""
    if state is not None and state.remind_at:
        word = "was due" if state.remind_at < now else "is due"
        due = f" · the next one {word} at {_clock(state.remind_at, zone, now)}"
    said = copyable(one_line(entry.text + quoted(entry, MAX_QUOTE_CHARACTERS)))
    ago = times.duration(max(0.0, now - entry.at))
    return [Sentence(UPDATE, f"{ago} ago: {said}{due}", entry.source, entry.link)]


def _tasks(state: RunState, zone: tzinfo, now: float) -> List[Sentence]:
    """Those that are overdue first, then the rest of the present stage."""
    if state.is_over:
        return []
    waiting = [task for task in state.tasks if task.is_open]
    late = sorted((one for one in waiting if 0 < one.due < now), key=lambda one: one.due)
    rest = [one for one in waiting if one not in late and one.stage == state.stage]
    return [
        Sentence(TASKS, _task(one, zone, now), f"task:{one.id}")
        for one in [*late, *rest][:MAX_TASKS]
    ]


def _task(task: TaskState, zone: tzinfo, now: float) -> str:
    owner = owner_words(task.owner)
    due = ""
    if task.due:
        due = f"due {_clock(task.due, zone, now)}" + (" ⏰ overdue" if task.due < now else "")
    parts = [f"{task.number} {styled(task.text)}", owner, due]
    return " · ".join(part for part in parts if part)


def _of_entry(heading: str, entry: TimelineEntry, zone: tzinfo, now: float) -> Sentence:
    said = copyable(one_line(entry.text + quoted(entry, MAX_QUOTE_CHARACTERS)))
    text = f"{_clock(entry.at, zone, now)} · {said}"
    return Sentence(heading, text, entry.source, entry.link)


def _clock(at: float, zone: tzinfo, now: float) -> str:
    return times.clock(times.iso(at), zone, near=times.iso(now))
