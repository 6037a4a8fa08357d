"""An admin's link counts wherever PagerDuty's user becomes a Mattermost name:
in cards, replies, reminders, on-call lists; the address does where there is none."""

from __future__ import annotations

from typing import Any, Dict, List

from identity_link import IdentityLink
from incident_remind import Remind
from incident_world import IncidentActionCase, happened
from mattermost_tell_incident import TellIncident
from post_incident import PostIncident
from repaint_incident import RepaintIncident

from pagerduty_mattermost.core import times
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.incidents.incident import Change, Person, to_payload
from pagerduty_mattermost.incidents.known_states import REPORTED, SensorState, known_of
from pagerduty_mattermost.incidents.state_store import StateStore

MACHINE = Person("PS", "Datadog")


class LinkEverywhereTestCase(IncidentActionCase):
    """Ada's address at PagerDuty is nobody's in Mattermost, and an admin linked @linus to her. She
    is on call first for Checkout API."""

    __test__ = True
    action_cls = PostIncident

    def setUp(self) -> None:
        super().setUp()
        ada = self.account.find("users", "Ada Lovelace")
        self.account.change("users", ada, {"email": "a.lovelace@corp.example.org"})
        self.run_as_a_rule(IdentityLink, user="@linus", pagerduty_user=ada["id"])
        self.state = SensorState(self.chat.clock(), self.chat.clock())
        self.truth = self.account.trigger("Checkout API", "Disk full")

    def changed(self, number: int, kind: str, **details: str) -> Dict[str, Any]:
        """What the sensor sees and dispatches now."""
        now = self.incident(self.truth)
        at = times.seconds(now.updated_at) or 0.0
        self.state.put(now.id, known_of(now, now.status, at, REPORTED, self.chat.clock()))
        StateStore(Store(self.action_service)).commit(self.state)
        event = happened(number, kind, now.updated_at, MACHINE)
        event = event._replace(changes=tuple(details.items()))
        return to_payload(Change(now, (event,), number))

    def thread(self, title: str = "Disk full") -> List[str]:
        """What the replies to the card of that title say."""
        posts = self.chat.service.posts("incidents")
        (root,) = [one for one in posts if one.props and title in one.message]
        return [one.message for one in self.chat.service.thread(root)]

    def card(self) -> str:
        return next(one.message for one in self.chat.service.posts("incidents") if one.props)

    def last(self) -> str:
        return self.thread()[-1]

    def post(self, mention: str) -> None:
        change = self.changed(1, "triggered")
        self.run_as_a_rule(PostIncident, change=change, channel="incidents", mention=mention)

    def test_in_cards_and_replies_to_hand_overs(self) -> None:
        self.post("assignees")
        assert self.card().endswith(" · @linus")
        for number, (name, account) in enumerate(
            (("Mei Tanaka", "mei"), ("Ada Lovelace", "linus")), start=2
        ):
            self.account.reassign(self.truth.id, [name])
            id = self.account.find("users", name)["id"]
            change = self.changed(number, "reassigned", to=name, to_ids=id)
            self.run_as_a_rule(RepaintIncident, change=change, incident_id=None)
            assert self.last().endswith(f"assigned to {name} · @{account}")

    def test_of_whoever_is_on_call(self) -> None:
        self.post("oncall")
        assert self.card().endswith(" · @linus")
        change = self.changed(2, "escalated", to="level 1")
        self.run_as_a_rule(RepaintIncident, change=change, incident_id=None)
        assert self.last().endswith(" · @linus")

    def test_in_reminders(self) -> None:
        for mention in ("assignees", "oncall"):
            self.truth = self.account.trigger("Checkout API", f"For {mention}")
            self.post(mention)
            self.chat.clock.advance(301)
            self.chat.service.forget_pending()
            self.run_as_a_rule(Remind)
            reminder = self.thread(f"For {mention}")[-1]
            assert "Still unacknowledged" in reminder
            assert reminder.endswith(" · @linus")

    def test_in_direct_messages(self) -> None:
        change = self.changed(1, "triggered")
        self.run_as_a_rule(TellIncident, to="assignees", message=None, change=change)
        assert len(self.chat.service.direct_posts("linus", "pagerduty")) == 1
        assert self.chat.service.direct_posts("ada", "pagerduty") == []
