"""A run of the playbook of `runs_world` in a room on both sandboxes."""

from __future__ import annotations

from typing import Any, List, Optional

from rooms_world import RoomsWorld
from runs_world import PLAYBOOK

from pagerduty_mattermost.incidents.incident import Change
from pagerduty_mattermost.playbooks.playbook import Playbook
from pagerduty_mattermost.rooms.records import RoomRecord
from pagerduty_mattermost.runs import starting
from pagerduty_mattermost.runs.acts import Act, Who
from pagerduty_mattermost.runs.records import Run, RunRecords
from pagerduty_mattermost.runs.state import RunState

NAME = "inc-2026-11-21-database-timeout"
"""Of the room's channel."""


class RunInRoom:
    def __init__(self, world: RoomsWorld, playbook: Playbook = PLAYBOOK, **terms: Any) -> None:
        """`terms`: of `starting.start`."""
        self.world = world
        self.incident = world.incident()
        self.room: RoomRecord = world.open(self.incident).room
        self.ada = self.who("ada")
        context = world.context()
        given = {"by": self.ada, "order_id": "s" * 32, **terms}
        starting.start(context, self.room, playbook, self.change(), **given)
        world.clock.advance(60)

    def who(self, name: str) -> Who:
        return Who(self.world.user(name), name)

    def change(self) -> Change:
        """The incident as it is, without events."""
        return self.world.change(self.incident)

    @property
    def records(self) -> RunRecords:
        return RunRecords(self.world.context().store, self.world.log)

    @property
    def run(self) -> Run:
        found = self.records.load(self.incident.id)
        assert found is not None
        return found

    @property
    def state(self) -> RunState:
        return self.run.state

    def act(self, kind: str, id: str = "", by: Optional[Who] = None, **more: Any) -> Act:
        """One that is done now."""
        now = self.world.clock()
        return Act(kind, id or f"{kind}{int(now)}", now, by or self.ada, **more)

    def told(self, words: str, channel: str = NAME) -> List[Any]:
        """Posts with these words, the oldest first."""
        return [post for post in self.world.posts(channel) if words in post.message]
