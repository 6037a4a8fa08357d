"""Mattermost is away for half a minute: one action asks whether it is back, and what the others
could not post follows its return within five seconds, in order."""

from __future__ import annotations

from typing import Any, List

from incident_world import IncidentActionCase, happened
from mattermost_catch_up import CatchUp
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import dead_letters, outage

AWAY_SECONDS = 30.0
WITHIN_SECONDS = 5.0


class OutageCase(IncidentActionCase):
    __test__ = False
    action_cls = CatchUp

    def setUp(self) -> None:
        super().setUp()
        self.account.set_options(rate_limit=None)
        self.queue: List[Any] = []
        """Changes that come while an action waits: (when, what)."""
        self.back_at = 0.0
        self.busy = False

    def sleep(self, seconds: float) -> None:
        """Time passes: changes come, and Mattermost comes back."""
        until = self.chat.clock() + seconds
        while True:
            due = [one for one in self.queue if one[0] <= until]
            if not due:
                break
            self.queue.remove(due[0])
            self.pass_to(max(due[0][0], self.chat.clock()))
            due[0][1]()
        self.pass_to(until)

    def pass_to(self, at: float) -> None:
        if self.chat.clock() < self.back_at <= at:
            self.chat.clock.advance(self.back_at - self.chat.clock())
            self.chat.server.faults.clear()
        if at > self.chat.clock():
            self.chat.clock.advance(at - self.chat.clock())

    def rule(self, cls: Any, **params: Any) -> Any:
        """A run of an action, as a rule makes it."""
        action = cls(self.settings(), self.action_service)
        action.sleep, action.monotonic, action.clock = self.sleep, self.chat.clock, self.chat.clock
        return action.run(**params)

    def told(self, incident: Any, number: int, kind: str) -> None:
        """What both rules do with a change that the sensor reports now."""
        shown = self.incident(incident)
        at = shown.created_at if kind == "triggered" else shown.updated_at
        change = self.change(shown, happened(number, kind, at))
        self.rule(
            PostIncident,
            change=change,
            incident_id=None,
            channel="incidents",
            start_on=["triggered"],
        )
        self.rule(RepaintIncident, change=change, incident_id=None)

    def away(self) -> float:
        """Mattermost is away from now on; when it will be back."""
        self.chat.server.faults.add("drop")
        self.back_at = self.chat.clock() + AWAY_SECONDS
        return self.back_at

    @property
    def kept(self) -> List[dead_letters.DeadLetter]:
        return dead_letters.load_all(Store(self.action_service), None)

    def cards(self) -> List[Any]:
        return [p for p in self.chat.service.posts("incidents") if "attachments" in p.props]


class OutageTestCase(OutageCase):
    __test__ = True

    def test_what_was_missed_follows_its_return_within_five_seconds_in_order(self) -> None:
        made = [self.account.trigger("Checkout API", f"Slow {n}") for n in range(10)]
        self.chat.clock.advance(1)
        began, back = self.chat.clock(), self.away()
        for n, one in enumerate(made):
            at = began + 2 + 2 * n
            self.queue.append((at, lambda one=one, n=n: self.told(one, n, "triggered")))

            def acknowledged(one: Any = one, n: int = n) -> None:
                self.account.acknowledge(one, "ada@example.com")
                self.told(one, 100 + n, "acknowledged")

            self.queue.append((at + 1, acknowledged))
        self.queue.sort(key=lambda one: one[0])
        before = len(self.chat.journal.entries)
        self.told(self.account.trigger("Database", "First"), 999, "triggered")
        asked = [e for e in self.chat.journal.entries[before:] if e.time < back]
        assert self.kept == []
        assert len(self.cards()) == 11
        assert max(card.create_at / 1000 for card in self.cards()) <= back + WITHIN_SECONDS
        for card in self.cards():
            replies = [post.message for post in self.chat.service.thread(card)]
            assert ["cknowledged" in one for one in replies] in ([False, True], [False])
        # Two actions a change try once each; beside them one asks.
        assert len(asked) <= 2 * 21 + 20, len(asked)

    def test_a_hiccup_is_left_to_the_library(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.chat.server.faults.add("status", status=503, times=1)
        self.told(one, 1, "triggered")
        assert (self.kept, len(self.cards())) == ([], 1)
        assert Store(self.action_service).read(outage.KEY) is None

    def test_one_that_is_killed_while_it_asks_is_followed_by_the_catch_up(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.away()
        killed = self.sleep

        def die(seconds: float) -> None:
            killed(seconds)
            if self.kept:
                raise KeyboardInterrupt

        self.sleep = die  # type: ignore[method-assign]
        try:
            self.told(one, 1, "triggered")
        except KeyboardInterrupt:
            pass
        self.sleep = killed  # type: ignore[method-assign]
        assert len(self.kept) == 1
        self.rule(CatchUp)
        assert (self.kept, len(self.cards())) == ([], 1)
        (card,) = self.cards()
        assert card.create_at / 1000 <= self.back_at + outage.SILENT_SECONDS + WITHIN_SECONDS

    def test_a_rate_limit_and_a_person_wait_for_nobody(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.chat.server.faults.add("drop")
        succeeded, _ = self.rule(
            PostIncident, change=None, incident_id=one.id, channel="incidents"
        )
        assert not succeeded
        assert (self.kept, Store(self.action_service).read(outage.KEY)) == ([], None)

