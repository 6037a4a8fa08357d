"""Requests and datastore calls from a change at PagerDuty to its cards, with the rules as they are
shipped: counted, not timed. A look reads the log whether or not anything has changed; of a later
change only what comes on top of that counts.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List

from .report import Row

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "support"))


def run() -> List[Row]:
    from trips_world import Counted

    counted = Counted()
    try:
        new, later = counted.new_incident(), counted.acknowledged()
    finally:
        counted.world.close()
    return [
        _row("new incident: PagerDuty", len(new.look + new.pagerduty), 2),
        _row("new incident: Mattermost", len(new.mattermost), 3),
        _row("new incident: datastore", len(new.datastore), 5),
        _row("new incident: executions", new.executions, 1),
        _row("later change: PagerDuty", len(later.look[1:] + later.pagerduty), 0),
        _row("later change: Mattermost", len(later.mattermost), 2),
        _row("later change: datastore", len(later.datastore), 4),
        _row("later change: executions", later.executions, 1),
    ]


def _row(what: str, found: int, most: int) -> Row:
    return Row(what, str(found), f"at most {most}", float(found - most), "≤ 0")
