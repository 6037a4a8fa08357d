"""What is remembered of runs, in the datastore:

- `run.<incident>.plan.<order>`: what the run began with (`RunPlan`). Of two that were started at
  once the earlier one is the run;
- `run.<incident>.e.<act>`: one act, never written over by another;
- `run.<incident>.acts.<digest>`: acts that stood in keys of their own before, so that a long run
  still reads in one page. It is a set: whoever reads joins all that there is, so an act that
  stands in several places counts once, and a key goes only after what it holds stands elsewhere;
- `run.<incident>.void.<order>`: an order that was taken back: its act does not count;
- `run.<incident>.post`: the playbook post (`RunPost`);
- `run.<incident>.told`: up to when the room was told of acts, and shown them (`ToldUntil`);
- `ran.<incident>`: a run that is closed, in one value (`ClosedRun`).

All of a run is read by one list. Raises the store's errors.
"""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Tuple

from pagerduty_mattermost.core.json_values import record_or_none, to_json
from pagerduty_mattermost.gateways.stackstorm.broken_values import left_out, read_record
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.runs.acts import Act, act_of, digest, in_order, to_value
from pagerduty_mattermost.runs.fold import fold
from pagerduty_mattermost.runs.state import RunPlan, RunState

KEY_PREFIX = "run."
CLOSED_PREFIX = "ran."
PLAN, ACT, PACKED, VOID, POST, TOLD = "plan.", "e.", "acts.", "void.", "post", "told"
DAY_SECONDS = 86400.0
OPEN_SECONDS, CLOSED_SECONDS = 180 * DAY_SECONDS, 400 * DAY_SECONDS

PACK_FROM_KEYS = 40
"""So many keys of acts, and those that are older than `PACK_AFTER_SECONDS` are put into one."""
PACK_AFTER_SECONDS = 300.0
"""From when on nobody writes an act any more: an order is void after a minute."""


class RunPost(NamedTuple):
    """The playbook post."""

    channel: str
    id: str = ""
    number: int = 0
    """How many there were before it, which people have deleted."""


class ToldUntil(NamedTuple):
    """Up to where the room was told what was done."""

    at: float
    """Acts of before that, seconds since the epoch, are told."""
    acts: int = 0
    digest: str = ""
    """Of the acts that the playbook post showed then."""


class Run(NamedTuple):
    """A run as it was read."""

    plan: RunPlan
    acts: Tuple[Act, ...]
    """In their order; without those that were taken back."""
    post: RunPost = RunPost("")
    told: ToldUntil = ToldUntil(0.0)
    keys: Tuple[str, ...] = ()
    """Of acts, as they stand: relative names."""

    @property
    def incident(self) -> str:
        return self.plan.incident

    @property
    def state(self) -> RunState:
        return fold(self.plan, self.acts)

    def has(self, act_id: str) -> bool:
        return any(act.id == act_id for act in self.acts)

    def act(self, act_id: str) -> Optional[Act]:
        return next((act for act in self.acts if act.id == act_id), None)

    def with_acts(self, *acts: Act) -> Run:
        return self._replace(acts=in_order((*self.acts, *acts)))

    def around(self, place: int) -> Tuple[RunState, RunState]:
        """As the act at that place of `acts` found it, and as it left it."""
        return fold(self.plan, self.acts[:place]), fold(self.plan, self.acts[: place + 1])

    def until(self, at: float) -> RunState:
        """As it was then: what people saw who said something at that time."""
        return fold(self.plan, (act for act in self.acts if act.at <= at))


class ClosedRun(NamedTuple):
    """All of a run that is over and whose room was put away."""

    plan: RunPlan
    acts: Tuple[Act, ...]
    post: RunPost
    at: float
    """When it was closed."""
    participants: Tuple[str, ...] = ()
    """Ids of Mattermost users who did something in it."""


class RunRecords:
    """What does not read is left out, and logged."""

    def __init__(self, store: Store, log: Any = None) -> None:
        self._store = store
        self._broken = left_out(log)

    def load(self, incident: str) -> Optional[Run]:
        """The incident's run; None where there is none."""
        prefix = f"{KEY_PREFIX}{incident}."
        return run_of(self._store.read_prefix(prefix, self._broken), prefix)

    def every(self) -> List[Run]:
        """All runs that are not closed. Raises StoreUnreachable."""
        values = self._store.read_prefix(KEY_PREFIX, self._broken)
        by_incident: Dict[str, Dict[str, Any]] = {}
        for name, value in values.items():
            by_incident.setdefault(incident_of(name), {})[name] = value
        found = [run_of(of_it, f"{KEY_PREFIX}{one}.") for one, of_it in by_incident.items()]
        return [run for run in found if run is not None]

    def closed(self, incident: str) -> Optional[ClosedRun]:
        return read_record(self._store, f"{CLOSED_PREFIX}{incident}", ClosedRun)

    def plan(self, plan: RunPlan) -> None:
        self._write(plan.incident, f"{PLAN}{plan.id}", to_json(plan))

    def no_plan(self, plan: RunPlan) -> None:
        """Another run was started before it."""
        self._store.delete(f"{KEY_PREFIX}{plan.incident}.{PLAN}{plan.id}")

    def act(self, incident: str, act: Act) -> None:
        self._write(incident, f"{ACT}{act.id}", to_value(act))

    def take_back(self, incident: str, act_id: str) -> None:
        """It was not done after all. By whoever wrote it, at once."""
        self._store.delete(f"{KEY_PREFIX}{incident}.{ACT}{act_id}")

    def void(self, incident: str, order: str) -> None:
        """An order that was taken back is not to count, also where it is carried out later."""
        self._store.write(f"{KEY_PREFIX}{incident}.{VOID}{order}", True, OPEN_SECONDS)

    def post(self, incident: str, post: RunPost) -> None:
        self._write(incident, POST, to_json(post))

    def told(self, incident: str, told: ToldUntil) -> None:
        self._write(incident, TOLD, to_json(told))

    def pack(self, run: Run, now: float) -> bool:
        """Puts old acts into one key where many stand in keys of their own; whether it did."""
        single = f"{KEY_PREFIX}{run.incident}.{ACT}"
        old = [act for act in run.acts if now - act.at > PACK_AFTER_SECONDS]
        names = {f"{single}{act.id}" for act in old}
        standing = [name for name in run.keys if name in names]
        if len(standing) < PACK_FROM_KEYS:
            return False
        packed = f"{PACKED}{digest(old)}"
        self._write(run.incident, packed, [to_value(act) for act in old])
        whole = f"{KEY_PREFIX}{run.incident}.{packed}"
        for name in run.keys:
            if name in names or (not name.startswith(single) and name != whole):
                self._store.delete(name)
        return True

    def close(self, run: Run, now: float) -> None:
        """All of it in one value; its keys go."""
        before = self.closed(run.incident)
        if before is not None and before.plan.id == run.plan.id:
            run = run.with_acts(*before.acts)  # whoever closed it was killed while its keys went
        people = {act.by.id for act in run.acts if act.by.id}
        closed = ClosedRun(run.plan, run.acts, run.post, now, tuple(sorted(people)))
        value = {**to_json(closed), "acts": [to_value(act) for act in run.acts]}
        self._store.write(f"{CLOSED_PREFIX}{run.incident}", value, CLOSED_SECONDS)
        prefix = f"{KEY_PREFIX}{run.incident}."
        # Plans last: until they are gone the run is there, and whoever comes next goes on.
        names = sorted(
            self._store.read_prefix(prefix, self._broken),
            key=lambda name: name.startswith(f"{prefix}{PLAN}"),
        )
        for name in names:
            self._store.delete(name)

    def reopen(self, closed: ClosedRun) -> Run:
        """A run that was closed goes on; its one value goes when it is closed again."""
        incident = closed.plan.incident
        self._write(incident, f"{PACKED}{digest(closed.acts)}", [to_value(a) for a in closed.acts])
        self.post(incident, closed.post)
        # Last, since it is what says that there is a run.
        self.plan(closed.plan)
        return Run(closed.plan, closed.acts, closed.post)

    def _write(self, incident: str, name: str, value: Any) -> None:
        self._store.write(f"{KEY_PREFIX}{incident}.{name}", value, OPEN_SECONDS)


def incident_of(name: str) -> str:
    """The incident in a relative key of a run; empty for another key."""
    return name[len(KEY_PREFIX) :].partition(".")[0] if name.startswith(KEY_PREFIX) else ""


def run_of(values: Mapping[str, Any], prefix: str) -> Optional[Run]:
    """The run in the values of its keys; None where no plan is among them. Pure."""
    parts = {name[len(prefix) :]: value for name, value in values.items()}
    begun = [value for name, value in parts.items() if name.startswith(PLAN)]
    plans = [record_or_none(RunPlan, value) for value in begun]
    there = sorted((plan for plan in plans if plan is not None), key=lambda one: (one.at, one.id))
    if not there:
        return None
    void = {name[len(VOID) :] for name in parts if name.startswith(VOID)}
    found: List[Optional[Act]] = []
    for name, value in parts.items():
        if name.startswith(ACT):
            found.append(act_of(value))
        elif name.startswith(PACKED) and isinstance(value, list):
            found += [act_of(one) for one in value]
    acts = [act for act in found if act is not None and act.id not in void]
    return Run(
        there[0],
        in_order(acts),
        record_or_none(RunPost, parts.get(POST)) or RunPost(""),
        record_or_none(ToldUntil, parts.get(TOLD)) or ToldUntil(0.0),
        tuple(f"{prefix}{name}" for name in parts if name.startswith((ACT, PACKED))),
    )


def fits(name: str, data: Any) -> bool:
    """Whether the data is what a key of that name holds."""
    if name.startswith(CLOSED_PREFIX):
        return record_or_none(ClosedRun, data) is not None
    part = name[len(KEY_PREFIX) :].partition(".")[2]
    if part.startswith(ACT):
        return act_of(data) is not None
    if part.startswith(PACKED):
        return isinstance(data, list) and all(act_of(one) is not None for one in data)
    if part.startswith(VOID):
        return data is True
    cls = RunPlan if part.startswith(PLAN) else {POST: RunPost, TOLD: ToldUntil}.get(part)
    return cls is not None and record_or_none(cls, data) is not None
