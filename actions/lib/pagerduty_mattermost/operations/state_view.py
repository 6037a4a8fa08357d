"""What the pack remembers, for people (`state.show`): of an incident, or all in all. Pure; outside
text is escaped here.
"""

# flake8: noqa: E203

from __future__ import annotations

from datetime import tzinfo
from typing import Any, Dict, List, Mapping, Sequence, Tuple

from pagerduty_mattermost.cards.records import record_key
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.markdown import cell, table
from pagerduty_mattermost.gateways.stackstorm.datastore import BrokenValue, DatastoreRow, opened
from pagerduty_mattermost.incidents.known_states import KnownIncident
from pagerduty_mattermost.incidents.state_store import loaded
from pagerduty_mattermost.operations import dead_letters
from pagerduty_mattermost.operations.state_kinds import KINDS, counts


def read(rows: Sequence[DatastoreRow]) -> Tuple[Dict[str, Any], List[str]]:
    """The values that read, by name; the names of those that do not. Secrets are neither."""
    values: Dict[str, Any] = {}
    unread: List[str] = []
    for row in rows:
        if row.secret:
            continue
        try:
            values[row.name] = opened(row.name, row.raw)
        except BrokenValue:
            unread.append(row.name)
    return values, unread


def overview(rows: Sequence[DatastoreRow], zone: tzinfo) -> Dict[str, Any]:
    """The sensor's place in the log, and how many keys there are of each kind."""
    values, unread = read(rows)
    found = loaded(values, {})
    state = found.state
    sensor: Dict[str, Any] = {}
    if state is not None:
        known, reported = state.counts()
        sensor = {
            "cursor": times.iso(state.cursor),
            "origin": times.iso(state.origin),
            "cycle": state.cycle,
            "open_incidents": known,
            "reported": reported,
            "journal": len(state.journal),
            "doubtful_shards": sorted(state.doubtful),
            "summary_due": state.summary_due,
        }
    keys = counts(row.name for row in rows)
    what = {kind.name: kind.what for kind in KINDS}
    lines = [
        [name, str(number), what.get(name, "of another version of the pack")]
        for name, number in keys.items()
    ]
    head = "The sensor has no state: its next start is the first one."
    if state is not None:
        head = (
            "The sensor has read PagerDuty's log up to "
            f"{times.stamp(sensor['cursor'], zone)} and knows "
            f"{sensor['open_incidents']} open incidents."
        )
    message = f"{head}\n\n{table(('kind', 'keys', 'what'), lines)}" if lines else head
    if unread:
        message += f"\n\nDo not read: {', '.join(cell(name, 100) for name in unread[:5])}."
    return {"sensor": sensor, "keys": keys, "unread": unread, "message": message}


def of_incident(rows: Sequence[DatastoreRow], asked: str, zone: tzinfo) -> Dict[str, Any]:
    """All that is remembered of one incident, by id or number; `found` tells whether there is
    anything."""
    values, _ = read(rows)
    wanted = asked.strip().lstrip("#")
    id = wanted if not wanted.isdecimal() else _id_of(values, int(wanted)) or wanted
    ends = {row.name: row.expires_at for row in rows}
    cards, states, mitigated = [], [], None
    for name, data in sorted(values.items()):
        key = record_key(name)
        if key is None or key.incident_id != id or not isinstance(data, dict):
            continue
        if key.kind == "card":
            shown = ("label", "post_id", "born", "gone", "shelved", "closed")
            fields = {field: data.get(field) for field in shown}
            cards.append({"channel_id": key.rest, **fields, "expires_at": ends[name]})
        elif key.kind == "state":
            states.append(
                {"version": data.get("version"), "status": _status(data), "expires_at": ends[name]}
            )
        elif key.kind == "mark":
            mitigated = data
    state = loaded(values, {}).state
    known = state.known.get(id) if state is not None else None
    letters = [
        name[len(dead_letters.KEY_PREFIX) :]
        for name, data in values.items()
        if name.startswith(dead_letters.KEY_PREFIX) and _is_of(data, id)
    ]
    return {
        "found": bool(cards or states or known or letters),
        "incident_id": id,
        "cards": cards,
        "states": states,
        "mitigated": mitigated,
        "sensor": _known(known) if known else {},
        "dead_letters": letters,
        "message": _sentence(id, cards, states, known, letters, zone),
    }


def _word(card: Mapping[str, Any]) -> str:
    if card["gone"]:
        return "deleted by a person"
    if card["shelved"]:
        return "waiting for its archived channel"
    return "posted" if card["post_id"] else "begun"


def _sentence(
    id: str,
    cards: List[Dict[str, Any]],
    states: List[Dict[str, Any]],
    known: Any,
    letters: List[str],
    zone: tzinfo,
) -> str:
    if not (cards or states or known or letters):
        return f"Nothing is remembered of the incident {cell(id)}."
    lines = [
        [
            cell(card["label"] or card["channel_id"], 60),
            _word(card),
            times.stamp(card["expires_at"], zone) or " ",
        ]
        for card in cards
    ]
    parts = [f"{len(states)} state{'' if len(states) == 1 else 's'}, {len(letters)} failed posts"]
    parts.append(
        f"for the sensor it is {cell(known.status)}" if known else "the sensor does not know it"
    )
    text = f"Incident {cell(id)}: {'; '.join(parts)}."
    return f"{text}\n\n{table(('card in', 'is', 'kept until'), lines)}" if lines else text


def _known(known: KnownIncident) -> Dict[str, Any]:
    return {
        **known._asdict(),
        "touched": times.iso(known.touched),
        "status_at": times.iso(known.status_at),
    }


def _status(data: Dict[str, Any]) -> str:
    incident = _incident(data)
    return str(incident.get("status") or "")


def _incident(data: Any) -> Dict[str, Any]:
    change = data.get("change") if isinstance(data, dict) else None
    incident = change.get("incident") if isinstance(change, dict) else None
    return incident if isinstance(incident, dict) else {}


def _id_of(values: Dict[str, Any], number: int) -> str:
    found = (_incident(data) for name, data in values.items() if record_key(name))
    return next((str(one.get("id")) for one in found if one.get("number") == number), "")


def _is_of(letter: Any, id: str) -> bool:
    return isinstance(letter, dict) and letter.get("incident") == id
