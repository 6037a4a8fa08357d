"""A report held against PagerDuty's analytics: where they differ, and why they may; the request
fits PagerDuty's contract (`ActionsTestCase`)."""

from __future__ import annotations

from typing import Any, Dict

import pytest
from actions_world import ActionsTestCase

from pagerduty_mattermost.reviews.analytics import LATE, compared
from pagerduty_mattermost.reviews.report import Figures

ACKED, RESOLVED_ALONE = "Checkout API", "Database"


class ReportAgainstAnalytics(ActionsTestCase):
    def setUp(self) -> None:
        super().setUp()
        clock = self.server.clock
        first = self.account.trigger(ACKED, "Down")
        clock.advance(60)
        self.account.acknowledge(first, "ada@example.com")
        clock.advance(540)
        self.account.resolve(first, user="ada@example.com")
        second = self.account.trigger(RESOLVED_ALONE, "Slow")
        clock.advance(300)
        self.account.resolve(second, user="grace@example.com")
        clock.advance(60)
        self.now = clock()

    def compare(self, **given: Any) -> Dict[str, Any]:
        result = self.done("report.incidents", since="2h", compare=True, **given)
        return {one["name"]: one for one in result["analytics"]}

    def test_where_they_agree_and_where_not(self) -> None:
        found = self.compare()
        assert (found["incidents"]["ours"], found["incidents"]["theirs"]) == (2, 2)
        assert found["incidents"]["why"] == ""
        # A resolve without an acknowledgement is an answer here, and none there.
        answer = found["answer_mean"]
        assert (answer["ours"], answer["theirs"]) == (180.0, 60)
        assert "acknowledgements alone" in answer["why"]
        assert LATE in answer["why"]
        assert found["resolve_mean"]["why"] == ""
        (entry,) = [one for one in self.server.journal.entries if "analytics" in one.path]
        assert entry.method == "POST"

    def test_of_one_service_and_team(self) -> None:
        found = self.compare(services=[ACKED])
        assert (found["incidents"]["ours"], found["incidents"]["theirs"]) == (1, 1)
        assert {one["why"] for one in found.values()} == {""}

    def test_of_a_time_without_incidents(self) -> None:
        result = self.done("report.incidents", since="9d", until="8 days ago", compare=True)
        assert {one["why"] for one in result["analytics"]} == {""}

    def test_a_plan_without_analytics(self) -> None:
        for status in (402, 403, 404):
            rule = self.server.faults.add("status", status=status, path="/analytics")
            result = self.done("report.incidents", since="2h", compare=True)
            assert "no analytics" in result["message"]
            self.server.faults.clear(rule)

    def test_a_failure_is_one(self) -> None:
        self.server.faults.add("status", status=500, path="/analytics")
        assert "PagerDuty" in self.refused("report.incidents", since="2h", compare=True)


@pytest.mark.parametrize("value", [None, "12", True, {}])
def test_what_is_no_figure_is_none(value: Any) -> None:
    found = compared(Figures(0, 0, 0), {"mean_seconds_to_first_ack": value}, is_fresh=False)
    assert [one.why for one in found] == ["", "", ""]
