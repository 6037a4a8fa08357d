"""A world in which it is counted what lies between a change at PagerDuty and its cards, with the
rules as they are shipped: one execution a change, or two where the sensor can't read the rules."""

from __future__ import annotations

from typing import Any, Callable, List, NamedTuple, Sequence

from model_world import World
from post_incident import PostIncident

from sandbox.pagerduty.switches import Switches

TWO = ("grace@example.com", "linus@example.com")


class Trips(NamedTuple):
    look: List[str]
    """Requests of the sensor's look at PagerDuty."""
    pagerduty: List[str]
    mattermost: List[str]
    datastore: List[str]
    executions: int = 1


class Counted:
    """A world in which what a change costs is counted. Its channels are resolved and joined."""

    def __init__(self, *, routed: bool = True) -> None:
        self.world = World(0 if routed else 1, switches=Switches())
        self.repaint_first = False
        self.calls: List[str] = []
        """Of the datastore, the incident's id left out."""
        for name in ("list_values", "set_value", "delete_value"):
            setattr(self.world.service, name, self._counted(getattr(self.world.service, name)))
        self.incident = self.world.account.trigger("Checkout API", "The first one of all")
        self.change()

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*args: Any, **named: Any) -> Any:
            key = str(named.get("prefix") or args[0])
            self.calls.append(f"{call.__name__} {key.replace(self.incident.id, '<id>')}")
            return call(*args, **named)

        return counted

    def change(self) -> Trips:
        """What the newest change costs: the sensor looks, then each action runs; in the other
        order of the two when `repaint_first`."""
        pager, chat = self.world.pager.journal, self.world.chat.journal
        began = len(pager.entries)
        self.world.poll()
        looked, chatted = len(pager.entries), len(chat.entries)
        self.calls.clear()
        if self.repaint_first:
            self.world.service.queue.reverse()
        executions = len(self.world.service.queue)
        self.world.work(1000, mixed=False)
        assert not self.world.service.queue
        return Trips(
            [f"{one.method} {one.path}" for one in pager.entries[began:looked]],
            [f"{one.method} {one.path}" for one in pager.entries[looked:]],
            [f"{one.method} {one.path}" for one in chat.entries[chatted:]],
            list(self.calls),
            executions,
        )

    def new_incident(self, urgency: str = "high", assignees: Sequence[str] = ()) -> Trips:
        """Of high urgency: its card mentions whoever it is assigned to (or else is on call)."""
        self.world.clock.advance(30)
        self.incident = self.world.account.trigger(
            "Checkout API", "Disk full", urgency=urgency, assignees=assignees
        )
        return self.change()

    def second_card(self) -> None:
        """The incident gets one in another channel too."""
        done = self.world.run(PostIncident, incident_id=self.incident.id, channel="incidents-p1")
        assert done[0], done

    def reassigned(self, assignees: Sequence[str] = TWO) -> Trips:
        """Its reply mentions them."""
        self.world.clock.advance(30)
        self.world.account.reassign(self.incident, assignees, user="ada@example.com")
        return self.change()

    def escalated(self) -> Trips:
        """By the policy's timeout; its reply mentions who is on call at the next level."""
        self.world.clock.advance(30)
        self.world.account.escalate(self.incident)
        return self.change()

    def acknowledged(self) -> Trips:
        self.world.clock.advance(30)
        self.world.account.acknowledge(self.incident, user="ada@example.com")
        return self.change()

    def noted(self) -> Trips:
        self.world.clock.advance(30)
        self.world.account.annotate(self.incident, "Looking", user="ada@example.com")
        return self.change()
