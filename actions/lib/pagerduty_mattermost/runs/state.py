"""How a run is: what `runs.fold` makes of its playbook and its acts. All of it is frozen, times
are seconds since the epoch, texts are people's own words."""

from __future__ import annotations

from typing import Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.playbooks.conditions import IncidentFacts
from pagerduty_mattermost.playbooks.playbook import COMMANDER, Playbook
from pagerduty_mattermost.runs.acts import OPEN, Who

TRIAGE, STARTED, MITIGATED, RESOLVED, CANCELLED = PHASES = (
    "triage",
    "started",
    "mitigated",
    "resolved",
    "cancelled",
)


class RunPlan(NamedTuple):
    """What a run began with. Never changed: what becomes of its playbook later is nothing to
    it."""

    id: str
    """Of the order that started it."""
    incident: str
    channel: str
    """Id of the room's."""
    playbook: Playbook
    at: float
    """When it began. Of test data that may be long before it was made."""
    by: Who = Who()
    made_at: float = 0.0
    people: Mapping[str, Who] = {}
    """By the words of the playbook (`on_call`, `declarer`, `@ada`), who that was then; who could
    not be told is not in it."""
    zone: str = ""
    """Time zone of the playbook's times of day."""
    facts: IncidentFacts = IncidentFacts()
    triage: bool = False
    """It begins before somebody said that it is an incident."""
    bot: str = ""
    """User id of the bot that posts for it."""
    seed: str = ""
    """What makes the keys of its posts secret."""
    drill: bool = False
    """It is an exercise."""


class Owner(NamedTuple):
    """Who owns a task."""

    word: str = ""
    """As it was said (`commander`, `role:scribe`, `on_call`); empty: by name."""
    who: Who = Who()
    """Without id: nobody has that role."""

    @property
    def is_nobody(self) -> bool:
        return not (self.word or self.who.id)


class TaskState(NamedTuple):
    """How a task is."""

    id: str
    stage: int
    """Counted from 1."""
    text: str
    description: str = ""
    run: str = ""
    mention: bool = False
    place: int = 0
    """In its stage, among those that are shown, counted from 1; 0: it is not shown."""
    state: str = OPEN
    by: Who = Who()
    """Who ticked or skipped it first."""
    at: float = 0.0
    owner: Owner = Owner()
    due: float = 0.0
    """0: by no such time."""
    added_by: Who = Who()
    """Of one that is not the playbook's."""
    ran_by: Who = Who()
    ran_at: float = 0.0
    """When what it carries out was carried out last."""
    reminded: bool = False
    """Its owner was reminded of this due time."""

    @property
    def number(self) -> str:
        """The task's number as people call it: `1.2`."""
        return f"{self.stage}.{self.place}"

    @property
    def is_open(self) -> bool:
        return self.state == OPEN


class StageState(NamedTuple):
    """How a stage is."""

    number: int
    name: str
    tasks: Tuple[TaskState, ...]
    """Those that are shown."""

    @property
    def done(self) -> int:
        return sum(not task.is_open for task in self.tasks)

    @property
    def open_tasks(self) -> Tuple[TaskState, ...]:
        return tuple(task for task in self.tasks if task.is_open)


class RoleState(NamedTuple):
    """Who has a role."""

    name: str
    who: Who
    by: Who = Who()
    at: float = 0.0
    taken: str = ""
    """Id of the act by which they have it; empty: from the beginning."""


class UpdateState(NamedTuple):
    """A status update that was given."""

    id: str
    text: str
    """As its author edited it last."""
    at: float
    by: Who
    seconds: float = 0.0
    targets: Tuple[str, ...] = ()
    edited_at: float = 0.0
    deleted: bool = False


class MarkState(NamedTuple):
    """A post that was marked."""

    id: str
    post: str
    text: str
    at: float
    by: Who


class RunState(NamedTuple):
    """How a run is, by all that was done in it."""

    plan: RunPlan
    acts: int
    """How many there are."""
    digest: str
    """Of the same."""
    stages: Tuple[StageState, ...]
    hidden: Tuple[TaskState, ...]
    """Tasks whose conditions do not hold."""
    stage: int
    """The present one, counted from 1."""
    phase: str
    """One of `PHASES`."""
    roles: Mapping[str, RoleState]
    """By name; also those that nobody has."""
    updates: Tuple[UpdateState, ...]
    """All that were given, the deleted ones too, in their order."""
    remind_seconds: float
    """From one update to the next; 0: nobody is reminded."""
    remind_at: float
    """When the next one is due; 0: at no such time."""
    marks: Tuple[MarkState, ...]
    followers: Tuple[Who, ...]
    """Who gets status updates as direct messages."""
    facts: IncidentFacts
    sent: Mapping[str, str]
    """By `acts.sent_id`: the post that an effect made; empty where it makes none."""
    mitigated_at: float = 0.0
    ended_at: float = 0.0
    ended_by: Who = Who()
    how: str = ""
    """How it ended, or why it was cancelled."""
    restarted_at: float = 0.0

    @property
    def is_over(self) -> bool:
        return self.phase in (RESOLVED, CANCELLED)

    @property
    def present(self) -> StageState:
        """The stage that it is at."""
        return self.stages[self.stage - 1]

    @property
    def tasks(self) -> Tuple[TaskState, ...]:
        """The tasks that are shown, in their order."""
        return tuple(task for stage in self.stages for task in stage.tasks)

    @property
    def commander(self) -> Who:
        role = self.roles.get(COMMANDER)
        return role.who if role else Who()

    @property
    def last_update(self) -> Optional[UpdateState]:
        """The newest that was not deleted."""
        return next((one for one in reversed(self.updates) if not one.deleted), None)

    @property
    def done(self) -> int:
        """How many tasks are done or skipped."""
        return sum(not task.is_open for task in self.tasks)

    def task(self, id: str) -> Optional[TaskState]:
        """The task of that id, if it is shown."""
        return next((task for task in self.tasks if task.id == id), None)

    def any_task(self, id: str) -> Optional[TaskState]:
        """One that is shown or hidden, by its id."""
        return next((task for task in (*self.tasks, *self.hidden) if task.id == id), None)

    def numbered(self, stage: int, place: int) -> Optional[TaskState]:
        """The task at that place, both numbers counted from 1."""
        if not 1 <= stage <= len(self.stages):
            return None
        tasks = self.stages[stage - 1].tasks
        return tasks[place - 1] if 1 <= place <= len(tasks) else None

    def differs(self, other: RunState) -> bool:
        """Whether anything came of the acts that one of the two has more."""
        return self._replace(acts=0, digest="") != other._replace(acts=0, digest="")
