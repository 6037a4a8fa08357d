"""The run that a command is about, and who gives it."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple, Optional

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.chat.verbs.named_incidents import read_one
from pagerduty_mattermost.core.errors import NotFound, RejectedInput
from pagerduty_mattermost.gateways.mattermost.values import PRIVATE_TYPE

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context
    from pagerduty_mattermost.runs.records import Run, RunRecords
    from pagerduty_mattermost.runs.task_acts import AskedOfRun

NO_RUN = (
    "no playbook is under way for this incident: `/pd playbook list` names those that there are, "
    "`/pd start <name>` starts one; `/pd status` gives a status update without one"
)
MEANT = {"end": "`/pd resolve` resolves the incident", "restart": "`/pd reopen` reopens it"}
"""What else people mean by a playbook's command, where there is no playbook."""


class TheRun(NamedTuple):
    """The run that a command is about."""

    records: RunRecords
    asked: AskedOfRun

    @property
    def run(self) -> Run:
        return self.asked.run


class TakenBack(Exception):
    """The order was taken back: whoever gave it was answered so."""


def the_run(context: Context, command: Command, *, members: bool = True) -> TheRun:
    """Raises RejectedInput where there is none, or where it is none of the asker's: only members
    of a room act in it from elsewhere; and TakenBack. `members`: False for what anybody may do
    while the room is public."""
    from pagerduty_mattermost.runs.records import RunRecords

    records = RunRecords(context.store, context.log)
    run = _loaded(context, records, command)
    if command.written and (run is None or not run.has(command.key)):
        raise TakenBack
    if run is None:
        meant = MEANT.get(command.verb, "")
        raise RejectedInput(f"{NO_RUN}; {meant}" if meant else NO_RUN)
    if members or context.mattermost.channel(run.plan.channel).type == PRIVATE_TYPE:
        _require_member(context, command, run)
    return TheRun(records, _asked(context, command, run))


def _asked(context: Context, command: Command, run: Run) -> AskedOfRun:
    from pagerduty_mattermost.runs.people import giver
    from pagerduty_mattermost.runs.task_acts import AskedOfRun

    by = giver(context, command.user, command.user_name)
    at, order_id = command.at or context.clock(), command.key or uuid.uuid4().hex
    return AskedOfRun(run, by, at, order_id)


def _loaded(context: Context, records: RunRecords, command: Command) -> Optional[Run]:
    said = command.incidents.split(",")[0]
    run = records.load(said) if said.isalnum() and not said.isdecimal() else None
    if run is not None or command.brief:
        return run
    return records.load(read_one(context, command).id)


def _require_member(context: Context, command: Command, run: Run) -> None:
    if command.channel == run.plan.channel:
        return
    from pagerduty_mattermost.chat.verbs.rooms import ONLY_MEMBERS, asker

    user = asker(context, command)
    try:
        is_member = bool(user) and context.mattermost.is_member(run.plan.channel, user)
    except NotFound:
        is_member = False
    if not is_member:
        raise RejectedInput(ONLY_MEMBERS)


def in_run(context: Context, command: Command, incident_id: str, kind: str, text: str) -> str:
    """What was done to the incident is an act of its run as well, where it has one. What is left
    to the round over rooms, in one line; empty: nothing."""
    from pagerduty_mattermost.core.errors import PackError, WriteRefused
    from pagerduty_mattermost.runs import life
    from pagerduty_mattermost.runs.records import RunRecords

    try:
        records = RunRecords(context.store, context.log)
        run = records.load(incident_id)
        if run is None:
            return ""
        asked = _asked(context, command, run)
        life.finish(context, records, run, asked.act(kind, text=text))
    except WriteRefused:
        raise
    except PackError as error:
        return f"The playbook does not show it: {context.line_in_chat(error)}"
    return ""
