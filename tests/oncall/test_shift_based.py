"""What holds of layer-based schedules holds of shift-based ones: the same tests, after PagerDuty
upgraded each schedule that the sandbox can upgrade."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Dict

import test_oncall_sync as sync
import test_oncall_targets as targets
import test_oncall_today as today
import test_oncall_watch as watch
import test_oncall_week as week
from oncall_case import OnCallCase


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
