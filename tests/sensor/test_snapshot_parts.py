"""Snapshots that read a part of what is open: what they cost at 40 and at 5,000 open incidents,
and that they find what reading all of them finds."""

from __future__ import annotations

from typing import Any, List

from sensor_world import SensorWorld

HOUR = 3600
MAX_REQUESTS_AN_HOUR = 40
"""More than the log: with the twelve of reconcile they are 52."""


class SnapshotPartsTestCase(SensorWorld):
    def opened(self, number: int) -> List[str]:
        """So many are open and known, and the sensor has settled."""
        self.account.set_options(rate_limit=None)
        ids = self.account.storm(number)
        self.clock.advance(600)
        self.poll(times=3)
        return ids

    def hour(self) -> List[str]:
        """Paths asked for in an hour beside the log."""
        before = len(self.journal.entries)
        self.poll(30, times=HOUR // 30)
        paths = [one.path for one in self.journal.entries[before:]]
        assert paths.count("/log_entries") == HOUR // 30, "a quiet cycle reads the log once"
        return [path for path in paths if path != "/log_entries"]

    def test_a_quiet_hour_at_40_open_ones(self) -> None:
        self.opened(40)
        assert len(self.hour()) <= MAX_REQUESTS_AN_HOUR
        assert self.payloads() == []

    def test_quiet_hours_at_5000_open_ones(self) -> None:
        self.opened(5000)
        assert all(len(self.hour()) <= MAX_REQUESTS_AN_HOUR for _ in range(2))
        assert self.payloads() == []

    def test_all_are_gone_through_in_time_also_while_others_are_resolved(self) -> None:
        ids = self.opened(1500)
        for _ in range(9):
            for id in ids[:20]:
                self.account.resolve(id)
            del ids[:20]
            self.account.storm(3)
            self.poll(30, times=10)
        self.hide(lambda: self.account.set_title(ids[750], "Other title"))
        before = self.requests("^/incidents/")
        self.poll(30, times=HOUR // 30)
        assert self.events(self.account.incidents[ids[750]]) == ["incident.title_updated"]
        assert self.requests("^/incidents/") - before <= 2, "nothing was thought to have vanished"

    def test_what_vanished_without_a_word_is_found_by_the_count(self) -> None:
        ids = self.opened(600)
        gone = ids[300]
        self.hide(lambda: self.account.resolve(gone, "ada@example.com"))
        self.poll(30, times=40)
        assert gone not in self.open_ones()
        before = self.requests("^/incidents")
        self.poll(30, times=40)
        assert self.requests("^/incidents") - before <= 12

    def test_what_came_without_a_word_is_found(self) -> None:
        self.opened(600)
        made = self.hide(lambda: self.account.trigger("Checkout API", "Never in the log"))
        self.poll(30, times=30)
        assert self.events(made) == ["incident.triggered"]

    def hide(self, act: Any) -> Any:
        """What is done, without an entry in the log."""
        self.account.log_late(10**7)
        done = act()
        self.account.log_late(0)
        return done

    def open_ones(self) -> List[str]:
        state = self.sensor._cycle.state
        return [id for id, known in state.known.items() if known.is_open]
