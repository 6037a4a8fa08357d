"""What reconcile remembers of its runs, also as older versions wrote it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from datastore_double import Service

from pagerduty_mattermost.core.json_values import to_json
from pagerduty_mattermost.gateways.pagerduty import rate_brake
from pagerduty_mattermost.gateways.pagerduty.connection import RateLimit
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import reconcile_run
from pagerduty_mattermost.operations.reconcile import ReconcileReport
from pagerduty_mattermost.operations.reconcile_run import ReconcileRun


@pytest.mark.parametrize(
    ("kept", "run"),
    [
        (None, ReconcileRun()),
        ({"at": 5.5, "number": 3}, ReconcileRun(5.5, 3)),
        ({"at": 5, "number": 3, "cursor": 4.5, "ended": 6.0}, ReconcileRun(5.0, 3, 4.5, 6.0)),
        ({"at": "x"}, ReconcileRun()),
        (["no run"], ReconcileRun()),
    ],
)
def test_the_last_run_reads_or_there_was_none(kept: Any, run: ReconcileRun) -> None:
    store = Store(Service())
    if kept is not None:
        store.write(reconcile_run.KEY, kept)
    assert reconcile_run.last_run(store) == run


@pytest.mark.parametrize(
    ("minutes", "by_hand", "done"),
    [(5, False, "gives_way"), (16, False, "not_started"), (5, True, "not_started")],
)
def test_it_gives_way_while_the_rate_limit_runs_out_but_not_for_ever(
    minutes: float, by_hand: bool, done: str
) -> None:
    now = 100_000.0
    store = Store(Service())
    ended = now - 60 * minutes
    store.write(reconcile_run.KEY, to_json(ReconcileRun(ended, 3, ended, ended)))
    rate_brake.note(store, RateLimit(960, 100, 40.0), now)
    context: Any = SimpleNamespace(store=store, clock=lambda: now)
    assert reconcile_run.run(context, tuple, by_hand=by_hand)["done"] == done


def test_what_a_run_says() -> None:
    report = ReconcileReport(0, 0, 0, 0, [], 1.0, 2)
    assert reconcile_run.message(report) == "All is as it should be."
    report = report._replace(jobs=3, put_right=2, replies=5, left=1)
    assert reconcile_run.message(report) == (
        "2 cards and 5 replies put right. Left for the next run: 1."
    )
    report = report._replace(put_right=1, replies=1, left=0)
    assert reconcile_run.message(report) == "1 card and 1 reply put right."
