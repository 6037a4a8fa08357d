"""Dead letters, listed: as JSON and as Markdown. Pure; outside text is escaped here."""

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Dict, List, Sequence, Tuple

from pagerduty_mattermost.cards.incident_tables import ROWS, cell, table
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.operations.dead_letters import (
    ACT,
    ACTIONS,
    BLOCKED,
    PERMANENT,
    RETRYABLE,
    Letter,
)

FATES = {
    RETRYABLE: "tried again by itself",
    BLOCKED: "tried again by itself, once the cause may be gone",
    PERMANENT: "replayed by hand alone",
    ACT: "an act, void: by hand alone, after a look at the incident",
}
REASON = 160


def chosen(
    found: Sequence[Letter], *, incident: str = "", kind: str = "", since: float = 0.0
) -> List[Letter]:
    """Those that fit, oldest first. `incident`: id, number or link; `since`: of the newest
    failure."""
    wanted = incident.strip().lstrip("#").rstrip("/").rpartition("/")[2]
    return [
        one
        for one in found
        if (not wanted or wanted in (one.incident, _number(one)))
        and (not kind or kind == one.kind)
        and one.last_at >= since
    ]


def _number(one: Letter) -> str:
    change = one.params.get("change")
    incident = change.get("incident") if isinstance(change, dict) else None
    return str(incident.get("number") or "") if isinstance(incident, dict) else ""


def row(one: Letter, *, parameters: bool) -> Dict[str, Any]:
    """One as an action's result has it."""
    return {
        "id": one.id,
        "action": f"pagerduty.{ACTIONS[one.action][2]}",
        "kind": one.kind,
        "reason": one.reason,
        "incident_id": one.incident,
        "sequence": one.sequence,
        "first_failed_at": times.iso(one.first_at),
        "last_failed_at": times.iso(one.last_at),
        "attempts": one.attempts,
        "next_at": times.iso(one.next_at) if one.kind in (RETRYABLE, BLOCKED) else "",
        **({"parameters": one.params} if parameters else {}),
    }


def markdown(shown: Sequence[Letter], total: int, zone: tzinfo) -> str:
    """The newest first; `total`: how many there are."""
    if not total:
        return "No dead letters: nothing has failed that is not done by now."
    kinds = {kind: sum(one.kind == kind for one in shown) for kind in FATES}
    words = "; ".join(
        f"{number} {kind} ({FATES[kind]})" for kind, number in kinds.items() if number
    )
    rows = [
        [
            f"`{one.id}`",
            cell(ACTIONS[one.action][2], 40),
            cell(one.incident, 40),
            one.kind,
            cell(one.reason, REASON),
            cell(times.stamp(times.iso(one.last_at), zone), 40),
            str(one.attempts),
        ]
        for one in reversed(shown)
    ][:ROWS]
    head = ("id", "what", "incident", "kind", "why", "failed last", "times")
    text = (
        f"{total} dead letter{'' if total == 1 else 's'}: "
        f"{words or 'none of these'}.\n\n{table(head, rows)}"
    )
    return text + (f"\n… and {total - len(rows)} more." if total > len(rows) else "")


def picked(
    found: Sequence[Letter], ids: Sequence[str], everything: bool, *, acts: bool
) -> Tuple[List[Letter], List[str]]:
    """Those asked for, and the ids that are none. `acts`: whether `everything` holds the acts from
    chat too. Raises RejectedInput unless ids or all are given."""
    if bool(ids) == everything:
        raise RejectedInput("Give either ids, as deadletter.list tells them, or all=true")
    if everything:
        return [one for one in found if acts or one.kind != ACT], []
    by_id = {one.id: one for one in found}
    wanted = list(dict.fromkeys(ids))
    return [by_id[id] for id in wanted if id in by_id], [id for id in wanted if id not in by_id]


def warning(one: Letter) -> str:
    """What who replays it must know; empty when nothing."""
    if one.kind != ACT:
        return ""
    return (
        f"An act from chat of {times.iso(one.first_at)}, done in the name of who asked then "
        "although a minute had made "
        f"it "
        "void: look whether the incident is as it should be."
    )
