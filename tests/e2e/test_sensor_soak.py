"""Hours of an incident sensor's life on a simulated clock, against PagerDuty's truth: entries come
up to 90 s late or never, PagerDuty limits, fails and drops, the datastore fails, the sensor is
restarted. Nothing lost, nothing twice, nothing invented."""

# flake8: noqa: E501

from __future__ import annotations

import contextlib
import random
from collections import Counter
from typing import Any, Callable, Dict, List, Set, Tuple

import pytest
from sensor_world import SILENT, SensorWorld

from pagerduty_mattermost.incidents.incident_story import FIRST_ASSIGNMENT_SECONDS
from sandbox.pagerduty.model import RequestRefused

PEOPLE = ("ada", "grace", "linus", "mei", "olu")
SERVICES = ("Checkout API", "Billing Jobs", "Database", "Kubernetes", "Storefront")
EXPLAINED_BY: Dict[str, Set[str]] = {
    "status": {
        "trigger",
        "acknowledge",
        "unacknowledge",
        "resolve",
        "reopen",
        "escalate",
        "delegate",
        "assign",
    },
    "assignees": {
        "trigger",
        "assign",
        "escalate",
        "delegate",
        "acknowledge",
        "reopen",
        "unacknowledge",
    },
    "urgency": {"trigger", "urgency_change"},
    "priority": {"trigger", "priority_change"},
    "title": {"trigger", "field_value_change"},
    "policy": {"trigger", "delegate", "escalate"},
}
"""What a snapshot may tell, and the entries of which one must have stayed out of sight for it to
do so."""
FAULTS = (
    {"kind": "status", "status": 429, "retry_after": 40},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502},
    {"kind": "status", "status": 503, "retry_after": 5},
    {"kind": "drop"},
    {"kind": "lost"},
    {"kind": "truncate"},
    {"kind": "html"},
    {"kind": "bad_json"},
    {"kind": "empty"},
)


class Life:
    """Random changes of an account, some of whose entries never appear."""

    def __init__(self, world: SensorWorld, seed: int, hide: float) -> None:
        self.world = world
        self.account = world.account
        self.draw = random.Random(seed)
        self.hide = hide
        self.hidden: Set[str] = set()
        self.incidents: List[Any] = []
        self.count = 0

    def change(self) -> None:
        """One change, by somebody, to some incident."""
        before = len(self.world.journal.facts)
        self.count += 1
        with contextlib.suppress(RequestRefused):  # such as an escalation beyond the last level
            self._act(self.draw.choice(PEOPLE) + "@example.com")
        written = [fact.id for fact in self.world.journal.facts_of("pagerduty", since=before)]
        if written and self.draw.random() < self.hide:
            one = self.draw.choice(written)
            self.account.hide(one, 10**9)
            self.hidden.add(one)

    def _act(self, user: str) -> None:
        draw, account = self.draw, self.account
        open_ones = [one for one in self.incidents if one.is_open]
        closed = [one for one in self.incidents if not one.is_open and not one.merged_into][-8:]
        if len(open_ones) < 4 or draw.random() < 0.12:
            priority = draw.choice(("P1", "P2", "P3", ""))
            self.incidents.append(
                account.trigger(draw.choice(SERVICES), f"Trouble {self.count}", priority=priority)
            )
            return
        if closed and draw.random() < 0.05:
            account.reopen(draw.choice(closed), user)
            return
        one = draw.choice(open_ones)
        acts: List[Callable[[], Any]] = [
            lambda: account.acknowledge(one, user),
            lambda: account.annotate(one, f"note {self.count}", user),
            lambda: account.reassign(one, [user], "ada@example.com"),
            lambda: account.escalate(one, user),
            lambda: account.delegate(one, "Web escalation", user),
            lambda: account.set_priority(one, draw.choice(("P1", "P2", "P3")), user),
            lambda: account.set_urgency(one, draw.choice(("high", "low")), user),
            lambda: account.set_title(one, f"Renamed {self.count}", user),
            lambda: account.snooze(one, draw.choice((60, 600)), user),
            lambda: account.status_update(one, f"update {self.count}", user),
            lambda: account.add_responder(one, ["Grace Hopper"], user=user),
            lambda: account.odd_entry(
                one, "quantum_flux", user, note=None, contexts=None, teams=None
            ),
            lambda: account.resolve(one, user),
            lambda: account.resolve(one, user),
        ]
        if len(open_ones) > 6:
            other = draw.choice([two for two in open_ones if two is not one])
            acts.append(lambda: account.merge(one, [other], user))
        draw.choice(acts)()


class SensorSoakTestCase(SensorWorld):
    def live(self, minutes: float, seed: int, hide: float = 0.0, changes: int = 4) -> Life:
        """So many minutes of changes, about `changes` a cycle, and then quiet until all must have
        been told."""
        draw = random.Random(1000 + seed)
        self.account.set_options(title_entry="field_value_change", rate_limit=None)
        self.poll()
        for seconds, chance in ((90, 0.1), (60, 0.1), (35, 0.15), (5, 0.2)):
            self.account.log_late(seconds, probability=chance, seed=seed + seconds)
        life = Life(self, seed, hide)
        until = self.clock() + minutes * 60
        while self.clock() < until:
            for _ in range(draw.randrange(2 * changes + 1)):
                self.clock.advance(draw.choice((0, 1, 3, 7)))
                life.change()
            self.server.faults.clear()
            if draw.random() < 0.2:
                terms: Dict[str, Any] = dict(draw.choice(FAULTS))
                self.server.faults.add(
                    probability=draw.choice((0.3, 0.7, 1.0)), seed=draw.randrange(99), **terms
                )
            if draw.random() < 0.02:
                self.sensor = self.start_sensor()
            self.poll(draw.choice((5, 20, 30, 30, 60)))
        self.server.faults.clear()
        self.account.log_late(0)
        self.poll(times=40)
        return life

    def judge(self, life: Life) -> None:
        hidden, truth = life.hidden, {fact.id: fact for fact in self.journal.facts_of("pagerduty")}
        told = Counter(self.event_ids())
        assert [one for one, times in told.items() if times > 1] == []
        lost = []
        folded: Set[Tuple[str, int]] = set()
        began = {
            (fact.subject, fact.data["created_at"] + after)
            for fact in truth.values()
            if fact.kind in ("trigger", "reopen")
            for after in range(FIRST_ASSIGNMENT_SECONDS + 1)
        }
        reopened = {
            (payload["incident"]["id"], truth[event["event_id"]].data["created_at"])
            for payload in self.payloads()
            for event in payload["events"]
            if event["event_type"] == "incident.reopened" and event["event_id"] in truth
        }
        for fact in truth.values():
            if fact.kind in SILENT or fact.id in hidden or fact.id in told:
                continue
            if fact.kind == "reopen" and (fact.subject, fact.data["created_at"]) in reopened:
                continue  # its assignment came first and was told as the reopening
            moment = (fact.subject, fact.data["created_at"])
            if fact.kind == "assign" and moment in began and moment not in folded:
                folded.add(moment)  # what began it tells whom it was assigned to
                continue
            lost.append((fact.subject, fact.kind, fact.id))
        assert lost == []
        invented = []
        for one in told:
            if one in truth:
                if truth[one].kind in SILENT or one in hidden:
                    invented.append(one)
                continue
            _, subject, what, *_ = one.split("-")
            if not any(
                truth[h].subject == subject and truth[h].kind in EXPLAINED_BY[what] for h in hidden
            ):
                invented.append(one)
        assert invented == []
        shown = {payload["incident"]["id"]: payload["incident"] for payload in self.payloads()}
        wrong = []
        for real in self.account.truth():
            painted = shown.get(real["id"])
            if painted is None:
                wrong.append((real["id"], "never shown"))
                continue
            for name in ("status", "urgency", "priority", "title"):
                if painted[name] != real[name]:
                    wrong.append((real["id"], f"{name} is {painted[name]}, not {real[name]}"))
            if painted["status"] in ("triggered", "acknowledged"):
                names = [person["name"] for person in painted["assignees"]]
                if sorted(names) != sorted(real["assignees"]):
                    wrong.append((real["id"], f"assigned to {names}, not {real['assignees']}"))
        assert wrong == []

    def test_twenty_minutes_with_late_entries_and_trouble_tell_each_change_once(self) -> None:
        self.judge(self.live(20, seed=1))

    def test_twenty_minutes_with_entries_that_never_appear_show_the_true_state(self) -> None:
        self.judge(self.live(20, seed=2, hide=0.05))


@pytest.mark.soak
class LongSensorSoakTestCase(SensorSoakTestCase):
    test_twenty_minutes_with_late_entries_and_trouble_tell_each_change_once = None  # type: ignore[assignment]
    test_twenty_minutes_with_entries_that_never_appear_show_the_true_state = None  # type: ignore[assignment]

    def test_two_hours_with_late_entries_and_trouble_tell_each_change_once(self) -> None:
        self.judge(self.live(120, seed=3))

    def test_two_hours_with_entries_that_never_appear_show_the_true_state(self) -> None:
        self.judge(self.live(120, seed=4, hide=0.05))
