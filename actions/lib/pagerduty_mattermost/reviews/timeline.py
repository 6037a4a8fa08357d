"""An incident's timeline: what happened, in order, each with its source. Pure.

    entries = in_order([*event_entries(events, incident, zone), *run_entries(run, chat)])
    entries[0].text          # "🚨 Triggered on Checkout"

Texts are plain words, as they stand in files; whoever shows them as Markdown escapes them. One
thing has one source, whoever reads it and whenever, so two timelines can be compared.
"""

from __future__ import annotations

from datetime import tzinfo
from typing import Callable, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.cards.card import MITIGATED, STATES, CardView
from pagerduty_mattermost.cards.replies import sentence
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.rooms import FEED_ACTS
from pagerduty_mattermost.core.markdown import unstyled
from pagerduty_mattermost.core.text import clean, escape, one_line
from pagerduty_mattermost.incidents.event_types import EVENT_TYPES, STATUS_AFTER, TRIGGERED
from pagerduty_mattermost.incidents.incident import Incident, IncidentEvent
from pagerduty_mattermost.runs import acts as kinds
from pagerduty_mattermost.runs.acts import Act
from pagerduty_mattermost.runs.done_by_itself import done_by_themselves
from pagerduty_mattermost.runs.records import Run
from pagerduty_mattermost.runs.told_acts import told
from pagerduty_mattermost.runs.update_texts import MARK as UPDATE_MARK

INCIDENT, TASK, UPDATE, MESSAGE, PEOPLE = KINDS = (
    "incident",
    "task",
    "update",
    "message",
    "people",
)
"""Where an entry comes from: PagerDuty's log, the playbook, a status update, a marked message,
who came and went."""
LOG, ACT, POST = "log", "act", "post"
"""What a source begins with: PagerDuty's log entry, an act of the run, a post in Mattermost."""
MESSAGE_MARK, PEOPLE_MARK, RUN_MARK = "📌", "👥", "📋"
MAX_QUOTE_CHARACTERS = 4000
STATUS_UPDATE = EVENT_TYPES["status_update"]
CAME, WENT = ("system_join_channel", "system_add_to_channel"), ("system_leave_channel",)
"""Types of what the server says when people come into a channel and leave it. Whom somebody
removed it says in a type of its own (`system_remove_from_channel`)."""
REMOVED = "system_remove_from_channel"


class TimelineEntry(NamedTuple):
    """One thing that happened."""

    at: float
    """Seconds since the epoch."""
    kind: str
    """One of KINDS."""
    text: str
    """One line of plain words."""
    source: str
    """`log:<id>`, `act:<id>` or `post:<id>`; of a task that an act showed to be done
    `act:<id>#<task>`."""
    quote: str = ""
    """What somebody wrote: plain, several lines."""
    link: str = ""
    """Where it can be read; empty where there is no such place."""


class RoomMessage(NamedTuple):
    """A post of people in the room that explains what happened."""

    id: str
    at: float
    by: str
    """Username."""
    text: str
    link: str = ""


def in_order(entries: Iterable[TimelineEntry]) -> Tuple[TimelineEntry, ...]:
    """Each source once, by time; of one second PagerDuty's first, whose times have no more."""
    unique: Dict[str, TimelineEntry] = {}
    for entry in sorted(entries, key=_place):
        unique.setdefault(entry.source, entry)
    return tuple(unique.values())


def _place(entry: TimelineEntry) -> Tuple[float, bool, float, str]:
    return (float(int(entry.at)), not entry.source.startswith(LOG), entry.at, entry.source)


def event_entries(
    events: Iterable[IncidentEvent], incident: Incident, zone: tzinfo
) -> List[TimelineEntry]:
    """What PagerDuty's log tells, in the words of the card's thread."""
    view, found = CardView(zone), []
    for event in events:
        at = times.seconds(event.occurred_at)
        if at is None:
            continue
        shown = sentence(incident, event, view)
        if event.event_type == TRIGGERED:
            by = f", {shown[:1].lower()}{shown[1:]}" if shown else ""
            shown = f"Triggered on {escape(one_line(incident.service)) or 'a service'}{by}"
        state = STATES.get(STATUS_AFTER.get(event.event_type, ""))
        mark = f"{state.emoji} " if state is not None else ""
        first, _, below = shown.partition("\n")
        wrote = event.change("note") or event.change("message")
        quote = clean(wrote, MAX_QUOTE_CHARACTERS).strip() if below else ""
        kind = UPDATE if event.event_type == STATUS_UPDATE else INCIDENT
        text, source = one_line(f"{mark}{unstyled(first)}"), f"{LOG}:{event.event_id}"
        found.append(TimelineEntry(at, kind, text, source, quote, incident.url))
    return found


def run_entries(run: Optional[Run], post_link: Callable[[str], str]) -> List[TimelineEntry]:
    """What was done in the run, its status updates as their authors edited them last. `post_link`:
    the address of a post, by its id."""
    if run is None:
        return []
    plan, found = run.plan, [_began(run)]
    found += [_act(one.act, TASK, unstyled(one.line)) for one in told(run, FEED_ACTS)]
    for done in done_by_themselves(run):
        source, line = f"{ACT}:{done.of}#{done.task.id}", one_line(unstyled(done.line))
        found.append(TimelineEntry(done.task.at, TASK, line, source))
    state = run.state
    for number, update in enumerate(state.updates, 1):
        if update.deleted:
            continue
        text = f"{UPDATE_MARK} {update.by.name or 'Somebody'} gave status update {number}"
        post = state.sent.get(kinds.sent_id(update.id, kinds.ROOM), "")
        quote = clean(update.text, MAX_QUOTE_CHARACTERS).strip()
        source = f"{ACT}:{update.id}"
        link = post_link(post) if post else ""
        found.append(TimelineEntry(update.at, UPDATE, text, source, quote, link))
    for act in run.acts:
        say = _LIFE.get(act.kind)
        if say is not None and act.at >= plan.at:
            found.append(_act(act, TASK, say(act)))
    return found


def marked_posts(run: Optional[Run]) -> Tuple[str, ...]:
    """Ids of the posts that somebody marked for the timeline, each once."""
    acts = run.acts if run is not None else ()
    return tuple(dict.fromkeys(act.post for act in acts if act.kind == kinds.MARK and act.post))


def message_entries(messages: Iterable[RoomMessage]) -> List[TimelineEntry]:
    """What people wrote in the incident's room, as entries."""
    return [
        TimelineEntry(
            one.at,
            MESSAGE,
            f"{MESSAGE_MARK} {one.by or 'Somebody'} wrote",
            f"{POST}:{one.id}",
            clean(one.text, MAX_QUOTE_CHARACTERS).strip(),
            one.link,
        )
        for one in messages
    ]


def people_entries(
    posts: Iterable[Mapping[str, object]], post_link: Callable[[str], str], without: str
) -> List[TimelineEntry]:
    """Who came into the room and left it, of what the server says of it there. `without`: the
    username of the bot."""
    found = []
    for post in posts:
        kind, props = str(post.get("type") or ""), post.get("props")
        props = props if isinstance(props, dict) else {}
        by = str(props.get("username") or "")
        who = str(props.get("addedUsername") or props.get("removedUsername") or by)
        if kind in CAME:
            said = f"{who} came into the room" + (f", added by {by}" if who != by else "")
        elif kind in (*WENT, REMOVED):
            said = f"{who} left the room" if kind in WENT else f"{who} was removed from the room"
        else:
            continue
        if not who or who == without:
            continue
        at, id = _milliseconds(post.get("create_at")), str(post.get("id") or "")
        text = f"{PEOPLE_MARK} {one_line(clean(said, 200))}"
        found.append(TimelineEntry(at, PEOPLE, text, f"{POST}:{id}", "", post_link(id)))
    return found


def gaps(entries: Sequence[TimelineEntry]) -> List[float]:
    """For each entry the seconds since the one before it; 0 for the first."""
    return [
        max(0.0, entry.at - entries[n - 1].at) if n else 0.0 for n, entry in enumerate(entries)
    ]


def _milliseconds(value: object) -> float:
    return value / 1000.0 if isinstance(value, (int, float)) else 0.0


def _act(act: Act, kind: str, text: str) -> TimelineEntry:
    return TimelineEntry(act.at, kind, one_line(text), f"{ACT}:{act.id}")


def _began(run: Run) -> TimelineEntry:
    plan = run.plan
    by = f", started by {plan.by.name}" if plan.by.name else ""
    text = one_line(f"{RUN_MARK} The playbook {plan.playbook.title} began{by}")
    return TimelineEntry(plan.at, TASK, text, f"{ACT}:{plan.id}")


def _who(act: Act) -> str:
    return act.by.name or "The playbook"


_LIFE: Mapping[str, Callable[[Act], str]] = {
    kinds.START: lambda act: f"{RUN_MARK} {_who(act)} took it for an incident",
    kinds.MITIGATED: lambda act: f"{MITIGATED.emoji} {_who(act)} said that it is mitigated",
    kinds.CANCELLED: lambda act: (
        f"{RUN_MARK} {_who(act)} cancelled it" + (f": {act.text}" if act.text else "")
    ),
    kinds.END: lambda act: f"{RUN_MARK} The playbook ended ({act.value or 'by hand'})",
    kinds.RESTART: lambda act: f"{RUN_MARK} {_who(act)} opened the playbook again",
}
