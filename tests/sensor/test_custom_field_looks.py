"""A custom field that was changed without an entry in the log: told in words by what a snapshot
finds, once; what the log tells is not told again."""

from __future__ import annotations

from typing import Any, List

from sensor_world import SensorWorld

from pagerduty_mattermost.cards.card import CardView
from pagerduty_mattermost.cards.replies import draw_reply
from pagerduty_mattermost.incidents.custom_fields import NONE, changed, marks
from pagerduty_mattermost.incidents.incident import from_payload

CUSTOM = "incident.custom_field_values.updated"


def row(name: str, value: Any) -> Any:
    return {"name": name, "display_name": name, "value": value}


def test_what_is_other_is_told_in_words() -> None:
    before = marks([row("impact", "low"), row("the_region", None), row("tags", ["a", "b"])])
    after = [row("impact", "high"), row("the_region", "EU"), row("tags", None)]
    assert changed(before, after) == "impact: high, the region: EU, tags: none"
    assert changed(before, [row("impact", "low"), row("tags", ["a", "b"])]) == ""
    assert changed(marks(after), []) == "impact: none, the region: none"
    assert (changed("", after), marks([])) == ("", NONE)
    assert changed(NONE, [row("impact", "x")]) == "impact: x"
    assert changed(marks([{"name": 7}, {"name": "a;b=c", "value": {"x": 1}}]), []) == ""


class CustomFieldsTestCase(SensorWorld):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.poll()
        self.one = self.account.trigger("Checkout API", "Slow")
        self.poll(times=15)

    def silently(self, **values: Any) -> None:
        """Changed without a word in the log."""
        with self.account.lock:
            self.one.custom_fields.update(values)
            self.account._touch(self.one)

    def told(self, since: int = 0) -> List[str]:
        found = []
        for payload in self.payloads():
            change = from_payload(payload)
            for event in change.events:
                if event.event_type == CUSTOM:
                    text = draw_reply(change.incident, event, CardView())
                    found.append(text.partition(" · ")[2])
        return found

    def test_a_change_that_no_entry_tells_is_told_once_in_words(self) -> None:
        self.silently(Impact="high", Region="EU")
        self.poll(times=25)
        assert self.told() == ["Set Impact: high, Region: EU"]
        self.silently(Impact=None)
        self.poll(times=25)
        assert self.told()[1:] == ["Set Impact: none"]
        self.poll(times=25)
        assert len(self.told()) == 2
        assert self.payloads("pagerduty.sensor_health") == []

    def test_what_the_log_tells_is_not_told_again(self) -> None:
        self.account.set_custom_fields(self.one, {"Impact": "high"}, "ada@example.com")
        self.poll(times=40)
        assert len(self.told()) == 1
        self.silently(Impact="low")
        self.poll(times=40)
        assert self.told()[1:] == ["Set Impact: low"]
        self.silently(Region="EU")
        self.poll(times=40)
        assert self.told()[2:] == ["Set Region: EU"]

    def test_a_restart_in_between_loses_nothing(self) -> None:
        self.silently(Impact="high")
        self.poll(times=3)
        self.sensor = self.start_sensor()
        self.poll(times=25)
        assert self.told() == ["Set Impact: high"]

    def test_trouble_with_the_look_is_made_up_for(self) -> None:
        self.silently(Impact="high")
        self.server.faults.add("status", status=500, path=f"/incidents/{self.one.id}")
        self.poll(times=25)
        assert self.told() == []
        self.server.faults.clear()
        self.poll(times=25)
        assert self.told() == ["Set Impact: high"]

    def test_looks_are_few(self) -> None:
        self.account.set_options(rate_limit=None)
        ids = self.account.storm(40)
        self.poll(times=25)
        for id in ids:
            self.one = self.account.incidents[id]
            self.silently(Impact="high")
        before = len(self.journal.entries)
        self.poll(times=10)
        looks = [
            one.path for one in self.journal.entries[before:] if one.path.startswith("/incidents/")
        ]
        assert len(looks) <= 6
