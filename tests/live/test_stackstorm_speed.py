"""How quick the pack is on a real StackStorm, and how much it takes of it, beside the floor: a
rule of the same StackStorm that runs `core.noop`, and one that runs a python action.

    pytest tests/live/test_stackstorm_speed.py -m live -s

prints the figures of docs/operations.md. The load of the machine moves them, so each stands
beside the floor that was measured in the same minutes.
"""

from __future__ import annotations

import random
import threading
import time
from functools import partial
from typing import Any, Callable, Dict, Iterator, List, Set, Tuple

import pytest
from stackstorm_site import PACK, PackOnStackStorm, StackStorm, percentile, within

pytestmark = pytest.mark.live
FLOORS = {"floor_noop": "core.noop", "floor_python": "core.uuid"}
CHANGES = 30


@pytest.fixture
def floor(st2: StackStorm) -> Iterator[Callable[[], Dict[str, float]]]:
    """Measures both floors once: seconds from the call of a webhook to the execution's end."""
    for name, action in FLOORS.items():
        trigger = {"type": "core.st2.webhook", "parameters": {"url": name}}
        st2.rule(name, trigger, {"ref": action, "parameters": {}})

    def known() -> bool:
        hooks = [row["parameters"]["url"] for row in st2.good("GET", "/webhooks")]
        return all(name in hooks for name in FLOORS)

    within(30, known, "StackStorm does not know the webhooks")

    def once() -> Dict[str, float]:
        return {name: _floor(st2, name, action) for name, action in FLOORS.items()}

    yield once
    for name in FLOORS:
        st2.unrule(name)


def _floor(st2: StackStorm, name: str, action: str) -> float:
    began = time.time()
    st2.good("POST", f"/webhooks/{name}", json={})

    def ended() -> float:
        for row in st2.executions(began - 0.001, action=action):
            if row.get("end_timestamp") and row["context"].get("rule", {}).get("name") == name:
                return _epoch(row["end_timestamp"]) - began
        return 0.0

    return float(within(60, ended, f"{action} does not run", 0.05))


def _epoch(text: str) -> float:
    from datetime import datetime, timezone

    moment = datetime.strptime(text[:26].rstrip("Z"), "%Y-%m-%dT%H:%M:%S.%f")
    return moment.replace(tzinfo=timezone.utc).timestamp()


class Watch:
    """Seconds from each change to what a person sees of it, in a thread of its own."""

    def __init__(self, pack: PackOnStackStorm) -> None:
        self._pack = pack
        self._waiting: List[Tuple[float, Any, int]] = []
        self.took: List[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def add(self, incident: Any, changes: int) -> None:
        """`changes`: how many of the incident's are told once this one is."""
        self._waiting.append((time.perf_counter(), incident, changes))

    def end(self, seconds: float) -> List[float]:
        self._over.set()
        self._thread.join(seconds)
        assert not self._waiting, f"{len(self._waiting)} changes are not told"
        return self.took

    def _run(self) -> None:
        while self._waiting or not self._over.is_set():
            for one in list(self._waiting):
                began, incident, changes = one
                if self._pack.told(incident) >= changes:
                    self.took.append(time.perf_counter() - began)
                    self._waiting.remove(one)
            time.sleep(0.02)


def _show(what: str, took: List[float], floors: List[Dict[str, float]], goal: str) -> None:
    beside = ", ".join(
        f"{FLOORS[name]} {percentile([one[name] for one in floors], 0.5):.2f}"
        f"/{percentile([one[name] for one in floors], 0.95):.2f}"
        for name in FLOORS
        if floors
    )
    half, most = percentile(took, 0.5), percentile(took, 0.95)
    print(f"\n{what}: p50 {half:.2f} s, p95 {most:.2f} s of {len(took)} (goal {goal}); {beside}")


def _calm(pack: PackOnStackStorm, floor: Any) -> Tuple[List[float], List[Dict[str, float]]]:
    """New incidents and acknowledgements by turns, a few seconds apart, with a floor between."""
    account, watch, floors = pack.sandbox.pagerduty.account, Watch(pack), []
    pauses = random.Random(1)
    incident: Any = None
    for number in range(CHANGES):
        if number % 2 == 0:
            incident = account.trigger("Checkout API", f"Calm {number}")
            watch.add(incident, 1)
        else:
            account.acknowledge(incident, user="ada@example.com")
            watch.add(incident, 2)
        time.sleep(pauses.uniform(2.5, 6.5))
        if number % 3 == 0:
            floors.append(floor())
    return watch.end(120), floors


def _paced(pack: PackOnStackStorm, count: int, a_second: float) -> List[float]:
    account, watch = pack.sandbox.pagerduty.account, Watch(pack)
    pauses = random.Random(2)
    open_ones: List[Any] = []
    for number in range(count):
        if number % 2 == 0:
            incident = account.trigger("Checkout API", f"Paced {number}")
            open_ones.append(incident)
            watch.add(incident, 1)
        else:
            incident = open_ones.pop(0)
            account.acknowledge(incident, user="ada@example.com")
            watch.add(incident, 2)
        time.sleep(pauses.expovariate(a_second))
    return watch.end(300)


def test_by_polling(pack: PackOnStackStorm, floor: Any) -> None:
    pack.start()
    took, floors = _calm(pack, floor)
    _show("change to reply, polling", took, floors, "9 / 14")
    paced = _paced(pack, 60, 1.0)
    _show("the same at 1 change/s", paced, [], "10")


def test_by_webhook(pack: PackOnStackStorm, floor: Any) -> None:
    pack.start(webhook=pack.webhook())
    made = pack.st2.run(f"{PACK}.webhook.setup")
    assert made["status"] == "succeeded", made["result"]
    time.sleep(10)
    took, floors = _calm(pack, floor)
    _show("change to reply, webhook", took, floors, "2.5 / 4")
    paced = _paced(pack, 60, 1.0)
    _show("the same at 1 change/s", paced, [], "10")


def test_a_click(pack: PackOnStackStorm, floor: Any) -> None:
    """From the click on a card's button to the card that shows it."""
    pack.start(watch={"poll_interval": 60})
    account = pack.sandbox.pagerduty.account
    incidents = [account.trigger("Checkout API", f"Click {number}") for number in range(25)]
    within(180, lambda: all(pack.card(one) for one in incidents), "not all have a card")
    time.sleep(5)
    took, floors = [], []
    for number, incident in enumerate(incidents):
        card = pack.card(incident)
        began = time.perf_counter()
        answer = pack.person.click(card, "acknowledge")
        assert answer.status_code == 200, answer.text
        shown = partial(_is_acknowledged, pack, incident)
        within(60, shown, "the card stays", pause=0.01)
        took.append(time.perf_counter() - began)
        if number % 3 == 0:
            floors.append(floor())
        time.sleep(1.0)
    _show("click to card", took, floors, "1.2 / -")


def _is_acknowledged(pack: PackOnStackStorm, incident: Any) -> bool:
    return "Acknowledged" in pack.card(incident).message


def test_a_quiet_quarter_of_an_hour(pack: PackOnStackStorm) -> None:
    """Executions and bytes that nothing happening takes, with the configuration of the README."""
    seconds = 900.0
    pack.start()
    time.sleep(30)
    began, before = time.time(), _documents(pack.st2)
    time.sleep(seconds)
    found = pack.st2.executions(began)
    after = _documents(pack.st2)
    day = 86400 / seconds
    by = sorted({row["action"]["ref"] for row in found})
    print(
        f"\nquiet: {len(found)} executions in {seconds:.0f} s, {len(found) * day:.0f} a day: {by}"
    )
    rows = sum(n for n, _ in after.values()) - sum(n for n, _ in before.values())
    size = sum(b for _, b in after.values()) - sum(b for _, b in before.values())
    print(f"documents {rows * day:.0f} and {size * day / 1e6:.2f} MB a day")
    for name in after:
        more = [now - old for now, old in zip(after[name], before.get(name, (0, 0)))]
        if any(more):
            print(f"  {name}: {more[0]} documents, {more[1]} bytes")
    assert len(found) * day <= 1500


def _documents(st2: StackStorm) -> Dict[str, Tuple[int, int]]:
    """Documents and their bytes by collection, where the database may be asked itself
    (`ST2_MONGO_URL` and the package pymongo); else nothing."""
    import os

    url = os.environ.get("ST2_MONGO_URL", "")
    pymongo = pytest.importorskip("pymongo") if url else None
    if pymongo is None:
        return {}
    import bson

    database = pymongo.MongoClient(url).get_default_database()
    ours = _our_triggers(database)
    return {
        name: (len(sizes), sum(sizes))
        for name in database.list_collection_names()
        for sizes in [
            [len(bson.encode(row)) for row in database[name].find() if _counts(row, ours)]
        ]
    }


def _our_triggers(database: Any) -> Set[str]:
    rules = database["rule_d_b"].find({"pack": PACK}, {"trigger": 1})
    return {str(rule["trigger"]) for rule in rules}


def _counts(row: Dict[str, Any], ours: Set[str]) -> bool:
    """Not where it is an instance of another pack's timer or sensor, which fire also where their
    rules are disabled, or only the trace of one."""

    def is_ours(trigger: Any) -> bool:
        return str(trigger) in ours or str(trigger).startswith(("core.st2.", f"{PACK}."))

    instances = row.get("trigger_instances")
    if isinstance(instances, list) and instances:
        return any(is_ours(one.get("ref")) for one in instances)
    return "occurrence_time" not in row or is_ours(row.get("trigger"))
