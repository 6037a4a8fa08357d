"""Requests and datastore calls from a change at PagerDuty to its cards, with the rules as they are
shipped: counted, not timed. A look reads the log whether or not anything has changed; of a later
change only what comes on top of that counts. And requests to PagerDuty alone: of looks in a quiet
hour and in a storm, of an act and of a person, in an account with many open incidents.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import List

from .report import Row

SIZES = (40, 5000)
"""Open incidents."""

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests" / "support"))


def run() -> List[Row]:
    from trips_world import TWO, Counted

    from .looks import quiet_hour, storm

    counted = Counted()
    try:
        counted.new_incident(assignees=TWO)
        two = counted.new_incident(assignees=TWO)
        quiet, new = counted.new_incident("low"), counted.new_incident()
        later, handed_over = counted.acknowledged(), counted.reassigned()
        counted.second_card()
        counted.acknowledged()
        two_cards = counted.noted()
    finally:
        counted.world.close()
    return [
        _row("new incident: PagerDuty", len(new.look + new.pagerduty), 2),
        _row("new incident: Mattermost", len(new.mattermost), 3),
        _row("new incident: datastore, nobody mentioned", len(quiet.datastore), 5),
        _row("new incident: datastore, somebody mentioned", len(new.datastore), 5),
        _row("new incident: datastore, two people mentioned", len(two.datastore), 5),
        _row("new incident: executions", new.executions, 1),
        _row("later change: PagerDuty", len(later.look[1:] + later.pagerduty), 0),
        _row("later change: Mattermost", len(later.mattermost), 2),
        _row("later change: datastore", len(later.datastore), 4),
        _row("later change: datastore, two people mentioned", len(handed_over.datastore), 5),
        _row("later change: datastore, two cards", len(two_cards.datastore), 5),
        _row("later change: executions", later.executions, 1),
        *(
            row
            for size, found in ((size, quiet_hour(size)) for size in SIZES)
            for row in (
                _row(f"a quiet look at {size} open", found.quiet, 1),
                _row(f"snapshots and reconcile, an hour at {size} open", found.beside, 52),
            )
        ),
        _row("a storm of 400: reads of single incidents", len(storm()), 0),
        _row("/pd ack 4711 at 5,000 open", _acknowledged_by_number(), 3),
        _row("a person by e-mail", _person_by_address(), 1),
    ]


def _acknowledged_by_number() -> int:
    from chat_trips import Office

    from sandbox import Sandbox

    with Sandbox() as sandbox:
        office = Office(sandbox)
        office.order("click", verb="acknowledge", incident=office.incident().id)
        office.account.set_options(rate_limit=None)
        office.account.storm(5000)
        return len(office.order("command", text="ack 4711", hook=office.hook()).pagerduty)


def _person_by_address() -> int:
    from pagerduty_mattermost.core.config.settings import load
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.gateways.pagerduty.references import resolve
    from sandbox import Sandbox
    from sandbox.pagerduty import API_KEY

    with Sandbox() as sandbox:
        raw = {"api_key": API_KEY, "api_url": sandbox.pagerduty.url}
        resolve(PagerDuty(load(raw).pagerduty), "user", "ada@example.com")
        return len(sandbox.pagerduty.journal.entries)


def _row(what: str, found: int, most: int) -> Row:
    return Row(what, str(found), f"at most {most}", float(found - most), "≤ 0")
