"""What PagerDuty's documentation leaves open: one switch each, so that a test can have it any way.

    PagerDutyServer(journal, clock, switches=Switches(reopen="assign", log_lag_seconds=20))
    account.set_switches(webhooks_doubled=True)

By HTTP: `POST /_sandbox/account {"do": "set_switches", "args": {"reopen": "trigger"}}`, which
answers all of them. `draw` picks each at random: whoever reads PagerDuty has to be right with any.
"""

from __future__ import annotations

import random
from typing import NamedTuple

REFUSED, REST, TAKEN, AGAIN = "refused", "rest", "taken", "again"
MISSING, EMPTY = "missing", "empty"


class Switches(NamedTuple):
    reopen: str = "reopen"
    """The log's entries of a reopen, whose type PagerDuty publishes nowhere. `assign`: one
    `assign_log_entry` and nothing else; any other word is the type of an entry, without
    `_log_entry`, that is followed by its assignment and notifications."""
    log_lag_seconds: float = 0.0
    """Each log entry comes into sight up to so late, each by its own chance."""
    list_lag_seconds: float = 0.0
    """Lists of incidents show the account as it was so long ago; one incident by its id is shown
    as it is."""
    since_inclusive: bool = False
    """Whether `since` of the log takes its own second in."""
    until_inclusive: bool = False
    """Whether `until` of the log takes its own second in."""
    events_lag_seconds: int = 0
    """The Events API answers 202 at once and does what was asked so much later."""
    bulk: str = REST
    """A change of several incidents, one of them resolved already: `refused`: 400, none is
    changed; `rest`: 400, the others are changed; `taken`: 200, that one stays as it is."""
    second_acknowledge: str = REFUSED
    """By one who acknowledged before. `refused`: 400 with code 1002; `taken`: nothing changes;
    `again`: another entry, and the service's time to acknowledge begins anew."""
    bridge_entry: str = "field_value_change"
    """Type of the entry of another conference bridge; empty: none, only the incident shows it."""
    upgraded_schedule: str = MISSING
    """What `GET /schedules/{id}` answers for a shift-based schedule, which is not
    documented. `missing`: 404; `refused`: 400; `empty`: 200,
    without layers and without anybody on call. Whatever else asks for it by that API is answered
    404 or 400."""
    webhooks_doubled: bool = False
    """Each webhook comes twice, under the same `X-Webhook-Id`."""
    webhooks_delay_seconds: float = 0.0
    """Each webhook is sent that late."""
    webhooks_reordered: bool = False
    """Webhooks overtake each other: each is sent up to `JITTER_SECONDS` late, by its own
    chance."""
    seed: int = 0
    """Of what happens by chance."""


DEFAULTS = Switches()
JITTER_SECONDS = 5.0


def draw(seed: int) -> Switches:
    """Each switch at random, the same ones for a seed. No lag is longer than the 120 s by
    which reads of the log have to overlap."""
    pick = random.Random(seed).choice
    return Switches(
        reopen=pick(["assign", "trigger", "reopen"]),
        log_lag_seconds=pick([0.0, 2.0, 20.0, 90.0]),
        list_lag_seconds=pick([0.0, 2.0, 20.0]),
        since_inclusive=pick([True, False]),
        until_inclusive=pick([True, False]),
        events_lag_seconds=pick([0, 3]),
        bulk=pick([REFUSED, REST, TAKEN]),
        second_acknowledge=pick([REFUSED, TAKEN, AGAIN]),
        bridge_entry=pick(["field_value_change", ""]),
        webhooks_doubled=pick([True, False]),
        webhooks_delay_seconds=pick([0.0, 4.0, 60.0]),
        webhooks_reordered=pick([True, False]),
        upgraded_schedule=pick([MISSING, REFUSED, EMPTY]),
        seed=seed,
    )
