"""Pure: one change of an incident as one reply in the card's thread, in people's words, with its
own time.

    draw_reply(incident, event, view) -> "12:03 · Ann acknowledged"

An event type without words of its own (`WORDS`) is told in PagerDuty's sentence for it. Outside
text is escaped.
"""

from __future__ import annotations

from typing import Callable, Dict

from pagerduty_mattermost.cards.card import CardView
from pagerduty_mattermost.cards.card_text import MAX_NAME_CHARACTERS, another_incident, said
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.text import ELLIPSIS, escape, markdown_link, one_line
from pagerduty_mattermost.incidents.event_types import (
    AUTOMATIC,
    ROLE_ASSIGNED,
    TASK_COMPLETED,
    TASK_CREATED,
    TASK_UPDATED,
)
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent

LATE_SECONDS = 120.0
"""Seconds after which a reply says that it was caught up: less than what is sent along with later
changes (`sent_events.EARLIER_SECONDS`), and than what reconcile leaves to others, so that what
those two can't keep in order says so."""
STALE_SECONDS = 300.0
"""Seconds after which a reply mentions nobody."""
SHORTEST_ESCALATION_SECONDS = 60.0
"""The shortest escalation timeout that PagerDuty knows."""
MAX_NOTE_CHARACTERS = 6000
"""Code points of what a person wrote that a reply holds: escaped they fit into any post."""
MAX_SENTENCE_CHARACTERS = 300

Words = Callable[[Incident, IncidentEvent, CardView, str], str]


def draw_reply(
    incident: Incident, event: IncidentEvent, view: CardView, *, is_below: bool = False
) -> str:
    """The Markdown of the reply, without a mention; empty where the card says it all. `view.now`
    empty: the day is always shown, nothing is late. `is_below`: the thread tells already of
    something newer, so it says that it comes late."""
    words = sentence(incident, event, view)
    if not words:
        return ""
    at = times.clock(event.occurred_at, view.zone, view.now)
    first, _, rest = words.partition("\n")
    late = _late(event, view, is_below)
    line = " · ".join(part for part in (at, first, late) if part)
    return f"{line}\n{rest}" if rest else line


def sentence(incident: Incident, event: IncidentEvent, view: CardView) -> str:
    """What happened, in Markdown, without its time; empty where the card says it all. What people
    wrote stands below it, each line behind "> "."""
    who = escape(one_line(event.agent.name, MAX_NAME_CHARACTERS))
    words = WORDS.get(event.event_type, _other)(incident, event, view, who)
    if words and (not who or not words.startswith(who)):
        return words[:1].upper() + words[1:]
    return words


def is_stale(event: IncidentEvent, now: str) -> bool:
    """Whether the event is so old that nobody is mentioned for it."""
    return _age(event, now) > STALE_SECONDS


def _age(event: IncidentEvent, now: str) -> float:
    """How old the event is, in seconds; 0 where a time does not read."""
    at, present = times.seconds(event.occurred_at), times.seconds(now)
    return present - at if at is not None and present is not None else 0.0


def _late(event: IncidentEvent, view: CardView, is_below: bool) -> str:
    if not is_below and _age(event, view.now) <= LATE_SECONDS:
        return ""
    after = times.between(event.occurred_at, view.now)
    return f"_posted {after} later_" if after else "_posted late_"


def _by(who: str, active: str, passive: str) -> str:
    return f"{who} {active}" if who else passive


def _quoted(text: str, incident: Incident) -> str:
    """What a person wrote, whole, as a quotation under the line; where no post could hold all of
    it, with a link to the rest."""
    shown = said(text, MAX_NOTE_CHARACTERS)
    if len(text) > MAX_NOTE_CHARACTERS or text.endswith(ELLIPSIS):
        shown += "\n" + markdown_link("the rest in PagerDuty", incident.url)
    return "".join(f"\n> {line}" for line in shown.split("\n") if shown.strip())


def _to(event: IncidentEvent) -> str:
    return escape(one_line(event.change("to"), MAX_SENTENCE_CHARACTERS))


def _triggered(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    """The card says that it was triggered, when and of which service: only who else did it, a
    person or an integration, is news."""
    is_service = incident.service_id == event.agent.id or incident.service == event.agent.name
    return f"triggered by {who}" if who and not is_service else ""


def _acknowledged(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    return _by(who, "acknowledged", "acknowledged") + _quoted(event.change("note"), incident)


def _unacknowledged(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    if event.change("channel") == "timeout":
        return "the acknowledgement timed out: triggered again"
    return _by(who, "took the acknowledgement back", "no longer acknowledged")


def _handed(active: str, passive: str) -> Words:
    def words(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
        to = _to(event)
        if event.change("channel") in AUTOMATIC:
            why = " (nobody answered in time)" if _is_unanswered(incident, event) else ""
            return f"{passive} to {to}{why}" if to else f"{passive}{why}"
        line = _by(who, active, passive)
        return f"{line} to {to}" if to else line

    return words


def _is_unanswered(incident: Incident, event: IncidentEvent) -> bool:
    """Whether it was handed on because whoever was asked did not answer. PagerDuty waits for an
    answer a minute at least: what comes sooner after the trigger has another reason, such as that
    nobody was on call."""
    began, at = times.seconds(incident.created_at), times.seconds(event.occurred_at)
    soon = began is not None and at is not None and at - began < SHORTEST_ESCALATION_SECONDS
    return event.change("channel") == "timeout" and not soon


def _changed(what: str) -> Words:
    def words(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
        was, now = escape(one_line(event.change("from"), MAX_SENTENCE_CHARACTERS)), _to(event)
        if was and now:
            return _by(who, f"changed the {what}: {was} → {now}", f"{what} changed: {was} → {now}")
        if now:
            return _by(who, f"set the {what} to {now}", f"{what} set to {now}")
        if was:
            return _by(who, f"removed the {what} {was}", f"{what} {was} removed")
        summary = escape(one_line(event.change("summary"), MAX_SENTENCE_CHARACTERS))
        return summary or _by(who, f"changed the {what}", f"{what} changed")

    return words


def _reopened(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    to, wrong = _to(event), times.clock(event.change("not_reopened_at"), view.zone, view.now)
    other = f" (what was posted as reopened at {wrong} was a hand-over)" if wrong else ""
    return _by(who, "reopened", "reopened") + (f", assigned to {to}" if to else "") + other


def _resolved(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    length = times.between(incident.created_at, event.occurred_at)
    after = f" after {length}" if length else ""
    again = times.clock(event.change("reopened_at"), view.zone, view.now)
    after += f" (reopened at {again})" if again else ""
    if event.change("channel") == "timeout":
        return f"closed by PagerDuty itself{after}: nobody resolved it"
    return _by(who, "resolved", "resolved") + after + _quoted(event.change("note"), incident)


def _merged(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    joined = _to(event) or another_incident(incident)
    return _by(who, f"merged this incident: joined {joined}", f"merged: joined {joined}")


def _moved(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    service = escape(one_line(incident.service, MAX_NAME_CHARACTERS)) or "another service"
    return _by(who, f"moved this incident to {service}", f"moved to {service}")


def _bridge(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    to = _to(event)
    if to == "none":
        return _by(who, "removed the conference bridge", "conference bridge removed")
    if to:
        return _by(who, f"set the conference bridge: {to}", f"conference bridge set: {to}")
    return _by(who, "changed the conference bridge", "conference bridge changed")


def _custom(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    to = _to(event)
    return _by(who, f"set {to}", f"set {to}") if to else _other(incident, event, view, who)


def _annotated(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    text = event.change("note")
    line = _by(who, "noted", "note")
    return f"{line}:{_quoted(text, incident)}" if text.strip() else line


def _snoozed(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    until = times.clock(event.change("until"), view.zone, event.occurred_at)
    return _by(who, "snoozed", "snoozed") + (f" until {until}" if until else "")


def _status_update(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    line = _by(who, "published a status update", "status update")
    text = _quoted(event.change("message"), incident)
    return f"{line}:{text}" if text else line


def _responder_added(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    to = _to(event) or escape(one_line(incident.help_asked, MAX_SENTENCE_CHARACTERS))
    line = _by(
        who,
        f"asked {to} to help" if to else "asked for help",
        f"{to} asked to help" if to else "help asked for",
    )
    return line + _quoted(event.change("message"), incident)


def _responder_replied(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    kind = event.change("log_entry_type")
    if "accept" in kind or "decline" in kind:
        answer = "accepted" if "accept" in kind else "declined"
        return _by(
            who, f"{answer} the request for help", f"the request for help was {answer}"
        ) + _quoted(event.change("message"), incident)
    text = escape(one_line(event.change("summary"), MAX_SENTENCE_CHARACTERS))
    return text or _by(
        who, "answered the request for help", "the request for help was answered"
    ) + _quoted(event.change("message"), incident)


def _roles(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    to = _to(event)
    return _by(who, f"assigned {to or 'a role'}", f"assigned {to}" if to else "a role assigned")


def _task(active: str, passive: str) -> Words:
    def words(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
        name, status = (
            escape(one_line(event.change(key), MAX_NAME_CHARACTERS))
            for key in ("task", "task_status")
        )
        task = f"the task {name}" if name else "a task"
        line = _by(who, f"{active} {task}", f"{task} {passive}")
        if event.event_type == TASK_COMPLETED:
            return line
        line += f" ({status})" if status and event.event_type == TASK_UPDATED else ""
        line += f", for {_to(event)}" if _to(event) else ""
        return line + _quoted(event.change("message"), incident)

    return words


def _other(incident: Incident, event: IncidentEvent, view: CardView, who: str) -> str:
    text = event.change("message") or event.change("summary")
    if text:
        line = escape(one_line(text, MAX_SENTENCE_CHARACTERS))
        return line if not who or who in line else f"{who}: {line}"
    kind = event.event_type.split(".", 1)[-1].replace("_", " ").replace(".", " ")
    return _by(
        who,
        f"changed the incident ({escape(one_line(kind, MAX_NAME_CHARACTERS))})",
        f"changed: {escape(one_line(kind, MAX_NAME_CHARACTERS))}",
    )


WORDS: Dict[str, Words] = {
    "incident.triggered": _triggered,
    "incident.acknowledged": _acknowledged,
    "incident.unacknowledged": _unacknowledged,
    "incident.escalated": _handed("escalated", "escalated"),
    "incident.delegated": _handed("delegated", "delegated"),
    "incident.reassigned": _handed("reassigned", "assigned"),
    "incident.priority_updated": _changed("priority"),
    "incident.urgency_updated": _changed("urgency"),
    "incident.title_updated": _changed("title"),
    "incident.reopened": _reopened,
    "incident.resolved": _resolved,
    "incident.merged": _merged,
    "incident.service_updated": _moved,
    "incident.conference_bridge.updated": _bridge,
    "incident.custom_field_values.updated": _custom,
    "incident.incident_type.changed": _changed("incident type"),
    "incident.annotated": _annotated,
    "incident.snoozed": _snoozed,
    "incident.status_update_published": _status_update,
    "incident.responder.added": _responder_added,
    "incident.responder.replied": _responder_replied,
    ROLE_ASSIGNED: _roles,
    TASK_CREATED: _task("added", "added"),
    TASK_UPDATED: _task("changed", "changed"),
    TASK_COMPLETED: _task("completed", "completed"),
}
"""By event type: what a reply says; of all others PagerDuty's own sentence (`_other`)."""
