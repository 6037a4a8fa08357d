"""REST: shift-based schedules (V3), their custom shifts and overrides."""

# flake8: noqa: E203

from __future__ import annotations

from typing import Any, Callable, List, Sequence

from ..journal import Fact
from ..server import HttpAnswer, Routes
from . import shift_forms as forms
from .call import PagerDutyCall
from .model import Thing, invalid, not_found
from .resource import remove_schedule, taken
from .shift_rota import SHIFT_BASED, assignments, coverage

routes = Routes()
MAX_SCHEDULES, DEFAULT_SCHEDULES = 1000, 100
MAX_ROWS, DEFAULT_ROWS = 100, 25
_AUDITED = {"schedule_created": "create", "schedule_updated": "update"}


def named(call: PagerDutyCall) -> Thing:
    """The shift-based schedule that the path names. Raises 404, and 400 for a layer-based one."""
    found = call.named("schedules")
    if found["type"] != SHIFT_BASED:
        raise forms.FieldsRefused("schedule", ["is not a shift-based schedule"])
    return found


def one_of(rows: Sequence[Thing], id: str) -> Thing:
    """Raises 404."""
    for row in rows:
        if row["id"] == id:
            return row
    raise not_found()


def page(
    call: PagerDutyCall,
    key: str,
    rows: Sequence[Any],
    show: Callable[[Any], Thing],
    default: int = DEFAULT_ROWS,
    most: int = MAX_ROWS,
) -> HttpAnswer:
    """V3 lists have no `total`."""
    limit, offset = call.number("limit", default), call.number("offset", 0)
    if not 1 <= limit <= most:
        raise forms.FieldsRefused("limit", [f"must be between 1 and {most}"])
    shown = [show(row) for row in rows[offset : offset + limit]]
    body = {key: shown, "limit": limit, "offset": offset, "more": offset + limit < len(rows)}
    return HttpAnswer(200, body)


def changed(call: PagerDutyCall, schedule: Thing) -> None:
    call.account.change("schedules", schedule, {})


@routes.add("GET", "/v3/schedules")
def index(call: PagerDutyCall) -> HttpAnswer:
    """Neither `query` nor `total`: whatever they say, it answers the same."""
    rows = [
        one for one in call.account.catalog["schedules"].values() if one["type"] == SHIFT_BASED
    ]
    rows.sort(key=lambda one: one["name"].lower())
    render = call.renderer()

    def show(schedule: Thing) -> Thing:
        return render.reference("schedules", schedule["id"])

    return page(call, "schedules", rows, show, DEFAULT_SCHEDULES, MAX_SCHEDULES)


@routes.add("POST", "/v3/schedules")
def create(call: PagerDutyCall) -> HttpAnswer:
    _refused_fields(call)
    fields = forms.read(call, forms.SCHEDULE, "schedule")
    taken(call, "schedules", fields)
    empty: Thing = {"rotations": [], "custom_shifts": [], "shift_overrides": []}
    made = call.account.create(
        "schedules", {**fields, "type": SHIFT_BASED, "layers": [], "overrides": [], **empty}
    )
    return _shown(call, 201, made, effect=made["id"])


@routes.add("GET", "/v3/schedules/{id}")
def show(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    answer = _shown(call, 200, found)
    if "final_schedule" in call.request.params("include[]"):
        answer.body["schedule"]["final_schedule"] = _final(call, found)
    return answer


@routes.add("PUT", "/v3/schedules/{id}")
def update(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    _refused_fields(call)
    fields = forms.read(call, forms.SCHEDULE, "schedule", partial=True)
    taken(call, "schedules", fields, found)
    call.account.change("schedules", found, fields)
    return _shown(call, 200, found, effect=found["id"])


@routes.add("DELETE", "/v3/schedules/{id}")
def delete(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    remove_schedule(call, found)
    return HttpAnswer(204, None, effect=found["id"])


def _refused_fields(call: PagerDutyCall) -> None:
    given = call.body("schedule")
    for name in ("rotations", "escalation_policies"):
        if name in given:
            raise forms.FieldsRefused(f"schedule.{name}", ["is not accepted"])


def _shown(call: PagerDutyCall, status: int, schedule: Thing, effect: str = "") -> HttpAnswer:
    shown = call.renderer().thing("schedules", schedule)
    shown["rotations"] = [
        forms.shown_rotation(call, schedule, rotation) for rotation in schedule["rotations"]
    ]
    return HttpAnswer(status, {"schedule": shown}, effect=effect)


def _final(call: PagerDutyCall, schedule: Thing) -> Thing:
    if not call.param("since") or not call.param("until"):
        raise forms.FieldsRefused("final_schedule", ["needs since and until"])
    since, until = call.span(0)
    found, render, rows = assignments(schedule, since, until), call.renderer(), []
    for one in found:
        start, end = one.start, one.end
        if not call.flag("overflow"):
            start, end = max(start, since), min(end, until)
        rows.append(
            {
                "type": "computed_shift_assignment",
                "start_time": render.time(start),
                "end_time": render.time(end),
                "member": forms.shown_member(one.user_id),
                "source": dict(one.source),
            }
        )
    return {
        "type": "final_schedule",
        "rendered_coverage_percentage": coverage(found, since, until),
        "computed_shift_assignments": rows,
    }


@routes.add("GET", "/v3/schedules/{id}/audit/records")
def audit(call: PagerDutyCall) -> HttpAnswer:
    """What was done to it through the API since the sandbox began."""
    found = named(call)
    acts = [
        fact
        for fact in call.account.journal.facts
        if fact.subject == found["id"] and fact.kind in _AUDITED
    ]
    render = call.renderer()

    def show(fact: Fact) -> Thing:
        return {
            "id": f"{found['id']}{fact.number}",
            "execution_time": render.time(fact.time),
            "execution_context": {"request_id": None, "remote_address": None},
            "actors": [],
            "method": {"type": "api_token", "truncated_token": "2345"},
            "root_resource": render.reference("schedules", found["id"]),
            "action": _AUDITED[fact.kind],
            "details": None,
        }

    return call.cursor_page("records", acts[::-1], show)


# Custom shifts


def _span(call: PagerDutyCall) -> tuple[int, int]:
    if not call.param("since") or not call.param("until"):
        raise forms.FieldsRefused("since", ["and until are required"])
    return call.span(0)


def _within(call: PagerDutyCall, rows: Sequence[Thing]) -> List[Thing]:
    """Those that touch `since` to `until`, cut to it unless `overflow`."""
    since, until = _span(call)
    found = [one for one in rows if one["start"] < until and one["end"] > since]
    if call.flag("overflow"):
        return found
    return [
        {**one, "start": max(one["start"], since), "end": min(one["end"], until)} for one in found
    ]


def _check_span(kind: str, row: Thing, now: int) -> None:
    if row["end"] <= row["start"]:
        raise forms.FieldsRefused(f"{kind}.end_time", ["must be after start_time"])
    if row["end"] <= now:
        raise forms.FieldsRefused(f"{kind}.end_time", ["must be in the future"])


@routes.add("GET", "/v3/schedules/{id}/custom_shifts")
def custom_shifts(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    rows = _within(call, found["custom_shifts"])
    return page(
        call, "custom_shifts", rows, lambda row: forms.shown_custom_shift(call, found, row)
    )


@routes.add("POST", "/v3/schedules/{id}/custom_shifts")
def add_custom_shifts(call: PagerDutyCall) -> HttpAnswer:
    """All of them or none."""
    found, made = named(call), []
    for value in _rows(call, "custom_shifts"):
        row = forms.fields(call, forms.CUSTOM_SHIFT, "custom_shift", value)
        row["member"] = row.pop("assignments")[0]
        _check_span("custom_shift", row, call.account.now())
        made.append(row)
    for row in made:
        row.update(id=call.account.new_id("A", 26), assignment_id=call.account.new_id("A", 26))
    found["custom_shifts"] += made
    changed(call, found)
    shown = [forms.shown_custom_shift(call, found, row) for row in made]
    effect = ",".join(row["id"] for row in made)
    return HttpAnswer(201, {"custom_shifts": shown}, effect=effect)


def _rows(call: PagerDutyCall, key: str) -> List[Any]:
    rows = call.body().get(key)
    if not isinstance(rows, list) or not rows:
        raise forms.FieldsRefused(key, ["can't be empty"])
    return rows


@routes.add("GET", "/v3/schedules/{id}/custom_shifts/{custom_shift_id}")
def custom_shift(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    row = one_of(found["custom_shifts"], call.names["custom_shift_id"])
    return HttpAnswer(200, {"custom_shift": forms.shown_custom_shift(call, found, row)})


@routes.add("PUT", "/v3/schedules/{id}/custom_shifts/{custom_shift_id}")
def change_custom_shift(call: PagerDutyCall) -> HttpAnswer:
    """Of one that has begun only its end."""
    found, now = named(call), call.account.now()
    row = one_of(found["custom_shifts"], call.names["custom_shift_id"])
    fields = forms.read(call, forms.SHIFT_CHANGE, "custom_shift", partial=True)
    if row["start"] <= now and set(fields) - {"end"}:
        raise forms.FieldsRefused("custom_shift", ["has begun: only end_time can be changed"])
    if "assignments" in fields:
        fields["member"] = fields.pop("assignments")[0]
    _check_span("custom_shift", {**row, **fields}, now)
    row.update(fields)
    changed(call, found)
    shown = forms.shown_custom_shift(call, found, row)
    return HttpAnswer(200, {"custom_shift": shown}, effect=row["id"])


@routes.add("DELETE", "/v3/schedules/{id}/custom_shifts/{custom_shift_id}")
def remove_custom_shift(call: PagerDutyCall) -> HttpAnswer:
    """One that has begun ends now; one that is over stays."""
    found = named(call)
    row = one_of(found["custom_shifts"], call.names["custom_shift_id"])
    if row["end"] <= call.account.now():
        raise forms.FieldsRefused("custom_shift", ["has ended"])
    return _ended(call, found, found["custom_shifts"], row)


def _ended(call: PagerDutyCall, schedule: Thing, rows: List[Thing], row: Thing) -> HttpAnswer:
    """One that has begun ends now, a coming one is gone."""
    now = call.account.now()
    if row["start"] < now:
        row["end"] = now
    else:
        rows.remove(row)
    changed(call, schedule)
    return HttpAnswer(204, None, effect=row["id"])


# Overrides


@routes.add("GET", "/v3/schedules/{id}/overrides")
def overrides(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    rows = _within(call, found["shift_overrides"])
    return page(call, "overrides", rows, lambda row: forms.shown_override(call, found, row))


@routes.add("POST", "/v3/schedules/{id}/overrides")
def add_overrides(call: PagerDutyCall) -> HttpAnswer:
    """All of them or none. Each replaces one person of one rotation or custom shift."""
    found, made = named(call), []
    for value in _rows(call, "overrides"):
        row = forms.fields(call, forms.OVERRIDE, "override", value)
        _check_span("override", row, call.account.now())
        _check_source(found, row)
        made.append(row)
    for row in made:
        row["id"] = call.account.new_id("A", 26)
    found["shift_overrides"] += made
    changed(call, found)
    shown = [forms.shown_override(call, found, row) for row in made]
    effect = ",".join(row["id"] for row in made)
    return HttpAnswer(201, {"overrides": shown}, effect=effect)


def _check_source(schedule: Thing, row: Thing) -> None:
    rotation, shift = row.get("rotation_id"), row.get("custom_shift_id")
    if bool(rotation) == bool(shift):
        raise forms.FieldsRefused(
            "override.rotation_id", ["exactly one of rotation_id and custom_shift_id is needed"]
        )
    if rotation and all(one["id"] != rotation for one in schedule["rotations"]):
        raise forms.FieldsRefused("override.rotation_id", ["could not be found"])
    if shift and all(one["id"] != shift for one in schedule["custom_shifts"]):
        raise forms.FieldsRefused("override.custom_shift_id", ["could not be found"])
    name, id = ("rotation_id", rotation) if rotation else ("shift_id", shift)
    on_call = [
        one
        for one in assignments(schedule, row["start"], row["end"])
        if dict(one.source).get(name) == id and one.user_id == row["overridden"]
    ]
    if not on_call:
        raise forms.FieldsRefused(
            "override.overridden_member", ["is not on call in this time by this source"]
        )


@routes.add("GET", "/v3/schedules/{id}/overrides/{override_id}")
def override(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    row = one_of(found["shift_overrides"], call.names["override_id"])
    return HttpAnswer(200, {"override": forms.shown_override(call, found, row)})


@routes.add("PUT", "/v3/schedules/{id}/overrides/{override_id}")
def change_override(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    row = one_of(found["shift_overrides"], call.names["override_id"])
    fields = forms.read(call, forms.OVERRIDE_CHANGE, "override", partial=True)
    _check_span("override", {**row, **fields}, call.account.now())
    row.update(fields)
    changed(call, found)
    shown = forms.shown_override(call, found, row)
    return HttpAnswer(200, {"override": shown}, effect=row["id"])


@routes.add("DELETE", "/v3/schedules/{id}/overrides/{override_id}")
def remove_override(call: PagerDutyCall) -> HttpAnswer:
    """One that has begun ends now."""
    found = named(call)
    row = one_of(found["shift_overrides"], call.names["override_id"])
    if row["end"] <= call.account.now():
        raise invalid("Past overrides can't be removed")
    return _ended(call, found, found["shift_overrides"], row)
