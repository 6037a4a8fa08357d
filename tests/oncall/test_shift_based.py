"""What holds of layer-based schedules holds of shift-based ones: the same tests, after PagerDuty
upgraded each schedule that the sandbox can upgrade."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict

import test_handover as handover
import test_oncall_sync as sync
import test_oncall_targets as targets
import test_oncall_today as today
import test_oncall_watch as watch
import test_oncall_week as week
from oncall_case import DAY, HOUR, OnCallCase, moment


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


class ShiftBasedReminderTestCase(Upgraded, watch.ReminderTestCase):
    __test__ = True


class ShiftBasedHeaderTestCase(Upgraded, sync.HeaderTestCase):
    __test__ = True


class ShiftBasedMembersTestCase(Upgraded, sync.MembersTestCase):
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
