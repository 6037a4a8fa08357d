"""Two sensor containers and several action runners on a real StackStorm: who leads, takeover
after a kill, three hundred changes in a minute in order, and each of StackStorm's servers away for
half a minute.

    pytest tests/live/test_stackstorm_cluster.py -m live -s

`ST2_PARTS` is a command that takes `start|stop|kill|pause|cont NAME` with the names of
`CONTAINERS`, `RUNNERS` and `SERVERS`: `kill` as with -9, `pause` and `cont` as SIGSTOP and
SIGCONT. The containers have configurations of their own (`sensor_node_name` with "node2" in the
second one's file name), no partitioning. It prints the figures of docs/cluster.md.
"""

# flake8: noqa: W503

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from typing import Any, Iterator, List

import pytest
from stackstorm_site import PACK, PackOnStackStorm, StackStorm, within

pytestmark = pytest.mark.live
CONTAINERS = ("sensorcontainer", "sensorcontainer2")
RUNNERS = ("actionrunner", "actionrunner2", "actionrunner3", "actionrunner4")
SERVERS = ("rabbit", "mongo", "redis")
AWAY_SECONDS = 30.0
TAKEOVER_SECONDS = 20.0
INCIDENTS, CHANGES = 50, 6


def parts(what: str, *names: str) -> None:
    subprocess.run([*shlex.split(os.environ["ST2_PARTS"]), what, *names], check=True, timeout=300)


@pytest.fixture(scope="module")
def cluster(pack: PackOnStackStorm) -> Iterator[PackOnStackStorm]:
    if not os.environ.get("ST2_PARTS"):
        pytest.skip("no parts of a StackStorm to start and kill: ST2_PARTS not set")
    parts("stop", CONTAINERS[1])
    pack.start(watch={"leader_election": True, "poll_interval": 5})
    parts("start", CONTAINERS[1], *RUNNERS[1:])
    within(120, lambda: len(standing_by(pack.st2)) == 1, "nobody stands by")
    yield pack
    parts("stop", CONTAINERS[1], *RUNNERS[1:])


def leader(st2: StackStorm) -> str:
    """Name of who leads, empty for nobody or while it can't be read."""
    answer = st2.send("GET", f"/keys/{PACK}.sensor.leader", params={"scope": "system"})
    if answer.status_code != 200:
        return ""
    return str(json.loads(answer.json()["value"])["data"]["by"])


def standing_by(st2: StackStorm) -> List[str]:
    return st2.keys(f"{PACK}.sensor.standby.")


def process_of(name: str) -> int:
    return int(name.split(" ")[1])


def container_of(name: str) -> str:
    """The container below which the sensor of that name runs."""
    with open(f"/proc/{process_of(name)}/status", encoding="ascii") as file:
        parent = next(line.split()[1] for line in file if line.startswith("PPid:"))
    with open(f"/proc/{parent}/cmdline", "rb") as file:
        words = file.read().decode().split("\0")
    return CONTAINERS[1] if any("node2" in word for word in words) else CONTAINERS[0]


def told(pack: PackOnStackStorm, incident: Any) -> List[str]:
    """What its thread says, the first word of each reply."""
    return [reply.message for reply in pack.thread(incident)]


def test_another_takes_over_from_a_leader_that_is_killed(cluster: PackOnStackStorm) -> None:
    account = cluster.sandbox.pagerduty.account
    took = []
    for number in range(4):
        before = leader(cluster.st2)
        container = container_of(before)
        incident = account.trigger("Checkout API", f"Before kill {number}")
        within(60, lambda one=incident: cluster.card(one), "no card before the kill")
        parts("kill", container)
        began = time.monotonic()
        meanwhile = account.trigger("Checkout API", f"After kill {number}")
        within(60, lambda was=before: leader(cluster.st2) not in ("", was), "nobody claims")
        within(120, lambda one=meanwhile: cluster.card(one), "no card after the kill")
        took.append(time.monotonic() - began)
        parts("start", container)
        within(120, lambda: len(standing_by(cluster.st2)) == 1, "nobody stands by again")
    print(f"\nkill -9 of the leader's container -> card: {sorted(round(t, 1) for t in took)} s")
    assert max(took) < TAKEOVER_SECONDS + 30, took


def test_three_hundred_changes_in_a_minute_stay_in_order(cluster: PackOnStackStorm) -> None:
    account = cluster.sandbox.pagerduty.account
    began = time.monotonic()
    incidents = []
    for change in range(CHANGES):
        for number in range(INCIDENTS):
            if change == 0:
                incidents.append(account.trigger("Checkout API", f"Burst {number}"))
            else:
                account.annotate(incidents[number], f"note {change}", user="ada@example.com")
            due = began + 60.0 * (change * INCIDENTS + number + 1) / (CHANGES * INCIDENTS)
            time.sleep(max(0.0, due - time.monotonic()))
    sent = time.monotonic()

    def whole() -> bool:
        return all(len(noted(cluster, one)) >= CHANGES - 1 for one in incidents)

    within(900, whole, "not all is told", 2.0)
    later = time.monotonic() - sent
    took = f"{sent - began:.0f} s, all posted {later:.0f} s later"
    print(f"\n{CHANGES * INCIDENTS} changes in {took}")
    wanted = [f"note {change}" for change in range(1, CHANGES)]
    wrong = {one.id: noted(cluster, one) for one in incidents if noted(cluster, one) != wanted}
    assert wrong == {}
    only_one_card_each(cluster, incidents)


@pytest.mark.parametrize("server", SERVERS)
def test_nothing_is_lost_while_a_server_is_away(cluster: PackOnStackStorm, server: str) -> None:
    account = cluster.sandbox.pagerduty.account
    incidents = [account.trigger("Checkout API", f"Before {server}")]
    within(60, lambda: cluster.card(incidents[0]), "no card")
    parts("pause", server)
    try:
        for number in range(6):
            incidents.append(account.trigger("Checkout API", f"Without {server} {number}"))
            account.annotate(incidents[0], f"note {number}", user="ada@example.com")
            time.sleep(AWAY_SECONDS / 6)
    finally:
        parts("cont", server)
    back = time.monotonic()
    within(300, lambda: all(cluster.card(one) for one in incidents), "a card is missing", 1.0)
    within(300, lambda: len(noted(cluster, incidents[0])) >= 6, "a note is missing", 1.0)
    print(
        f"\n{server} away for {AWAY_SECONDS:g} s: all posted {time.monotonic() - back:.0f} s after"
    )
    assert noted(cluster, incidents[0]) == [f"note {number}" for number in range(6)]
    only_one_card_each(cluster, incidents)


def noted(pack: PackOnStackStorm, incident: Any) -> List[str]:
    """Its notes as its thread has them, in the thread's order."""
    texts = told(pack, incident)
    return [f"note {text.split('note ')[1][0]}" for text in texts if "note " in text]


def only_one_card_each(pack: PackOnStackStorm, incidents: List[Any]) -> None:
    posts = pack.sandbox.mattermost.account.posts("incidents")
    for incident in incidents:
        cards = [
            post
            for post in posts
            if (post.props.get(PACK) or {}).get("incident") == incident.id
            and not (post.props.get(PACK) or {}).get("event")
        ]
        assert len(cards) == 1, (incident.title, len(cards))
