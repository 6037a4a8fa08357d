"""Test incidents and drills are made on the test service alone, in the name of who asks, and
resolved at the end.

    service = the_service(context)            # refuses where there is none, or it is in use
    service.require_room_for(1)
    made = make(context, asked, service.reference, planned, 0)   # -> ExerciseRun(incident_id, …)
    end(context, made.incident_id, asked)

Each incident is assigned to who asked, and its urgency is low: PagerDuty pages nobody else. The
same order makes no incident twice.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import TYPE_CHECKING, Any, List, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.config.rooms import AT_ONCE
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.exercises.harmless import harmless
from pagerduty_mattermost.exercises.planned_incidents import (
    MAX_INCIDENTS,
    TEST_MARK,
    PlannedIncident,
    key_of,
)
from pagerduty_mattermost.gateways.pagerduty import incident_updates
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve
from pagerduty_mattermost.incidents import alert_details
from pagerduty_mattermost.playbooks.playbook import DECLARER
from pagerduty_mattermost.rooms.records import RoomRecord
from pagerduty_mattermost.rooms.room import open_room
from pagerduty_mattermost.runs import acting, people, starting
from pagerduty_mattermost.runs.acts import BY_HAND, END, Act, Who
from pagerduty_mattermost.runs.records import RunRecords

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.playbooks.playbook import Playbook

DRILL_MARK = "[drill]"
"""With what the title of a drill's incident begins."""
MARKS = (TEST_MARK, DRILL_MARK)
MAX_LISTED = 3
_OPEN = {"statuses": ["triggered", "acknowledged"], "date_range": "all"}


class AskedExercise(NamedTuple):
    """Who asks for exercises, and how."""

    by: Who
    """Of Mattermost."""
    person: Reference
    """The same at PagerDuty: the incidents are theirs."""
    order_id: str
    playbook: Optional[Playbook] = None
    """What is run in them; None: a room alone."""


class ExerciseRun(NamedTuple):
    """An incident of an exercise, and its room where it has one."""

    incident_id: str
    number: int
    room: RoomRecord
    is_new: bool


class ExerciseService(NamedTuple):
    """The test service as it was found."""

    reference: Reference
    open: Tuple[Any, ...]
    """PagerDuty's open incidents on it: tests and drills."""

    def require_room_for(self, count: int) -> None:
        """Raises RejectedInput where that many more would be too many at once."""
        there = len(self.open)
        if there + count > MAX_INCIDENTS:
            raise RejectedInput(
                f"{there} tests and drills are open, and at most {MAX_INCIDENTS} may be at once: "
                "`/pd test end` resolves them"
            )


def the_service(context: Context) -> ExerciseService:
    """Raises RejectedInput where none is configured, or where it is used in earnest: an incident
    is open on it that is neither a test nor a drill."""
    named = context.settings.rooms.test_service
    if not named:
        raise RejectedInput(
            "tests and drills need a service of their own at PagerDuty, one that pages nobody: "
            "rooms.test_service of the configuration names it"
        )
    service = resolve(context.pagerduty, "service", named)
    query = {**_OPEN, "service_ids": [service.id]}
    there = context.pagerduty.list_all("/incidents", "incidents", query).items
    earnest = [row for row in there if not is_marked(row)]
    if earnest:
        titles = ", ".join(
            f"#{row.get('incident_number')} {one_line(clean(row.get('title'), 60))}"
            for row in earnest[:MAX_LISTED]
        )
        raise RejectedInput(
            f"{service.name} is used in earnest ({titles}): rooms.test_service has to name a "
            "service on which nothing but tests and drills is triggered"
        )
    return ExerciseService(service, tuple(there))


def is_marked(row: Any) -> bool:
    """Whether PagerDuty's incident is a test or a drill, by its title."""
    title = str(row.get("title") or "")
    return title.startswith(MARKS)


def open_tests(context: Context, service: ExerciseService) -> List[Any]:
    """Those that are tests, and drills that were cut short before they began: a drill that is
    under way is ended by itself."""
    records = RunRecords(context.store, context.log)
    return [
        row
        for row in service.open
        if str(row.get("title") or "").startswith(TEST_MARK)
        or (is_marked(row) and records.load(str(row.get("id"))) is None)
    ]


def make(
    context: Context,
    asked: AskedExercise,
    service: Reference,
    planned: PlannedIncident,
    number: int,
    *,
    drill: bool = False,
    commander: str = DECLARER,
    alone: bool = False,
) -> ExerciseRun:
    """The incident, its room and its run; what an earlier run of the same order made is found
    again. `alone`: nobody is brought into the room, which who asked for fifty of them would hear
    fifty times. Raises the gateways' errors."""
    key = key_of(asked.order_id, number)
    row = context.pagerduty.create_incident(
        {
            "type": "incident",
            "title": planned.title,
            "service": {"id": service.id, "type": "service_reference"},
            "urgency": "low",
            "incident_key": key,
            "assignments": [{"assignee": {"id": asked.person.id, "type": "user_reference"}}],
        },
        from_email=asked.person.email,
    )
    incident_id = str(row["id"])
    change = alert_details.fetch(context.pagerduty, incident_id)
    playbook, by = asked.playbook, asked.by
    if alone and not context.settings.rooms.private:
        by, commander = Who(), ""
    if playbook is not None:
        playbook = harmless(playbook, commander=commander)
        if not drill:
            playbook = playbook._replace(room=playbook.room._replace(archive=AT_ONCE))
    # Without its name the round over rooms starts nothing there: only harmless ones are started.
    terms = playbook._replace(name="") if playbook is not None else None
    cast = people.cast(context, playbook, change.incident, by) if playbook is not None else None
    opened = open_room(
        context,
        change,
        by=by.id,
        playbook=terms,
        commander=lambda: cast.commander.name if cast is not None else "",
    )
    if playbook is not None:
        starting.start(
            context,
            opened.room,
            playbook,
            change,
            by=by,
            order_id=key,
            at=planned.begun_at,
            drill=drill,
            cast=cast,
        )
    if planned.is_over:
        ended_at = planned.begun_at + planned.lasted_seconds
        end(context, incident_id, asked, at=ended_at)
    return ExerciseRun(
        incident_id, int(row.get("incident_number") or 0), opened.room, opened.is_new
    )


def end(
    context: Context, incident_id: str, asked: AskedExercise, *, at: Optional[float] = None
) -> None:
    """Its run ends, and the incident is resolved. `at`: when the run ended, seconds since the
    epoch, where that is not now. Raises the gateways' errors."""
    records = RunRecords(context.store, context.log)
    run = records.load(incident_id)
    if run is not None and not run.state.is_over:
        when = context.clock() if at is None else at
        done = Act(END, f"end.{incident_id}", when, asked.by, value=BY_HAND)
        acting.act(context, records, run, done)
    incident_updates.manage(
        context.pagerduty, [incident_id], {"status": "resolved"}, from_email=asked.person.email
    ).whole()
