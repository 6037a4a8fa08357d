"""What a task of a playbook carries out: a line after `/pd`, in the name and with the rights of
whoever asks for it.

    meant = task_command(context, Command("task_run", task="1.3", ...))    # None: an action
    meant.command        # what the line says, as if they had typed it
    meant.ran(context)   # that it was carried out is remembered with the task
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Optional

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.orders import read_typed
from pagerduty_mattermost.chat.verb import MANY, ONE
from pagerduty_mattermost.chat.verbs.registry import TABLE
from pagerduty_mattermost.chat.verbs.run_of import TheRun, the_run
from pagerduty_mattermost.core.errors import PackError, RejectedInput
from pagerduty_mattermost.playbooks.playbook import COMMAND_PREFIX
from pagerduty_mattermost.playbooks.started_actions import action_of, phrase_of
from pagerduty_mattermost.runs.controls import TASK_RUN

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.runs.state import TaskState


class TaskCommand(NamedTuple):
    """The command that a task of a run stands for."""

    command: Command
    the: TheRun
    task: TaskState

    def ran(self, context: Context) -> None:
        """What can't be remembered is logged: it was carried out all the same."""
        from pagerduty_mattermost.runs import acting
        from pagerduty_mattermost.runs.acts import TASK_RAN

        # What the line itself did in the run stands under the order's own id.
        asked = self.the.asked._replace(order_id=f"{self.the.asked.order_id}.ran")
        act = asked.act(TASK_RAN, task=self.task.id, text=self.task.run)
        try:
            acting.act(context, self.the.records, self.the.run, act)
        except PackError as error:
            context.log.warning("That %s ran is not shown: %s", self.task.number, error)


def task_command(context: Context, asked: Command) -> Optional[TaskCommand]:
    """None for a task that starts something of StackStorm: the command that was given does it.
    Raises RejectedInput for a task that carries out nothing, and for a line that does not read."""
    the = the_run(context, asked)
    task = the.asked.task(asked.task)
    if action_of(task.run) or phrase_of(task.run):
        return None
    if not task.run.startswith(COMMAND_PREFIX):
        raise RejectedInput(f"the task {task.number} carries out nothing")
    parsed = read_typed(task.run[len(COMMAND_PREFIX) :])
    if parsed.problem:
        raise RejectedInput(f"`{task.run}` of the task {task.number}: {parsed.problem}")
    command = parsed.command
    verb = TABLE.get(command.verb)
    if command.verb == TASK_RUN or verb is None:
        raise RejectedInput(f"`{task.run}` of the task {task.number} leads nowhere")
    if verb.incidents in (ONE, MANY) and not command.incidents:
        command = command._replace(incidents=the.run.incident)
    command = command._replace(
        user=asked.user,
        user_name=asked.user_name,
        channel=asked.channel,
        key=asked.key,
        at=asked.at,
    )
    return TaskCommand(command, the, task)
