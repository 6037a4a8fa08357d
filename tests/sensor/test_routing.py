"""What the incident sensor says along with a change: which rules post it, whether a channel is
subscribed, and what was dispatched before."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, List

from sensor_world import SensorWorld

from pagerduty_mattermost.cards import subscriptions
from pagerduty_mattermost.cards.subscriptions import Subscription
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.sent_events import EARLIER_SECONDS, MAX_EARLIER


def posts(priority: str = "") -> Any:
    wanted = {"trigger.incident.priority": {"type": "equals", "pattern": priority}}
    return SimpleNamespace(
        ref="mine.posts",
        enabled=True,
        trigger={"type": "pagerduty.incident"},
        criteria=wanted if priority else {},
        action={
            "ref": "pagerduty.mattermost.post_incident",
            "parameters": {"change": "{{ trigger }}", "channel": "incidents"},
        },
    )


class RoutingTestCase(SensorWorld):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.rules: List[Any] = [posts()]
        self.asked: List[Dict[str, Any]] = []
        client = SimpleNamespace(rules=SimpleNamespace(query=self.query))
        self.sensor_service.datastore_service.get_api_client = lambda: client
        self.poll()

    def query(self, **asked: Any) -> List[Any]:
        self.asked.append(asked)
        if self.rules is None:
            raise ConnectionError("st2api is down")
        return self.rules

    def happens(self, **given: Any) -> Dict[str, Any]:
        self.incident = self.account.trigger("Checkout API", "Disk full", **given)
        self.poll()
        return self.payloads()[-1]

    def test_a_change_says_how_many_rules_post_it(self) -> None:
        assert self.happens()["routes"] == 1
        self.rules = [posts("P1"), posts()]
        assert self.happens(priority="P1")["routes"] == 2
        self.rules = [posts("P1")]
        assert self.happens()["routes"] == 0
        self.rules[0].enabled = False
        assert self.happens(priority="P1")["routes"] == 0

    def test_rules_are_asked_for_once_a_cycle_and_only_when_something_happened(self) -> None:
        for _ in range(3):
            self.account.trigger("Checkout API", "Disk full")
        self.poll()
        assert self.asked == [{"trigger": "pagerduty.incident", "limit": 100}]
        self.poll(times=3)
        assert len(self.asked) == 1

    def test_rules_that_can_not_be_read_leave_it_to_the_rule_that_repaints(self) -> None:
        self.rules = None  # type: ignore[assignment]
        found = self.happens()
        assert (found["routes"], found["subscribed"]) == (0, True)
        self.rules = [posts()]
        self.poll(times=10)
        assert self.happens()["routes"] == 1

    def test_so_do_more_rules_than_a_page_holds(self) -> None:
        self.rules = [posts()] * 100
        assert self.happens()["routes"] == 0

    def test_it_says_whether_a_subscription_fits(self) -> None:
        assert self.happens()["subscribed"] is False
        store = Store(self.sensor_service)
        subscriptions.save(store, Subscription("c" * 26, urgency="low"))
        assert self.happens()["subscribed"] is False
        subscriptions.save(store, Subscription("c" * 26, urgency="high"))
        assert self.happens()["subscribed"] is True

    def test_what_was_dispatched_before_goes_along_for_a_while(self) -> None:
        first = self.happens()
        assert first["earlier"] == []
        self.account.acknowledge(self.incident, user="ada@example.com")
        self.poll()
        second = self.payloads()[-1]
        assert second["earlier"] == first["events"]
        self.account.annotate(self.incident, "Looking", user="ada@example.com")
        self.poll()
        assert self.payloads()[-1]["earlier"] == [*first["events"], *second["events"]]
        self.poll(EARLIER_SECONDS)
        self.account.resolve(self.incident, user="ada@example.com")
        self.poll()
        assert self.payloads()[-1]["earlier"] == []

    def test_a_few_of_them_and_no_more_than_the_payload_holds(self) -> None:
        self.happens()
        for number in range(MAX_EARLIER + 3):
            self.account.annotate(self.incident, f"Look {number}", user="ada@example.com")
            self.poll(5)
        notes = [one["changes"].get("note") for one in self.payloads()[-1]["earlier"]]
        assert notes == [f"Look {number}" for number in range(2, MAX_EARLIER + 2)]
        for letter in "ab":
            self.account.annotate(self.incident, letter * 11_000, user="ada@example.com")
            self.poll(5)
        found = self.payloads()[-1]
        assert found["events"][0]["changes"]["note"] == "b" * 11_000
        assert [one["changes"]["note"][:1] for one in found["earlier"]] == []
