"""One look of the on-call watch at 500 schedules and 2,000 users: requests counted by the sandbox,
and time, against one request for each schedule.
"""

from __future__ import annotations

import time
from typing import Any, Callable, Dict, List, Tuple

from sandbox.clock import Clock
from sandbox.journal import SandboxJournal
from sandbox.pagerduty import API_KEY, PagerDutyServer
from sandbox.pagerduty.rota import on_calls

from .report import Row, median

SCHEDULES, USERS = 500, 2000
NOW = 1_795_232_700.0
TURN = 12 * 3600
AHEAD = 1800
"""Seconds that are looked ahead, for reminders."""
ROUNDS = 3


def run() -> List[Row]:
    from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
    from pagerduty_mattermost.core.config.reader import Secret
    from pagerduty_mattermost.gateways.pagerduty import on_calls as pagerduty_on_calls
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
    from pagerduty_mattermost.oncall import entries as watched_entries

    clock = Clock(NOW)
    server = PagerDutyServer(SandboxJournal(clock), clock)
    server.start()
    try:
        ids = planted(server.account)
        config = PagerDutyConfig(
            api_key=Secret(API_KEY), api_url=server.url, http=Http(Timeouts(5.0, 20.0))
        )
        gateway = PagerDuty(config)
        catalog = server.account.catalog
        entries = len(
            on_calls(
                catalog["escalation_policies"],
                catalog["schedules"],
                int(NOW) - 60,
                int(NOW) + AHEAD,
            )
        )
        bound = -(-entries // 100)

        def look() -> Any:
            return watched_entries.read(gateway, {"schedule": ids}, NOW - 60, NOW + AHEAD)

        def each() -> Any:
            return [
                pagerduty_on_calls.read(
                    gateway, {"schedule_ids": [id]}, since=NOW - 60, until=NOW + AHEAD
                )
                for id in ids
            ]

        ours, ours_time = measured(server, look)
        theirs, theirs_time = measured(server, each)
        return [
            Row(
                "requests of one look, 500 schedules, 2,000 users",
                str(ours),
                f"⌈{entries} entries / 100⌉: {bound}",
                ours / bound,
                "≤ 1.0",
            ),
            Row(
                "the same", str(ours), f"one for each schedule: {theirs}", ours / theirs, "≤ 0.02"
            ),
            Row(
                "its time",
                f"{ours_time:.2f} s",
                f"one for each schedule: {theirs_time:.2f} s",
                ours_time / theirs_time,
            ),
        ]
    finally:
        server.stop()


def measured(server: PagerDutyServer, work: Callable[[], Any]) -> Tuple[int, float]:
    """Requests, and median seconds."""
    times: List[float] = []
    before = len(server.journal.entries)
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return (len(server.journal.entries) - before) // ROUNDS, median(times)


def planted(account: Any) -> List[str]:
    """500 schedules of four people each, by turns of twelve hours, in policies of ten; their
    ids."""
    account.options.rate_limit = None
    users = [
        account.add("users", f"User {n}", email=f"user{n}@example.com", role="user", team_ids=[])[
            "id"
        ]
        for n in range(USERS)
    ]
    start = int(NOW) - 2 * 3600
    made: List[str] = []
    for n in range(SCHEDULES):
        layer: Dict[str, Any] = {
            "id": account.new_id("P", 7),
            "name": "Layer 1",
            "start": start,
            "end": None,
            "virtual_start": start,
            "turn": TURN,
            "user_ids": users[4 * n : 4 * n + 4],
        }
        more = {"description": "", "team_ids": [], "layers": [layer], "overrides": []}
        made.append(account.add("schedules", f"Rota {n}", time_zone="Europe/Berlin", **more)["id"])
    for begin in range(0, SCHEDULES, 10):
        targets = [("schedule", id) for id in made[begin : begin + 10]]
        rules = [{"id": account.new_id("P", 7), "delay": 30, "targets": targets}]
        account.add(
            "escalation_policies",
            f"Policy {begin}",
            description="",
            num_loops=0,
            rules=rules,
            team_ids=[],
        )
    return made
