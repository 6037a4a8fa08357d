"""An incident of high urgency that no rule posts: the operations channel is told which, why and
what to do, once for each kind; and nobody of one that is shown, or may be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Dict, List
from unittest import mock

import pytest
from incident_world import IncidentActionCase, happened
from repaint_incident import RepaintIncident

from pagerduty_mattermost.core.errors import RetryLater
from pagerduty_mattermost.gateways.stackstorm import rules_api
from pagerduty_mattermost.incidents.incident import Change, from_payload
from pagerduty_mattermost.operations import unrouted

POST, REPAINT = "pagerduty.mattermost.post_incident", "pagerduty.mattermost.repaint_incident"


def rule(ref: str, action: str = POST, *, enabled: bool = True, **criteria: Any) -> Any:
    return SimpleNamespace(
        ref=ref,
        enabled=enabled,
        trigger={"type": "pagerduty.incident"},
        criteria={
            f"trigger.incident.{name}": {"type": "equals", "pattern": pattern}
            for name, pattern in criteria.items()
        },
        action={"ref": action, "parameters": {"change": "{{ trigger }}"}},
    )


ALWAYS = rule("pagerduty.repaint_cards", REPAINT)
OFF = rule("pagerduty.post_incidents", enabled=False)
CHECKOUT = rule("me.checkout", service="Checkout", priority="P1")


class UnroutedTestCase(IncidentActionCase):
    __test__ = True
    action_cls = RepaintIncident

    def setUp(self) -> None:
        super().setUp()
        self.rules: List[Any] = [ALWAYS, OFF, CHECKOUT]
        patch = mock.patch.object(rules_api, "all_rules", side_effect=lambda service: self.rules)
        patch.start()
        self.addCleanup(patch.stop)
        self.numbers = 0

    def happens(
        self, service: str = "Billing Jobs", kind: str = "triggered", **terms: Any
    ) -> Dict[str, Any]:
        """A change of a new incident, for which no rule ran."""
        truth = self.account.trigger(service, "Nowhere burns", **{"priority": "P1", **terms})
        now = self.incident(truth)
        self.numbers += 1
        return self.change(now, happened(self.numbers, kind, now.updated_at))

    def said(self, change: Dict[str, Any], config: Any = None) -> List[str]:
        before = len(self.chat.messages("ops"))
        succeeded, result = self.act(config or self.settings(), change=change)
        assert succeeded, result
        return self.chat.messages("ops")[before:]

    def test_the_notice_names_incident_reasons_and_what_to_do(self) -> None:
        change = self.happens()
        incident = change["incident"]
        with self.assertLogs(level="WARNING") as logs:
            (told,) = self.said(change)
        link = f"[#{incident['number']} Nowhere burns]({incident['url']})"
        begin = f":warning: {link} (Billing Jobs, high urgency, P1) is shown in no channel: "
        assert told.startswith(begin)
        assert "no enabled rule fits (`me.checkout`: trigger.incident." in told
        assert "'Billing Jobs', wanted: equals 'Checkout'" in told.replace("\u200b", "")
        assert f"`st2 run pagerduty.route.explain incident_id={incident['id']}`" in told
        assert f"post_incident incident_id={incident['id']} channel=:default` posts it" in told
        assert "`watch.report_unrouted: false`" in told
        assert f"#{incident['number']} (Billing Jobs, high urgency, P1) fits no" in logs.output[0]

    def test_once_for_each_kind(self) -> None:
        assert len(self.said(self.happens())) == 1
        assert self.said(self.happens()) == []
        assert len(self.said(self.happens(priority="P2"))) == 1
        assert len(self.said(self.happens("Database"))) == 1

    def test_without_any_enabled_route(self) -> None:
        self.rules = [ALWAYS, OFF]
        (told,) = self.said(self.happens())
        assert "is shown in no channel: no rule that posts cards is enabled." in told

    def test_what_is_shown_or_may_be_is_not_reported(self) -> None:
        strange = rule("me.strange", "ops.x")
        strange.criteria = {"trigger.incident.service": {"type": "no such", "pattern": "x"}}
        for more in (
            rule("me.all"),
            rule("me.room", "pagerduty.room.open", priority="P1"),
            rule("me.own", "ops.page_me"),
            strange,
        ):
            self.rules = [ALWAYS, OFF, more]
            assert self.said(self.happens()) == [], more.ref

    def test_a_message_to_people_shows_it_in_no_channel(self) -> None:
        self.rules = [ALWAYS, OFF, rule("me.tell", "pagerduty.mattermost.tell_incident")]
        assert len(self.said(self.happens())) == 1

    def test_low_urgency_and_later_changes_are_not_reported(self) -> None:
        assert self.said(self.happens(urgency="low")) == []
        assert self.said(self.happens(kind="acknowledged")) == []

    def test_a_priority_may_come_a_moment_later(self) -> None:
        self.rules = [ALWAYS, OFF, rule("me.p1", priority="P1")]
        assert self.said(self.happens(priority="")) == []
        (told,) = self.said(self.happens(priority="P2", kind="priority_updated"))
        assert "trigger.incident.priority is 'P2', wanted: equals 'P1'" in told
        self.rules += [CHECKOUT, rule("me.db", service="Database")]
        assert len(self.said(self.happens(priority=""))) == 1

    def test_where_it_is_meant_nobody_is_told(self) -> None:
        quiet = {**self.settings(), "watch": {"report_unrouted": False}}
        assert self.said(self.happens(), quiet) == []

    def test_an_incident_of_a_test_is_meant_to_have_its_room_alone(self) -> None:
        trial = {**self.settings(), "rooms": {"test_service": "Billing Jobs"}}
        assert self.said(self.happens(), trial) == []

    def test_where_rules_can_not_be_read_the_change_is_seen_to_all_the_same(self) -> None:
        with mock.patch.object(rules_api, "all_rules", side_effect=RetryLater("away")):
            assert self.said(self.happens()) == []
        assert len(self.said(self.happens())) == 1, "nothing was remembered as told"

    def test_many_rules_are_not_all_named(self) -> None:
        self.rules = [rule(f"me.r{number}", service=f"S{number}") for number in range(9)]
        change = from_payload(self.happens())
        assert isinstance(change, Change)
        assert "; and 5 more)" in unrouted.notice(change, self.rules)


@pytest.mark.parametrize("status", ["acknowledged", "resolved"])
def test_only_what_is_open_is_urgent(status: str) -> None:
    from posts_world import INCIDENT

    event = happened(1, "triggered", "2026-11-21T09:00:00Z")
    change = Change(INCIDENT._replace(status=status, urgency="high"), (event,), 1)
    assert unrouted.is_urgent(change) is (status == "acknowledged")
