"""Pure: which changes are dispatched one by one, and which are counted on one card: storms of one
service, and alerts that flap.

    detector = StormDetector(config.noise, data)    # data: as `to_data()` gave it; None: nothing
    verdicts = detector.judge(changes, now)         # {incident id: PASS | HOLD | RELEASE | WAIT}
    detector.settle()                               # once what passes was dispatched
    for group in detector.due(now):
        dispatch group.payload(now), then detector.card_was_sent(group, now)
    for payload in detector.once_more(now): dispatch payload

A storm: more than `storm_incidents` new ones of a service within `storm_window` seconds. It is
over when no more than half as many came within `storm_quiet` seconds. Flapping (`flapping`): what
comes after `flapping_rounds` rounds of triggered and resolved. Both hold the incidents back that
are new then; one card counts them. An incident gets its own card after all when its priority is
high or when somebody acts on it; of a few that are left open at the end, when anything happens to
it.

A change may be judged any number of times before it is dispatched (StackStorm may be down, the
sensor killed): what counts is each incident once, by its own time. `now`: PagerDuty's clock,
seconds since the epoch.
"""

# flake8: noqa: E203,W503

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import AbstractSet, Any, Dict, List, Optional, Sequence

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.config.noise import NoiseConfig
from pagerduty_mattermost.core.text import cut, one_line
from pagerduty_mattermost.incidents.event_types import TRIGGERED
from pagerduty_mattermost.incidents.incident import Change, Incident
from pagerduty_mattermost.noise.ended_groups import EndedGroups
from pagerduty_mattermost.noise.flapping import FlappingRounds, abouts_of
from pagerduty_mattermost.noise.moves import has_moved, triggered_at
from pagerduty_mattermost.noise.storm_group import FLAPPING, STORM, StormGroup, by_id, by_value

PASS, HOLD, RELEASE, WAIT = "pass", "hold", "release", "wait"
"""Dispatch it; don't; dispatch it with all that was held of it before; decide with the next read,
soon."""
MAX_RELEASED_AT_ONCE = 5
"""Incidents of a group that somebody acts on within one cycle and that get their own cards; where
there are more they are done in bulk, and none does."""
PATIENCE_SECONDS = 8.0
"""Seconds that new incidents which come at the pace of a storm wait for more, so that it begins
without cards."""
PACE_FACTOR = 4.0
"""So many times as fast as what makes a storm."""
REMEMBERED_SECONDS = 900.0
"""Seconds that an incident that passed is known to have: a cycle that failed may be repeated that
late."""


class StormDetector:
    """Decides what is dispatched and what is held back, and remembers what it has to."""

    def __init__(self, settings: NoiseConfig, data: Any = None) -> None:
        """`data`: as `to_data` gave it."""
        self._settings = settings
        self.groups: Dict[str, StormGroup] = {}
        """By their keys."""
        self._passed: Dict[str, Dict[str, float]] = {}
        """By service: new incidents that were dispatched lately, with their times."""
        self._rounds = FlappingRounds(settings.flapping_rounds, settings.flapping_window)
        self.left: Dict[str, str] = {}
        """Open incidents without a card whose group is over, and that group's key."""
        self._ended = EndedGroups()
        self._releasing: Dict[str, str] = {}
        """Released, but not dispatched yet; and their group's key."""
        self.changed = False
        """Whether something has to be kept."""
        if isinstance(data, Mapping):
            self._read(data)

    def _read(self, data: Mapping[str, Any]) -> None:
        """What does not read is forgotten: then changes are dispatched one by one."""
        try:
            groups = {str(key): StormGroup.from_data(one) for key, one in data["groups"].items()}
            passed = {
                str(s): {str(id): float(at) for id, at in ids.items()}
                for s, ids in data["passed"].items()
            }
            left = by_id(data["left"])
            releasing = {str(id): str(key) for id, key in data["releasing"].items()}
            rounds = FlappingRounds(
                self._settings.flapping_rounds, self._settings.flapping_window, data["rounds"]
            )
            ended = EndedGroups(data["over"])
        except (KeyError, TypeError, ValueError, AttributeError):
            return
        self.groups, self._passed, self.left = groups, passed, left
        self._releasing, self._rounds, self._ended = releasing, rounds, ended

    def to_data(self) -> Dict[str, Any]:
        return {
            "groups": {key: group.to_data() for key, group in self.groups.items()},
            "passed": self._passed,
            "left": by_value(self.left),
            "releasing": self._releasing,
            "rounds": self._rounds.to_data(),
            "over": self._ended.to_data(),
        }

    @property
    def held(self) -> Dict[str, str]:
        """Incidents without a card on purpose, and why."""
        found = {
            id: f"{group.kind} of {group.service}"
            for group in self.groups.values()
            for id in group.statuses
        }
        released = {id for group in self.groups.values() for id in group.released}
        left = dict.fromkeys((*self._ended.ids(), *self.left), "its storm is over")
        return {id: why for id, why in {**left, **found}.items() if id not in released}

    def judge(
        self, changes: Sequence[Change], now: float, *, patient: bool = False
    ) -> Dict[str, str]:
        """All changes of one cycle, since a storm may come within it. `patient`: what is not
        decided yet will be seen again by the next read."""
        if not (
            self._settings.storm_incidents
            or self._settings.flapping_rounds
            or self.groups
            or self.left
        ):
            return {one.incident.id: PASS for one in changes}
        fresh: Dict[str, List[Change]] = {}
        for change in changes:
            if self._is_new(change) and not self._flaps(change):
                fresh.setdefault(change.incident.service_id, []).append(change)
        waiting = [
            id
            for several in fresh.values()
            for id in self._arrived(sorted(several, key=triggered_at), now, patient)
        ]
        new = {change.incident.id for several in fresh.values() for change in several}
        for change in changes:
            id = change.incident.id
            if (
                id not in waiting
                and self._group_of(id) is None
                and not (id in new and self._flaps(change))
            ):
                self._observe(change)
        for change in changes:
            self.changed |= self._ended.take(change.incident)
        acted = Counter(self._acted_on(one) for one in changes)
        bulk = {key for key, count in acted.items() if count > MAX_RELEASED_AT_ONCE}
        verdicts = {one.incident.id: self._verdict(one, bulk) for one in changes}
        return {**verdicts, **dict.fromkeys(waiting, WAIT)}

    def _is_new(self, change: Change) -> bool:
        id = change.incident.id
        passed = self._passed.get(change.incident.service_id, ())
        known = id in self.left or id in passed or self._group_of(id) or id in self._ended
        return not known and any(event.event_type == TRIGGERED for event in change.events)

    def _is_high(self, incident: Incident) -> bool:
        return incident.priority in self._settings.storm_priorities

    def _flaps(self, change: Change) -> bool:
        """Whether it is one more round; then it is counted. One of high priority is dispatched
        all the same."""
        group = self._flapping(change) if self._settings.flapping_rounds else None
        if group is None or self._is_high(change.incident):
            return False
        self._join(group, change)
        return True

    def _flapping(self, change: Change) -> Optional[StormGroup]:
        found = (
            self._ongoing(FLAPPING, about, triggered_at(change))
            for about in abouts_of(change.incident)
        )
        return next((group for group in found if group is not None), None)

    def _observe(self, change: Change) -> None:
        """Count rounds; what a storm counts is none. The last one of them is dispatched, what
        follows is held."""
        incident = change.incident
        if not self._settings.flapping_rounds or not self._rounds.observe(change):
            return
        self.changed = True
        for about in abouts_of(incident):
            since = self._rounds.flaps(about)
            if since is not None and self._flapping(change) is None:
                made = StormGroup(
                    FLAPPING, about, incident, cut(one_line(incident.title), 120), since
                )
                made.last = max(
                    times.seconds(event.occurred_at) or since for event in change.events
                )
                made.before = self._rounds.forget(about)
                self.groups[made.key] = made

    def _over_at(self, group: StormGroup) -> float:
        """When the group is over, unless more comes."""
        settings = self._settings
        if group.kind == FLAPPING:
            return group.last + settings.flapping_window
        few = min(settings.storm_incidents // 2 + 1, len(group.arrivals))
        return (group.arrivals[-few] if few else group.began) + settings.storm_quiet

    def _ongoing(self, kind: str, about: str, at: float) -> Optional[StormGroup]:
        """The group that a new incident of this time belongs to; one that was over by then is
        marked so."""
        for group in self.groups.values():
            if group.kind == kind and group.about == about and not group.ended:
                if at <= self._over_at(group):
                    return group if at >= group.began - self._settings.storm_window else None
                self._end(group)
        return None

    def _end(self, group: StormGroup) -> None:
        group.ended, group.sequence, self.changed = True, group.sequence + 1, True

    def _join(self, group: StormGroup, change: Change) -> None:
        group.arrived(triggered_at(change), self._settings.storm_incidents // 2 + 1)
        group.take(change.incident)
        self.changed = True

    def _arrived(self, fresh: List[Change], now: float, patient: bool) -> List[str]:
        """Into the storm, or dispatched. Returns the ids of those that wait."""
        service, waiting = fresh[0].incident.service_id, []
        passed = self._passed.get(service, {})
        impatient = self._is_calm(passed, fresh, now) if patient else True
        for change in fresh:
            at, incident = triggered_at(change), change.incident
            group = self._ongoing(STORM, service, at) if self._settings.storm_incidents else None
            if group is None:
                group = self._begin(fresh, at)
            plain = not self._is_high(incident)
            if group is not None and plain:
                self._join(group, change)
            elif plain and not impatient and now - at < PATIENCE_SECONDS and not has_moved(change):
                waiting.append(incident.id)
            else:
                self._passed.setdefault(service, {})[incident.id] = at
                self.changed = True
        return waiting

    def _begin(self, fresh: Sequence[Change], at: float) -> Optional[StormGroup]:
        """A storm, when too many came within a window that begins before this moment and this
        cycle saw the end of."""
        settings, incident = self._settings, fresh[0].incident
        if not settings.storm_incidents:
            return None
        moments = {one.incident.id: triggered_at(one) for one in fresh}
        moments.update(self._passed.get(incident.service_id, {}))
        ordered = sorted(moments.values())
        for first, last in zip(ordered, ordered[settings.storm_incidents :]):
            if last - first <= settings.storm_window and first <= at <= last:
                made = StormGroup(STORM, incident.service_id, incident, "", at)
                return self.groups.setdefault(made.key, made)
        return None

    def _is_calm(self, passed: Mapping[str, float], fresh: Sequence[Change], now: float) -> bool:
        """Not two new ones so close that a storm may have begun."""
        if not self._settings.storm_incidents:
            return True
        moments = sorted([*passed.values(), *map(triggered_at, fresh)])
        gap = self._settings.storm_window / self._settings.storm_incidents / PACE_FACTOR
        return all(
            now - two >= PATIENCE_SECONDS or two - one > gap
            for one, two in zip(moments, moments[1:])
        )

    def _group_of(self, id: str) -> Optional[StormGroup]:
        return next((group for group in self.groups.values() if id in group.statuses), None)

    def _acted_on(self, change: Change) -> str:
        """The key of the group in which somebody acts on it; empty for none."""
        id = change.incident.id
        group = self._group_of(id)
        key = self.left.get(id) or (group.key if group and id not in group.released else "")
        return key if not self._is_high(change.incident) and has_moved(change) else ""

    def _verdict(self, change: Change, bulk: AbstractSet[str]) -> str:
        incident = change.incident
        left_by = self.left.get(incident.id, "")
        key = left_by
        if not key:
            group = self._group_of(incident.id)
            if group is None and incident.id in self._ended:
                return self._release(incident.id, "") if incident.is_open else HOLD
            if group is None:
                return RELEASE if incident.id in self._releasing else PASS
            if group.take(incident):
                self.changed = True
            if incident.id in group.released:
                return PASS
            key = group.key
        high = self._is_high(incident)
        wanted = incident.is_open and (high or has_moved(change) or self._left_few(left_by))
        if not wanted and incident.id not in self._releasing:
            return HOLD
        if not high and key and key in bulk:
            return HOLD
        return self._release(incident.id, key)

    def _left_few(self, key: str) -> bool:
        """Whether it is a group that is over and left few open."""
        return (
            bool(key)
            and sum(key == one for one in self.left.values()) <= self._settings.storm_incidents
        )

    def _release(self, id: str, key: str) -> str:
        self._releasing[id], self.changed = key, True
        return RELEASE

    def settle(self) -> None:
        """What was released has been dispatched."""
        for id, key in self._releasing.items():
            self.left.pop(id, None)
            self._ended.discard(id)
            if key in self.groups and id not in self.groups[key].released:
                self.groups[key].released.append(id)
            self.changed = True
        self._releasing.clear()

    def due(self, now: float) -> List[StormGroup]:
        """Groups whose card is to be painted; those that are over are marked so."""
        for group in self.groups.values():
            if not group.ended and now > self._over_at(group):
                self._end(group)
        unheard = [key for key, group in self.groups.items() if group.ended and not group.statuses]
        for key in unheard:
            del self.groups[key]
        return [group for group in self.groups.values() if group.is_due(now)]

    def card_was_sent(self, group: StormGroup, now: float) -> List[str]:
        """Note that the group's card, `group.payload(now)`, was dispatched. Returns the ids of
        incidents that are to be dispatched now with all that was held of them: what flapped and
        stays open, once that is over. What a storm leaves open is in its summary and gets no card
        until something happens to it."""
        group.told_sequence, group.told_at, self.changed = group.sequence, now, True
        if not group.ended:
            return []
        del self.groups[group.key]
        open_ones = group.open_ones()
        few = group.kind == FLAPPING and len(open_ones) <= max(1, self._settings.storm_incidents)
        counted = group.statuses.keys() - set(group.released) - set(open_ones if few else ())
        self._ended.add(group, now, counted)
        if few:
            return open_ones
        self.left.update((id, group.key) for id in open_ones)
        return []

    def once_more(self, now: float) -> List[Dict[str, Any]]:
        """Payloads of groups that are over which are to be dispatched again, since something
        became of what they left or the last one may be lost; they count as dispatched when this
        is kept."""
        found = self._ended.repeated(now)
        dropped = self._ended.forget(now)
        self.changed = self.changed or bool(found) or dropped
        return found

    def forget(self, now: float, open_ids: Any) -> None:
        """What counts no longer: times outside of every window, incidents that are not among
        `open_ids`."""
        oldest = now - max(self._settings.storm_window, REMEMBERED_SECONDS)
        passed = {
            s: {id: at for id, at in ids.items() if at >= oldest}
            for s, ids in self._passed.items()
        }
        self._passed = {service: ids for service, ids in passed.items() if ids}
        self._rounds.prune(now)
        self.left = {id: key for id, key in self.left.items() if id in open_ids}
