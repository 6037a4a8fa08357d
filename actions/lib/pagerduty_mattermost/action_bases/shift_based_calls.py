"""What the actions `schedule.*` and `override.*` do where the schedule is a shift-based one: the
same parameters, and results of the same shape (docs/oncall.md).

    run(words, given, settings, pagerduty, now, warn)

The word `shift_based` of their metadata says which of `CALLS` it is. A layer-based schedule costs
one request more: that which asks for its kind (the new API first). `schedule.find` asks for the
second list, where the first leaves room.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Callable, Dict, List

from pagerduty_mattermost.action_bases import inputs
from pagerduty_mattermost.action_bases.rest_call import RestRequest, RestWords, build, send
from pagerduty_mattermost.core import times
from pagerduty_mattermost.core.errors import RejectedInput
from pagerduty_mattermost.core.schema_check import is_id

if TYPE_CHECKING:
    from pagerduty_mattermost.core.config.settings import Config
    from pagerduty_mattermost.gateways.pagerduty.client import PagerDuty

Warn = Callable[[str], None]
SPAN_SECONDS = 14 * 86400.0
"""From `since` to where `until` is unset, as PagerDuty takes it for a layer-based schedule."""
CHANGEABLE = ("name", "time_zone", "description")
"""Of a shift-based schedule itself."""


def run(
    words: RestWords,
    given: Mapping[str, Any],
    settings: Config,
    pagerduty: PagerDuty,
    now: float,
    warn: Warn,
) -> Any:
    """Carry out an action that has the word `shift_based`; returns its result. Raises
    RejectedInput and the gateway's errors."""
    from pagerduty_mattermost.gateways.pagerduty import schedules

    if words.shift_based == "update":
        return _update(words, given, settings, pagerduty, now, warn)
    request = build(words, given, settings, now, warn)
    if words.shift_based == "find":
        return _find(words, request, pagerduty, now, warn)
    if not schedules.is_shift_based(pagerduty, _ids(request)[0]):
        return send(words, request, pagerduty, now, warn)
    return CALLS[words.shift_based](pagerduty, request, now)


def _ids(request: RestRequest) -> List[str]:
    """Those in the path: of the schedule, and of the override if there is one."""
    return request.path.split("/")[2::2]


def _path(id: str) -> str:
    from pagerduty_mattermost.gateways.pagerduty.client import fill
    from pagerduty_mattermost.gateways.pagerduty.references import SHIFT_BASED_PATH

    return fill(SHIFT_BASED_PATH + "/{id}", id=id)


def _get(pagerduty: PagerDuty, request: RestRequest, now: float) -> Any:
    """Who is on call is shown where a range of time is given."""
    asked = dict(request.query)
    if asked.get("since") or asked.get("until"):
        asked = {**asked, **_span(asked, now), "include": ["final_schedule"]}
    return _wrapped(pagerduty.get(_path(_ids(request)[0]), asked), "GET")


def _span(asked: Mapping[str, Any], now: float) -> Dict[str, str]:
    since = asked.get("since") or times.iso(now)
    until = asked.get("until") or times.iso((times.seconds(since) or now) + SPAN_SECONDS)
    return {"since": since, "until": until}


def _wrapped(answer: Mapping[str, Any], method: str) -> Any:
    from pagerduty_mattermost.gateways.pagerduty.references import SHIFT_BASED_PATH
    from pagerduty_mattermost.gateways.pagerduty.responses import wrapped

    return wrapped(answer, "schedule", method, SHIFT_BASED_PATH)


def _delete(pagerduty: PagerDuty, request: RestRequest, now: float) -> Any:
    pagerduty.delete(_path(_ids(request)[0]))
    return {"deleted": True}


def _on_call(pagerduty: PagerDuty, request: RestRequest, now: float) -> Any:
    """Users, each once, in the order in which they come."""
    from pagerduty_mattermost.gateways.pagerduty import schedules
    from pagerduty_mattermost.gateways.pagerduty.users import read_users

    span = (times.seconds(str(request.query[name])) for name in ("since", "until"))
    since, until = (now if at is None else at for at in span)
    found = schedules.read(pagerduty, _ids(request)[0], since, until)
    there = [one.user.id for one in found.final if one.start < until and one.end > since]
    return {"users": list(read_users(pagerduty, there).values())}


def _overrides(pagerduty: PagerDuty, request: RestRequest, now: float) -> Any:
    """Its custom shifts as well."""
    from pagerduty_mattermost.gateways.pagerduty import overrides

    asked = request.query
    rows = overrides.read(
        pagerduty,
        _ids(request)[0],
        asked["since"],
        asked["until"],
        overflow=bool(asked.get("overflow")),
    )
    if asked.get("editable"):
        rows = [row for row in rows if (times.seconds(str(row.get("end"))) or 0.0) > now]
    return rows


def _delete_override(pagerduty: PagerDuty, request: RestRequest, now: float) -> Any:
    """A custom shift, too."""
    from pagerduty_mattermost.gateways.pagerduty import overrides

    overrides.delete(pagerduty, *_ids(request))
    return {"deleted": True}


def _find(
    words: RestWords, request: RestRequest, pagerduty: PagerDuty, now: float, warn: Warn
) -> Any:
    """Those of the second list behind those of the first. It shows references, which are given a
    `name`, and takes no `query`."""
    from pagerduty_mattermost.gateways.pagerduty.references import shift_based_rows

    rows: List[Dict[str, Any]] = send(words, request, pagerduty, now, warn)
    if request.maximum is not None and len(rows) >= request.maximum:
        return rows
    wanted = str(request.query.get("query") or "").casefold()
    more = [
        {**row, "name": row.get("summary")}
        for row in shift_based_rows(pagerduty)
        if wanted in str(row.get("summary")).casefold()
    ]
    left = len(more) if request.maximum is None else request.maximum - len(rows)
    if len(more) > left:
        warn(
            f"PagerDuty has more than the {request.maximum} returned: raise maximum, "
            "or ask for less"
        )
    return rows + more[:left]


def _update(
    words: RestWords,
    given: Mapping[str, Any],
    settings: Config,
    pagerduty: PagerDuty,
    now: float,
    warn: Warn,
) -> Any:
    """What is needed of a layer-based schedule is not of a shift-based one, so the kind is asked
    for before the input is refused; but never where the input fits neither."""
    from pagerduty_mattermost.gateways.pagerduty import schedules

    id, data, wrong = str(given.get("entity_id") or "").strip(), given.get("data"), None
    notes: List[str] = []
    try:
        request = build(words, given, settings, now, notes.append)
    except RejectedInput as error:
        wrong = error
    if wrong is not None and not (is_id(id) and isinstance(data, Mapping) and data):
        raise wrong
    if not schedules.is_shift_based(pagerduty, id):
        if wrong is not None:
            raise wrong
        for line in notes:
            warn(line)
        return send(words, request, pagerduty, now, warn)
    return _wrapped(
        pagerduty.put(_path(id), {"schedule": _changes(id, data or {}, now, warn)}), "PUT"
    )


def _changes(id: str, data: Mapping[str, Any], now: float, warn: Warn) -> Dict[str, Any]:
    """What of `data` is sent. Raises RejectedInput."""
    if data.get("schedule_layers"):
        raise RejectedInput(
            "data.schedule_layers: this schedule is shift-based: who is on call is changed with "
            "rotation_event.create, .update and .delete"
        )
    if data.get("rotations"):
        warn(
            "data.rotations: not changed: rotation_event.create, .update and .delete change "
            "who is on call"
        )
    changes = {name: data[name] for name in CHANGEABLE if data.get(name) is not None}
    schema = inputs.load("shift_schedule.update")
    ready = inputs.require(schema, {"entity_id": id, **changes}, inputs.InputTerms(now), warn)
    return {name: value for name, value in ready.items() if name in CHANGEABLE}


CALLS: Dict[str, Callable[[PagerDuty, RestRequest, float], Any]] = {
    "get": _get,
    "delete": _delete,
    "on_call": _on_call,
    "overrides": _overrides,
    "delete_override": _delete_override,
}
