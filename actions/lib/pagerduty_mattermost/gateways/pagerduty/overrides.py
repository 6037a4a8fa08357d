"""Overrides of schedules of both kinds (API: POST /schedules/{id}/overrides; for a shift-based one
POST /v3/schedules/{id}/overrides and …/custom_shifts).

    create(pagerduty, "PSCHED1", start, end, "ada@example.com")

By a layer-based schedule an override replaces whoever would be on call. By a shift-based one it
replaces one person of one rotation (or of one custom shift), as `plan` works out; where nobody
would be on call, or where somebody is to come beside those who are, a custom shift is made.
"""

# flake8: noqa: W503

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import (
    Ambiguous,
    NotFound,
    PackError,
    RejectedInput,
    reworded,
)
from pagerduty_mattermost.core.spans import Span, gaps
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty, fill
from pagerduty_mattermost.gateways.pagerduty.references import (
    SHIFT_BASED_PATH,
    Reference,
    resolve,
)
from pagerduty_mattermost.gateways.pagerduty.responses import LIST
from pagerduty_mattermost.gateways.pagerduty.schedules import Schedule, ScheduleShift

BETWEEN_IDS = "+"
"""Between the ids of what one act made on a shift-based schedule."""


class AlreadyOnCall(RejectedInput):
    """There is nothing to do: the person is on call by this schedule for the whole time."""


class OverridePart(NamedTuple):
    """A part of what is to be done on a shift-based schedule; seconds since the epoch."""

    start: float
    end: float
    of: Optional[Reference] = None
    """Who is replaced; None: nobody, a custom shift is made."""
    source: Tuple[str, str] = ("", "")
    """`schedules.ROTATION` or `CUSTOM_SHIFT`, and its id, of whose person is replaced."""


def plan(
    found: Schedule, person: str, start: float, end: float, *, instead_of: str = "", add: bool
) -> List[OverridePart]:
    """What lets a person, by id, be on call by a shift-based schedule from `start` to `end`; empty
    where they are already. Pure. `instead_of`: id of who is replaced, needed where several are on
    call at once; `add`: nobody is. Raises Ambiguous, naming those on call, and NotFound where
    `instead_of` is not on call."""
    if add:
        return [OverridePart(start, end)]
    clipped = [
        one._replace(start=max(one.start, start), end=min(one.end, end))
        for one in found.final
        if one.start < end and one.end > start
    ]
    own = [(one.start, one.end) for one in clipped if one.user.id == person]
    others = [
        piece
        for one in clipped
        if one.user.id != person and instead_of in ("", one.user.id)
        for piece in _outside(one, own)
    ]
    if instead_of:
        if not others:
            there = ", ".join(sorted({one.user.name for one in clipped})) or "nobody"
            raise NotFound(
                f"whom you name is not on call by {found.name!r} then; on call: {there}"
            )
        return _joined(others)
    for one in others:
        for other in others:
            if one is not other and one.start < other.end and other.start < one.end:
                names = sorted({each.user.name for each in others})
                raise Ambiguous(
                    f"{' and '.join(names)} are on call by {found.name!r} at once: say whom to "
                    "replace (instead of …), or that somebody comes beside them (--add)"
                )
    free = [OverridePart(*gap) for gap in gaps([(o.start, o.end) for o in clipped], start, end)]
    return sorted([*_joined(others), *free], key=lambda part: part.start)


def _outside(one: ScheduleShift, spans: Sequence[Span]) -> List[ScheduleShift]:
    return [one._replace(start=start, end=end) for start, end in gaps(spans, one.start, one.end)]


def _joined(shifts: Sequence[ScheduleShift]) -> List[OverridePart]:
    """As parts, what adjoins of one person and source as one."""
    found: List[OverridePart] = []
    for one in sorted(shifts, key=lambda shift: (shift.user.id, shift.source, shift.start)):
        last = found[-1] if found else None
        if (
            last is not None
            and last.of is not None
            and (last.of.id, last.source, last.end) == (one.user.id, one.source, one.start)
        ):
            found[-1] = last._replace(end=one.end)
        else:
            found.append(OverridePart(one.start, one.end, one.user, one.source))
    return sorted(found, key=lambda part: part.start)


def create(
    pagerduty: PagerDuty,
    schedule: str,
    start: str,
    end: str,
    user: str,
    *,
    instead_of: str = "",
    add: bool = False,
) -> Dict[str, Any]:
    """The override, as {id, start, end, user}; of a shift-based schedule also `parts`, with who is
    replaced when. `start`, `end`: ISO 8601; `user`, `instead_of`: id, e-mail or name. PagerDuty
    answers 201 also when it refuses one: that is an error here.

    Raises as `plan`, AlreadyOnCall, RejectedInput and the gateway's errors."""
    person = resolve(pagerduty, "user", user)
    if schedules.is_shift_based(pagerduty, schedule):
        other = resolve(pagerduty, "user", instead_of) if instead_of else None
        return _create_parts(pagerduty, schedule, (start, end), person, other, add)
    if add or instead_of:
        raise RejectedInput(
            "this schedule is layer-based, so whoever would be on call is replaced: leave out "
            "whom it is instead of, and --add"
        )
    wanted = {"start": start, "end": end, "user": {"id": person.id, "type": "user_reference"}}
    answer = pagerduty.post(_path(schedule), {"overrides": [wanted]}, bare_list=True)
    rows = answer.get(LIST)
    row = rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}
    made = row.get("override")
    if row.get("status") == 201 and isinstance(made, dict):
        return made
    why = one_line(
        clean("; ".join(str(one) for one in row.get("errors") or ("no reason given",)), 500)
    )
    raise RejectedInput(f"PagerDuty refuses the override: {why}")


def _create_parts(
    pagerduty: PagerDuty,
    schedule: str,
    span: Tuple[str, str],
    person: Reference,
    instead_of: Optional[Reference],
    add: bool,
) -> Dict[str, Any]:
    begin, stop = (times.seconds(at) for at in span)
    if begin is None or stop is None or stop <= begin:
        raise RejectedInput("start and end: expected two times, the earlier one first")
    found = schedules.read(pagerduty, schedule, begin, stop)
    other = instead_of.id if instead_of else ""
    parts = plan(found, person.id, begin, stop, instead_of=other, add=add)
    if not parts:
        raise AlreadyOnCall(f"{person.name} is on call by {found.name!r} then already")
    made: List[str] = []
    for key, rows in _bodies(parts, person.id):
        path = fill(SHIFT_BASED_PATH + "/{id}", id=schedule) + f"/{key}"
        try:
            answer = pagerduty.post(path, {key: rows}).get(key)
        except PackError as error:
            if not made:
                raise
            done = f"done for a part of the time only ({schedule}:{BETWEEN_IDS.join(made)})"
            raise reworded(error, f"{done}; the rest failed: {error.in_chat}") from None
        made += [str(row.get("id")) for row in answer or () if isinstance(row, dict)]
    return {
        "id": BETWEEN_IDS.join(made),
        "start": span[0],
        "end": span[1],
        "user": {"id": person.id, "type": "user_reference", "summary": person.name},
        "parts": [
            {
                "start": times.iso(one.start),
                "end": times.iso(one.end),
                "instead_of": {"id": one.of.id, "summary": one.of.name} if one.of else None,
            }
            for one in parts
        ],
    }


def _bodies(parts: Sequence[OverridePart], person: str) -> List[Tuple[str, List[Dict[str, Any]]]]:
    """What the requests hold, each with the key of its body."""
    mine = {"type": "user_member", "user_id": person}
    replaced = [
        {
            "type": "override_shift",
            one.source[0]: one.source[1],
            "start_time": times.iso(one.start),
            "end_time": times.iso(one.end),
            "overridden_member": {"type": "user_member", "user_id": one.of.id},
            "overriding_member": mine,
        }
        for one in parts
        if one.of is not None
    ]
    added = [
        {
            "type": "custom_shift",
            "start_time": times.iso(one.start),
            "end_time": times.iso(one.end),
            "assignments": [{"type": "shift_assignment", "member": mine}],
        }
        for one in parts
        if one.of is None
    ]
    return [pair for pair in (("overrides", replaced), ("custom_shifts", added)) if pair[1]]


def read(
    pagerduty: PagerDuty, schedule: str, since: str, until: str, *, overflow: bool = False
) -> List[Dict[str, Any]]:
    """Those of a span of time (ISO 8601), cut to it unless `overflow`, as {id, start, end, user};
    of a shift-based schedule its custom shifts as well, and `instead_of` of each override. Raises
    the gateway's errors."""
    span = {"since": since, "until": until, **({"overflow": True} if overflow else {})}
    if not schedules.is_shift_based(pagerduty, schedule):
        rows = pagerduty.get(_path(schedule), span).get("overrides")
        return [row for row in (rows if isinstance(rows, list) else ()) if isinstance(row, dict)]
    path = fill(SHIFT_BASED_PATH + "/{id}", id=schedule)
    rows = pagerduty.list_all(f"{path}/overrides", "overrides", span).items
    rows += pagerduty.list_all(f"{path}/custom_shifts", "custom_shifts", span).items
    names = schedules.people(
        pagerduty, [id for row in rows for id in (_taker(row), _replaced(row)) if id]
    )
    return [
        {
            "id": row.get("id"),
            "type": row.get("type"),
            "start": row.get("start_time"),
            "end": row.get("end_time"),
            "user": _shown(names.get(_taker(row))),
            "instead_of": _shown(names.get(_replaced(row))),
        }
        for row in rows
    ]


def delete(pagerduty: PagerDuty, schedule: str, ids: str, *, from_email: str = "") -> None:
    """Drop those to come, end those that are going on. `ids`: one override, or of a shift-based
    schedule overrides and custom shifts, `BETWEEN_IDS` between them. Raises NotFound when none of
    them is there any more, and the gateway's errors."""
    wanted = [one for one in ids.split(BETWEEN_IDS) if one]
    if not schedules.is_shift_based(pagerduty, schedule):
        for id in wanted:
            path = fill("/schedules/{schedule}/overrides/{id}", schedule=schedule, id=id)
            pagerduty.delete(path, from_email=from_email)
        return
    there, gone = False, NotFound(f"the schedule {schedule} has no override {ids}")
    for id in wanted:
        try:
            _delete_one(pagerduty, schedule, id)
            there = True
        except NotFound as error:
            gone = error
    if not there:
        raise gone


def _delete_one(pagerduty: PagerDuty, schedule: str, id: str) -> None:
    """An id does not tell whether it is that of an override or of a custom shift."""
    path = fill(SHIFT_BASED_PATH + "/{schedule}", schedule=schedule)
    try:
        pagerduty.delete(fill(path + "/overrides/{id}", id=id))
    except NotFound:
        pagerduty.delete(fill(path + "/custom_shifts/{id}", id=id))


def undo_id(schedule: str, made: Mapping[str, Any]) -> str:
    """What `/pd override cancel` takes to undo what `create` made."""
    return f"{schedule}:{one_line(clean(made.get('id'), 400))}"


def is_of(row: Mapping[str, Any], user_id: str) -> bool:
    """Whether the override gives the shift to that user."""
    return (row.get("user") or {}).get("id") == user_id


def _taker(row: Mapping[str, Any]) -> str:
    """Id of who is on call by an override or a custom shift."""
    member = row.get("overriding_member")
    for one in row.get("assignments") or ():
        member = one.get("member") if isinstance(one, dict) else member
    return str(member.get("user_id") or "") if isinstance(member, dict) else ""


def _replaced(row: Mapping[str, Any]) -> str:
    member = row.get("overridden_member")
    return str(member.get("user_id") or "") if isinstance(member, dict) else ""


def _shown(person: Optional[Reference]) -> Optional[Dict[str, Any]]:
    if person is None:
        return None
    return {"id": person.id, "type": "user_reference", "summary": person.name}


def _path(schedule: str) -> str:
    return fill("/schedules/{entity_id}/overrides", entity_id=schedule)
