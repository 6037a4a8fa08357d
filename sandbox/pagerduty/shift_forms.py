"""How bodies of the V3 schedules API are read, and how its objects are shown."""

from __future__ import annotations

from typing import Any, Dict, List

from dateutil import parser

from .call import PagerDutyCall
from .forms import BodyForm, Field, Problem, many, moment, number, one_of, refer, text, zone
from .model import RequestRefused, Thing
from .render_catalog import API
from .shift_rota import EVERY, ROTATING, recurrence

MAX_MEMBERS = 20


class FieldsRefused(RequestRefused):
    """400 of the V3 API, whose errors are a map of field paths (API: V3ErrorResponse)."""

    def __init__(self, kind: str, words: Any) -> None:
        super().__init__(400, 2001, "Invalid Request")
        self._fields = {kind: list(words)}

    def body(self) -> Thing:
        return {
            "error": {"message": self.message, "code": self.code, "errors": dict(self._fields)}
        }


def read(call: PagerDutyCall, form: BodyForm, kind: str, partial: bool = False) -> Thing:
    """The object of the body under its name. Raises 400 with all that is wrong."""
    return fields(call, form, kind, call.body(kind), partial)


def fields(
    call: PagerDutyCall, form: BodyForm, kind: str, value: Any, partial: bool = False
) -> Thing:
    try:
        return form.fields(call, value, partial)
    except Problem as problem:
        raise FieldsRefused(kind, problem.words) from None


def member(call: PagerDutyCall, value: Any) -> str:
    """The user's id; empty for an `empty_member`."""
    if not isinstance(value, dict) or value.get("type") not in ("user_member", "empty_member"):
        raise Problem("must be a user_member or an empty_member")
    if value["type"] == "empty_member":
        return ""
    return str(refer("users")(call, {"id": value.get("user_id")}))


def user_member(call: PagerDutyCall, value: Any) -> str:
    found = member(call, value)
    if not found:
        raise Problem("must be a user_member")
    return found


def shown_member(user: str) -> Thing:
    return {"type": "user_member", "user_id": user} if user else {"type": "empty_member"}


def _zoned(call: PagerDutyCall, value: Any) -> Thing:
    if not isinstance(value, dict):
        raise Problem("must be an object of date_time and time_zone")
    zone(call, value.get("time_zone"))
    try:
        parser.isoparse(str(value.get("date_time")))
    except (ValueError, TypeError):
        raise Problem("is not a valid date") from None
    return {"date_time": value["date_time"], "time_zone": value["time_zone"]}


def _recurrence(call: PagerDutyCall, value: Any) -> List[str]:
    if not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise Problem("must be an array of strings")
    try:
        recurrence(value, {"date_time": "2026-01-01T00:00:00", "time_zone": "UTC"})
    except ValueError as error:
        raise Problem(str(error)) from None
    return value


_STRATEGY = BodyForm(
    type=Field(one_of(ROTATING, EVERY), required=True),
    shifts_per_member=Field(number(1)),
    members=Field(many(member, least=1, most=MAX_MEMBERS), required=True),
)


def _strategy(call: PagerDutyCall, value: Any) -> Thing:
    found = _STRATEGY.fields(call, value)
    if found["type"] == ROTATING and "shifts_per_member" not in found:
        raise Problem("Shifts per member can't be blank")
    return found


EVENT = BodyForm(
    name=Field(text(255), required=True),
    start_time=Field(_zoned, required=True, store="start"),
    end_time=Field(_zoned, required=True, store="end"),
    effective_since=Field(moment, required=True),
    effective_until=Field(moment, null=True),
    recurrence=Field(_recurrence, required=True),
    assignment_strategy=Field(_strategy, required=True, store="strategy"),
)


def _assigned(call: PagerDutyCall, value: Any) -> str:
    if not isinstance(value, dict) or value.get("type") != "shift_assignment":
        raise Problem("must be a shift_assignment")
    return member(call, value.get("member"))


CUSTOM_SHIFT = BodyForm(
    "custom_shift",
    start_time=Field(moment, required=True, store="start"),
    end_time=Field(moment, required=True, store="end"),
    assignments=Field(many(_assigned, least=1, most=1), required=True),
)
OVERRIDE = BodyForm(
    "override_shift",
    rotation_id=Field(text()),
    custom_shift_id=Field(text()),
    start_time=Field(moment, required=True, store="start"),
    end_time=Field(moment, required=True, store="end"),
    overridden_member=Field(user_member, required=True, store="overridden"),
    overriding_member=Field(user_member, required=True, store="overriding"),
)
OVERRIDE_CHANGE = BodyForm(
    start_time=Field(moment, store="start"),
    end_time=Field(moment, store="end"),
    overriding_member=Field(user_member, store="overriding"),
)
SHIFT_CHANGE = BodyForm(
    start_time=Field(moment, store="start"),
    end_time=Field(moment, store="end"),
    assignments=Field(many(_assigned, least=1, most=1)),
)
SCHEDULE = BodyForm(
    name=Field(text(255), required=True),
    time_zone=Field(zone, required=True),
    description=Field(text(1024, blank=True)),
    teams=Field(many(refer("teams", "team_reference")), store="team_ids"),
)


def shown_event(call: PagerDutyCall, schedule: Thing, rotation: Thing, event: Thing) -> Thing:
    render = call.renderer()
    strategy: Dict[str, Any] = {"type": ROTATING if event["rotating"] else EVERY}
    if event["rotating"]:
        strategy["shifts_per_member"] = event["shifts_per_member"]
    strategy["members"] = [shown_member(user) for user in event["members"]]
    path = f"/v3/schedules/{schedule['id']}/rotations/{rotation['id']}/events/{event['id']}"
    return {
        "id": event["id"],
        "type": "schedule_event",
        "name": event["name"],
        "start_time": event["start"],
        "end_time": event["end"],
        "effective_since": render.time(event["effective_since"]),
        "effective_until": render.time(event.get("effective_until")),
        "recurrence": event["recurrence"],
        "assignment_strategy": strategy,
        "self": API + path,
    }


def shown_rotation(call: PagerDutyCall, schedule: Thing, rotation: Thing) -> Thing:
    return {
        "id": rotation["id"],
        "type": "schedule_rotation",
        "events": [shown_event(call, schedule, rotation, event) for event in rotation["events"]],
        "self": f"{API}/v3/schedules/{schedule['id']}/rotations/{rotation['id']}",
    }


def shown_custom_shift(call: PagerDutyCall, schedule: Thing, shift: Thing) -> Thing:
    render = call.renderer()
    assignment = {
        "id": shift["assignment_id"],
        "type": "shift_assignment",
        "member": shown_member(shift["member"]),
    }
    return {
        "id": shift["id"],
        "type": "custom_shift",
        "start_time": render.time(shift["start"]),
        "end_time": render.time(shift["end"]),
        "assignments": [assignment],
        "self": f"{API}/v3/schedules/{schedule['id']}/custom_shifts/{shift['id']}",
    }


def shown_override(call: PagerDutyCall, schedule: Thing, override: Thing) -> Thing:
    render = call.renderer()
    of = {
        name: override[name] for name in ("rotation_id", "custom_shift_id") if override.get(name)
    }
    return {
        "id": override["id"],
        "type": "override_shift",
        **of,
        "start_time": render.time(override["start"]),
        "end_time": render.time(override["end"]),
        "overridden_member": shown_member(override["overridden"]),
        "overriding_member": shown_member(override["overriding"]),
        "self": f"{API}/v3/schedules/{schedule['id']}/overrides/{override['id']}",
    }
