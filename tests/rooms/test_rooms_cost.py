"""What many rooms cost: a look of the room listener, a round of reconcile; rooms that were put
away cost nothing."""

from __future__ import annotations

import pytest
from rooms_costs import cost_of_closed, open_up_to, quiet_costs
from rooms_world import RoomsWorld


def costs_hold(*counts: int) -> None:
    with RoomsWorld("11.6", note=False, invite=[]) as world:
        for count in counts:
            open_up_to(world, count)
            found = quiet_costs(world)
            assert found.look[:2] == (1, 0)
            assert found.round.requests == 2, "which team it is, and one list"
            assert found.round.datastore <= 1 + count // 99
        assert cost_of_closed(world)[:2] == (0, 1)


def test_quiet_rooms_cost_one_request_a_look() -> None:
    costs_hold(5, 15)


@pytest.mark.soak
def test_200_rooms() -> None:
    costs_hold(10, 50, 200)
