"""Five minutes without Mattermost on a real StackStorm: one failed post for each effect, no failed
execution, and all of it posted once and in order when it is back.

    pytest tests/live/test_stackstorm_outage.py -m live -s
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any, List

import pytest
from stackstorm_site import PACK, PackOnStackStorm, within

from sandbox.demo import CHANNEL

pytestmark = pytest.mark.live
OUTAGE_SECONDS = 300.0
INCIDENTS = 12
FAILED = ("failed", "timeout", "abandoned")


def test_five_minutes_without_mattermost(pack: PackOnStackStorm) -> None:
    pack.start()
    account, server = pack.sandbox.pagerduty.account, pack.sandbox.mattermost
    before = account.trigger("Checkout API", "Before")
    within(120, lambda: pack.card(before), "no card")
    began = time.time()
    server.stop()
    incidents: List[Any] = []
    for number in range(INCIDENTS):
        incidents.append(account.trigger("Checkout API", f"Meanwhile {number}"))
        time.sleep(OUTAGE_SECONDS / INCIDENTS / 2)
        account.acknowledge(incidents[-1], user="ada@example.com")
        time.sleep(OUTAGE_SECONDS / INCIDENTS / 2)
    kept = pack.st2.keys(f"{PACK}.deadletter.")
    server.start()
    back = time.monotonic()
    within(240, lambda: all(pack.told(one) >= 2 for one in incidents), "not all is told")
    took = time.monotonic() - back
    within(120, lambda: not pack.st2.keys(f"{PACK}.deadletter."), "failed posts are left")
    states = Counter(
        (row["action"]["ref"], row["status"])
        for row in pack.st2.executions(began)
        if row["action"]["pack"] == PACK
    )
    failed = {ref: count for (ref, state), count in states.items() if state in FAILED}
    cards = Counter(
        (post.props.get("pagerduty") or {}).get("incident")
        for post in server.account.posts(CHANNEL)
        if not (post.props.get("pagerduty") or {}).get("event")
    )
    orders = [[reply.message.split()[0] for reply in pack.thread(one)] for one in incidents]
    print(f"\noutage: {len(kept)} failed posts for {2 * INCIDENTS} changes, {failed} failed")
    print(f"all told {took:.0f} s after its return; executions {dict(states)}")
    assert len(kept) <= 2 * INCIDENTS
    assert failed.keys() <= {f"{PACK}.health.upkeep"}
    assert all(cards[one.id] == 1 for one in incidents)
    assert all(len(order) == 1 for order in orders), orders
