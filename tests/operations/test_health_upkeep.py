"""health.upkeep: the regular jobs that are due, in one execution."""

from __future__ import annotations

from typing import Any, Dict, List
from unittest import mock

import health_watchdog
import incident_remind
import mattermost_catch_up
import oncall_watch
import posts_reconcile
from health_upkeep import HealthUpkeep
from incident_world import IncidentActionCase

from pagerduty_mattermost.action_bases.upkeep import ENTRY_POINTS, SENSOR_SILENT_SECONDS
from pagerduty_mattermost.core.config.upkeep import JOBS
from pagerduty_mattermost.core.errors import NotFound, RetryLater
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.sensor.heartbeat import timer_seen_at


class HealthUpkeepTestCase(IncidentActionCase):
    __test__ = True
    action_cls = HealthUpkeep

    def run_it(self, **given: Any) -> Dict[str, Any]:
        return self.done(**{"due": None, "source": None, **given})

    def jobs(self, **given: Any) -> List[str]:
        return list(self.run_it(**given)["jobs"])

    def test_what_the_sensor_says_is_done_in_the_order_of_the_jobs(self) -> None:
        assert self.jobs(due=["reconcile", "reminders"]) == ["reminders", "reconcile"]
        assert self.jobs(due=[]) == []
        assert self.jobs(due=["no such job"]) == []

    def test_by_hand_all_is_done(self) -> None:
        assert self.jobs() == list(JOBS)

    def test_a_timers_run_watches_the_sensor_and_does_the_rest_when_the_sensors_stopped(
        self,
    ) -> None:
        self.jobs(due=["reminders"])
        assert self.jobs(source="timer") == ["watchdog"]
        assert timer_seen_at(Store(self.action_service)) == self.chat.clock()
        self.chat.clock.advance(SENSOR_SILENT_SECONDS)
        assert self.jobs(source="timer") == list(JOBS)

    def test_before_the_sensors_first_run_a_timers_does_all(self) -> None:
        assert self.jobs(source="timer") == list(JOBS)

    def test_a_run_time_that_does_not_read_counts_as_none(self) -> None:
        self.action_service.set_value("pagerduty.upkeep.run", "scrambled", local=False)
        assert self.jobs(source="timer") == list(JOBS)

    def test_a_job_that_fails_keeps_no_other_back_and_is_named(self) -> None:
        reconciled = mock.Mock(return_value={"message": "Done."})
        with mock.patch.object(
            incident_remind.Remind, "act", side_effect=NotFound("no channel")
        ), mock.patch.object(
            oncall_watch.OnCallWatch, "act", side_effect=KeyError("x")
        ), mock.patch.object(posts_reconcile.PostsReconcile, "act", reconciled):
            succeeded, line = self.action().run(
                due=["reminders", "oncall_watch", "reconcile"], source=None
            )
        assert not succeeded
        assert line.startswith("reminders: no channel; oncall_watch: ")
        reconciled.assert_called_once_with(source="sensor")

    def test_a_job_that_waits_for_a_server_fails_no_execution_and_is_named(self) -> None:
        away = mock.patch.object(
            incident_remind.Remind, "act", side_effect=RetryLater("Mattermost is away")
        )
        done = mock.patch.object(
            posts_reconcile.PostsReconcile, "act", return_value={"message": "x"}
        )
        with away, done:
            succeeded, result = self.action().run(due=["reminders", "reconcile"], source=None)
        assert succeeded
        assert list(result["jobs"]) == ["reconcile"]
        assert result["later"] == {"reminders": "Mattermost is away"}
        assert "Tried again when due: reminders: Mattermost is away" in result["message"]

    def test_what_was_done_stands_beside_what_failed(self) -> None:
        broken = mock.patch.object(incident_remind.Remind, "act", side_effect=NotFound("none"))
        done = mock.patch.object(
            posts_reconcile.PostsReconcile, "act", return_value={"message": "x"}
        )
        with broken, done:
            succeeded, line = self.action().run(due=["reminders", "reconcile"], source=None)
        assert not succeeded
        assert line == "reminders: none. Nothing to do: reconcile."

    def test_what_the_configuration_leaves_out_is_not_done(self) -> None:
        action = self.action({**self.settings(), "upkeep": {"without": ["watchdog", "reconcile"]}})
        succeeded, result = action.run(due=None, source=None)
        assert succeeded
        assert list(result["jobs"]) == [
            name for name in JOBS if name not in ("watchdog", "reconcile")
        ]

    def test_the_jobs_share_what_was_made_but_for_one_that_gives_up_sooner(self) -> None:
        made: List[Any] = []

        def noted(action: Any, **given: Any) -> Dict[str, Any]:
            made.append(action)
            return {"message": ""}

        action = self.action()
        with mock.patch.object(health_watchdog.HealthWatchdog, "act", noted), mock.patch.object(
            mattermost_catch_up.CatchUp, "act", noted
        ):
            action.run(due=["watchdog", "catch_up"], source=None)
        watchdog, catch_up = made
        assert watchdog.context is action.context
        assert catch_up.context is not action.context
        assert catch_up.context.clock() == self.chat.clock()

    def test_every_job_has_an_entry_point_and_a_rule_of_its_own(self) -> None:
        assert set(ENTRY_POINTS) == set(JOBS)

    def test_over_an_exchange_configuration_nothing_is_done(self) -> None:
        succeeded, result = self.action({"api_key": "u+exchangePack1234567"}).run(
            due=["reconcile"], source=None
        )
        assert (succeeded, result["done"]) == (True, "not_configured")
