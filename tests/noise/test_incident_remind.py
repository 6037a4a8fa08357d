"""incident.remind: what is not acknowledged is raised again in its thread, once, with who is
next."""

from __future__ import annotations

from typing import Any, Dict, List, Optional
from unittest import mock

from incident_remind import Remind
from incident_world import IncidentActionCase, happened
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, Person, to_payload
from pagerduty_mattermost.incidents.known_states import REPORTED, SensorState, known_of
from pagerduty_mattermost.incidents.state_store import StateStore
from pagerduty_mattermost.noise import reminder_posts

MINUTES = 60.0


class RemindTestCase(IncidentActionCase):
    __test__ = True
    action_cls = Remind

    def setUp(self) -> None:
        super().setUp()
        self.account.options.automatic_escalation = True
        self.state = SensorState(self.chat.clock(), self.chat.clock())
        self.number = 0
        self.terms: Dict[str, Any] = {}
        self.quiet: Dict[str, Any] = {}

    def settings(self, **changes: Any) -> Dict[str, Any]:
        return super().settings(**{"reminders": self.terms, "quiet_hours": self.quiet, **changes})

    def sees(self, truth: Any) -> None:
        """The incident sensor has read it."""
        now = self.incident(truth)
        at = times.seconds(now.updated_at) or 0.0
        self.state.put(now.id, known_of(now, now.status, at, REPORTED, self.chat.clock()))
        StateStore(Store(self.action_service)).commit(self.state)

    def trigger(self, title: str = "Disk full", urgency: str = "high", **terms: Any) -> Any:
        truth = self.account.trigger("Checkout API", title, urgency=urgency)
        self.changed(truth, "triggered", **terms)
        return truth

    def changed(self, truth: Any, kind: str, card: bool = True, **terms: Any) -> None:
        self.sees(truth)
        self.number += 1
        now = self.incident(truth)
        event = happened(self.number, kind, now.updated_at, Person("PS", "Datadog"))
        change = to_payload(Change(now, (event,), self.number))
        if card:
            self.run_as_a_rule(PostIncident, **{"change": change, "channel": "incidents", **terms})
        self.run_as_a_rule(RepaintIncident, change=change, incident_id=None)

    def reminders(self, channel: str = "incidents") -> List[str]:
        threads = [
            self.chat.service.thread(post)
            for post in self.chat.service.posts(channel)
            if post.props
        ]
        return [
            reply.message
            for thread in threads
            for reply in thread
            if "Still unacknowledged" in reply.message
        ]

    def asked(self) -> int:
        return len(self.calls.entries)

    def tick(self, minutes: float = 0) -> List[str]:
        self.chat.clock.advance(minutes * MINUTES)
        self.chat.service.forget_pending()
        return self.done()["post_ids"]  # type: ignore[no-any-return]

    def test_after_five_minutes_it_is_raised_once_with_who_is_next(self) -> None:
        self.trigger()
        assert self.tick(4.9) == []
        assert len(self.tick(0.2)) == 1
        assert self.reminders() == [
            (
                "08:58 · :alarm_clock: **Still unacknowledged after 5 min.** Next: level 2, "
                "Grace Hopper in 24 min. · @ada"
            )
        ]
        for _ in range(3):
            assert self.tick(20) == []
        assert len(self.reminders()) == 1

    def test_nothing_is_asked_of_pagerduty_while_nothing_is_due(self) -> None:
        before = self.asked()
        self.tick()
        truth = self.trigger()
        low = self.trigger("Slow", urgency="low")
        before = self.asked()
        self.tick(4)
        assert self.asked() == before
        self.tick(1)
        assert self.asked() == before + 3, "the list, who is on call, and a last look"
        self.tick(10)
        assert self.asked() == before + 3
        for one in (truth, low):
            self.account.resolve(one)
            self.sees(one)
        before = self.asked()
        self.tick(10)
        assert self.asked() == before

    def test_an_acknowledgement_that_the_sensor_has_not_read_yet_counts(self) -> None:
        truth = self.trigger()
        self.tick(4)
        self.account.acknowledge(truth, "ada@example.com")
        assert self.tick(2) == []
        assert self.reminders() == []

    def test_an_acknowledgement_between_the_look_and_the_post_counts(self) -> None:
        truth = self.trigger()
        action = self.action()
        self.chat.clock.advance(6 * MINUTES)
        pagerduty = action.context.pagerduty
        listed = pagerduty.list_all

        def list_all(*given: Any, **more: Any) -> Any:
            found = listed(*given, **more)
            if given[0] == "/incidents":
                self.account.acknowledge(truth, "ada@example.com")
            return found

        pagerduty.list_all = list_all
        assert action.run() == (True, {"post_ids": [], "message": "Reminders posted: 0."})
        assert self.reminders() == []

    def test_a_killed_or_doubled_run_posts_once(self) -> None:
        truth = self.trigger()
        self.tick()
        name = f"pagerduty.reminder.{truth.id}"
        before = self.action_service.get_value(name, local=False)
        self.tick(6)
        self.action_service.set_value(name, before, local=False)
        self.tick(1)
        self.action_service.delete_value(name, local=False)
        self.tick(1)
        assert len(self.reminders()) == 1

    def test_a_lost_answer_makes_no_second_reminder(self) -> None:
        self.trigger()
        self.chat.clock.advance(6 * MINUTES)
        self.chat.server.faults.add("lost", method="POST", path="/posts$")
        self.act()
        self.chat.server.faults.clear()
        self.tick(1)
        assert len(self.reminders()) == 1

    def test_an_outage_of_mattermost_is_made_up_for(self) -> None:
        self.trigger()
        self.chat.clock.advance(6 * MINUTES)
        self.chat.server.stop()
        assert not self.act()[0]
        self.chat.server.start()
        self.tick(4)
        assert [" after 10 min.**" in one for one in self.reminders()] == [True]

    def test_without_pagerduty_nobody_is_told_what_may_be_wrong(self) -> None:
        self.trigger()
        self.tick(4)
        self.pager.faults.add("status", status=500, path="/incidents")
        assert "500" in self.refusing(2)
        assert self.reminders() == []
        self.pager.faults.clear()
        self.pager.faults.add("status", status=500, path="/oncalls")
        self.tick(1)
        (said,) = self.reminders()
        assert said.endswith("It escalates in 22 min; to whom is not known. · @ada")

    def refusing(self, minutes: float) -> str:
        self.chat.clock.advance(minutes * MINUTES)
        return self.refused()

    def test_every_card_gets_it_and_who_its_route_mentions(self) -> None:
        truth = self.trigger(mention="assignees")
        change = to_payload(
            Change(self.incident(truth), (happened(9, "annotated", "2025-10-09T08:53:20Z"),), 9)
        )
        self.run_as_a_rule(PostIncident, change=change, channel="incidents-p1", mention="oncall")
        self.run_as_a_rule(PostIncident, change=change, channel="ops", reply_on=["none"])
        assert len(self.tick(6)) == 2
        assert self.reminders("incidents")[0].endswith(" · @ada")
        assert self.reminders("incidents-p1")[0].endswith(" · @ada")
        assert self.reminders("ops") == []

    def test_a_card_that_a_person_deleted_and_a_closed_channel_keep_no_other_waiting(self) -> None:
        truth = self.trigger()
        change = to_payload(
            Change(self.incident(truth), (happened(9, "annotated", "2025-10-09T08:53:20Z"),), 9)
        )
        for channel in ("incidents-p1", "ops"):
            self.run_as_a_rule(PostIncident, change=change, channel=channel)
        card = next(post for post in self.chat.service.posts("incidents") if post.props)
        self.chat.gateway().api("DELETE", f"/posts/{card.id}")
        self.chat.service.archive("incidents-p1")
        assert len(self.tick(6)) == 1
        assert len(self.reminders("ops")) == 1
        assert self.tick(1) == []

    def test_who_has_no_card_is_looked_at_again_and_reminded_of_when_it_has(self) -> None:
        truth = self.account.trigger("Checkout API", "Disk full")
        self.changed(truth, "triggered", card=False)
        before = self.asked()
        for _ in range(6):
            self.tick(1)
        assert self.asked() == before, "of what is in no channel nothing is asked"
        self.changed(truth, "priority_updated")
        assert len(self.tick(5)) == 1

    def test_it_begins_anew_when_it_is_taken_back(self) -> None:
        truth = self.trigger()
        self.tick(6)
        self.account.acknowledge(truth, "ada@example.com")
        self.changed(truth, "acknowledged")
        self.tick(30)
        self.account.unacknowledge(truth, "ada@example.com")
        self.changed(truth, "unacknowledged")
        assert self.tick(4) == []
        assert len(self.tick(1)) == 1
        assert " after 5 min.**" in self.reminders()[1]

    def test_an_escalation_is_no_new_beginning(self) -> None:
        truth = self.trigger()
        self.tick(3)
        self.account.escalate(truth, "ada@example.com")
        self.changed(truth, "escalated")
        assert len(self.tick(2)) == 1
        self.account.escalate(truth, "ada@example.com")
        self.changed(truth, "escalated")
        assert self.tick(6) == []

    def test_they_are_repeated_where_it_is_asked_for_and_none_is_made_up_for(self) -> None:
        self.terms = {"after": 2, "repeat": 10}
        self.trigger()
        assert [len(self.tick(minutes)) for minutes in (1, 1, 9, 1, 50, 1)] == [0, 1, 0, 1, 1, 0]
        assert " after 1 h 2 min.**" in self.reminders()[2]

    def test_they_can_be_switched_off_and_widened(self) -> None:
        self.terms = {"enabled": False}
        self.trigger("Slow", urgency="low")
        assert self.done() == {
            "post_ids": [],
            "message": "Reminders are switched off (reminders.enabled).",
        }
        self.terms = {"urgencies": ["high", "low"]}
        assert len(self.tick(6)) == 1

    def test_low_urgency_waits_for_the_end_of_quiet_hours(self) -> None:
        self.terms = {"urgencies": ["high", "low"]}
        self.trigger("Slow", urgency="low")
        self.quiet = {"hours": "08:00-10:00"}
        assert self.tick(6) == []
        before = self.asked()
        assert self.tick(20) == []
        assert self.asked() == before
        assert len(self.tick(60)) == 1

    def test_over_an_exchange_configuration_nothing_fails(self) -> None:
        succeeded, result = self.act({"api_key": "u+exchangePack1234567"})
        assert (succeeded, result["done"]) == (True, "not_configured")

    def test_values_that_do_not_read_stop_nothing(self) -> None:
        self.action_service.set_value("pagerduty.reminder.PX", "{", local=False)
        Store(self.action_service).write("reminder.PY", {"since": "soon"})
        self.action_service.set_value("pagerduty.sensor.shard.03", "{", local=False)
        self.trigger()
        assert len(self.tick(6)) == 1
        self.action_service.set_value("pagerduty.sensor.head", "{", local=False)
        assert self.tick(1) == []

    def test_of_what_is_over_nothing_stays(self) -> None:
        truth, other = self.trigger(), self.trigger("Other")
        self.tick(6)
        self.account.resolve(truth)
        self.sees(truth)
        self.tick(1)
        assert self.kept(truth) is None
        assert self.kept(other) is not None

    def kept(self, truth: Any) -> Optional[str]:
        found: Optional[str] = self.action_service.get_value(
            f"pagerduty.reminder.{truth.id}", local=False
        )
        return found

    def test_a_storm_is_looked_at_in_parts(self) -> None:
        self.addCleanup(setattr, reminder_posts, "MAX_READ", reminder_posts.MAX_READ)
        reminder_posts.MAX_READ = 2
        for number in range(5):
            self.trigger(f"Disk {number} full")
            self.chat.clock.advance(1)
        assert [len(self.tick(minutes)) for minutes in (6, 0, 0, 0)] == [2, 2, 1, 0]

    def test_a_last_look_that_fails_posts_nothing_and_loses_nothing(self) -> None:
        truth = self.trigger()
        self.tick(4)
        self.pager.faults.add("status", status=500, path=f"/incidents/{truth.id}$")
        assert "500" in self.refusing(2)
        assert self.reminders() == []
        self.pager.faults.clear()
        assert len(self.tick(1)) == 1

    def test_a_revoked_token_is_an_error_and_loses_nothing(self) -> None:
        self.trigger()
        self.tick(4)
        self.chat.server.faults.add("status", status=401, path="/thread")
        self.refusing(2)
        self.chat.server.faults.clear()
        assert len(self.tick(1)) == 1

    def operations(self) -> List[str]:
        return [one for one in self.chat.messages("ops") if one.startswith(":warning:")]

    def test_one_that_stumbles_leaves_the_others_and_is_told_once(self) -> None:
        first, _, _ = (self.trigger(f"Disk {number} full") for number in range(3))
        original = reminder_posts.ReminderRun._incident

        def incident(run: Any, one: Any, *more: Any) -> Any:
            return {}["unforeseen"] if one.incident_id == first.id else original(run, one, *more)

        with mock.patch.object(reminder_posts.ReminderRun, "_incident", incident):
            assert len(self.tick(6)) == 2
            self.tick(1)
        (told,) = self.operations()
        assert f"Set aside, the others go on: the reminder of {first.id}: Unexpected" in told
        assert "KeyError" in told
        assert len(self.tick(1)) == 1, "it comes when it can"

    def test_one_that_can_not_be_judged_leaves_the_others(self) -> None:
        first, _ = self.trigger(), self.trigger("Other")
        original = reminder_posts._looked

        def looked(one: Any, *more: Any) -> Any:
            return [][1] if one.incident_id == first.id else original(one, *more)

        with mock.patch.object(reminder_posts, "_looked", looked):
            assert len(self.tick(6)) == 1
        assert "IndexError" in self.operations()[0]

    def test_values_of_any_shape_in_pagerdutys_answer_cost_no_other_its_reminder(self) -> None:
        names = ("assignments", "pending_actions", "escalation_policy", "urgency", "status")
        odd: List[Any] = [None, 7, "x", [], [None], [{"at": 7, "assignee": "x"}], {"id": [1]}]
        original = PagerDuty.list_all
        for number, value in enumerate(odd):
            first, _ = self.trigger(f"Odd {number}"), self.trigger(f"Fine {number}")

            def list_all(
                client: Any, path: str, *more: Any, value: Any = value, odd_one: str = first.id
            ) -> Any:
                found = original(client, path, *more)
                for row in found.items:
                    if row.get("id") == odd_one:
                        row.update(dict.fromkeys(names, value))
                return found

            with mock.patch.object(PagerDuty, "list_all", list_all):
                self.tick(6)
            fine = [one for one in self.chat.service.posts("incidents") if one.props]
            (card,) = [
                one for one in fine if f"Fine {number}" in one.props["attachments"][0]["title"]
            ]
            replies = [one.message for one in self.chat.service.thread(card)]
            assert any("Still unacknowledged" in one for one in replies), value
