"""mattermost.catch_up: what a rule's action could not post is kept, and posted once when it can
be."""

from __future__ import annotations

from typing import Any, Dict, List

from incident_world import IncidentActionCase, happened
from mattermost_catch_up import CatchUp
from mattermost_post_once import PostOnce
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import dead_letters

MINUTES = 60.0
NOTHING = {
    "caught_up": 0,
    "waiting": 0,
    "by_hand": 0,
    "dropped": 0,
    "message": "Nothing was waiting.",
}


def is_kept(outcome: Any) -> bool:
    """Of a run of an action: it could not be done, was kept, and is no failure."""
    succeeded, result = outcome
    return bool(succeeded and result["done"] == "kept")


class CatchUpTestCase(IncidentActionCase):
    __test__ = True
    action_cls = CatchUp

    def setUp(self) -> None:
        super().setUp()
        self.truth = self.account.trigger("Checkout API", "Disk full", priority="P1")
        shown = self.incident(self.truth)
        self.triggered = self.change(shown, happened(1, "triggered", shown.created_at))

    def rule(self, cls: Any, **params: Any) -> Any:
        """A run of another action, as a rule makes it."""
        action = cls(self.settings(), self.action_service)
        action.sleep, action.monotonic, action.clock = (
            self.chat.sleep,
            self.chat.clock,
            self.chat.clock,
        )
        return action.run(**params)

    def both(self, change: Dict[str, Any]) -> List[Any]:
        return [
            self.rule(
                PostIncident,
                change=change,
                incident_id=None,
                channel="incidents",
                start_on=["triggered"],
            ),
            self.rule(RepaintIncident, change=change, incident_id=None),
        ]

    @property
    def kept(self) -> List[dead_letters.DeadLetter]:
        return dead_letters.load_all(Store(self.action_service), None)

    def cards(self, channel: str = "incidents") -> List[Any]:
        return [post for post in self.chat.service.posts(channel) if "attachments" in post.props]

    def test_an_outage_longer_than_all_retries_loses_nothing(self) -> None:
        self.chat.server.stop()
        for _ in range(6):  # the run and its five retries
            assert is_kept(self.both(self.triggered)[0])
            self.chat.clock.advance(1 * MINUTES)
        self.account.acknowledge(self.truth, "ada@example.com")
        now = self.incident(self.truth)
        acknowledged = self.change(now, happened(2, "acknowledged", now.updated_at))
        self.both(acknowledged)
        assert self.done()["caught_up"] == 0, "still away"
        self.chat.server.start()
        self.chat.clock.advance(10 * MINUTES)
        self.done()
        (card,) = self.cards()
        assert "Acknowledged" in card.message
        assert len(self.chat.service.thread(card)) == 2
        self.chat.clock.advance(120 * MINUTES)
        assert self.done() == NOTHING
        assert len(self.chat.service.thread(card)) == 2

    def test_what_a_retry_has_posted_is_posted_no_second_time(self) -> None:
        self.chat.server.stop()
        self.both(self.triggered)
        self.chat.server.start()
        self.both(self.triggered)
        self.chat.service.forget_pending()
        assert self.done()["caught_up"] == 1
        (card,) = self.cards()
        assert len(self.chat.service.thread(card)) == 1

    def test_one_channel_that_stays_closed_holds_up_no_other(self) -> None:
        self.chat.service.add_channel("closed", private=True)
        post = {"change": self.triggered, "incident_id": None}
        assert is_kept(self.rule(PostIncident, **post, channel="closed"))
        self.chat.server.stop()
        assert is_kept(self.rule(PostIncident, **post, channel="incidents"))
        self.chat.server.start()
        self.chat.clock.advance(5 * MINUTES)
        result = self.done()
        assert (result["caught_up"], result["waiting"]) == (1, 1)
        assert len(self.cards()) == 1
        self.chat.service.add_member("closed", "pagerduty")
        assert self.done()["caught_up"] == 0, "it is not asked for again at once"
        self.chat.clock.advance(5 * MINUTES)
        assert self.done()["caught_up"] == 1
        assert len(self.cards("closed")) == 1

    def test_a_message_of_a_rule_is_kept_and_says_when_it_was_meant(self) -> None:
        self.chat.server.stop()
        message = {"channel": "ops", "message": "The sensor fails", "key": "health-1"}
        assert is_kept(self.rule(PostOnce, **message))
        self.chat.server.start()
        self.chat.clock.advance(20 * MINUTES)
        assert self.done()["caught_up"] == 1
        (message,) = self.chat.messages("ops")
        assert message.startswith("The sensor fails\n_Of ")

    def test_what_a_person_asked_for_is_not_kept(self) -> None:
        self.chat.server.stop()
        assert not self.rule(
            PostIncident, change=None, incident_id=self.truth.id, channel="incidents"
        )[0]
        assert self.kept == []

    def test_what_is_refused_for_good_is_kept_with_its_reason_and_never_tried_by_itself(
        self,
    ) -> None:
        self.chat.server.faults.add("status", status=400, method="POST", path="/posts")
        post = {"change": self.triggered, "incident_id": None, "channel": "incidents"}
        assert is_kept(self.rule(PostIncident, **post))
        (one,) = self.kept
        assert (one.kind, one.attempts) == ("permanent", 1)
        assert "400" in one.reason
        for _ in range(3):
            self.chat.clock.advance(60 * MINUTES)
            assert self.done() == {**NOTHING, "by_hand": 1}
        assert self.kept == [one]

    def test_what_missed_a_closed_channel_is_told_there_when_it_is_open_again(self) -> None:
        self.both(self.triggered)
        self.chat.service.channel("incidents").type = "P"
        self.chat.service.remove_member("incidents", "pagerduty")
        # Of a later second: one of the same version would be the change that is shown already.
        self.chat.clock.advance(1)
        self.account.acknowledge(self.truth, "ada@example.com")
        now = self.incident(self.truth)
        succeeded, result = self.both(
            self.change(now, happened(2, "acknowledged", now.updated_at))
        )[1]
        assert succeeded
        assert result["cards"][0]["done"] == "failed"
        assert {one.kind for one in self.kept} == {"blocked"}
        assert self.done()["caught_up"] == 0
        self.chat.service.add_member("incidents", "pagerduty")
        self.chat.clock.advance(10 * MINUTES)
        assert self.done()["waiting"] == 0
        (card,) = self.cards()
        assert "Acknowledged" in card.message
        assert self.kept == []

    def test_while_the_other_side_is_down_few_are_tried(self) -> None:
        self.chat.server.stop()
        for number in range(10):
            self.rule(PostOnce, channel="ops", message=f"{number}", key=f"k{number}")
            self.chat.clock.advance(1)
        assert [one.attempts for one in self.kept] == [1] * 10
        assert self.done()["waiting"] == 10
        assert sorted(one.attempts for one in self.kept) == [1] * 7 + [2] * 3
        self.chat.server.start()
        self.chat.clock.advance(5 * MINUTES)
        assert self.done()["caught_up"] == 10
        assert self.chat.messages("ops")[0].startswith("0")

    def test_a_kept_value_that_does_not_read_stops_nothing(self) -> None:
        self.action_service.set_value("pagerduty.deadletter.broken", "{", local=False)
        Store(self.action_service).write("deadletter.odd", {"action": "os.system", "params": {}})
        assert self.done()["message"] == "Nothing was waiting."

    def test_killed_between_any_write_and_any_effect_nothing_is_lost_twice_or_out_of_order(
        self,
    ) -> None:
        other = self.account.trigger("Checkout API", "Slow", priority="P2")
        shown = self.incident(other)
        changes = [self.triggered, self.change(shown, happened(5, "triggered", shown.created_at))]
        for truth, number in ((self.truth, 2), (other, 6)):
            self.account.acknowledge(truth, "ada@example.com")
            now = self.incident(truth)
            changes.append(self.change(now, happened(number, "acknowledged", now.updated_at)))
        self.chat.server.stop()
        for change in changes:
            self.both(change)
            self.chat.clock.advance(1)
        self.chat.server.start()
        assert len(self.kept) == 4
        service = self.action_service
        set_value, delete_value = service.set_value, service.delete_value
        for cut in range(60):
            left = [cut % 12]

            def dying(call: Any, left: List[int] = left) -> Any:
                def called(*args: Any, **more: Any) -> Any:
                    left[0] -= 1
                    if left[0] < 0:
                        raise ConnectionError("killed")
                    return call(*args, **more)

                return called

            service.set_value, service.delete_value = dying(set_value), dying(delete_value)
            self.act()
            service.set_value, service.delete_value = set_value, delete_value
            if not self.kept:
                break
            self.chat.service.forget_pending()
            self.chat.clock.advance(15 * MINUTES)
        assert self.kept == []
        assert cut > 3, "it was cut off on the way"
        assert len(self.cards()) == 2
        for card in self.cards():
            first, second = (post.message for post in self.chat.service.thread(card))
            assert "Triggered by Ann" in first
            assert "Ann acknowledged" in second
            assert "Acknowledged" in card.message

    def test_a_token_that_was_revoked_ends_the_run_early_and_a_new_one_catches_up(self) -> None:
        token = self.chat.world.bot_token
        self.chat.service.revoke(token)
        for number in range(6):
            self.rule(PostOnce, channel="ops", message=f"{number}", key=f"k{number}")
        assert {one.kind for one in self.kept} == {"blocked"}
        self.done()
        assert sorted(one.attempts for one in self.kept) == [1] * 5 + [2]
        self.chat.world = self.chat.world._replace(
            bot_token=self.chat.service.add_token("pagerduty")
        )
        self.chat.clock.advance(60 * MINUTES)
        assert self.done()["caught_up"] == 6

    def test_a_value_that_did_not_read_is_told_once(self) -> None:
        Store(self.action_service).quarantine("sensor.head", "{half", "no JSON")
        self.done()
        self.done()
        Store(self.action_service).quarantine("sensor.shard.07", "{half", "no JSON")
        self.done()
        first, second = (text for text in self.chat.messages("ops") if "did not read" in text)
        assert "1 value in" in first
        assert "`pagerduty.quarantine.sensor.head." in first
        assert "`pagerduty.quarantine.sensor.shard.07." in second
        exchange = {"api_key": "u+exchangePack1234567", "service_key": None, "debug": False}
        assert self.action(exchange).run()[0], (
            "without Mattermost there is nobody to tell, and nothing fails"
        )
