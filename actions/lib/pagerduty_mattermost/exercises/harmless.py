"""A playbook as it is used in an exercise: nobody outside is paged, mentioned or told. Pure.

Who starts the exercise is the only person it names; the others come by themselves and take roles
and tasks. Nothing is broadcast, nothing goes to PagerDuty's subscribers, and no action of
StackStorm runs. Everything else is as it will be in earnest.
"""

from __future__ import annotations

from typing import Tuple

from pagerduty_mattermost.playbooks.playbook import (
    ASSIGN,
    DECLARER,
    ON_CALL,
    Condition,
    Playbook,
    Role,
    Stage,
    Task,
)
from pagerduty_mattermost.playbooks.started_actions import action_of, phrase_of


def harmless(playbook: Playbook, *, commander: str = DECLARER) -> Playbook:
    """`commander`: who it is from the beginning."""
    return playbook._replace(
        commander=commander,
        roles=tuple(_role(role) for role in playbook.roles),
        stages=tuple(
            Stage(stage.name, tuple(_task(task) for task in stage.tasks))
            for stage in playbook.stages
        ),
        updates=playbook.updates._replace(broadcast=(), pagerduty=False),
        retro=playbook.retro._replace(channel=""),
        room=playbook.room._replace(create=True, invite=(DECLARER,)),
    )


def _role(role: Role) -> Role:
    return role._replace(default="")


def _task(task: Task) -> Task:
    return task._replace(
        assign=_owner(task.assign),
        mention=False,
        run="" if action_of(task.run) or phrase_of(task.run) else task.run,
        when=_conditions(task.when),
    )


def _conditions(conditions: Tuple[Condition, ...]) -> Tuple[Condition, ...]:
    """One that would only name somebody outside is none."""
    kept = (one._replace(assign=_owner(one.assign)) for one in conditions)
    return tuple(one for one in kept if one.then != ASSIGN or one.assign)


def _owner(word: str) -> str:
    """Roles stay: nobody has them but who takes them."""
    return "" if word.startswith("@") or word == ON_CALL else word
