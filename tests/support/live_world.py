"""A world that runs live by the rules as they are shipped, its sensor's heartbeat included: every
trigger goes through the rules, and each action that they start runs, over real HTTP to both
sandboxes, on one clock."""

# flake8: noqa: E203,E501

from __future__ import annotations

import random
from types import SimpleNamespace
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

from health_upkeep import HealthUpkeep
from mattermost_post_storm import PostStorm
from mattermost_tell_incident import TellIncident
from model_world import LOG, PEOPLE, Sensor, Service, Work, World
from pack_files import ROOT, load
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.core.config import settings as config
from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.sensor.heartbeat import Heartbeat
from pagerduty_mattermost.sensor.upkeep_due import UpkeepDue
from sandbox.pagerduty.model import RequestRefused
from sandbox.pagerduty.switches import DEFAULTS

SHIPPED = ("post_incidents", "repaint_cards", "storms", "upkeep", "p1_tell_oncall")
CLASSES: Dict[str, Any] = {
    "pagerduty.mattermost.post_incident": PostIncident,
    "pagerduty.mattermost.repaint_incident": RepaintIncident,
    "pagerduty.mattermost.post_storm": PostStorm,
    "pagerduty.mattermost.tell_incident": TellIncident,
    "pagerduty.health.upkeep": HealthUpkeep,
}
TICK_SECONDS = 30
SERVICES = ("Checkout API", "Database", "Storefront")


def rule_of(raw: Dict[str, Any], enabled: bool) -> Any:
    """As StackStorm's API gives it."""
    return SimpleNamespace(
        ref=f"pagerduty.{raw['name']}",
        enabled=enabled,
        type={"ref": "standard"},
        trigger={"type": raw["trigger"]["type"]},
        criteria=raw.get("criteria") or {},
        action=raw["action"],
    )


def shipped_rules(enabled: Sequence[str] = SHIPPED) -> List[Any]:
    every = sorted((ROOT / "rules").glob("*.yaml"))
    return [rule_of(load(path), path.stem in enabled) for path in every]


class RuledService(Service):
    """What the sensor and the actions are handed; its rules are asked about each trigger."""

    def __init__(self, clock: Callable[[], float], rules: List[Any]) -> None:
        super().__init__(clock)
        self.rules, self._clock = rules, clock
        manager = SimpleNamespace(
            get_all=lambda limit, offset: rules[offset : offset + limit],
            query=lambda trigger, limit: [r for r in rules if r.trigger["type"] == trigger],
        )
        client = SimpleNamespace(rules=manager)
        self.datastore_service = SimpleNamespace(get_api_client=lambda: client)

    def dispatch(self, trigger: str, payload: Any = None, trace_tag: Optional[str] = None) -> None:
        for rule in self.rules:
            if not rule.enabled or rule.trigger["type"] != trigger:
                continue
            if not rule_criteria.matches(rule.criteria, payload, self._clock):
                continue
            given = {
                name: payload
                if value == "{{ trigger }}"
                else payload["due"]
                if value == "{{ trigger.due }}"
                else value
                for name, value in rule.action["parameters"].items()
                if name not in ("timeout", "log_level")
            }
            self.queue.append(Work(CLASSES[rule.action["ref"]], given))


class LiveWorld(World):
    """`settings`: changes of the configuration; `enabled`: rules by name."""

    def __init__(self, settings: Dict[str, Any], enabled: Sequence[str] = SHIPPED) -> None:
        self._changes, self._rules = settings, shipped_rules(enabled)
        super().__init__(0, switches=DEFAULTS)

    def restart(self) -> None:
        self.service = RuledService(self.clock, self._rules)
        self.settings = {**self.settings, **self._changes}
        self.settings["watch"] = {"poll_interval": TICK_SECONDS, "snapshot_every": 10}
        super().restart()

    def poll(self) -> None:
        super().poll()
        self.work(1000, mixed=False)

    def _sensor(self) -> Sensor:
        made = super()._sensor()
        settings = config.load(self.settings)
        store = Store(self.service, monotonic=self.clock, sleep=self.clock.advance)
        made.cycle._trigger_heartbeat = Heartbeat(
            Dispatcher(self.service, self._schemas, LOG),
            store,
            made.cycle.health,
            LOG,
            UpkeepDue(settings, store, LOG),
            clock=self.clock,
            monotonic=self.clock,
        )
        return made

    def live_through(self, happenings: Sequence[Tuple[float, Callable[[], Any]]]) -> None:
        """Each at its second from now on, the sensor looking as it does, until a look after the
        last one."""
        cycle, began = self.sensors[0].cycle, self.clock()
        todo = sorted(happenings, key=lambda one: one[0])
        while todo:
            look = self.clock() + (5 if cycle.waits else TICK_SECONDS)
            while todo and began + todo[0][0] <= look:
                at, happen = todo.pop(0)
                self.clock.advance(max(0.0, began + at - self.clock()))
                self.account.run_due()
                happen()
            self.clock.advance(look - self.clock())
            self.account.run_due()
            self.poll()

    def posts(self) -> List[Tuple[float, str, bool, str]]:
        """Of the bot, in order of time: when, where, whether a reply, the words."""
        state = self.chat.service.state
        names = {channel.id: channel for channel in state.channels.values()}
        found = []
        for post in state.posts.values():
            if post.user_id != self.chat.world.bot.id or post.type or post.delete_at:
                continue
            channel = names[post.channel_id]
            name = f"~{channel.name}" if channel.type != "D" else "direct"
            # As it was created: cards are painted anew.
            first = self.chat.service.history(post)[0].message
            found.append((post.create_at / 1000, name, bool(post.root_id), first))
        return sorted(found)


def happenings(world: LiveWorld, seed: int, hours: float) -> List[Tuple[float, Callable[[], Any]]]:
    """What happens at PagerDuty in so many hours, by chance."""
    dice = random.Random(seed)
    made: List[Any] = []
    found: List[Tuple[float, Callable[[], Any]]] = []

    def attempt(call: Callable[[], Any]) -> Callable[[], Any]:
        def tried() -> None:
            try:
                call()
            except RequestRefused:
                return

        return tried

    def trigger(service: str, title: str, urgency: str, priority: str) -> None:
        incident = world.account.trigger(service, title, urgency=urgency)
        made.append(incident)
        if priority:
            world.account.set_priority(incident, priority, "ada@example.com")

    for number in range(int(hours * 3)):
        at = dice.random() * hours * 3600
        service, urgency = dice.choice(SERVICES), dice.choice(["high", "low"])
        title = f"Trouble {number}"
        found.append((at, lambda s=service, t=title, u=urgency: trigger(s, t, u, "")))  # type: ignore[misc]
    for number in range(int(hours / 4)):
        at, service = dice.random() * hours * 3600, dice.choice(SERVICES)
        for one in range(dice.randrange(4, 9)):
            title = f"Burst {number}.{one}"
            found.append(
                (
                    at + one * dice.choice([1, 4]),
                    lambda s=service, t=title: trigger(s, t, "high", ""),
                )  # type: ignore[misc]
            )
    for _ in range(int(hours * 12)):
        at, which = dice.random() * hours * 3600, dice.random()
        act = dice.choice(
            [
                "acknowledge",
                "resolve",
                "resolve",
                "annotate",
                "escalate",
                "unacknowledge",
                "reassign",
                "set_urgency",
                "snooze",
                "reopen",
            ]
        )
        person, other = dice.choice(PEOPLE), dice.choice(PEOPLE)
        urgency = dice.choice(["high", "low"])

        def do(which=which, act=act, person=person, other=other, urgency=urgency) -> None:  # type: ignore[no-untyped-def]
            if not made:
                return
            incident = made[-1 - int(which * min(len(made), 6))]
            extra: Tuple[Any, ...] = {
                "annotate": ("a note",),
                "reassign": ([other],),
                "set_urgency": (urgency,),
                "snooze": (3600,),
            }.get(act, ())
            getattr(world.account, act)(incident, *extra, person)

        found.append((at, attempt(do)))
    # PagerDuty tells times to the second: what happens at a look's own second is seen by it.
    return [(float(int(at)), happen) for at, happen in found]
