"""One look of the on-call watch at 500 schedules, every second one shift-based, and 2,000 users:
requests counted by the sandbox, and time, against one request for each schedule.
"""

# flake8: noqa: E203

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
TURN, DAY = 12 * 3600, 86400
AHEAD = 1800
"""Seconds that are looked ahead, for reminders."""
ROUNDS = 3


def run() -> List[Row]:
    from pagerduty_mattermost.core.config.connections import Http, PagerDutyConfig, Timeouts
    from pagerduty_mattermost.core.config.reader import Secret
    from pagerduty_mattermost.gateways.pagerduty import on_calls as pagerduty_on_calls
    from pagerduty_mattermost.gateways.pagerduty import references
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
        names = [str(catalog["schedules"][id]["name"]) for id in ids]
        kinds = [one["type"] for one in catalog["schedules"].values()]
        shift_based = kinds.count("schedule_v3")
        bound = -(-entries // 100)
        allowed = bound + -(-shift_based // 1000) + 2

        def look() -> Any:
            return watched_entries.read(gateway, {"schedule": ids}, NOW - 60, NOW + AHEAD)

        def named() -> Any:
            gateway.shift_based.clear()
            return references.resolve_each(gateway, "schedule", names)

        def each() -> Any:
            return [
                pagerduty_on_calls.read(
                    gateway, {"schedule_ids": [id]}, since=NOW - 60, until=NOW + AHEAD
                )
                for id in ids
            ]

        ours, ours_time = measured(server, look)
        theirs, theirs_time = measured(server, each, 1)
        lists, _ = measured(server, named, 1)
        return [
            Row(
                f"requests of one look, 500 schedules ({shift_based} shift-based), 2,000 users",
                str(ours),
                f"⌈{entries} entries / 100⌉ + ⌈{shift_based} / 1000⌉ + 2: {allowed}",
                ours / allowed,
                "≤ 1.0",
            ),
            Row(
                "requests for their names, once a day",
                str(lists),
                f"one for each schedule: {len(ids)}",
                lists / len(ids),
                "≤ 0.02",
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


def measured(
    server: PagerDutyServer, work: Callable[[], Any], rounds: int = ROUNDS
) -> Tuple[int, float]:
    """Requests, and median seconds."""
    times: List[float] = []
    before = len(server.journal.entries)
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return (len(server.journal.entries) - before) // rounds, median(times)


def planted(account: Any) -> List[str]:
    """500 schedules of four people each, by turns of twelve hours or (every second one, which is
    shift-based) a day, in policies of ten; their ids."""
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
            "turn": TURN if n % 2 else DAY,
            "user_ids": users[4 * n : 4 * n + 4],
        }
        more = {"description": "", "team_ids": [], "layers": [layer], "overrides": []}
        made.append(account.add("schedules", f"Rota {n}", time_zone="Europe/Berlin", **more)["id"])
        if not n % 2:
            account.upgrade(made[-1])
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
