"""What a retrospective says, as Markdown: the draft with its facts and questions, reminders, the
list of follow-ups. Outside text is escaped. Pure."""

from __future__ import annotations

from datetime import tzinfo
from typing import NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import table
from pagerduty_mattermost.core.text import escape, markdown_link, one_line
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.reviews import showing
from pagerduty_mattermost.reviews.retro import (
    DONE,
    DRAFT,
    OPEN,
    PUBLISHED,
    DueChase,
    FollowUp,
    RetroState,
)
from pagerduty_mattermost.reviews.timeline import TASK, TimelineEntry
from pagerduty_mattermost.runs.texts import name

MARK, DUE_MARK = "📝", "⏰"
STATES = {OPEN: "open", DONE: "✅ done", "dropped": "dropped"}


class Metric(NamedTuple):
    """How long something took, against its target."""

    words: str
    seconds: Optional[float]
    """None: it did not happen, or nobody did it."""
    target_seconds: float = 0.0
    """0: no target."""

    @property
    def verdict(self) -> str:
        if not self.target_seconds:
            return ""
        if self.seconds is None:
            return "not met"
        return "met" if self.seconds <= self.target_seconds else "missed"


class RetroFacts(NamedTuple):
    """What a draft is made of."""

    incident: Incident
    entries: Tuple[TimelineEntry, ...]
    metrics: Tuple[Metric, ...]
    people: Tuple[str, ...]
    """Who did something, and who led, by name."""
    open_tasks: Tuple[str, ...]
    left_out: Tuple[str, ...] = ()


def draft(
    facts: RetroFacts, questions: Sequence[str], follow_ups: Sequence[FollowUp], zone: tzinfo
) -> str:
    """The whole of it; a timeline that is too long for a post is cut, all of it is in the file."""
    incident = facts.incident
    title = f"#{incident.number} {one_line(incident.title)}"
    lines = [
        f"### {MARK} Retrospective of {markdown_link(title, incident.url)}",
        _head(incident, zone),
        "",
        table(["", "took", "target", ""], [_metric(one) for one in facts.metrics]),
    ]
    if facts.people:
        lines += ["", f"**Took part:** {', '.join(escape(one) for one in facts.people)}"]
    if facts.open_tasks:
        lines += ["", "**Tasks left open**", *(f"- {escape(one)}" for one in facts.open_tasks)]
    lines += ["", "**Timeline**", showing.as_lines(incident, facts.entries, zone)]
    gaps = showing.task_gaps(facts.entries, zone)
    if gaps and sum(entry.kind == TASK for entry in facts.entries) > 2:
        lines += ["", "**Time between tasks**", gaps]
    for question in questions:
        lines += ["", f"#### {escape(one_line(question, 200))}", "_Answer in the thread._"]
    lines += ["", "**Follow-ups**", follow_up_lines(follow_ups, zone)]
    lines += [f":warning: Not in it: {escape(one_line(line))}" for line in facts.left_out]
    lines.append(
        "`/pd followup add <what> @who by <when>` adds one; `/pd retrospective publish` when all "
        "is answered."
    )
    return "\n".join(lines)


def _head(incident: Incident, zone: tzinfo) -> str:
    began = times.stamp(incident.created_at, zone)
    over = times.stamp(incident.resolved_at, zone) if incident.resolved_at else ""
    parts = [incident.service, incident.priority, f"{incident.urgency} urgency"]
    said = " · ".join(escape(one_line(part)) for part in parts if part.strip())
    return f"{said} · {began} to {over}" if over else f"{said} · since {began}, still open"


def _metric(one: Metric) -> Sequence[str]:
    took = "–" if one.seconds is None else times.duration(one.seconds)
    target = times.duration(one.target_seconds) if one.target_seconds else "–"
    mark = {"met": "✅", "missed": ":warning:", "not met": ":warning:"}.get(one.verdict, "")
    return [one.words, took, target, f"{mark} {one.verdict}".strip() or " "]


def follow_up_lines(follow_ups: Sequence[FollowUp], zone: tzinfo) -> str:
    """The follow-ups as a list in Markdown."""
    if not follow_ups:
        return "None yet."
    return "\n".join(f"- {follow_up_line(one, zone)}" for one in follow_ups)


def follow_up_line(one: FollowUp, zone: tzinfo) -> str:
    """One of them: what, whose, by when and how it stands."""
    parts = [
        name(one.owner) if one.owner.id else "nobody owns it",
        f"by {day(one.due, zone)}" if one.due else "",
        STATES[one.state] if not one.is_open else "",
    ]
    text = escape(one_line(one.text, 300))
    text = f"~~{text}~~" if not one.is_open else text
    return f"**F{one.number}** {text}: {', '.join(part for part in parts if part)}"


def day(at: float, zone: tzinfo) -> str:
    """ "Fri 27 Nov 2026", on the clock of the zone."""
    return f"{times.wall_clock(at, zone):%a %d %b %Y}"


def chase(one: DueChase, incident: Incident, link: str, zone: tzinfo) -> str:
    """What a reminder says; it calls whom it concerns, but in a message to them alone."""
    about = markdown_link(f"#{incident.number} {one_line(incident.title, 80)}", link)
    follow_up = one.follow_up
    if follow_up is None:
        return (
            f"{DUE_MARK} {{call}}the retrospective of {about} is not published yet: "
            "`/pd retrospective publish` or `/pd retrospective cancel`"
        )
    late = "is due today" if one.reminder.number == 1 else f"was due {day(follow_up.due, zone)}"
    say = f"`/pd followup done {incident.number} F{follow_up.number}`"
    owner = "" if follow_up.owner.id else " (nobody owns it)"
    text = escape(one_line(follow_up.text, 300))
    return (
        f"{DUE_MARK} {{call}}**F{follow_up.number}** {text} {late}{owner}. From the retrospective "
        f"of {about}; {say} when it is done."
    )


def status(state: RetroState, incident: Incident, link: str, zone: tzinfo) -> str:
    """How a retrospective stands, in words."""
    about = f"#{incident.number} {escape(one_line(incident.title))}"
    if not state.status:
        head = f"{about} has no retrospective: `/pd retrospective` drafts one."
    else:
        where = markdown_link("the draft", link) if link else "the draft, which is being posted,"
        words = {
            DRAFT: f"{where} is not published yet",
            PUBLISHED: f"{markdown_link('published', link) if link else 'published'}",
        }.get(state.status, "cancelled")
        why = f": {escape(one_line(state.why))}" if state.why else ""
        head = f"{MARK} Retrospective of {about}: {words}{why}."
    return f"{head}\n{follow_up_lines(state.follow_ups, zone)}"
