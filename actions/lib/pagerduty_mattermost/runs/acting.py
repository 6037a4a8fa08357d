"""Somebody does something in a run: the act is written, the playbook post painted, the room told.

    acted = act(context, records, run, Act(TICK, order_id, at, who, task="impact", value=DONE))
    acted.changed        # False: it was so already

The act is written before its first effect and under its own key, so whoever is killed behind it
has done it: the round over rooms shows it. What can't be shown for now (Mattermost does not
answer) is shown by it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pagerduty_mattermost.core.errors import PackError, RejectedInput, WriteRefused
from pagerduty_mattermost.gateways.mattermost.channels import is_archived
from pagerduty_mattermost.runs import painting, telling
from pagerduty_mattermost.runs.acts import Act
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import RunState

if TYPE_CHECKING:
    from pagerduty_mattermost.gateways.context import Context

ARCHIVED = "the room is archived: unarchive it first (`/pd room restore`); nothing was changed"


class Acted(NamedTuple):
    """What became of an act."""

    run: Run
    """As it was read last."""
    before: RunState
    """As the act found it."""
    after: RunState
    """As it left it."""

    @property
    def changed(self) -> bool:
        """False: it was so already, since somebody was first."""
        return self.before.differs(self.after)

    @property
    def now(self) -> RunState:
        """The run as it is now, with what others did meanwhile."""
        return self.run.state


def act(context: Context, records: RunRecords, run: Run, done: Act) -> Acted:
    """Do it. `run`: as it was read; it may hold the act already. Raises RejectedInput in a room
    that is archived, where nothing is done then, and the store's errors."""
    if not run.has(done.id):
        records.act(run.incident, done)
        run = run.with_acts(done)
    run = show_and_tell(context, records, run, done)
    place = next((n for n, one in enumerate(run.acts) if one.id == done.id), len(run.acts))
    return Acted(run, *run.around(place))


def show_and_tell(context: Context, records: RunRecords, run: Run, done: Act) -> Run:
    """The post painted and the room told; the run as it was read last."""
    try:
        run = painting.show(context, records, run)
    except WriteRefused:
        raise
    except PackError as error:
        if is_archived(error):
            records.take_back(run.incident, done.id)
            raise RejectedInput(ARCHIVED, status=error.status) from None
        line = context.line_of(error)
        context.log.warning("The playbook post of %s will follow: %s", run.incident, line)
        return run
    try:
        telling.tell(context, run, done.id)
    except WriteRefused:
        raise
    except PackError as error:
        line = context.line_of(error)
        context.log.warning("What was done in %s is posted later: %s", run.incident, line)
    return run
