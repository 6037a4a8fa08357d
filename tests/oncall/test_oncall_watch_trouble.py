"""oncall.watch while something fails: PagerDuty, Mattermost, the datastore, the configuration or
the run itself; no hand-off is lost or told twice."""

# flake8: noqa: E203,W503

from __future__ import annotations

from typing import Any, List
from unittest.mock import patch

from oncall_case import moment
from oncall_watch_case import ADA, WatchCase

from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import watch
from pagerduty_mattermost.oncall.watch import OnCallWatcher

MINUTE = 60


class TroubleTestCase(WatchCase):
    __test__ = True

    def test_a_look_that_fails_tells_nothing_and_the_next_makes_up_for_it(self) -> None:
        self.look()
        self.at(moment(2026, 11, 24, 9, 1))
        for kind in ("status", "drop", "truncate", "html", "bad_json", "empty"):
            self.server.faults.add(kind, path="/oncalls", status=503)
            self.refused("oncall.watch")
            self.server.faults.clear()
        assert self.messages() == []
        self.look(moment(2026, 11, 24, 9, 5))
        assert len(self.messages()) == 1
        assert "since 09:00" in self.messages()[0]

    def test_whether_it_is_an_override_is_waited_for_and_not_for_ever(self) -> None:
        self.look()
        self.override("Ada Lovelace", moment(2026, 11, 23, 12), moment(2026, 11, 23, 13))
        self.server.faults.add("status", path="/schedules/", status=500)
        self.at(moment(2026, 11, 23, 12, 1))
        self.refused("oncall.watch")
        assert self.messages() == []
        self.look(moment(2026, 11, 23, 12, 6))
        assert "override" not in self.messages()[0]
        assert ADA in self.messages()[0]

    def test_a_run_that_dies_before_it_remembers_tells_nothing_twice(self) -> None:
        self.look()
        self.at(moment(2026, 11, 24, 9, 1))
        store = self.store()
        before = store.read(watch.KEY)
        for _ in range(3):
            self.look()
            store.write(watch.KEY, before)
            self.at(self.now + 2 * MINUTE)
        assert (len(self.messages()), len(self.told("olu")), len(self.told("mei"))) == (1, 1, 1)

    def test_what_mattermost_does_not_take_is_a_dead_letter_and_comes_later_once(self) -> None:
        self.look()
        self.chat.server.faults.add("status", status=503)
        result = self.look(moment(2026, 11, 24, 9, 1))
        assert len(result["problems"]) == 3
        self.chat.server.faults.clear()
        letters = self.done("deadletter.list")["letters"]
        assert sorted(one["action"] for one in letters) == [
            "pagerduty.mattermost.post_once",
            "pagerduty.oncall.tell",
            "pagerduty.oncall.tell",
        ]
        self.at(moment(2026, 11, 24, 9, 10))
        self.done("mattermost.catch_up")
        self.look()
        assert (len(self.messages()), len(self.told("olu")), len(self.told("mei"))) == (1, 1, 1)
        assert self.done("deadletter.list")["letters"] == []

    def test_a_row_lost_between_two_pages_is_no_hand_off(self) -> None:
        """Rows slip from page to page while both are read. Where the total betrays it, the whole
        is read again; where it does not, the schedule itself is asked."""
        others = [
            self.schedule(f"Rota {n}", ["Ada Lovelace"], start=moment(2026, 11, 23, 9))
            for n in range(120)
        ]
        for begin in range(0, 120, 10):
            self.policy(
                f"Policy {begin}", [("schedule", one["id"]) for one in others[begin : begin + 10]]
            )
        self.terms(
            channels=dict.fromkeys(["Mornings", *(one["name"] for one in others)], "incidents")
        )
        self.look()
        page = PagerDuty.page
        for total, problem in ((-1, "changed while they were read"), (0, "")):

            def slipped(pagerduty: Any, path: str, *given: Any, total: int = total) -> Any:
                found = page(pagerduty, path, *given)
                if path != "/oncalls" or found.more or found.total is None or found.total < 100:
                    return found
                return found._replace(
                    items=[found.items[0], *found.items[:-1]], total=found.total + total
                )

            self.at(self.now + MINUTE)
            with patch.object(PagerDuty, "page", slipped):
                if problem:
                    assert problem in self.refused("oncall.watch")
                else:
                    assert self.look()["handoffs"] == 0
        assert self.messages() == []

    def test_a_state_that_does_not_read_is_kept_aside_and_the_watch_begins_anew(self) -> None:
        self.look()
        self.store().write(watch.KEY, {"at": "x"})
        assert self.look(moment(2026, 11, 24, 9, 1))["handoffs"] == 0
        assert self.store().read_prefix("quarantine.")
        assert self.look(moment(2026, 11, 25, 9, 1))["handoffs"] == 1

    def test_an_unknown_or_doubled_name_is_told_and_the_others_are_watched(self) -> None:
        self.policy("Mornings", [("user", self.user("Ada Lovelace"))])
        self.terms(
            channels={
                "Mornings": "incidents",
                "Evenings": "incidents",
                "schedule:Mornings": "incidents",
            }
        )
        result = self.look()
        assert (result["watched"], len(result["problems"])) == (1, 2)
        complaints = "\n".join(self.messages("ops"))
        assert "write schedule:… or policy:…" in complaints
        assert "Evenings" in complaints
        self.look(moment(2026, 11, 24, 9, 1))
        assert len(self.messages()) == 1

    def test_a_schedule_that_is_deleted_is_forgotten_and_complained_of(self) -> None:
        lonely = self.schedule("Lonely", ["Mei Tanaka"], start=moment(2026, 11, 23, 9))
        self.terms(channels={"Lonely": "incidents", "Mornings": "incidents"})
        self.look()
        self.account.remove("schedules", lonely)
        self.look(self.now + MINUTE)
        self.look(self.now + MINUTE)
        assert self.messages() == []
        assert "Lonely" in "\n".join(self.messages("ops"))

    def test_ids_that_do_not_fit_into_one_address_are_halved_once(self) -> None:
        self.schedule("Other", ["Mei Tanaka"], start=moment(2026, 11, 23, 9))
        self.terms(
            channels={
                "Mornings": "incidents",
                "Platform rotation": "incidents",
                "Other": "incidents",
            }
        )
        self.server.faults.add("status", path=r"/oncalls.*schedule_ids.*schedule_ids", status=414)
        self.look()
        assert self.store().read(watch.KEY)["at_once"] == 1
        before = len([one for one in self.server.journal.entries if "/oncalls" in one.path])
        self.look(moment(2026, 11, 24, 9, 1))
        assert (
            len([one for one in self.server.journal.entries if "/oncalls" in one.path]) - before
            == 3
        )
        assert len(self.messages()) == 1

    def test_the_sensors_heartbeat_doubles_the_timer(self) -> None:
        assert self.look(source="timer")["done"] == "done"
        assert self.look(self.now + MINUTE, source="sensor")["done"] == "too_soon"
        assert self.look(self.now + MINUTE, source="sensor")["done"] == "done"

    def test_without_anything_to_watch_nothing_is_asked(self) -> None:
        self.terms(channels={})
        before = self.requests()
        assert self.look()["done"] == "not_configured"
        assert self.requests() == before

    def test_a_closed_channel_holds_up_nobody(self) -> None:
        self.terms(channels={"Mornings": "incidents", "Morning escalation": "gone"})
        self.look()
        assert len(self.look(moment(2026, 11, 24, 9, 1))["problems"]) == 1
        assert (len(self.messages()), len(self.told("olu")), len(self.told("mei"))) == (1, 2, 2)
        (letter,) = self.done("deadletter.list")["letters"]
        assert letter["kind"] == "blocked"

    def test_a_datastore_that_is_away_loses_and_doubles_nothing(self) -> None:
        self.look()
        self.at(moment(2026, 11, 24, 9, 1))
        for name in ("write", "read"):
            with patch.object(Store, name, side_effect=StoreUnreachable("The datastore is away")):
                self.refused("oncall.watch")
        kept = Store.write

        def write(store: Store, name: str, *given: Any, **more: Any) -> None:
            if name == watch.KEY:
                raise StoreUnreachable("The datastore is away")
            kept(store, name, *given, **more)

        with patch.object(Store, "write", write):
            self.refused("oncall.watch")
        self.look(self.now + 2 * MINUTE)
        assert (len(self.messages()), len(self.told("olu")), len(self.told("mei"))) == (1, 1, 1)

    def test_many_hand_offs_at_once_are_explained_by_one_list(self) -> None:
        made = [
            self.schedule(
                f"Rota {n}", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
            )
            for n in range(8)
        ]
        policy = self.policy("All", [("schedule", one["id"]) for one in made])
        made[3]["overrides"].append(
            {
                "id": "Q1",
                "user_id": self.user("Ada Lovelace"),
                "start": int(moment(2026, 11, 24, 9)),
                "end": int(moment(2026, 11, 24, 12)),
            }
        )
        self.terms(channels={one["name"]: "incidents" for one in made}, direct_messages=False)
        self.look()
        self.at(moment(2026, 11, 24, 9, 1))
        before = len(self.server.journal.entries)
        self.look()
        assert [entry.path for entry in self.server.journal.entries[before:]] == [
            "/oncalls",
            "/schedules",
            f"/escalation_policies/{policy['id']}",  # it has no services
        ]
        assert len(self.messages()) == 8
        assert (
            len([text for text in self.messages() if "override in place of Olu Adeyemi" in text])
            == 1
        )
        for number in range(8):
            assert f"Rota {number}" in "".join(self.messages())


class StumblingTestCase(WatchCase):
    """What nobody foresaw costs its own hand-off or reminder, and is told."""

    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        other = self.schedule(
            "Evenings", ["Grace Hopper", "Radia Perlman"], start=moment(2026, 11, 23, 9)
        )
        self.policy("Evening escalation", [("schedule", other["id"])])
        self.terms(channels={"Mornings": "incidents", "Evenings": "incidents"})
        self.look()

    def warned(self) -> List[str]:
        return [one for one in self.messages("ops") if one.startswith(":warning:")]

    def stumbling(self, method: str) -> Any:
        original, rota = getattr(OnCallWatcher, method), self.rota["id"]

        def of_mornings(run: Any, one: Any, *more: Any) -> Any:
            return {}["x"] if one.watched == rota else original(run, one, *more)

        return patch.object(OnCallWatcher, method, of_mornings)

    def test_one_hand_off_that_stumbles_leaves_the_others(self) -> None:
        with self.stumbling("_tell_one"):
            result = self.look(moment(2026, 11, 24, 9, 5))
        (told,) = self.messages()
        assert "Evenings" in told
        assert any("the hand-off of" in one for one in result["problems"])
        assert "KeyError" in self.warned()[0]

    def test_one_reminder_that_stumbles_leaves_the_others_and_comes_later(self) -> None:
        self.terms(remind_before=30)
        with self.stumbling("_remind_one"):
            assert self.look(moment(2026, 11, 24, 8, 40))["reminders"] == 1
        assert "KeyError" in self.warned()[0]
        assert self.look(moment(2026, 11, 24, 8, 45))["reminders"] == 1
