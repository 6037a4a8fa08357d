"""What holds of layer-based schedules holds of shift-based ones: the same tests, after PagerDuty
upgraded each schedule that the sandbox can upgrade."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict, List

import test_handover as handover
import test_oncall_sync as sync
import test_oncall_sync_members as members
import test_oncall_targets as targets
import test_oncall_today as today
import test_oncall_watch as watch
import test_oncall_week as week
import test_shift_reminders as reminders
from oncall_case import DAY, HOUR, OnCallCase, moment
from oncall_watch_case import WatchCase


class Upgraded(OnCallCase):
    __test__ = False

    def schedule(self, name: str, *args: Any, **more: Any) -> Dict[str, Any]:
        made = super().schedule(name, *args, **more)
        with suppress(ValueError):  # a layer with restrictions stays one
            self.account.upgrade(made["id"])
        return made


class ShiftBasedTodayTestCase(Upgraded, today.OnCallTodayTestCase):
    __test__ = True


class ShiftBasedWeekTestCase(Upgraded, week.WeekTestCase):
    __test__ = True


class ShiftBasedPictureTestCase(Upgraded, week.PictureTestCase):
    __test__ = True


class ShiftBasedHandOffTestCase(Upgraded, watch.HandOffTestCase):
    __test__ = True


class ShiftBasedReminderTestCase(Upgraded, reminders.ReminderTestCase):
    __test__ = True


class ShiftBasedHeaderTestCase(Upgraded, sync.HeaderTestCase):
    __test__ = True


class ShiftBasedMembersTestCase(Upgraded, members.MembersTestCase):
    __test__ = True


class ShiftBasedTargetsTestCase(Upgraded, targets.TargetsTestCase):
    __test__ = True


class HalfOfEachKindTestCase(watch.RequestTestCase):
    """500 schedules of 2,000 users, every second one shift-based. One look costs at most
    ⌈entries/100⌉ + ⌈shift-based schedules/1000⌉ + 2 requests."""

    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        for one in self.made[::2]:
            one["layers"][0]["turn"] = DAY
            self.account.upgrade(one["id"])
        kinds = [one["type"] for one in self.account.catalog["schedules"].values()]
        assert kinds.count("schedule_v3") == 250

    def test_the_first_look_finds_names_of_both_kinds_in_their_lists(self) -> None:
        self.terms(channels={one["name"]: "incidents" for one in self.made})
        entries = self.rows(self.now, self.now + HOUR)
        asked = self.asked()
        assert asked.count("/v3/schedules") == 1
        assert asked.count("/schedules") == 4, "one to learn how many there are"
        assert asked.count("/oncalls") <= -(-entries // 100)
        others = ("/schedules", "/v3/schedules", "/oncalls")
        assert len([path for path in asked if path not in others]) <= 1, asked

    def test_an_upgrade_of_all_that_are_left_is_no_hand_off_and_costs_nothing(self) -> None:
        self.terms(channels={one["name"]: "incidents" for one in self.made})
        self.look()
        for one in self.made[1::2]:
            one["layers"][0]["turn"] = DAY
        self.at(moment(2026, 11, 23, 10, 1))
        self.look()
        for one in self.made[1::2]:
            self.account.upgrade(one["id"])
        self.at(moment(2026, 11, 23, 10, 2))
        entries = self.rows(self.now - 60, self.now)
        asked = self.asked()
        assert len(asked) <= -(-entries // 100) + 1 + 2
        assert self.messages() == []


class ShiftBasedHandOverTestCase(Upgraded, handover.HandOverTestCase):
    __test__ = True


class ShiftBasedAcceptTestCase(Upgraded, handover.AcceptTestCase):
    __test__ = True


class KindTestCase(WatchCase):
    """Which kind a schedule is of is remembered between runs; upgraded between two looks it is
    found all the same, and nobody is told of a hand-off."""

    __test__ = True

    def kinds_asked(self) -> List[str]:
        before = len(self.server.journal.entries)
        self.look()
        paths = [entry.path for entry in self.server.journal.entries[before:]]
        return [path.rpartition("/schedules/")[0] for path in paths if "/schedules/" in path]

    def test_a_schedule_is_asked_for_as_it_was_until_it_is_upgraded(self) -> None:
        rota = self.schedule(
            "Spare rota", ["Mei Tanaka", "Olu Adeyemi"], start=moment(2026, 11, 23, 9)
        )
        self.terms(channels={"Spare rota": "incidents"}, direct_messages=False)
        self.look()
        self.at(moment(2026, 11, 23, 10, 1))
        assert self.kinds_asked() == [""], "no v3 in front: its kind is known"
        self.account.upgrade(rota["id"])
        self.at(moment(2026, 11, 23, 10, 2))
        assert self.kinds_asked() == ["", "/v3"], "as it was, then as it is"
        assert self.messages() == []
        self.at(moment(2026, 11, 24, 9, 1))
        self.look()
        (told,) = self.messages()
        assert "olu until 25 Nov" in told
