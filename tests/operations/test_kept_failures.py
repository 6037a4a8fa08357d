"""What failed as the datastore keeps it: how many, which is the same, and of which kind."""

# flake8: noqa: W503

from __future__ import annotations

import json
import logging
import re
from typing import Any

import pytest
from datastore_double import Service
from pack_files import ROOT
from test_dead_letters import raw

from pagerduty_mattermost.action_bases.replay import entry_point
from pagerduty_mattermost.core.errors import NotFound, RetryLater
from pagerduty_mattermost.gateways.stackstorm.datastore import Store
from pagerduty_mattermost.operations import dead_letters
from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    DROPPED_AT_ONCE,
    MAX_LETTERS,
    DeadLetter,
    keep,
)


def test_more_than_ten_thousand_are_never_kept_and_each_one_dropped_is_logged(caplog: Any) -> None:
    service = Service()
    for number in range(MAX_LETTERS):
        over = (
            {"incident": "PDONE", "sequence": "1", "over": True}
            if number >= MAX_LETTERS - 5
            else {}
        )
        service.items[f"pagerduty.deadletter.{number:05}"] = raw(number, **over)
    with caplog.at_level(logging.WARNING):
        made = keep(
            Store(service),
            "post_once",
            {"key": "new"},
            "retryable",
            "why",
            2e9,
            logging.getLogger("test"),
        )
    assert len(service.items) == MAX_LETTERS - DROPPED_AT_ONCE + 1
    assert f"pagerduty.deadletter.{made.id}" in service.items
    gone = [
        f"pagerduty.deadletter.{number:05}"
        for number in (*range(DROPPED_AT_ONCE - 5), *range(MAX_LETTERS - 5, MAX_LETTERS))
    ]
    assert not set(gone) & set(service.items), "those of resolved incidents first, then the oldest"
    assert (
        len(
            [line for line in caplog.messages if line.startswith("Too many failed posts: dropped")]
        )
        == DROPPED_AT_ONCE
    )
    calls = len(service.calls)
    keep(Store(service), "post_once", {"key": "newer"}, "retryable", "why", 2e9, None)
    assert len(service.calls) - calls < 5, "the next one looks through nothing"


def test_the_same_failure_again_is_the_same_letter() -> None:
    service = Service()
    for now in (1.0, 2.0, 3.0):
        keep(
            Store(service),
            "post_once",
            {"key": "k", "root_id": None},
            "retryable",
            f"why {now}",
            now,
            None,
        )
    (one,) = dead_letters.load_all(Store(service), None)
    assert (one.attempts, one.first_at, one.last_at, one.reason) == (3, 1.0, 3.0, "why 3.0")
    assert list(service.ttls.values()) == [dead_letters.KEPT_SECONDS - 2]


def test_a_value_that_does_not_read_is_kept_aside_before_it_is_replaced() -> None:
    service = Service()
    made = keep(Store(service), "post_once", {"key": "k"}, "retryable", "why", 1.0, None)
    service.items[f"pagerduty.deadletter.{made.id}"] = "{half"
    keep(Store(service), "post_once", {"key": "k"}, "retryable", "why", 1.0, None)
    (aside,) = [
        value for name, value in service.items.items() if name.startswith("pagerduty.quarantine.")
    ]
    assert json.loads(aside)["data"]["raw"] == "{half"


@pytest.mark.parametrize("held", [0, 1, 2, 3, 7])
def test_whether_there_are_so_many_costs_two_requests(held: int) -> None:
    service = Service()
    for number in range(held):
        service.items[f"pagerduty.p.{number}"] = "1"
    for count in (2, 3, 8):
        service.calls.clear()
        assert Store(service).holds("p.", count) is (held >= count)
        assert len(service.calls) <= 2


def test_every_action_that_keeps_its_failures_can_be_carried_out_again() -> None:
    kept = {}
    for path in (ROOT / "actions" / "scripts").glob("*.py"):
        found = re.search(
            r'^    kept_as = "(\w+)"', path.read_text(encoding="utf-8"), re.MULTILINE
        )
        if found:
            kept[found.group(1)] = path.stem
    assert kept == {name: module for name, (module, _, _) in dead_letters.ACTIONS.items()}
    for name, (_, _, action) in dead_letters.ACTIONS.items():
        assert entry_point(name).kept_as == name
        assert (ROOT / "actions" / f"{action}.yaml").exists()


def test_kinds() -> None:
    assert dead_letters.kind_of(RetryLater("x")) == "retryable"
    assert dead_letters.kind_of(NotFound("x")) == "blocked"
    assert dead_letters.kind_of(None) == "permanent"
    assert ACT in dead_letters.KINDS


def test_acts_of_one_person_push_out_none_of_others() -> None:
    def act(number: int, user: str) -> DeadLetter:
        params = {"order": {"user_id": user, "id": str(number)}}
        return dead_letters.first_failure("chat_handle", params, "act", "failed", float(number))

    others = [act(number, f"user{number}") for number in range(5)]
    flood = [act(number, "mallory") for number in range(100, 150)]
    gone = dead_letters.surplus([*others, *flood], 10)
    assert len(gone) == 45
    assert gone == flood[:45]
