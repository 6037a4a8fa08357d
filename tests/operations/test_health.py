"""health.check and health.watchdog, against both sandboxes."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict

from health_check import HealthCheck
from health_watchdog import HealthWatchdog
from incident_world import IncidentActionCase

from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import kept_pages
from pagerduty_mattermost.oncall.directory import Directory
from pagerduty_mattermost.oncall.handoffs import WatchState, to_data
from pagerduty_mattermost.operations import dead_letters
from sandbox.pagerduty import READ_ONLY_KEY

ROOT = Path(__file__).resolve().parents[2]
ALIVE = {"state": "ok", "open": 3, "reported": 2, "cycle": 7, "server_time": 1.0}


class HealthCheckTestCase(IncidentActionCase):
    __test__ = True
    action_cls = HealthCheck

    def setUp(self) -> None:
        super().setUp()
        self.store = Store(self.get_action_instance(self.settings()).action_service)
        now = self.chat.clock()
        self.store.write("sensor.heartbeat", {**ALIVE, "last_good": "2025-10-09T08:53:00Z"})
        self.store.write("watchdog", {"beat": "7/1.0", "since": now})
        self.store.write("reconcile.run", {"at": now, "ended": now})
        self.store.write("reconcile.timer", {"at": now})

    def checks(self, **changes: Any) -> Dict[str, Any]:
        succeeded, result = self.act(self.settings(**changes))
        assert succeeded, result
        self.result = result
        return {one["name"]: one for one in result["checks"]}

    def test_all_is_well_and_each_line_says_how(self) -> None:
        found = self.checks()
        assert self.result["ok"] is True
        assert {name for name, one in found.items() if one["state"] not in ("ok", "off")} == set()
        assert "answers in" in found["PagerDuty"]["text"]
        assert found["API key"]["text"] == "may read and write"
        assert "@pagerduty" in found["Mattermost"]["text"]
        assert "3 open incidents, changes of 2 reported so far" in found["incident sensor"]["text"]
        assert self.result["message"].count("\n") == len(found) + 1

    def test_the_guide_lists_each_line_in_its_order(self) -> None:
        guide = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
        table = guide.partition("| line | what it says |")[2].partition("\n\n")[0]
        rows = [row.split("|")[1].strip() for row in table.splitlines() if row.startswith("| ")]
        assert rows == list(self.checks())

    def test_of_several_sensors_it_says_who_leads_and_who_stands_by(self) -> None:
        assert self.checks()["standby"]["state"] == "off"

        def standby() -> Any:
            found = self.checks(watch={"leader_election": True})["standby"]
            return found["state"], found["text"]

        assert standby() == ("fail", "no incident sensor leads; standing by: none")
        self.store.write("sensor.standby.ffff0001", "node-b 22 ffff0001")
        assert standby()[1].endswith("standing by: node-b (process 22)")
        self.store.write("sensor.leader", {"by": "node-a 11 ffff0000", "beat": 7})
        assert standby() == (
            "ok",
            "node-a (process 11) reads PagerDuty; standing by: node-b (process 22)",
        )
        self.store.delete("sensor.standby.ffff0001")
        assert standby()[0] == "warn"

    def test_a_token_that_every_member_can_read_is_told(self) -> None:
        listens = {"port": 1, "public_url": "http://127.0.0.1:1", "signing_keys": ["s" * 32]}
        assert self.checks(chat=listens)["command's token"]["state"] == "ok"
        self.chat.service.grant("team_user", "manage_slash_commands")
        found = self.checks(chat=listens)["command's token"]
        assert found["state"] == "warn"
        assert "send commands in anybody's name" in found["text"]
        assert self.checks()["command's token"]["state"] == "off"

    def test_a_playbook_that_can_not_be_used_is_named(self) -> None:
        assert self.checks()["playbooks"]["text"] == "major-incident"
        with TemporaryDirectory() as folder:
            (Path(folder) / "a.yaml").write_text("name: x\ntitel: X\n")
            found = self.checks(rooms={"playbook_dir": folder})["playbooks"]
        assert found["state"] == "warn"
        assert f"{folder}/a.yaml: line 1: stages: is missing" in found["text"]
        assert found["text"].endswith("and 2 more; all others are (major-incident)")

    def test_what_is_not_protected_on_the_way_is_told(self) -> None:
        assert self.checks()["protection"]["state"] == "ok"
        found = self.checks(tls={"verify": False}, events_url="http://events.example.com")
        assert found["protection"]["state"] == "warn"
        assert "tls.verify: false: whoever sits on the way" in found["protection"]["text"]
        assert "events_url: integration keys go over http://" in found["protection"]["text"]
        assert self.result["ok"] is True, "it stops nothing"

    def test_it_changes_nothing(self) -> None:
        self.checks()
        assert self.account.incidents == {}
        assert self.chat.created() == 0

    def test_a_read_only_key_is_told(self) -> None:
        assert "may only read" in self.checks(api_key=READ_ONLY_KEY)["API key"]["text"]

    def test_each_trouble_fails_its_own_line(self) -> None:
        now = self.chat.clock()
        self.store.write(
            "sensor.heartbeat", {**ALIVE, "state": "failing", "reason": "the datastore is down"}
        )
        self.store.write("reconcile.run", {"at": now, "ended": now - 7200})
        self.store.write("reconcile.timer", {"at": now - 7200})
        log = logging.getLogger("health")
        dead_letters.keep(
            self.store, "post_once", {"key": "x"}, "blocked", "the channel is archived", now, log
        )
        found = self.checks(
            chat={"port": 8090, "public_url": "http://127.0.0.1:9", "signing_keys": ["k" * 32]}
        )
        assert self.result["ok"] is False
        assert "the datastore is down" in found["incident sensor"]["text"]
        assert "st2rulesengine" in found["reconcile"]["text"]
        assert "restart st2timersengine" in found["timers"]["text"]
        letters = (
            "1 kept, 0 of them need somebody (deadletter.list); "
            "the newest: the channel is archived"
        )
        assert found["failed posts"]["text"] == letters
        assert "is the chat sensor running?" in found["chat"]["text"]

    def test_pages_that_wait_for_pagerduty_fail_their_line(self) -> None:
        assert "not known yet" in self.checks()["kept pages"]["text"]
        now = self.chat.clock()
        self.store.write("oncall.directory", to_json(Directory(now)))
        assert self.checks()["kept pages"]["state"] == "ok"
        lane = kept_pages.lane_of("events", "k")
        page = kept_pages.KeptPage("3f2a91c0d4", "event", {}, "x", lane, "Disk full", "me", now)
        kept_pages.save(self.store, page._replace(reason="no connection"), now)
        found = self.checks()["kept pages"]
        assert found["state"] == "fail"
        assert found["text"].startswith("1 wait for PagerDuty, the oldest since ")
        assert found["text"].endswith("(kept_page.list): no connection")

    def test_the_on_call_watch_is_missed_when_it_does_not_look(self) -> None:
        terms = {"oncall": {"channels": {"Platform rotation": "incidents"}}}
        assert self.checks()["on-call watch"]["state"] == "off"
        assert "has not polled yet" in self.checks(**terms)["on-call watch"]["text"]
        for age, state in ((60, "ok"), (1200, "fail")):
            looked = WatchState(at=self.chat.clock() - age)
            self.store.write("oncall.watch", to_data(looked))
            found = self.checks(**terms)["on-call watch"]
            assert (found["state"], f"{age // 60} min ago" in found["text"]) == (state, True)

    def test_what_comes_by_itself_is_not_missed_right_after_a_start(self) -> None:
        for key in ("reconcile.run", "reconcile.timer"):
            self.store.delete(key)
        terms = {
            "oncall": {"channels": {"Platform rotation": "incidents"}},
            "canary": {"service": "Database", "routing_key": "k" * 32, "channel": "ops"},
        }
        jobs = {"reconcile": 180, "on-call watch": 180, "canary": 180, "timers": 660}
        for age in (0, 170, 190, 650, 670):
            started = self.chat.clock() - age
            self.store.write("sensor.heartbeat", {**ALIVE, "started": started})
            found = self.checks(**terms)
            states = {name: found[name]["state"] for name in jobs}
            expected = {name: "ok" if age < due else "warn" for name, due in jobs.items()}
            assert states == expected, (age, found)
        assert "upkeep_by_timer" in found["timers"]["text"]
        self.store.write("sensor.heartbeat", ALIVE)
        assert self.checks()["timers"]["state"] == "warn", "where the start is not known"

    def test_a_silent_sensor_and_one_never_heard_of(self) -> None:
        self.store.write("watchdog", {"beat": "7/1.0", "since": self.chat.clock() - 7200})
        assert "silent for 2 h" in self.checks()["incident sensor"]["text"]
        self.store.write("sensor.heartbeat", {**ALIVE, "cycle": 108})  # it was started anew
        assert self.checks()["incident sensor"]["state"] == "ok"
        self.store.delete("sensor.heartbeat")
        assert "never been heard of" in self.checks()["incident sensor"]["text"]

    def test_a_side_that_does_not_answer_fails_its_lines_and_the_others_are_told(self) -> None:
        self.pager.faults.add("drop")
        found = self.checks()
        assert found["PagerDuty"]["state"] == "fail"
        assert found["Mattermost"]["state"] == "ok"
        self.pager.faults.clear()
        self.chat.server.faults.add("drop")
        found = self.checks()
        assert (found["PagerDuty"]["state"], found["Mattermost"]["state"]) == ("ok", "fail")
        assert "\n" not in found["Mattermost"]["text"]

    def test_clocks_that_differ(self) -> None:
        action = self.action(self.settings())
        action.clock = lambda: self.chat.clock() + 600
        succeeded, result = action.run()
        assert succeeded
        (line,) = [one for one in result["checks"] if one["name"] == "clock"]
        assert (line["state"], "10 min off PagerDuty's" in line["text"]) == ("fail", True)

    def test_without_mattermost_its_lines_are_off(self) -> None:
        succeeded, result = self.act({**self.settings(), "mattermost": {}})
        assert succeeded
        states = {one["name"]: one["state"] for one in result["checks"]}
        assert (states["Mattermost"], states["channels"], states["chat"]) == ("off", "off", "off")


class HealthWatchdogTestCase(IncidentActionCase):
    __test__ = True
    action_cls = HealthWatchdog

    def setUp(self) -> None:
        super().setUp()
        self.store = Store(self.get_action_instance(self.settings()).action_service)
        self.store.write("sensor.heartbeat", ALIVE)

    def look(self, **given: Any) -> str:
        unset: Dict[str, Any] = dict.fromkeys(("died", "exit_code", "at"))
        return str(self.done(**{**unset, **given})["done"])

    def test_silence_is_told_once_in_the_operations_channel_and_the_return_as_well(self) -> None:
        assert self.look() == "quiet"
        self.chat.clock.advance(700)
        assert [self.look(), self.look()] == ["told", "quiet"]
        self.store.write("sensor.heartbeat", {**ALIVE, "cycle": 8})
        assert [self.look(), self.look()] == ["told", "quiet"]
        told = [line for line in self.chat.messages("ops") if "incident sensor" in line]
        assert [("silent" in line, "is back" in line) for line in told] == [
            (True, False),
            (True, True),
        ]

    def test_killed_between_post_and_record_it_posts_no_second_time(self) -> None:
        self.look()
        before = self.store.read("watchdog")
        self.chat.clock.advance(700)
        self.look()
        self.store.write("watchdog", before)
        self.look()
        assert len([line for line in self.chat.messages("ops") if "silent" in line]) == 1

    def test_a_death_is_told_at_once_and_once(self) -> None:
        for _ in range(2):
            assert self.look(died="ChatSensor", exit_code=1, at=1760000000) == "told"
        assert len([line for line in self.chat.messages("ops") if "ChatSensor died" in line]) == 1

    def test_over_an_exchange_configuration_nothing_fails(self) -> None:
        succeeded, result = self.action({"api_key": "u+exchangePack1234567"}).run()
        assert (succeeded, result["done"]) == (True, "not_configured")

    def test_mattermost_away_it_fails_and_tells_at_the_next_look(self) -> None:
        self.look()
        self.chat.clock.advance(700)
        self.chat.server.faults.add("drop")
        unset: Dict[str, Any] = dict.fromkeys(("died", "exit_code", "at"))
        self.refused(**unset)
        self.chat.server.faults.clear()
        assert self.look() == "told"
