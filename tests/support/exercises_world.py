"""Rooms with a service for tests, where exercises are given by command."""

from __future__ import annotations

from typing import Any, List

import pytest
from rooms_world import RoomsWorld

from pagerduty_mattermost.chat.command import CommandResult
from pagerduty_mattermost.chat.parser import parse
from pagerduty_mattermost.chat.perform import perform
from pagerduty_mattermost.chat.which_incident import complete
from pagerduty_mattermost.core.errors import PackError
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost.values import marked_id
from pagerduty_mattermost.rooms.records import RoomRecords
from pagerduty_mattermost.runs.records import Run, RunRecords
from sandbox.pagerduty.seed import service


class ExercisesWorld(RoomsWorld):
    """With a service for tests, and the right to make them."""

    def __init__(self) -> None:
        super().__init__("5.37", test_service="Drills")
        self.allowed: Any = {"test": ["@ada"]}
        self.order = 0

    def __enter__(self) -> ExercisesWorld:
        super().__enter__()
        policies = self.pagerduty.catalog["escalation_policies"]
        service(self.pagerduty, "Drills", next(iter(policies)))
        return self

    def context(self, **rooms: Any) -> Context:
        raw = {**self.raw(**rooms), "chat": {"allowed": self.allowed}}
        return Context(
            raw,
            self.datastore,
            self.log,
            clock=self.clock,
            monotonic=self.clock,
            sleep=self.sleep,
        )

    def say(
        self, line: str, who: str = "ada", channel: str = "incidents", key: str = ""
    ) -> CommandResult:
        read = parse(line)
        assert not read.problem, read.problem
        self.order += 1
        said = read.command._replace(
            user=marked_id(self.user(who)),
            channel=self.chat.channel(channel).id,
            key=key or f"order{self.order:04}",
        )
        context = self.context()
        return perform(context, complete(context, said, "").command)

    def refused(self, line: str, **said: Any) -> str:
        with pytest.raises(PackError) as failure:
            self.say(line, **said)
        assert "\n" not in str(failure.value)
        return str(failure.value)

    def run(self, incident_id: str) -> Run:
        found = RunRecords(self.context().store).load(incident_id)
        assert found is not None
        return found

    def channel_of(self, incident_id: str) -> str:
        (room,) = RoomRecords(self.context().store).of(incident_id)
        return room.channel_id

    def open_incidents(self) -> List[Any]:
        return [one for one in self.pagerduty.incidents.values() if one.status != "resolved"]
