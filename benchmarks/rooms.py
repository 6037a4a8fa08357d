"""What open rooms cost while nothing happens, by their number.

A poll of what is said every 15 seconds, a round of reconcile every five minutes.
`python -m benchmarks rooms` writes docs/pictures/rooms-cost.svg.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, List

from .graph import svg
from .report import Row

if TYPE_CHECKING:
    from rooms_costs import Cost

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "pictures" / "rooms-cost.svg"
COUNTS = (10, 50, 100, 150, 200)
TRIES = 5

sys.path.append(str(ROOT / "tests" / "support"))


def run() -> List[Row]:
    from rooms_costs import cost_of_closed, open_up_to, quiet_costs
    from rooms_world import RoomsWorld

    looks, rounds, rows = [], [], []
    with RoomsWorld("11.6", note=False, invite=[]) as world:
        for count in COUNTS:
            open_up_to(world, count)
            tries = [quiet_costs(world) for _ in range(TRIES)]
            look = min(one.look.milliseconds for one in tries)
            round_ = min(one.round.milliseconds for one in tries)
            looks.append((float(count), look))
            rounds.append((float(count), round_))
            costs = tries[-1]
            rows += [
                _row(f"a poll at {count} rooms", costs.look, 1, look),
                _row(f"a round over {count} rooms", costs.round, 2, round_),
            ]
        closed = cost_of_closed(world)
    rows.append(
        _row(f"a round once all {COUNTS[-1]} are put away", closed, 0, closed.milliseconds)
    )
    PICTURE.write_text(
        svg(
            "Open rooms while nothing happens, ms (servers on the same machine)",
            "open rooms",
            {"a round of reconcile": rounds, "a poll, nothing said": looks},
            dots=True,
        ),
        encoding="utf-8",
    )
    return rows


def _row(what: str, cost: Cost, allowed: int, took: float) -> Row:
    value = f"{cost.requests} requests, {cost.datastore} of the datastore, {took:.0f} ms"
    return Row(what, value, f"{allowed} requests allowed", float(cost.requests - allowed), "≤ 0")
