"""What an incident was at any moment, reckoned back from the log, equals what it truly was."""

from __future__ import annotations

import random
from typing import Any, Dict, List, Tuple

import pytest
from actions_world import ActionsTestCase
from model_world import PEOPLE

from pagerduty_mattermost.incidents.log_entries import incident_from_rest
from pagerduty_mattermost.simulation.past import Past
from sandbox.pagerduty.model import RequestRefused

SERVICES = ("Checkout API", "Database", "Storefront")
ACTS = (
    "acknowledge",
    "resolve",
    "reopen",
    "escalate",
    "unacknowledge",
    "annotate",
    "reassign",
    "set_urgency",
    "set_title",
    "snooze",
)


class OfThePast(ActionsTestCase):
    def rows(self, incident: Any) -> Dict[str, Any]:
        pagerduty = self.get_action_instance(config=dict(self.settings)).context.pagerduty
        answer = pagerduty.get(f"/incidents/{incident.id}")
        return answer["incident"]  # type: ignore[no-any-return]

    def shown(self, row: Any) -> Tuple[Any, ...]:
        found = incident_from_rest(row)
        assert found is not None
        people = sorted(one.id for one in found.assignees)
        return (found.status, found.urgency, people if found.is_open else [])

    def test_any_history(self) -> None:
        for seed in range(12):
            self.history(random.Random(seed))

    def history(self, dice: random.Random) -> None:
        clock, began = self.server.clock, self.server.clock()
        made = [self.account.trigger(dice.choice(SERVICES), f"Trouble {n}") for n in range(3)]
        truth: List[Tuple[float, str, Tuple[Any, ...]]] = []
        for _ in range(25):
            clock.advance(dice.randrange(2, 400))
            act, incident, who = dice.choice(ACTS), dice.choice(made), dice.choice(PEOPLE)
            more: Tuple[Any, ...] = {
                "annotate": ("a note",),
                "reassign": ([dice.choice(PEOPLE)],),
                "set_urgency": (dice.choice(["high", "low"]),),
                "set_title": ("Other words",),
                "snooze": (3600,),
            }.get(act, ())
            try:
                getattr(self.account, act)(incident, *more, who)
            except RequestRefused:
                continue
            truth += [(clock(), one.id, self.shown(self.rows(one))) for one in made]
        pagerduty = self.get_action_instance(config=dict(self.settings)).context.pagerduty
        query = {"since": "2020-01-01T00:00:00Z", "include": ["incidents", "channels"]}
        log = pagerduty.list_all("/log_entries", "log_entries", query).items
        past = Past(log)
        assert past.incident(made[0].id, began - 1) is None
        for at, id, wanted in truth:
            found = past.incident(id, at)
            assert self.shown(found) == wanted, (at - began, id, wanted)


@pytest.mark.parametrize("rows", [[], [{}], [{"id": "R1"}], [{"id": "R1", "created_at": "x"}]])
def test_what_is_no_log(rows: List[Any]) -> None:
    past = Past(rows)
    assert past.ids == []
    assert past.entries(0, 10) == []
