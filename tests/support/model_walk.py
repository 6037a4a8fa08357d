"""Random histories of the model without hypothesis: plain dice by a seed, so that a thousand
differ as much as they can. `walk(seed)` answers the switches that were drawn and what differs
from the truth in the end."""

from __future__ import annotations

import contextlib
import random
from typing import Any, Callable, List, NamedTuple, Tuple

from model_world import PEOPLE, World

from sandbox.pagerduty.model import RequestRefused
from sandbox.pagerduty.switches import Switches, draw

SERVICES = ("Checkout API", "Database", "Storefront")
QUIET_HOURS = ("", "08:00-09:10", "09:10-10:00")
"""The histories begin at 8:53."""
FAULTS = ("drop", "lost", "status", "truncate", "html", "bad_json", "empty")
STEPS = 40
MAX_MADE = 6

Dice = random.Random


class Walk(NamedTuple):
    world: World
    made: List[Any]
    calm: bool = False

    def trigger(self, dice: Dice) -> None:
        if len(self.made) < MAX_MADE:
            title, urgency = f"Trouble {len(self.made)}", dice.choice(["high", "low"])
            made = self.world.account.trigger(dice.choice(SERVICES), title, urgency=urgency)
            self.made.append(made)

    def act(self, dice: Dice) -> None:
        acts = ("acknowledge", "resolve", "reopen", "reopen", "unacknowledge", "escalate")
        self._attempt(dice, dice.choice(acts), dice.choice(PEOPLE))

    def annotate(self, dice: Dice) -> None:
        self._attempt(dice, "annotate", "a note", PEOPLE[0])

    def prioritise(self, dice: Dice) -> None:
        self._attempt(dice, "set_priority", dice.choice(["P1", "P3"]), PEOPLE[1])

    def bridge(self, dice: Dice) -> None:
        url = f"https://meet.example/{dice.randrange(3)}"
        self._attempt(dice, "set_conference", url, "", PEOPLE[2])

    def monitor(self, dice: Dice) -> None:
        action = dice.choice(["trigger", "trigger", "acknowledge", "resolve"])
        self.world.send_event(action, dice.choice(["disk", "load"]))

    def fill_in(self, dice: Dice) -> None:
        self._attempt(
            dice, "set_custom_fields", {"Impact": dice.choice(["high", "low"])}, PEOPLE[0]
        )

    def assign(self, dice: Dice) -> None:
        """A role, or something about a task: PagerDuty tells it in its webhook's calls alone."""
        if self.made:
            incident, who = dice.choice(self.made), {"id": "PADA001", "summary": "Ada Lovelace"}
            if dice.random() < 0.4:
                role = {"role": {"id": "PROLE1", "name": "Scribe"}, "assignee": who}
                about = {"incident": {"id": incident.id}}
                data = {"incident_role_assignments": [{**about, **role}]}
                kind = "role.assigned"
            else:
                data = {"name": "Restart the pods", "status": "in_progress", "assignees": [who]}
                kind = dice.choice(["task.created", "task.updated", "task.completed"])
            self.world.tell_by_webhook(incident, kind, data, dice.choice([1, 1, 2]))

    def wait(self, dice: Dice) -> None:
        self.world.clock.advance(dice.choice([1, 7, 30, 90, 400]))

    def poll(self, dice: Dice) -> None:
        self.world.poll()

    def deliver(self, dice: Dice) -> None:
        self.world.deliver()

    def work(self, dice: Dice) -> None:
        self.world.work(dice.randint(1, 4), mixed=dice.random() < 0.5 and not self.calm)

    def reconcile(self, dice: Dice) -> None:
        self.world.reconcile(dice.random() < 0.3)

    def restart(self, dice: Dice) -> None:
        self.world.restart()

    def double(self, dice: Dice) -> None:
        self.world.double()

    def lose(self, dice: Dice) -> None:
        self.world.service.lose = dice.randint(1, 2)

    def repeat(self, dice: Dice) -> None:
        self.world.service.repeat = dice.randint(1, 2)

    def trouble(self, dice: Dice) -> None:
        server = dice.choice([self.world.chat.server, self.world.pager])
        server.faults.add(dice.choice(FAULTS), times=dice.randint(1, 3))

    def kill(self, dice: Dice) -> None:
        fault, method = dice.choice(["drop", "lost"]), dice.choice(["POST", "PUT", "GET"])
        self.world.kill_one(fault, method)

    def _attempt(self, dice: Dice, what: str, *words: Any) -> None:
        """What PagerDuty refuses for the incident's state is no history."""
        if self.made:
            with contextlib.suppress(RequestRefused, ValueError):
                getattr(self.world.account, what)(dice.choice(self.made), *words)


def walk(seed: int, *, calm: bool = False, **fixed: Any) -> Tuple[Switches, List[str]]:
    """`fixed`: switches that are not drawn; `calm`: nothing gets lost, fails, dies or overtakes
    another, and then the order in each thread is judged too."""
    dice = Dice(seed)
    switches = draw(seed)._replace(**fixed)
    quiet = dice.choice(QUIET_HOURS)
    world = World(seed, noise=dice.random() < 0.3, quiet=quiet, switches=switches)
    one = Walk(world, [], calm)
    often: Tuple[Callable[[Dice], None], ...] = (one.act, one.wait, one.poll, one.deliver)
    steps = [*often, one.work] * 4 + [one.trigger] * 3
    steps += [one.annotate, one.prioritise, one.bridge, one.monitor, one.reconcile, one.restart]
    steps += [one.assign] * 2 + [one.fill_in]
    if not calm:
        steps += [one.double, one.lose, one.repeat, one.trouble, one.kill]
    try:
        for _ in range(STEPS):
            dice.choice(steps)(dice)
        return switches, world.settle(in_order=calm)
    finally:
        world.close()
