"""mattermost.repaint_incident: every card the incident has, and none it has not."""

from __future__ import annotations

from typing import Any, Dict

from incident_world import IncidentActionCase, happened
from repaint_incident import RepaintIncident

from pagerduty_mattermost.cards.publisher import CardPublisher
from pagerduty_mattermost.cards.route import Route
from pagerduty_mattermost.gateways.mattermost.channels import Channels
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change


class RepaintIncidentTestCase(IncidentActionCase):
    __test__ = True
    action_cls = RepaintIncident

    def setUp(self) -> None:
        super().setUp()
        self.truth = self.account.trigger("Checkout API", "Disk full")
        self.shown = self.incident(self.truth)
        self.begun = Change(self.shown, (happened(1, "triggered", self.shown.created_at),), 1)

    def born(self, *channels: str) -> None:
        mattermost = self.chat.gateway()
        store = Store(self.action_service)
        for channel in channels:
            CardPublisher(
                mattermost,
                store,
                Channels(mattermost, store),
                clock=self.chat.clock,
                monotonic=self.chat.clock,
            ).show(self.begun, channel, Route("test"))

    def test_over_an_exchange_configuration_nothing_fails(self) -> None:
        change = self.change(self.shown, happened(1, "triggered", self.shown.created_at))
        succeeded, result = self.action({"api_key": "u+exchangePack1234567"}).run(
            change=change, incident_id=None
        )
        assert (succeeded, result["done"]) == (True, "not_configured")

    def resolved(self) -> Dict[str, Any]:
        self.chat.clock.advance(60)
        self.account.resolve(self.truth, user="Ada Lovelace")
        now = self.incident(self.truth)
        return self.change(now, happened(2, "resolved", now.updated_at))

    def test_every_card_is_repainted_and_replied_in(self) -> None:
        self.born("incidents", "incidents-p1")
        result = self.done(change=self.resolved(), incident_id=None)
        assert sorted(
            (card["channel"], card["done"], len(card["reply_ids"])) for card in result["cards"]
        ) == [
            ("~incidents", "repainted", 1),
            ("~incidents-p1", "repainted", 1),
        ]
        for channel in ("incidents", "incidents-p1"):
            (card,) = [
                post for post in self.chat.service.posts(channel) if "attachments" in post.props
            ]
            assert card.message.startswith("✅ Resolved")

    def test_an_incident_without_a_card_gets_none(self) -> None:
        result = self.done(change=self.resolved(), incident_id=None)
        assert (result["cards"], result["message"]) == ([], "The incident has no card.")

    def test_by_id_it_shows_what_pagerduty_has_now(self) -> None:
        self.born("incidents")
        self.resolved()
        result = self.done(change=None, incident_id=self.truth.id)
        assert [card["done"] for card in result["cards"]] == ["repainted"]

    def test_a_channel_closed_to_the_bot_is_told_in_the_operations_channel_and_the_rest_goes_on(
        self,
    ) -> None:
        self.chat.service.add_channel("secret", "Secret", private=True, members=["pagerduty"])
        self.born("secret", "incidents-p1")
        self.chat.service.remove_member("secret", "pagerduty")
        self.chat.clock.advance(3700)
        result = self.done(change=self.resolved(), incident_id=None)
        assert {card["channel"]: card["done"] for card in result["cards"]} == {
            "~secret": "failed",
            "~incidents-p1": "repainted",
        }
        assert "/invite" in result["message"]
        assert any("/invite" in line for line in self.chat.messages("ops"))

    def test_an_archived_channel_is_no_failure(self) -> None:
        self.born("incidents", "incidents-p1")
        self.chat.service.archive("incidents")
        result = self.done(change=self.resolved(), incident_id=None)
        assert {card["channel"]: card["done"] for card in result["cards"]} == {
            "~incidents": "shelved",
            "~incidents-p1": "repainted",
        }
        assert "the channel is archived, the card waits for it" in result["message"]
        assert [line for line in self.chat.messages("ops") if "archived" in line] == []
        kept = self.get_action_instance(self.settings()).action_service.list_values(
            local=False, prefix="pagerduty.deadletter."
        )
        assert kept == []

    def test_what_a_server_that_is_down_missed_is_kept_and_told_later(self) -> None:
        self.born("incidents")
        change = self.resolved()
        self.chat.server.faults.add("drop")
        self.left_for_later(change=change, incident_id=None)
        self.chat.server.faults.clear()
        self.done(change=change, incident_id=None)
        (card,) = [
            post for post in self.chat.service.posts("incidents") if "attachments" in post.props
        ]
        assert len(self.chat.service.thread(card)) == 2
