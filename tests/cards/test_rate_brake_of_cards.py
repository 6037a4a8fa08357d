"""While PagerDuty's rate limit runs out a card comes without what would be read for it; what a
person does is never held."""

from __future__ import annotations

from typing import List

from incident_world import IncidentActionCase, happened
from post_incident import PostIncident

from pagerduty_mattermost.gateways.pagerduty import rate_brake
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from pagerduty_mattermost.gateways.stackstorm.datastore import Store


class CardsGiveWayTestCase(IncidentActionCase):
    __test__ = True
    action_cls = PostIncident

    def asked(self, seconds: float) -> List[str]:
        """Paths that a new incident's card asks PagerDuty for, so long before the limit starts
        anew."""
        truth = self.account.trigger("Checkout API", "Disk full")
        shown = self.incident(truth)
        change = self.change(shown, happened(1, "triggered", shown.created_at))
        rate_brake.note(
            Store(self.action_service), RateLimit(960, 100, seconds), self.chat.clock()
        )
        began = len(self.calls.entries)
        action = self.action()
        done, result = action.run(
            change=change, incident_id=None, channel="incidents", mention="nobody"
        )
        assert (done, result["done"]) == (True, "created")
        action.context.pagerduty.put(
            f"/incidents/{truth.id}",
            {"incident": {"type": "incident", "status": "acknowledged"}},
            from_email="ada@example.com",
        )
        return [one.path for one in self.calls.entries[began:] if one.method == "GET"]

    def test_its_extras_are_left_out_and_an_act_goes_through(self) -> None:
        assert self.asked(40.0) == []
        assert self.asked(0.0) != []
