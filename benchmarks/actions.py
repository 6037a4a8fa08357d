"""Actions of the pack against a bare pdpyras script (the floor) and pypd 1.1.0 (the peer, of the
Exchange's pack).

Each finds 1,000 incidents, gets one, and acknowledges one, on the same sandbox in a process of its
own. The action is made anew each time, as StackStorm does; so are the clients. Requests and
connections are counted on our side of the wire. pypd is no dependency of anything: `make bench`
puts it where only this benchmark looks, and without it its rows are left out.
"""

# flake8: noqa: E501

from __future__ import annotations

import gc
import importlib
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Dict, Iterable, Iterator, List, Tuple

from .report import Row, ms
from .servers import Servers

ROUNDS = 24
SHORT = 5
"""How often a short job is done in its turn; the best counts."""
INCIDENTS = 1000
SENDER = "ada@example.com"
PEERS = Path(__file__).resolve().parent.parent / ".venv" / "peers"

Job = Callable[[], Any]
Cost = Tuple[float, float, int, int]
"""Wall and CPU seconds, requests, connections."""


def run() -> List[Row]:
    with Servers() as servers:
        ids = _fill(servers)
        makers = {"pack": _pack, "pdpyras": _pdpyras}
        if (PEERS / "pypd").is_dir():
            makers["pypd"] = _pypd
        jobs = {name: make(servers, ids) for name, make in makers.items()}
        spent: Dict[Tuple[str, str], List[Cost]] = {}
        for round_ in range(ROUNDS + 1):
            names = list(jobs)
            turn = round_ % len(names)  # nobody always comes first, or always after the same one
            for name in (*names[turn:], *names[:turn]):
                for what, job in jobs[name].items():
                    cost = min(_measured(job) for _ in range(1 if "1,000" in what else SHORT))
                    if round_:  # the first one imports
                        spent.setdefault((name, what), []).append(cost)
    rows = [row for what in jobs["pack"] for row in _rows(what, list(jobs), spent)]
    for name in jobs:
        parts = [spent[name, what] for what in jobs[name]]
        spent[name, ("all three")] = [tuple(map(sum, zip(*costs))) for costs in zip(*parts)]  # type: ignore[misc]
    return [
        *rows,
        *_rows("all three", [name for name in jobs if name != "pdpyras"], spent, "≤ 1.0"),
    ]


def _rows(
    what: str, names: List[str], spent: Dict[Tuple[str, str], List[Cost]], against_peer: str = ""
) -> Iterator[Row]:
    """Bounds: the floor's wall by not more than a tenth; the peer's, for all that was done."""
    for name in names[1:]:
        limit = "≤ 1.1" if name == "pdpyras" else against_peer
        for column, word in enumerate(("wall", "CPU", "requests", "connections")):
            mine, other = (
                _quiet(cost[column] for cost in spent[one, what]) for one in ("pack", name)
            )
            shown = ms if column < 2 else "{:.0f}".format
            bound = limit if word == "wall" or (against_peer and word == "requests") else ""
            yield Row(
                f"{what}: {word}", shown(mine), f"{name}: {shown(other)}", mine / other, bound
            )


def _quiet(values: Iterable[float]) -> float:
    """The lower quartile: what else the machine does makes a round longer, never shorter."""
    ordered = sorted(values)
    return ordered[len(ordered) // 4]


def _fill(servers: Servers) -> List[str]:
    import requests

    def do(do: str, **args: Any) -> Any:
        answer = requests.post(
            servers.pagerduty + "/_sandbox/account", json={"do": do, "args": args}, timeout=30
        )
        answer.raise_for_status()
        return answer.json()["result"]

    do("set_options", rate_limit=None)
    # What was acknowledged before is acknowledged again, by each of the libraries.
    do("set_switches", second_acknowledge="taken")
    return [
        str(do("trigger", service="Database", title=f"Disk {number}")["id"])
        for number in range(INCIDENTS)
    ]


@contextmanager
def _counted(counts: List[int]) -> Iterator[None]:
    """Requests and connections of everything that goes through urllib3."""
    from urllib3.connectionpool import HTTPConnectionPool

    make, send = HTTPConnectionPool._new_conn, HTTPConnectionPool._make_request

    def new_conn(self: Any) -> Any:
        counts[1] += 1
        return make(self)

    def request(self: Any, *args: Any, **options: Any) -> Any:
        counts[0] += 1
        return send(self, *args, **options)

    HTTPConnectionPool._new_conn = new_conn  # type: ignore[method-assign]
    HTTPConnectionPool._make_request = request  # type: ignore[method-assign]
    try:
        yield
    finally:
        HTTPConnectionPool._new_conn = make  # type: ignore[method-assign]
        HTTPConnectionPool._make_request = send  # type: ignore[method-assign]


def _measured(job: Job) -> Cost:
    counts = [0, 0]
    gc.collect()  # what the job before left is not this one's cost
    with _counted(counts):
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return wall, cpu, counts[0], counts[1]


def _pack(servers: Servers, ids: List[str]) -> Dict[str, Job]:
    import yaml

    config = {"api_key": servers.api_key, "api_url": servers.pagerduty, "from_email": SENDER}
    folder = Path(__file__).resolve().parent.parent / "actions"

    def job(name: str, **given: Any) -> Job:
        about = yaml.safe_load((folder / f"{name}.yaml").read_text(encoding="utf-8"))
        module = importlib.import_module(Path(about["entry_point"]).stem)
        unset = {key: spec.get("default") for key, spec in about["parameters"].items()}

        def run() -> None:
            done, result = module.PagerDutyRest(config, None).run(**{**unset, **given})
            assert done, result
            assert not isinstance(result, list) or len(result) == INCIDENTS

        return run

    return {
        "find 1,000 incidents": job("incident.find", maximum=INCIDENTS, date_range="all"),
        "get an incident": job("incident.get", entity_id=ids[0]),
        "acknowledge an incident": job("incident.acknowledge", entity_id=ids[0]),
    }


def _pdpyras(servers: Servers, ids: List[str]) -> Dict[str, Job]:
    warnings.simplefilter("ignore")
    import pdpyras

    def session() -> Any:
        made = pdpyras.APISession(servers.api_key, default_from=SENDER)
        made.url = servers.pagerduty
        return made

    body = {"type": "incident_reference", "status": "acknowledged"}
    return {
        "find 1,000 incidents": lambda: session().list_all(
            "incidents", params={"date_range": "all"}
        ),
        "get an incident": lambda: session().rget(f"/incidents/{ids[0]}"),
        "acknowledge an incident": lambda: session().rput(f"/incidents/{ids[0]}", json=body),
    }


def _pypd(servers: Servers, ids: List[str]) -> Dict[str, Job]:
    sys.path.append(str(PEERS))
    pypd = importlib.import_module("pypd")
    pypd.api_key, pypd.base_url = servers.api_key, servers.pagerduty

    def acknowledge() -> None:  # as the Exchange's pack: it fetches the incident first
        pypd.Incident.fetch(ids[0]).acknowledge(from_email=SENDER)

    return {
        "find 1,000 incidents": lambda: pypd.Incident.find(maximum=INCIDENTS, date_range="all"),
        "get an incident": lambda: pypd.Incident.fetch(ids[0]),
        "acknowledge an incident": acknowledge,
    }
