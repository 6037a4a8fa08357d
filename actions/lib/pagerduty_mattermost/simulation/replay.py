"""PagerDuty's log once more, from its first entry to its last: the sensor's own cycle, the storm
gate, the rules, quiet hours, reminders and cards, by a clock that goes from one look to the next.

    done = LogReplay(context, raw, rules, past, span).run()

All of it is the code that runs live; what it stands on is in memory (`in_memory`,
`recorded_posts`), or reads only (`replayed_pagerduty`).
"""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Sequence, Set, Tuple

from pagerduty_mattermost.action_bases.pack_action import PackAction
from pagerduty_mattermost.action_bases.replay import entry_point
from pagerduty_mattermost.action_bases.upkeep import carry_out
from pagerduty_mattermost.cards import held_cards, subscriptions
from pagerduty_mattermost.cards.post_rules import INCIDENT_TRIGGER, WHOLE_TRIGGER, trigger_of
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config import settings as configuration
from pagerduty_mattermost.core.config.settings import Config
from pagerduty_mattermost.core.config.upkeep import DIGEST, RECONCILE, REMINDERS
from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.context import Context
from pagerduty_mattermost.gateways.mattermost import kept_channels
from pagerduty_mattermost.gateways.mattermost.client import Mattermost
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm import rule_criteria
from pagerduty_mattermost.gateways.stackstorm.dispatcher import Dispatcher
from pagerduty_mattermost.gateways.stackstorm.kept_phrases import KeptPhrase
from pagerduty_mattermost.incidents.state_store import StateStore
from pagerduty_mattermost.noise import storm_gate
from pagerduty_mattermost.noise.storm_gate import StormGate
from pagerduty_mattermost.operations.dead_letters import ACTIONS
from pagerduty_mattermost.people import identity
from pagerduty_mattermost.sensor.cycle import Cycle
from pagerduty_mattermost.sensor.health import SensorHealth
from pagerduty_mattermost.sensor.heartbeat import Heartbeat
from pagerduty_mattermost.sensor.routing import Routing
from pagerduty_mattermost.sensor.upkeep_due import UpkeepDue
from pagerduty_mattermost.simulation.in_memory import MemoryService, MemoryStore
from pagerduty_mattermost.simulation.past import Past
from pagerduty_mattermost.simulation.recorded_posts import RecordedPost, RecordedPosts
from pagerduty_mattermost.simulation.replayed_pagerduty import ReplayedPagerDuty

SOON_SECONDS = 5.0
"""To the next look while a storm may be beginning, as the incident sensor has it."""
REPLAYED = ("post_incident", "repaint_incident", "post_storm", "tell_incident")
"""Actions that a rule may run here, by their names in `dead_letters.ACTIONS`."""
UPKEEP_ACTION = "pagerduty.health.upkeep"
UPKEEP_JOBS = (REMINDERS, DIGEST)
RECONCILED_SECONDS = 3600.0
"""After an entry within which reconcile has told it."""
COPIED_PREFIXES = (
    subscriptions.KEY_PREFIX,
    identity.KEY_PREFIX,
    kept_channels.ID_PREFIX,
)
"""Keys that the replay begins with as they are now."""
_BY_REF = {f"pagerduty.{ACTIONS[name][2]}": name for name in REPLAYED}


class ReplayDone(NamedTuple):
    """What came of it."""

    posts: Tuple[RecordedPost, ...]
    dispatched: Set[str]
    """Incidents that the sensor reported."""
    in_storms: Dict[str, str]
    """Incidents that a storm or a flapping alert held back, and which."""
    in_quiet_hours: Set[str]
    """Incidents whose card quiet hours held back."""
    left_out: Dict[str, str]
    """Rules that are not replayed, and why."""
    problems: Dict[str, int]
    """What failed, and how often."""
    channels: Dict[str, str]
    """Channels in people's words, by id."""
    reached: float
    """To which moment; before the end of the span where it was stopped."""


class SimulatedContext(Context):
    """Of one execution of the replay; its gateways are shared by all of them."""

    @classmethod
    def of(cls, replay: LogReplay) -> SimulatedContext:
        made = cls(
            replay.raw,
            replay.service,
            replay.base.log,
            clock=replay.clock,
            monotonic=replay.clock,
            sleep=lambda seconds: None,
        )
        made.__dict__.update(
            _replay=replay,
            settings=replay.settings,
            store=replay.store,
            store_soon=replay.store,
        )
        return made

    def _make_pagerduty(self, *, soon: bool) -> PagerDuty:
        replay: LogReplay = self.__dict__["_replay"]
        return replay.pagerduty

    def _make_mattermost(self, *, soon: bool) -> Mattermost:
        replay: LogReplay = self.__dict__["_replay"]
        return replay.mattermost

    def start_action(self, ref: str, given: Mapping[str, str]) -> str:
        """Nothing is started."""
        return ""

    def run_phrase(self, kept: KeptPhrase, refusal: Callable[[str], str]) -> str:
        """Nothing is run."""
        return ""


class _ReplayedExecution(PackAction):
    """In whose context an action of the replay runs."""

    def __init__(self, context: SimulatedContext) -> None:
        super().__init__(dict(context._config), context._datastore_service)
        self._context = context
        self.logger = context.log


class LogReplay:
    """`base`: the context of who asks, for what is read; `raw`: the configuration to try;
    `rules`: those to try; `span`: from the first look to the last, seconds since the epoch."""

    def __init__(
        self,
        base: Context,
        raw: Mapping[str, Any],
        rules: Sequence[Any],
        past: Past,
        span: Tuple[float, float],
    ) -> None:
        self.base, self.raw, self._past, self._span = base, dict(raw), past, span
        self.settings: Config = configuration.load(self.raw)
        configuration.require_mattermost(self.settings)
        self._now = span[0]
        self._rules = [rule for rule in rules if rule.enabled]
        self.service = MemoryService(self.clock, self._rules)
        self.store = MemoryStore(self.service, monotonic=self.clock)
        self._recorded = RecordedPosts(self.clock)
        self._cycle = self._make_cycle()
        self._dispatched: Set[str] = set()
        self._in_storms: Dict[str, str] = {}
        self._written = (0, 0)
        """How often what storms and what quiet hours hold back was written, when it was looked at
        last."""
        self._in_quiet_hours: Set[str] = set()
        self._left_out: Dict[str, str] = {}
        self._problems: Counter[str] = Counter()

    def clock(self) -> float:
        """Seconds since the epoch, in the past."""
        return self._now

    @cached_property
    def pagerduty(self) -> ReplayedPagerDuty:
        return ReplayedPagerDuty(
            self.settings.pagerduty, self._past, self._span, self.clock, self.base.sleep
        )

    @cached_property
    def mattermost(self) -> Mattermost:
        made = Mattermost(configuration.require_mattermost(self.settings), sleep=self.base.sleep)
        recorded = self._recorded
        recorded.me = made.me().id
        recorded.name_of = lambda user_id: made.user(user_id).username
        made.answered_by(recorded.answer)
        return made

    def run(self, is_over: Callable[[], bool] = lambda: False) -> ReplayDone:
        """`is_over`: asked after each look whether it is to stop. Raises the gateways' errors, and
        RetryLater where a look at the log failed."""
        for prefix in COPIED_PREFIXES:
            for name, value in self.base.store.read_prefix(prefix, lambda error: None).items():
                self.store.write(name, value)
        reached = self._span[0]
        while True:
            if not self._cycle.run():
                at = times.iso(self._now)
                raise RetryLater(f"The replay stopped at {at}: {self._cycle.health.reason}")
            self._work()
            self._note_what_waits()
            after = self._next_look()
            if after > self._span[1]:
                reached = self._span[1]
                break
            if is_over():
                reached = self._now
                break
            self._now = after
        return ReplayDone(
            tuple(self._recorded.posts),
            self._dispatched,
            self._in_storms,
            self._in_quiet_hours,
            self._left_out,
            dict(self._problems),
            self._channels(),
            reached,
        )

    def _make_cycle(self) -> Cycle:
        """As the incident sensor makes it."""
        config, log = self.settings, _OfThePast(self.base.log)
        dispatcher = Dispatcher(self.service, {}, log)
        health = SensorHealth()
        heartbeat = Heartbeat(
            dispatcher,
            self.store,
            health,
            log,
            UpkeepDue(config, self.store, log),
            clock=self.clock,
            monotonic=self.clock,
        )
        return Cycle(
            config,
            self.pagerduty,
            StateStore(self.store),
            dispatcher,
            log,
            health,
            trigger_heartbeat=heartbeat,
            noise=StormGate(
                config.noise, self.store, dispatcher, self.pagerduty, log, config.is_trial
            ),
            routing=Routing(self.service, self.store, log),
            monotonic=self.clock,
        )

    def _next_look(self) -> float:
        """As the sensor would look: each look counts, since regular jobs go by them too."""
        interval = float(self.settings.watch.poll_interval)
        if self._cycle.waits:
            return self._now + min(SOON_SECONDS, interval)
        return self._now + interval

    def _work(self) -> None:
        """What rules make of what was dispatched."""
        waiting, self.service.dispatched = self.service.dispatched, []
        for trigger, payload in waiting:
            about = ""
            if trigger == INCIDENT_TRIGGER:
                about = str(payload["incident"]["id"])
                self._dispatched.add(about)
            for rule in self._rules:
                if trigger_of(rule) == trigger and self._fits(rule, payload):
                    self._recorded.by, self._recorded.incident = rule.ref, about
                    self._carry_out(rule, payload)
                    self._recorded.by = self._recorded.incident = ""

    def _fits(self, rule: Any, payload: Any) -> bool:
        try:
            criteria = getattr(rule, "criteria", None) or {}
            return rule_criteria.matches(criteria, payload, self.clock)
        except rule_criteria.Unsupported as error:
            self._left_out[rule.ref] = str(error)
            return False

    def _carry_out(self, rule: Any, payload: Any) -> None:
        ref = str(rule.action.get("ref") or "")
        context = SimulatedContext.of(self)
        if ref == UPKEEP_ACTION:
            jobs = [name for name in payload.get("due") or () if self._does(name)]
            for done in carry_out(_ReplayedExecution(context), jobs):
                if done.failed:
                    self._problems[f"{done.name}: {done.message}"] += 1
            return
        given = _given(rule.action.get("parameters") or {}, payload)
        if ref not in _BY_REF or given is None:
            why = "a parameter is a template" if ref in _BY_REF else f"{ref} is not replayed"
            self._left_out[rule.ref] = why
            return
        try:
            entry_point(_BY_REF[ref]).beside(_ReplayedExecution(context)).act(**given)
        except RetryLater:
            raise  # a server that is away says nothing of the past
        except Exception as error:  # noqa: BLE001 - as one execution that fails stops no other
            self._problems[f"rule {rule.ref}: {context.line_of(error)}"] += 1

    def _does(self, job: str) -> bool:
        """What was forgotten when something happens to it reconcile alone tells; it is the one job
        that reads everything, and there is nothing else here for it to put right."""
        if job == RECONCILE:
            return self._past.has_late_entry(self._now - RECONCILED_SECONDS, self._now)
        return job in UPKEEP_JOBS

    def _note_what_waits(self) -> None:
        held = held_cards.KEY_PREFIX.rstrip(".")
        written = self.service.writes(storm_gate.KEY), self.service.writes(held)
        before, self._written = self._written, written
        if written[0] != before[0]:
            for id, why in storm_gate.remembered(self.store).held.items():
                self._in_storms.setdefault(id, why)
        if written[1] != before[1]:
            self._in_quiet_hours.update(held_cards.held_incidents(self.store))

    def _channels(self) -> Dict[str, str]:
        found: Dict[str, str] = {}
        for post in self._recorded.posts:
            if post.channel_id not in found:
                direct = self._recorded.with_whom(post.channel_id)
                found[post.channel_id] = (
                    f"@{direct}" if direct else f"~{self.mattermost.channel(post.channel_id).name}"
                )
        return found


class _OfThePast:
    """The log of a sensor that only replays: what it says of its own course is of no start and no
    run of now. What is wrong is said."""

    def __init__(self, log: Any) -> None:
        self._log = log

    def info(self, *words: Any, **more: Any) -> None:
        self._log.debug(*words, **more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


def _given(parameters: Mapping[str, Any], payload: Any) -> Optional[Dict[str, Any]]:
    """The parameters of a rule's action; None where one is a template that is not followed."""
    found: Dict[str, Any] = {}
    for name, value in parameters.items():
        texts: List[Any] = value if isinstance(value, list) else [value]
        if isinstance(value, str) and WHOLE_TRIGGER.fullmatch(value):
            found[name] = payload
        elif any("{{" in str(one) or "{%" in str(one) for one in texts):
            return None
        else:
            found[name] = value
    return found
