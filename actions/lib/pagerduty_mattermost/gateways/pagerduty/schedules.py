"""Who is on call by a schedule, of either kind: layer-based, or shift-based since May 2026 (API:
GET /schedules/{id}, GET /v3/schedules/{id}).

    found = read(pagerduty, "PSCHED1", since, until)
    found.final         # [ScheduleShift(user=..., start=..., end=...), ...], overrides are in it
    found.shift_based

PagerDuty upgrades schedules one by one, and an upgraded one keeps its id. So a schedule is asked
for by the new API first, which answers 400 for one that is not upgraded; what was answered is
remembered for this client. By a shift-based schedule several people may be on call at once; its
answers name people by id alone, and the rest is read with `users.read_users`.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, Iterable, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, RejectedInput, Unauthorized
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import (
    SHIFT_BASED_PATH,
    Reference,
    reference,
)
from pagerduty_mattermost.gateways.pagerduty.rows import id_of, rows_of
from pagerduty_mattermost.gateways.pagerduty.users import read_users

MAX_ASKED_SINGLY = 5
"""More layer-based schedules are looked for in the list of all."""
PARTS = ("schedule_layers", "overrides_subschedule", "final_schedule")
ROTATION, CUSTOM_SHIFT = "rotation_id", "custom_shift_id"
"""What an override of a shift-based schedule may stand in for, as the API names it."""


class ScheduleShift(NamedTuple):
    """Somebody's time on call as a schedule says; seconds since the epoch."""

    user: Reference
    start: float
    end: float
    override: str = ""
    """Id of the override by which they are; known of a shift-based schedule alone."""
    source: Tuple[str, str] = ("", "")
    """Of a shift-based schedule: `ROTATION` or `CUSTOM_SHIFT`, and its id."""


class ScheduleOverride(NamedTuple):
    """An override; seconds since the epoch."""

    id: str
    user: Reference
    """Who takes over."""
    start: float
    end: float
    of: Optional[Reference] = None
    """Whom they stand in for; None of a layer-based schedule, where it is whoever would be on."""


class Schedule(NamedTuple):
    """A schedule as PagerDuty works it out for a span of time."""

    id: str
    name: str
    shift_based: bool
    used: bool
    """Whether an escalation policy uses it."""
    final: List[ScheduleShift]
    overrides: List[ScheduleOverride]
    layers: List[List[ScheduleShift]]
    """Of a layer-based one: whose turn it would be without overrides, by layer."""
    policies: Tuple[str, ...] = ()
    """Ids of the escalation policies that use it."""


def read(
    pagerduty: PagerDuty, id: str, since: float, until: float, *, overrides: bool = False
) -> Schedule:
    """One schedule. `overrides`: with whom the overrides of a shift-based one stand in for, which
    takes a request more. One request where the kind is known, else up to two, and those for the
    names of people on a shift-based one. Raises NotFound and the gateway's errors."""
    row = _row(pagerduty, id, since, until)
    return _rendered(pagerduty, [row], since, until, overrides)[id]


def read_many(
    pagerduty: PagerDuty, ids: Sequence[str], since: float, until: float
) -> Dict[str, Schedule]:
    """Those that exist, by id, with their overrides. Layer-based ones in the list of all where
    that takes fewer requests. Raises the gateway's errors."""
    rows: List[Dict[str, Any]] = []
    missing = list(dict.fromkeys(ids))
    if len(missing) > MAX_ASKED_SINGLY:
        asked = {"since": times.iso(since), "until": times.iso(until), "include": list(PARTS)}
        listed = pagerduty.list_all("/schedules", "schedules", asked).items
        rows = [row for row in listed if row.get("id") in missing]
        missing = [id for id in missing if all(row.get("id") != id for row in rows)]
    for id in missing:
        try:
            rows.append(_row(pagerduty, id, since, until))
        except NotFound:
            continue
    return _rendered(pagerduty, rows, since, until, True)


def on_duty(pagerduty: PagerDuty, id: str, now: float) -> List[Reference]:
    """Who is on call by a schedule at that moment, also by one that no policy uses, which
    PagerDuty's on-calls leave out. Raises NotFound and the gateway's errors."""
    if not is_shift_based(pagerduty, id):
        span = {"since": times.iso(now), "until": times.iso(now + 1)}
        rows = pagerduty.get(fill("/schedules/{id}/users", id=id), span).get("users")
        users = rows if isinstance(rows, list) else ()
        return [reference("user", row) for row in users if isinstance(row, dict) and row.get("id")]
    found = read(pagerduty, id, now, now + 1)
    there = {one.user.id: one.user for one in found.final if one.start <= now < one.end}
    return list(there.values())


def is_shift_based(pagerduty: PagerDuty, id: str) -> bool:
    """Raises NotFound and the gateway's errors; one request at most, none where it is known."""
    known = pagerduty.shift_based.get(id)
    if known is None:
        known = _shift_based(pagerduty, id, {}) is not None
    return known


def _row(pagerduty: PagerDuty, id: str, since: float, until: float) -> Dict[str, Any]:
    span = {"since": times.iso(since), "until": times.iso(until)}
    asked = {**span, "overflow": True, "include": ["final_schedule"]}
    likely = pagerduty.shift_based.get(id, pagerduty.shift_based_before.get(id))
    if likely is not False:
        row = _shift_based(pagerduty, id, asked)
        if row is not None:
            return row
    path = fill("/schedules/{id}", id=id)
    try:
        found = pagerduty.get(path, {**span, "overflow": True}).get("schedule")
        if isinstance(found, dict) and (found.get("schedule_layers") or not _upgradable(found)):
            pagerduty.shift_based[id] = False
            return found
        problem: Exception = NotFound(f"PagerDuty GET {path}: the schedule has no layers")
    except (NotFound, RejectedInput) as error:
        problem = error
    row = _shift_based(pagerduty, id, asked)  # it may have been upgraded meanwhile
    if row is None:
        raise problem
    return row


def _upgradable(row: Mapping[str, Any]) -> bool:
    """Whether an answer without layers may be that of a schedule that was upgraded: which one it
    is, PagerDuty's documentation does not say."""
    return "schedule_layers" in row


def _shift_based(
    pagerduty: PagerDuty, id: str, asked: Mapping[str, Any]
) -> Optional[Dict[str, Any]]:
    """None when it is layer-based, or unknown here. Where the account has no such schedules, or
    the key may not read them, the other API says what is the matter."""
    try:
        row = pagerduty.get(fill(SHIFT_BASED_PATH + "/{id}", id=id), asked).get("schedule")
    except (RejectedInput, NotFound, Unauthorized):
        return None
    if not isinstance(row, dict):
        return None
    pagerduty.shift_based[id] = True
    return row


def _rendered(
    pagerduty: PagerDuty,
    rows: Sequence[Mapping[str, Any]],
    since: float,
    until: float,
    overrides: bool,
) -> Dict[str, Schedule]:
    """Of PagerDuty's objects of both kinds; people's names are asked for once for all."""
    listed: Dict[str, List[Mapping[str, Any]]] = {}
    for row in rows:
        final = row.get("final_schedule")
        if overrides and _is_shift_based(row) and any(map(_override_id, _assignments(final))):
            listed[str(row.get("id"))] = _overrides(pagerduty, str(row.get("id")), since, until)
    ids = [user for row in rows if _is_shift_based(row) for user in _members(row)]
    for found in listed.values():
        for one in found:
            ids += [_member(one, "overridden_member"), _member(one, "overriding_member")]
    names = people(pagerduty, [id for id in ids if id])
    return {
        str(row.get("id")): _of_shifts(row, names, listed.get(str(row.get("id")), ()))
        if _is_shift_based(row)
        else _of_layers(row)
        for row in rows
    }


def people(pagerduty: PagerDuty, ids: Iterable[str]) -> Dict[str, Reference]:
    """Users by id, each id once; who is gone goes by the id. Raises the gateway's errors."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return {}
    rows = read_users(pagerduty, wanted)
    return {
        id: reference("user", rows[id]) if id in rows else Reference("user", id, id)
        for id in wanted
    }


def _is_shift_based(row: Mapping[str, Any]) -> bool:
    return str(row.get("type")).startswith("schedule_v3")


def _of_shifts(
    row: Mapping[str, Any],
    names: Mapping[str, Reference],
    overrides: Sequence[Mapping[str, Any]],
) -> Schedule:
    final: List[ScheduleShift] = []
    for one in _assignments(row.get("final_schedule")):
        user, start, end = names.get(_member(one, "member")), _at(one, "start"), _at(one, "end")
        if user is None or start is None or end is None or end <= start:
            continue
        shift = ScheduleShift(user, start, end, _override_id(one), _source(one))
        if shift not in final:
            final.append(shift)
    stand_ins: List[ScheduleOverride] = []
    for one in overrides:
        user, of = (
            names.get(_member(one, part)) for part in ("overriding_member", "overridden_member")
        )
        start, end = _at(one, "start"), _at(one, "end")
        if user is not None and start is not None and end is not None and one.get("id"):
            stand_ins.append(ScheduleOverride(str(one["id"]), user, start, end, of))
    return Schedule(
        str(row.get("id") or ""),
        _name(row),
        True,
        bool(row.get("escalation_policies")),
        sorted(final, key=lambda shift: (shift.start, shift.end)),
        stand_ins,
        [],
        _policies(row),
    )


def _of_layers(row: Mapping[str, Any]) -> Schedule:
    layers = row.get("schedule_layers")
    return Schedule(
        str(row.get("id") or ""),
        _name(row),
        False,
        bool(row.get("escalation_policies")),
        shifts(row.get("final_schedule")),
        [
            ScheduleOverride("", one.user, one.start, one.end)
            for one in shifts(row.get("overrides_subschedule"))
        ],
        [shifts(layer) for layer in (layers if isinstance(layers, list) else ())],
        _policies(row),
    )


def _policies(row: Mapping[str, Any]) -> Tuple[str, ...]:
    return tuple(filter(None, map(id_of, rows_of(row, "escalation_policies"))))


def shifts(part: Any) -> List[ScheduleShift]:
    """Those of a layer-based schedule's rendered entries that have a user and times, in order."""
    rows = part.get("rendered_schedule_entries") if isinstance(part, dict) else None
    found: List[ScheduleShift] = []
    for entry in rows if isinstance(rows, list) else ():
        if not isinstance(entry, dict):
            continue
        user, start, end = entry.get("user"), _at(entry, "start"), _at(entry, "end")
        if (
            isinstance(user, dict)
            and user.get("id")
            and start is not None
            and end is not None
            and end > start
        ):
            found.append(
                ScheduleShift(Reference("user", str(user["id"]), _name(user)), start, end)
            )
    return sorted(found, key=lambda one: (one.start, one.end))


def _overrides(
    pagerduty: PagerDuty, id: str, since: float, until: float
) -> List[Mapping[str, Any]]:
    span = {"since": times.iso(since), "until": times.iso(until), "overflow": True}
    path = fill(SHIFT_BASED_PATH + "/{id}/overrides", id=id)
    return list(pagerduty.list_all(path, "overrides", span).items)


def _assignments(final: Any) -> List[Mapping[str, Any]]:
    rows = final.get("computed_shift_assignments") if isinstance(final, dict) else None
    return [row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict)]


def _members(row: Mapping[str, Any]) -> List[str]:
    return [_member(one, "member") for one in _assignments(row.get("final_schedule"))]


def _member(row: Mapping[str, Any], part: str) -> str:
    """Id of the user; empty where nobody is assigned."""
    member = row.get(part)
    return str(member.get("user_id") or "") if isinstance(member, dict) else ""


def _override_id(row: Mapping[str, Any]) -> str:
    source = row.get("source")
    return str(source.get("override_id") or "") if isinstance(source, dict) else ""


def _source(row: Mapping[str, Any]) -> Tuple[str, str]:
    source = row.get("source")
    if not isinstance(source, dict):
        return "", ""
    if source.get("rotation_id"):
        return ROTATION, str(source["rotation_id"])
    return (CUSTOM_SHIFT, str(source["shift_id"])) if source.get("shift_id") else ("", "")


def _at(entry: Mapping[str, Any], name: str) -> Optional[float]:
    return times.seconds(str(entry.get(f"{name}_time") or entry.get(name) or ""))


def _name(row: Mapping[str, Any]) -> str:
    return one_line(clean(row.get("summary") or row.get("name") or row.get("id"), 200))
