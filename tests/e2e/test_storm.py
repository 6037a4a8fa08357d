"""A storm through the running embedded default: one card a service in place of hundreds, and those
of high priority."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Any, List, Optional

import pytest

from sandbox import Sandbox
from sandbox.demo import CHANNEL, ROOT, write_config
from sandbox.waiting import until
from standalone.app import App

SERVICES = ("Checkout API", "Billing Jobs", "Database", "Kubernetes", "Storefront")


def rage(
    folder: Path,
    each: int,
    settle: float,
    lasting: float = 0.0,
    poll_interval: Optional[float] = None,
) -> None:
    """So many incidents of each service, evenly over so many seconds. `poll_interval`: other than
    the configuration can say."""
    with Sandbox() as sandbox:
        account = sandbox.pagerduty.account
        account.set_options(rate_limit=None)
        config = write_config(sandbox, folder, storms=True, poll_interval=4)
        app = App(ROOT, config, folder / "data", poll_interval=poll_interval)
        app.start()
        try:
            posts = sandbox.mattermost.account.posts
            until(lambda: posts(CHANNEL))
            time.sleep(1.1)
            made: List[Any] = []
            for number in range(each * len(SERVICES)):
                service = SERVICES[number % len(SERVICES)]
                priority = "P1" if number < 3 else ""
                made.append(account.trigger(service, f"Alert {number}", priority=priority))
                time.sleep(lasting / (each * len(SERVICES)))
            until(lambda: len(storms(posts(CHANNEL))) == len(SERVICES), settle)
            account.acknowledge(made[-1], "ada@example.com")
            until(lambda: made[-1].id in cards(posts(CHANNEL)), settle)
            what_should_not_come_would_come_now = 1.5 * (poll_interval or 4)
            time.sleep(what_should_not_come_would_come_now)
            for one in made[:3]:
                assert cards(posts(CHANNEL))[one.id] == 1
            mine = {one.id: one.service_id for one in made[3:-1]}
            others = Counter(mine[id] for id in cards(posts(CHANNEL)) if id in mine)
            assert max(others.values(), default=0) <= (1 if lasting else 0), others
            assert all(count == 1 for count in Counter(storms(posts(CHANNEL))).values())
            sandbox.clock.advance(400)
            thread = sandbox.mattermost.account.thread
            roots = [
                post for post in posts(CHANNEL) if (post.props.get("pagerduty") or {}).get("storm")
            ]
            until(
                lambda: all(
                    any("Ended after" in one.message for one in thread(root)) for root in roots
                ),
                settle,
            )
            time.sleep(what_should_not_come_would_come_now)
            exempt = {*(one.id for one in made[:3]), made[-1].id}
            mine = {one.id: one.service_id for one in made if one.id not in exempt}
            others = Counter(mine[id] for id in cards(posts(CHANNEL)) if id in mine)
            assert all(
                1 + len(thread(root)) + max(others.values(), default=0) <= 3 for root in roots
            ), others
        finally:
            app.stop(10)


def storms(posts: List[Any]) -> List[str]:
    return [
        str(post.props["pagerduty"]["storm"])
        for post in posts
        if (post.props.get("pagerduty") or {}).get("storm")
    ]


def cards(posts: List[Any]) -> Counter[str]:
    marks = [post.props.get("pagerduty") or {} for post in posts]
    return Counter(
        str(mark["incident"]) for mark in marks if mark.get("incident") and not mark.get("event")
    )


def test_sixty_at_once_are_three_cards_of_high_priority_and_one_a_service(tmp_path: Path) -> None:
    rage(tmp_path, each=12, settle=60, poll_interval=1.5)


@pytest.mark.soak
def test_a_thousand_incidents_of_five_services_in_a_minute(tmp_path: Path) -> None:
    rage(tmp_path, each=200, settle=300, lasting=55)
