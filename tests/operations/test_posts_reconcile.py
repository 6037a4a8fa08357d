"""posts.reconcile: whatever was dropped on the way from PagerDuty to Mattermost heals, and
nothing is posted twice."""

from __future__ import annotations

from incident_world import happened
from post_incident import PostIncident
from reconcile_case import LATER, ReconcileCase, rule
from repaint_incident import RepaintIncident

from pagerduty_mattermost.cards import subscriptions
from pagerduty_mattermost.cards.records import IncidentRecords
from pagerduty_mattermost.incidents.known_states import SensorState, known_of
from pagerduty_mattermost.incidents.state_store import StateStore
from pagerduty_mattermost.sensor.body_events import BodyEvent, BodyEvents, kept


class PostsReconcileTestCase(ReconcileCase):
    __test__ = True

    def test_before_the_sensors_first_start_and_without_mattermost_nothing_is_done(self) -> None:
        assert self.done(source="sensor", full=None)["done"] == "not_started"
        succeeded, result = self.action({"api_key": "u+exchangePack1234567"}).run(
            source="timer", full=None
        )
        assert (succeeded, result["done"]) == (True, "not_configured")
        assert self.store.read("reconcile.timer") is not None

    def test_a_room_that_a_rule_was_to_open_is_opened_once(self) -> None:
        opens = rule("major", "")
        opens.action = {"ref": "pagerduty.room.open", "parameters": {"change": "{{ trigger }}"}}
        opens.criteria = {"trigger.incident.priority": {"type": "equals", "pattern": "P1"}}
        self.rules.append(opens)
        one = self.account.trigger("Checkout API", "Slow", priority="P1")
        other = self.account.trigger("Checkout API", "Not so bad", priority="P3")
        self.sensor(one, other)
        for _ in range(2):
            self.chat.clock.advance(LATER)
            self.done(source="sensor", full=None)
        made = [c.purpose for c in self.chat.service.state.channels.values() if c.purpose]
        assert made == [f"Room of PagerDuty incident {one.id}"]
        assert other.id not in str(made)

    def test_when_all_is_well_it_costs_one_request_and_writes_nothing_in_mattermost(self) -> None:
        made = [self.account.trigger("Checkout API", f"Slow {number}") for number in range(3)]
        for one in made:
            self.by_rule(one, "trigger")
        self.sensor(*made)
        self.chat.clock.advance(LATER)
        posts, asked = len(self.chat.journal.entries), len(self.calls.entries)
        result = self.done(source="sensor", full=None)
        assert (result["jobs"], result["message"]) == (0, "All is as it should be.")
        assert [e.path for e in self.calls.entries[asked:]] == ["/log_entries"]
        assert [e for e in self.chat.journal.entries[posts:] if "/posts" in e.path] == []

    def test_a_dropped_trigger_is_told_late_and_once(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.by_rule(one, "trigger")
        self.chat.clock.advance(20)
        self.account.acknowledge(one, "ada@example.com")
        self.sensor(one)
        assert self.done(source="sensor", full=None)["jobs"] == 0  # it may still be on its way
        self.chat.clock.advance(LATER)
        result = self.done(source="sensor", full=None)
        assert (result["put_right"], result["replies"]) == (1, 1)
        (card,) = self.cards()
        assert card.message.startswith("👀 Acknowledged")
        assert "Ada Lovelace acknowledged" in self.replies(card)[-1]
        assert "later_" in self.replies(card)[-1]
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0
        assert len(self.replies(card)) == 2

    def test_an_event_dropped_between_two_that_came_is_found_in_the_log(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.by_rule(one, "trigger")
        self.chat.clock.advance(20)
        self.account.annotate(one, "Looking at it", "ada@example.com")
        self.chat.clock.advance(20)
        self.account.acknowledge(one, "ada@example.com")
        self.by_rule(one, "acknowledge")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["replies"] == 1
        (card,) = self.cards()
        assert any("Looking at it" in reply for reply in self.replies(card))

    def test_what_the_sensor_has_not_read_yet_is_looked_at_again(self) -> None:
        self.sensor()
        one = self.account.trigger(
            "Checkout API", "Checkout does not answer", user="ada@example.com"
        )
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)  # the sensor hangs: it does not know it yet
        self.account.acknowledge(one, "grace@example.com")
        self.by_rule(one, "acknowledge")  # it is back, and of its two changes one is lost
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)
        (card,) = self.cards()
        assert [text.split(" · ")[1] for text in self.replies(card)] == [
            "Ann acknowledged",
            "Triggered by Ada Lovelace",
        ]

    def test_a_task_that_a_call_alone_told_of_and_that_was_lost_is_told_once(self) -> None:
        one = self.account.trigger("Checkout API", "Has tasks")
        self.by_rule(one, "trigger")
        self.sensor(one)
        self.done(source="sensor", full=None)
        changes = (("task", "Restart pods"),)
        event = happened(7, "completed", "2025-10-09T08:53:40Z")
        event = event._replace(event_type="incident.task.completed", changes=changes)
        self.chat.clock.advance(LATER)
        called = BodyEvents(self.store)
        called.keep(BodyEvent(one.id, event))
        called.dispatched([BodyEvent(one.id, event)], self.chat.clock())
        assert self.done(source="sensor", full=None)["jobs"] == 0  # it may be on its way
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["replies"] == 1
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0
        (card,) = self.cards()
        assert "completed the task Restart pods" in self.replies(card)[-1]
        assert len(self.replies(card)) == 2
        assert kept(self.store) == []

    def test_a_missing_card_is_born_where_the_rules_say(self) -> None:
        one = self.account.trigger("Checkout API", "Slow", user="ada@example.com")
        self.rules += [rule("low", "incidents-p1")]
        self.rules[-1].criteria = {
            "trigger.incident.urgency": {"type": "equals", "pattern": "low"}
        }
        self.sensor(one)
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["put_right"] == 1
        (card,) = self.cards()
        assert "Triggered by Ada Lovelace" in self.replies(card)[0]
        assert self.cards("incidents-p1") == []
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0

    def test_a_subscribed_channel_that_missed_it_gets_its_card(self) -> None:
        self.rules = []
        channel = self.chat.service.channel("ops").id
        subscriptions.save(self.store, subscriptions.Subscription(channel))
        one = self.account.trigger("Checkout API", "Slow")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["put_right"] == 1
        assert len(self.cards("ops")) == 1

    def test_one_that_came_and_went_and_whose_card_was_killed_is_posted(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.account.resolve(one)
        self.by_rule(one, "trigger", "resolve", only=RepaintIncident)
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)
        (card,) = self.cards()
        assert (card.message.startswith("✅ Resolved"), len(self.replies(card))) == (True, 2)
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0

    def test_after_hours_without_it_also_what_the_sensor_has_forgotten_is_posted(self) -> None:
        self.sensor()
        self.chat.clock.advance(10)
        self.done(source="sensor", full=None)
        one, other = (
            self.account.trigger("Checkout API", "Slow"),
            self.account.trigger("Database", "Full"),
        )
        self.account.resolve(one)
        self.account.resolve(other)
        self.chat.clock.advance(5 * 3600)
        self.sensor()
        result = self.done(
            config={**self.settings(), "watch": {"services": ["Checkout API"]}},
            source="",
            full=None,
        )
        assert result["put_right"] == 1
        (card,) = self.cards()
        assert card.message.startswith("✅ Resolved")

    def test_what_no_route_wants_is_no_job_and_costs_nothing(self) -> None:
        self.rules = [rule("p1", "incidents")]
        self.rules[0].criteria = {"trigger.incident.priority": {"type": "equals", "pattern": "P1"}}
        made = [self.account.trigger("Checkout API", f"Slow {number}") for number in range(5)]
        self.by_rule(made[0], "trigger", only=RepaintIncident)
        self.sensor(*made)
        self.chat.clock.advance(3600 + LATER)  # no log entry of theirs is looked at any more
        asked = len(self.calls.entries)
        assert self.done(source="sensor", full=None)["jobs"] == 0
        assert len(self.calls.entries) - asked == 2, "the log, and a page of what is open"
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0
        assert len(self.calls.entries) - asked == 3, "they are judged, and only the log is read"
        self.account.set_priority(made[1], "P1", "ada@example.com")
        self.sensor(*made)
        self.chat.clock.advance(LATER)
        self.done(source="sensor", full=None)
        assert [card.attachments[0]["title"] for card in self.cards()] == ["#2 Slow 1"]

    def test_what_the_first_start_left_out_is_not_missing(self) -> None:
        one = self.account.trigger("Checkout API", "Old news")
        self.origin = self.chat.clock() + 1
        self.chat.clock.advance(5)
        state = SensorState(self.origin, self.chat.clock())
        shown = self.incident(one)
        state.put(one.id, known_of(shown, shown.status, self.origin, 0, self.origin))
        StateStore(self.store).compact(state)
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0
        assert self.cards() == []

    def test_a_card_whose_incident_is_over_or_gone_is_closed(self) -> None:
        over, gone = (self.account.trigger("Checkout API", title) for title in ("Over", "Gone"))
        for one in (over, gone):
            self.by_rule(one, "trigger")
        self.sensor(over, gone)
        self.chat.clock.advance(20)
        self.account.resolve(over, "ada@example.com")
        del self.account.incidents[gone.id]
        self.account.open_numbers.remove(gone.number)
        self.account.version += 1
        self.chat.clock.advance(2 * 3600)
        self.sensor(over)  # a snapshot has found that the other one is gone
        self.done(source="sensor", full=True)
        assert sorted(card.message.split(" ")[1] for card in self.cards()) == [
            "Deleted",
            "Resolved",
        ]
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0

    def test_an_intent_without_its_post_is_finished(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.chat.server.faults.add("drop", method="POST", path="/api/v4/posts$")
        change = self.change(
            self.incident(one), happened(1, "triggered", self.incident(one).created_at)
        )
        action = PostIncident(self.settings(), self.action_service)
        action.sleep, action.monotonic, action.clock = (
            self.chat.sleep,
            self.chat.clock,
            self.chat.clock,
        )
        action.kept_as = ""
        assert (
            action.run(change=change, incident_id=None, channel="incidents", route="all")[0]
            is False
        )
        self.chat.server.faults.clear()
        self.sensor(one)
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["put_right"] == 1
        assert len(self.cards()) == 1

    def test_each_hour_a_deleted_post_is_posted_anew_once(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.by_rule(one, "trigger")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.chat.service.delete(self.cards()[0])
        runs = []
        for _ in range(13):
            runs.append(self.done(source="sensor", full=None)["full"])
            self.chat.clock.advance(300)
        assert runs == [False] * 12 + [True]
        assert len(self.cards()) == 1
        self.chat.service.delete(self.cards()[0])
        assert self.done(source="", full=True)["jobs"] == 1
        assert self.cards() == []  # a second time it is meant

    def test_a_mattermost_restored_from_an_older_backup_is_caught_up(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.by_rule(one, "trigger")
        before = self.cards()[0]
        old = (before.message, before.props)
        self.chat.clock.advance(20)
        self.account.acknowledge(one, "ada@example.com")
        self.by_rule(one, "acknowledge")
        self.sensor(one)
        card = self.cards()[0]
        card.message, card.props = old
        self.chat.service.delete(self.chat.service.thread(card)[-1])
        self.chat.clock.advance(LATER)
        assert self.done(source="sensor", full=None)["jobs"] == 0
        result = self.done(source="", full=True)
        assert (result["put_right"], result["replies"]) == (1, 1)
        assert self.cards()[0].message.startswith("👀")

    def test_a_datastore_restored_from_before_the_card_makes_no_second_one(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.by_rule(one, "trigger")
        for name in self.store.read_prefix("incident."):
            self.store.delete(name)
        self.sensor(one)
        self.chat.clock.advance(3600)
        self.done(source="sensor", full=None)
        assert len(self.cards()) == 1
        assert IncidentRecords(self.store, one.id).load().cards
        told = [line for line in self.chat.messages("ops") if "second installation" in line]
        assert len(told) == 1

    def test_an_old_change_without_a_record_looks_before_it_posts(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.by_rule(one, "trigger")
        for name in self.store.read_prefix("incident."):
            self.store.delete(name)
        self.chat.clock.advance(3600)
        self.by_rule(one, "trigger")
        assert len(self.cards()) == 1

    def test_two_that_ask_at_once_are_one(self) -> None:
        self.sensor()
        assert self.done(source="sensor", full=None)["done"] == "done"
        assert self.done(source="timer", full=None)["done"] == "too_soon"
        assert self.done(source="", full=None)["done"] == "done"

    def test_while_mattermost_is_away_the_log_is_kept_for_the_next_run(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.by_rule(one, "trigger")
        self.chat.clock.advance(20)
        self.account.annotate(one, "Looking", "ada@example.com")
        self.sensor(one)
        self.chat.clock.advance(LATER)
        self.chat.server.faults.add("drop")
        result = self.done(source="sensor", full=None)
        assert result["left"] == 1
        assert "Left for the next run: 1" in result["message"]
        self.chat.server.faults.clear()
        self.chat.clock.advance(2 * 3600)
        assert self.done(source="sensor", full=None)["replies"] == 1

    def test_pagerduty_away_is_one_line(self) -> None:
        self.sensor()
        self.pager.faults.add("drop")
        self.refused(source="sensor", full=None)

    def test_a_channel_that_is_closed_is_told_and_the_others_go_on(self) -> None:
        self.rules = [rule("closed", "nowhere"), rule("all", "incidents")]
        self.sensor(self.account.trigger("Checkout API", "Slow"))
        self.chat.clock.advance(LATER)
        result = self.done(source="sensor", full=None)
        assert (result["put_right"], len(result["problems"])) == (1, 1)
        assert "nowhere" in result["problems"][0]
