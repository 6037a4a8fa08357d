"""A task that starts an action of StackStorm, or a phrase of an alias, asked for by a person.

An action is given what it has parameters for, of those that `start` names. None of it is text
that people wrote freely, since StackStorm renders the templates in it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.playbooks.started_actions import (
    action_of,
    phrase_of,
    why_no_phrase,
    why_not,
    why_not_alias,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.runs.acts import Who
    from pagerduty_mattermost.runs.records import Run
    from pagerduty_mattermost.runs.state import TaskState


def start(context: Context, run: Run, task: TaskState, by: Who) -> str:
    """Id of the execution. `by`: who asked. Raises RejectedInput for an action or alias that is
    not listed, and what `Context.start_action` and `Context.run_phrase` raise."""
    phrase = phrase_of(task.run)
    if phrase:
        why = why_no_phrase(phrase)
        if why:
            raise RejectedInput(why)
        allowed = context.settings.rooms.aliases
        return context.run_phrase(phrase, by.name, lambda ref: why_not_alias(allowed, ref))
    ref = action_of(task.run)
    why = why_not(context.settings.rooms.actions, ref)
    if why:
        raise RejectedInput(why)
    given = {
        "incident_id": run.incident,
        "channel_id": run.plan.channel,
        "playbook": run.plan.playbook.name,
        "task": task.id,
        "user": by.name,
        "user_id": by.id,
    }
    return context.start_action(ref, given)
