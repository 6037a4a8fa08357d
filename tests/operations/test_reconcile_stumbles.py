"""posts.reconcile with an incident that it stumbles over in a way nobody foresaw."""

from __future__ import annotations

from typing import Any
from unittest import mock

from reconcile_case import LATER, ReconcileCase

from pagerduty_mattermost.operations import reconcile_plan
from pagerduty_mattermost.operations.reconcile import Reconciler


class StumblingTestCase(ReconcileCase):
    __test__ = True

    def made(self) -> Any:
        made = [self.account.trigger("Checkout API", f"Lost {number}") for number in range(3)]
        self.sensor(*made)
        self.chat.clock.advance(LATER)
        return made

    def test_one_incident_that_stumbles_is_named_and_the_others_get_their_cards(self) -> None:
        made = self.made()
        original = Reconciler._put_right

        def put_right(run: Any, job: Any, *more: Any) -> Any:
            return {}["unforeseen"] if job.incident_id == made[1].id else original(run, job, *more)

        with mock.patch.object(Reconciler, "_put_right", put_right):
            result = self.done(source="sensor", full=None)
        (problem,) = result["problems"]
        assert problem.startswith(f"{made[1].id}: Unexpected KeyError")
        titles = sorted(card.attachments[0]["title"] for card in self.cards())
        assert ["Lost 0" in titles[0], "Lost 2" in titles[1], len(titles)] == [True, True, 2]

    def test_one_incident_of_which_it_can_not_be_told_whether_it_wants_a_card_hides_no_other(
        self,
    ) -> None:
        made = self.made()
        original = Reconciler._is_wanted

        def is_wanted(run: Any, job: Any, *more: Any) -> Any:
            return {}["x"] if job.incident_id == made[1].id else original(run, job, *more)

        with mock.patch.object(Reconciler, "_is_wanted", is_wanted):
            result = self.done(source="sensor", full=None)
        (problem,) = result["problems"]
        assert problem.startswith(f"{made[1].id}: Unexpected KeyError")
        assert len(self.cards()) == 2

    def test_one_incident_whose_cards_can_not_be_judged_hides_no_other(self) -> None:
        made = self.made()
        for one in made:
            self.by_rule(one, "trigger")
        self.account.acknowledge(made[0], "ada@example.com")
        self.chat.clock.advance(LATER)
        original = reconcile_plan._of_cards

        def of_cards(there: Any, incident_id: str, memory: Any) -> Any:
            return {}["x"] if incident_id == made[1].id else original(there, incident_id, memory)

        with mock.patch.object(reconcile_plan, "_of_cards", of_cards):
            result = self.done(source="sensor", full=None)
        assert result["put_right"] >= 1
        assert any("Acknowledged" in card.message for card in self.cards())
