"""More of what is said in chat: pages, policies, mitigation, maintenance, who is on call, one's
own link; and what a channel subscribes to, with the cards that come of it."""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List

import pytest
from chat_case import ChatCase

from pagerduty_mattermost.chat.command import Command
from pagerduty_mattermost.core.errors import NotFound, RejectedInput


class ChatMoreTestCase(ChatCase):
    __test__ = True

    def test_lists_come_by_pages(self) -> None:
        made = [self.account.trigger("Database", f"Incident {number:02}") for number in range(23)]
        first, last = self.perform(Command("list")), self.perform(Command("list", page="3"))
        assert "23 incidents, page 1 of 3 (next: `/pd list page 2`)" in first.message
        assert [one.id for one in first.shown] == [one.id for one in reversed(made[13:])]
        assert [one.id for one in last.shown] == [one.id for one in reversed(made[:3])]
        assert "there are 3 pages" in self.refused("list", page="4")
        assert "Incident 02" in self.told("list", page="3")

    def test_escalate_and_reassign_take_an_escalation_policy(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert "to Web escalation: Mei Tanaka" in self.told(
            "escalate", incidents=one.id, text="Web escalation"
        )
        assert "to Payments escalation: Ada" in self.told(
            "reassign", incidents=one.id, text="policy payments escalation"
        )
        assert "there is no level 4" in self.refused("escalate", incidents=one.id, text="4")
        assert "Web escalation" not in self.told("show", incidents=one.id)

    def test_mitigate_acknowledges_notes_publishes_and_marks(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        text = self.told("mitigate", incidents=one.id, text="rolled back")
        assert "marked as mitigated in the name of `ada" in text
        assert one.status == "acknowledged"
        assert [path.rsplit("/", 1)[-1] for _, _, path in self.written()] == [
            "incidents",
            "notes",
            "status_updates",
        ]
        assert {sender for sender, _, _ in self.written()} == {"ada@example.com"}
        notes = self.told("notes", incidents=one.id)
        assert "Mitigated: rolled back" in notes
        self.account.resolve(one)
        refused = self.refused("mitigate", incidents=one.id)
        assert "Slow is resolved, and this needs an open one: nothing is changed" in refused

    def test_a_mitigation_whose_status_update_fails_says_so_and_stands(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        self.sandbox.pagerduty.faults.add("status", status=403, path="status_updates$")
        assert "the status update failed" in self.told("mitigate", incidents=one.id)
        assert "Mitigated by Ada Lovelace" in self.told("notes", incidents=one.id)

    def test_maintenance_begins_is_listed_and_ends(self) -> None:
        assert "No service is in maintenance" in self.told("maintenance_list")
        text = self.told("maintenance", service="database", duration="1h")
        assert "Database is in maintenance until" in text
        id = text.split("end maintenance ", 1)[1].split("`", 1)[0]
        listed = self.told("maintenance_list")
        assert f"`{id}`" in listed
        assert "| ongoing | Database |" in listed
        assert "is over" in self.told("maintenance_end", text=f"“{id.lower()}”:")
        assert "| ongoing |" not in self.told("maintenance_list")
        assert "which is past" in self.refused(
            "maintenance", service="Database", duration="1h ago"
        )
        assert "no maintenance window '../x'" in self.refused("maintenance_end", text="../x")
        assert "PNOWHERE" in self.refused("maintenance_end", text="PNOWHERE")

    def test_who_is_on_call_for_ones_teams_and_when_one_is_oneself(self) -> None:
        before = len(self.sandbox.pagerduty.journal.entries)
        text = self.told("oncall")
        assert "Billing Jobs, Checkout API | 1 | Ada Lovelace (@\u200bada) |" in text
        assert "Storefront" not in text
        paths = [entry.path for entry in self.sandbox.pagerduty.journal.entries[before:]]
        assert paths.count("/oncalls") == 1
        assert "You are on call" in self.told("oncall", text="me")
        assert "| Payments escalation | 1 | always |" in self.told("oncall", text="me")
        later = self.told("oncall", text="me", user="olu")
        assert (
            "Next: Platform escalation, level 1, from" in later
            or "Platform escalation | 1" in later
        )
        assert "Mei Tanaka is on call" in self.told("oncall", text="@mei")
        assert "You are in no team" in self.refused("oncall", user="radia")

    def test_a_levels_next_person_is_told(self) -> None:
        text = self.told("oncall", text="Platform escalation")
        assert "| level | on call | until | next |" in text
        first = next(line for line in text.split("\n") if line.startswith("| 1 |"))
        assert " from " in first
        assert {"Linus", "Olu"} == {word for word in ("Linus", "Olu") if word in first}

    def test_disconnected_nothing_is_done_in_ones_name_until_one_connects(self) -> None:
        one = self.account.trigger("Checkout API", "Slow")
        assert "Disconnected" in self.told("disconnect")
        assert "disconnected" in self.refused("acknowledge", incidents=one.id)
        assert self.written() == []
        assert "You are Ada Lovelace" in self.told("connect")
        self.told("acknowledge", incidents=one.id)
        assert one.status == "acknowledged"

    def test_an_admins_link_survives_a_disconnect(self) -> None:
        self.run_class(
            "identity_link", "IdentityLink", user="ada", pagerduty_user="grace@example.com"
        )
        self.told("disconnect")
        assert "an admin linked you" in self.told("connect")

    def test_who_has_no_pagerduty_user_is_told_the_way_out(self) -> None:
        self.sandbox.mattermost.account.add_user("stranger", email="stranger@example.com")
        refused = self.refused("connect", user="stranger")
        assert "identity.link user=stranger" in refused
        assert "no PagerDuty user has the e-mail address" in refused

    def test_help_is_an_answer(self) -> None:
        assert "**Act on an incident**" in self.told("help", text="acts")
        assert "`pagerduty help oncall`" in self.told("help")
        assert "`ack incident id [ids]`" in self.told("help", text="ack")

    def test_a_dialog_needs_pd(self) -> None:
        assert '"<what>" on <service>`' in self.refused("declare")


class SubscriptionTestCase(ChatCase):
    __test__ = True

    def setUp(self) -> None:
        super().setUp()
        self.channel = self.sandbox.mattermost.account.channel("incidents").id

    def said(self, verb: str, *, text: str = "", **options: str) -> str:
        return self.perform(
            Command(verb, text=text, channel=self.channel, options=options)
        ).message

    def repaint(self, incident: Any, *events: str) -> List[Dict[str, Any]]:
        from pagerduty_mattermost.incidents.incident import Change, IncidentEvent, to_payload
        from pagerduty_mattermost.incidents.log_entries import incident_from_rest

        row = self.perform_row(incident)
        shown = incident_from_rest(row)
        assert shown is not None
        happened = tuple(
            IncidentEvent(f"R{incident.number}{kind}", f"incident.{kind}", shown.updated_at)
            for kind in events
        )
        result = self.run_class(
            "repaint_incident",
            "RepaintIncident",
            change=to_payload(Change(shown, happened, 1)),
            incident_id=None,
        )
        return list(result["cards"])

    def perform_row(self, incident: Any) -> Dict[str, Any]:
        import requests

        from sandbox.pagerduty import API_KEY

        headers = {"Authorization": f"Token token={API_KEY}"}
        answer = requests.get(
            f"{self.sandbox.pagerduty.url}/incidents/{incident.id}", headers=headers, timeout=60
        )
        return dict(answer.json()["incident"])

    def test_a_subscribed_channel_gets_cards_of_what_fits(self) -> None:
        assert "no subscription" in self.said("subscriptions")
        told = self.said("subscribe", service="checkout api", urgency="high")
        assert (
            "subscribed to incidents of the service Checkout API of high urgency: each gets"
            in told
        )
        assert "already" in self.said("subscribe", service="Checkout API", urgency="high")
        fits, other = (
            self.account.trigger("Checkout API", "Slow"),
            self.account.trigger("Database", "Slow"),
        )
        assert [card["done"] for card in self.repaint(fits, "triggered")] == ["created"]
        assert self.repaint(other, "triggered") == []
        self.account.acknowledge(fits, "ada@example.com")
        (again,) = self.repaint(fits, "acknowledged")
        assert (again["done"], len(again["reply_ids"])) == ("repainted", 1)
        assert (
            len(
                [
                    post
                    for post in self.sandbox.mattermost.account.posts("incidents")
                    if post.attachments
                ]
            )
            == 1
        )

    def test_events_and_teams_narrow_it(self) -> None:
        self.said("subscribe", team="payments", events="resolved")
        one = self.account.trigger("Checkout API", "Slow")
        assert [card["done"] for card in self.repaint(one, "triggered")] == ["not_started"]
        self.account.resolve(one)
        assert [card["done"] for card in self.repaint(one, "resolved")] == ["created"]
        web = self.account.trigger("Storefront", "Slow")
        assert self.repaint(web, "triggered") == []

    def test_what_is_wrong_is_said_and_nothing_is_kept(self) -> None:
        for options, said in (
            ({"urgency": "red"}, "--urgency is high or low"),
            ({"service": "Nowhere"}, "there is no service 'Nowhere'"),
            ({"events": "exploded"}, "is no event type"),
            ({"priority": "P9"}, "there is no priority 'P9'"),
        ):
            with pytest.raises((RejectedInput, NotFound), match=said):
                self.said("subscribe", **options)
        with pytest.raises(RejectedInput, match="in the channel"):
            self.perform(Command("subscribe"))
        assert "no subscription" in self.said("subscriptions")

    def test_subscriptions_are_numbered_and_end_one_by_one(self) -> None:
        self.said("subscribe", service="Database")
        self.said("subscribe", priority="P1")
        listed = self.said("subscriptions")
        assert "1. incidents of the service Database" in listed
        assert "2. incidents of priority P1" in listed
        with pytest.raises(RejectedInput, match="which one"):
            self.said("unsubscribe")
        assert "of the service Database" in self.said("unsubscribe", text="1")
        assert "of priority P1" in self.said("unsubscribe")
        assert "no subscription" in self.said("unsubscribe")

    def test_a_dry_run_keeps_nothing(self) -> None:
        self.perform(Command("subscribe", channel=self.channel), dry=True)
        assert "no subscription" in self.said("subscriptions")

    def test_an_archived_channel_fails_alone(self) -> None:
        self.said("subscribe")
        self.sandbox.mattermost.account.archive("incidents")
        (card,) = self.repaint(self.account.trigger("Database", "Slow"), "triggered")
        assert (card["done"], "archived" in card["problem"]) == ("failed", True)

    def test_a_mitigated_incidents_card_is_marked_until_it_is_over(self) -> None:
        self.said("subscribe")
        one = self.account.trigger("Database", "Slow")
        self.repaint(one, "triggered")
        self.told("mitigate", incidents=one.id, text="failed over")

        def card() -> Any:
            return next(
                post
                for post in self.sandbox.mattermost.account.posts("incidents")
                if post.attachments
            )

        self.repaint(one, "acknowledged")
        assert card().message.startswith("🩹 Mitigated")
        assert "**Mitigated** by Ada Lovelace, " in card().attachments[0]["text"]
        assert "**Acknowledged**" in card().attachments[0]["text"]
        self.sandbox.clock.advance(5)
        self.account.resolve(one)
        self.repaint(one, "resolved")
        assert card().message.startswith("✅ Resolved")
        assert "Mitigated" not in card().attachments[0]["text"]
