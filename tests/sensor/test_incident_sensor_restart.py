"""What the incident sensor's process does not remember is not told twice, nor forgotten."""

from __future__ import annotations

from sensor_world import SensorWorld

from pagerduty_mattermost.incidents import reader
from pagerduty_mattermost.sensor import cycle


class RestartTestCase(SensorWorld):
    def test_cycles_only_ever_grow(self) -> None:
        """They decide which of two changes of one second is the newer one."""
        self.poll(times=3)
        self.poll(seconds=4, times=8)
        before = self.sensor._cycle.state.cycle
        self.sensor = self.start_sensor()
        self.poll(seconds=4)
        assert self.sensor._cycle.state.cycle > before

    def test_a_lost_head_makes_no_news_of_what_was_resolved_before(self) -> None:
        self.poll()
        incidents = [
            self.account.trigger("Checkout API", f"Resolved {number}") for number in range(3)
        ]
        self.poll()
        self.sensor._cycle._states.compact(self.sensor._cycle.state)
        for incident in incidents:
            self.account.resolve(incident)
        self.poll(times=12)
        before = self.event_ids()
        self.sensor_service.set_value("pagerduty.sensor.head", "not json", local=False)
        self.sensor = self.start_sensor()
        self.poll(times=25)
        assert set(self.event_ids()) == set(before)

    def test_after_a_month_the_last_week_is_told_first(self) -> None:
        self.poll()
        for _ in range(30):
            for id in self.account.storm(2):
                self.account.resolve(id)
            self.clock.advance(86400)
        last = self.account.trigger("Checkout API", "Of today")
        for module, name, value in (
            (reader, "PAGE_ROWS", 10),
            (reader, "MAX_WINDOW_ENTRIES", 10),
            (cycle, "MAX_SLICES", 15),
        ):
            self.addCleanup(setattr, module, name, getattr(module, name))
            setattr(module, name, value)
        self.sensor = self.start_sensor()
        self.poll()
        assert self.events(last) == ["incident.triggered"]

    def test_what_was_resolved_while_nobody_looked_for_long_is_told_once(self) -> None:
        """The first look after a restart knows no time but the last one's: what it learns is new
        all the same."""
        self.poll()
        before = self.account.trigger("Checkout API", "Disk full")
        self.poll()
        self.clock.advance(2 * 3600)
        self.account.resolve(before)
        short = self.account.trigger("Database", "Came and went")
        self.account.resolve(short)
        self.sensor = self.start_sensor()
        self.poll(seconds=10, times=2)
        self.account.trigger("Storefront", "Another change, which is committed")
        self.poll(seconds=10, times=60)
        assert self.events(before) == ["incident.triggered", "incident.resolved"]
        assert self.events(short) == ["incident.triggered", "incident.resolved"]
