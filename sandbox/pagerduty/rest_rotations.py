"""REST: rotations of shift-based schedules (V3) and their events."""

from __future__ import annotations

from ..server import HttpAnswer, Routes
from . import shift_forms as forms
from .call import PagerDutyCall
from .model import Thing
from .rest_shift_schedules import changed, named, one_of, page
from .shift_rota import ROTATING

routes = Routes()
MAX_EVENTS = 5
"""Of a rotation."""


def _rotation(call: PagerDutyCall, schedule: Thing) -> Thing:
    return one_of(schedule["rotations"], call.names["rotation_id"])


@routes.add("GET", "/v3/schedules/{id}/rotations")
def rotations(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    return page(
        call, "rotations", found["rotations"], lambda row: forms.shown_rotation(call, found, row)
    )


@routes.add("POST", "/v3/schedules/{id}/rotations")
def add_rotation(call: PagerDutyCall) -> HttpAnswer:
    """An empty one: what it does is in its events."""
    found = named(call)
    if call.request.body.strip() and call.body():
        raise forms.FieldsRefused("rotation", ["takes no fields"])
    made: Thing = {"id": call.account.new_id("A", 26), "events": []}
    found["rotations"].append(made)
    changed(call, found)
    shown = forms.shown_rotation(call, found, made)
    return HttpAnswer(201, {"rotation": shown}, effect=made["id"])


@routes.add("GET", "/v3/schedules/{id}/rotations/{rotation_id}")
def rotation(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    shown = forms.shown_rotation(call, found, _rotation(call, found))
    return HttpAnswer(200, {"rotation": shown})


@routes.add("DELETE", "/v3/schedules/{id}/rotations/{rotation_id}")
def remove_rotation(call: PagerDutyCall) -> HttpAnswer:
    """Events that make shifts now end now, those to come go."""
    found, now = named(call), call.account.now()
    row = _rotation(call, found)
    row["events"] = [one for one in row["events"] if one["effective_since"] < now]
    for event in row["events"]:
        if event.get("effective_until") is None or event["effective_until"] > now:
            event["effective_until"] = now
    if not row["events"]:
        found["rotations"].remove(row)
    changed(call, found)
    return HttpAnswer(204, None, effect=row["id"])


@routes.add("GET", "/v3/schedules/{id}/rotations/{rotation_id}/events")
def events(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    row = _rotation(call, found)
    rows = sorted(row["events"], key=lambda one: one["effective_since"])
    return page(call, "events", rows, lambda one: forms.shown_event(call, found, row, one))


@routes.add("POST", "/v3/schedules/{id}/rotations/{rotation_id}/events")
def add_event(call: PagerDutyCall) -> HttpAnswer:
    found, now = named(call), call.account.now()
    row = _rotation(call, found)
    if len(row["events"]) >= MAX_EVENTS:
        raise forms.FieldsRefused("rotation.events", [f"can't have more than {MAX_EVENTS}"])
    event = _event(forms.read(call, forms.EVENT, "event"))
    event["effective_since"] = max(event["effective_since"], now)
    event["id"] = call.account.new_id("A", 26)
    row["events"].append(event)
    changed(call, found)
    shown = forms.shown_event(call, found, row, event)
    return HttpAnswer(201, {"event": shown}, effect=event["id"])


@routes.add("GET", "/v3/schedules/{id}/rotations/{rotation_id}/events/{event_id}")
def event(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    row = _rotation(call, found)
    one = one_of(row["events"], call.names["event_id"])
    return HttpAnswer(200, {"event": forms.shown_event(call, found, row, one)})


@routes.add("PUT", "/v3/schedules/{id}/rotations/{rotation_id}/events/{event_id}")
def change_event(call: PagerDutyCall) -> HttpAnswer:
    """All of one to come; of one that makes shifts only `effective_until`; nothing of one that is
    over."""
    found, now = named(call), call.account.now()
    row = _rotation(call, found)
    one = one_of(row["events"], call.names["event_id"])
    fields = _event(forms.read(call, forms.EVENT, "event", partial=True))
    over = one.get("effective_until") is not None and one["effective_until"] <= now
    if over or one["effective_since"] <= now and set(fields) - {"effective_until"}:
        why = "has ended" if over else "is active: only effective_until can be changed"
        raise forms.FieldsRefused("event", [why])
    one.update(fields)
    changed(call, found)
    shown = forms.shown_event(call, found, row, one)
    return HttpAnswer(200, {"event": shown}, effect=one["id"])


@routes.add("DELETE", "/v3/schedules/{id}/rotations/{rotation_id}/events/{event_id}")
def remove_event(call: PagerDutyCall) -> HttpAnswer:
    found = named(call)
    row = _rotation(call, found)
    one = one_of(row["events"], call.names["event_id"])
    row["events"].remove(one)
    changed(call, found)
    return HttpAnswer(204, None, effect=one["id"])


def _event(fields: Thing) -> Thing:
    """As the account keeps it."""
    strategy = fields.pop("strategy", None)
    if strategy is not None:
        fields["rotating"] = strategy["type"] == ROTATING
        fields["shifts_per_member"] = strategy.get("shifts_per_member", 1)
        fields["members"] = strategy["members"]
    return fields
