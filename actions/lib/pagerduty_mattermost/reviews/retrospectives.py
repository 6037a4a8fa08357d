"""What people do with an incident's retrospective: drafted once, published or cancelled; and its
follow-ups. Each is kept before it is shown, under the id of the order that asked for it, so that
whoever carries it out again does nothing twice."""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.core import drawing, times
from pagerduty_mattermost.core.errors import NotFound, PackError, RejectedInput, RetryLater
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.core.typed_times import read_future
from pagerduty_mattermost.gateways.mattermost.post_once import link as post_link
from pagerduty_mattermost.incidents.incident import Incident
from pagerduty_mattermost.incidents.reader import read_incident
from pagerduty_mattermost.reviews import pictures, retro, retro_text, room_export, showing
from pagerduty_mattermost.reviews.gathering import GatheredFacts, gather, room_of, run_of
from pagerduty_mattermost.reviews.participants import took_part
from pagerduty_mattermost.reviews.report import report_of
from pagerduty_mattermost.reviews.reporting import acts_of_incident, incident_reported
from pagerduty_mattermost.reviews.retro import DAY_SECONDS, RetroState
from pagerduty_mattermost.reviews.retro_records import RetroRecords
from pagerduty_mattermost.reviews.retro_text import Metric, RetroFacts
from pagerduty_mattermost.rooms.records import RoomRecord
from pagerduty_mattermost.runs.acts import MITIGATED, Act, Who
from pagerduty_mattermost.runs.records import Run

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

MAX_SAID_CHARACTERS = 500
"""Characters of a follow-up."""
NOBODY = Who()
DUE_HOUR = 9
"""Of a day, on the clock of the configured zone, where a follow-up's date has no time."""


class Drafted(NamedTuple):
    """A retrospective that stands in its channel."""

    state: RetroState
    incident: Incident
    already: bool
    """There was one: nothing was made."""
    warnings: Tuple[str, ...] = ()

    def link(self, context: Context) -> str:
        return link_of(context, self.state)


def link_of(context: Context, state: RetroState) -> str:
    """Of the draft; empty where it is not posted."""
    return post_link(context.mattermost.settings, state.post) if state.post else ""


def incident_of(context: Context, incident_id: str) -> Incident:
    """The incident as PagerDuty knows it. Raises NotFound."""
    found = read_incident(context.pagerduty, incident_id)
    if found is None:
        raise NotFound(f"There is no incident {incident_id} in PagerDuty")
    return found


def make_draft(
    context: Context, incident_id: str, *, channel: str = "", by: Who = NOBODY, order: str
) -> Drafted:
    """`channel`: as rules name one; empty: the playbook's, the configuration's, the room. `order`:
    id of who asks for it. Raises RejectedInput where nobody says where it goes, and the gateways'
    errors: whoever tries again goes on."""
    records = RetroRecords(context.store, context.log)
    state = records.load(incident_id)
    if state.status and state.status != retro.CANCELLED:
        incident = incident_of(context, incident_id)
        if state.post or not state.is_draft:
            return Drafted(state, incident, True)
        return _posted(context, records, state, incident)
    incident, run, room = (
        incident_of(context, incident_id),
        run_of(context, incident_id),
        room_of(context, incident_id),
    )
    days = context.settings.retrospectives.remind_days
    wait = run.plan.playbook.retro.remind_seconds if run is not None else 0.0
    leader = run.state.commander if run is not None else Who()
    act = Act(
        retro.DRAFTED,
        f"draft.{order}",
        context.clock(),
        by,
        person=leader if leader.id else by,
        seconds=wait or days * DAY_SECONDS,
        targets=(_channel(context, channel, run, room),),
    )
    records.act(incident_id, act)
    # Of two at once the earlier one is the draft, and both post it under its key.
    return _posted(context, records, records.load(incident_id), incident)


def _channel(context: Context, named: str, run: Optional[Run], room: Optional[RoomRecord]) -> str:
    wanted = (
        named
        or (run.plan.playbook.retro.channel if run is not None else "")
        or context.settings.retrospectives.channel
    )
    if wanted:
        return context.channels.resolve(wanted).id
    if room is not None and room.is_open:
        return room.channel_id
    raise RejectedInput(
        "where to? Name a channel: the incident has no open room, and retrospectives.channel of "
        "the configuration is empty"
    )


def where_else(context: Context, incident_id: str) -> str:
    """The id of the channel for what is said of follow-ups without a draft. Raises as
    `make_draft`."""
    return _channel(context, "", run_of(context, incident_id), room_of(context, incident_id))


def _posted(
    context: Context, records: RetroRecords, state: RetroState, incident: Incident
) -> Drafted:
    room = room_of(context, incident.id)
    # What was said in a private room stays there.
    in_room = room is not None and (not room.private or room.channel_id == state.channel)
    gathered = gather(context, incident.id, lambda one: in_room)
    facts = facts_of(context, gathered)
    run = gathered.run or run_of(context, incident.id)
    questions = (run.plan.playbook.retro.questions if run is not None else ()) or (
        context.settings.retrospectives.questions
    )
    zone = times.zone(context.settings.time_zone)
    text = retro_text.draft(facts, questions, state.follow_ups, zone)
    key = f"retro {incident.id} {state.draft}"
    files = _files(context, state, facts)
    left_out = gathered.left_out
    if room is not None and in_room:
        ids, why = _conversation(context, state, incident, room)
        files, left_out = [*files, *ids], (*left_out, *why)
    sent = context.post_once(state.channel, text, key=key, not_before=state.at, file_ids=files)
    act = retro.sent_act(state.draft, key, context.clock(), sent.post_id)
    records.act(incident.id, act)
    return Drafted(records.load(incident.id), incident, False, left_out)


def _files(context: Context, state: RetroState, facts: RetroFacts) -> List[str]:
    zone = times.zone(context.settings.time_zone)
    incident = facts.incident
    text = showing.as_file("md", incident, facts.entries, zone, 0.0)
    which = incident.number or incident.id
    files = [(f"timeline-{which}.md", text.encode("utf-8"))]
    if drawing.can_draw() and pictures.has_gaps(facts.entries):
        picture = pictures.gaps_png(incident, facts.entries, zone)
        files.append((f"tasks-{which}.png", picture))
    return [context.mattermost.upload_file(state.channel, *file) for file in files]


def _conversation(
    context: Context, state: RetroState, incident: Incident, room: RoomRecord
) -> Tuple[List[str], Tuple[str, ...]]:
    """The room's messages as a file, and why not; whoever reads the draft may read the room."""
    try:
        name, content = room_export.in_one(context, room, incident)
    except RetryLater:
        raise
    except PackError as error:
        return [], (f"the room's messages: {context.line_in_chat(error)}",)
    if not content:
        return [], ("the room's messages, too many for a file: `/pd room export` sends them",)
    return [context.mattermost.upload_file(state.channel, name, content)], ()


def facts_of(context: Context, gathered: GatheredFacts) -> RetroFacts:
    """What stands in the draft."""
    incident, run = gathered.incident, gathered.run
    acts = acts_of_incident(context.pagerduty, incident.id)
    tasks = run.state.tasks if run is not None else ()
    return RetroFacts(
        incident,
        gathered.entries,
        metrics_of(context, incident, run),
        took_part(context, acts, run),
        tuple(f"{one.number} {one.text}" for one in tasks if one.is_open),
        gathered.left_out,
    )


def metrics_of(
    context: Context, incident: Incident, run: Optional[Run] = None
) -> Tuple[Metric, ...]:
    """Time to acknowledge, to mitigate and to resolve, as reports reckon them, with the targets of
    the configuration."""
    terms = context.settings.retrospectives
    reported = incident_reported(incident)
    acts = acts_of_incident(context.pagerduty, incident.id)
    zone = times.zone(context.settings.time_zone)
    total = report_of([reported] if reported is not None else [], acts, zone).total
    began = times.seconds(incident.created_at) or 0.0
    mitigated = _mitigated_at(context, incident, run)
    took = max(0.0, mitigated - began) if mitigated else None
    return (
        Metric("time to acknowledge", total.answer_mean, terms.answer_target * 60.0),
        Metric("time to mitigate", took, terms.mitigate_target * 60.0),
        Metric("time to resolve", total.resolve_mean, terms.resolve_target * 60.0),
    )


def _mitigated_at(context: Context, incident: Incident, run: Optional[Run]) -> float:
    moments = [act.at for act in run.acts if act.kind == MITIGATED] if run is not None else []
    mark = IncidentRecords(context.store, incident.id, context.log).load().mark
    at = times.seconds(mark.at) if mark is not None and mark.at else None
    return min([*moments, *([at] if at is not None else [])], default=0.0)


def publish(context: Context, incident_id: str, by: Who, order: str) -> RetroState:
    """Raises RejectedInput where there is no draft."""
    return _done(context, incident_id, Act(retro.PUBLISHED, f"ended.{order}", context.clock(), by))


def cancel(context: Context, incident_id: str, by: Who, why: str, order: str) -> RetroState:
    """Raises RejectedInput where there is no draft that is not published."""
    words = one_line(clean(why), MAX_SAID_CHARACTERS)
    act = Act(retro.RETRO_CANCELLED, f"ended.{order}", context.clock(), by, text=words)
    return _done(context, incident_id, act)


def _done(context: Context, incident_id: str, act: Act) -> RetroState:
    records = RetroRecords(context.store, context.log)
    known = records.acts(incident_id)
    state = retro.fold(incident_id, known)
    if not state.is_draft and not any(one.id == act.id for one in known):
        if not state.status or state.status == retro.CANCELLED:
            raise RejectedInput("it has no draft: `/pd retrospective` makes one")
        raise RejectedInput("its retrospective is published already")
    records.act(incident_id, act)
    return records.load(incident_id)


def add_follow_up(
    context: Context,
    incident_id: str,
    text: str,
    *,
    owner: Who = NOBODY,
    due: float = 0.0,
    by: Who = NOBODY,
    order: str,
) -> RetroState:
    """Also of an incident without a draft: its owner hears of it all the same. Raises
    RejectedInput."""
    words = one_line(clean(text)).strip()
    if not words or len(words) > MAX_SAID_CHARACTERS:
        raise RejectedInput(f"what is to be done? Say it in 1 to {MAX_SAID_CHARACTERS} characters")
    records = RetroRecords(context.store, context.log)
    if len(records.load(incident_id).follow_ups) >= retro.MAX_FOLLOW_UPS:
        raise RejectedInput(f"an incident has {retro.MAX_FOLLOW_UPS} follow-ups at most")
    act = Act(
        retro.FOLLOW_UP,
        f"add.{order}",
        context.clock(),
        by,
        task=order,
        text=words,
        person=owner,
        due=due,
    )
    records.act(incident_id, act)
    return records.load(incident_id)


def change_follow_up(
    context: Context, incident_id: str, number: int, kind: str, by: Who, order: str, **more: Any
) -> RetroState:
    """`kind`: FOLLOW_UP_DONE, _DROPPED, _OPENED or _EDITED; `more`: what is new of it, as the
    fields of an act. Raises RejectedInput where there is none of that number."""
    records = RetroRecords(context.store, context.log)
    found = records.load(incident_id).follow_up(number)
    if found is None:
        raise RejectedInput(f"there is no follow-up F{number}")
    act = Act(kind, f"{kind}.{order}", context.clock(), by, task=found.id, **more)
    records.act(incident_id, act)
    return records.load(incident_id)


def read_due(context: Context, text: str) -> float:
    """When a follow-up is due; of a day without a time its morning. 0 for no text. Raises
    RejectedInput for what is no time within a year, or past."""
    said = text.strip()
    if not said:
        return 0.0
    zone, now = context.settings.time_zone, context.clock()
    try:
        return read_future(f"{said} {DUE_HOUR}:00", now=now, zone=zone)
    except RejectedInput:
        return read_future(said, now=now, zone=zone)


def number_of(text: str) -> int:
    """`F3` or `3`. Raises RejectedInput."""
    digits = text.strip().lstrip("Ff#")
    if not (digits.isascii() and digits.isdecimal()) or len(digits) > 3:
        raise RejectedInput(f"{one_line(clean(text, 20))!r} is no follow-up: write F1")
    return int(digits)
