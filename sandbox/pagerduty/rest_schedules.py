"""REST: schedules with their layers, who is on call by them, and overrides."""

from __future__ import annotations

import re
from typing import Any, List, Optional, Tuple

from ..server import HttpAnswer, Routes
from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, many, moment, number, one_of, refer, text, zone
from .model import RequestRefused, Thing, invalid, not_found
from .resource import filtered, remove_schedule, taken
from .rota import shifts
from .shift_rota import SHIFT_BASED
from .switches import EMPTY, REFUSED

routes = Routes()
DAY_SECONDS = 86400
TWO_WEEKS_SECONDS = 14 * DAY_SECONDS


def _time_of_day(call: PagerDutyCall, value: Any) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d", value):
        raise Problem("is not a time as HH:MM:SS")
    return value


_RESTRICTION = BodyForm(
    type=Field(one_of("daily_restriction", "weekly_restriction"), required=True),
    duration_seconds=Field(number(1, 7 * DAY_SECONDS), required=True),
    start_time_of_day=Field(_time_of_day, required=True),
    start_day_of_week=Field(number(1, 7)),
)


def _restriction(call: PagerDutyCall, value: Any) -> Thing:
    found = _RESTRICTION.fields(call, value)
    if found["type"] == "weekly_restriction" and "start_day_of_week" not in found:
        raise Problem("Start day of week can't be blank")
    if found["type"] == "daily_restriction" and found["duration_seconds"] > DAY_SECONDS:
        raise Problem("Duration seconds of a daily restriction must be at most a day")
    return found


def _layer_user(call: PagerDutyCall, value: Any) -> str:
    return str(refer("users")(call, value.get("user") if isinstance(value, dict) else None))


_LAYER = BodyForm(
    name=Field(text(), null=True),
    start=Field(moment, required=True),
    end=Field(moment, null=True),
    rotation_virtual_start=Field(moment, required=True, store="virtual_start"),
    rotation_turn_length_seconds=Field(
        number(3600, 365 * DAY_SECONDS), required=True, store="turn"
    ),
    users=Field(many(_layer_user, least=1), required=True, store="user_ids"),
    restrictions=Field(many(_restriction)),
)


def _layer(call: PagerDutyCall, value: Any) -> Thing:
    layer = {"end": None, "restrictions": [], **_LAYER.fields(call, value)}
    if layer["end"] is not None and layer["end"] <= layer["start"]:
        raise Problem("End must be after the start")
    layer["id"] = value.get("id") or call.account.new_id("P", 7)
    return layer


SCHEDULE = BodyForm(
    "schedule",
    name=Field(text(255)),
    description=Field(text(1024, blank=True), null=True),
    time_zone=Field(zone, required=True),
    schedule_layers=Field(many(_layer, least=1), store="layers"),
    teams=Field(many(refer("teams")), store="team_ids"),
)


@routes.add("GET", "/schedules")
def index(call: PagerDutyCall) -> HttpAnswer:
    """`include[]` schedule_layers, overrides_subschedule and final_schedule are rendered from
    `since` to `until`."""
    render, parts = call.renderer(), [p for p in _PARTS if p in call.request.params("include[]")]

    def show(schedule: Thing) -> Thing:
        shown = render.thing("schedules", schedule)
        whole = _rendered(call, schedule) if parts else {}
        return {**shown, **{part: whole[part] for part in parts}}

    rows = [one for one in filtered(call, "schedules") if one["type"] != SHIFT_BASED]
    return call.page("schedules", rows, show)


_PARTS = ("schedule_layers", "overrides_subschedule", "final_schedule")


@routes.add("POST", "/schedules")
def create(call: PagerDutyCall) -> HttpAnswer:
    fields = SCHEDULE.read(call, call.body("schedule"))
    if not fields.get("layers"):
        raise invalid("Schedule layers can't be empty")
    fields.setdefault("name", f"Schedule {len(call.account.catalog['schedules']) + 1}")
    taken(call, "schedules", fields)
    _name_layers(fields)
    made = call.account.create("schedules", {**fields, "overrides": []})
    return _shown(call, 201, made, made["id"])


@routes.add("POST", "/schedules/preview")
def preview(call: PagerDutyCall) -> HttpAnswer:
    fields = SCHEDULE.read(call, call.body("schedule"))
    _name_layers(fields)
    name = fields.get("name", "Preview")
    thing = {
        "id": "PREVIEW",
        "type": "schedule",
        "layers": [],
        **fields,
        "name": name,
        "overrides": [],
    }
    return _shown(call, 200, thing)


def _layered(call: PagerDutyCall) -> Thing:
    """The schedule that the path names. Raises 404, and for a shift-based one what the switches
    say."""
    found = call.named("schedules")
    if found["type"] != SHIFT_BASED:
        return found
    if call.account.switches.upgraded_schedule == REFUSED:
        raise invalid("Schedule is shift-based: use the V3 API")
    raise not_found()


@routes.add("GET", "/schedules/{id}")
def show(call: PagerDutyCall) -> HttpAnswer:
    if call.account.switches.upgraded_schedule == EMPTY:
        return _shown(call, 200, {**call.named("schedules"), "type": "schedule"})
    return _shown(call, 200, _layered(call))


@routes.add("PUT", "/schedules/{id}")
def update(call: PagerDutyCall) -> HttpAnswer:
    found = _layered(call)
    fields = SCHEDULE.read(call, call.body("schedule"), partial=True)
    taken(call, "schedules", fields, found)
    _name_layers(fields)
    call.account.change("schedules", found, fields)
    return _shown(call, 200, found, found["id"])


@routes.add("DELETE", "/schedules/{id}")
def delete(call: PagerDutyCall) -> HttpAnswer:
    found = _layered(call)
    remove_schedule(call, found)
    return HttpAnswer(204, None, effect=found["id"])


def _name_layers(fields: Thing) -> None:
    for number_, layer in enumerate(fields.get("layers", ()), start=1):
        if not layer.get("name"):
            layer["name"] = f"Layer {number_}"


def _shown(call: PagerDutyCall, status: int, schedule: Thing, effect: str = "") -> HttpAnswer:
    shown = {**call.renderer().thing("schedules", schedule), **_rendered(call, schedule)}
    return HttpAnswer(status, {"schedule": shown}, effect=effect)


def _rendered(call: PagerDutyCall, schedule: Thing) -> Thing:
    """Layers, overrides and the final schedule; their entries when `since` or `until` is given."""
    render, zone_name, layers = call.renderer(), schedule["time_zone"], []
    for layer in schedule.get("layers", ()):
        shown = {
            "id": layer["id"],
            "name": layer["name"],
            "start": render.time(layer["start"]),
            "end": render.time(layer.get("end")),
            "rotation_virtual_start": render.time(layer["virtual_start"]),
            "rotation_turn_length_seconds": layer["turn"],
            "users": [{"user": render.reference("users", u)} for u in layer["user_ids"]],
            "restrictions": layer.get("restrictions", []),
        }
        layers.append({**shown, **_entries(call, {"time_zone": zone_name, "layers": [layer]})})
    overrides = {"overrides": schedule.get("overrides", ())}
    return {
        "schedule_layers": layers,
        "overrides_subschedule": {"name": "Overrides", **_entries(call, overrides)},
        "final_schedule": {"name": "Final Schedule", **_entries(call, schedule)},
    }


def _entries(call: PagerDutyCall, schedule: Thing) -> Thing:
    """Entries cut to the range (whole with `overflow`), and the part of it they cover."""
    if not call.param("since") and not call.param("until"):
        return {"rendered_schedule_entries": [], "rendered_coverage_percentage": None}
    since, until = call.span(TWO_WEEKS_SECONDS, backwards=True)
    render, overflow, entries, covered = call.renderer(), call.flag("overflow"), [], 0
    for shift in shifts(schedule, since, until):
        start, end = max(shift.start, since), min(shift.end, until)
        if end <= start:
            continue
        covered += end - start
        if overflow:
            start, end = shift.start, shift.end
        user = render.reference("users", shift.user_id)
        entries.append({"start": render.time(start), "end": render.time(end), "user": user})
    share = round(100.0 * covered / (until - since), 1) if until > since else 0.0
    return {"rendered_schedule_entries": entries, "rendered_coverage_percentage": share}


@routes.add("GET", "/schedules/{id}/users")
def users(call: PagerDutyCall) -> HttpAnswer:
    """Who is on call in the range; without one, everybody in the rotation."""
    found, render = _layered(call), call.renderer()
    if call.param("since") or call.param("until"):
        since, until = call.span(DAY_SECONDS)
        ids = dict.fromkeys(s.user_id for s in shifts(found, since, until))
    else:
        ids = dict.fromkeys(u for layer in found.get("layers", ()) for u in layer["user_ids"])
    return HttpAnswer(
        200, {"users": [render.thing("users", call.account.known("users", u)) for u in ids]}
    )


# Overrides

_OVERRIDE = BodyForm(
    start=Field(moment, required=True),
    end=Field(moment, required=True),
    user=Field(refer("users"), required=True, store="user_id"),
)


def _override_shown(call: PagerDutyCall, override: Thing) -> Thing:
    render = call.renderer()
    return {
        "id": override["id"],
        "start": render.time(override["start"]),
        "end": render.time(override["end"]),
        "user": render.reference("users", override["user_id"]),
    }


@routes.add("GET", "/schedules/{id}/overrides")
def overrides(call: PagerDutyCall) -> HttpAnswer:
    """201, as the document has it."""
    found = _layered(call)
    if not call.param("since") or not call.param("until"):
        raise invalid("since and until are required")
    since, until = call.span(0)
    rows = [o for o in found.get("overrides", ()) if o["start"] < until and o["end"] > since]
    if call.flag("editable"):
        rows = [o for o in rows if o["end"] > call.account.now()]
    if not call.flag("overflow"):
        rows = [{**o, "start": max(o["start"], since), "end": min(o["end"], until)} for o in rows]
    return HttpAnswer(201, {"overrides": [_override_shown(call, o) for o in rows]})


@routes.add("POST", "/schedules/{id}/overrides")
def add_overrides(call: PagerDutyCall) -> HttpAnswer:
    """Each is taken or refused for itself."""
    found, rows, answers = _layered(call), call.body().get("overrides"), []
    if not isinstance(rows, list) or not rows:
        raise invalid("Overrides can't be empty")
    made: List[str] = []
    for row in rows:
        override, errors = _override(call, row)
        if override is None:
            answers.append({"status": 400, "errors": errors, "override": row})
            continue
        found.setdefault("overrides", []).append(override)
        call.account.change("schedules", found, {})
        made.append(override["id"])
        answers.append({"status": 201, "override": _override_shown(call, override)})
    return HttpAnswer(201, answers, effect=",".join(made))


def _override(call: PagerDutyCall, row: Any) -> Tuple[Optional[Thing], List[str]]:
    try:
        override = _OVERRIDE.fields(call, row)
    except Problem as problem:
        return None, list(problem.words)
    if override["end"] <= override["start"]:
        return None, ["Override must end after its start"]
    if override["end"] <= call.account.now():
        return None, ["Override must end in the future"]
    return {**override, "id": call.account.new_id("Q", 14)}, []


@routes.add("DELETE", "/schedules/{id}/overrides/{override_id}")
def remove_override(call: PagerDutyCall) -> HttpAnswer:
    """204; 200 for one that has begun and ends now; one that is over stays."""
    found, now = _layered(call), call.account.now()
    for override in found.get("overrides", ()):
        if override["id"] == call.names["override_id"]:
            break
    else:
        raise not_found()
    if override["end"] <= now:
        raise RequestRefused(
            400, 2001, "Invalid Input Provided", "Past overrides can't be removed"
        )
    ongoing = override["start"] < now
    if ongoing:
        override["end"] = now
    else:
        found["overrides"].remove(override)
    call.account.change("schedules", found, {})
    return HttpAnswer(200 if ongoing else 204, None, effect=override["id"])
