"""What a run's playbook and its acts come to. Pure.

    state = fold(plan, acts)

Whatever order the acts come in and however often each comes, the state is the same: they are
gone through by time and id, each once. What an act can't be meant for (a task that is not there, a
stage beyond the last, of a kind that a newer version knows) changes nothing.
"""

# flake8: noqa: E203

from __future__ import annotations

from datetime import timedelta
from typing import Callable, Dict, Iterable, List, Mapping, Optional

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import ConfigError
from pagerduty_mattermost.playbooks import playbook as words
from pagerduty_mattermost.playbooks.conditions import holding
from pagerduty_mattermost.playbooks.playbook import COMMANDER, DUE, ROLE_PREFIX, SHOW, Task
from pagerduty_mattermost.runs import acts as kinds
from pagerduty_mattermost.runs.acts import OPEN, PERSON, Act, Who, in_order, sent_id
from pagerduty_mattermost.runs.state import (
    CANCELLED,
    MITIGATED,
    RESOLVED,
    STARTED,
    TRIAGE,
    MarkState,
    Owner,
    RoleState,
    RunPlan,
    RunState,
    StageState,
    TaskState,
    UpdateState,
)

DAY_MINUTES = 1440


def fold(plan: RunPlan, acts: Iterable[Act]) -> RunState:
    """The run as it is."""
    ordered = in_order(acts)
    folded = _Fold(plan)
    for act in ordered:
        folded.take(act)
    return folded.state(len(ordered), kinds.digest(ordered))


def due_id(task_id: str, due: float) -> str:
    """The id of the `SENT` that says that a task's owner was reminded of this due time."""
    return sent_id(f"due {task_id} {int(due)}", kinds.ROOM)


def clock_time(word: str, after: float, zone: str) -> float:
    """The next moment at which a clock in the zone shows "09:30"; 0 where that does not read."""
    hours, _, minutes = word.partition(":")
    if not (hours.isdigit() and minutes.isdigit()):
        return 0.0
    try:
        where = times.zone(zone)
    except ConfigError:
        where = times.zone("")
    total = (int(hours) * 60 + int(minutes)) % DAY_MINUTES
    today = times.wall_clock(after, where).date()
    for days in (0, 1, 2):
        found = times.local_moment(today + timedelta(days=days), total, where)
        if found > after:
            return found
    return 0.0


class _Known:
    """A task while acts are gone through."""

    def __init__(self, task: Task, stage: int, added_by: Who = Who()) -> None:  # noqa: B008
        self.task, self.stage, self.added_by = task, stage, added_by
        self.state, self.by, self.at = OPEN, Who(), 0.0
        self.assigned: Optional[Owner] = None
        """By an act; None: as the playbook says."""
        self.due: Optional[float] = None
        """The same."""
        self.ran_by, self.ran_at = Who(), 0.0
        self.ticked_itself = False
        """What it waits for by `done_when` was so: that counts once."""


class _Fold:
    def __init__(self, plan: RunPlan) -> None:
        self._plan = plan
        self._facts = plan.facts
        self._stages: List[List[_Known]] = [
            [_Known(task, number) for task in stage.tasks]
            for number, stage in enumerate(plan.playbook.stages, 1)
        ]
        self._tasks = {one.task.id: one for stage in self._stages for one in stage}
        self._stage = 1
        self._phase = TRIAGE if plan.triage else STARTED
        given = {COMMANDER: plan.playbook.commander}
        given.update((role.name, role.default) for role in plan.playbook.roles)
        given[COMMANDER] = plan.playbook.commander
        self._roles = {
            name: RoleState(name, plan.people.get(word, Who()), at=plan.at)
            for name, word in given.items()
        }
        self._updates: Dict[str, UpdateState] = {}
        self._remind_seconds = plan.playbook.updates.remind_seconds
        self._remind_since, self._remind_once = plan.at, 0.0
        self._marks: Dict[str, MarkState] = {}
        self._followers: Dict[str, Who] = {}
        self._sent: Dict[str, str] = {}
        self._mitigated_at = self._ended_at = self._restarted_at = 0.0
        self._ended_by, self._how = Who(), ""
        if self._roles[COMMANDER].who.id:
            self._became_so(COMMANDER, plan.at)
        for word in plan.facts.done:
            self._became_so(word, plan.at)

    def take(self, act: Act) -> None:
        change = _CHANGES.get(act.kind)
        if change is not None:
            change(self, act)

    # Tasks

    def _tick(self, act: Act) -> None:
        one = self._tasks.get(act.task)
        if one is not None and act.value in kinds.TASK_STATES and act.value != one.state:
            one.state, one.by, one.at = act.value, act.by, act.at

    def _became_so(self, word: str, at: float, by: Who = Who()) -> None:  # noqa: B008
        """Tasks that wait for it are done. Once each: who opens one again has a reason."""
        for one in self._tasks.values():
            if one.task.done_when == word and not one.ticked_itself:
                one.ticked_itself = True
                if one.state == OPEN:
                    one.state, one.by, one.at = kinds.DONE, by, at

    def _assign(self, act: Act) -> None:
        one = self._tasks.get(act.task)
        if one is not None:
            one.assigned = Owner("", act.person) if act.value == PERSON else Owner(act.value)

    def _added(self, act: Act) -> None:
        if act.task in self._tasks or not 1 <= act.stage <= len(self._stages) or not act.text:
            return
        one = _Known(Task(act.task, act.text), act.stage, act.by)
        one.due = act.due
        one.assigned = Owner("", act.person)
        self._stages[act.stage - 1].append(one)
        self._tasks[act.task] = one

    def _edited(self, act: Act) -> None:
        one = self._tasks.get(act.task)
        if one is None:
            return
        if act.text:
            one.task = one.task._replace(text=act.text)
        if act.due is not None:
            one.due = act.due

    def _moved(self, act: Act) -> None:
        one = self._tasks.get(act.task)
        if one is None or not 1 <= act.stage <= len(self._stages) or act.value == act.task:
            return
        for stage in self._stages:
            if one in stage:
                stage.remove(one)
        one.stage, target = act.stage, self._stages[act.stage - 1]
        place = next((at for at, other in enumerate(target) if other.task.id == act.value), None)
        target.insert(len(target) if place is None else place, one)

    def _removed(self, act: Act) -> None:
        one = self._tasks.pop(act.task, None)
        if one is not None:
            self._stages[one.stage - 1].remove(one)

    def _ran(self, act: Act) -> None:
        one = self._tasks.get(act.task)
        if one is not None:
            one.ran_by, one.ran_at = act.by, act.at

    # The run

    def _moved_on(self, act: Act) -> None:
        if 1 <= act.stage <= len(self._stages):
            self._stage = act.stage

    def _role(self, act: Act) -> None:
        known = self._roles.get(act.value)
        if known is not None and known.who.id != act.person.id:
            self._roles[act.value] = RoleState(act.value, act.person, act.by, act.at, act.id)
            if act.value == COMMANDER and act.person.id:
                self._became_so(COMMANDER, act.at, act.by)

    def _update(self, act: Act) -> None:
        self._updates[act.id] = UpdateState(
            act.id, act.text, act.at, act.by, act.seconds, act.targets
        )
        self._became_so(words.UPDATE, act.at, act.by)
        self._remind(act)

    def _update_edited(self, act: Act) -> None:
        known = self._updates.get(act.of)
        if known is not None and not known.deleted:
            self._updates[act.of] = known._replace(text=act.text, edited_at=act.at)

    def _update_deleted(self, act: Act) -> None:
        known = self._updates.get(act.of)
        if known is not None:
            self._updates[act.of] = known._replace(deleted=True)

    def _remind(self, act: Act) -> None:
        if act.due is not None:
            self._remind_once = act.due
            return
        self._remind_seconds, self._remind_since = act.seconds, act.at
        self._remind_once = 0.0

    def _follow(self, act: Act) -> None:
        self._followers.pop(act.person.id, None)
        if act.value == kinds.ON and act.person.id:
            self._followers[act.person.id] = act.person

    def _mark(self, act: Act) -> None:
        if all(known.post != act.post for known in self._marks.values()):
            self._marks[act.id] = MarkState(act.id, act.post, act.text, act.at, act.by)

    def _set_facts(self, act: Act) -> None:
        if act.facts is not None:
            self._facts = act.facts
            for word in act.facts.done:
                self._became_so(word, act.at)

    def _was_sent(self, act: Act) -> None:
        self._sent.setdefault(act.id, act.post)

    # Its life

    def _start(self, act: Act) -> None:
        if self._phase == TRIAGE:
            self._phase, self._remind_since = STARTED, act.at

    def _mitigated(self, act: Act) -> None:
        if self._phase in (TRIAGE, STARTED):
            self._phase, self._mitigated_at = MITIGATED, act.at
            self._became_so(words.MITIGATED, act.at, act.by)

    def _end(self, act: Act) -> None:
        if self._phase not in (RESOLVED, CANCELLED):
            self._phase = CANCELLED if act.kind == kinds.CANCELLED else RESOLVED
            self._ended_at, self._ended_by = act.at, act.by
            self._how = act.text if act.kind == kinds.CANCELLED else act.value
        if act.kind == kinds.END and act.value in (kinds.RESOLVED, kinds.MERGED):
            for word in (words.ACKNOWLEDGED, words.RESOLVED):
                self._became_so(word, act.at, act.by)

    def _restart(self, act: Act) -> None:
        if self._phase in (RESOLVED, CANCELLED):
            self._phase, self._restarted_at = STARTED, act.at
            self._mitigated_at = self._ended_at = 0.0
            self._ended_by, self._how = Who(), ""
            self._remind_since, self._remind_once = act.at, 0.0

    # What it comes to

    def state(self, count: int, digest: str) -> RunState:
        stages: List[StageState] = []
        hidden: List[TaskState] = []
        for number, (stage, known) in enumerate(zip(self._plan.playbook.stages, self._stages), 1):
            shown: List[TaskState] = []
            for one in known:
                if self._is_shown(one.task):
                    shown.append(self._task(one, number, len(shown) + 1))
                else:
                    hidden.append(self._task(one, number, 0))
            stages.append(StageState(number, stage.name, tuple(shown)))
        return RunState(
            plan=self._plan,
            acts=count,
            digest=digest,
            stages=tuple(stages),
            hidden=tuple(hidden),
            stage=self._stage,
            phase=self._phase,
            roles=self._roles,
            updates=tuple(self._updates.values()),
            remind_seconds=self._remind_seconds,
            remind_at=self._remind_at(),
            marks=tuple(self._marks.values()),
            followers=tuple(self._followers.values()),
            facts=self._facts,
            sent=self._sent,
            mitigated_at=self._mitigated_at,
            ended_at=self._ended_at,
            ended_by=self._ended_by,
            how=self._how,
            restarted_at=self._restarted_at,
        )

    def _remind_at(self) -> float:
        if self._phase in (TRIAGE, RESOLVED, CANCELLED):
            return 0.0
        if self._remind_once:
            return self._remind_once
        return self._remind_since + self._remind_seconds if self._remind_seconds else 0.0

    def _is_shown(self, task: Task) -> bool:
        wanted = any(one.then == SHOW for one in task.when)
        return not wanted or bool(holding(task, SHOW, self._facts))

    def _task(self, one: _Known, stage: int, place: int) -> TaskState:
        task, due = one.task, self._due(one)
        return TaskState(
            task.id,
            stage,
            task.text,
            task.description,
            task.run,
            task.mention,
            place,
            one.state,
            one.by,
            one.at,
            self._owner(one),
            due,
            one.added_by,
            one.ran_by,
            one.ran_at,
            bool(due) and due_id(task.id, due) in self._sent,
        )

    def _due(self, one: _Known) -> float:
        if one.due is not None:
            return one.due
        wanted = [(one.task.due_seconds, one.task.due_at)]
        wanted += [(c.due_seconds, c.due_at) for c in holding(one.task, DUE, self._facts)]
        found = [self._moment(seconds, word) for seconds, word in wanted]
        return min((moment for moment in found if moment), default=0.0)

    def _moment(self, seconds: float, word: str) -> float:
        if seconds:
            return self._plan.at + seconds
        return clock_time(word, self._plan.at, self._plan.zone) if word else 0.0

    def _owner(self, one: _Known) -> Owner:
        if one.assigned is not None:
            return self._resolved(one.assigned)
        by_condition = holding(one.task, words.ASSIGN, self._facts)
        return self._resolved(Owner(by_condition[0].assign if by_condition else one.task.assign))

    def _resolved(self, owner: Owner) -> Owner:
        """Who is meant by the word now."""
        if not owner.word:
            return owner
        if owner.word == COMMANDER or owner.word.startswith(ROLE_PREFIX):
            name = owner.word[len(ROLE_PREFIX) :] if owner.word != COMMANDER else COMMANDER
            role = self._roles.get(name)
            return owner._replace(who=role.who if role else Who())
        return owner._replace(who=self._plan.people.get(owner.word, Who()))


_CHANGES: Mapping[str, Callable[[_Fold, Act], None]] = {
    kinds.TICK: _Fold._tick,
    kinds.ASSIGN: _Fold._assign,
    kinds.TASK_ADDED: _Fold._added,
    kinds.TASK_EDITED: _Fold._edited,
    kinds.TASK_MOVED: _Fold._moved,
    kinds.TASK_REMOVED: _Fold._removed,
    kinds.TASK_RAN: _Fold._ran,
    kinds.STAGE: _Fold._moved_on,
    kinds.ROLE: _Fold._role,
    kinds.UPDATE: _Fold._update,
    kinds.UPDATE_EDITED: _Fold._update_edited,
    kinds.UPDATE_DELETED: _Fold._update_deleted,
    kinds.REMIND: _Fold._remind,
    kinds.FOLLOW: _Fold._follow,
    kinds.MARK: _Fold._mark,
    kinds.FACTS: _Fold._set_facts,
    kinds.SENT: _Fold._was_sent,
    kinds.START: _Fold._start,
    kinds.MITIGATED: _Fold._mitigated,
    kinds.CANCELLED: _Fold._end,
    kinds.END: _Fold._end,
    kinds.RESTART: _Fold._restart,
}
