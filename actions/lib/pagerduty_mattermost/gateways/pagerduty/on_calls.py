"""Who is on call, now and next, for an escalation policy, a schedule, a service or a user (API:
GET /oncalls)."""

# flake8: noqa: W503

from __future__ import annotations

from typing import (
    AbstractSet,
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import NotFound, PermanentError, RejectedInput
from pagerduty_mattermost.core.text import clean, one_line
from pagerduty_mattermost.gateways.pagerduty import schedules
from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty
from pagerduty_mattermost.gateways.pagerduty.references import Reference, resolve

MAX_ROWS = 2000


class OnCall(NamedTuple):
    """One user on call at one level. Times are ISO 8601 as PagerDuty gives them, empty when always
    on call."""

    level: int
    user: Reference
    schedule: str = ""
    """Name of the schedule that puts the user on call; empty when the policy names the user."""
    policy: str = ""
    start: str = ""
    end: str = ""
    policy_id: str = ""
    schedule_id: str = ""


Shift = Tuple[Optional[OnCall], Optional[OnCall]]
"""Who is on call at one level (by one schedule), and who is next; either may be missing."""


def who(
    pagerduty: PagerDuty,
    *,
    escalation_policy: str = "",
    schedule: str = "",
    service: str = "",
    user: str = "",
) -> Tuple[List[OnCall], str]:
    """Who is on call now, first level first, and the name of what was asked for; of a user: what
    for.

    Exactly one of the four, as id, name or e-mail. Raises RejectedInput otherwise, and NotFound,
    Ambiguous and the gateway's errors. An id costs one request where the answer names somebody (a
    service's: two).
    """
    kind, text = _asked(escalation_policy, schedule, service, user)
    if kind in ("escalation_policy", "schedule") and text.isalnum() and text.isupper():
        rows = read(pagerduty, {kind + "_ids": [text]})
        if rows and kind == "schedule":
            return once_each(rows), rows[0].schedule
        if rows:
            return rows, rows[0].policy
    kind, id, name = _target(pagerduty, kind, text)
    if kind == "schedule":
        return of_schedule(pagerduty, id, name), name
    return read(pagerduty, {kind + "_ids": [id]}), name


def of_schedule(
    pagerduty: PagerDuty,
    id: str,
    name: str,
    *,
    since: Optional[float] = None,
    until: Optional[float] = None,
) -> List[OnCall]:
    """Who is on call by a schedule, now, or within `since` and `until`: each person's time once,
    however many escalation policies use it; of one that no policy uses, which PagerDuty's on-calls
    leave out, as the schedule itself says. Raises the gateway's errors."""
    rows = once_each(read(pagerduty, {"schedule_ids": [id]}, since=since, until=until))
    return rows or unused_schedule(pagerduty, id, name, since=since, until=until)


def once_each(rows: Iterable[OnCall]) -> List[OnCall]:
    """The rows of one schedule with each time of each person once. Pure."""
    found: Dict[Tuple[str, str, str], OnCall] = {}
    for row in rows:
        found.setdefault((row.user.id, row.start, row.end), row)
    return list(found.values())


def unused_schedule(
    pagerduty: PagerDuty,
    id: str,
    name: str,
    *,
    since: Optional[float] = None,
    until: Optional[float] = None,
) -> List[OnCall]:
    """Who is on call by a schedule that no escalation policy uses, as it says itself, for the same
    time as `of_schedule`. Raises the gateway's errors."""
    begin = pagerduty.now() if since is None else since
    end = begin + 1 if until is None else until
    final = [one for one in schedules.read(pagerduty, id, begin, end).final if one.end > begin]
    without = [one.user.id for one in final if not one.user.email]
    known = schedules.people(pagerduty, without)
    return [
        OnCall(
            level=1,
            user=known.get(one.user.id, one.user),
            schedule=name,
            start=times.iso(one.start),
            end=times.iso(one.end),
            schedule_id=id,
        )
        for one in final
    ]


def upcoming(
    pagerduty: PagerDuty,
    *,
    now: float,
    days: int,
    escalation_policy: str = "",
    schedule: str = "",
    service: str = "",
    user: str = "",
) -> Tuple[List[OnCall], str]:
    """The next to come on call within `days`: of each level and schedule the first who is not on
    call yet, in the order of their beginnings. Of a user: each next turn. Raises as `who`."""
    kind, id, name = _target(pagerduty, *_asked(escalation_policy, schedule, service, user))
    until = now + days * 86400
    rows = (
        of_schedule(pagerduty, id, name, since=now, until=until)
        if kind == "schedule"
        else read(pagerduty, {kind + "_ids": [id]}, since=now, until=until)
    )
    found: Dict[Tuple[str, int, str], OnCall] = {}
    for row in sorted(rows, key=lambda one: times.seconds(one.start) or 0.0):
        begins = times.seconds(row.start)
        if begins is not None and begins > now:
            found.setdefault((row.policy, row.level, row.schedule), row)
    return list(found.values()), name


def _asked(escalation_policy: str, schedule: str, service: str, user: str) -> Tuple[str, str]:
    pairs = (
        ("escalation_policy", escalation_policy),
        ("schedule", schedule),
        ("service", service),
        ("user", user),
    )
    given = [(kind, one_line(clean(text))) for kind, text in pairs if one_line(clean(text))]
    if len(given) != 1:
        raise RejectedInput("give exactly one of escalation_policy, schedule, service and user")
    return given[0]


def _target(pagerduty: PagerDuty, kind: str, text: str) -> Tuple[str, str, str]:
    """What on-calls can be asked by: kind, id, and the name of what was asked for."""
    target = resolve(pagerduty, kind, text)
    if kind != "service":
        return kind, target.id, target.name
    if not target.escalation_policy_id:
        raise NotFound(f"the service {target.name!r} has no escalation policy")
    return "escalation_policy", target.escalation_policy_id, target.name


def shifts(pagerduty: PagerDuty, of: Mapping[str, Any], *, now: float, days: int) -> List[Shift]:
    """For each policy, level and schedule: who is on call (each of them, where several are), and
    who is next within `days`; the first level first. `of`: a filter as `read` takes it. One
    request a page of 100."""
    return paired(read(pagerduty, of, since=now, until=now + days * 86400), now)


def paired(rows: Iterable[OnCall], now: float) -> List[Shift]:
    """The same of rows that were read: turns of one person that adjoin are one. Pure."""
    present: Dict[Tuple[str, int, str], List[OnCall]] = {}
    coming: Dict[Tuple[str, int, str], OnCall] = {}
    for row in joined(rows):
        key = (row.policy, row.level, row.schedule)
        begins, ends = times.seconds(row.start), times.seconds(row.end)
        if begins is not None and begins > now:
            coming.setdefault(key, row)
        elif ends is None or ends > now:
            present.setdefault(key, []).append(row)
    found: List[Shift] = []
    for key in sorted({*present, *coming}, key=lambda one: (one[1], one[0], one[2])):
        following = coming.get(key)
        found.extend((one, following) for one in present.get(key) or ())
        if key not in present:
            found.append((None, following))
    return found


def joined(rows: Iterable[OnCall]) -> List[OnCall]:
    """By their beginnings, what adjoins of one person at one place as one. Pure."""
    found: Dict[Tuple[str, int, str, str], List[OnCall]] = {}
    for row in sorted(rows, key=lambda one: times.seconds(one.start) or 0.0):
        own = found.setdefault((row.policy, row.level, row.schedule, row.user.id), [])
        last = own[-1] if own else None
        if (
            last is not None
            and last.end
            and row.start
            and _seconds(row.start) <= _seconds(last.end)
        ):
            ends = [one for one in (last.end, row.end) if one]
            own[-1] = last._replace(end=max(ends, key=_seconds) if ends[1:] else "")
        else:
            own.append(row)
    return sorted((one for own in found.values() for one in own), key=lambda o: _seconds(o.start))


def _seconds(text: str) -> float:
    return times.seconds(text) or 0.0


def read(
    pagerduty: PagerDuty,
    of: Mapping[str, Any],
    *,
    whole: bool = False,
    since: Optional[float] = None,
    until: Optional[float] = None,
) -> List[OnCall]:
    """The rows of a filter (`schedule_ids`, `escalation_policy_ids`, `user_ids`), first level
    first; now, or within `since` and `until` (seconds since the epoch). `whole`: raises
    PermanentError rather than leave any out."""
    params: Dict[str, Any] = {
        **of,
        "include": ["users"],
        "since": None if since is None else times.iso(since),
        "until": None if until is None else times.iso(until),
    }
    listing = pagerduty.list_all("/oncalls", "oncalls", params, MAX_ROWS)
    if whole and listing.truncated:
        raise PermanentError(
            f"PagerDuty has more than {MAX_ROWS} on-calls for this: ask for fewer at once"
        )
    found: List[OnCall] = []
    for row in listing.items:
        one = on_call(row)
        if one.user.id and one not in found:
            found.append(one)
    return sorted(found, key=lambda one: (one.level, one.policy, one.user.name))


def first_level(rows: Sequence[OnCall]) -> List[OnCall]:
    """Those of the first level that has anybody. Pure. `rows`: of one escalation policy."""
    first = min((row.level for row in rows), default=0)
    return [row for row in rows if row.level == first]


class Levels(NamedTuple):
    """The levels of an escalation policy on which people are on call."""

    exact: List[int]
    """Where just these people are."""
    partly: List[int]
    """Where some of them are, or others beside them."""


def levels_of(rows: Iterable[OnCall], user_ids: AbstractSet[str]) -> Levels:
    """The levels of each user, by id. Pure. `rows`: of one escalation policy at one moment."""
    people: Dict[int, Set[str]] = {}
    for row in rows:
        people.setdefault(row.level, set()).add(row.user.id)
    return Levels(
        [level for level, there in people.items() if there == user_ids],
        [level for level, there in people.items() if there & user_ids],
    )


def on_call(row: Mapping[str, Any]) -> OnCall:
    """A row of PagerDuty's."""
    user = row.get("user") or {}
    level = row.get("escalation_level")
    return OnCall(
        level=level if isinstance(level, int) else 1,
        user=Reference(
            "user",
            _text(user, "id"),
            _text(user, "name") or _text(user, "summary"),
            _text(user, "email"),
        ),
        schedule=_text(row.get("schedule") or {}, "summary"),
        policy=_text(row.get("escalation_policy") or {}, "summary"),
        start=one_line(clean(row.get("start"))),
        end=one_line(clean(row.get("end"))),
        policy_id=_text(row.get("escalation_policy") or {}, "id"),
        schedule_id=_text(row.get("schedule") or {}, "id"),
    )


def _text(thing: Any, key: str) -> str:
    return one_line(clean(thing.get(key), 500)) if isinstance(thing, dict) else ""
