"""A task that starts an action of StackStorm, or a phrase of an alias, asked for by a person.

An action is given what it has parameters for, of those that `start` names. None of it is text
that people wrote freely, since StackStorm renders the templates in it.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase
from pagerduty_mattermost.playbooks.started_actions import (
    action_of,
    phrase_of,
    why_no_phrase,
    why_not,
    why_not_alias,
)

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.runs.state import TaskState
    from pagerduty_mattermost.runs.task_acts import AskedOfRun


def start(context: Context, asked: AskedOfRun, task: TaskState) -> str:
    """Id of the execution; what came of a phrase is posted in the room. Raises RejectedInput for
    an action or alias that is not listed, and what `Context.start_action` and
    `Context.run_phrase` raise."""
    run, by = asked.run, asked.by
    phrase = phrase_of(task.run)
    if phrase:
        why = why_no_phrase(phrase)
        if why:
            raise RejectedInput(why)
        allowed = context.settings.rooms.aliases
        kept = KeptPhrase(
            hashlib.sha256(f"task {asked.order_id}".encode()).hexdigest()[:32],
            phrase,
            "",
            "",
            by.id,
            by.name,
            run.plan.channel,
            context.clock(),
            task=task.number,
        )
        return context.run_phrase(kept, lambda ref: why_not_alias(allowed, ref))
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
