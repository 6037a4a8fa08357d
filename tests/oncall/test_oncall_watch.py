"""oncall.watch: hand-offs told once, in the channel and in private; coming shifts; on both
sandboxes, time moved."""

# flake8: noqa: E203,W503

from __future__ import annotations

from typing import Any, Dict, List
from unittest.mock import patch

from chat_run import ChatRun
from oncall_case import HOUR, OnCallCase, moment

from pagerduty_mattermost.core.errors import StoreUnreachable
from pagerduty_mattermost.core.text import ZERO_WIDTH_SPACE as ZW
from pagerduty_mattermost.gateways.pagerduty import rate_brake
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.oncall import watch
from pagerduty_mattermost.oncall.watch import OnCallWatcher
from sandbox.pagerduty.rota import on_calls

MINUTE = 60
MEI, OLU, ADA = f"@{ZW}mei", f"@{ZW}olu", f"@{ZW}ada"


class WatchCase(OnCallCase):
    """A rota that Mei and Olu have by turns, a day each from 9:00 on; it is Monday 10:00 and Mei's
    turn."""

    def setUp(self) -> None:
        super().setUp()
        self.rota = self.schedule(
            "Mornings", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.policy(
            "Morning escalation",
            [("schedule", self.rota["id"])],
            [("user", self.user("Ada Lovelace"))],
        )
        self.terms(channels={"Mornings": "incidents"}, contact_check_before=0, remind_before=0)

    def terms(self, **changes: Any) -> None:
        self.settings["oncall"] = {**self.settings.get("oncall", {}), **changes}

    def look(self, now: float = 0.0, **params: Any) -> Dict[str, Any]:
        if now:
            self.at(now)
        self.chat.service.forget_pending()
        result: Dict[str, Any] = self.done("oncall.watch", **params)
        return result

    def told(self, username: str) -> List[str]:  # type: ignore[override]
        return [post.message for post in self.chat.service.direct_posts(username, "pagerduty")]

    def override(self, name: str, start: float, end: float) -> Dict[str, Any]:
        made: Dict[str, Any] = self.account.cover("Mornings", name, int(end - start), int(start))
        return made

    def cancel(self, override: Dict[str, Any], at: float) -> None:
        """It ends then, as DELETE does."""
        for row in (*self.rota["overrides"], *self.rota.get("shift_overrides", ())):
            if row["id"] == override["id"]:
                row["end"] = int(at)

    def store(self) -> Store:
        return Store(self.get_action_instance(config=self.settings).action_service)


class HandOffTestCase(WatchCase):
    __test__ = True

    def test_a_hand_off_is_told_once_in_the_channel_and_to_both(self) -> None:
        assert self.look()["handoffs"] == 0, "what is found first is no news"
        self.look(moment(2026, 11, 24, 8, 59))
        assert self.messages() == []
        for minutes in (1, 2, 3):
            self.look(moment(2026, 11, 24, 9, minutes))
        assert self.messages() == [
            (
                f":phone: **Mornings**: on call since 09:00: {OLU} until 25 Nov 2026 09:00 CET. "
                f"{MEI} is off."
            )
        ]
        assert self.told("olu") == [
            ":phone: You are on call for **Mornings** until 25 Nov 2026 09:00 CET."
        ]
        assert self.told("mei") == [f"You are off call for **Mornings**: {OLU} is on call now."]
        assert self.told("ada") == []

    def test_each_hand_off_of_an_outage_is_told_and_only_the_newest_in_private(self) -> None:
        self.look()
        assert self.look(moment(2026, 11, 25, 8))["handoffs"] == 1
        assert self.look(moment(2026, 11, 27, 9, 30))["handoffs"] == 3
        assert [
            text.split("since ")[1].split(": ")[1].split(" ")[0] for text in self.messages()
        ] == [
            OLU,
            MEI,
            OLU,
            MEI,
        ]
        assert (len(self.told("mei")), len(self.told("olu"))) == (2, 2)
        assert self.look(moment(2026, 12, 7, 9, 30))["handoffs"] == 2, (
            "of ten days those of the last two"
        )

    def test_an_escalation_policy_is_told_by_level_and_a_person_of_several_rows_once(self) -> None:
        self.terms(channels={"Morning escalation": "incidents"})
        self.policy("Other escalation", [("schedule", self.rota["id"])])
        self.look()
        self.look(moment(2026, 11, 24, 9, 1))
        (text,) = self.messages()
        assert text.startswith(
            ":phone: **Morning escalation**, level 1: on call since 09:00: " + OLU
        )
        assert len(self.told("olu")) == 1

    def test_an_override_is_told_as_such_and_its_end_and_a_cancelled_one(self) -> None:
        self.look()
        self.override("Ada Lovelace", moment(2026, 11, 23, 12), moment(2026, 11, 23, 13))
        self.look(moment(2026, 11, 23, 12, 1))
        self.look(moment(2026, 11, 23, 13, 1))
        second = self.override("Ada Lovelace", moment(2026, 11, 23, 14), moment(2026, 11, 23, 18))
        self.look(moment(2026, 11, 23, 14, 1))
        self.cancel(second, moment(2026, 11, 23, 15))
        self.look(moment(2026, 11, 23, 15, 1))
        of = "(override in place of Mei Tanaka)"
        assert self.messages() == [
            (
                f":phone: **Mornings**: on call since 12:00: {ADA} until 23 Nov 2026 13:00 CET "
                f"{of}. {MEI} is off."
            ),
            f":phone: **Mornings**: The override is over. On call since 13:00: {MEI} until "
            f"24 Nov 2026 09:00 CET. {ADA} is off.",
            (
                f":phone: **Mornings**: on call since 14:00: {ADA} until 23 Nov 2026 18:00 CET "
                f"{of}. {MEI} is off."
            ),
            f":phone: **Mornings**: The override was cancelled. On call since 15:00: {MEI} until "
            f"24 Nov 2026 09:00 CET. {ADA} is off.",
        ]
        assert of in self.told("ada")[0]

    def test_who_goes_on_after_an_override_leaves_as_anybody_does(self) -> None:
        self.look()
        self.override("Olu Adeyemi", moment(2026, 11, 24, 7), moment(2026, 11, 24, 9))
        for hour in (7, 9, 11):
            self.look(moment(2026, 11, 24, hour, 1))
        self.look(moment(2026, 11, 25, 9, 1))
        first, last = self.messages()
        assert "(override in place of Mei Tanaka)" in first
        assert last.startswith(":phone: **Mornings**: on call since 09:00: " + MEI)

    def test_two_overrides_across_are_a_swap(self) -> None:
        self.look()
        self.override("Olu Adeyemi", moment(2026, 11, 23, 12), moment(2026, 11, 24, 9))
        self.override("Mei Tanaka", moment(2026, 11, 24, 9), moment(2026, 11, 25, 9))
        self.look(moment(2026, 11, 23, 12, 1))
        self.look(moment(2026, 11, 24, 9, 1))
        assert [text.split("CET ")[1].split(".")[0] for text in self.messages()] == [
            "(swap with Mei Tanaka)",
            "(swap with Olu Adeyemi)",
        ]

    def test_an_override_that_begins_now_is_told_at_the_next_look(self) -> None:
        self.look()
        self.override("Ada Lovelace", self.now - 30, self.now + HOUR)
        self.look(self.now + MINUTE)
        self.look(self.now + MINUTE)
        assert len(self.messages()) == 1
        assert "override in place of Mei Tanaka" in self.messages()[0]

    def test_nobody_on_call_is_told_and_who_comes_after(self) -> None:
        self.only(self.rota, "09:00:00", 8)
        self.look()
        self.look(moment(2026, 11, 23, 17, 2))
        before = self.requests()
        self.look(moment(2026, 11, 23, 18))
        assert self.requests() - before == 1, "a gap is known: it is not asked for again"
        self.look(moment(2026, 11, 24, 9, 1))
        assert self.messages() == [
            f":warning: **Mornings**: nobody is on call since 17:00. {MEI} is off.",
            f":phone: **Mornings**: on call since 09:00: {OLU} until 24 Nov 2026 17:00 CET.",
        ]
        assert self.told("mei") == ["You are off call for **Mornings**: nobody is on call now."]

    def test_a_schedule_that_no_policy_uses_is_watched_by_itself(self) -> None:
        lonely = self.schedule(
            "Lonely", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.terms(channels={"Lonely": "incidents"})
        self.look()
        self.look(moment(2026, 11, 24, 9, 1))
        assert len(self.messages()) == len(self.told("olu")) == 1, "an address is asked for"
        self.policy("Uses it", [("schedule", lonely["id"])])
        self.look(moment(2026, 11, 24, 9, 2))
        before = self.requests()
        self.look(moment(2026, 11, 24, 9, 3))
        assert (self.requests() - before, len(self.messages())) == (1, 1)

    def test_the_clocks_go_back_and_the_hand_off_stays_at_nine(self) -> None:
        self.begins(self.rota, moment(2026, 10, 24, 9))
        self.look(moment(2026, 10, 24, 9, 30))
        while self.now < moment(2026, 10, 26, 7, 45):
            self.look(self.now + HOUR)
        assert [text.split("since ")[1][:5] for text in self.messages()] == ["09:00"]
        assert "since 09:00" in self.messages()[0]


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
        assert self.store().read_prefix("aside.")
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


class ReminderTestCase(WatchCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.terms(remind_before=30)

    def test_a_shift_is_announced_half_an_hour_before_once(self) -> None:
        self.look()
        self.look(moment(2026, 11, 24, 8, 29))
        assert self.told("olu") == []
        for minute in (30, 31, 45, 59):
            self.look(moment(2026, 11, 24, 8, minute))
        assert self.told("olu") == [
            ":alarm_clock: Your shift for **Mornings** begins in 30 min (24 Nov 2026 09:00 "
            "CET) and lasts until "
            "25 Nov 2026 09:00 CET."
        ]
        self.look(moment(2026, 11, 24, 9))
        assert (len(self.told("olu")), self.told("mei")[1:]) == (2, [])

    def test_one_that_fails_is_tried_again_until_the_shift_begins(self) -> None:
        self.look()
        self.chat.server.faults.add("status", method="POST", status=503)
        assert self.look(moment(2026, 11, 24, 8, 40))["reminders"] == 0
        self.chat.server.faults.clear()
        assert self.done("deadletter.list")["letters"] == []
        assert self.look(moment(2026, 11, 24, 8, 50))["reminders"] == 1
        assert "begins in 10 min" in self.told("olu")[0]

    def test_who_said_notify_off_is_told_nothing_and_on_again(self) -> None:
        def says(text: str) -> str:
            self.action_cls = ChatRun
            succeeded, result = self.get_action_instance(config=dict(self.settings)).run(
                verb="notify", text=text, user="olu"
            )
            assert succeeded, result
            return str(result["message"])

        assert "get a direct message" in says("")
        assert "no direct messages about" in says("off")
        assert "no direct messages about" in says("")
        self.look()
        self.look(moment(2026, 11, 24, 8, 40))
        self.look(moment(2026, 11, 24, 9, 1))
        assert (self.told("olu"), len(self.told("mei")), len(self.messages())) == ([], 1, 1)
        assert "get a direct message" in says("on")
        self.look(moment(2026, 11, 25, 9, 1))
        assert len(self.told("olu")) == 1

    def test_where_nobody_is_told_in_private_the_channel_is(self) -> None:
        self.terms(direct_messages=False)
        self.look()
        self.look(moment(2026, 11, 24, 8, 40))
        self.look(moment(2026, 11, 24, 8, 41))
        assert self.messages() == [
            f":alarm_clock: {OLU}'s shift for **Mornings** begins in 20 min (24 Nov 2026 "
            "09:00 CET) and lasts until "
            "25 Nov 2026 09:00 CET."
        ]
        assert self.told("olu") == []

    def test_whom_mattermost_does_not_know_is_complained_of_once(self) -> None:
        self.chat.service.activate("olu", False)
        self.look()
        for minute in (40, 41):
            self.look(moment(2026, 11, 24, 8, minute))
        self.look(moment(2026, 11, 24, 9, 1))
        assert (
            len(
                [
                    text
                    for text in self.messages("ops")
                    if "Olu Adeyemi could not be notified" in text
                ]
            )
            == 1
        )


class ContactTestCase(WatchCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        for name in ("Mei Tanaka", "Olu Adeyemi", "Ada Lovelace"):
            user = self.account.find("users", name)
            for method in user.get("method_ids", ()):
                self.account.catalog["contact_methods"][method]["type"] = "email_contact_method"

    def phone(self, name: str) -> None:
        user = self.account.find("users", name)
        method = self.account.add(
            "contact_methods",
            "Mobile",
            type="phone_contact_method",
            address="5551234",
            country_code=1,
            user_id=user["id"],
        )
        user.setdefault("method_ids", []).append(method["id"])

    def test_a_missing_contact_is_told_a_day_before_the_shift_and_once(self) -> None:
        self.phone("Mei Tanaka")
        self.terms(contact_check_before=12)
        self.look()
        self.look(moment(2026, 11, 23, 20, 30))
        assert self.told("olu") == []
        for hour in (21, 22, 23):
            assert self.look(moment(2026, 11, 23, hour, 10))["contacts"] == (hour == 21)
        (line,) = self.told("olu")
        assert line.startswith(
            ":warning: You have no phone, SMS or push contact at PagerDuty, and your shift for "
            "**Mornings** begins 24 Nov 2026 09:00 CET: nothing but e-mail would come."
        )
        (line,) = self.messages()
        assert line.startswith(f":warning: {OLU} has no phone, SMS or push contact")
        assert "and their shift for **Mornings** begins 24 Nov" in line
        self.look(moment(2026, 11, 24, 9, 1))
        assert not any("no phone" in text for text in self.told("olu")[1:])

    def unreached(self) -> List[str]:
        return [text for text in self.messages() if "no phone, SMS or push" in text]

    def test_several_who_can_not_be_reached_are_one_list(self) -> None:
        self.terms(
            channels={"Mornings": "incidents", "Morning escalation": "incidents"},
            contact_check_before=12,
            remind_before=0,
        )
        assert self.look(moment(2026, 11, 23, 21, 10))["contacts"] == 5
        (text,) = self.unreached()
        head, *rows = text.splitlines()
        assert head == (
            ":warning: 3 people have no phone, SMS or push contact at PagerDuty: nothing but "
            "e-mail would come. One is added under My Profile > Contact Information."
        )
        assert len(rows) == 5
        for row in (
            f"- {MEI} is on call for **Mornings**",
            f"- {OLU}: their shift for **Mornings** begins 24 Nov 2026 09:00 CET",
            f"- {ADA} is on call for **Morning escalation**, level 2",
        ):
            assert row in rows
        (ada,), (mei,) = self.told("ada"), self.told("mei")
        assert ada.startswith(":warning: You have no phone, SMS or push contact at PagerDuty, and")
        assert mei.splitlines() == [
            ":warning: You have no phone, SMS or push contact at PagerDuty: nothing but e-mail "
            "would come. Add one under My Profile > Contact Information.",
            "- You are on call for **Mornings**",
            "- You are on call for **Morning escalation**, level 1",
        ]
        assert len(self.told("olu")) == 1
        assert self.look(moment(2026, 11, 23, 22, 20))["contacts"] == 0
        assert len(self.unreached()) == 1

    def test_a_list_that_one_channel_did_not_take_comes_there_and_not_again_elsewhere(
        self,
    ) -> None:
        policy = self.account.find("escalation_policies", "Morning escalation")
        self.terms(
            channels={"Morning escalation": "incidents", policy["id"]: "ops"},
            contact_check_before=12,
            remind_before=0,
        )
        ops = self.chat.service.channel("ops")
        ops.delete_at = 1
        self.look(moment(2026, 11, 23, 21, 10))
        ops.delete_at = 0
        self.look(moment(2026, 11, 23, 21, 15))
        assert len(self.unreached()) == 1
        assert len([one for one in self.messages("ops") if "no phone" in one]) == 1

    def test_whose_rules_are_missing_or_late_hears_so_in_private_once_a_week(self) -> None:
        self.phone("Mei Tanaka")
        self.phone("Olu Adeyemi")
        self.terms(contact_check_before=12, remind_before=0)
        for hour in (10, 11, 23):
            self.look(moment(2026, 11, 23, hour, 10))
        (line,) = self.told("mei")
        assert line == (
            ":warning: You are on call for **Mornings**, and you could be missed. Your "
            "notification rules at PagerDuty: no notification rule for high urgency uses a "
            "phone, SMS or push contact. Change them under My Profile > Notification Rules."
        )
        (line,) = self.told("olu")
        assert line.startswith(":warning: Your shift for **Mornings** begins 24 Nov 2026 09:00")
        assert self.messages() == []
        for day in range(24, 32):
            self.look(moment(2026, 11, 23, 10) + (day - 23) * 86400.0)
        assert len([one for one in self.told("mei") if "could be missed" in one]) == 2

    def test_one_that_mattermost_did_not_take_comes_at_the_next_check(self) -> None:
        self.phone("Mei Tanaka")
        self.terms(contact_check_before=1, remind_before=0)
        self.chat.server.faults.add("status", status=503)
        self.look(moment(2026, 11, 23, 10, 10))
        self.chat.server.faults.clear()
        self.look(moment(2026, 11, 23, 10, 45))
        assert len(self.told("mei")) == 1

    def test_who_wants_no_direct_messages_gets_none_about_rules(self) -> None:
        self.phone("Mei Tanaka")
        self.terms(contact_check_before=1, direct_messages=False)
        self.look(moment(2026, 11, 23, 10, 10))
        assert (self.told("mei"), self.messages()) == ([], [])

    def test_a_shift_that_an_override_cuts_in_two_is_told_of_once(self) -> None:
        self.phone("Ada Lovelace")
        self.phone("Olu Adeyemi")
        self.terms(contact_check_before=12)
        self.look()
        self.override("Ada Lovelace", moment(2026, 11, 23, 12), moment(2026, 11, 23, 13))
        for hour in (11, 12, 13, 23):
            self.look(moment(2026, 11, 23, hour, 1))
        assert len([text for text in self.told("mei") if "no phone" in text]) == 1

    def test_the_check_lists_who_can_not_be_reached(self) -> None:
        self.phone("Olu Adeyemi")
        self.terms(channels={"Morning escalation": "incidents"})
        found = self.done("oncall.check")
        assert [
            (one["user"]["name"], one["level"], one["now"]) for one in found["unreachable"]
        ] == [
            ("Mei Tanaka", 1, True),
            ("Ada Lovelace", 2, True),
        ]
        assert found["checked"] == 3
        assert "Ada Lovelace, Mei Tanaka" in found["message"]
        self.terms(channels={})
        assert "Nothing to check" in self.refused("oncall.check")

    def test_where_contacts_are_not_shown_nobody_is_accused(self) -> None:
        """As an OAuth app without the scope sees it."""
        get = PagerDuty.get

        def without(pagerduty: Any, path: str, *given: Any) -> Any:
            answer = get(pagerduty, path, *given)
            for row in (answer.get("user"), *(answer.get("users") or ())):
                if row:
                    del row["contact_methods"]
            return answer

        with patch.object(PagerDuty, "get", without):
            assert self.done("oncall.check")["unreachable"] == []
        assert len(self.done("oncall.check")["unreachable"]) == 2

    def test_when_pagerduty_can_not_tell_nobody_is_accused(self) -> None:
        self.terms(contact_check_before=24)
        for status in (500, 403):
            self.server.faults.add("status", path="/users", status=status)
            assert len(self.look()["problems"]) == 1
            self.refused("oncall.check")
            self.server.faults.clear()
        assert self.messages() == []
        assert "is not known" in "".join(self.messages("ops")), (
            "a missing right is for people to put right"
        )
        assert self.look(moment(2026, 11, 24, 9, 1))["handoffs"] == 1
        assert any("no phone" in text for text in self.messages())

    def test_hand_offs_are_told_while_contacts_can_not_be_read(self) -> None:
        self.terms(contact_check_before=24)
        self.server.faults.add("status", path="/users", status=503)
        self.look()
        assert self.look(moment(2026, 11, 24, 9, 1))["handoffs"] == 1
        assert len(self.messages()) == 1


class RequestTestCase(WatchCase):
    """500 schedules of 2,000 users; a look costs a request for each hundred rows, not one for each
    schedule."""

    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.account.options.rate_limit = None
        users = [
            self.account.add(
                "users", f"User {n}", email=f"user{n}@example.com", role="user", team_ids=[]
            )["id"]
            for n in range(2000)
        ]
        start = int(moment(2026, 11, 23, 9))
        self.made = []
        for n in range(500):
            one = self.schedule(f"Rota {n}", ["Mei Tanaka"], start=start, turn=12 * HOUR)
            one["layers"][0]["user_ids"] = users[4 * n : 4 * n + 4]
            self.made.append(one)
        for begin in range(0, 500, 10):
            self.policy(
                f"Policy {begin}",
                [("schedule", one["id"]) for one in self.made[begin : begin + 10]],
            )

    def rows(self, since: float, until: float) -> int:
        catalog = self.account.catalog
        return len(
            on_calls(catalog["escalation_policies"], catalog["schedules"], int(since), int(until))
        )

    def asked(self) -> List[str]:
        before = len(self.server.journal.entries)
        self.look()
        return [entry.path for entry in self.server.journal.entries[before:]]

    def test_all_of_an_account_cost_a_request_for_each_hundred_rows_and_names_once(self) -> None:
        self.terms(channels={one["name"]: "incidents" for one in self.made})
        assert len(self.asked()) < 30
        for hour, minute in ((11, 0), (12, 30), (20, 59)):
            since, now = self.now, moment(2026, 11, 23, hour, minute)
            self.at(now)
            asked = self.asked()
            assert set(asked) == {"/oncalls"}
            assert len(asked) <= -(-self.rows(since, now) // 100) <= 6

    def test_a_part_of_a_large_account_costs_its_own_rows(self) -> None:
        """What is not watched makes the account's list long."""
        for number in range(80):
            targets = [("schedule", one["id"]) for one in self.made[400:410]]
            self.policy(f"Other {number}", targets)
        self.terms(channels={one["name"]: "incidents" for one in self.made[:300]})
        self.look()
        self.at(self.now + HOUR)
        assert self.asked() == ["/oncalls"] * 3


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


class RateTestCase(WatchCase):
    """While PagerDuty's rate limit runs out, looks give way to what people do, for minutes."""

    __test__ = True

    def low(self) -> None:
        rate_brake.note(self.store(), RateLimit(960, 100, 60.0), self.now)

    def test_a_look_gives_way_for_some_minutes_and_loses_no_hand_off(self) -> None:
        self.look()
        began = moment(2026, 11, 24, 9, 1)
        before = self.requests()
        for minute in range(3):
            self.at(began + 60 * minute)
            self.low()
            assert self.look()["done"] == "gives_way"
        assert (self.requests(), self.messages()) == (before, [])
        self.at(began + 180)
        self.low()
        assert self.look()["handoffs"] == 1
        assert len(self.messages()) == 1
        self.at(began + 240)
        assert self.look()["done"] == "done", "it is low no longer"
