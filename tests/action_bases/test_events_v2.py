"""event.trigger, .acknowledge, .resolve and .change: the key in the body alone, nothing twice,
every way it fails."""

# flake8: noqa: W503

from __future__ import annotations

import json
from typing import Any

from actions_world import ActionsTestCase

HTTPS = "https://example.com/x"


class EventsV2TestCase(ActionsTestCase):
    def setUp(self) -> None:
        super().setUp()
        keys = {row["name"]: row["key"] for row in self.account.catalog["integrations"].values()}
        self.key, self.other = keys["Database Events API v2"], keys["Storefront Events API v2"]
        self.settings["events"] = {"routing_key": self.key, "routing_keys": {"shop": self.other}}

    def body(self) -> Any:
        return json.loads(self.server.journal.entries[-1].body or b"null")

    def test_an_alert_is_told_with_all_there_is(self) -> None:
        more = {
            "timestamp": "5m",
            "component": "disk",
            "group": "db",
            "class": "space",
            "custom_details": {"free": "1%"},
            "client": "StackStorm",
            "client_url": HTTPS,
            "links": [{"href": HTTPS, "text": "Runbook"}],
            "images": [{"src": HTTPS, "alt": "Graph"}],
        }
        answer = self.done(
            "event.trigger", summary="Disk full", severity="error", dedup_key="db-1", **more
        )
        assert answer == {"status": "success", "message": "Event processed", "dedup_key": "db-1"}
        entry = self.server.journal.entries[-1]
        assert (entry.method, entry.path, entry.query) == ("POST", "/v2/enqueue", ())
        sent = self.body()
        assert (sent["routing_key"], sent["event_action"], sent["dedup_key"]) == (
            self.key,
            "trigger",
            "db-1",
        )
        assert sent["payload"] == {
            "summary": "Disk full",
            "source": "StackStorm",
            "severity": "error",
            "timestamp": "2026-11-21T03:40:10Z",
            "component": "disk",
            "group": "db",
            "class": "space",
            "custom_details": {"free": "1%"},
        }
        assert {name: sent[name] for name in ("client", "client_url", "links", "images")} == {
            name: more[name] for name in ("client", "client_url", "links", "images")
        }

    def test_a_life_of_an_alert_by_its_key(self) -> None:
        key = self.done("event.trigger", summary="Slow", routing_key_name="SHOP")["dedup_key"]
        assert self.body()["routing_key"] == self.other
        (one,) = self.account.incidents.values()
        self.done("event.acknowledge", dedup_key=key, routing_key=self.other)
        assert one.status == "acknowledged"
        self.done("event.resolve", dedup_key=key, routing_key_name="shop")
        assert one.status == "resolved"
        assert set(self.body()) == {"routing_key", "event_action", "dedup_key"}

    def test_a_change_is_told_once(self) -> None:
        assert (
            self.done("event.change", summary="Deployed 1.2", links=[{"href": HTTPS}])["status"]
            == "success"
        )
        assert self.body()["payload"] == {"summary": "Deployed 1.2", "source": "StackStorm"}
        before = len(self.sent())
        self.server.faults.add("lost", method="POST", times=1)
        assert "check before you repeat it" in self.refused("event.change", summary="Deployed 1.3")
        assert len(self.sent()) == before + 1

    def test_a_lost_answer_is_sent_again_under_the_same_key(self) -> None:
        self.server.faults.add("lost", method="POST", times=2)
        self.done("event.trigger", summary="Slow")
        assert len(self.sent()) == 3
        assert len(self.account.incidents) == 1

    def test_trouble_is_one_line(self) -> None:
        for status, told in (
            (429, "too many events"),
            (500, "trouble (500)"),
            (400, "check the integration key"),
        ):
            self.server.faults.add("status", status=status, method="POST")
            assert told in self.refused("event.trigger", summary="Slow")
            self.server.faults.clear()
        self.server.faults.add("bad_json", method="POST")
        assert "no JSON" in self.refused("event.trigger", summary="Slow")
        self.server.faults.clear()
        self.server.faults.add("freeze", method="POST", done=False)
        self.settings["timeouts"] = {"connect": 1, "read": 0.1}
        assert "no answer in time" in self.refused("event.resolve", dedup_key="x")

    def test_which_key_is_meant_is_told(self) -> None:
        assert "no routing key 'x'; there are shop" in self.refused(
            "event.trigger", summary="Slow", routing_key_name="x"
        )
        del self.settings["events"]["routing_key"]
        self.done("event.trigger", summary="Slow")  # the only one there is
        self.settings["events"]["routing_keys"]["db"] = self.key
        line = self.refused("event.trigger", summary="Slow")
        assert "routing_key: is missing" in line
        assert "(routing_key_name: db, shop)" in line
        self.settings["events"]["routing_keys"] = {}
        assert "in the configuration" in self.refused("event.trigger", summary="Slow")

    def test_a_key_with_a_line_end_is_the_key(self) -> None:
        self.done("event.trigger", summary="Slow", routing_key=self.other + "\n")
        assert self.body()["routing_key"] == self.other

    def test_no_key_shows(self) -> None:
        self.settings["debug"] = True
        for key, given in (("R0UT1NGK3Y" * 3, {}), (self.other, {"routing_key_name": "shop"})):
            self.settings["events"]["routing_key"] = key
            self.server.faults.add("status", status=400, method="POST")
            line = self.refused("event.trigger", summary="Slow", **given)
            assert key not in line + str(self.warnings)
            self.server.faults.clear()

    def test_wrong_inputs_are_named_and_nothing_is_sent(self) -> None:
        for given, told in (
            ({"summary": None}, "summary: is missing"),
            ({"severity": "bad"}, "severity: "),
            ({"timestamp": "banana"}, "timestamp: "),
            ({"client_url": "javascript:x"}, "client_url: "),
            ({"links": [{"text": "x"}]}, "links[0].href: is missing"),
            ({"links": [{"href": "x"}]}, "links[0].href: "),
            ({"images": [{"src": HTTPS, "size": 1}]}, "images[0].size: "),
            ({"custom_details": "x"}, "custom_details: "),
            ({"custom_details": {"x": float("nan")}}, "NaN"),
            ({"routing_key": "x" * 32, "routing_key_name": "shop"}, "one key too many"),
            ({"routing_key": "x" * 256}, "routing_key: "),
        ):
            assert told in self.refused("event.trigger", **{"summary": "Slow", **given}), given
        for name in ("event.acknowledge", "event.resolve"):
            assert "dedup_key: is missing" in self.refused(name)
        for given, told in (
            ({}, "summary: is missing"),
            ({"summary": "x", "timestamp": "10/11"}, "timestamp: "),
            ({"summary": "x", "links": [{}]}, "links[0].href: is missing"),
        ):
            assert told in self.refused("event.change", **given)
        assert self.sent() == []

    def test_what_is_too_large_pages_with_less_of_its_details(self) -> None:
        self.done("event.trigger", summary="x", custom_details={"x": "y" * 600000})
        shown = self.body()["payload"]["custom_details"]
        assert shown["details"].startswith('{"x": "yyy')
        assert "PagerDuty takes no more" in shown["cut"]
