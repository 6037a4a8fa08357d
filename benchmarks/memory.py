"""The incident sensor's memory over 1,000,000 log entries: read, decided, dispatched or held and
committed a hundred a look, with a storm of 400 incidents every two hours. `python -m benchmarks
memory` writes docs/pictures/memory.svg.
"""

from __future__ import annotations

import gc
import logging
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Dict, Iterator, List, Tuple

from .graph import svg
from .report import Row

ENTRIES = 1_000_000
A_LOOK = 100
SAMPLES = 50
INCIDENTS = 400
"""Open at a time; each lives for some ten entries."""
STORM_EVERY = 20
"""All incidents of so many's first are of one service, within 40 s."""
START = 1_760_000_000
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "pictures" / "memory.svg"
KINDS = (
    "trigger",
    "acknowledge",
    "annotate",
    "annotate",
    "escalate",
    "priority_change",
    "annotate",
    "notify",
    "resolve",
)


def run() -> List[Row]:
    from pagerduty_mattermost.core.config.noise import NoiseConfig
    from pagerduty_mattermost.gateways.stackstorm.datastore import Store
    from pagerduty_mattermost.incidents.known_states import SensorState
    from pagerduty_mattermost.incidents.log_entries import parse_entry
    from pagerduty_mattermost.incidents.state_store import StateStore
    from pagerduty_mattermost.incidents.tracker import follow
    from pagerduty_mattermost.incidents.trigger_payload import payload
    from pagerduty_mattermost.incidents.watch_filter import WatchFilter
    from pagerduty_mattermost.noise.storm_gate import StormGate

    from .sensor import Datastore, Dispatcher

    store, dispatcher = Store(Datastore()), Dispatcher()
    states, state = StateStore(store), SensorState(START - 1.0, START - 1.0)
    pagerduty: Any = SimpleNamespace(
        list_all=lambda *asked: SimpleNamespace(items=[])
    )  # logs of what is released
    noise = StormGate(NoiseConfig(), store, dispatcher, pagerduty, logging.getLogger("memory"))
    seen: List[Tuple[int, float]] = []
    batch: List[Any] = []
    for number, row in enumerate(_log(), 1):
        entry = parse_entry(row)
        if entry is not None and state.is_fresh(entry.id):
            batch.append(entry)
        if number % A_LOOK:
            continue
        now = START + number / 10
        for step in noise.sort(follow(state, batch[::-1], WatchFilter(), now), now):
            told = (
                noise.passed(step.change, state.origin, now) if step.change is not None else None
            )
            if told is not None:
                dispatcher.dispatch("pagerduty.incident", payload(told))
            state.apply(step)
        open_ids = {id for id, known in state.known.items() if known.is_open}
        noise.show(now, state.origin, lambda change: None, open_ids)
        state.advance(now)
        states.commit(state)
        batch = []
        if number % (ENTRIES // SAMPLES) == 0:
            gc.collect()
            seen.append((number, _resident()))
    PICTURE.write_text(
        svg(
            "Memory of the incident sensor, MiB",
            f"log entries, up to {ENTRIES:,}",
            {"memory": seen},
        ),
        encoding="utf-8",
    )
    early, late = seen[4][1], seen[-1][1]
    seen_at_last = f"{late:.0f} MiB after {ENTRIES:,} entries, {dispatcher.changes:,} dispatches"
    return [
        Row(
            "memory of the sensor's process",
            seen_at_last,
            f"{early:.0f} MiB after {seen[4][0]:,}",
            late / early,
            "≤ 1.2",
        )
    ]


def _log() -> Iterator[Dict[str, Any]]:
    """Entries in their order, ten a second."""
    for number in range(ENTRIES):
        round_, place = divmod(number, INCIDENTS)
        life, step = divmod(round_, len(KINDS))
        id = f"P{life * INCIDENTS + place:07X}"
        at = _iso(START + number // 10)
        closed = KINDS[step] == "resolve"
        service = "STORM" if life % STORM_EVERY == 0 else f"{place % 200:03}"
        yield {
            "id": f"R{number:08X}",
            "type": f"{KINDS[step]}_log_entry",
            "created_at": at,
            "agent": {"id": "PUSER01", "summary": "Ada Lovelace"},
            "summary": f"{KINDS[step]} by Ada Lovelace",
            "note": "Looking at it" if KINDS[step] == "annotate" else None,
            "incident": {
                "id": id,
                "incident_number": life * INCIDENTS + place,
                "title": f"Alert {place} of {life}",
                "status": "resolved" if closed else "triggered" if step == 0 else "acknowledged",
                "urgency": "high",
                "service": {"id": f"PSVC{service}", "summary": f"Service {service}"},
                "created_at": _iso(START + (life * len(KINDS) * INCIDENTS + place) // 10),
                "updated_at": at,
            },
        }


def _iso(seconds: int) -> str:
    from pagerduty_mattermost.core import times

    return times.iso(float(seconds))


def _resident() -> float:
    """MiB of this process in memory (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 2**20
